// Is the page there at once for whoever comes back, small for whoever comes first, and made of modules that stand in an order?

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Browser, expectText } from './browser.js';
import { open } from '../chat.js';
import { enters } from './people.js';

const chat = await open();
const browser = await Browser.open();
const host = await chat.signUp('host');
await host.post('/api/messages', { roomId: await host.opensRoom('Lobby'), content: 'Welcome!' });

test('the second visit asks whether the page has changed, and for nothing that it is made of', async () => {
  for (const [path, ready] of [['/', '.signin, .page'], ['/admin', 'h1'], ['/docs', 'h1']]) {
    const page = await browser.person();
    const made = () => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/')).map(({ name, transferSize, encodedBodySize, decodedBodySize }) => ({ name, transferSize, encodedBodySize, decodedBodySize })));
    await page.goto(chat.url + path);
    await page.locator(ready).first().waitFor();
    const first = await made();
    assert.ok(first.filter(({ transferSize }) => transferSize > 0).length > 3, JSON.stringify(first));
    const [sent, meant] = ['encodedBodySize', 'decodedBodySize'].map((size) => first.reduce((sum, one) => sum + one[size], 0));
    assert.ok(sent < meant / 2, `${path}: ${sent} bytes for ${meant}`);
    for (const { name } of first) assert.match(name, /\/assets\/[\da-f]{32}\//, 'every module stands below the hash');
    const again = page.waitForResponse((answer) => new URL(answer.url()).pathname === path);
    await page.goto('about:blank');
    await page.goto(chat.url + path);
    await page.locator(ready).first().waitFor();
    assert.ok([200, 304].includes((await again).status()));
    assert.deepEqual((await made()).filter(({ transferSize }) => transferSize > 0), [], `${path}: nothing was asked for again`);
  }
});

test('whoever comes back sees the list after one round trip', async () => {
  const page = await browser.person();
  await enters(page, chat.url, 'host');
  // The connection may take its time. Who is signed in is asked together with the list.
  await page.routeWebSocket(/socket\.io/, () => {});
  const asked = [];
  let free = () => {};
  await page.route(/\/api\/(auth\/validate|conversations\?)/, async (route) => {
    asked.push(new URL(route.request().url()).pathname);
    await new Promise((go) => (asked.length < 2 ? (free = go) : (free(), go())));
    await route.continue();
  });
  await page.reload();
  await page.locator('.row', { hasText: 'Lobby' }).waitFor();
  assert.deepEqual(asked.toSorted(), ['/api/auth/validate', '/api/conversations']);
  await page.locator('.row', { hasText: 'Lobby' }).click();
  await page.locator('.words', { hasText: 'Welcome!' }).waitFor();
});

test('what was said between the list and the connection is heard', async () => {
  const guest = await chat.signUp('guest');
  const { id } = await guest.post('/conversation/create', { receiverId: host.id });
  const page = await browser.person();
  await enters(page, chat.url, 'host');
  await page.locator('.row', { hasText: 'guest' }).waitFor();
  let held = [];
  await page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((said) => held ? held.push(() => server.send(said)) : server.send(said));
  });
  await page.reload();
  await page.locator('.row', { hasText: 'guest' }).waitFor();
  await guest.post(`/api/conversations/${id}/messages`, { content: 'In between' });
  const waiting = held;
  held = null;
  for (const go of waiting) go();
  await page.locator('.row', { hasText: 'guest' }).getByText('In between').waitFor();
  await expectText(() => page.locator('.row', { hasText: 'guest' }).locator('.badge').textContent(), '1 unread', 'counted once');
});

test('no module of the pages imports itself by way of others', () => {
  const pages = new URL('../../../assets/pages/', import.meta.url);
  const modules = readdirSync(pages, { recursive: true }).filter((name) => name.endsWith('.js') && !name.startsWith('vendor'));
  const importsOf = (url) => [...readFileSync(url, 'utf8').matchAll(/^import .*'(\.[^']+)';$/gm)].map(([, name]) => new URL(name, url));
  const free = new Set();
  const follow = (url, path) => {
    const way = [...path, url.pathname.slice(pages.pathname.length)];
    assert.ok(!path.includes(way.at(-1)), `a circle: ${way.join(' > ')}`);
    if (free.has(url.href) || way.at(-1).startsWith('vendor')) return;
    for (const next of importsOf(url)) follow(next, way);
    free.add(url.href);
  };
  for (const name of modules) follow(new URL(name, pages), []);
  assert.ok(free.size > 50, `${free.size} modules were looked at`);
});
