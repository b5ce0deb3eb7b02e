// Does the page let in whoever is invited, and say to everybody else how one comes in?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { served, signedIn } from './admin.js';
import { begins, enters, password, says, sees } from './people.js';

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

test('a member invites from the account window, with a link and a QR code, and revokes', async () => {
  const chat = await open('--temp', '--members-invite');
  await chat.signUp('ann');
  for (const how of [{}, { scheme: 'dark', width: 360, height: 740 }]) {
    const page = await browser.person(how);
    await enters(page, chat.url, 'ann');
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('button', { name: 'Invite people' }).click();
    await page.getByLabel('How many people').fill('2');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.getByLabel('The link').inputValue();
    const drawn = page.getByRole('img', { name: 'The link as a QR code' });
    await drawn.evaluate((image) => image.decode());
    assert.ok(await drawn.evaluate((image) => image.naturalWidth >= 240));
    await hasNoBarriers(page, 'the invitation');
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`chat-invitation-${how.scheme ?? 'light'}.png`) });
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('0 of 2 came').first().waitFor();
    await hasNoBarriers(page, 'one’s invitations');

    const guest = await browser.person();
    await guest.goto(link);
    await fillsIn(guest, `guest-${how.scheme ?? 'light'}`);
    await guest.getByRole('button', { name: 'New', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Revoke' }).first().click();
    await page.getByText('0 of 2 came').waitFor({ state: 'detached' });
    await page.getByText('1 of 2 came').waitFor({ state: 'detached' });
  }
});

test('where only members of a domain sign up, a code shows who is one', async () => {
  const chat = await open('--temp', '--sign-up', 'open', '--sign-up-domain', 'example.test');
  const page = await browser.person();
  await page.goto(chat.url);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await page.getByText('Accounts here are for addresses of example.test.').waitFor();
  await page.getByLabel('Name').fill('ann');
  await page.getByLabel('E-mail').fill('ann@example.test');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.getByLabel('Code').fill('000000');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByText('is wrong or has expired').waitFor();
  browser.forgives(page, /status of 400/);
  await hasNoBarriers(page, 'the form with the code');
  await page.screenshot({ path: picture('chat-code.png') });
  const { said } = await chat.asks('GET', '/api/admin/outbox?to=ann@example.test', undefined, chat.adminToken);
  const [code] = /\b\d{6}\b/.exec(said.outbox[0].text);
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('button', { name: 'New', exact: true }).waitFor();
});

test('whoever only looks into a room joins by a button', async () => {
  const chat = await open();
  const ann = await chat.signUp('ann');
  await chat.signUp('bob');
  await chat.asks('POST', '/api/rooms', { name: 'Lobby', description: '' }, ann.token);
  const page = await browser.person();
  await enters(page, chat.url, 'bob');
  await begins(page, 'A room');
  await page.getByRole('button', { name: /^Lobby/ }).click();
  await page.getByText('Open room · you are only looking in').waitFor();
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByText('Open room · You, ann').waitFor();
  await says(page, 'Hello');
  await sees(page, 'Hello');
});

test('an administrator invites to a room, sees who came, and revokes', async () => {
  const chat = await served();
  await chat.asks('POST', '/api/rooms', { name: 'Lobby', description: '' }, chat.boss.token);
  const page = await signedIn(browser, chat, 'invitations');
  await page.getByText('Nobody is invited').waitFor();
  await page.getByRole('button', { name: 'Invite people' }).click();
  await page.getByLabel('How many people').fill('3');
  await page.getByLabel('Lobby').check();
  await hasNoBarriers(page, 'the form');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const link = await page.getByLabel('The link').inputValue();
  await page.getByRole('img', { name: 'The link as a QR code' }).waitFor();
  await hasNoBarriers(page, 'the invitation');
  await page.screenshot({ path: picture('admin-invitation.png') });
  await page.keyboard.press('Escape');
  await page.getByText('0 of 3 uses').waitFor();

  const guest = await browser.person();
  await guest.goto(link);
  await fillsIn(guest, 'carl');
  await guest.locator('.row-title', { hasText: 'Lobby' }).waitFor();
  await page.reload();
  await page.getByText('1 of 3 uses').waitFor();
  await page.getByRole('button', { name: 'Revoke the invitation for 3 people' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Nobody is invited').waitFor();
});
