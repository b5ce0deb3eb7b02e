// How does a check get a browser: a person with windows of their own, and a page whose complaints are failures?
//
//   import { Browser } from './browser.js';                   before chat.js: windows close before their server does
//   const browser = await Browser.open();                     one chromium for a file of checks, gone with it
//   const ann = await browser.person({ scheme: 'dark', width: 360 });   a context of its own: cookies, storage
//   await ann.goto(chat.url);                                 ann is a Playwright page
//   await hasNoBarriers(ann);                                 axe-core finds nothing
//   await ann.screenshot({ path: picture('chat-dark.png') });  into target/
//
// Whatever a page says on its console as an error, throws, or is refused by its policy fails the check in which it did;
// `browser.forgives(page, /pattern/)` takes what a check brought about on purpose.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { after, afterEach } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What a browser is called, in the order in which tests/run looks for it. */
const names = ['chromium', 'chromium-browser', 'google-chrome'];

function executable() {
  for (const name of names) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // Not this one.
    }
  }
  throw new Error(`none of ${names.join(', ')} is in PATH; Debian: apt install chromium`);
}

const opened = [];

afterEach(() => {
  for (const browser of opened) assert.deepEqual(browser.complaints(), [], 'what pages complained about');
});
after(() => Promise.all(opened.map((browser) => browser.close())));

/** Where pictures of pages go: beside the other things that are built. */
export function picture(name) {
  const path = fileURLToPath(new URL(`../../../target/${name}`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

export class Browser {
  #chromium;
  #complaints = [];
  #forgiven = [];

  /** Starts chromium; it ends after the file's last check. */
  static async open() {
    const browser = new Browser();
    browser.#chromium = await chromium.launch({
      executablePath: executable(),
      // Containers and root have no sandbox to offer; everything opened here is ours.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    opened.push(browser);
    return browser;
  }

  close() {
    return this.#chromium.close();
  }

  /** Somebody at a screen of their own. */
  async person({ scheme = 'light', width = 1100, height = 760, ...options } = {}) {
    const context = await this.#chromium.newContext({
      colorScheme: scheme,
      viewport: { width, height },
      reducedMotion: 'reduce',
      locale: 'en-GB',
      bypassCSP: false,
      ...options,
    });
    context.setDefaultTimeout(8_000);
    return this.window(context);
  }

  /** One more window of the same person. */
  async window(context) {
    const page = await context.newPage();
    const complains = (text) => this.#complaints.push({ page, text });
    page.on('pageerror', (error) => complains(`threw ${error.stack ?? error}`));
    // Chromium says refusals by the policy on the console too, as errors.
    page.on('console', (said) => said.type() === 'error' && complains(`${said.text()} (${said.location().url})`));
    page.on('dialog', (dialog) => (complains(`opened a dialog: ${dialog.message()}`), dialog.dismiss()));
    return page;
  }

  /** This page may say so: the check cuts its connection, or asks for what is refused. */
  forgives(page, pattern) {
    this.#forgiven.push({ page, pattern });
  }

  /** What was not forgiven since this was last asked. */
  complaints() {
    const forgiven = ({ page, text }) => this.#forgiven.some((one) => one.page === page && one.pattern.test(text));
    const said = this.#complaints.splice(0);
    return said.filter((complaint) => !forgiven(complaint)).map(({ text }) => text);
  }
}

/** Is the page as it stands usable by everybody, as far as axe-core can tell? */
export async function hasNoBarriers(page, what = page.url()) {
  // Evaluated by the debugger, not loaded by the page, so the page's policy has no say in it.
  if (!(await page.evaluate(() => 'axe' in window))) {
    const debugging = await page.context().newCDPSession(page);
    const { exceptionDetails } = await debugging.send('Runtime.evaluate', { expression: `${axe};0` });
    await debugging.detach();
    assert.equal(exceptionDetails, undefined, 'axe-core starts');
  }
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((one) => `${one.html} — ${one.failureSummary}`) }));
  assert.deepEqual(found, [], what);
}

/** Nothing stands out at the side: a phone need not be dragged about. */
export async function fitsItsWidth(page) {
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(wide <= seen, `the page is ${wide} wide in a window of ${seen}`);
}

/** Waits until something reads as it should; what it reads instead is the failure. */
export async function expectText(read, wanted, what) {
  let seen;
  for (const deadline = Date.now() + 8_000; Date.now() < deadline; await pause(30)) {
    seen = await read();
    if (isDeepStrictEqual(seen, wanted)) return;
  }
  assert.deepEqual(seen, wanted, what);
}
