// Can people chat on the chat page: find each other, see who types and who has read, share files, and lose nothing?

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';
import { wire } from './connection.js';
import { about, begins, enters, opens, password, png, said, says, sees, ticks, writesTo } from './people.js';

const chat = await open();
const browser = await Browser.open();
// A server's very first message is no position to come back to, and here there are others before.
const host = await chat.signUp('host');
await host.post('/api/messages', { roomId: await host.opensRoom('Lobby'), content: 'Welcome!' });
const title = (page, wanted) => expectText(() => page.title(), wanted, 'the title');

test('somebody signs up, signs out, is told what is wrong with a password, and comes back', async () => {
  const page = await browser.person();
  await page.goto(chat.url);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await page.getByLabel('Name').fill('Newcomer');
  await page.getByLabel('E-mail').fill('newcomer@example.test');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByText('It is quiet here.').waitFor();
  await page.getByRole('button', { name: 'Newcomer: your account' }).click();
  await page.getByText('this device').waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  browser.forgives(page, /status of 40[01]/);
  await page.getByLabel('E-mail').fill('newcomer@example.test');
  await page.getByLabel('Password').fill('wrong, I fear');
  await page.keyboard.press('Enter');
  await page.getByText('This e-mail and password do not fit together.').waitFor();
  await page.getByRole('button', { name: 'Make an account' }).click();
  await page.getByLabel('Name').fill('Another');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByText('Email already exists.').waitFor();
  await page.getByRole('button', { name: 'Back to signing in' }).click();
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByText('It is quiet here.').waitFor();
  await page.reload();
  await page.getByText('It is quiet here.').waitFor();
});

test('a forgotten password is chosen anew by the mailed link, once', async () => {
  await chat.signUp('forgetful');
  const page = await browser.person();
  await page.goto(chat.url);
  await page.getByRole('button', { name: 'Forgotten your password?' }).click();
  await page.getByLabel('E-mail').fill('forgetful@example.test');
  // This server has nobody to hand a mail to, and must not say that one is on its way.
  await page.getByText('This server sends no mail.').waitFor();
  await page.getByRole('button', { name: 'Ask for the link' }).click();
  await page.getByText('whoever runs this server has a link for you: ask them').waitFor();
  const { said: admin } = await chat.asks('GET', '/api/admin/outbox?to=forgetful@example.test', undefined, chat.adminToken);
  const [link] = /https?:\S+#reset\S+/.exec(admin.outbox[0].text);
  for (const good of [true, false]) {
    const other = await browser.person();
    if (!good) browser.forgives(other, /status of 40[0-9]/);
    await other.goto(link);
    await other.getByLabel('Password', { exact: true }).fill('battery staple');
    await other.getByRole('button', { name: 'Save the password' }).click();
    await other.getByText(good ? 'Your new password is saved.' : 'This link is not good any more.').waitFor();
    if (!good) continue;
    await other.getByLabel('E-mail').fill('forgetful@example.test');
    await other.getByLabel('Password', { exact: true }).fill('battery staple');
    await other.keyboard.press('Enter');
    await other.getByText('It is quiet here.').waitFor();
  }
});

test('two people write to each other, and see who types, what is new and what was read', async () => {
  await Promise.all(['ann', 'bob'].map((name) => chat.signUp(name)));
  const [ann, bob] = [await browser.person(), await browser.person()];
  await Promise.all([enters(ann, chat.url, 'ann'), enters(bob, chat.url, 'bob')]);
  await writesTo(ann, 'bob');
  await says(ann, 'Hi Bob, look at https://example.com/a_(b)?c=d.');
  await ticks(ann, 'Sent');
  await bob.locator('.row', { hasText: 'ann' }).getByText('1 unread').waitFor();
  await title(bob, '(1) chat');
  await opens(bob, 'ann');
  await title(bob, 'ann · chat');
  await ticks(ann, 'Read');
  const link = bob.locator('.words a');
  assert.equal(await link.getAttribute('href'), 'https://example.com/a_(b)?c=d');
  assert.match(await link.getAttribute('rel'), /noopener/);

  await bob.getByRole('textbox', { name: 'Message to ann' }).pressSequentially('Hm');
  await ann.locator('.conversation-names').getByText('typing…').waitFor();
  await bob.keyboard.press('Shift+Enter');
  await bob.keyboard.type('two lines');
  await bob.keyboard.press('Enter');
  await sees(ann, 'Hi Bob, look at https://example.com/a_(b)?c=d.', 'Hm\ntwo lines');
  await ann.locator('.conversation-names').getByText('Direct message').waitFor();
  await ticks(bob, 'Read');
  assert.ok((await ann.getByRole('log').allTextContents()).join().includes('bob: Hm'), 'it is read out');
  // What had been read before is still known after a reload.
  await ann.reload();
  await ticks(ann, 'Read');

  await ann.keyboard.press('Escape');
  await says(bob, 'Are you there?');
  await title(ann, '(1) chat');
  await ticks(bob, 'Read', 'Sent');
  await chat.command('notify', 'ann', '--title', 'Maintenance', '--message', 'Tonight at ten');
  await ann.getByText('Tonight at ten').waitFor();
  await ann.getByRole('button', { name: 'Dismiss' }).click();
});

