// Does whoever is banned hear nothing more, over every transport, also one that is being changed?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generations, hear, once, open, tell, transports } from './chat.js';

const chat = await open();

for (const generation of Object.keys(generations)) {
  for (const transport of Object.keys(transports)) {
    test(`who is banned hears nothing more by ${generation} over ${transport}`, async () => {
      const names = ['ann', 'bob'].map((name) => `${name}-${generation}-${transport}`);
      const [ann, bob] = [await chat.signUp(names[0]), await chat.signUp(names[1])];
      const roomId = await ann.opensRoom('Lobby');
      const his = hear(generations[generation].connect(chat.url, bob.token, { transports: transports[transport] }), 'message', 'memberRestrained');
      const moved = transport === 'upgrade' ? once(his.socket.io.engine, 'upgrade') : null;
      await once(his.socket, 'connect');
      assert.equal((await tell(his.socket, 'joinRoom', { roomId })).ok, true);
      const banned = await chat.asks('PUT', `/api/rooms/${roomId}/bans/${bob.id}`, { seconds: 3_600 }, ann.token);
      assert.equal(banned.status, 200);
      const told = await his.hears('memberRestrained', { kind: 'ban', active: true });
      const say = (content) => ann.post('/api/messages', { roomId, content });
      await say('He hears this no more');
      await moved;
      await say('Nor this, by the other transport');
      const refused = await tell(his.socket, 'joinRoom', { roomId });
      assert.equal(refused.error.statusCode, 403);
      assert.ok(refused.error.message.includes(told.until), refused.error.message);
      await say('Nor this');
      await tell(his.socket, 'joinRoom', { roomId });
      assert.deepEqual(his.unheard('message'), []);
    });
  }
}
