// Does mentor's namespace serve the clients that its document shows, of both generations, beside the others' in `/`?

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as v4 from 'socket.io-client';
import v2 from 'socket.io-client-v2';
import { transform } from 'sucrase';
import { hear, kept, looksLike, once, open, tell, transports } from './chat.js';

const chat = await open();
const { port } = new URL(chat.url);
const uuid = '0190b5a2-0000-8000-8000-000000000001';

/** The text of an example with every placeholder filled in; each must be in it. Its types are stripped. */
function example(name, fillIn) {
  let source = readFileSync(new URL(`examples/${name}`, import.meta.url), 'utf8');
  for (const [placeholder, value] of Object.entries({ 'localhost:4000': `localhost:${port}`, ...fillIn })) {
    assert.ok(source.includes(placeholder), `${name} has ${placeholder}`);
    source = source.replaceAll(placeholder, value);
  }
  return transform(source, { transforms: ['typescript', 'imports'] }).code;
}

/** Runs an example with the names that it expects around it, and returns its `socket`. */
function run(source, names) {
  return new Function(...Object.keys(names), `${source}\nreturn socket;`)(...Object.values(names));
}

/** A mentor and a mentee, their session, and what they call its conversation. */
async function mentoring(session, ...names) {
  const [john, jane] = [await chat.signUp(names[0]), await chat.signUp(names[1])];
  await chat.command('session', 'put', session, '--mentor', john.name, '--mentee', jane.name, '--start-at', '2024-01-15T10:00:00Z', '--status', 'completed');
  const made = await john.post('/api/conversations/by-session', { sessionId: session });
  return { john, jane, made, conversationId: made.id, says: (who, content) => who.post(`/api/conversations/${made.id}/messages`, { content }) };
}

const events = ['new_message', 'user_typing', 'messages_read', 'error'];
const enter = (person) => hear(kept(v4.io(`${chat.url}/chat`, { forceNew: true, auth: { token: person.token } })), ...events);

test('document 001: the example client, from its connection to its cleanup', async () => {
  const { john, jane, conversationId, says } = await mentoring('6f1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b', 'john', 'jane');
  const hers = enter(jane);
  await once(hers.socket, 'connect');
  await says(jane, 'Before');
  await hers.hears('new_message', { message: { content: 'Before' } });

  const [talk, cleanup] = example('mentor-usage.ts', { xxx: conversationId }).split('// Cleanup on unmount');
  const localStorage = { getItem: (key) => (key === 'accessToken' ? john.token : null) };
  let print;
  const page = hear({ on: (_, listener) => (print = listener) }, 'line');
  const socket = kept(run(talk, { io: v4.io, localStorage, console: { log: (...words) => print(words) } }));
  const his = hear(socket, 'error');
  // Everything was said before there was a connection, and is heard in that order.
  const typing = await hers.hears('user_typing', { conversationId, isTyping: true });
  const read = await hers.hears('messages_read', { conversationId, count: 1 });
  looksLike(read, { conversationId: uuid, readBy: uuid, count: 1, userId: uuid, readAt: '2024-01-15T12:00:00.000Z' });
  assert.equal(read.readBy, typing.userId);

  const said = await says(jane, 'Hello!');
  const [, heard] = await page.hears('line', ['New message:', { content: 'Hello!', conversationId }]);
  assert.deepEqual(heard, said);
  looksLike(heard, { id: uuid, conversationId: uuid, senderId: uuid, content: '', contentType: 'text', attachments: [], createdAt: '' });
  hers.socket.emit('typing', { conversationId, isTyping: true });
  await tell(hers.socket, 'mark_read', { conversationId });

  run(cleanup, { socket });
  assert.equal(socket.connected, false);
  await hers.hears('user_typing', { conversationId, userId: typing.userId, isTyping: false });
  await says(jane, 'Gone?');
  assert.deepEqual([page.unheard('line'), his.unheard('error'), hers.unheard('error')], [[], [], []]);
});

