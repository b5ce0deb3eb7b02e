// Does a client that leaves a namespace come back into it, while another one keeps its connection open?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io } from 'socket.io-client';
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
