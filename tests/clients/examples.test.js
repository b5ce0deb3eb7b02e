// Does the example code of the documents run as it stands there?
//
// The files in examples/ are cut out of the two documents and must stay as they are. Only what the documents
// themselves mean to be filled in is replaced here: the address, the token and the ids.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { createElement } from 'react';
import { act, create } from 'react-test-renderer';
import io from 'socket.io-client';
import { transform } from 'sucrase';
import { hear, kept, looksLike, once, open, tell } from './chat.js';

const chat = await open();

const ids = { example: '64f8a1b2c3d4e5f6a7b8c9d1' };

/** The text of an example with every placeholder filled in; each must be in it. */
function example(name, fillIn) {
  let source = readFileSync(new URL(`examples/${name}`, import.meta.url), 'utf8');
  for (const [placeholder, value] of Object.entries(fillIn)) {
    assert.ok(source.includes(placeholder), `${name} has ${placeholder}`);
    source = source.replaceAll(placeholder, String(value));
  }
  return source;
}

/** Runs an example with the names that it expects around it, and returns its `socket`. */
function run(source, names) {
  return new Function(...Object.keys(names), `${source}\nreturn socket;`)(...Object.values(names));
}

/** A console whose lines can be waited for like events. */
function page() {
  let print;
  const heard = hear({ on: (_, listener) => (print = listener) }, 'line');
  return { console: { log: (...words) => print(words) }, prints: (...words) => heard.hears('line', words), rest: () => heard.unheard('line') };
}

const newMessage = {
  id: 101, conversation_id: 123, sender_id: 456, receiver_id: 789, content: 'Hello world!',
  is_read: false, read_at: null, created_at: '2023-10-27T10:00:00.000Z',
};
const notification = {
  id: 101, conversation_id: 123, sender_id: 456, receiver_id: 789, content: 'Hello world!',
  is_read: false, created_at: '2023-10-27T10:00:00.000Z', type: 'new_message',
};

test('document 003: two people connect, join, talk, and one leaves', async () => {
  const [ann, bob] = [await chat.signUp('ann'), await chat.signUp('bob')];
  const roomId = await ann.opensRoom('General Discussion');
  const enter = async (person) => {
    const socket = kept(run(example('rooms-connect.js', { 'http://localhost:3020': chat.url, your_jwt_token: person.token }), { io }));
    run(example('rooms-join.js', { [ids.example]: roomId }), { socket });
    // One socket's events are handled in order: once this is answered, the example's own join is done.
    assert.equal((await tell(socket, 'joinRoom', { roomId })).ok, true);
    return { ...hear(socket, 'message'), ...page() };
  };
  const [hers, his] = [await enter(ann), await enter(bob)];
  const talk = ({ socket, console }) => run(example('rooms-message.js', { [ids.example]: roomId }), { socket, console });

  // The document's block speaks first and only then listens, so Bob's page begins with his own words.
  talk(hers);
  await his.hears('message', { content: 'Hello!', sender: { username: 'ann' } });
  const [, said] = await hers.prints('New message:', { content: 'Hello!', sender: { username: 'ann' }, room: roomId });
  looksLike(said, { _id: ids.example, content: 'Hello!', sender: { _id: ids.example, username: 'john_doe' }, room: ids.example, createdAt: '2024-01-01T00:00:00.000Z' });
  talk(his);
  await his.prints('New message:', { content: 'Hello!', sender: { username: 'bob' } });
  await hers.prints('New message:', { content: 'Hello!', sender: { username: 'bob' } });
  await tell(hers.socket, 'message', { roomId, content: 'How are you?' });
  await his.prints('New message:', { content: 'How are you?', sender: { username: 'ann' } });

  run(example('rooms-leave.js', { [ids.example]: roomId }), { socket: his.socket });
  await tell(his.socket, 'leaveRoom', { roomId });
  await tell(hers.socket, 'message', { roomId, content: 'Where is he?' });
  await hers.prints('New message:', { content: 'Where is he?' });
  await tell(his.socket, 'leaveRoom', { roomId });
  assert.deepEqual(his.rest(), [], 'who left hears nothing more');
});

