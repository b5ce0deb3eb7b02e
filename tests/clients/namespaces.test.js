// Does a client that leaves a namespace come back into it, while another one keeps its connection open? And does an old
// client get in with the query that is all it can bring?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import v2 from 'socket.io-client-v2';
import { hear, kept, once, open, tell, transports } from './chat.js';

const chat = await open();

for (const transport of Object.keys(transports)) {
  test(`left and entered again fifty times over ${transport}, it answers and is heard`, async () => {
    const [ann, bob] = [await chat.signUp(`ann-${transport}`), await chat.signUp(`bob-${transport}`)];
    const roomId = await ann.opensRoom('Lobby');
    const options = { auth: { token: ann.token }, transports: transports[transport], reconnection: false };
    const other = kept(io(`${chat.url}/chat`, { ...options, forceNew: true }));
    const socket = kept(other.io.socket('/', options));
    const hers = hear(socket, 'new_message');
    if (!socket.connected) await once(socket, 'connect');
    for (let time = 0; time < 50; time++) {
      socket.disconnect();
      socket.connect();
      await once(socket, 'connect');
      assert.equal((await tell(socket, 'join_conversation', roomId)).ok, true);
      await bob.post('/api/messages', { roomId, content: `${time}` });
      await hers.hears('new_message', { content: `${time}` });
    }
    assert.equal(other.connected, true, 'the other namespace has stayed open');
    assert.deepEqual(hers.unheard('new_message'), [], 'nothing twice');
  });
}

// An old client cannot say anything when it enters `/`: what it has is the query of its first request.
for (const transport of Object.keys(transports)) {
  test(`an old client catches up in / from the position of its query over ${transport}`, async () => {
    const ann = await chat.signUp(`late-ann-${transport}`);
    const roomId = await ann.opensRoom('Lobby');
    const said = async (content) => (await ann.post('/api/messages', { roomId, content })).data._id;
    const heard = await said('heard');
    await said('missed');
    const query = { token: ann.token, lastMessageId: heard };
    const old = hear(kept(v2(chat.url, { transports: transports[transport], reconnection: false, forceNew: true, query })), 'new_message');
    await once(old.socket, 'connect');
    assert.equal((await tell(old.socket, 'join_conversation', roomId)).ok, true);
    await old.hears('new_message', { content: 'missed' });
    await said('now');
    await old.hears('new_message', { content: 'now' });
    assert.deepEqual(old.unheard('new_message'), [], 'nothing twice, and nothing that was heard');
  });
}

// An old client says who it is in the query of the namespace; it goes with the handshake too, unless the connection is there.
for (const transport of Object.keys(transports)) {
  test(`an old client enters /chat with its query over ${transport}, or is told why not`, async () => {
    const [ann, bob] = [await chat.signUp(`old-ann-${transport}`), await chat.signUp(`old-bob-${transport}`)];
    const roomId = await ann.opensRoom('Lobby');
    await bob.post('/api/messages', { roomId, content: 'Here I am' });
    const options = { transports: transports[transport], reconnection: false };
    const alone = hear(kept(v2(`${chat.url}/chat`, { ...options, forceNew: true, query: { token: bob.token, app: 'web' } })), 'new_message');
    await once(alone.socket, 'connect');

    // One connection for both namespaces, each entered as somebody else.
    const main = kept(v2(chat.url, { ...options, forceNew: true, query: { token: ann.token } }));
    await once(main, 'connect');
    const second = hear(kept(main.io.socket('/chat', { query: { token: `Bearer ${bob.token}` } })), 'new_message');
    await once(second.socket, 'connect');
    await ann.post('/api/messages', { roomId, content: 'Hello' });
    for (const bobs of [alone, second]) await bobs.hears('new_message');
    assert.equal((await tell(second.socket, 'typing', { conversationId: roomId, isTyping: true })).ok, true);

    // Refused in words, and the other namespace stays.
    const other = kept(v2(chat.url, { ...options, forceNew: true, query: { token: ann.token } }));
    await once(other, 'connect');
    const refused = kept(other.io.socket('/chat', { query: { token: 'none.of.ours' } }));
    const why = await once(refused, 'error');
    assert.match(JSON.stringify(why), /token/i);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal((await tell(other, 'join_conversation', roomId)).ok, true);
  });
}
