// Does mail arrive, whole and once, at an SMTP server that we did not write; and what if that server is in a bad mood?

import assert from 'node:assert/strict';
import { once as event } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { generations, once, open, tell } from './chat.js';
import { postOffice } from './post.js';

const folder = await mkdtemp(join(tmpdir(), 'chat-mail-'));
after(() => rm(folder, { recursive: true, force: true }));
const passwordFile = join(folder, 'password');
await writeFile(passwordFile, 'open sesame\n');

const sender = 'chat@example.test';
const by = (url, ...flags) => ['--smtp-url', url, '--mail-from', sender, '--mail-delay', '1s', ...flags];
const throwaway = (office, ...flags) => open('--temp', ...by(office.url, ...flags));

/** Asks for something that must be granted. */
async function granted(chat, method, path, body, token) {
  const { status, said } = await chat.asks(method, path, body, token);
  assert.ok(status >= 200 && status < 300, `${method} ${path}: ${status} ${JSON.stringify(said)}`);
  return said;
}

/** What the administrator sees of mail to an address. */
const outbox = async (chat, to) => (await granted(chat, 'GET', `/api/admin/outbox?to=${encodeURIComponent(to)}`, undefined, chat.adminToken)).outbox;

/** Waits until the outbox shows a mail as it should be. */
async function outboxShows(chat, to, like) {
  for (const deadline = Date.now() + 15_000; ; await pause(50)) {
    const mails = await outbox(chat, to);
    if (mails.some(like)) return mails;
    assert.ok(Date.now() < deadline, `the outbox shows ${JSON.stringify(mails)}`);
  }
}

/** Somebody for whom the administrator vouches: what is typed at the sign-up is nobody's address yet. */
async function proven(chat, name) {
  const login = { email: `${name}@example.test`, password: 'correct horse' };
  await granted(chat, 'POST', '/api/admin/users', { name, ...login }, chat.adminToken);
  const { token, data } = await granted(chat, 'POST', '/api/auth/login', login);
  const patch = (path, body) => granted(chat, 'PATCH', path, body, token);
  return { id: data.id, token, patch };
}

const asksForCode = (chat, email) => granted(chat, 'POST', '/user/send-signup-code', { email });

