// Does a browser play a file that somebody opens by its address, and run none?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';

const chat = await open();
const browser = await Browser.open();
const ann = await chat.signUp('ann');

/** A quarter of a second of silence. */
function wav() {
  const [rate, samples] = [8_000, 2_000];
  const file = Buffer.alloc(44 + samples, 0x80);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples, 40);
  return file;
}

async function upload(name, bytes) {
  const form = new FormData();
  form.append('file', new Blob([bytes]), name);
  const headers = { authorization: `Bearer ${ann.token}` };
  const sent = await fetch(`${chat.url}/api/files/upload`, { method: 'POST', body: form, headers });
  assert.equal(sent.status, 201);
  return (await sent.json()).data.url;
}

test('what is played is played when it is opened by its address', async () => {
  const page = await browser.person();
  await page.goto(chat.url + (await upload('silence.wav', wav())));
  const ready = () => page.evaluate(() => document.querySelector('video, audio').readyState);
  await expectText(async () => (await ready()) >= 2, true, 'the player has what it plays');
});

test('a script that somebody uploaded is none for our own pages', async () => {
  const url = await upload('evil.js', 'document.title = "owned"');
  const page = await browser.person();
  browser.forgives(page, /MIME type|not executable|strict MIME/i);
  await page.goto(chat.url);
  const loaded = await page.evaluate((src) => new Promise((resolve) => {
    const script = Object.assign(document.createElement('script'), { src });
    script.onload = () => resolve('ran');
    script.onerror = () => resolve('refused');
    document.head.append(script);
  }), url);
  assert.equal(loaded, 'refused');
  assert.notEqual(await page.title(), 'owned');
});
