// Do the README's examples run, as they stand there?
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile, rm } from 'node:fs/promises';
import test from 'node:test';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { binary, open } from './chat.js';

// A program of the README, the `nth` in this language.
const program = async (language, nth) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const found = [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))];
  return found[nth][1];
};
// Runs it where its imports find the client, and where `chat` is the binary under test.
const run = promisify(execFile);
const surroundings = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` };

test('the example in the README runs, and both products hear it', async (t) => {
  const example = await program('javascript', 0);
  const chat = await open();
  // Beside the test, where its import finds the client.
  const script = new URL('./readme-example.tmp.mjs', import.meta.url);
  t.after(() => rm(script, { force: true }));
  await writeFile(script, example.replace('http://localhost:3000', chat.url));
  const { stdout } = await run(process.execPath, [script.pathname], { timeout: 20_000 });
  assert.match(stdout, /^rooms answers: Message sent successfully: Hello everyone!$/m);
  assert.match(stdout, /^direct hears: Hello everyone! \(message \d+\)$/m);
});

test('a throwaway server is started from Node as the README says', async (t) => {
  const script = new URL('./readme-throwaway.tmp.mjs', import.meta.url);
  t.after(() => rm(script, { force: true }));
  await writeFile(script, await program('javascript', 1));
  const { stdout } = await run(process.execPath, [script.pathname], { timeout: 20_000, env: surroundings });
  assert.equal(stdout, 'Login successful\n2 accounts\n');
});

test('and from Python', async () => {
  const { stdout } = await run('python3', ['-c', await program('python', 0)], { timeout: 20_000, env: surroundings });
  assert.equal(stdout, 'Login successful\n');
});
