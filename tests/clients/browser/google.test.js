// Does the page take a token out of its address only from a login that it began itself?

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';
import { flags, next, person } from '../google.js';
import { enters } from './people.js';

/** The page's address must be known before it is served: nobody else takes this port meanwhile. */
async function port() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const at = `127.0.0.1:${await port()}`;
const chat = await open(...flags, '--listen', at, '--login-return', `http://${at}/`);
const browser = await Browser.open();
const whoIsIn = (page) => page.locator('.account bdi').textContent();

test('Google brings somebody in, to the conversation whose address they had opened', async () => {
  const page = await browser.person();
  next.claims = person('gina');
  const host = await chat.signUp('host');
  const room = await host.opensRoom('Lobby');
  await page.goto(`${chat.url}/#c/${room}`);
  await page.getByRole('button', { name: 'Continue with Google' }).click();
  for (const _ of ['come back', 'reloaded']) {
    await page.getByRole('button', { name: 'Lobby' }).waitFor();
    assert.equal(await whoIsIn(page), 'gina');
    assert.match(new URL(page.url()).hash, /^#c\//, 'the token does not stay in the address');
    await page.reload();
  }
});

test('a token that somebody else wrote into an address signs nobody in, and nobody out', async () => {
  const [eve] = await Promise.all(['eve', 'vic'].map((name) => chat.signUp(name)));
  const vic = await browser.person();
  const forged = [`#token=${eve.token}`, `#token=${eve.token}&state=`, `#token=${eve.token}&state=null`, `#token=${eve.token}&state=${'a'.repeat(32)}`];
  for (const hash of forged) {
    const stranger = await browser.person();
    await stranger.goto(`${chat.url}/${hash}`);
    await stranger.getByText('Welcome back').waitFor();
    assert.equal(new URL(stranger.url()).hash, '');
  }
  await enters(vic, chat.url, 'vic');
  for (const hash of forged) {
    // Opened anew, and while the page is there.
    for (const goes of [() => vic.goto(`${chat.url}/?again${hash}`), () => vic.evaluate((to) => void (location.hash = to), hash)]) {
      await goes();
      await expectText(() => new URL(vic.url()).hash, '', 'the address forgets it');
      await vic.locator('.account').waitFor();
      assert.equal(await whoIsIn(vic), 'vic');
    }
  }
  // Also to a window that waits for a login of its own.
  await vic.evaluate(() => sessionStorage.setItem('chat.login', JSON.stringify({ state: 'b'.repeat(32), hash: '' })));
  await vic.goto(`${chat.url}/?once${forged[3]}`);
  await vic.locator('.account').waitFor();
  assert.equal(await whoIsIn(vic), 'vic');
  assert.equal(await vic.evaluate(() => sessionStorage.getItem('chat.login')), null, 'it is good once');
});

test('what could not stand in an address is no state', async () => {
  for (const state of ['', 'a b', '%23', 'a&b=c', 'x'.repeat(129)]) {
    const { status, said } = await chat.asks('GET', `/auth/google?state=${encodeURIComponent(state)}`);
    assert.deepEqual([status, said.errors?.[0]?.startsWith('state: ')], [400, true], JSON.stringify(said));
  }
});
