// Does the README's example say hello, as it stands there?
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile, rm } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { open } from './chat.js';

test('the example in the README runs, and both products hear it', async (t) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, example] = /```javascript\n([\s\S]*?)```/.exec(readme);
  const chat = await open();
  // Beside the test, where its import finds the client.
  const script = new URL('./readme-example.tmp.mjs', import.meta.url);
  t.after(() => rm(script, { force: true }));
  await writeFile(script, example.replace('http://localhost:3000', chat.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script.pathname], { timeout: 20_000 });
  assert.match(stdout, /^rooms answers: Message sent successfully: Hello everyone!$/m);
  assert.match(stdout, /^direct hears: Hello everyone! \(message \d+\)$/m);
});