test('a room is opened, found and joined by writing; a group takes people in and puts them out', async () => {
  await Promise.all(['rosa', 'raul', 'rita'].map((name) => chat.signUp(name)));
  const [rosa, raul] = [await browser.person(), await browser.person()];
  await Promise.all([enters(rosa, chat.url, 'rosa'), enters(raul, chat.url, 'raul')]);
  await begins(rosa, 'A room');
  await rosa.getByRole('button', { name: 'Open a new room' }).click();
  await rosa.getByLabel('Name of the room').fill('Gardening');
  await rosa.getByRole('button', { name: 'Open the room' }).click();
  await says(rosa, 'Who grows tomatoes?');
  await begins(raul, 'A room');
  await raul.getByRole('button', { name: 'Gardening' }).click();
  await sees(raul, 'Who grows tomatoes?');
  await raul.locator('.conversation-names').getByText('you are only looking in').waitFor();
  await says(rosa, 'Anybody?');
  await sees(raul, 'Who grows tomatoes?', 'Anybody?');
  await says(raul, 'I do');
  await raul.locator('.conversation-names').getByText('Open room · You, rosa').waitFor();
  await sees(rosa, 'Who grows tomatoes?', 'Anybody?', 'I do');

  await begins(rosa, 'A group');
  await rosa.getByLabel('Name of the group').fill('Three');
  await rosa.getByRole('button', { name: 'raul', exact: true }).click();
  await rosa.getByRole('button', { name: 'Make the group with 1 other' }).click();
  await rosa.getByRole('textbox', { name: 'Message to Three' }).waitFor();
  await says(rosa, 'Just us');
  await opens(raul, 'Three');
  await sees(raul, 'Just us');
  await ticks(rosa, 'Read');
  const rita = await browser.person();
  await enters(rita, chat.url, 'rita');
  await about(rosa);
  await rosa.getByRole('button', { name: 'Add somebody' }).click();
  await rosa.getByRole('button', { name: 'rita', exact: true }).click();
  await rosa.getByRole('button', { name: 'More: rita' }).waitFor();
  await rita.getByText('You are in “Three” now').waitFor();
  await rita.locator('.row', { hasText: 'Three' }).waitFor();
  await rosa.keyboard.press('Escape');
  // Of two others one has read it.
  await says(rosa, 'All of us');
  await ticks(rosa, 'Read by 1 of 2', 'Read by 1 of 2');
  await opens(rita, 'Three');
  await ticks(rosa, 'Read', 'Read');
  await rosa.reload();
  await ticks(rosa, 'Read', 'Read');
  await about(rosa);
  await rosa.getByRole('button', { name: 'More: raul' }).click();
  await rosa.getByRole('menuitem', { name: 'Remove' }).click();
  await rosa.getByText('2 people').waitFor();
  await rosa.keyboard.press('Escape');
  await raul.getByText('You are no longer in “Three”').waitFor();
  await raul.getByText('Choose one on the left').waitFor();
  assert.equal(await raul.locator('.row', { hasText: 'Three' }).count(), 0);

  // Whoever made it is told what follows, and may stay.
  await about(rosa);
  await rosa.getByRole('button', { name: 'Leave the group' }).click();
  await rosa.getByText('whoever has been in it longest becomes its owner').waitFor();
  await rosa.getByRole('button', { name: 'Stay' }).click();
  await rosa.getByRole('button', { name: 'More: rita' }).waitFor();
  const other = await browser.window(rosa.context());
  await other.goto(chat.url);
  await other.locator('.row', { hasText: 'Three' }).waitFor();
  await rosa.getByRole('button', { name: 'Leave the group' }).click();
  await rosa.getByRole('button', { name: 'Leave the group' }).click();
  await rosa.getByText('Choose one on the left').waitFor();
  assert.equal(await rosa.locator('.row', { hasText: 'Three' }).count(), 0);
  assert.equal(await rosa.getByText('You are no longer').count(), 0, 'she knows');
  await expectText(() => other.locator('.row', { hasText: 'Three' }).count(), 0, 'gone in her other window');
});

