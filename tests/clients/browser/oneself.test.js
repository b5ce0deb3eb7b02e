// Does one change who one is by the page alone: name, picture, password, address; take everything along, and leave?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, password, png, says, sees } from './people.js';

const chat = await open();
const browser = await Browser.open();
const opensAccount = async (page, name, what) => {
  await page.getByRole('button', { name: `${name}: your account` }).click();
  await page.getByRole('button', { name: what, exact: true }).click();
};

test('another name and picture show to others at once', async () => {
  const [amy, ben] = await Promise.all(['amy', 'ben'].map((name) => chat.signUp(name)));
  await amy.post('/conversation/create', { receiverId: ben.id });
  const [page, other] = [await browser.person(), await browser.person()];
  await Promise.all([enters(page, chat.url, 'amy'), enters(other, chat.url, 'ben')]);
  await opens(other, 'amy');
  await opensAccount(page, 'amy', 'Your name and picture');
  await hasNoBarriers(page);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByLabel('Picture', { exact: true }).click()]);
  await chooser.setFiles([{ name: 'me.png', mimeType: 'image/png', buffer: png }]);
  await other.locator('.row img.face').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Amy Adams');
  await page.getByRole('button', { name: 'Save' }).click();
  await other.getByRole('heading', { name: 'Amy Adams' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Amy Adams: your account' }).waitFor();
  await page.reload();
  await page.locator('.account img.face').waitFor();
});

test('another password is good at once, and the one before no more', async () => {
  await chat.signUp('cyd');
  const page = await browser.person();
  await enters(page, chat.url, 'cyd');
  await opensAccount(page, 'cyd', 'Your password');
  browser.forgives(page, /status of 40[013]/);
  await page.getByLabel('Your password now').fill('wrong, I fear');
  await page.getByLabel('New password').fill('battery staple');
  await page.getByRole('button', { name: 'Save the password' }).click();
  await page.getByText('The password is wrong.').waitFor();
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Save the password' }).click();
  await page.getByText('Your new password is saved').waitFor();
  const login = (password) => chat.asks('POST', '/api/auth/login', { email: 'cyd@example.test', password });
  assert.deepEqual([(await login(password)).status, (await login('battery staple')).status], [401, 200]);
});

test('another address is one\'s own once its code came back', async () => {
  await chat.signUp('dee');
  const page = await browser.person();
  await enters(page, chat.url, 'dee');
  await opensAccount(page, 'dee', 'Your e-mail');
  await page.getByLabel('New e-mail').fill('dee.new@example.test');
  await page.getByLabel('Your password').fill(password);
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByLabel('Code').waitFor();
  await hasNoBarriers(page);
  const { said } = await chat.asks('GET', '/api/admin/outbox?to=dee.new@example.test', undefined, chat.adminToken);
  const [code] = /\b\d{6}\b/.exec(said.outbox[0].text);
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Use this address' }).click();
  await page.getByText('dee.new@example.test').waitFor();
});

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`one takes everything along and leaves, ${scheme} and ${width} wide`, async () => {
    const name = `eli${width}`;
    const [eli, fay] = await Promise.all([name, `fay${width}`].map((one) => chat.signUp(one)));
    await eli.post('/conversation/create', { receiverId: fay.id });
    const page = await browser.person({ scheme, width, height: 760 });
    const other = await browser.person();
    await Promise.all([enters(page, chat.url, name), enters(other, chat.url, fay.name)]);
    await opens(page, fay.name);
    await says(page, 'Mine for now');
    await opens(other, name);
    await sees(other, 'Mine for now');
    if (width < 720) await page.getByRole('link', { name: 'Back to your conversations' }).click();
    await page.getByRole('button', { name: `${name}: your account` }).click();
    await page.getByText('this device').waitFor();
    await hasNoBarriers(page);
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`chat-account-${scheme}.png`) });
    await page.getByRole('button', { name: 'Download what is yours' }).click();
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download it' }).click()]);
    const chunks = await (await saved.createReadStream()).toArray();
    assert.equal(Buffer.concat(chunks).subarray(0, 2).toString(), 'PK');
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.getByRole('button', { name: 'Delete your account' }).click();
    await page.getByLabel('is deleted too').check();
    await page.getByLabel('Your password').fill(password);
    await hasNoBarriers(page);
    await page.screenshot({ path: picture(`chat-leaving-${scheme}.png`) });
    // The server ends the connection, and the page asks whether it is signed in still.
    browser.forgives(page, /status of 401/);
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Your account is gone. Farewell!').waitFor();
    await sees(other);
    await expectText(() => page.evaluate(() => localStorage.getItem('chat.session')), null, 'nothing is kept');
  });
}
