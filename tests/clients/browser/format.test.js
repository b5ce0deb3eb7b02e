// Are words formatted as their author meant it, as elements and never as HTML, and at once, whatever somebody sends?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatted, plainly } from '../../../assets/pages/chat/format.js';
import { Browser, expectText, fitsItsWidth, hasNoBarriers, picture } from './browser.js';
import { open } from '../chat.js';
import { enters, opens, says } from './people.js';

const chat = await open();
const browser = await Browser.open();
const inRoom = async (name, options) => {
  const person = await chat.signUp(name);
  const room = await person.opensRoom(`Words of ${name}`);
  const page = await browser.person(options);
  await enters(page, chat.url, name);
  await opens(page, `Words of ${name}`);
  return { page, person, path: `/api/conversations/${room}/messages` };
};

test('bold, italic, struck, code, quotes, lists and links', async () => {
  const { page, person, path } = await inRoom('fritz');
  const shows = async (text, wanted) => {
    await person.post(path, { content: text });
    await expectText(() => page.locator('.words').last().evaluate((words) => words.innerHTML.replace(/ (?:dir|target|rel)="[^"]*"/g, '')), wanted, text);
  };
  await shows('**bold**, *leaning*, _so too_, ***both***, ~~gone~~, `a *b*`', '<strong>bold</strong>, <em>leaning</em>, <em>so too</em>, <strong><em>both</em></strong>, <s>gone</s>, <code>a *b*</code>');
  await shows('2*3*4 is a_snake_case **and this never ends', '2*3*4 is a_snake_case **and this never ends');
  await shows('**eins *zwei* drei** 这是**重点**内容', '<strong>eins <em>zwei</em> drei</strong> 这是<strong>重点</strong>内容');
  await shows('> she said\n> **so**\nyes', '<blockquote>she said\n<strong>so</strong></blockquote>yes');
  await shows('- milk\n- eggs\n3. three\n4. four', '<ul><li>milk</li><li>eggs</li></ul><ol start="3"><li>three</li><li>four</li></ol>');
  await shows('```js\nif (a < b) **c**\n```\n```\nno end', '<pre><code>if (a &lt; b) **c**</code></pre>```\nno end');
  await shows('[the map](https://example.com/m) mailto:ann@example.test', '<a href="https://example.com/m" title="https://example.com/m">the map</a> <a href="mailto:ann@example.test">mailto:ann@example.test</a>');
  // What looks like one address leads to no other, and nothing leads anywhere but to the web or to mail.
  await shows('[bank.example](https://evil.test) [x](javascript:alert(1)) [y](/api/auth/logout)', '[bank.example](<a href="https://evil.test/">https://evil.test</a>) [x](javascript:alert(1)) [y](/api/auth/logout)');
  await shows('<b>no</b> **<img src=x onerror=alert(1)>**', '&lt;b&gt;no&lt;/b&gt; <strong>&lt;img src=x onerror=alert(1)&gt;</strong>');
  for (const one of await page.locator('.words a').all()) assert.equal(await one.getAttribute('rel'), 'noopener noreferrer nofollow');
  // The list has the words without their marks.
  await says(page, '**Loud** and `clear`');
  await page.locator('.row-last', { hasText: 'You: Loud and clear' }).waitFor();
});

for (const [scheme, width] of [['light', 1100], ['dark', 360]]) {
  test(`long, right-to-left and hostile words stay in their place, ${scheme} and ${width} wide`, async () => {
    const { page, person, path } = await inRoom(`zoe${width}`, { scheme, width, height: 1_100 });
    for (const content of [
      '**Packing list**\n- boots\n- a *warm* coat\n- `maps.gpx`\n> Take the early train\n```\nsudo make sandwich\n```\nSee [the route](https://example.com/route)',
      'רשימה **חשובה**:\n- לחם\n- חלב ו*ביצים*\n> מי אמר?\n`code()` בסוף',
      `Z̸͑a̵l̶g̴o ${'W'.repeat(400)}`, `https://example.com/${'long/'.repeat(60)}`, '```\n' + 'x'.repeat(300) + '\n```', '\u202eright-to-left override\u202c and on', '**'.repeat(200),
    ]) await person.post(path, { content });
    await page.locator('.words', { hasText: '*'.repeat(400) }).waitFor();
    await fitsItsWidth(page);
    assert.equal(await page.locator('.bubble').evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length), 0, 'nothing stands out of its bubble');
    await hasNoBarriers(page);
    await page.screenshot({ path: picture(`chat-words-${scheme}.png`) });
    await page.getByRole('region', { name: 'Messages' }).evaluate((box) => (box.scrollTop = 0));
    await page.screenshot({ path: picture(`chat-words-top-${scheme}.png`) });
  });
}

/** Milliseconds of the processor for a text of this length; the least of three, because others use the machine too. */
function takes(piece, length) {
  const text = piece.repeat(Math.ceil(length / piece.length));
  const people = Array.from({ length: 50 }, (_, at) => `person ${at}`);
  const times = [1, 2, 3].map(() => {
    const began = process.cpuUsage();
    formatted(text, people);
    plainly(text);
    return process.cpuUsage(began).user / 1_000;
  });
  return Math.min(...times);
}

test('a text costs as much as it is long, whatever it is made of', () => {
  const marks = ['*', '**', '***', '_', '~~', '`', '[', ']', '(', '[a](', '[a](http://', 'http://', 'mailto:', '@', '> ', '- ', '1. ', '```', '\n', ' ', 'a', '.', '**_', '\u0301'];
  // Random words of marks, the same ones on every run.
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const pieces = [...marks, ...marks.map((mark) => `${mark}a `), ...Array.from({ length: 60 }, () => Array.from({ length: 2 + random(6) }, () => marks[random(marks.length)]).join(''))];
  for (const piece of pieces) {
    const long = takes(piece, 100_000);
    // What grew with the square of the length would take many seconds.
    assert.ok(long < 1_000, `${JSON.stringify(piece)}: ${long} ms for 100 kB`);
    if (long > 300) {
      const short = takes(piece, 25_000);
      assert.ok(long < short * 8 + 150, `${JSON.stringify(piece)}: ${short} ms for 25 kB, ${long} ms for 100 kB`);
    }
  }
});
