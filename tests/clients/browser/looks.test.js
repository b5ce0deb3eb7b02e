// Is the chat page for everybody: light and dark, wide and on a phone, by keyboard, with a screen reader, and whatever
// people call themselves?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { about, begins, enters, opens, password, said, says, sees } from './people.js';

const chat = await open();
const browser = await Browser.open();
const evil = '<img src=x onerror=alert(1)>';

/** An account with a name that needs not be fit for an address. */
async function signsUp(username, mailbox) {
  const login = { email: `${mailbox}@example.test`, password };
  assert.equal((await chat.asks('POST', '/api/auth/signup', { username, ...login })).status, 201);
  const { token } = (await chat.asks('POST', '/api/auth/login', login)).said;
  const ask = async (method, path, body) => {
    const { status, said } = await chat.asks(method, path, body, token);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(said)}`);
    return said;
  };
  /** Uploads a picture; answers it as an attachment. */
  ask.shares = async (roomId, filename, bytes) => {
    const form = new FormData();
    form.append('roomId', roomId);
    form.append('file', new File([bytes], filename));
    const answer = await fetch(`${chat.url}/api/files/upload`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form });
    assert.equal(answer.status, 201);
    const { data } = await answer.json();
    return { filename, mimeType: data.mimetype, url: data.url, size: data.size };
  };
  return ask;
}

/** A picture of hills at dawn, as a PNG. */
function view([width, height] = [240, 180]) {
  const ridge = (x, at, high) => at + high * (Math.sin(x / 23 + at) + 0.5 * Math.sin(x / 9 + at * 2));
  const rows = [];
  for (let y = 0; y < height; y += 1) {
    rows.push(0);
    for (let x = 0; x < width; x += 1) {
      const hill = [[150, 6, [28, 62, 58]], [122, 9, [52, 98, 92]], [96, 12, [104, 146, 142]]].find(([at, high]) => y > ridge(x, at, high));
      rows.push(...(hill?.[2] ?? [250 - y / 4, 190 + y / 4, 150 + y / 2].map(Math.round)));
    }
  }
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [long, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    long.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([long, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 2, 0, 0, 0]);
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.from(rows))), chunk('IEND', Buffer.alloc(0))]);
}

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** A little town: people, rooms, a group, and what they talk about. */
async function town() {
  const [mira, jonas, ada] = [await signsUp('Mira Lindqvist', 'mira'), await signsUp('Jonas Weber', 'jonas'), await signsUp('Ada Okafor', 'ada')];
  const id = async (ask) => (await ask('GET', '/api/auth/validate')).user.id;
  const say = (ask, to, content, more) => ask('POST', `/api/conversations/${to}/messages`, { content, ...more });
  const [miraId, jonasId, adaId] = [await id(mira), await id(jonas), await id(ada)];
  const room = async (ask, name, description) => (await ask('POST', '/api/rooms', { name, description })).data._id;

  const lobby = await room(ada, 'Lobby', 'Say hello, ask anything');
  await say(ada, lobby, 'Welcome, everybody! This room is for all and sundry.');
  await say(mira, lobby, 'Hello from Malmö 👋');
  const books = await room(jonas, 'Reading circle', 'One book a month');
  await say(mira, books, 'I vote for “The Left Hand of Darkness”.');
  await say(jonas, books, 'So do I');
  const { id: trip } = await mira('POST', '/conversation/create-group', { name: 'Weekend in the mountains', groupMembers: [jonasId, adaId] });
  await say(mira, trip, 'Shall we take the 7:40 train on Saturday?');
  await say(jonas, trip, 'Works for me. The hut has a stove, so bring marshmallows!');
  await say(jonas, trip, 'And here is the route: https://example.com/maps/ridge-walk');
  await say(ada, trip, 'I can drive us home on Sunday. There is room for three and a dog, as long as the dog does not mind a little singing.');
  await say(mira, trip, 'Perfect! This is the view from the hut:', { attachments: [await mira.shares(trip, 'view.png', view())] });
  await jonas('PATCH', `/api/conversations/${trip}/read`);
  const { id: direct } = await jonas('POST', '/conversation/create', { receiverId: miraId });
  await say(jonas, direct, 'Could you look over my draft tomorrow?');
  await say(mira, direct, 'Of course! Send it whenever it is ready.');
  await say(jonas, direct, 'It is the second chapter, the one with the lighthouse. I moved the storm to the beginning.', {
    attachments: [{ filename: 'chapter-2.pdf', mimeType: 'application/pdf', url: 'https://example.com/chapter-2.pdf', size: 284_120 }],
  });
  return { trip, direct };
}

const people = await town();

test('what people are called and what they say stays text, on every screen', async () => {
  const mallory = await signsUp(evil, 'mallory');
  await signsUp('victim', 'victim');
  const { data: room } = await mallory('POST', '/api/rooms', { name: `${evil} room`, description: `"><script>alert(2)</script>` });
  const malloryId = (await mallory('GET', '/api/auth/validate')).user.id;
  await chat.command('notify', 'victim', '--title', evil, '--message', '<script>alert(3)</script>');
  const page = await browser.person();
  await enters(page, chat.url, 'victim');
  await page.getByText('<script>alert(3)</script>').waitFor();
  await begins(page, 'A group');
  await page.getByLabel('Name of the group').fill(`${evil} group`);
  await page.getByRole('button', { name: evil, exact: true }).click();
  await page.getByRole('button', { name: 'Make the group with 1 other' }).click();
  await page.getByRole('textbox', { name: `Message to ${evil} group` }).waitFor();
  const words = [`${evil} javascript:alert(4) <a href="javascript:alert(5)">x</a>`, 'https://x.test/"onmouseover="alert(6) and http://[', 'javascript://example.com/%0aalert(7)'];
  for (const one of words) await says(page, one);
  await sees(page, ...words);
  for (const href of await page.locator('.log a').evaluateAll((links) => links.map((link) => link.href))) assert.match(href, /^https?:/);
  const id = /#c\/(.+)/.exec(page.url())[1];
  await mallory('POST', `/api/conversations/${id}/messages`, {
    content: '', attachments: [{ filename: evil, mimeType: evil, url: 'https://example.com/x', size: 1 }],
  });
  await page.locator('.file', { hasText: evil }).waitFor();
  await about(page);
  await page.getByRole('button', { name: `More: ${evil}` }).waitFor();
  await page.keyboard.press('Escape');
  await begins(page, 'A room');
  await page.getByRole('button', { name: `${evil} room` }).click();
  await mallory('POST', '/api/messages', { roomId: room._id, content: evil });
  await sees(page, evil);
  await begins(page, 'A person');
  await page.getByRole('button', { name: evil, exact: true }).click();
  await page.getByRole('textbox', { name: `Message to ${evil}` }).waitFor();
  assert.equal(await page.locator('img[src="x"], script:not([src])').count(), 0, malloryId);
});

