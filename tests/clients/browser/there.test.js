// Does one see who is there, and when who is not was last seen?

import { test } from 'node:test';
import { Browser, hasNoBarriers } from './browser.js';
import { open } from '../chat.js';
import { about, enters, opens } from './people.js';

const chat = await open();
const browser = await Browser.open();

test('who comes is there, and who goes was last seen', async () => {
  const [yan, zoe] = await Promise.all(['yan', 'zoe'].map((name) => chat.signUp(name)));
  await yan.post('/conversation/create', { receiverId: zoe.id });
  await yan.post('/conversation/create-group', { name: 'Both', groupMembers: [zoe.id] });
  const page = await browser.person();
  await enters(page, chat.url, 'yan');
  await opens(page, 'zoe');
  const head = page.locator('.conversation-names');
  await head.getByText('Direct message').waitFor();
  const other = await browser.person();
  await enters(other, chat.url, 'zoe');
  await head.getByText('online').waitFor();
  await page.locator('.row', { hasText: 'zoe' }).getByText('online').waitFor();
  await hasNoBarriers(page);
  await page.reload();
  await head.getByText('online').waitFor();
  await other.context().close();
  await head.getByText(/last seen (today|yesterday) at/).waitFor({ timeout: 20_000 });
  await opens(page, 'Both');
  await about(page);
  await page.getByRole('dialog').getByText(/last seen (today|yesterday) at/).waitFor();
});
