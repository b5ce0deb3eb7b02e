// Do messages change before one's eyes: edited, reacted to, answered, pinned, deleted, by mouse and by keyboard, also after being away?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { wire } from './connection.js';
import { does, enters, opens, password, says, sees, two as inTheirWindows } from './people.js';

const chat = await open();
const browser = await Browser.open();
const place = (page) => page.getByRole('textbox', { name: /^Message to/ });
const reactions = (page) => page.locator('.reactions button').evaluateAll((all) => all.map((one) => `${one.querySelector('.emoji').textContent}${one.querySelector('.count').textContent}${one.ariaPressed === 'true' ? '!' : ''}`));

const two = (...names) => inTheirWindows(chat, browser, ...names);

test('one edits a message, by its menu and by ↑, and Escape leaves it as it was', async () => {
  const [ann, bob] = await two('ann', 'bob');
  await says(ann, 'Helo Bob');
  await sees(bob, 'Helo Bob');
  await place(ann).fill('begun');
  await does(ann, 'Helo', 'Edit');
  await expectText(() => place(ann).inputValue(), 'Helo Bob', 'what there is to edit');
  await ann.getByText('Edit your message').waitFor();
  await place(ann).fill('Hello Bob');
  await ann.keyboard.press('Enter');
  await sees(bob, 'Hello Bob');
  await bob.locator('.edited').waitFor();
  await bob.locator('.row-last', { hasText: 'Hello Bob' }).waitFor();
  await expectText(() => place(ann).inputValue(), 'begun', 'what was begun is back');
  // By keyboard: the last one of one's own, and back.
  await place(ann).fill('');
  await says(bob, 'Not mine to edit');
  await sees(ann, 'Hello Bob', 'Not mine to edit');
  await place(ann).press('ArrowUp');
  await expectText(() => place(ann).inputValue(), 'Hello Bob', 'her last one');
  await ann.keyboard.press('End');
  await ann.keyboard.type('!');
  await ann.keyboard.press('Escape');
  await expectText(() => place(ann).inputValue(), '', 'nothing is edited any more');
  await place(ann).press('ArrowUp');
  await ann.keyboard.press('End');
  await ann.keyboard.type(', *there*');
  await ann.keyboard.press('Enter');
  await sees(bob, 'Hello Bob, there', 'Not mine to edit');
  // The server's word counts: nobody else's can be edited, so nobody is offered it.
  const line = bob.locator('.line', { hasText: 'Hello Bob' });
  await line.hover();
  await line.getByRole('button', { name: 'Message options' }).click();
  assert.equal(await bob.getByRole('menuitem', { name: 'Edit' }).count(), 0);
  await bob.keyboard.press('Escape');
  await bob.reload();
  await sees(bob, 'Hello Bob, there', 'Not mine to edit');
  await bob.locator('.edited').waitFor();
});

test('both react, by the menu, by a press and by the picker, and each sees it at once', async () => {
  const [cai, dov] = await two('cai', 'dov');
  await says(cai, 'We won');
  await sees(dov, 'We won');
  await does(dov, 'We won', '🎉');
  await expectText(() => reactions(cai), ['🎉1'], 'what Cai sees');
  await expectText(() => reactions(dov), ['🎉1!'], 'his own is pressed');
  await cai.locator('.reactions button').click();
  await expectText(() => reactions(dov), ['🎉2!'], 'both');
  await dov.getByRole('button', { name: '🎉 2 You and cai' }).waitFor();
  await does(dov, 'We won', '+');
  await dov.getByRole('searchbox', { name: 'Search for an emoji' }).fill('troph');
  await dov.getByRole('button', { name: 'trophy' }).waitFor();
  await hasNoBarriers(dov);
  await dov.keyboard.press('ArrowDown');
  await dov.keyboard.press('Enter');
  await expectText(() => reactions(cai), ['🎉2!', '🏆1'], 'in order of their first use');
  await does(dov, 'We won', '🎉');
  await expectText(() => reactions(cai), ['🎉1!', '🏆1'], 'taken back');
  await cai.reload();
  await expectText(() => reactions(cai), ['🎉1!', '🏆1'], 'it stays');
  // What is refused goes back to what it was, and is said.
  browser.forgives(cai, /status of 409/);
  await cai.route('**/reactions/*', (route) => route.fulfill({ status: 409, json: { message: 'This message has as many emoji as it may' } }));
  await cai.locator('.reactions button', { hasText: '🏆' }).click();
  await cai.getByText('This message has as many emoji as it may').waitFor();
  await expectText(() => reactions(cai), ['🎉1!', '🏆1'], 'as before');
});

