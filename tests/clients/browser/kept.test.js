// Is nothing lost that somebody wrote: over a limit, a reload, being signed out, a week?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, password, said, says, sees } from './people.js';

const chat = await open('--temp', '--max-message', '20', '--max-upload', '1KiB');
const browser = await Browser.open();
const place = (page) => page.getByRole('textbox', { name: /^Message to/ });
const inRoom = async (name, room) => {
  const person = await chat.signUp(name);
  await person.opensRoom(room);
  const page = await browser.person();
  await enters(page, chat.url, name);
  await opens(page, room);
  return page;
};

test('what is too long is said, not cut, and waits to be made shorter', async () => {
  const page = await inRoom('lena', 'Letters');
  // As the server counts: 20 of these are 40 to JavaScript.
  await says(page, '👋'.repeat(20));
  await sees(page, '👋'.repeat(20));
  const long = `${'x'.repeat(20)}yz`;
  await place(page).evaluate((area, text) => {
    area.focus();
    document.execCommand('insertText', false, text);
  }, long);
  await page.getByText('This is 2 characters too long: a message has at most 20.').waitFor();
  await page.keyboard.press('Enter');
  assert.equal(await place(page).inputValue(), long, 'all of it is there');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Enter');
  await sees(page, '👋'.repeat(20), 'x'.repeat(20));
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Attach files' }).click()]);
  await chooser.setFiles([{ name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2_000, 'x') }]);
  await page.getByText('Too large: at most 1 kB.').waitFor();
});

test('what was begun in each conversation is there after a reload, and gone for whoever signs out', async () => {
  const page = await inRoom('dina', 'One');
  await place(page).fill('in the first');
  await page.keyboard.press('Escape');
  const other = await chat.signUp('dirk');
  await other.post('/conversation/create', { receiverId: (await chat.asks('GET', '/api/auth/validate', undefined, (await signIn('dina')).token)).said.user.id });
  await opens(page, 'dirk');
  await place(page).fill('to Dirk');
  await page.reload();
  await expectText(() => place(page).inputValue(), 'to Dirk', 'what was begun');
  await opens(page, 'One');
  await expectText(() => place(page).inputValue(), 'in the first', 'each its own');
  await page.keyboard.press('Enter');
  await sees(page, 'in the first');
  await page.reload();
  await page.locator('.words').waitFor();
  assert.equal(await place(page).inputValue(), '', 'what is sent is no draft');
  await page.getByRole('button', { name: 'dina: your account' }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('Welcome back').waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('chat.draft'))), []);
});

const signIn = async (name) => (await chat.asks('POST', '/api/auth/login', { email: `${name}@example.test`, password })).said;

test('whoever is signed out in the middle of a sentence finds it, and its conversation, when they come back', async () => {
  const page = await inRoom('sven', 'Sentences');
  const second = await browser.window(page.context());
  await second.goto(chat.url);
  await second.locator('.account').waitFor();
  await place(page).fill('In the middle');
  browser.forgives(page, /status of 401/);
  browser.forgives(second, /status of 401/);
  const { token } = await signIn('sven');
  assert.equal((await chat.asks('POST', '/auth/remove-all-session', undefined, token)).status, 200);
  for (const one of [page, second]) await one.getByText('You were signed out.').waitFor();
  await page.getByLabel('E-mail').fill('sven@example.test');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await expectText(() => place(page).inputValue(), 'In the middle', 'where he was');
  await place(page).press('Enter');
  await expectText(() => said(page), ['In the middle'], 'and it goes');
});

test('who comes back often enough stays signed in, in every window', async () => {
  const brief = await open('--temp', '--jwt-ttl', '8s');
  await brief.signUp('ida');
  const page = await browser.person();
  await enters(page, brief.url, 'ida');
  const second = await browser.window(page.context());
  await second.goto(brief.url);
  await second.locator('.account').waitFor();
  const kept = () => page.evaluate(() => JSON.parse(localStorage.getItem('chat.session')).token);
  const first = await kept();
  for (const began = Date.now(); Date.now() - began < 12_000; await page.waitForTimeout(1_500)) {
    await page.reload();
    await page.locator('.account').waitFor();
  }
  assert.notEqual(await kept(), first);
  const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  assert.equal(claims(await kept()).sid, claims(first).sid, 'by the same device');
  assert.equal(await second.locator('.account').isVisible(), true, 'the other window goes on');
});
