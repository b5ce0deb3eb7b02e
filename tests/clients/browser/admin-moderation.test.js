// Does an administrator keep order in a group that is not theirs: slow mode, silences, bans, and who is removed?
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import { agree, said, served, signedIn } from './admin.js';

const browser = await Browser.open();
const chat = await served();

/** A group of three, as its owner, two members and an administrator see it. */
async function group(...names) {
  const [owner, ...members] = await Promise.all(names.map((name) => chat.signUp(name)));
  const { id } = await owner.post('/conversation/create-group', { name: `The ${names[0]} group`, groupMembers: members.map((one) => one.id) });
  const says = (who) => chat.asks('POST', `/api/conversations/${id}/messages`, { content: 'Hello' }, who.token);
  return { id, owner, members, says };
}

const rows = (page, table) => page.getByRole('table', { name: table }).getByRole('row');
const held = (page, name) => rows(page, 'Banned and silenced').filter({ hasText: name });

test('an administrator slows a group down, silences a member, bans them, and lifts both', async () => {
  const { id, members: [bea], says } = await group('ada', 'bea', 'cleo');
  const page = await signedIn(browser, chat, `conversations/${id}`, { height: 1000 });
  await page.getByText('Nobody is.').waitFor();
  await page.getByRole('button', { name: 'Change slow mode' }).click();
  await page.getByLabel('Seconds').fill('30');
  await hasNoBarriers(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('30 seconds between two messages').waitFor();
  assert.equal((await says(bea)).status, 201);
  assert.equal((await says(bea)).status, 429, 'she waits');
  await page.getByRole('button', { name: 'Change slow mode' }).click();
  await page.getByLabel('Seconds').fill('0');
  await agree(page, 'Save');
  await page.getByRole('definition').filter({ hasText: /^off/ }).waitFor();

  await page.getByRole('button', { name: 'Silence… bea' }).click();
  await page.getByLabel('For how long').selectOption('An hour');
  await hasNoBarriers(page);
  await page.screenshot({ path: picture('admin-silence-light.png') });
  await agree(page, 'Silence');
  await said(page, 'bea is silenced');
  await held(page, 'bea').filter({ hasText: 'silenced' }).getByRole('link', { name: 'boss' }).waitFor();
  const [silence] = (await chat.told('GET', `conversations/${id}/restraints`)).restraints;
  const lasts = (Date.parse(silence.until) - Date.now()) / 60_000;
  assert.ok(lasts > 58 && lasts <= 60, `it lasts ${lasts} minutes`);
  assert.equal((await says(bea)).status, 403, 'she cannot write');
  await page.getByRole('button', { name: 'Lift the silence of bea' }).click();
  await agree(page, 'Lift');
  await page.getByText('Nobody is.').waitFor();
  assert.equal((await says(bea)).status, 201, 'she writes again');

  await page.getByRole('button', { name: 'Ban… bea' }).click();
  await page.getByLabel('For how long').selectOption('For good');
  await agree(page, 'Ban');
  await held(page, 'bea').filter({ hasText: 'banned' }).getByText('for good').waitFor();
  await expectText(() => rows(page, 'Members').filter({ hasText: 'bea' }).count(), 0, 'she is out of it');
  assert.ok([403, 404].includes((await says(bea)).status));
  await page.getByRole('button', { name: 'Lift the ban of bea' }).click();
  await agree(page, 'Lift');
  await page.getByText('Nobody is.').waitFor();

  await page.getByRole('button', { name: 'Remove cleo' }).click();
  await agree(page, 'Remove');
  await said(page, 'cleo is removed');
  await expectText(() => rows(page, 'Members').count(), 2, 'the headings and ada');
});

test('who is banned stands on pages, the latest first', async () => {
  const owner = await chat.signUp('hugo');
  const room = await owner.opensRoom('Crowded');
  for (let at = 1; at <= 21; at += 1) {
    const { user } = await chat.told('POST', 'users', { name: `guest ${at}`, email: `guest${at}@example.test` });
    await chat.told('PUT', `conversations/${room}/bans/${user.id}`, { seconds: 600 });
  }
  const page = await signedIn(browser, chat, `conversations/${room}`);
  await page.getByText('1–20 of 21').waitFor();
  await held(page, 'guest 21').waitFor();
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByText('21–21 of 21').waitFor();
  await held(page, 'guest 1').waitFor();
  await page.getByRole('button', { name: 'Lift the ban of guest 1' }).click();
  await agree(page, 'Lift');
  await held(page, 'guest 21').waitFor();
  assert.equal(await rows(page, 'Banned and silenced').count(), 21, 'the headings and the twenty that are left');
});

test('everybody can use it, in light, in dark and on a phone', async () => {
  const { id, members: [eve, fay] } = await group('dora', 'eve', 'fay');
  const outside = await chat.signUp('gwen');
  const direct = await outside.post('/conversaton/create', { senderId: String(outside.id), receiverId: String(eve.id) });
  const path = `conversations/${id}`;
  const uuid = async (name) => (await chat.told('GET', path)).conversation.participants.find((one) => one.name === name).id;
  await chat.told('PUT', `${path}/silences/${await uuid(eve.name)}`, { seconds: 86_400 });
  await chat.told('PUT', `${path}/bans/${await uuid(fay.name)}`, {});
  for (const [kind, how] of Object.entries({ light: {}, dark: { scheme: 'dark' }, phone: { width: 360, height: 740 } })) {
    const page = await signedIn(browser, chat, path, how);
    await held(page, 'fay').waitFor();
    await page.locator('main .waiting').waitFor({ state: 'detached' });
    await hasNoBarriers(page, kind);
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`admin-moderation-${kind}.png`), fullPage: true });
    await page.getByRole('button', { name: 'Ban… eve' }).click();
    await page.getByLabel('For how long').waitFor();
    await hasNoBarriers(page, `${kind} dialog`);
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`admin-ban-${kind}.png`) });
    await page.keyboard.press('Escape');
    await page.evaluate((hash) => (location.hash = hash), `conversations/${direct.id}`);
    await page.getByRole('link', { name: 'gwen' }).first().waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Remove|Ban|Silence|Change slow mode)/ }).count(), 0, 'two who talk rule nobody');
  }
});
