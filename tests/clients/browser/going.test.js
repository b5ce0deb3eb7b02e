// Does one get about: to a conversation by its name, back by what the browser says, and to the page as an app of its own?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, fitsItsWidth, hasNoBarriers } from './browser.js';
import { open } from '../chat.js';
import { enters, says } from './people.js';

const chat = await open();
const browser = await Browser.open();

test('Ctrl K, a few letters and Enter lead to a conversation, or to somebody new', async () => {
  const [kim] = await Promise.all(['kim', 'lou', 'max'].map((name) => chat.signUp(name)));
  await kim.opensRoom('Harbour');
  await kim.opensRoom('Lighthouse');
  const page = await browser.person();
  await enters(page, chat.url, 'kim');
  await page.getByText('goes to any of them by its name').waitFor();
  await page.keyboard.press('Control+k');
  const field = page.getByRole('searchbox', { name: 'Go to a conversation or a person' });
  await expectText(() => field.evaluate((one) => one === document.activeElement), true, 'one can type');
  await hasNoBarriers(page);
  await page.keyboard.type('harb');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Message to Harbour' }).waitFor();
  // Also from the text field, where nothing of it is typed.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('lo');
  await page.getByRole('button', { name: 'lou' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Message to lou' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('nothing at all');
  await page.getByText('Nothing and nobody is called “nothing at all”.').waitFor();
  await fitsItsWidth(page);
  await page.keyboard.press('Escape');
  await expectText(() => page.getByRole('textbox', { name: 'Message to lou' }).evaluate((one) => one === document.activeElement && one.value), '', 'back where one was');
});

test('the browser says what came while one looks elsewhere, once it was asked for, and leads there', async () => {
  const [nia, ned] = await Promise.all(['nia', 'ned'].map((name) => chat.signUp(name)));
  const { id } = await ned.post('/conversation/create', { receiverId: nia.id });
  const page = await browser.person();
  await page.addInitScript(() => {
    window.shown = [];
    let permission = 'default';
    window.Notification = class {
      constructor(title, { body, tag }) {
        shown.push({ title, body, tag, click: () => this.onclick() });
      }
      close() {}
      static get permission() { return permission; }
      static async requestPermission() { return (permission = 'granted'); }
    };
    document.hasFocus = () => !window.away;
  });
  await enters(page, chat.url, 'nia');
  const ask = (content) => ned.post(`/api/conversations/${id}/messages`, { content });
  const shown = () => page.evaluate(() => window.shown.map(({ title, body }) => `${title}: ${body}`));
  await page.evaluate(() => (window.away = true));
  await ask('Nobody asked for this one');
  await page.locator('.row', { hasText: 'Nobody asked' }).waitFor();
  assert.deepEqual(await shown(), []);
  await page.getByRole('button', { name: 'nia: your account' }).click();
  await page.getByRole('switch', { name: 'Notifications of this browser' }).click();
  await expectText(() => page.getByRole('switch').getAttribute('aria-checked'), 'true', 'it is on');
  await page.keyboard.press('Escape');
  await ask('**Are** you there?');
  await expectText(shown, ['ned: Are you there?'], 'what the browser says');
  await page.evaluate(() => (window.away = false));
  await ask('You are');
  await page.locator('.row', { hasText: 'You are' }).waitFor();
  assert.equal((await shown()).length, 1, 'nothing while one looks');
  await page.evaluate(() => window.shown[0].click());
  await page.getByRole('textbox', { name: 'Message to ned' }).waitFor();
});

test('the page can be installed, and starts where the server is', async () => {
  const page = await browser.person();
  const debugging = await page.context().newCDPSession(page);
  await page.goto(chat.url);
  await page.getByLabel('E-mail').waitFor();
  const { url, data, errors } = await debugging.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const manifest = JSON.parse(data);
  assert.equal(new URL(manifest.start_url, url).href, `${chat.url}/`);
  for (const { src, type } of manifest.icons) {
    const icon = await fetch(new URL(src, url));
    assert.deepEqual([icon.status, icon.headers.get('content-type')], [200, type]);
  }
  const { installabilityErrors } = await debugging.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
});
