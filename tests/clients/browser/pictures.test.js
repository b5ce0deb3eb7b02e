// How does one look at pictures, and give some: large, one after the other, by keyboard, pasted and dropped?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, png, says } from './people.js';

const chat = await open();
const browser = await Browser.open();

/** Lets a file fall onto the conversation. */
const drops = (page, name) => page.evaluate(async ([bytes, name]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
  const place = document.querySelector('.conversation');
  place.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
  await new Promise(requestAnimationFrame);
  const invited = document.querySelector('.dropping') !== null;
  place.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  return invited;
}, [[...png], name]);

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`dropped pictures are looked at one after the other, ${scheme} and ${width} wide`, async () => {
    const pia = await chat.signUp(`pia${width}`);
    await pia.opensRoom(`Pictures ${width}`);
    const page = await browser.person({ scheme, width });
    await enters(page, chat.url, pia.name);
    await opens(page, `Pictures ${width}`);
    for (const name of ['first.png', 'a very long name of a second picture that goes on and on.png']) {
      assert.equal(await drops(page, name), true, 'the page invites to drop');
      await page.locator('.uploads img').waitFor();
      await expectText(() => page.locator('.uploads progress').count(), 0, 'uploads that go on');
      await says(page, `This is ${name}`);
      await page.getByRole('button', { name: `Picture: ${name}` }).locator('img').waitFor();
    }
    const opener = page.getByRole('button', { name: 'Picture: first.png' });
    await opener.focus();
    await page.keyboard.press('Enter');
    const viewer = page.getByRole('dialog', { name: 'first.png' });
    await viewer.getByRole('img', { name: 'first.png' }).waitFor();
    await viewer.getByText('1 of 2').waitFor();
    await hasNoBarriers(page);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: 'a very long name' }).getByText('2 of 2').waitFor();
    await fitsItsWidth(page);
    await page.screenshot({ path: picture(`chat-viewer-${scheme}.png`) });
    await page.keyboard.press('ArrowRight');
    await page.getByRole('button', { name: 'Previous picture' }).click();
    const [saved] = await Promise.all([page.waitForEvent('download'), viewer.getByRole('button', { name: 'Save' }).click()]);
    assert.equal(saved.suggestedFilename(), 'first.png');
    await page.keyboard.press('Escape');
    await expectText(() => page.getByRole('dialog').count(), 0, 'it is closed');
    assert.ok(await opener.evaluate((one) => one === document.activeElement), 'the focus is where it was');
  });
}
