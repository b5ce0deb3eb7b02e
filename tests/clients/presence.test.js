// Does a stock client that begins by polling and moves to a websocket look like somebody who is there, and nothing else?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generations, hear, once, open, tell } from './chat.js';

const chat = await open();
/** How long somebody counts as being there after the last socket has gone. */
const grace = 10_000;

for (const generation of Object.keys(generations)) {
  test(`by ${generation}, moving to a websocket is no coming and going`, { timeout: 60_000 }, async () => {
    const [ann, bob] = [await chat.signUp(`ann-${generation}`), await chat.signUp(`bob-${generation}`)];
    const { connect } = generations[generation];
    const hers = hear(connect(`${chat.url}/chat`, ann.token), 'user_presence');
    const hidden = hear(connect(chat.url, ann.token), 'userPresence', 'user_presence', 'user-presence');
    await Promise.all([hers, hidden].map(({ socket }) => once(socket, 'connect')));

    const his = connect(chat.url, bob.token);
    assert.equal(his.io.engine.transport.name, 'polling', 'begins by polling');
    const moved = new Promise((resolve) => his.io.engine.once('upgrade', resolve));
    await once(his, 'connect');
    const { ok, message } = await tell(his, 'send_message', { toUserId: ann.id, content: 'Hello' });
    assert.equal(ok, true);
    // Bob came before they had anything in common, so nobody need be told; whoever asks is.
    const shown = async () => (await ann.get(`/api/presence?userIds=${bob.id}`)).presence;
    assert.equal((await shown())[0].online, true);
    await moved;
    // It is told some time later, and then whoever has something in common hears it, once.
    await sleep(500);
    if (hers.unheard('user_presence').length > 0) await hers.hears('user_presence', { userId: (await shown())[0].userId, online: true });
    assert.equal(his.io.engine.transport.name, 'websocket');
    assert.equal((await tell(hidden.socket, 'join_conversation', message.conversation_id)).ok, true);
    await sleep(grace + 1_000);
    assert.deepEqual(hers.unheard('user_presence'), []);
    assert.equal((await shown())[0].online, true);

    his.close();
    await sleep(grace);
    const gone = await hers.hears('user_presence', { online: false });
    assert.equal(typeof gone.lastSeenAt, 'string');
    assert.equal((await shown())[0].online, false);
    // The socket in `/` has joined by direct's event, so it hears by that and no other.
    await hidden.hears('user_presence', { userId: bob.id, online: false });
    const back = connect(chat.url, bob.token);
    const again = new Promise((resolve) => back.io.engine.once('upgrade', resolve));
    await hers.hears('user_presence', { userId: gone.userId, online: true });
    await hidden.hears('user_presence', { userId: bob.id, online: true });
    await again;
    await sleep(500);
    for (const { unheard } of [hers, hidden]) {
      for (const event of ['userPresence', 'user_presence', 'user-presence']) assert.deepEqual(unheard(event), []);
    }
  });
}
