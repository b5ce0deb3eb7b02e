// Do clients find their way back by themselves after `kill -9`, and miss nothing?

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { generations, hear, once, open, tell } from './chat.js';

const folder = await mkdtemp(join(tmpdir(), 'chat-reconnect-'));
after(() => rm(folder, { recursive: true, force: true }));

/** A port that was free a moment ago: the restarted server must come back on the same one. */
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});

const start = () =>
  open('--db', join(folder, 'chat.db'), '--listen', `127.0.0.1:${port}`, '--bcrypt-cost', '4', '--limit-auth', 'off', '--limit-api', 'off');

test('killed and started again on the same file, the server is found again, and nothing was lost or said twice', async () => {
  const before = await start();
  const [ann, bob, eve] = [await before.signUp('ann'), await before.signUp('bob'), await before.signUp('eve')];
  const roomId = await ann.opensRoom('Storm');

  // Slow enough to come back that something is said while they are away.
  const patient = { reconnection: true, reconnectionDelay: 1_500, reconnectionDelayMax: 1_500, randomizationFactor: 0 };
  let last;
  const bobs = hear(
    generations.v4.connect(before.url, undefined, { ...patient, auth: (give) => give({ token: bob.token, lastMessageId: last }) }),
    'new_message',
  );
  bobs.socket.on('new_message', ({ id }) => (last = id));
  bobs.socket.on('connect', () => bobs.socket.emit('join_conversation', roomId));
  const eves = hear(generations.v2.connect(before.url, eve.token, patient), 'message');
  eves.socket.on('connect', () => eves.socket.emit('joinRoom', { roomId }));
  await Promise.all([bobs, eves].map(({ socket }) => once(socket, 'connect')));
  assert.equal((await tell(bobs.socket, 'join_conversation', roomId)).ok, true);
  assert.equal((await tell(eves.socket, 'joinRoom', { roomId })).ok, true);

  const say = (content) => ann.post('/api/messages', { roomId, content });
  for (const content of ['one', 'two']) await say(content);
  for (const content of ['one', 'two']) {
    await bobs.hears('new_message', { content });
    await eves.hears('message', { content });
  }

  const lost = [bobs, eves].map(({ socket }) => once(socket, 'disconnect'));
  await before.kill();
  await Promise.all(lost);
  const back = [bobs, eves].map(({ socket }) => once(socket, 'connect'));
  const again = await start();
  assert.equal(again.url, before.url);
  await say('while you were away');
  await Promise.all(back);
  // Answered after the `connect` listeners' own joins, so both listen by now.
  await tell(bobs.socket, 'join_conversation', roomId);
  await tell(eves.socket, 'joinRoom', { roomId });
  await say('welcome back');

  for (const content of ['while you were away', 'welcome back']) await bobs.hears('new_message', { content });
  await eves.hears('message', { content: 'welcome back' });
  assert.deepEqual(bobs.unheard('new_message'), [], 'nothing twice');
  const kept = await ann.get(`/api/messages/${roomId}`);
  assert.deepEqual(kept.data.map(({ content }) => content), ['welcome back', 'while you were away', 'two', 'one']);
});
