// Does the admin page show all servers on one database, who is connected to any of them, and that one does not answer?
import { Browser, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, connected, heading, said, served, signedIn } from './admin.js';
import { once, open } from '../chat.js';
import { Cluster } from '../postgres.js';

const browser = await Browser.open();
const cluster = await Cluster.start();
await cluster.hurries();
await cluster.runs(['psql', '--command', "CREATE ROLE chat LOGIN PASSWORD 'secret'", '--command', 'CREATE DATABASE chat OWNER chat', 'postgres'], '');
const place = ['--temp', '--db', `postgres://chat:secret@127.0.0.1:${cluster.port}/chat`];
const chat = await served(...place);
const other = await open(...place);
const bob = await chat.signUp('bob');
const here = await connected(chat, bob.token);
const there = [await connected(other, bob.token), await connected(other, bob.token)];
const name = ({ url }) => url.replace('http://', '');

const pictured = async (page, what, kind) => {
  await hasNoBarriers(page, `${kind} ${what}`);
  await fitsItsWidth(page);
  await page.screenshot({ path: picture(`admin-${what}-${kind}.png`), fullPage: true });
};

for (const [kind, how] of Object.entries({ light: {}, dark: { scheme: 'dark' }, phone: { width: 360, height: 740 } })) {
  test(`all servers and all sockets, ${kind}`, async () => {
    const page = await signedIn(browser, chat, 'overview', how);
    await heading(page, 'Overview');
    for (const server of [chat, other]) await page.getByRole('row').filter({ hasText: name(server) }).waitFor();
    await pictured(page, 'servers', kind);
    await page.evaluate(() => (location.hash = 'sockets'));
    await heading(page, 'Sockets');
    const rows = page.getByRole('table', { name: 'Sockets' }).getByRole('row');
    await rows.filter({ hasText: name(chat) }).filter({ hasText: 'bob' }).waitFor();
    assert.equal(await rows.filter({ hasText: name(other) }).count(), 2);
    await pictured(page, 'sockets-of-all', kind);
  });
}

test('a socket of another server is ended here', async () => {
  const page = await signedIn(browser, chat, 'sockets');
  const rows = page.getByRole('table', { name: 'Sockets' }).getByRole('row').filter({ hasText: name(other) });
  const gone = once(there[0], 'disconnect');
  await rows.first().getByRole('button', { name: 'End the socket of bob' }).click();
  await agree(page, 'End it');
  await said(page, 'The socket is ended');
  await gone;
  await rows.nth(1).waitFor({ state: 'detached' });
  assert.ok(here.connected && there[1].connected);
});

test('a server that does not answer is named', async () => {
  const page = await signedIn(browser, chat, 'sockets');
  await page.getByRole('table', { name: 'Sockets' }).waitFor();
  other.child.kill('SIGSTOP');
  try {
    await page.getByText(`Not listed are the sockets of ${name(other)}, which does not answer.`).waitFor({ timeout: 15_000 });
    await pictured(page, 'sockets-silent', 'light');
  } finally {
    other.child.kill('SIGCONT');
  }
});
