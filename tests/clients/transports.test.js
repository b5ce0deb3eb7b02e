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

// Stock clients with every choice of transports, over more than 200 kB each way and more than a minute of pings. Together,
// because a minute is long.
const choices = { default: undefined, polling: ['polling'], websocket: ['websocket'], 'websocket first': ['websocket', 'polling'] };
const many = 240;
const long = 'x'.repeat(1_000);

test('stock clients hear and say more than 200 kB, by all transports, and are there after a minute', { timeout: 150_000 }, async () => {
  const cases = Object.keys(generations).flatMap((generation) =>
    Object.keys(choices).flatMap((choice) => ['rooms', 'mentor'].map((document) => ({ generation, choice, document }))));
  await Promise.all(cases.map(async ({ generation, choice, document }, at) => {
    const which = `${document} by ${generation} over ${choice}`;
    const [ann, bob] = [await chat.signUp(`ann-heavy-${at}`), await chat.signUp(`bob-heavy-${at}`)];
    const roomId = await ann.opensRoom('Long talk');
    await bob.post('/api/messages', { roomId, content: 'Here I am' });
    const inChat = document === 'mentor';
    const options = { transports: choices[choice] };
    const url = inChat ? `${chat.url}/chat` : chat.url;
    const socket = connect(generation, url, bob.token, options, inChat);
    const ears = hear(socket, inChat ? 'new_message' : 'message', 'error');
    await once(socket, 'connect');
    if (!inChat) assert.equal((await tell(socket, 'joinRoom', { roomId })).ok, true, which);
    const heard = () => ears.unheard(inChat ? 'new_message' : 'message').map((said) => (said.message ?? said).content);
    const said = [];
    const talk = async (count, suffix) => {
      for (let n = 0; n < count; n++) {
        said.push(`${said.length} ${suffix}`);
        await ann.post('/api/messages', { roomId, content: said.at(-1) });
      }
    };
    await talk(many, long);
    await until(() => heard().length >= said.length, () => `${which}: heard ${heard().length} of ${said.length}`);
    assert.deepEqual(heard(), said, which);

    // It speaks as much, too: in rooms messages, in /chat what that document has to say.
    const [event, brought] = inChat ? ['typing', { isTyping: true, conversationId: roomId }] : ['message', { roomId }];
    let answered = 0;
    for (let n = 0; n < many; n++) socket.emit(event, { ...brought, content: long, padding: inChat ? long : '' }, () => answered++);
    await until(() => answered === many, () => `${which}: ${answered} of ${many} were answered`);
    assert.equal(socket.connected, true, which);

    // A minute of pings later it is there, and hears.
    await new Promise((resolve) => setTimeout(resolve, 65_000));
    assert.equal(socket.connected, true, `${which}: after a minute`);
    const before = heard().length;
    await ann.post('/api/messages', { roomId, content: 'Still there?' });
    await until(() => heard().length > before, () => `${which}: nothing is heard after a minute`);
    assert.equal(heard().at(-1), 'Still there?', which);
  }));
});

/** An old client brings its token into a namespace only by the handshake's own query. */
function connect(generation, url, token, options, inChat) {
  if (generation === 'v4' || !inChat) return generations[generation].connect(url, token, options);
  return generations.v2.connect(url, undefined, { ...options, transportOptions: withHeader(token), extraHeaders: { authorization: `Bearer ${token}` } });
}

function withHeader(token) {
  const extraHeaders = { authorization: `Bearer ${token}` };
  return { polling: { extraHeaders }, websocket: { extraHeaders } };
}

/** Waits until something is so, a while longer than an ordinary answer takes: many talk at once. */
async function until(isSo, otherwise) {
  for (const end = Date.now() + 45_000; !isSo(); ) {
    assert.ok(Date.now() < end, otherwise());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Connected, by the transport that was asked for. */
async function arrived(socket, transport) {
  const { engine } = socket.io;
  const moved = transport === 'upgrade' && new Promise((resolve) => engine.once('upgrade', resolve));
  await once(socket, 'connect');
  await moved;
  assert.equal(engine.transport.name, transport === 'upgrade' ? 'websocket' : transport);
}
