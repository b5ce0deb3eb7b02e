// Does one find what was said, here and everywhere, and get there however far back it is?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { enters, opens } from './people.js';

const chat = await open();
const browser = await Browser.open();
const [sam, tess] = await Promise.all(['sam', 'tess'].map((name) => chat.signUp(name)));
const { id } = await sam.post('/conversation/create', { receiverId: tess.id });
const room = await sam.opensRoom('Kitchen');
const say = (who, to, content) => who.post(`/api/conversations/${to}/messages`, { content });
await say(sam, id, 'Die Größe der Café-Küche ist **wichtig**');
for (let at = 1; at <= 150; at += 1) await say(tess, id, `filler ${at}`);
await say(tess, room, 'Which kitchen do you mean? <b>x</b>');
await say(sam, id, '你好，上海市的厨房');
const found = (page) => page.locator('.found .found-words').allTextContents();
const field = (page) => page.getByRole('searchbox', { name: 'Search what was said' });

test('words are found here, marked, and lead into the past', async () => {
  const page = await browser.person();
  await enters(page, chat.url, 'tess');
  await opens(page, 'sam');
  await page.getByRole('button', { name: 'Search here' }).click();
  await expectText(() => field(page).evaluate((one) => one === document.activeElement), true, 'one can type');
  await page.getByText('Type what you remember of it.').waitFor();
  await hasNoBarriers(page);
  await page.keyboard.type('grosse kuche');
  await expectText(() => found(page), ['Die Größe der Café-Küche ist **wichtig**'], 'what is found');
  assert.deepEqual(await page.locator('.found mark').allTextContents(), ['Größe', 'Küche']);
  await hasNoBarriers(page);
  await page.keyboard.press('Tab');
  await page.locator('.found button').first().click();
  const line = page.locator('.line', { has: page.locator('.words', { hasText: 'Größe' }) });
  await line.waitFor();
  await expectText(() => line.evaluate((one) => one.classList.contains('sought')), true, 'it is marked');
  assert.equal(await page.getByText('filler 150', { exact: true }).count(), 0, 'the present is far away');
  await field(page).fill('上海');
  await expectText(() => page.locator('.found mark').allTextContents(), ['上海'], 'inside a run');
  await field(page).fill('filler');
  await page.getByRole('button', { name: 'Show more' }).waitFor();
  await expectText(async () => (await found(page)).length, 30, 'a page');
  await page.getByRole('button', { name: 'Show more' }).click();
  await expectText(async () => (await found(page)).length, 60, 'and the next one');
  await field(page).fill('nobody said this');
  await page.getByText('Nobody said “nobody said this” here.').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expectText(() => page.locator('.pane').count(), 0, 'it is closed');
});

test('the field of the list searches everywhere, also what stands in another conversation', async () => {
  const page = await browser.person();
  await enters(page, chat.url, 'tess');
  await page.getByLabel('Search your conversations').fill('kitchen');
  await page.getByRole('button', { name: 'Search what was said for “kitchen”' }).click();
  const one = page.locator('.found button', { hasText: 'Which kitchen' });
  await one.getByText('Kitchen', { exact: true }).waitFor();
  assert.equal(await page.locator('.found b').count(), 0, 'what was said is no HTML');
  await one.click();
  await page.getByRole('textbox', { name: 'Message to Kitchen' }).waitFor();
  await page.locator('.sought .words', { hasText: 'Which kitchen' }).waitFor();
});

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`the search fits, ${scheme} and ${width} wide`, async () => {
    const page = await browser.person({ scheme, width, height: 760 });
    await enters(page, chat.url, 'tess');
    await opens(page, 'sam');
    await page.getByRole('button', { name: 'Search here' }).click();
    await field(page).fill('kitchen');
    await page.getByText('Nobody said').waitFor();
    await page.getByRole('button', { name: 'Everywhere' }).click();
    await page.locator('.found mark').first().waitFor();
    await hasNoBarriers(page);
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`chat-search-${scheme}.png`) });
    await page.locator('.found button').first().click();
    await page.getByRole('textbox', { name: 'Message to Kitchen' }).waitFor();
    if (width < 720) await expectText(() => page.locator('.pane').count(), 0, 'it makes way');
  });
}
