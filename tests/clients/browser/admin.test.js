// Does the admin page do what it says? Acts whose effects somebody else feels, from the link of the first start on.
import { Browser } from './browser.js';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import io from 'socket.io-client';
import { heading, said, served, signedIn } from './admin.js';
import { hear, kept, once } from '../chat.js';

const run = promisify(execFile);
const browser = await Browser.open();
const chat = await served();
const connected = async (token, space = '') => {
  const socket = kept(io(chat.url + space, { auth: { token }, forceNew: true, reconnection: false }));
  await once(socket, 'connect');
  return socket;
};
/** The second button of the name: the one in the question that the first one asked. */
const agree = (page, name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

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
  const socket = await connected(eve.token);
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
  const ears = hear(await connected(nora.said.token), 'new_notification');
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
    await dialog.getByRole('listbox').getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
  }
  await dialog.getByLabel('Starts').fill('2030-01-15T10:00');
  await dialog.getByRole('button', { name: 'Record' }).click();
  await said(page, 'The session is recorded');
  await page.getByRole('cell', { name: 'Nora New' }).waitFor();
});

test('a message passes on the wire, is deleted, and a socket is ended', async () => {
  const ann = await chat.signUp('ann');
  const roomId = await ann.opensRoom('Reading');
  const socket = await connected(ann.token);
  const ears = hear(socket, 'message');
  const wire = await signedIn(browser, chat, 'wire');
  await wire.getByText('Listening').waitFor();
  socket.emit('joinRoom', { roomId });
  socket.emit('message', { roomId, content: 'Has anybody read it?' });
  await ears.hears('message', { content: 'Has anybody read it?' });
  const row = wire.locator('.wire li').filter({ hasText: 'Has anybody read it?' });
  await row.first().waitFor();
  await row.first().locator('summary').click();
  await row.getByRole('region', { name: 'The body' }).getByText('"content": "Has anybody read it?"').waitFor();
  await wire.getByRole('button', { name: 'Pause' }).click();
  socket.emit('message', { roomId, content: 'Said behind your back' });
  await wire.getByText(/\d waiting/).waitFor();
  assert.equal(await wire.getByText('Said behind your back').count(), 0);
  await wire.getByRole('button', { name: 'Go on' }).click();
  await wire.getByLabel('Search what passes').fill('behind');
  await wire.getByText('Said behind your back').first().waitFor();
  assert.equal(await row.count(), 0, 'what is not looked for is not shown');
  await wire.getByLabel('Dialect').selectOption('campus');
  await wire.getByText('Nothing that passed is like that.').waitFor();

  const page = await signedIn(browser, chat, 'conversations?q=Reading');
  await page.getByRole('link', { name: 'Reading' }).click();
  await page.getByText('Has anybody read it?').waitFor();
  await page.getByRole('button', { name: 'Delete message 1 of ann' }).click();
  await agree(page, 'Delete');
  await page.getByText('This message was deleted.').waitFor();
  const left = await ann.get(`/api/messages/${roomId}`);
  assert.ok(!JSON.stringify(left).includes('Has anybody read it?'), 'nobody reads it any more');

  const gone = once(socket, 'disconnect');
  await page.evaluate(() => (location.hash = 'sockets?q=ann'));
  await page.getByRole('button', { name: 'End the socket of ann' }).click();
  await agree(page, 'End it');
  await gone;
  await page.getByText('Nothing is like that').waitFor();
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

test('the programs to begin with run as they stand, and the console hears', async (t) => {
  await chat.signUp('tom');
  const page = await signedIn(browser, chat, 'try');
  await page.getByRole('combobox', { name: 'As' }).fill('tom');
  await page.getByRole('listbox').getByRole('option').first().click();
  await page.locator('[role=combobox]').nth(1).and(page.locator(':not([value=""])')).waitFor();
  await page.getByRole('button', { name: 'Get a token' }).click();
  await page.getByRole('region', { name: 'The token' }).waitFor();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('Connected as tom').waitFor();
  await page.getByRole('button', { name: 'Emit' }).click();
  await page.locator('.heard li.answer').getByText('"ok": true').waitFor();
  const program = async (dialect, language) => {
    await page.getByRole('button', { name: dialect, exact: true }).click();
    await page.getByRole('button', { name: language, exact: true }).click();
    return page.getByRole('region', { name: `${dialect} in ${language}` }).textContent();
  };
  const javascript = async (dialect, text) => {
    // Beside the checks, where its import finds the client.
    const script = new URL(`./try-${dialect}.tmp.mjs`, import.meta.url);
    t.after(() => rm(script, { force: true }));
    await writeFile(script, text);
    return (await run(process.execPath, [script.pathname], { timeout: 20_000 })).stdout;
  };
  // Side by side, but for the ones that go on where another one began.
  const all = (programs) => Promise.all(programs.map(async ([running, sign]) => assert.match(await running, sign)));
  const written = async (dialect, expected) => {
    const text = await program(dialect, 'JavaScript');
    return [javascript(dialect, text), expected];
  };
  await all([await written('rooms', /heard: [^]*Hello from rooms!/), await written('campus', /heard: [^]*Hello from campus!/),
    await written('direct', /heard: [^]*Hello from direct!/), await written('emote', /tom/)]);
  await all([await written('mentor', /heard: [^]*Hello from mentor!/)]);
  const curl = async (dialect, expected) => {
    const text = await program(dialect, 'curl');
    return [run('bash', ['-ec', text], { timeout: 20_000 }).then(({ stdout }) => stdout), expected];
  };
  await all([await curl('rooms', /Messages retrieved successfully[^]*Hello from rooms!/), await curl('campus', /Hello from campus!/),
    await curl('mentor', /Hello from mentor!/), await curl('emote', /"pagination"/), await curl('direct', /^[\[{]/)]);
  assert.match(await program('rooms', 'Python'), /import socketio/);
});