test('an answer quotes, and leads to what it answers, however far back', async () => {
  const [eva, fox] = await Promise.all(['eva', 'fox'].map((name) => chat.signUp(name)));
  const { id } = await eva.post('/conversation/create', { receiverId: fox.id });
  const path = `/api/conversations/${id}/messages`;
  const { id: first } = await eva.post(path, { content: 'Where **shall** we meet?' });
  for (let at = 1; at <= 220; at += 1) await eva.post(path, { content: `filler ${at}` });
  const page = await browser.person();
  await fox.patch(`/api/conversations/${id}/read`, {});
  await enters(page, chat.url, 'fox');
  await opens(page, 'eva');
  await page.getByText('filler 220', { exact: true }).last().waitFor();
  await does(page, 'filler 220', 'Reply');
  await page.getByText('Reply to eva').waitFor();
  await page.keyboard.press('Escape');
  await expectText(() => page.getByText('Reply to eva').count(), 0, 'no answer any more');
  await fox.post(path, { content: 'At the station', replyTo: first });
  const quote = page.getByRole('button', { name: 'Answers eva Where shall we meet?' });
  await quote.click();
  const old = page.locator('.line', { has: page.locator('.words', { hasText: 'Where shall we meet?' }) });
  await old.waitFor();
  await expectText(() => old.evaluate((line) => line.classList.contains('sought')), true, 'it is marked');
  await expectText(() => old.locator('.more').evaluate((more) => more === document.activeElement), true, 'from there one goes on');
  assert.equal(await page.getByText('filler 220', { exact: true }).count(), 0, 'the present is far away');
  await page.getByRole('button', { name: 'To the latest message' }).click();
  await page.locator('.words', { hasText: 'At the station' }).waitFor();
  // An answer by the text field carries what it answers; both see it.
  await does(page, 'At the station', 'Reply');
  await says(page, 'Platform two');
  await page.getByRole('button', { name: 'Answers fox At the station' }).waitFor();
  await eva.post(path, { content: 'See you' });
  const gone = await fetch(`${chat.url}${path}/${first}`, { method: 'DELETE', headers: { authorization: `Bearer ${eva.token}` } });
  assert.equal(gone.status, 200);
  await page.getByText('The message that this answers is gone.').waitFor();
});

test('deleting asks first, and it is gone for both, also where it was answered', async () => {
  const [gil, hui] = await two('gil', 'hui');
  await says(gil, 'Wrong window');
  await sees(hui, 'Wrong window');
  await does(gil, 'Wrong window', 'Delete');
  const dialog = gil.getByRole('dialog', { name: 'Delete this message?' });
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await sees(gil, 'Wrong window');
  await does(gil, 'Wrong window', 'Delete');
  await hasNoBarriers(gil);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await sees(hui);
  await sees(gil);
});

test('what changed while the connection was cut is there when it is mended', async () => {
  const [ivo, jil] = await Promise.all(['ivo', 'jil'].map((name) => chat.signUp(name)));
  const { id } = await ivo.post('/conversation/create', { receiverId: jil.id });
  const path = `/api/conversations/${id}/messages`;
  const said = [];
  for (const content of ['one', 'two', 'three']) said.push((await ivo.post(path, { content })).id);
  const cable = await wire(chat.url);
  const page = await browser.person();
  browser.forgives(page, /net::ERR|WebSocket connection/);
  await enters(page, cable.url, 'jil');
  await opens(page, 'ivo');
  await sees(page, 'one', 'two', 'three');
  cable.cut();
  await page.getByText('No connection').waitFor();
  await ivo.patch(`${path}/${said[0]}`, { content: 'one, edited' });
  for (const [method, where] of [['DELETE', `${path}/${said[1]}`], ['PUT', `${path}/${said[2]}/reactions/${encodeURIComponent('👍')}`], ['PUT', `${path}/${said[2]}/pin`]]) {
    assert.equal((await fetch(chat.url + where, { method, headers: { authorization: `Bearer ${ivo.token}` } })).status, 200, where);
  }
  cable.mend();
  await sees(page, 'one, edited', 'three');
  await expectText(() => reactions(page), ['👍1'], 'the reaction');
  await page.locator('.pinned').waitFor();
});

