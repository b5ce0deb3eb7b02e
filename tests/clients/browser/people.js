// What do people do on the chat page, in the words of a check?

import { expectText } from './browser.js';

export const password = 'correct horse';

/** Opens the page and signs in somebody who has an account. */
export async function enters(page, url, name) {
  await page.goto(url);
  await page.getByLabel('E-mail').fill(`${name}@example.test`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'New', exact: true }).waitFor();
}

/** Opens the window for a new conversation, with a person, a group or a room. */
export async function begins(page, way) {
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('button', { name: way, exact: true }).click();
}

/** Two people in their own windows, writing to each other. */
export async function two(chat, browser, ...names) {
  await Promise.all(names.map((name) => chat.signUp(name)));
  const pages = [await browser.person(), await browser.person()];
  await Promise.all(pages.map((page, at) => enters(page, chat.url, names[at])));
  await writesTo(pages[0], names[1]);
  await writesTo(pages[1], names[0]);
  return pages;
}

export async function writesTo(page, name) {
  await begins(page, 'A person');
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('textbox', { name: `Message to ${name}` }).waitFor();
}

/** Writes and sends with Enter, as nearly everybody does. */
export async function says(page, words) {
  await page.getByRole('textbox', { name: /^Message to/ }).fill(words);
  await page.keyboard.press('Enter');
}

/** Opens the window about the conversation that is shown. */
export const about = (page) => page.locator('#conversation-title button').click();

export const opens = (page, name) => page.locator('.row', { has: page.locator('.row-title', { hasText: name }) }).click();

/** What stands in the conversation, from the first message to the last. */
export const said = (page) => page.locator('.log .words').allTextContents();

/** Waits until exactly this was said. */
export const sees = (page, ...words) => expectText(() => said(page), words, 'what is said');

/** Opens the menu of the message that says this, and chooses something. */
export async function does(page, words, what) {
  const line = page.locator('.line', { has: page.locator('.words', { hasText: words }) }).last();
  await line.hover();
  await line.getByRole('button', { name: 'Message options' }).click();
  await page.getByRole('menu', { name: 'Message options' }).getByText(what, { exact: true }).click();
}

/** Waits until one's own messages have come this far. */
export const ticks = (page, ...marks) => expectText(() => page.locator('.tick .unseen').allTextContents(), marks, 'how far it came');

/** A picture of one green dot. */
export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
