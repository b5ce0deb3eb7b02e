// Do the two generations of the JavaScript client reach each other, over every transport and across two dialects?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generations, hear, looksLike, once, open, tell, transports } from './chat.js';

const chat = await open();
const other = { v4: 'v2', v2: 'v4' };

for (const generation of Object.keys(generations)) {
  for (const transport of Object.keys(transports)) {
    test(`rooms by ${generation} and direct by ${other[generation]} talk over ${transport}`, async () => {
      const names = ['ann', 'bob'].map((name) => `${name}-${generation}-${transport}`);
      const [ann, bob] = [await chat.signUp(names[0]), await chat.signUp(names[1])];
      const roomId = await ann.opensRoom('Lobby');
      const enter = (which, person, ...events) =>
        hear(generations[which].connect(chat.url, person.token, { transports: transports[transport] }), 'error', ...events);
      const hers = enter(generation, ann, 'message');
      const his = enter(other[generation], bob, 'new_message', 'message_notification');
      await Promise.all([arrived(hers.socket, transport), arrived(his.socket, transport)]);

      assert.deepEqual(await tell(hers.socket, 'joinRoom', { roomId }).then(({ ok }) => ok), true);
      assert.deepEqual(await tell(his.socket, 'join_conversation', roomId).then(({ ok }) => ok), true);

      const hello = await tell(hers.socket, 'message', { roomId, content: 'Hello from rooms' });
      assert.equal(hello.ok, true);
      looksLike(hello.message, { _id: '64f8a1b2c3d4e5f6a7b8c9d2', content: '', sender: { _id: '', username: '' }, room: '', createdAt: '' });
      assert.deepEqual(await hers.hears('message'), hello.message);
      const seen = await his.hears('new_message', { content: 'Hello from rooms', sender_id: ann.id, receiver_id: null });

      const reply = await tell(his.socket, 'send_message', { conversationId: seen.conversation_id, content: 'Grüße from direct 🙂' });
      assert.equal(reply.ok, true);
      assert.deepEqual(await his.hears('new_message'), reply.message);
      await hers.hears('message', { content: 'Grüße from direct 🙂', sender: { username: bob.name }, room: roomId });

      const refused = await tell(hers.socket, 'message', { roomId, content: '' });
      assert.equal(refused.ok, false);
      assert.equal(refused.error.statusCode, 400);
      await hers.hears('error', { statusCode: 400, event: 'message' });
      assert.deepEqual(his.unheard('error'), [], 'an error is for the sender alone');
      assert.deepEqual(his.unheard('message_notification'), [], 'a room notifies nobody');
    });
  }

  test(`${generation} loses nothing while it moves from polling to websocket`, async () => {
    const ann = await chat.signUp(`moving-${generation}`);
    const roomId = await ann.opensRoom('On the move');
    const hers = hear(generations[generation].connect(chat.url, ann.token), 'message');
    const moved = new Promise((resolve) => hers.socket.io.engine.once('upgrade', resolve));
    assert.equal(hers.socket.io.engine.transport.name, 'polling', 'begins by polling');
    await once(hers.socket, 'connect');
    assert.equal((await tell(hers.socket, 'joinRoom', { roomId })).ok, true);

    let upgraded = false;
    moved.then(() => (upgraded = true));
    const sent = [];
    // Talks on through the upgrade and a little past it.
    for (let after = 0; after < 5 && sent.length < 2_000; upgraded && after++) {
      const content = `${sent.length}`;
      sent.push(content);
      hers.socket.emit('message', { roomId, content });
      await new Promise(setImmediate);
    }
    assert.equal((await tell(hers.socket, 'message', { roomId, content: 'last' })).ok, true);
    await hers.hears('message', { content: 'last' });
    assert.equal(hers.socket.io.engine.transport.name, 'websocket');
    assert.deepEqual(hers.unheard('message').map(({ content }) => content), sent);
  });
}

/** Connected, by the transport that was asked for. */
async function arrived(socket, transport) {
  const { engine } = socket.io;
  const moved = transport === 'upgrade' && new Promise((resolve) => engine.once('upgrade', resolve));
  await once(socket, 'connect');
  await moved;
  assert.equal(engine.transport.name, transport === 'upgrade' ? 'websocket' : transport);
}