for (const [scheme, width, name] of [['light', 1100, 'chat-light.png'], ['dark', 1100, 'chat-dark.png'], ['light', 360, 'chat-phone.png'], ['dark', 360, 'chat-phone-dark.png']]) {
  test(`${scheme} and ${width} wide, every screen is free of barriers`, async () => {
    const page = await browser.person({ scheme, width, height: width < 720 ? 720 : 760 });
    const look = async (what) => {
      await hasNoBarriers(page, what);
      await fitsItsWidth(page);
    };
    await page.goto(chat.url);
    await page.getByRole('button', { name: 'Make an account' }).click();
    await look('signing up');
    await page.getByRole('button', { name: 'Back to signing in' }).click();
    await enters(page, chat.url, 'mira');
    await page.locator('.row', { hasText: 'Lobby' }).waitFor();
    await look('the list');
    if (width < 720) await page.screenshot({ path: picture(name.replace('chat', 'chat-list')) });
    await opens(page, 'Weekend in the mountains');
    await page.locator('.picture img').waitFor();
    await look('a group');
    await page.locator('.log').evaluate((log) => log.scrollTo(0, log.scrollHeight));
    await page.screenshot({ path: picture(name) });
    await about(page);
    await page.getByRole('button', { name: 'Leave the group' }).waitFor();
    await look('about a group');
    await page.keyboard.press('Escape');
    if (width < 720) await page.getByRole('link', { name: 'Back to your conversations' }).click();
    await opens(page, 'Jonas Weber');
    await page.getByText('chapter-2.pdf').waitFor();
    await look('two people');
    await page.screenshot({ path: picture(name.replace('chat', 'chat-direct')) });
    if (width < 720) await page.getByRole('link', { name: 'Back to your conversations' }).click();
    for (const way of ['A person', 'A group', 'A room']) {
      await begins(page, way);
      await page.locator('.choice').first().waitFor();
      await look(way);
      if (way === 'A group') await page.screenshot({ path: picture(name.replace('chat', 'chat-new')) });
      await page.keyboard.press('Escape');
    }
    await page.getByRole('button', { name: 'Mira Lindqvist: your account' }).click();
    await page.getByText('this device').waitFor();
    await look('the account');
    await page.keyboard.press('Escape');
  });
}

test('on a phone the list and the conversation are two screens, and the way back is the browser\'s too', async () => {
  const page = await browser.person({ width: 360, height: 720 });
  await enters(page, chat.url, 'jonas');
  const list = page.getByRole('navigation', { name: 'Conversations' });
  await opens(page, 'Reading circle');
  await page.getByRole('textbox', { name: 'Message to Reading circle' }).waitFor();
  assert.equal(await list.isVisible(), false);
  await page.getByRole('link', { name: 'Back to your conversations' }).click();
  await list.waitFor();
  assert.equal(await page.locator('.conversation, .nothing').isVisible(), false);
  await opens(page, 'Reading circle');
  await page.getByRole('textbox', { name: 'Message to Reading circle' }).waitFor();
  await page.goBack();
  await list.waitFor();
});

test('without a mouse: arrows in the list, Enter opens, Escape closes', async () => {
  const page = await browser.person();
  await enters(page, chat.url, 'ada');
  const focus = () => page.evaluate(() => document.activeElement.closest('a, textarea, button, input')?.textContent || document.activeElement.getAttribute('aria-label'));
  const rows = page.locator('.row');
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await rows.nth(1).evaluate((row) => row === document.activeElement), true);
  const outline = await rows.nth(1).evaluate((row) => getComputedStyle(row).outlineStyle);
  assert.equal(outline, 'solid', 'the focus is seen');
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  const title = await rows.first().locator('.row-title bdi').textContent();
  await page.keyboard.press('Enter');
  await expectText(focus, `Message to ${title}`, 'where one types');
  await page.keyboard.type('by hand');
  await page.keyboard.press('Enter');
  await expectText(async () => (await said(page)).at(-1), 'by hand', 'what was typed');
  await expectText(() => page.locator('.tick .unseen').last().textContent(), 'Sent', 'how far it came');
  await page.keyboard.press('Escape');
  await page.getByText('Choose one on the left').waitFor();
  await page.getByRole('button', { name: 'New', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expectText(focus, 'Search for a person', 'the field to search in');
  await page.keyboard.type('jon');
  await page.getByRole('button', { name: 'Jonas Weber' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await expectText(focus, 'Jonas Weber', 'the person found');
  await page.keyboard.press('Escape');
  await expectText(focus, 'New', 'the button that opened the window');
});
