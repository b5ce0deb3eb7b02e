// Do the README's chapters "On PostgreSQL" and "Several servers" work as they stand there, for a client that we did not write?
// Its database, its command, and its nginx before two servers: stock clients poll, upgrade, and are moved to the other server.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { binary, generations, once, open, tell } from './chat.js';
import { Cluster, freePort } from './postgres.js';

const patience = 60_000;
const password = 'it is:a secret';
const home = await mkdtemp(join(tmpdir(), 'chat-servers-'));
after(() => rm(home, { recursive: true, force: true }));

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
const chapter = (title) => readme.split(`\n## ${title}\n`)[1].split('\n## ')[0];
const block = (title, language, nth = 0) => [...chapter(title).matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))][nth][1];

/** Every word that the README has is there, and is put another for here. */
function put(text, ...changes) {
  for (const [before, now] of changes) {
    assert.ok(text.includes(before), `no ${before} in the README's\n${text}`);
    text = text.replaceAll(before, now);
  }
  return text;
}

/** The words of a command as a shell reads them. */
const words = (line) => [...line.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);

/** The role, the database and the file with the password, as the README makes them; what its addresses are here. */
async function database() {
  const cluster = await Cluster.start();
  for (const line of block('On PostgreSQL', 'sh').trim().split('\n')) {
    // Asked twice for the password, if at all.
    await cluster.runs(words(line), `${password}\n${password}\n`);
  }
  const passfile = join(home, 'pgpass');
  const line = block('On PostgreSQL', 'text');
  const escaped = password.replaceAll(':', '\\:');
  await writeFile(passfile, put(line, ['db.example:5432', `127.0.0.1:${cluster.port}`], ['PASSWORD', escaped]), { mode: 0o600 });
  const here = [['db.example', `127.0.0.1:${cluster.port}`], ['/etc/chat/pgpass', passfile], ['sslmode=verify-full', 'sslmode=prefer']];
  return { cluster, here };
}