test('what is pinned is listed, and leads to where it was said', async () => {
  const [kay, lea] = await two('kay', 'lea');
  await says(kay, 'The key is under the mat');
  await says(kay, 'and the cat is out');
  await sees(lea, 'The key is under the mat', 'and the cat is out');
  await does(lea, 'The key', 'Pin');
  await kay.locator('.line', { hasText: 'The key' }).getByText('Pinned').waitFor();
  await kay.getByRole('button', { name: 'Pinned messages' }).click();
  const pane = kay.getByRole('complementary', { name: 'Pinned messages' });
  await pane.getByRole('button', { name: /The key is under the mat/ }).waitFor();
  await hasNoBarriers(kay);
  await does(lea, 'and the cat', 'Pin');
  await pane.getByRole('button', { name: /and the cat/ }).waitFor();
  await does(lea, 'The key', 'Take the pin away');
  await expectText(() => pane.getByRole('listitem').count(), 1, 'what is pinned');
  await pane.getByRole('button', { name: /and the cat/ }).click();
  await expectText(() => kay.locator('.line', { hasText: 'and the cat' }).evaluate((line) => line.classList.contains('sought')), true, 'it is marked');
});

test('whom one means by @ is offered, marked, and told by a badge of its own', async () => {
  const [mo] = await Promise.all([chat.signUp('mo'), chat.signUp('noor'), signsUp('Nora Lind')]);
  const people = await chat.asks('GET', '/api/profile/users?page=1&page_size=100', undefined, mo.token);
  const idOf = (name) => people.said.users.find((one) => one.name === name).id;
  await mo.post('/conversation/create-group', { name: 'Trip', groupMembers: [idOf('noor'), idOf('Nora Lind')] });
  const [one, other] = [await browser.person(), await browser.person()];
  await Promise.all([enters(one, chat.url, 'mo'), enters(other, chat.url, 'nora')]);
  await opens(one, 'Trip');
  await place(one).pressSequentially('Ask @no');
  const list = one.getByRole('listbox', { name: 'People to mention' });
  await expectText(async () => (await list.getByRole('option').allTextContents()).toSorted(), ['Nora Lind', 'noor'], 'who fits');
  await hasNoBarriers(one);
  await one.keyboard.type('ra');
  await expectText(async () => (await list.getByRole('option').allTextContents()).toSorted(), ['Nora Lind'], 'who fits now');
  await one.keyboard.press('Enter');
  await expectText(() => place(one).inputValue(), 'Ask @Nora Lind ', 'whom he means');
  await one.keyboard.type('about it');
  await one.keyboard.press('Enter');
  await one.locator('.mention', { hasText: '@Nora Lind' }).waitFor();
  await other.locator('.row', { hasText: 'Trip' }).getByText('mentions you').waitFor();
  await other.reload();
  await other.locator('.row', { hasText: 'Trip' }).getByText('mentions you').waitFor();
  await opens(other, 'Trip');
  await other.locator('.message.calls').waitFor();
  await expectText(() => other.getByText('mentions you').count(), 0, 'it is read');
});

test('the badge of a mention goes when just that is read, elsewhere, and others are left', async () => {
  const [uma, vic] = await Promise.all(['uma', 'vic'].map((name) => chat.signUp(name)));
  const { id } = await uma.post('/conversation/create-group', { name: 'Parts', groupMembers: [vic.id] });
  const page = await browser.person();
  await enters(page, chat.url, 'vic');
  const path = `/api/conversations/${id}`;
  const call = await uma.post(`${path}/messages`, { content: 'Look, @vic' });
  await uma.post(`${path}/messages`, { content: 'and something else' });
  const row = page.locator('.row', { hasText: 'Parts' });
  await row.getByText('mentions you').waitFor();
  await vic.patch(`${path}/read`, { messageId: call.id });
  await expectText(() => row.getByText('mentions you').count(), 0, 'it is read');
  await expectText(() => row.getByText('1 unread').count(), 1, 'the other is not');
});