test('who wrote in a room and left it keeps their name, by one question and over one connection', async () => {
  const [nell] = await Promise.all(['nell', 'owen'].map((name) => chat.signUp(name)));
  const roomId = await nell.opensRoom('Left behind');
  for (const content of ['I was here', 'And I am off']) await nell.post('/api/messages', { roomId, content });
  const left = await chat.asks('DELETE', `/api/conversations/${roomId}/members/${nell.id}`, undefined, nell.token);
  assert.equal(left.status, 200, JSON.stringify(left.said));
  const owen = await browser.person();
  const [asked, sockets] = [[], []];
  owen.on('request', (request) => request.url().includes('/api/profile/users') && asked.push(new URL(request.url()).pathname));
  owen.on('websocket', (socket) => sockets.push(socket.url()));
  await enters(owen, chat.url, 'owen');
  await owen.goto(`${chat.url}/#c/${roomId}`);
  await sees(owen, 'I was here', 'And I am off');
  await owen.locator('.author').getByText('nell').waitFor();
  assert.equal(asked.length, 1, asked.join());
  assert.match(asked[0], /users\/[\da-f-]{36}$/, 'nobody else is asked for');
  assert.equal(sockets.length, 1, sockets.join());
});

test('what an administrator deletes is gone from the page, the list and the count, also after being away', async () => {
  const dina = await chat.signUp('dina');
  const roomId = await dina.opensRoom('Cleared');
  const says = async (content) => (await dina.post('/api/messages', { roomId, content })).data._id;
  const deletes = async (id) => assert.equal((await chat.asks('DELETE', `/api/admin/messages/${id}`, undefined, chat.adminToken)).status, 200);
  await says('This stays');
  const first = await says('This goes');
  const cable = await wire(chat.url);
  const page = await browser.person();
  browser.forgives(page, /net::ERR|WebSocket connection/);
  await enters(page, cable.url, 'dina');
  await opens(page, 'Cleared');
  await sees(page, 'This stays', 'This goes');
  await deletes(first);
  await sees(page, 'This stays');
  await page.locator('.row', { hasText: 'Cleared' }).getByText('This stays').waitFor();
  const second = await says('This goes while nobody looks');
  await sees(page, 'This stays', 'This goes while nobody looks');
  cable.cut();
  await page.getByText('No connection').waitFor();
  await deletes(second);
  cable.mend();
  await sees(page, 'This stays');
});

test('what is read in one window is read in the other, and what the system says waits until it is put away', async () => {
  const [nora, nils] = await Promise.all(['nora', 'nils'].map((name) => chat.signUp(name)));
  const { id } = await nils.post('/conversation/create', { receiverId: nora.id });
  for (let at = 1; at <= 5; at += 1) await chat.command('notify', 'nora', '--title', `Notice ${at}`, '--message', `Read me ${at}`);
  const page = await browser.person();
  await enters(page, chat.url, 'nora');
  const other = await browser.window(page.context());
  await other.goto(chat.url);
  await nils.post(`/api/conversations/${id}/messages`, { content: 'Hello' });
  for (const one of [page, other]) await one.locator('.row', { hasText: 'nils' }).getByText('1 unread').waitFor();
  await opens(page, 'nils');
  await expectText(() => other.locator('.row .badge').count(), 0, 'the badge in the other window');
  await title(other, 'chat');

  const notices = (one) => one.locator('.notice strong').allTextContents();
  for (const one of [page, other]) await expectText(() => notices(one), ['Notice 5', 'Notice 4', 'Notice 3'], 'the newest ones');
  await page.getByText('and 2 more').waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await expectText(() => notices(page), ['Notice 4', 'Notice 3', 'Notice 2'], 'the next one comes');
  await page.reload();
  await expectText(() => notices(page), ['Notice 4', 'Notice 3', 'Notice 2'], 'they wait');
  await chat.command('notify', 'nora', '--title', 'Notice 6', '--message', 'Live');
  await expectText(() => notices(page), ['Notice 6', 'Notice 4', 'Notice 3'], 'a new one comes once');
});