/** The README's nginx, before these of its servers. */
class Nginx {
  static async before(servers) {
    const nginx = new Nginx();
    nginx.port = await freePort();
    nginx.url = `http://127.0.0.1:${nginx.port}`;
    await nginx.writes(servers);
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
    nginx.child = spawn('nginx', ['-p', home, '-e', 'stderr', '-c', join(home, 'nginx.conf')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    nginx.said = '';
    nginx.child.stderr.on('data', (text) => (nginx.said = (nginx.said + text).slice(-4_000)));
    const ended = new Promise((resolve) => nginx.child.once('close', resolve).once('error', (error) => resolve((nginx.said += error))));
    after(() => (nginx.child.kill(), ended));
    await eventually('nginx serves', () => fetch(`${nginx.url}/livez`).then(({ ok }) => ok, () => false), () => nginx.said);
    return nginx;
  }

  async writes(servers) {
    let site = put(block('Several servers', 'nginx'), ['443 ssl', `127.0.0.1:${this.port}`], ['server_name chat.example.com', 'server_name 127.0.0.1'])
      .replace(/ *ssl_certificate.*\n/g, '');
    for (const number of [1, 2, 3]) {
      const line = `    server 10.0.0.${number}:3000;\n`;
      site = put(site, [line, servers[number - 1] ? put(line, [`10.0.0.${number}:3000`, servers[number - 1]]) : '']);
    }
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${home}/${what};`);
    // Who starts as root would hand the files to another. A process beside the one that serves takes up what is new.
    const user = process.getuid() === 0 ? 'user root root;' : '';
    await writeFile(join(home, 'nginx.conf'), `daemon off; ${user} worker_processes 1; pid ${home}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(' ')}
${site}}`);
  }
}

async function eventually(what, holds, why = () => '') {
  for (const deadline = Date.now() + patience; ; await pause(50)) {
    if (await holds()) return;
    assert.ok(Date.now() < deadline, `in vain: ${what}\n${why()}`);
  }
}

/** The servers' own figures, past the proxy: their sockets by transport. */
async function sockets({ url }) {
  const said = await (await fetch(`${url}/metrics`)).text();
  return Object.fromEntries([...said.matchAll(/^chat_sockets\{transport="(\w+)"\} (\d+)$/gm)].map(([, name, count]) => [name, Number(count)]));
}

/** Another address of this machine, by which the proxy knows a client that polls. */
const from = (localAddress) => ({ agent: new Agent({ localAddress, keepAlive: true }) });

test('two servers on PostgreSQL behind nginx, by the README alone: one chat, also when one of them is ended', async () => {
  const { cluster, here } = await database();
  const ports = [await freePort(), await freePort()];
  const command = put(block('Several servers', 'sh'), ...here, ['10.0.0.9', '127.0.0.1'], ['invited', 'open']);
  const doctor = words(put(block('On PostgreSQL', 'sh', 1), ...here)).slice(1);
  // It fails if it finds a problem.
  const { stdout: found } = await promisify(execFile)(binary, ['doctor', ...doctor, '--listen', '127.0.0.1:0']);
  assert.match(found, /ok +role +chat may do what it needs/);
  await cluster.hurries();
  const start = (port) => open(...words(put(command, ['0.0.0.0:3000', `127.0.0.1:${port}`])).slice(1),
    '--bcrypt-cost', '4', '--limit-auth', 'off', '--limit-api', 'off');
  const servers = [await start(ports[0]), await start(ports[1])];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const nginx = await Nginx.before(addresses);

  // People sign up through the one, and are known at the other.
  const [ann, bob] = [await servers[0].signUp('ann'), await servers[1].signUp('bob')];
  const roomId = await ann.opensRoom('Everywhere');
  const say = async (content) => {
    // Again until it is answered: it is stored once.
    const said = { roomId, content, clientMessageId: content };
    let answer;
    await eventually(`${content} is said`, async () => {
      answer = await fetch(`${nginx.url}/api/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ann.token}` },
        body: JSON.stringify(said),
      }).catch((error) => ({ ok: false, error }));
      return answer.ok;
    }, () => `${answer.status} ${answer.error?.cause}`);
  };

  // As the client is by itself: it polls, then upgrades, and comes back. Some stay with polling.
  const ears = [];
  for (let at = 0; at < 18; at += 1) {
    let lastMessageId;
    const options = { reconnection: true, reconnectionDelay: 100, ...from(`127.0.0.${2 + at}`), ...(at < 6 && { transports: ['polling'] }) };
    const auth = (give) => give({ token: bob.token, lastMessageId });
    const ear = { socket: generations.v4.connect(nginx.url, undefined, { ...options, auth }), all: [], lost: 0 };
    ear.socket.on('new_message', ({ id, content }) => (lastMessageId = id, ear.all.push(content)));
    ear.socket.on('connect', () => ear.socket.emit('join_conversation', roomId));
    ear.socket.on('disconnect', () => (ear.lost += 1));
    await once(ear.socket, 'connect');
    assert.equal((await tell(ear.socket, 'join_conversation', roomId)).ok, true);
    ears.push(ear);
  }
  await eventually('all upgrade who may', () => ears.slice(6).every(({ socket }) => socket.io.engine.transport.name === 'websocket'));
  const counts = await Promise.all(servers.map(sockets));
  assert.equal(counts[0].polling + counts[1].polling, 6, JSON.stringify(counts));
  assert.equal(counts[0].websocket + counts[1].websocket, 12, JSON.stringify(counts));
  for (const { polling, websocket } of counts) assert.ok(polling + websocket > 0, `each has some: ${JSON.stringify(counts)}`);

  const said = [];
  const talks = async (count) => {
    for (let at = 0; at < count; at += 1) {
      const content = `number ${said.length}`;
      await say(content);
      said.push(content);
    }
  };
  const allHear = () => eventually('everybody hears everything', () => ears.every(({ all }) => all.length >= said.length),
    () => `${said.length} said; heard ${ears.map(({ all }) => all.length)}`);
  await talks(10);
  await allHear();
  assert.ok(ears.every(({ lost }) => lost === 0), 'nobody had to come back');

  // One is ended in order while everybody talks; the proxy finds out by itself.
  const stop = async () => {
    servers[0].child.kill('SIGTERM');
    assert.equal(await servers[0].ended, 0);
  };
  await Promise.all([talks(30), stop()]);
  await allHear();
  assert.ok(ears.some(({ lost }) => lost > 0), 'some were there');

  // One more is one line at the proxy: the third, as the first stays away.
  const third = await freePort();
  servers[0] = await start(third);
  await nginx.writes([addresses[1], `127.0.0.1:${third}`]);
  nginx.child.kill('SIGHUP');
  await eventually('the new one gets its share', async () => {
    // What was open ends with the reload.
    await fetch(`${nginx.url}/api/rooms/${roomId}`, { headers: { authorization: `Bearer ${bob.token}` } }).catch(() => {});
    const figures = await (await fetch(`${servers[0].url}/metrics`)).text();
    return /^chat_requests_total\S* [1-9]/m.test(figures);
  });
  await talks(10);
  await allHear();
  for (const { all } of ears) assert.deepEqual(all, said, 'in order, none twice');
  const kept = await bob.get(`/api/messages/${roomId}?limit=100`);
  assert.deepEqual(kept.data.map(({ content }) => content).reverse(), said, 'stored once');
});
