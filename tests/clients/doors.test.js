// Who is let in, who is refused, and do they learn why, whichever client and transport they use?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generations, hear, once, open, tell, transports } from './chat.js';

const chat = await open();

/** Version 4 hears an Error, version 2 the text alone or an object with it. */
const reason = (said) => (typeof said === 'string' ? said : said?.message);

for (const [generation, { connect, refusal }] of Object.entries(generations)) {
  for (const transport of ['websocket', 'polling']) {
    const options = { transports: transports[transport] };

    test(`${generation} over ${transport}: no token and a bad token are refused in words`, async () => {
      for (const token of [undefined, 'not-a-token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.']) {
        const socket = connect(chat.url, token, options);
        assert.match(String(reason(await once(socket, refusal))), /token/i);
        assert.equal(socket.connected, false);
      }
    });

    test(`${generation} over ${transport}: a bad token in the header is refused in words`, async () => {
      const socket = connect(chat.url, undefined, { ...options, extraHeaders: { Authorization: 'Bearer not-a-token' } });
      assert.match(String(reason(await once(socket, refusal))), /token/i);
    });

    test(`${generation} over ${transport}: logging out ends the live socket and the token`, async () => {
      const ann = await chat.signUp(`leaving-${generation}-${transport}`);
      const socket = connect(chat.url, ann.token, options);
      await once(socket, 'connect');
      const ended = once(socket, 'disconnect');
      await ann.get('/api/auth/logout');
      await ended;
      assert.match(String(reason(await once(connect(chat.url, ann.token, options), refusal))), /token|log|session|device/i);
    });
  }
}

test('a token is taken from auth, from the header and from the query, with and without Bearer', async () => {
  const ann = await chat.signUp('ann');
  const ways = [
    { auth: { token: `Bearer ${ann.token}` } },
    { auth: (give) => give({ token: ann.token }) },
    { extraHeaders: { Authorization: `Bearer ${ann.token}` } },
    { query: { token: ann.token } },
  ];
  for (const way of ways) await once(generations.v4.connect(chat.url, undefined, way), 'connect');
  for (const way of ways.slice(2)) await once(generations.v2.connect(chat.url, undefined, way), 'connect');
});

test('what only the server may say does nothing, and the socket lives on', async () => {
  const [ann, bob] = [await chat.signUp('carl'), await chat.signUp('dora')];
  const roomId = await ann.opensRoom('Quiet');
  const enter = (person) => hear(generations.v4.connect(chat.url, person.token), 'new_message', 'new_notification', 'error');
  const [hers, his] = [enter(ann), enter(bob)];
  for (const { socket } of [hers, his]) assert.equal((await tell(socket, 'join_conversation', roomId)).ok, true);
  for (const name of ['new_message', 'new_notification', 'message_notification']) hers.socket.emit(name, { content: 'forged' });
  await tell(hers.socket, 'send_message', { conversationId: roomId, content: 'real' });
  await his.hears('new_message', { content: 'real' });
  assert.deepEqual([his.unheard('new_message'), his.unheard('new_notification')], [[], []]);
});
