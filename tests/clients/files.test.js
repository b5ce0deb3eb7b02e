// Do a file's bytes survive `fileUpload`, from either generation of the client, over either transport?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generations, hear, looksLike, once, open, tell, transports } from './chat.js';

const chat = await open();

// The smallest honest picture: its content and its name agree, and it is not valid UTF-8 anywhere near.
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const document = {
  _id: '64f8a1b2c3d4e5f6a7b8c9d3', filename: '', originalName: '', mimetype: '', size: 0, url: '', uploadedBy: '', createdAt: '',
};

for (const [generation, { connect }] of Object.entries(generations)) {
  for (const transport of ['websocket', 'polling']) {
    test(`${generation} uploads a file over ${transport}`, async () => {
      const [ann, bob] = [await chat.signUp(`ann-${generation}-${transport}`), await chat.signUp(`bob-${generation}-${transport}`)];
      const roomId = await ann.opensRoom('Pictures');
      const hers = connect(chat.url, ann.token, { transports: transports[transport] });
      await once(hers, 'connect');
      const his = hear(generations.v4.connect(chat.url, bob.token), 'fileUpload');
      assert.equal((await tell(his.socket, 'joinRoom', { roomId })).ok, true);

      const answer = await tell(hers, 'fileUpload', { roomId, filename: 'pixel.png', mimetype: 'image/png', data: pixel });
      assert.equal(answer.ok, true, JSON.stringify(answer));
      looksLike(answer.file, document);
      const heard = await his.hears('fileUpload', { originalName: 'pixel.png', mimetype: 'image/png', size: pixel.length });
      assert.equal(heard._id, answer.file._id);

      for (const address of [heard.url, `/api/files/${heard._id}`]) {
        const got = await fetch(new URL(address, chat.url), { headers: { authorization: `Bearer ${bob.token}` } });
        assert.equal(got.status, 200, address);
        assert.equal(got.headers.get('content-type'), 'image/png');
        assert.deepEqual(Buffer.from(await got.arrayBuffer()), pixel);
      }
    });
  }
}
