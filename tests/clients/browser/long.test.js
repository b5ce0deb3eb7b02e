// Is a conversation of 100,000 messages as quick as one of 500, does it stay where it is, and does it open where one left off?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, hasNoBarriers } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, said, says } from './people.js';

const chat = await open();
const browser = await Browser.open();
const log = (page) => page.getByRole('region', { name: 'Messages' });
/** Where a message stands in the window, from its top. */
const topOf = (page, words) => page.getByText(words, { exact: true }).evaluate((line) => line.getBoundingClientRect().top);
const nodes = (page) => page.locator('.log').evaluate((box) => box.querySelectorAll('*').length);
const stands = (page) => log(page).evaluate((box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight));

/** So many messages in a conversation, said by its author. */
async function says_many(author, path, first, last) {
  for (let at = first; at <= last; at += 1) await author.post(path, { content: `message ${at}` });
}

test('100,000 messages are as few nodes and as quick to type beside as 500', async () => {
  const hal = await chat.signUp('hal');
  const room = await hal.opensRoom('Endless');
  await hal.post('/api/messages', { roomId: room, content: 'the last one' });
  const many = 100_000;
  const page = await browser.person();
  // Those who said it are made up too.
  await page.route('**/api/profile/users/*', (route) => route.fulfill({ json: { user: { name: 'Somebody' } } }));
  // What is known is more than anybody would say here: whole thousands come at a time.
  await page.route('**/api/conversations/*/messages?*before=*', async (route) => {
    const before = new URL(route.request().url()).searchParams.get('before');
    const upto = /^[\da-f]{8}-0000-/.test(before) ? parseInt(before.slice(0, 8), 16) : many;
    const from = Math.max(0, upto - 10_000);
    const messages = [];
    for (let at = upto - 1; at >= from; at -= 1) {
      messages.push({
        id: `${at.toString(16).padStart(8, '0')}-0000-8000-8000-000000000000`, conversationId: '', senderId: at % 3 ? 'somebody' : 'another',
        content: at % 7 ? `known ${at}` : `known ${at}\nin\nthree lines`, contentType: 'text/plain', attachments: [], createdAt: new Date(1.7e12 + at * 60_000).toISOString(),
      });
    }
    await route.fulfill({ json: { messages, hasMore: from > 0, nextCursor: messages.at(-1)?.id ?? null } });
  });
  await page.route('**/api/conversations/*/messages?limit=50', async (route) => {
    const answer = await route.fetch();
    const said = await answer.json();
    await route.fulfill({ json: { ...said, hasMore: true, nextCursor: said.messages.at(-1).id } });
  });
  await enters(page, chat.url, 'hal');
  await opens(page, 'Endless');
  await page.getByText('the last one').last().waitFor();

  const few = await typing(page);
  for (let beginning = false; !beginning; ) {
    await log(page).evaluate((box) => (box.scrollTop = 0));
    await page.waitForFunction(() => !document.querySelector('.lines[aria-busy=true]'));
    beginning = await page.locator('.log').getByText('known 0 in three lines').isVisible();
  }
  assert.ok((await nodes(page)) < 900, `${await nodes(page)} nodes`);
  const high = await log(page).evaluate((box) => box.scrollHeight);
  assert.ok(high > 2e6, `it scrolls as 100,000 would: ${high} pixels`);

  // Anywhere, there is something to read at once.
  for (const part of [0.1, 0.9, 0.5, 0.33]) {
    await log(page).evaluate((box, part) => (box.scrollTop = box.scrollHeight * part), part);
    await expectText(() => log(page).evaluate((box) => {
      const { top, bottom } = box.getBoundingClientRect();
      const lines = [...box.querySelectorAll('.line')].map((line) => line.getBoundingClientRect());
      return lines[0]?.top <= top && lines.at(-1)?.bottom >= bottom;
    }), true, `at ${part} the view is full`);
    assert.ok((await nodes(page)) < 900, `${await nodes(page)} nodes at ${part}`);
  }
  const slow = await typing(page);
  assert.ok(slow < 30, `a key stroke takes ${slow} ms with 100,000 messages, ${few} ms with one`);

  // One's own message shows at once, wherever one was.
  const shown = await page.evaluate(async () => {
    const area = document.querySelector('textarea');
    area.value = 'here I am';
    area.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await new Promise(requestAnimationFrame);
    const before = performance.now();
    area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    while (![...document.querySelectorAll('.words')].some((line) => line.textContent === 'here I am')) await new Promise(requestAnimationFrame);
    return performance.now() - before;
  });
  assert.ok(shown < 300, `one's own message shows after ${shown} ms`);
  await expectText(() => stands(page), 0, 'the view is at the end');
});

/** Milliseconds from a key stroke until what follows from it is laid out, as half of them are quicker. */
const typing = (page) =>
  page.evaluate(async () => {
    const area = document.querySelector('textarea');
    area.focus();
    const took = [];
    for (let at = 0; at < 40; at += 1) {
      performance.mark('typed');
      area.value += at % 8 ? 'x' : ' ';
      area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((drawn) => setTimeout(drawn));
      document.body.offsetHeight;
      took.push(performance.measure('shown', 'typed').duration);
      await new Promise(requestAnimationFrame);
    }
    area.value = '';
    area.dispatchEvent(new InputEvent('input', { bubbles: true }));
    return took.sort((one, other) => one - other)[took.length / 2];
  });

