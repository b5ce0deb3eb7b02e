// How does a check in JavaScript get a PostgreSQL server of its own, as a machine has it that Debian's package was installed on?
//
//   const cluster = await Cluster.start();          private, unprivileged; gone with this process
//   await cluster.runs(['createuser', 'ann'], '');  a program of PostgreSQL's, as its superuser, with this as standard input

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chown, mkdtemp, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

const nobody = 65_534;
const isRoot = process.getuid() === 0;
const patience = 60_000;

/** A port that was free a moment ago. */
export const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Debian has the newest one's programs outside PATH. */
async function path() {
  const all = '/usr/lib/postgresql';
  const versions = (await readdir(all).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  return [...versions.map((version) => join(all, version, 'bin')), process.env.PATH].join(delimiter);
}

/** Runs a program until standard input closes, which it also does if this process is killed; then nothing is left of it. */
const keeper = `trap '' HUP INT TERM
"$@" </dev/null & server=$!
read -r end
kill -QUIT "$server"; wait "$server"; rm -rf "$0"`;

export class Cluster {
  static async start() {
    const home = await mkdtemp(join(tmpdir(), 'chat-postgres-'));
    if (isRoot) await chown(home, nobody, nobody);
    const cluster = new Cluster();
    Object.assign(cluster, { home, port: await freePort(), path: await path() });
    const data = join(home, 'data');
    await cluster.runs(['initdb', '--no-sync', '--encoding=UTF8', '--username=postgres', '--auth-local=trust', '--auth-host=scram-sha-256', '-D', data], '');
    const settings = [`port=${cluster.port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${home}`];
    const server = cluster.begins(['sh', '-c', keeper, home, 'postgres', '-D', data, ...settings.flatMap((setting) => ['-c', setting])]);
    after(() => (server.child.stdin.end(), server.ended));
    for (const deadline = Date.now() + patience; ; await pause(50)) {
      assert.ok(Date.now() < deadline && server.child.exitCode === null, `PostgreSQL does not serve:\n${server.said()}`);
      const asked = cluster.begins(['psql', '--command', 'SELECT 1', 'postgres']);
      asked.child.stdin.end();
      if ((await asked.ended) === 0) return cluster;
    }
  }

  /** What is thrown away afterwards need not be there after the power was cut. */
  async hurries() {
    await this.runs(['psql', '--command', 'ALTER SYSTEM SET fsync = off', '--command', 'SELECT pg_reload_conf()', 'postgres'], '');
  }

  async runs(words, input) {
    const program = this.begins(words);
    program.child.stdin.end(input);
    assert.equal(await program.ended, 0, `${words.join(' ')}\n${program.said()}`);
  }

  /** Without a terminal, so that a password is read from standard input; and as a user that PostgreSQL accepts. */
  begins(words) {
    const env = { LC_ALL: 'C.UTF-8', PATH: this.path, PGHOST: this.home, PGPORT: this.port, PGUSER: 'postgres' };
    const user = isRoot && { uid: nobody, gid: nobody };
    const [program, ...rest] = words;
    const child = spawn(program, rest, { cwd: this.home, detached: true, env, ...user });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = (said + text).slice(-4_000)));
    child.stdin.on('error', () => {});
    const ended = new Promise((resolve) => child.once('close', resolve).once('error', (error) => (said += error, resolve(-1))));
    return { child, ended, said: () => said };
  }
}
