// Does the page let in whoever is invited, and say to everybody else how one comes in?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser } from './browser.js';
import { open } from '../chat.js';
import { password } from './people.js';

const browser = await Browser.open();

async function fillsIn(page, name) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(`${name}@example.test`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign up' }).click();
}

test('a link leads to the form, and its token into the account and out of the address', async () => {
  const chat = await open('--temp', '--sign-up', 'invited');
  const { said } = await chat.asks('POST', '/api/admin/invitations', {}, chat.adminToken);
  const page = await browser.person();
  await page.goto(said.invitation.link);
  await fillsIn(page, 'ann');
  await page.getByRole('button', { name: 'New', exact: true }).waitFor();
  assert.equal(new URL(page.url()).hash, '');

  const late = await browser.person();
  await late.goto(said.invitation.link);
  await fillsIn(late, 'bob');
  await late.getByText('This invitation is not good, or not any more').waitFor();
  browser.forgives(late, /status of 403/);
});

test('without a link the page says what one needs, and offers no form', async () => {
  for (const [way, words] of [['invited', /needs an invitation/], ['closed', /made by whoever runs this server/]]) {
    const chat = await open('--temp', '--sign-up', way);
    const page = await browser.person();
    await page.goto(chat.url);
    await page.getByText(words).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Make an account' }).count(), 0);
  }
  const chat = await open('--temp', '--sign-up', 'closed');
  const page = await browser.person();
  await page.goto(`${chat.url}/#invitation=of-nobody`);
  await page.getByText(/made by whoever runs this server/).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign up' }).count(), 0);
});

test('where all may sign up, everybody is offered the form', async () => {
  const chat = await open('--temp');
  const page = await browser.person();
  await page.goto(chat.url);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await fillsIn(page, 'carl');
  await page.getByRole('button', { name: 'New', exact: true }).waitFor();
});