test('document 004: methods 1 and 3 of connecting, joining, talking and leaving', async () => {
  const [eve, dan] = [await chat.signUp('eve'), await chat.signUp('dan')];
  const address = { 'http://localhost:8000': chat.url };
  const events = ['new_message', 'message_notification', 'messages_read', 'typing_start', 'typing_stop', 'error'];
  const byObject = (token) => hear(kept(run(example('direct-auth-object.js', { ...address, "'YOUR_JWT_TOKEN'": `'${token}'` }), { io })), ...events);
  const byHeaders = (token) => hear(kept(run(example('direct-extra-headers.js', { ...address, YOUR_JWT_TOKEN: token }), { io })), ...events);
  // The comment beside method 1: "Bearer <token>" or just "<token>".
  const [hers, again, his] = [byObject(eve.token), byObject(`Bearer ${eve.token}`), byHeaders(dan.token)];
  await Promise.all([hers, again, his].map(({ socket }) => once(socket, 'connect')));

  const first = await tell(hers.socket, 'send_message', { toUserId: dan.id, content: 'Are you there?' });
  looksLike(first.message, newMessage);
  const conversationId = first.message.conversation_id;
  looksLike(await his.hears('message_notification', { content: 'Are you there?', type: 'new_message', receiver_id: dan.id }), notification);

  run(example('direct-join.js', { 123: conversationId }), { socket: his.socket });
  assert.equal((await tell(his.socket, 'join_conversation', conversationId)).ok, true);
  hers.socket.emit('send_message', { conversationId, content: 'Hello world!', toUserId: dan.id });
  const said = await his.hears('new_message', { content: 'Hello world!', conversation_id: conversationId, sender_id: eve.id, receiver_id: dan.id });
  looksLike(said, newMessage);
  await his.hears('message_notification', { id: said.id });
  await hers.hears('new_message', { id: said.id });

  hers.socket.emit('typing_start', { conversationId, toUserId: dan.id });
  assert.deepEqual((await his.hears('typing_start')).userId, eve.id);
  hers.socket.emit('typing_stop', { conversationId, toUserId: dan.id });
  await his.hears('typing_stop', { conversationId, userId: eve.id });
  his.socket.emit('mark_read', { conversationId });
  looksLike(await hers.hears('messages_read', { conversationId, userId: dan.id }), { readAt: '2023-10-27T10:05:00.000Z' });

  run(example('direct-leave.js', { 123: conversationId }), { socket: his.socket });
  await tell(his.socket, 'leave_conversation', conversationId);
  await tell(hers.socket, 'send_message', { conversationId, content: 'Still there?' });
  await his.hears('message_notification', { content: 'Still there?' });
  assert.deepEqual(his.unheard('new_message'), [], 'who left is notified, and hears no more');
  for (const one of [hers, his]) assert.deepEqual(one.unheard('error'), []);
});

test('document 004: the React component, mounted, spoken to, and unmounted', async (t) => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  // The renderer's makers would rather have us test in a browser, and say so each time.
  t.mock.method(console, 'error', () => {});
  const [fay, gus] = [await chat.signUp('fay'), await chat.signUp('gus')];
  const other = hear(kept(io(chat.url, { auth: { token: fay.token } })), 'new_message');
  const { message } = await tell(other.socket, 'send_message', { toUserId: gus.id, content: 'first' });
  const conversationId = message.conversation_id;

  const source = example('direct-react.jsx', { 'http://localhost:8000': chat.url });
  const screen = page();
  const sockets = [];
  const spied = { __esModule: true, default: (...how) => (sockets.push(kept(io(...how))), sockets.at(-1)) };
  const found = createRequire(import.meta.url);
  const { code } = transform(source, { transforms: ['jsx', 'imports'], jsxRuntime: 'automatic', production: true });
  const ChatComponent = new Function('require', 'exports', 'console', `${code}\nreturn ChatComponent;`)(
    (name) => (name === 'socket.io-client' ? spied : found(name)), {}, screen.console,
  );

  let mounted;
  await act(async () => (mounted = create(createElement(ChatComponent, { conversationId, currentUserId: gus.id, token: gus.token }))));
  assert.deepEqual(mounted.toJSON().children, ['Chat UI Here']);
  await screen.prints('Connected');
  const [socket] = sockets;
  await tell(socket, 'join_conversation', conversationId);

  await tell(other.socket, 'send_message', { conversationId, content: 'Hello world!', toUserId: gus.id });
  const [, said] = await screen.prints('New message received:', { content: 'Hello world!' });
  looksLike(said, newMessage);
  other.socket.emit('typing_start', { conversationId, toUserId: gus.id });
  await screen.prints(`User ${fay.id} is typing...`);

  // The component keeps `sendMessage` to itself; its own text, run where its names are known, is what a button would call.
  const [body] = source.match(/ {2}const sendMessage = [^]*?\n {2}};\n/);
  const sendMessage = new Function('socketRef', 'conversationId', `${body}\nreturn sendMessage;`)({ current: socket }, conversationId);
  sendMessage('Hello back!', fay.id);
  await other.hears('new_message', { content: 'Hello back!', sender_id: gus.id, receiver_id: fay.id });
  await screen.prints('New message received:', { content: 'Hello back!' });

  await act(async () => mounted.unmount());
  assert.equal(socket.connected, false);
  await tell(other.socket, 'send_message', { conversationId, content: 'Gone?', toUserId: gus.id });
  assert.deepEqual(screen.rest(), [], 'an unmounted component hears nothing more');
});
