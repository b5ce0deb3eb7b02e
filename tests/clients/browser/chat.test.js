import { Browser, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { test } from 'node:test';
const chat = await open();
const browser = await Browser.open();
test('it opens', async () => {
  const ann = await browser.person();
  await ann.goto(chat.url);
  await hasNoBarriers(ann);
  await fitsItsWidth(ann);
  await ann.screenshot({ path: picture('chat-light.png') });
});