test('files come by the button and by pasting, are shown as pictures or offered, and only members get them', async () => {
  await Promise.all(['fay', 'finn'].map((name) => chat.signUp(name)));
  const [fay, finn] = [await browser.person(), await browser.person()];
  await Promise.all([enters(fay, chat.url, 'fay'), enters(finn, chat.url, 'finn')]);
  await writesTo(fay, 'finn');
  const [chooser] = await Promise.all([fay.waitForEvent('filechooser'), fay.getByRole('button', { name: 'Attach files' }).click()]);
  await chooser.setFiles([{ name: 'my notes.txt', mimeType: 'text/plain', buffer: Buffer.from('remember the milk') }]);
  await fay.getByText('17 bytes').waitFor();
  await fay.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dot.png', { type: 'image/png' }));
    document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, [...png]);
  await fay.locator('.uploads img').waitFor();
  await expectText(() => fay.locator('.uploads progress').count(), 0, 'uploads that go on');
  await says(fay, 'Two files');
  await opens(finn, 'fay');
  const picture = finn.locator('.picture img');
  await picture.waitFor();
  assert.equal(await picture.evaluate((img) => img.decode().then(() => img.naturalWidth)), 1);
  const [download] = await Promise.all([finn.waitForEvent('download'), finn.getByRole('button', { name: 'Download my notes.txt' }).click()]);
  assert.equal(download.suggestedFilename(), 'my notes.txt');
  const chunks = await (await download.createReadStream()).toArray();
  assert.equal(Buffer.concat(chunks).toString(), 'remember the milk');
  const url = new URL((await fay.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))).find((name) => name.includes('/uploads/')));
  assert.equal((await fetch(url)).status, 404, 'to strangers it is not there');
});

test('a cut connection loses nothing and doubles nothing: what was said meanwhile comes, what was written goes', async () => {
  const [cleo, carl] = await Promise.all(['cleo', 'carl'].map((name) => chat.signUp(name)));
  const room = await cleo.opensRoom('Storm');
  const say = (content) => carl.post('/api/messages', { roomId: room, content });
  const cable = await wire(chat.url);
  const page = await browser.person();
  browser.forgives(page, /net::ERR|WebSocket connection/);
  await enters(page, cable.url, 'cleo');
  await opens(page, 'Storm');
  await say('one');
  await sees(page, 'one');
  cable.cut();
  await page.getByText('No connection').waitFor();
  for (const content of ['two', 'three']) await say(content);
  await says(page, 'four, from afar');
  await says(page, 'five');
  await expectText(() => page.getByText('Not sent. The server cannot be reached.').count(), 2, 'what waits');
  cable.mend();
  await sees(page, 'one', 'two', 'three', 'four, from afar', 'five');
  await ticks(page, 'Sent', 'Sent');
  await say('six');
  await sees(page, 'one', 'two', 'three', 'four, from afar', 'five', 'six');
  const kept = async () => (await cleo.get(`/api/messages/${room}?order=asc&limit=100`)).data.map(({ content }) => content);
  assert.deepEqual(await kept(), await said(page), 'the server has the same');

  // The server took it, and the answer got lost: said again, it is still one message.
  await page.route('**/messages', async (route) => (await route.fetch(), await route.abort()), { times: 1 });
  await Promise.all([page.waitForEvent('requestfailed'), says(page, 'seven')]);
  await sees(page, 'one', 'two', 'three', 'four, from afar', 'five', 'six', 'seven');
  await page.reload();
  await sees(page, 'one', 'two', 'three', 'four, from afar', 'five', 'six', 'seven');

  // Nobody took it; it waits in the browser, also over a reload.
  let away = true;
  await page.route('**/messages', (route) => (away && route.request().method() === 'POST' ? route.abort() : route.fallback()));
  await says(page, 'eight');
  await page.getByText('Not sent.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Not sent.').waitFor();
  away = false;
  await page.reload();
  await sees(page, 'one', 'two', 'three', 'four, from afar', 'five', 'six', 'seven', 'eight');
  await expectText(kept, await said(page), 'what the server has in the end');
});

test('a server that goes and comes back on the same file finds the page waiting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-browser-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const start = (port) => open('--db', join(folder, 'chat.db'), '--listen', `127.0.0.1:${port}`, '--bcrypt-cost', '4', '--limit-auth', 'off', '--limit-api', 'off');
  const first = await start(0);
  const ida = await first.signUp('ida');
  await ida.opensRoom('Home');
  const page = await browser.person();
  browser.forgives(page, /net::ERR|WebSocket connection/);
  await enters(page, first.url, 'ida');
  await opens(page, 'Home');
  await says(page, 'before');
  await ticks(page, 'Sent');
  await first.close();
  await page.getByText('No connection').waitFor();
  await says(page, 'meanwhile');
  await page.getByText('Not sent. The server cannot be reached.').waitFor();
  await start(new URL(first.url).port);
  await ticks(page, 'Sent', 'Sent');
  await sees(page, 'before', 'meanwhile');
});

test('a device that is removed elsewhere has to sign in again at once', async () => {
  await chat.signUp('dora');
  const [here, there] = [await browser.person(), await browser.person()];
  await Promise.all([enters(here, chat.url, 'dora'), enters(there, chat.url, 'dora')]);
  browser.forgives(there, /status of 401/);
  await here.getByRole('button', { name: 'dora: your account' }).click();
  await here.getByRole('button', { name: /^Sign out Chrome/ }).first().click();
  await there.getByText('You were signed out.').waitFor();
});
