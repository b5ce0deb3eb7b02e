// Can everybody use every screen of the admin page? In light, in dark and on a phone, with names that are HTML.
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { connected, hostile, heading, peopled, served, signedIn } from './admin.js';

const browser = await Browser.open();
const chat = await served();
const { mallory, room } = await peopled(chat);
// Somebody is there, called so too.
await connected(chat, mallory.token);

/** The screens, each with its heading and something that it shows. */
const screens = [
  ['overview', 'Overview', 'Open sockets'], ['wire', 'Live wire', 'Nothing has passed'], ['sockets', 'Sockets', hostile],
  ['people', 'People', hostile], [`people/${mallory.id}`, hostile, 'mallory@example.test'], ['invitations', 'Invitations', '0 of 2 uses'],
  ['conversations', 'Conversations', hostile],
  [`conversations/${room.id}`, hostile, '#1'], ['search?q=onerror', 'Search', hostile], ['files', 'Files', `${hostile}.png`], ['sessions', 'Sessions', hostile],
  ['outbox', 'Outbox', 'new@example.test'], ['notifications', 'Notifications', 'From your application'], ['backup', 'Backup', 'Size now'],
  ['audit', 'Audit', hostile], ['settings', 'Settings', '--smtp-url'], [`try?as=${mallory.id}`, 'Try it', 'A program to begin with'],
];

// Side by side: most of the time is axe-core's, in three renderers.
suite('every screen is there for everybody', { concurrency: true }, () => {
  for (const [kind, how] of Object.entries({ light: {}, dark: { scheme: 'dark' }, phone: { width: 360, height: 740 } })) {
    test(kind, async () => {
      const page = await signedIn(browser, chat, 'overview', how);
      for (const [hash, title, shown] of screens) {
        await page.evaluate((to) => (location.hash = to), hash);
        await heading(page, title);
        await page.locator('main').getByText(shown).filter({ visible: true }).first().waitFor();
        await page.locator('main .waiting').waitFor({ state: 'detached' });
        assert.equal(await page.title(), `${title} · chat administration`);
        await hasNoBarriers(page, `${kind} ${hash}`);
        await fitsItsWidth(page);
        const name = hash.replace(/\?.*/, '').replace(/\/.*/, '-one');
        await page.screenshot({ path: picture(`admin-${name}-${kind}.png`), fullPage: true });
      }
    });
  }
});

test('figures become lines, and the same figures a table', async () => {
  const page = await signedIn(browser, chat, 'overview');
  // A slice of time is ten seconds, and the page looks every five.
  await page.locator('.soon').first().waitFor({ state: 'detached', timeout: 20_000 });
  const sockets = page.locator('.plot').filter({ hasText: 'Open sockets' });
  await sockets.getByText('sockets 1').waitFor();
  await sockets.getByRole('img', { name: /^Open sockets, the last half hour. sockets: now 1/ }).waitFor();
  const colours = await sockets.locator('canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(colours > 3, 'something is drawn');
  await page.getByRole('button', { name: 'Show as a table' }).click();
  const row = page.getByRole('table').getByRole('row').nth(1);
  assert.equal(await row.getByRole('cell').first().textContent(), '1');
  await hasNoBarriers(page, 'the figures as a table');
});

test('whatever the figures are, each mark of a plot is read whole and says something of its own', async () => {
  const page = await browser.person();
  await page.addInitScript(() => {
    window.marks = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
      const { a, e } = this.getTransform();
      const from = a * x + e - (this.textAlign === 'right' ? a * this.measureText(text).width : 0);
      if (this.textAlign === 'right') window.marks.push({ text, from, plot: this.canvas.closest('.plot')?.querySelector('h2')?.textContent });
      return fillText.call(this, text, x, y, ...more);
    };
  });
  for (const [most, wanted] of [[0, '1'], [3, '3'], [240_000, '200,000'], [9_000_000, '8,000,000']]) {
    await page.route('**/api/admin/stats*', async (route) => {
      const answer = await route.fetch();
      const said = await answer.json();
      const { stats } = said;
      const slice = stats.history.at(-1) ?? { messages: {}, sockets: 0 };
      stats.history = [0, 1, 2, 3].map((at) => ({ ...slice, at: new Date(Date.now() - (3 - at) * 600_000).toISOString(), sockets: most, messages: { rooms: most / 6 } }));
      await route.fulfill({ response: answer, json: said });
    });
    await page.addInitScript((login) => sessionStorage.setItem('chat.admin', login), JSON.stringify({ token: chat.boss.token, user: chat.boss.user }));
    await page.goto(`${chat.url}/admin?${most}#overview`);
    const of = async (plot) => {
      const marks = await page.evaluate((plot) => window.marks.filter((mark) => mark.plot === plot), plot);
      return { last: marks.slice(-12), texts: [...new Set(marks.map(({ text }) => text))] };
    };
    for (const plot of ['Messages a minute', 'Open sockets']) {
      await expectText(async () => (await of(plot)).texts.filter((text) => text === wanted), [wanted], `${plot} up to ${most}`);
      for (const { text, from } of (await of(plot)).last) assert.ok(from >= 0, `${plot} up to ${most}: ${text} begins at ${from}`);
    }
    // An answer may be on its way still.
    await page.unrouteAll({ behavior: 'wait' });
  }
});
