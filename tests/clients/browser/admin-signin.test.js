// Do signing in, the dialogs and the keys of the admin page let everybody in and back out?
import { Browser, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostile, heading, peopled, served, signedIn } from './admin.js';

const browser = await Browser.open();
const chat = await served();
const { mallory } = await peopled(chat);

test('signing in and the dialogs are there for everybody', async () => {
  for (const how of [{}, { scheme: 'dark' }, { width: 360, height: 740 }]) {
    const page = await browser.person(how);
    for (const [hash, title] of [['', 'Sign in'], ['#setup=abc', 'Make the first administrator']]) {
      await page.goto(`${chat.url}/admin${hash}`);
      await page.reload();
      await heading(page, title);
      await hasNoBarriers(page);
      await fitsItsWidth(page);
      await page.screenshot({ path: picture(`admin-${hash ? 'setup' : 'signin'}-${how.scheme ?? how.width ?? 'light'}.png`) });
    }
  }
  const page = await signedIn(browser, chat, `people/${mallory.id}`);
  await page.getByRole('button', { name: 'Suspend' }).click();
  await page.getByRole('dialog', { name: 'Suspend' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel', 'Enter by itself does nothing');
  await hasNoBarriers(page, 'a question');
  await page.screenshot({ path: picture('admin-question.png') });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Suspend', 'the focus is where it was');
  await page.goto(`${chat.url}/admin#files`);
  await page.getByRole('button', { name: `${hostile}.png`, exact: true }).click();
  await page.getByRole('img', { name: `Preview of ${hostile}.png` }).waitFor();
  await hasNoBarriers(page, 'a preview');
  await page.screenshot({ path: picture('admin-preview.png') });
});

test('by keyboard one comes anywhere, and back is back', async () => {
  const page = await signedIn(browser, chat, 'overview');
  await heading(page, 'Overview');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  const focused = () => page.evaluate(() => document.activeElement.tagName + document.activeElement.textContent);
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'H1Overview');
  await page.getByRole('link', { name: 'People' }).focus();
  await page.keyboard.press('Enter');
  await heading(page, 'People');
  // The focus follows once the heading has been drawn.
  await page.waitForFunction(() => document.activeElement.tagName === 'H1');
  assert.equal(await focused(), 'H1People');
  const search = page.getByRole('searchbox', { name: 'Search names and addresses' });
  await search.pressSequentially('mallo');
  await page.waitForURL(/#people\?q=mallo$/);
  await page.getByText('1–1 of 1').waitFor();
  await page.getByRole('link', { name: hostile }).click();
  await heading(page, hostile);
  await page.goBack();
  await heading(page, 'People');
  assert.equal(await search.inputValue(), 'mallo', 'the search is where it was');
  await search.fill('nobody at all');
  await page.getByText('Nothing is like that').waitFor();
  await page.goBack();
  await heading(page, 'Overview');
  await page.getByRole('button', { name: 'Show as a table' }).click();
  await page.getByRole('columnheader', { name: 'p99' }).waitFor();
  await page.evaluate(() => (location.hash = 'nowhere'));
  await heading(page, 'There is nothing here');
  const phone = await signedIn(browser, chat, 'people', { width: 360, height: 740 });
  const menu = phone.getByRole('button', { name: 'Menu' });
  await menu.click();
  await hasNoBarriers(phone, 'the open menu');
  await phone.screenshot({ path: picture('admin-menu-phone.png') });
  await phone.keyboard.press('Escape');
  assert.equal(await menu.getAttribute('aria-expanded'), 'false');
});