test('older messages come as one scrolls up, and the place stays', async () => {
  const hana = await chat.signUp('hana');
  const room = await hana.opensRoom('Long');
  await says_many(hana, `/api/conversations/${room}/messages`, 1, 400);
  const page = await browser.person();
  await enters(page, chat.url, 'hana');
  await opens(page, 'Long');
  await page.getByText('message 400', { exact: true }).waitFor();
  await expectText(() => stands(page), 0, 'it opens at the end');
  // Line by line, by the wheel: what is in the view moves as far as the wheel says, whatever comes above it.
  await log(page).hover();
  for (let times = 0; times < 40; times += 1) {
    const middle = await page.evaluate(() => {
      const words = [...document.querySelectorAll('.words')].map((line) => [line.textContent, line.getBoundingClientRect().top]);
      return words.find(([, top]) => top > 300);
    });
    const from = await log(page).evaluate((box) => box.scrollTop);
    await page.mouse.wheel(0, -150);
    if (from <= 200) continue;
    // A wheel is answered some frames later; a busy machine takes its time for them.
    const moved = () => page.evaluate(
      ([words, top]) => Math.round([...document.querySelectorAll('.words')].find((line) => line.textContent === words)?.getBoundingClientRect().top - top), middle,
    );
    for (let waited = 0; waited < 100 && (await moved()) === 0; waited += 1) await page.waitForTimeout(20);
    await page.waitForTimeout(40);
    const by = await moved();
    assert.ok(Math.abs(by - 150) < 3, `${middle[0]} moved by ${by}`);
  }
  await log(page).focus();
  for (const [key, words] of [['Home', 'message 1'], ['End', 'message 400'], ['Home', 'message 1']]) {
    // Until there is nothing more before it.
    await expectText(async () => (await page.keyboard.press(key), await page.getByText(words, { exact: true }).first().isVisible()), true, `${key} leads to ${words}`);
  }
  const before = await topOf(page, 'message 3');
  await hana.post(`/api/conversations/${room}/messages`, { content: 'meanwhile' });
  await page.getByRole('button', { name: /To the latest|new message/ }).waitFor();
  // A browser scrolls by whole pixels, and lines stand between them.
  const moved = Math.abs(await topOf(page, 'message 3') - before);
  assert.ok(moved <= 1, `what is said elsewhere moves nothing, not by ${moved}`);
  await hasNoBarriers(page);
  const [first] = await page.getByRole('feed').getByRole('article').all();
  assert.deepEqual([await first.getAttribute('aria-posinset'), await first.getAttribute('aria-setsize')], ['1', '401']);
  await page.getByRole('button', { name: /To the latest|new message/ }).click();
  await page.locator('.log').getByText('meanwhile', { exact: true }).waitFor();
  await says(page, 'the end');
  await expectText(async () => (await said(page)).at(-1), 'the end', 'the last line');
  await expectText(() => stands(page), 0, 'the end is in view');
});

test('it opens at the first unread message, however many there are, and what was in view is read', async () => {
  const [una, ugo] = await Promise.all(['una', 'ugo'].map((name) => chat.signUp(name)));
  const { id } = await ugo.post('/conversation/create', { receiverId: una.id });
  const path = `/api/conversations/${id}`;
  await says_many(ugo, `${path}/messages`, 1, 60);
  await una.patch(`${path}/read`, {});
  await una.post(`${path}/messages`, { content: 'I am off' });
  await says_many(ugo, `${path}/messages`, 61, 400);
  const unread = async () => (await una.get(path)).unreadCount;
  const page = await browser.person();
  await enters(page, chat.url, 'una');
  await opens(page, 'ugo');
  await page.locator('.day.unread').waitFor();
  const line = page.locator('.line', { has: page.locator('.day.unread') });
  assert.equal(await line.locator('.words').textContent(), 'message 61');
  const at = await line.evaluate((one) => one.getBoundingClientRect().top - one.closest('.log').getBoundingClientRect().top);
  assert.ok(at >= 0 && at < 200, `the first unread one stands ${at} from the top`);
  assert.ok((await said(page)).includes('I am off'), 'with what was said before');
  // What is in view is read, and nothing else.
  await expectText(async () => (await unread()) < 340, true, 'something is read');
  const left = await unread();
  assert.ok(left > 300, `${left} of 340 are still unread`);
  await expectText(() => page.locator('.row', { hasText: 'ugo' }).locator('.badge').textContent(), '99+ unread', 'the list says so');
  const marks = await ugo.get(`${path}/reads`);
  assert.equal(marks.reads.length, 1);
  await page.waitForTimeout(500);
  assert.equal(await unread(), left, 'nothing more is read while nobody scrolls');
  await ugo.post(`${path}/messages`, { content: 'one more' });
  await expectText(unread, left + 1, 'what is heard below is unread');
  await line.locator('.words').waitFor();
  // Down to the present, page by page.
  await log(page).focus();
  await expectText(async () => (await page.keyboard.press('PageDown'), await unread()), 0, 'all is read');
  await page.locator('.log').getByText('one more', { exact: true }).waitFor();
  await expectText(() => page.locator('.row .badge').count(), 0, 'and the list knows');

  // The line stands right also for what is heard while one is elsewhere, and the button leads to the end at once.
  await page.keyboard.press('Escape');
  await says_many(ugo, `${path}/messages`, 401, 520);
  await page.locator('.row', { hasText: 'ugo' }).getByText('99+').waitFor();
  await page.reload();
  await page.locator('.row', { hasText: 'ugo' }).getByText('99+').waitFor();
  await opens(page, 'ugo');
  await line.waitFor();
  assert.equal(await line.locator('.words').textContent(), 'message 401');
  await page.getByRole('button', { name: /new messages below/ }).click();
  await page.locator('.log').getByText('message 520', { exact: true }).waitFor();
  await expectText(() => stands(page), 0, 'the end');
  await expectText(unread, 0, 'whoever goes to the end has read it');
});
