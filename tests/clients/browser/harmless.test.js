// Can what others wrote make the page act for whoever looks at it?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, png } from './people.js';

const chat = await open();
const browser = await Browser.open();

/** Somebody whose page hears that these files are attached to the one message of a room, whatever the server would take. */
async function looksAt(name, attach) {
  const person = await chat.signUp(name);
  const attachments = await attach(person);
  const room = await person.opensRoom(`Room of ${name}`);
  await person.post('/api/messages', { roomId: room, content: 'Look!' });
  const page = await browser.person();
  await page.addInitScript(() => {
    window.blobs = [];
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => (window.blobs.push(blob.type), make(blob));
  });
  await page.route('**/api/conversations/*/messages*', async (route) => {
    const answer = await route.fetch();
    const page = await answer.json();
    for (const message of page.messages) message.attachments = attachments;
    await route.fulfill({ response: answer, json: page });
  });
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await enters(page, chat.url, name);
  await opens(page, `Room of ${name}`);
  await page.getByText('Look!').first().waitFor();
  return { page, asked };
}

test('no path that a message names is fetched or followed, but a file of this server', async () => {
  const paths = [
    '/uploads/../api/auth/logout',
    '/uploads/%2e%2e/api/auth/logout',
    '/uploads/..%2fapi/auth/logout',
    '/uploads/..\\api\\auth\\logout',
    '/api/files/../auth/logout',
    '/api/files/x/../../auth/logout',
    '/uploads/..',
    '/uploads/.\t.',
    '/uploads/a?b=/api/auth/logout',
    '/uploads/a#b',
    '/uploads/',
    '/api/auth/logout',
    '//evil.example.test/uploads/a',
    'javascript:alert(1)',
    'data:text/html,hello',
  ];
  const attachments = paths.flatMap((url) => ['image/png', 'application/pdf'].map((mimeType) => ({ filename: 'look', mimeType, url, size: 1 })));
  const { page, asked } = await looksAt('lucy', () => attachments);
  await expectText(() => page.locator('.message .file').count(), attachments.length, 'the files that are named');
  for (const file of await page.locator('.message .file').all()) {
    assert.deepEqual(await file.evaluate((one) => [one.tagName, one.getAttribute('href')]), ['SPAN', null]);
    await file.click();
  }
  const known = /^\/(assets|socket\.io)\/|^\/$|^\/api\/(about|conversations|auth\/(login|validate)|profile\/(users|blocks)|mail|notifications)/;
  assert.deepEqual(asked.filter((path) => !known.test(path)), [], 'nothing else was asked for');
  await page.reload();
  await page.locator('.account').waitFor();
});

test('what a message calls a picture is a picture only if the server says so', async () => {
  const { page } = await looksAt('peter', async ({ token }) => {
    const upload = async (bytes, name) => {
      const form = new FormData();
      form.append('file', new Blob([bytes]), name);
      const answer = await fetch(`${chat.url}/api/files/upload`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form });
      return (await answer.json()).data.url;
    };
    const urls = [await upload(png, 'dot.png'), await upload('<!doctype html><script>alert(1)</script>', 'page.html'), await upload('alert(1)', 'run.js')];
    return urls.map((url) => ({ filename: 'look.png', mimeType: 'image/png', url, size: 1 }));
  });
  const types = () => page.evaluate(() => window.blobs.toSorted());
  await expectText(types, ['application/octet-stream', 'application/octet-stream', 'image/png'], 'what was made of them');
});