describe('mail', { concurrency: true }, () => {
  test('a signup code arrives whole and once, and is good for signing up', async () => {
    const office = await postOffice();
    const chat = await throwaway(office);
    await asksForCode(chat, 'ann@example.test');
    const letter = await office.gets('ann@example.test');
    assert.deepEqual([letter.sender, letter.recipients], [sender, ['ann@example.test']]);
    assert.deepEqual([letter.from.address, letter.to.map(({ address }) => address)], [sender, ['ann@example.test']]);
    assert.ok(letter.subject && letter.messageId && Math.abs(new Date(letter.date) - Date.now()) < 60_000, letter.raw.toString());
    const [verificationCode] = letter.text.match(/\b\d{6}\b/);
    assert.ok(letter.html.includes(verificationCode), 'in both parts');
    assert.ok(letter.raw.toString('latin1').split('\r\n').every((line) => line.length <= 998 && !line.includes('\n')));

    const proof = await granted(chat, 'POST', '/user/verify-email', { email: 'ann@example.test', verificationCode });
    assert.equal(proof.verified, true);
    const [sent] = await outboxShows(chat, 'ann@example.test', ({ sentAt }) => sentAt);
    assert.deepEqual([sent.text, sent.html, sent.error], ['', '', null], 'once sent, it is forgotten');
    await pause(1_500);
    assert.deepEqual(office.rest(), [], 'once');
  });

  test('a reset link of emote arrives and sets a new password', async () => {
    const office = await postOffice();
    const chat = await throwaway(office);
    const email = 'john@example.test';
    await granted(chat, 'POST', '/api/auth/register', { name: 'John Doe', email, password: 'yourpassword' });
    for (const address of [email, 'nobody@example.test']) await granted(chat, 'POST', '/api/password/reset-request', { email: address });
    const letter = await office.gets(email);
    const [, token] = letter.text.match(/token=([\w.~-]+)/);
    assert.ok(letter.html.includes(token), 'in both parts');
    await granted(chat, 'POST', '/api/password/reset', { token, password: 'newpassword' });
    await granted(chat, 'POST', '/api/auth/login', { email, password: 'newpassword' });
    assert.equal((await chat.asks('POST', '/api/auth/login', { email, password: 'yourpassword' })).status, 401);
    await pause(500);
    assert.deepEqual(office.rest(), [], 'nobody else was written to');
  });

  test('a code for another address arrives there, and the address before is told', async () => {
    const office = await postOffice();
    const chat = await throwaway(office);
    const { token } = await proven(chat, 'ann');
    const email = 'ann.lee@example.test';
    await granted(chat, 'POST', '/api/profile/email', { email, password: 'correct horse' }, token);
    const letter = await office.gets(email);
    const [code] = letter.text.match(/\b\d{6}\b/);
    assert.ok(letter.html.includes(code), 'in both parts');
    const { user } = await granted(chat, 'PUT', '/api/profile/email', { code }, token);
    assert.equal(user.email, email);
    const farewell = await office.gets('ann@example.test');
    assert.match(farewell.subject, /another address/);
    assert.doesNotMatch(farewell.text, /\d{6}/);
    await granted(chat, 'POST', '/api/auth/login', { email, password: 'correct horse' });
    await pause(500);
    assert.deepEqual(office.rest(), [], 'nobody else was written to');
  });

  test('who is away gets one letter for what was said meanwhile, who reads in time gets none', async () => {
    const office = await postOffice();
    const chat = await throwaway(office);
    const login = { email: 'juergen@example.test', password: 'correct horse' };
    await granted(chat, 'POST', '/api/auth/signup', { username: 'Jürgen 世界 🙂', ...login });
    const { token } = await granted(chat, 'POST', '/api/auth/login', login);
    const [bob, eve, fay] = [await proven(chat, 'bob'), await proven(chat, 'eve'), await chat.signUp('fay')];
    const mouth = generations.v4.connect(chat.url, token);
    const hello = (to, content) => tell(mouth, 'send_message', { toUserId: to.id, content });

    const said = await hello(eve, 'Read me in time');
    await hello(bob, 'Are you there?');
    await hello(bob, 'Hello?');
    await eve.patch(`/api/conversations/${said.message.conversation_id}/read`, {});
    await hello(fay, 'You never said that this address is yours');
    const letter = await office.gets('bob@example.test');
    assert.match(`${letter.subject} ${letter.text}`, /Jürgen 世界 🙂/, 'who wrote stands there letter by letter');
    assert.ok(letter.html);
    await pause(1_500);
    assert.deepEqual(office.rest(), [], 'one for two messages, none for Eve, who has read it, nor for Fay');

    // A mail program turns it off for its user, by one click and without a login (RFC 8058).
    const header = (name) => letter.headers.find(({ key }) => key === name)?.value;
    assert.equal(header('list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
    const [, link] = /^<(http:.+)>$/.exec(header('list-unsubscribe'));
    assert.ok(letter.text.includes(link) && letter.html.includes(link), 'a person finds it too');
    const click = () => fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }), redirect: 'error' });
    assert.equal((await click()).status, 200);
    await hello(bob, 'Nobody tells you');
    await hello(eve, 'But you');
    await office.gets('eve@example.test', /But you/);
    await pause(1_000);
    assert.deepEqual(office.rest(), []);
    assert.equal((await granted(chat, 'PATCH', '/api/mail', { unread: true }, bob.token)).mail.unread, true);

    const here = generations.v4.connect(`${chat.url}/chat`, bob.token);
    await once(here, 'connect');
    await hello(bob, 'You are here');
    await pause(2_000);
    assert.deepEqual(office.rest(), [], 'who is here needs no letter');
    await hello(eve, 'And you are not');
    await office.gets('eve@example.test', /And you are not/);
  });

  test('chat is killed while a letter is being taken, and delivers it when it is back', async () => {
    const db = ['--db', join(folder, 'killed.db'), '--listen', '127.0.0.1:0', '--bcrypt-cost', '4', '--limit-auth', 'off'];
    let taking;
    const taken = new Promise((resolve) => (taking = resolve));
    const slow = await postOffice({ onData: () => (taking(), new Promise(() => {})) });
    const before = await open(...db, ...by(slow.url));
    await asksForCode(before, 'ann@example.test');
    await taken;
    await asksForCode(before, 'bob@example.test');
    await before.kill();
    slow.dies();
    const office = await postOffice();
    const again = await open(...db, ...by(office.url));
    for (const address of ['ann@example.test', 'bob@example.test']) {
      const letter = await office.gets(address, /\b\d{6}\b/, 45_000);
      const [verificationCode] = letter.text.match(/\b\d{6}\b/);
      await granted(again, 'POST', '/user/verify-email', { email: address, verificationCode });
    }
    await pause(1_000);
    assert.deepEqual(office.rest(), [], 'each once');
  });

  test('the post office dies while it takes a letter, and gets it when it is back', async () => {
    let taking;
    const taken = new Promise((resolve) => (taking = resolve));
    const first = await postOffice({ onData: () => (taking(), new Promise(() => {})) });
    const chat = await throwaway(first);
    await asksForCode(chat, 'ann@example.test');
    await taken;
    first.dies();
    await outboxShows(chat, 'ann@example.test', ({ error, sentAt }) => error && !sentAt);
    const again = await postOffice({ port: first.port });
    await again.gets('ann@example.test', /\b\d{6}\b/, 45_000);
    await pause(1_000);
    assert.deepEqual(again.rest(), [], 'once');
  });

  test('an address that the post office refuses holds up no other', async () => {
    const office = await postOffice({
      onRcptTo: ({ address }, _, done) => done(address.startsWith('gone') ? Object.assign(new Error('No such user here'), { responseCode: 550 }) : null),
    });
    const chat = await throwaway(office);
    await asksForCode(chat, 'gone@example.test');
    for (const name of ['ann', 'bob', 'eve']) await asksForCode(chat, `${name}@example.test`);
    for (const name of ['ann', 'bob', 'eve']) await office.gets(`${name}@example.test`);
    const [refused] = await outboxShows(chat, 'gone@example.test', ({ error }) => error);
    assert.match(refused.error, /550|No such user/);
    assert.equal(refused.sentAt, null);
  });

  test('an answer of 500 or more is final, one of 400 or more is not, and the outbox says which', async () => {
    const tries = new Map();
    const codes = { 'full@example.test': 452, 'gone@example.test': 550 };
    const office = await postOffice({
      onRcptTo: ({ address }, _, done) => {
        tries.set(address, (tries.get(address) ?? 0) + 1);
        const responseCode = codes[address];
        done(responseCode ? Object.assign(new Error('Not now, or not ever'), { responseCode }) : null);
      },
    });
    const chat = await throwaway(office);
    for (const address of Object.keys(codes)) await asksForCode(chat, address);
    const [gone] = await outboxShows(chat, 'gone@example.test', ({ refusedAt }) => refusedAt);
    assert.deepEqual([gone.tries, gone.sentAt], [1, null]);
    assert.match(gone.error, /550|Not now/);
    const [full] = await outboxShows(chat, 'full@example.test', ({ tries }) => tries >= 2);
    assert.equal(full.refusedAt, null);
    assert.equal(tries.get('gone@example.test'), 1, 'once is enough');
    // Somebody may have made room, or the address.
    delete codes['full@example.test'];
    delete codes['gone@example.test'];
    await office.gets('full@example.test');
    await granted(chat, 'POST', `/api/admin/outbox/${gone.id}/retry`, {}, chat.adminToken);
    await office.gets('gone@example.test');
    await outboxShows(chat, 'gone@example.test', ({ sentAt, refusedAt, error }) => sentAt && !refusedAt && !error);
  });

  test('forty digests and a slow post office keep nobody waiting for a code', async () => {
    let taking = 0, most = 0;
    const onData = async () => {
      most = Math.max(most, ++taking);
      await pause(1_500);
      taking--;
    };
    const office = await postOffice({ onData });
    const chat = await throwaway(office);
    const names = Array.from({ length: 40 }, (_, at) => `reader${at}`);
    const readers = await Promise.all(names.map((name) => proven(chat, name)));
    const john = await chat.signUp('john');
    const mouth = generations.v4.connect(chat.url, john.token);
    for (const { id } of readers) await tell(mouth, 'send_message', { toUserId: id, content: 'Hello' });
    await office.gets('reader0@example.test');
    const asked = Date.now();
    await asksForCode(chat, 'ann@example.test');
    await office.gets('ann@example.test');
    const took = Date.now() - asked;
    assert.ok(took < 6_000, `the code took ${took} ms`);
    assert.ok(most > 1 && most <= 6, `${most} at a time`);
    const waiting = await granted(chat, 'GET', '/api/admin/outbox?limit=100', undefined, chat.adminToken);
    assert.ok(waiting.outbox.some(({ kind, sentAt }) => kind === 'digest' && !sentAt), 'digests wait still');
  });

  for (const [mood, behave] of Object.entries({
    'takes calls and says nothing': (socket) => socket.on('error', () => {}),
    'hangs up at once': (socket) => socket.destroy(),
    'speaks no SMTP': (socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'greets without end': (socket) => socket.on('error', () => {}).write('220-' + 'x'.repeat(100_000)),
  })) {
    test(`a post office that ${mood} changes nothing for chat`, async (t) => {
      const wall = createServer(behave).listen(0, '127.0.0.1');
      t.after(() => wall.close());
      await event(wall, 'listening');
      const chat = await open('--temp', ...by(`smtp://127.0.0.1:${wall.address().port}`));
      const began = Date.now();
      for (const name of ['ann', 'bob', 'eve']) await asksForCode(chat, `${name}@example.test`);
      const [fay, gus] = [await chat.signUp('fay'), await chat.signUp('gus')];
      const socket = generations.v4.connect(chat.url, fay.token);
      for (let at = 0; at < 20; at++) {
        const said = await tell(socket, 'send_message', { toUserId: gus.id, content: `${at}` });
        assert.equal(said.ok, true);
      }
      assert.ok(Date.now() - began < 5_000, `all of it took ${Date.now() - began} ms`);
      assert.ok((await outbox(chat, 'ann@example.test')).every(({ sentAt, text }) => !sentAt && text), 'it waits');
      const ending = Date.now();
      assert.equal(await chat.close(), 0);
      assert.ok(Date.now() - ending < 10_000, 'nor does it hold up the end');
    });
  }

  test('on this machine a name and a password may be said in the clear, and a wrong one is no end', async () => {
    const onAuth = ({ username, password }, _, done) =>
      username === 'postman' && password === 'open sesame' ? done(null, { user: username }) : done(new Error('Who are you?'));
    const guarded = { authOptional: false, disabledCommands: ['STARTTLS'], onAuth };
    const office = await postOffice(guarded);
    const withUser = (name) => ['--temp', ...by(office.url.replace('//', `//${name}@`), '--smtp-password-file', passwordFile)];
    const chat = await open(...withUser('postman'));
    await asksForCode(chat, 'ann@example.test');
    assert.equal((await office.gets('ann@example.test')).user, 'postman');
    const stranger = await open(...withUser('stranger'));
    await asksForCode(stranger, 'bob@example.test');
    const [refused] = await outboxShows(stranger, 'bob@example.test', ({ error }) => error);
    assert.ok(!refused.error.includes('sesame'), refused.error);
    assert.deepEqual(office.rest(), []);
  });

  const elsewhere = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal);
  test('beyond this machine no password is said in the clear', { skip: !elsewhere && 'this machine has no other address' }, async () => {
    let tried = 0;
    const onAuth = (_, __, done) => (tried++, done(null, { user: 'anybody' }));
    const office = await postOffice({ host: elsewhere.address, disabledCommands: ['STARTTLS'], onAuth });
    let chat;
    try {
      chat = await open('--temp', ...by(office.url.replace('//', '//postman@'), '--smtp-password-file', passwordFile));
    } catch (refused) {
      // To refuse such flags at the start is as good.
      return assert.match(String(refused), /ended with 2[^]*(clear|TLS|loopback)/i);
    }
    await asksForCode(chat, 'ann@example.test');
    await outboxShows(chat, 'ann@example.test', ({ error, sentAt }) => error && !sentAt);
    assert.deepEqual([tried, office.rest()], [0, []]);
  });

  for (const [way, rules] of Object.entries({ STARTTLS: {}, smtps: { scheme: 'smtps', secure: true } })) {
    test(`by ${way}, a certificate that nobody vouches for gets nothing, and nothing in the clear instead`, async (t) => {
      // smtp-server brings a certificate of its own making, and warns us of it.
      t.mock.method(console, 'error', () => {});
      let tried = 0;
      const onAuth = (_, __, done) => (tried++, done(null, { user: 'anybody' }));
      const office = await postOffice({ disabledCommands: [], allowInsecureAuth: true, onAuth, ...rules });
      const chat = await open('--temp', ...by(office.url.replace('//', '//postman@'), '--smtp-password-file', passwordFile));
      await asksForCode(chat, 'ann@example.test');
      await outboxShows(chat, 'ann@example.test', ({ error, sentAt }) => error && !sentAt);
      assert.deepEqual([tried, office.rest()], [0, []]);
    });
  }
});
