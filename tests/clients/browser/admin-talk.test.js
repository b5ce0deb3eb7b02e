// What is said, shared and tried: does the admin page show it as it passes, take it away, and hand out what talks?
import { Browser, expectText, hasNoBarriers } from './browser.js';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { agree, connected, served, signedIn, uploads } from './admin.js';
import { hear, once } from '../chat.js';

const run = promisify(execFile);
const browser = await Browser.open();
const chat = await served();

test('a message passes on the wire, is deleted, and a socket is ended', async () => {
  const ann = await chat.signUp('ann');
  const roomId = await ann.opensRoom('Reading');
  const socket = await connected(chat, ann.token);
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

  for (let at = 0; at < 520; at += 1) socket.emit('message', { roomId, content: `behind ${at}` });
  await wire.getByLabel('Dialect').selectOption('');
  await wire.getByText('500 of 500 shown').waitFor();

  const gone = once(socket, 'disconnect');
  await page.evaluate(() => (location.hash = 'sockets?q=ann'));
  await page.getByRole('button', { name: 'End the socket of ann' }).click();
  await agree(page, 'End it');
  await gone;
  await page.getByText('Nothing is like that').waitFor();
});

test('what was said is found by its words, where it was said, and deleted there', async () => {
  const [kim, lee] = [await chat.signUp('kim'), await chat.signUp('lee')];
  const roomId = await kim.opensRoom('Cellar');
  const between = await kim.post('/conversaton/create', { senderId: String(kim.id), receiverId: String(lee.id) });
  await kim.post('/message/create', { conversationId: between.id, senderId: String(kim.id), message: 'The gramophone plays' });
  for (let at = 1; at <= 60; at += 1) await kim.post('/api/messages', { roomId, content: `Gramophone ${at}` });
  const page = await signedIn(browser, chat, 'search');
  await page.getByText('Search for something that was said.').waitFor();
  await page.getByLabel('Search messages').fill('GRAMOPHONE');
  const found = page.getByRole('list', { name: 'Messages found' }).getByRole('listitem');
  await found.filter({ hasText: 'Gramophone 60' }).waitFor();
  assert.equal(await found.count(), 50);
  await page.getByRole('button', { name: 'Earlier messages' }).click();
  await found.filter({ hasText: 'The gramophone plays' }).getByRole('link', { name: 'kim, lee' }).waitFor();
  assert.equal(await found.count(), 61);
  await page.getByLabel('Search messages').fill('gramophone in:cellar "gramophone 7"');
  await expectText(() => found.count(), 1, 'only that one');
  await page.getByRole('button', { name: 'Delete message 7 of kim' }).click();
  await agree(page, 'Delete');
  await page.getByText('Nothing is like that.').waitFor();
  browser.forgives(page, /status of 400/);
  await page.getByLabel('Search messages').fill('has:cake');
  await page.getByText('has: must be file or link').waitFor();
});

test('a file is seen and deleted, also one between two others', async () => {
  const [ida, jo] = [await chat.signUp('ida'), await chat.signUp('jo')];
  const between = await ida.post('/conversaton/create', { senderId: String(ida.id), receiverId: String(jo.id) });
  const { url } = await uploads(chat, ida.token, between.id, 'diary.png');
  const read = () => fetch(chat.url + url, { headers: { Authorization: `Bearer ${jo.token}` } });
  assert.equal((await read()).status, 200);
  const page = await signedIn(browser, chat, 'files?q=diary');
  await page.getByRole('button', { name: 'diary.png', exact: true }).click();
  await page.getByRole('img', { name: 'Preview of diary.png' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Download', exact: true }).isEnabled(), true);
  const { said } = await chat.asks('GET', '/api/admin/audit?q=diary', undefined, chat.adminToken);
  assert.deepEqual(said.audit.map(({ action }) => action), ['file.read']);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete diary.png' }).click();
  await agree(page, 'Delete');
  await page.getByText('Nothing is like that').waitFor();
  assert.equal((await read()).status, 404);
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

test('an administrator says for how long a conversation keeps things', async () => {
  const una = await chat.signUp('una');
  const page = await signedIn(browser, chat, `conversations/${await una.opensRoom('Archive')}`);
  await page.getByText('messages as long as the server says').waitFor();
  await page.getByRole('button', { name: 'Change what is kept' }).click();
  await page.getByLabel('Messages, in days').fill('30');
  await page.getByLabel('Files, in days').fill('0');
  await hasNoBarriers(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('messages 30 days, files for ever').waitFor();
});