test('document 001: the connection, by each of its ways, and the objects of its REST', async () => {
  const { john, jane, made, conversationId, says } = await mentoring('7a1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b', 'kurt', 'kate');
  const shown = {
    id: uuid,
    mentor: { id: uuid, fullName: 'John Doe', avatarUrl: null },
    mentee: { id: uuid, fullName: 'Jane Doe', avatarUrl: null },
    session: { id: uuid, startAt: '2024-01-15T10:00:00Z', status: 'completed' },
    lastMessage: { id: uuid, content: 'Hello!', createdAt: '...', senderId: uuid },
    unreadCount: 3,
    updatedAt: '2024-01-15T12:00:00Z',
  };
  looksLike(made, shown);
  for (const content of ['one', 'two', 'Hello!']) await says(john, content);
  const [listed] = await jane.get('/api/conversations');
  looksLike(listed, shown);
  assert.deepEqual([listed.lastMessage.content, listed.unreadCount, listed.session.status], ['Hello!', 3, 'completed']);
  assert.deepEqual(await jane.get(`/api/conversations/${conversationId}`), listed);

  const source = example('mentor-connect.js', { 'your-jwt-token': jane.token });
  const shownWay = kept(run(source, { require: () => v4, exports: {} }));
  const ways = [
    { extraHeaders: { Authorization: `Bearer ${jane.token}` } },
    { query: { token: jane.token } },
    { auth: { token: `Bearer ${jane.token}` } },
  ].map((way) => kept(v4.io(`${chat.url}/chat`, { forceNew: true, ...way })));
  const ears = [shownWay, ...ways].map((socket) => hear(socket, ...events));
  await Promise.all(ears.map(({ socket }) => once(socket, 'connect')));
  const said = await says(john, 'To all of them');
  for (const one of ears) assert.deepEqual((await one.hears('new_message', { conversationId })).message, said);
  for (const token of [undefined, 'your-jwt-token']) {
    const refused = await once(kept(v4.io(`${chat.url}/chat`, { forceNew: true, reconnection: false, auth: { token } })), 'connect_error');
    assert.match(refused.message, /token/i);
  }
});

/** A connection with a token, and its two namespaces. In version 2 the token belongs to the connection. */
const connections = {
  v4: (token, options) => {
    const manager = new v4.Manager(chat.url, { ...options, forceNew: true });
    return ['/', '/chat'].map((name) => kept(manager.socket(name, { auth: { token } })));
  },
  v2: (token, options) => {
    const manager = new v2.Manager(chat.url, { ...options, forceNew: true, query: { token } });
    return ['/', '/chat'].map((name) => kept(manager.socket(name)));
  },
};

for (const [generation, connect] of Object.entries(connections)) {
  for (const transport of Object.keys(transports)) {
    test(`${generation} over ${transport}: one connection carries both namespaces, each with its own words`, async () => {
      const [ann, bob] = [await chat.signUp(`ann-${generation}-${transport}`), await chat.signUp(`bob-${generation}-${transport}`)];
      const [home, inChat] = connect(ann.token, { transports: transports[transport] });
      const [direct, mentor] = [hear(home, ...events, 'typing_start', 'typing_stop'), hear(inChat, ...events, 'typing_start')];
      await Promise.all([once(home, 'connect'), once(inChat, 'connect')]);
      const his = enter(bob);
      await once(his.socket, 'connect');

      const { message } = await tell(home, 'send_message', { toUserId: bob.id, content: 'Hello' });
      const { conversationId, message: heard } = await mentor.hears('new_message');
      assert.deepEqual([heard.content, heard.conversationId], ['Hello', conversationId]);
      assert.deepEqual(await direct.hears('new_message'), message);
      await his.hears('new_message', { conversationId, message: { id: heard.id } });

      for (const isTyping of [true, false]) {
        assert.equal((await tell(his.socket, 'typing', { conversationId, isTyping })).ok, true);
        await mentor.hears('user_typing', { conversationId, isTyping });
        await direct.hears(isTyping ? 'typing_start' : 'typing_stop', { userId: bob.id });
      }
      assert.equal((await tell(his.socket, 'mark_read', { conversationId })).count, 1);
      await mentor.hears('messages_read', { conversationId, count: 1 });
      await direct.hears('messages_read', { conversationId: message.conversation_id, userId: bob.id });

      await bob.post(`/api/conversations/${conversationId}/messages`, { content: 'Grüße 🙂' });
      await mentor.hears('new_message', { message: { content: 'Grüße 🙂' } });
      await direct.hears('new_message', { content: 'Grüße 🙂', sender_id: bob.id });
      inChat.emit('leave_conversation', { conversationId });
      await tell(home, 'send_message', { conversationId, content: 'In one namespace I have left' });
      await direct.hears('new_message', { content: 'In one namespace I have left' });
      const refused = await tell(inChat, 'typing', { conversationId: 'xxx', isTyping: true });
      assert.deepEqual([refused.ok, refused.error.statusCode], [false, 400]);
      await mentor.hears('error', { event: 'typing' });
      const rest = [mentor, direct].flatMap((one) => [...events, 'typing_start', 'typing_stop'].flatMap(one.unheard));
      assert.deepEqual(rest, [], 'each in its own words, and once');
    });
  }
}

test('v2 enters with its token in a header, and is refused in words', async () => {
  const ann = await chat.signUp('v2-header');
  const by = (token) => kept(v2(`${chat.url}/chat`, { forceNew: true, reconnection: false, extraHeaders: { Authorization: `Bearer ${token}` } }));
  await once(by(ann.token), 'connect');
  const refused = await once(by('your-jwt-token'), 'error');
  assert.match(String(refused?.message ?? refused), /token/i);
});
