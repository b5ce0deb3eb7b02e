// Does one get rid of somebody? Blocking and unblocking, and reporting what was said; and what the administrator makes of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, heading, said, served, signedIn } from './admin.js';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { about, does, enters, says, sees, writesTo, two as inTheirWindows } from './people.js';

const chat = await served();
const browser = await Browser.open();

const two = (...names) => inTheirWindows(chat, browser, ...names);

test('one blocks somebody, both see why nothing is written, and one lets them back in', async () => {
  const [ann, bob] = await two('ann', 'bob');
  await says(bob, 'Hello, Ann');
  await sees(ann, 'Hello, Ann');
  await about(ann);
  await ann.getByRole('button', { name: 'Block bob' }).click();
  await ann.getByRole('button', { name: 'Unblock bob' }).waitFor();
  await ann.getByText('blocked', { exact: true }).waitFor();
  await hasNoBarriers(ann, 'the people of a conversation');
  await ann.screenshot({ path: picture('block-about.png') });
  await ann.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await ann.getByText('You have blocked bob: neither of you can write here.').waitFor();
  assert.equal(await ann.getByRole('textbox', { name: /^Message to/ }).count(), 0);
  await hasNoBarriers(ann, 'a conversation with somebody blocked');
  await ann.screenshot({ path: picture('block-composer.png') });

  browser.forgives(bob, /status of 403/);
  await says(bob, 'Why so quiet?');
  await bob.getByText('Not sent. You cannot write to this person.').waitFor();
  await sees(ann, 'Hello, Ann');
  await bob.getByRole('button', { name: 'Discard' }).click();
  // What is there is read, and nothing is done to it.
  const line = ann.locator('.line', { hasText: 'Hello, Ann' });
  await line.hover();
  await line.getByRole('button', { name: 'Message options' }).click();
  await expectText(() => ann.getByRole('menuitem').allTextContents(), ['Copy the text', 'Report…'], 'what she may do');
  await ann.keyboard.press('Escape');

  await ann.getByRole('button', { name: 'Your account' }).click();
  await ann.getByRole('button', { name: 'Whom you have blocked' }).click();
  await ann.getByRole('list', { name: 'Blocked people' }).getByText('bob').waitFor();
  await hasNoBarriers(ann, 'whom one has blocked');
  await ann.screenshot({ path: picture('block-list.png') });
  await ann.getByRole('button', { name: 'Unblock bob' }).click();
  await ann.getByText('You have blocked nobody.').waitFor();
  await ann.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await says(bob, 'There you are');
  await sees(ann, 'Hello, Ann', 'There you are');
});

test('what one blocks in one window is blocked in the other', async () => {
  const [cai] = await two('cai', 'dov');
  const second = await browser.person();
  await enters(second, chat.url, 'cai');
  await writesTo(second, 'dov');
  await about(cai);
  await cai.getByRole('button', { name: 'Block dov' }).click();
  await second.getByText('You have blocked dov').waitFor();
  await second.getByRole('button', { name: 'Unblock' }).click();
  await second.getByRole('textbox', { name: 'Message to dov' }).waitFor();
  await cai.getByRole('button', { name: 'Block dov' }).waitFor();
});

test('a message is reported, seen as it was, and the report closed', async () => {
  const [eve, fox] = await two('eve', 'fox');
  await says(eve, 'You are a *fool*');
  await sees(fox, 'You are a fool');
  await does(fox, 'You are a fool', 'Report…');
  await fox.getByRole('dialog', { name: 'Report this message' }).waitFor();
  await hasNoBarriers(fox, 'reporting');
  await fox.screenshot({ path: picture('report-dialog.png') });
  await fox.getByLabel('Why').fill('Nobody should say so');
  await fox.getByRole('button', { name: 'Report it' }).click();
  await fox.getByText('The message is reported').waitFor();
  await does(eve, 'You are a fool', 'Edit');
  await eve.getByRole('textbox', { name: /^Message to/ }).fill('You are a friend');
  await eve.keyboard.press('Enter');
  await sees(fox, 'You are a friend');

  const page = await signedIn(browser, chat, 'overview');
  await page.locator('.tile', { hasText: 'Open reports' }).getByRole('link', { name: '1' }).click();
  await heading(page, 'Reports');
  await page.getByRole('cell', { name: 'Nobody should say so' }).waitFor();
  await page.getByRole('button', { name: 'You are a *fool*' }).click();
  await page.getByRole('region', { name: 'As it was' }).getByText('You are a *fool*').waitFor();
  await page.getByRole('region', { name: 'As it is now' }).getByText('You are a friend').waitFor();
  await hasNoBarriers(page, 'a report');
  await page.screenshot({ path: picture('admin-report.png') });
  await page.getByRole('button', { name: 'Delete the message' }).click();
  await agree(page, 'Delete');
  await said(page, 'Deleted');
  await page.getByRole('button', { name: 'You are a *fool*' }).click();
  await page.getByText('deleted since').waitFor();
  await page.getByRole('button', { name: 'Close with a note' }).click();
  await page.getByLabel('What was decided').fill('Deleted');
  await agree(page, 'Close it');
  await said(page, 'The report is closed');
  await page.getByText('Nothing is reported.').waitFor();
  await page.getByLabel('Which reports').selectOption('closed');
  await page.getByRole('button', { name: 'You are a *fool*' }).click();
  await page.getByRole('dialog').getByText('Deleted', { exact: true }).waitFor();
});

test('a word is put on the list, tried, met, and taken off', async () => {
  const [gil, hal] = await two('gil', 'hal');
  const page = await signedIn(browser, chat, 'words');
  browser.forgives(page, /status of 400/);
  browser.forgives(gil, /status of 400/);
  await page.getByText('No word is unwanted.').waitFor();
  await page.getByLabel('Word or pattern').fill('scoundrel');
  await page.getByRole('button', { name: 'Add it' }).click();
  await said(page, 'It is on the list');
  await page.getByLabel('Word or pattern').fill('ras(c');
  await page.getByLabel('It is', { exact: true }).selectOption('pattern');
  await page.getByRole('button', { name: 'Add it' }).click();
  await page.getByText('is no pattern: unclosed group').waitFor();
  await page.getByLabel('Word or pattern').fill('ras+cal');
  await page.getByLabel('A text with it is').selectOption('report');
  await page.getByRole('button', { name: 'Add it' }).click();
  await page.getByRole('cell', { name: 'ras+cal', exact: true }).waitFor();
  for (const [text, fate] of [['You Scoundrel', 'refused'], ['You rasscal', 'said, and reported'], ['You dear', 'said']]) {
    await page.getByLabel('Text', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'What would happen?' }).click();
    await page.getByRole('status').getByText(fate, { exact: true }).waitFor();
  }
  await hasNoBarriers(page, 'unwanted words');
  await fitsItsWidth(page);
  await page.screenshot({ path: picture('admin-unwanted.png'), fullPage: true });
  await says(gil, 'You scoundrel');
  await gil.getByText('Not sent. This message contains words that are not allowed here.').waitFor();
  await says(gil, 'You rascal');
  await sees(hal, 'You rascal');
  await page.getByRole('button', { name: 'Remove scoundrel' }).click();
  await agree(page, 'Remove');
  await said(page, 'Removed');
  await gil.getByRole('button', { name: 'Try again' }).click();
  await sees(hal, 'You rascal', 'You scoundrel');
  await page.evaluate(() => (location.hash = 'reports'));
  await page.getByRole('cell', { name: 'the server' }).waitFor();
});
