// Do right-to-left words read well: the time beside them and not over them, the author where the words begin?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, png } from './people.js';

const chat = await open();
const browser = await Browser.open();
const words = {
  short: 'שלום',
  sentence: 'مرحبا بكم جميعا في هذه الغرفة، هنا نتحدث عن الطعام والكتب وكل شيء آخر يخطر ببالكم اليوم وغدا وبعد غد',
  mixed: 'הקישור הוא https://example.com/path',
  starts: 'Latin begins, עברית ממשיכה',
  lines: 'שורה ראשונה\nsecond line',
};

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`bubbles of either direction, ${scheme} and ${width} wide`, async () => {
    const [noa, tom] = await Promise.all([`נועה ${width}`, `tom ${width}`].map((name, at) => chat.signUp(`p${at}-${width}`).then((one) => ({ ...one, shown: name }))));
    const group = await noa.post('/conversation/create-group', { name: `קבוצה ${width}`, groupMembers: [tom.id] });
    const path = `/api/conversations/${group.id}/messages`;
    for (const text of Object.values(words)) {
      await noa.post(path, { content: text });
      await tom.post(path, { content: text });
    }
    const form = new FormData();
    form.append('roomId', group.id);
    form.append('file', new File([png], 'תמונה.png'));
    await fetch(`${chat.url}/api/files/upload`, { method: 'POST', headers: { authorization: `Bearer ${noa.token}` }, body: form });
    const page = await browser.person({ scheme, width, height: 1_000 });
    await enters(page, chat.url, tom.name);
    await opens(page, `קבוצה ${width}`);
    await page.locator('.words').last().waitFor();
    const bubbles = await page.locator('.bubble').evaluateAll((all) =>
      all.map((bubble) => {
        const range = document.createRange();
        const of = (part) => bubble.querySelector(part);
        range.selectNodeContents(of('.words'));
        const box = ({ left, right, top, bottom }) => ({ left, right, top, bottom });
        // The letters of a name, and not the line they stand on.
        return {
          text: of('.words').textContent, rtl: getComputedStyle(of('.words')).direction === 'rtl', bubble: box(bubble.getBoundingClientRect()),
          lines: [...range.getClientRects()].map(box), time: box(of('.stamp time').getBoundingClientRect()),
          tick: of('.tick') && box(of('.tick').getBoundingClientRect()), author: of('.author bdi') && box(of('.author bdi').getBoundingClientRect()),
        };
      }),
    );
    assert.equal(bubbles.length, 10);
    const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 4 && other.top < one.bottom - 4;
    for (const { text, rtl, bubble, lines, time, tick, author } of bubbles) {
      assert.equal(rtl, !text.startsWith('Latin'), text);
      for (const line of lines) for (const mark of [time, tick].filter(Boolean)) assert.ok(!meet(line, mark), `${text}: ${JSON.stringify({ line, mark })}`);
      // The time stands where the words end, an author's name where they begin.
      const [near, far] = rtl ? [bubble.right, bubble.left] : [bubble.left, bubble.right];
      const outer = tick ?? time;
      assert.ok(Math.abs((rtl ? outer.left : outer.right) - far) < 20, `${text}: the time is at the end`);
      if (author) assert.ok(Math.abs((rtl ? author.right : author.left) - near) < 20, `${text}: the name is at the beginning`);
    }
    assert.ok(bubbles.some(({ author }) => author), 'somebody is named');
    await hasNoBarriers(page);
    await page.screenshot({ path: picture(`chat-rtl-${scheme}.png`) });
  });
}

test('an address in whatever spelling leads to its conversation, also through signing in', async () => {
  const rosa = await chat.signUp('rosa');
  const hex = await rosa.opensRoom('Spelled');
  const { id } = await rosa.get(`/api/conversations/${hex}`);
  for (const spelled of [hex, id]) {
    const page = await browser.person();
    await page.goto(`${chat.url}/#c/${spelled}`);
    await page.getByLabel('E-mail').fill('rosa@example.test');
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Message to Spelled' }).waitFor();
    assert.equal(new URL(page.url()).hash, `#c/${id}`);
    assert.equal(await page.locator('.row[aria-current]').count(), 1, 'the list shows where one is');
    await page.evaluate((to) => (location.hash = `c/${to}`), spelled);
    await page.getByRole('textbox', { name: 'Message to Spelled' }).waitFor();
  }
});