/** An account with a name that is no address. */
async function signsUp(username) {
  const email = `${username.split(' ')[0].toLowerCase()}@example.test`;
  return chat.asks('POST', '/api/auth/signup', { username, email, password });
}

test('by keyboard alone: from the text field to a message, through its menu, and back', async () => {
  const [ole, pat] = await two('ole', 'pat');
  for (const words of ['first', 'second', 'third']) await says(pat, words);
  await sees(ole, 'first', 'second', 'third');
  const focus = () => ole.evaluate(() => document.activeElement.closest('.line')?.querySelector('.words').textContent ?? document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);
  await place(ole).focus();
  await expectText(async () => (await ole.keyboard.press('Shift+Tab'), await focus()), 'third', 'the last message');
  await ole.keyboard.press('ArrowUp');
  await expectText(focus, 'second', 'the one above');
  await ole.keyboard.press('Enter');
  await ole.getByRole('menu').waitFor();
  await hasNoBarriers(ole);
  await ole.keyboard.press('ArrowRight');
  await ole.keyboard.press('ArrowDown');
  await expectText(focus, 'Reply', 'below the row');
  await ole.keyboard.press('c');
  await expectText(focus, 'Copy the text', 'by its letter');
  await ole.keyboard.press('Escape');
  await expectText(focus, 'second', 'back at the message');
  await place(ole).waitFor();
  await ole.keyboard.press('Enter');
  await ole.keyboard.press('ArrowDown');
  await ole.keyboard.press('Enter');
  await ole.getByText('Reply to pat').waitFor();
  await expectText(focus, 'Message to pat', 'where one types');
  await says(ole, 'me too');
  await ole.getByRole('button', { name: 'Answers pat second' }).waitFor();
});

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`menus, reactions and quotes stay in the window, ${scheme} and ${width} wide`, async () => {
    const [quin, rut] = await Promise.all([`quin${width}`, `rut${width}`].map((name) => chat.signUp(name)));
    const { id } = await quin.post('/conversation/create', { receiverId: rut.id });
    const path = `/api/conversations/${id}/messages`;
    const act = async (who, method, where) => assert.equal((await fetch(`${chat.url}${path}/${where}`, { method, headers: { authorization: `Bearer ${who.token}` } })).status, 200);
    const { id: long } = await quin.post(path, { content: `Long ${'W'.repeat(300)}` });
    const { id: hebrew } = await rut.post(path, { content: 'האם אתם מגיעים מחר בבוקר?', replyTo: long });
    await quin.post(path, { content: 'yes', replyTo: hebrew });
    for (const sign of ['👍', '❤️', '😂', 'x'.repeat(32), '🎉', '🔥', '👀', '🏳️‍🌈', '🙏', '🚀', '💯', '✅']) await act(rut, 'PUT', `${long}/reactions/${encodeURIComponent(sign)}`);
    await act(quin, 'PUT', `${hebrew}/reactions/${encodeURIComponent('👍')}`);
    await quin.patch(`${path}/${long}`, { content: `Long, and edited ${'W'.repeat(300)}` });
    await act(rut, 'PUT', `${long}/pin`);
    const page = await browser.person({ scheme, width, height: 760 });
    await enters(page, chat.url, rut.name);
    await opens(page, quin.name);
    await page.locator('.words', { hasText: 'yes' }).waitFor();
    await fitsItsWidth(page);
    await hasNoBarriers(page);
    await page.screenshot({ path: picture(`chat-reactions-${scheme}.png`) });
    const line = page.locator('.line', { has: page.locator('.words', { hasText: 'האם' }) });
    await line.hover();
    await line.getByRole('button', { name: 'Message options' }).click();
    const { left, right, top, bottom } = await page.getByRole('menu').evaluate((menu) => menu.getBoundingClientRect().toJSON());
    assert.ok(left >= 0 && top >= 0 && right <= width && bottom <= 760, 'the menu is in the window');
    await page.screenshot({ path: picture(`chat-menu-${scheme}.png`) });
    await page.getByRole('menuitem', { name: 'Another emoji' }).click();
    await page.getByRole('button', { name: 'Smileys' }).click();
    await page.getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await hasNoBarriers(page);
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`chat-picker-${scheme}.png`) });
  });
}
