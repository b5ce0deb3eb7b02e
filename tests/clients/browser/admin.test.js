// Does the admin page do what it says? Acts whose effects somebody else feels, from the link of the first start on.
import { Browser, expectText } from './browser.js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { agree, connected, heading, said, served, signedIn } from './admin.js';
import { hear, once } from '../chat.js';

const browser = await Browser.open();
const chat = await served();

test('the link that the first start prints makes the first administrator, once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'chat-admin-'));
  const binary = process.env.CHAT_BIN ?? fileURLToPath(new URL('../../../target/debug/chat', import.meta.url));
  const server = spawn(binary, ['--db', join(directory, 'chat.db'), '--listen', '127.0.0.1:0', '--exit-with-stdin']);
  const ended = new Promise((resolve) => server.once('close', resolve));
  t.after(async () => {
    server.stdin.end();
    await ended;
    await rm(directory, { recursive: true });
  });
  const link = await new Promise((resolve, reject) => {
    let text = '';
    const look = (more) => {
      const [found] = /http\S+\/admin#setup=\S+/.exec((text += more)) ?? [];
      if (found) resolve(found);
    };
    server.stdout.on('data', look);
    server.stderr.on('data', look);
    server.once('close', () => reject(new Error(`no link in ${text}`)));
  });
  const page = await browser.person();
  await page.goto(link);
  await heading(page, 'Make the first administrator');
  await page.getByLabel('Name').fill('First of all');
  await page.getByLabel('E-mail').fill('first@example.test');
  await page.getByLabel('Password').fill('correct horse');
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await heading(page, 'Overview');
  assert.ok(!page.url().includes('setup'), 'the token is gone from the address');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You have signed out.').waitFor();
  const late = await browser.person();
  browser.forgives(late, /status of 4/);
  await late.goto(link);
  await late.getByLabel('Name').fill('Too late');
  await late.getByLabel('E-mail').fill('late@example.test');
  await late.getByLabel('Password').fill('correct horse');
  await late.getByRole('button', { name: 'Make administrator' }).click();
  await late.getByRole('alert').waitFor();
  await late.context().close();
});

test('signing in: wrong words, no administrator, and a login that has ended', async () => {
  const plain = await chat.signUp('plain');
  const page = await browser.person();
  browser.forgives(page, /status of 4/);
  await page.goto(`${chat.url}/admin#people`);
  const enter = async (email, password) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await heading(page, 'Sign in');
  await enter('boss@example.test', 'wrong horse');
  await page.getByRole('alert').waitFor();
  await enter('plain@example.test', 'correct horse');
  await page.getByRole('alert').getByText('not an administrator').waitFor();
  assert.equal((await chat.told('GET', `users/${plain.id}/devices`)).devices.length, 1, 'that login was given back');
  await enter('boss@example.test', 'correct horse');
  await heading(page, 'People');
  const { devices } = await chat.told('GET', `users/${chat.boss.id}/devices`);
  await chat.told('DELETE', `users/${chat.boss.id}/devices/${devices.find((one) => /Chrome/.test(one.userAgent)).id}`);
  await page.getByRole('link', { name: 'Audit' }).click();
  await heading(page, 'Sign in');
  await page.getByText('Your login has ended.').waitFor();
});

test('who is suspended is put out at once and not let in again, until resumed', async () => {
  const eve = await chat.signUp('eve');
  const socket = await connected(chat, eve.token);
  const page = await signedIn(browser, chat, 'people?q=eve');
  await page.getByRole('link', { name: 'eve', exact: true }).click();
  await heading(page, 'eve');
  const gone = once(socket, 'disconnect');
  await page.getByRole('button', { name: 'Suspend' }).click();
  await agree(page, 'Suspend');
  await said(page, 'eve is suspended');
  await gone;
  const login = () => chat.asks('POST', '/auth/login', { email: 'eve@example.test', password: 'correct horse' });
  assert.equal((await login()).status, 403);
  await page.getByText('Signed in nowhere.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await said(page, 'eve may sign in again');
  assert.equal((await login()).status, 200);
  await page.getByRole('button', { name: 'Reset link' }).click();
  const link = await page.getByRole('dialog').locator('code').textContent();
  assert.match(link, /#reset=\S+$/);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await agree(page, 'Remove for good');
  await heading(page, 'People');
  assert.equal((await login()).status, 401);
});

test('somebody is added, told something, and mentored', async () => {
  const page = await signedIn(browser, chat, 'people');
  await page.getByRole('button', { name: 'Add a person' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Nora New');
  await dialog.getByLabel('E-mail').fill('nora@example.test');
  await dialog.getByLabel('Password').fill('correct horse');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await heading(page, 'Nora New');
  const nora = await chat.asks('POST', '/auth/login', { email: 'nora@example.test', password: 'correct horse' });
  const ears = hear(await connected(chat, nora.said.token), 'new_notification');
  await page.getByRole('link', { name: 'Send a notification' }).click();
  await page.getByLabel('Title').fill('Welcome');
  await page.getByRole('textbox', { name: 'Message' }).fill('Good that you are here');
  await page.getByRole('button', { name: 'Send' }).click();
  await ears.hears('new_notification', { title: 'Welcome', message: 'Good that you are here' });
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByRole('button', { name: 'Record a session' }).click();
  // By keyboard alone.
  for (const [role, name] of [['Mentor', 'nora'], ['Mentee', 'boss']]) {
    await dialog.getByRole('combobox', { name: role, exact: true }).pressSequentially(name);
    // The list of what was typed so far may stand there first.
    const first = dialog.getByRole('listbox').getByRole('option').first();
    await expectText(async () => (await first.textContent()).toLowerCase().includes(name), true, `${name} is offered`);
    await page.keyboard.press('Enter');
  }
  await dialog.getByLabel('Starts').fill('2030-01-15T10:00');
  await dialog.getByRole('button', { name: 'Record' }).click();
  await said(page, 'The session is recorded');
  await page.getByRole('cell', { name: 'Nora New' }).waitFor();
});

test('the outbox shows a code, and the backup is a database', async () => {
  await chat.asks('POST', '/user/send-signup-code', { email: 'code@example.test' });
  const page = await signedIn(browser, chat, 'outbox?to=code@example.test');
  const shown = await page.locator('.digits').textContent();
  await page.getByRole('cell').getByRole('button').first().click();
  assert.equal(await page.getByRole('dialog').locator('.code strong').textContent(), shown);
  const verified = await chat.asks('POST', '/user/verify-email', { email: 'code@example.test', verificationCode: shown });
  assert.equal(verified.status, 200, 'the code is the code');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'Backup' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download a backup' }).click();
  const file = await readFile(await (await coming).path());
  assert.equal(file.subarray(0, 15).toString(), 'SQLite format 3');
  await page.getByText(/ in [\d.]+ s$/).waitFor();
});
