// How does a check in JavaScript get a server, people, and a socket whose words can be waited for?
//
//   const chat = await open();                     a throwaway server, gone with this process
//   const ann = await chat.signUp('ann');          an account: name, id, token, post, get, patch
//   await chat.asks('GET', path, body, token);     whatever comes: its status, headers, and JSON
//   await chat.command('notify', 'ann', …);        another command of the same program, on the same file
//   const bob = hear(socket, 'message');           everything said to a socket is kept until asked for
//   await bob.hears('message', { content: 'hi' });
//   await tell(socket, 'joinRoom', { roomId });    an event with a callback

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import v4 from 'socket.io-client';
import v2 from 'socket.io-client-v2';

export const binary = process.env.CHAT_BIN ?? fileURLToPath(new URL('../../target/debug/chat', import.meta.url));
const patience = 5_000;
const leftOpen = new Set();

/** Starts a server; without flags one that leaves nothing behind. */
export async function open(...flags) {
  const chosen = flags.length ? flags : ['--temp'];
  const child = spawn(binary, [...chosen, '--announce', 'json', '--exit-with-stdin'], { stdio: 'pipe' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  // A server that died already must not bring down the check that wants to say so.
  child.stdin.on('error', () => {});
  let log = '';
  child.stderr.on('data', (text) => (log = (log + text).slice(-4_000)));
  const announced = await new Promise((resolve, reject) => {
    let line = '';
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the server ended with ${code} before it served:\n${log}`)));
    child.stdout.on('data', (text) => {
      line += text;
      if (line.includes('\n')) resolve(JSON.parse(line.slice(0, line.indexOf('\n'))));
    });
  });
  const chat = {
    ...announced,
    child,
    ended,
    signUp: (name) => signUp(announced.url, name),
    asks: (...what) => ask(announced.url, ...what),
    command: (...words) => promisify(execFile)(binary, [...words, '--db', announced.db]),
    /** As asked: standard input closes, the server folds its log in and goes. */
    close: () => (child.stdin.end(), ended),
    /** As by accident: nothing is folded in, nobody is told. */
    kill: () => (child.kill('SIGKILL'), ended),
  };
  leftOpen.add(chat);
  return chat;
}

/** Asks and hands on whatever comes; nothing is followed by itself. */
async function ask(url, method, path, body, token) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, said: await answer.json() };
}

async function signUp(url, username) {
  const done = async (method, path, body, token) => {
    const { status, said } = await ask(url, method, path, body, token);
    assert.ok(status >= 200 && status < 300, `${method} ${path}: ${status} ${JSON.stringify(said)}`);
    return said;
  };
  const login = { email: `${username}@example.test`, password: 'correct horse' };
  await done('POST', '/api/auth/signup', { username, ...login });
  const { token } = await done('POST', '/api/auth/login', login);
  // What direct calls a user id is the token's subject, a decimal integer.
  const id = Number(JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub);
  assert.ok(Number.isSafeInteger(id), 'the token names an account by an integer');
  return {
    name: username,
    id,
    token,
    post: (path, body) => done('POST', path, body, token),
    patch: (path, body) => done('PATCH', path, body, token),
    get: (path) => done('GET', path, undefined, token),
    opensRoom: async (name) => (await done('POST', '/api/rooms', { name, description: name }, token)).data._id,
  };
}

/** The two generations: how each connects with a token, and says that it was refused. */
export const generations = {
  v4: { connect: (url, token, options) => kept(v4(url, { ...alone, auth: token && { token }, ...options })), refusal: 'connect_error' },
  v2: { connect: (url, token, options) => kept(v2(url, { ...alone, query: token && { token }, ...options })), refusal: 'error' },
};

// Every socket gets a connection of its own: the checks are about several people.
const alone = { forceNew: true, reconnection: false };

/** Which transports a client may use, by the name under which the checks speak of them. */
export const transports = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };

/** Closes the socket at the end, whoever made it. */
export function kept(socket) {
  leftOpen.add(socket);
  return socket;
}

/** Keeps what is said to a socket from now on. */
export function hear(socket, ...events) {
  const heard = [];
  let wake = () => {};
  for (const event of events) socket.on(event, (said) => (heard.push({ event, said }), wake()));
  return {
    socket,
    /** Everything of one event that nobody has asked for yet. */
    unheard: (event) => heard.filter((one) => one.event === event).map((one) => one.said),
    /** Waits for the first that looks like `like`, and takes it out. */
    async hears(event, like = {}) {
      const deadline = Date.now() + patience;
      for (;;) {
        const at = heard.findIndex((one) => one.event === event && matches(one.said, like));
        if (at >= 0) return heard.splice(at, 1)[0].said;
        const left = deadline - Date.now();
        assert.ok(left > 0, `nobody said ${event} ${JSON.stringify(like)}, but ${JSON.stringify(heard)}`);
        await new Promise((resolve) => {
          const late = setTimeout(resolve, left);
          wake = () => (clearTimeout(late), resolve());
        });
      }
    },
  };
}

function matches(said, like) {
  if (like === null || typeof like !== 'object') return said === like;
  return said !== null && typeof said === 'object' && Object.keys(like).every((key) => matches(said[key], like[key]));
}

/** Says something and waits for the callback; version 2 has no `emitWithAck`. */
export function tell(socket, event, ...what) {
  return within(`an answer to ${event}`, (resolve) => socket.emit(event, ...what, resolve));
}

/** Waits until an event comes once; an answer that need not be one. */
export function once(emitter, event) {
  return within(event, (resolve) => emitter.once(event, resolve));
}

function within(what, start) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
    start((said) => (clearTimeout(late), resolve(said)));
  });
}

/** Every documented field is there and of the documented example's type; null stands for "or nothing". */
export function looksLike(said, example) {
  for (const [key, value] of Object.entries(example)) {
    assert.ok(key in said, `${key} is missing in ${JSON.stringify(said)}`);
    if (value === null || said[key] === null) continue;
    assert.equal(typeof said[key], typeof value, `${key} in ${JSON.stringify(said)}`);
    if (typeof value === 'object') looksLike(said[key], value);
  }
}

after(() => Promise.all([...leftOpen].map((one) => one.close())));
