// Do owners change a group before everybody's eyes, and does each decide what they are told of?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { about, enters, opens, png, says, sees } from './people.js';

const chat = await open();
const browser = await Browser.open();

/** A group of two, whose owner is the first; both are in it, in their own windows. */
async function group(name, ...names) {
  const people = await Promise.all(names.map((one) => chat.signUp(one)));
  const { id } = await people[0].post('/conversation/create-group', { name, groupMembers: [people[1].id] });
  const pages = [await browser.person(), await browser.person()];
  await Promise.all(pages.map((page, at) => enters(page, chat.url, names[at])));
  await Promise.all(pages.map((page) => opens(page, name)));
  return { people, pages, id };
}

test('an owner renames, describes, pictures and archives a group, and names another owner', async () => {
  const { pages: [uma, vic] } = await group('Old name', 'uma', 'vic');
  await about(vic);
  await vic.getByText('2 people').waitFor();
  assert.equal(await vic.getByRole('button', { name: 'Change it' }).count(), 0, 'a member may not');
  await about(uma);
  await uma.getByRole('button', { name: 'Change it' }).click();
  await uma.getByLabel('Name', { exact: true }).fill('New name');
  await uma.getByLabel('What it is about').fill('Everything new');
  const [chooser] = await Promise.all([uma.waitForEvent('filechooser'), uma.getByLabel('Picture', { exact: true }).click()]);
  await chooser.setFiles([{ name: 'looks.png', mimeType: 'image/png', buffer: png }]);
  await vic.locator('.row img.face').waitFor();
  await hasNoBarriers(uma);
  await uma.getByRole('button', { name: 'Save' }).click();
  await vic.getByRole('heading', { name: 'New name' }).first().waitFor();
  await vic.getByRole('dialog').getByText('Everything new').waitFor();
  await uma.getByRole('button', { name: 'Make an owner: vic' }).click();
  await vic.getByRole('button', { name: 'Change it' }).waitFor();
  await uma.getByRole('button', { name: 'Change it' }).click();
  await uma.getByRole('switch', { name: 'Archived' }).click();
  await vic.getByRole('dialog').getByText('Archived: it can be read').waitFor();
  await vic.keyboard.press('Escape');
  await vic.getByText('This conversation is archived').waitFor();
  assert.equal(await vic.getByRole('textbox', { name: /^Message to/ }).count(), 0, 'nobody writes there');
  await uma.getByRole('switch', { name: 'Archived' }).click();
  await uma.keyboard.press('Escape');
  await vic.getByRole('textbox', { name: 'Message to New name' }).waitFor();
  await says(vic, 'We are back');
  await sees(uma, 'We are back');
});

test('who mutes a group is told of nothing there, on no device, and finds it all the same', async () => {
  const { people: [wim], pages: [, xia], id } = await group('Loud', 'wim', 'xia');
  const other = await browser.window(xia.context());
  await other.goto(chat.url);
  await about(xia);
  await xia.getByLabel('Tell me of').selectOption('Only when I am mentioned');
  await hasNoBarriers(xia);
  await xia.screenshot({ path: picture('chat-about.png') });
  for (const page of [xia, other]) await page.locator('.row', { hasText: 'Loud' }).getByText('muted').waitFor();
  await xia.getByLabel('Mute').selectOption('For an hour');
  await xia.getByText(/Until (today|tomorrow) at/).waitFor();
  await xia.getByRole('button', { name: 'Unmute' }).click();
  await xia.getByLabel('Tell me of').selectOption('Everything');
  await expectText(() => other.locator('.row', { hasText: 'Loud' }).getByText('muted').count(), 0, 'the other window');
  await xia.keyboard.press('Escape');
  await wim.post(`/api/conversations/${id}/messages`, { content: 'Hear me' });
  await sees(xia, 'Hear me');
});

test('an owner says for how long messages are kept, and everybody is told so', async () => {
  const { pages: [una, vera] } = await group('Short', 'una', 'vera');
  await about(una);
  await una.getByRole('button', { name: 'Change it' }).click();
  await una.getByLabel('Remove messages after').fill('7');
  await hasNoBarriers(una);
  await una.screenshot({ path: picture('chat-looks.png') });
  await una.getByRole('button', { name: 'Save' }).click();
  await una.getByText('Messages are removed after 7 days.').waitFor();
  await about(vera);
  await vera.getByText('Messages are removed after 7 days.').waitFor();
  await una.getByRole('button', { name: 'Change it' }).click();
  await una.getByLabel('Remove messages after').fill('');
  await una.getByRole('button', { name: 'Save' }).click();
  await vera.getByText('Messages are removed after').waitFor({ state: 'detached' });
});
