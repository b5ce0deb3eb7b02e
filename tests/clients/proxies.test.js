// Do the README's proxies work as they stand there? Caddy and nginx, started for real: signing in through them, sockets, the
// page, and whose address is written down; at the root of a site and below a path.

import { Browser } from './browser/browser.js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { enters, says, sees, writesTo } from './browser/people.js';
import { generations, hear, once, open, tell, transports } from './chat.js';

const browser = await Browser.open();
const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
const snippet = (language) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)[1];
/** The line that the README starts the server with, as far as the proxy is concerned. */
const told = ['--trust-proxy', /--trust-proxy ([\d.]+)/.exec(readme)[1]];

const running = [];
after(async () => {
  for (const { child, ended, home } of running) {
    child.kill();
    await ended;
    await rm(home, { recursive: true, force: true });
  }
});

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Every word that the README has is there, and is put another for here. */
function put(text, ...changes) {
  for (const [before, now] of changes) {
    assert.ok(text.includes(before), `no ${before} in the README's\n${text}`);
    text = text.replaceAll(before, now);
  }
  return text;
}

/** Each proxy as the README has it, with another name, another port, and without its certificate. */
const proxies = {
  caddy: {
    command: (home) => ['caddy', 'run', '--config', join(home, 'Caddyfile'), '--adapter', 'caddyfile'],
    files: async (home, port, server, below) => {
      const site = put(snippet('caddyfile'), ['chat.example.com', `http://127.0.0.1:${port}`], ['127.0.0.1:3000', server]);
      const placed = below ? put(site, ['\treverse_proxy', `\thandle_path ${below}/* {\n\treverse_proxy`], ['\n}', '\n\t}\n}']) : site;
      await writeFile(join(home, 'Caddyfile'), `{\n\tadmin off\n}\n${placed}`);
    },
  },
  nginx: {
    command: (home) => ['nginx', '-p', home, '-e', 'stderr', '-c', join(home, 'nginx.conf')],
    files: async (home, port, server, below) => {
      const site = put(snippet('nginx'), ['443 ssl', `127.0.0.1:${port}`], ['server_name chat.example.com', 'server_name 127.0.0.1'],
        ['127.0.0.1:3000', server]).replace(/ *ssl_certificate.*\n/g, '');
      const placed = below ? put(site, ['location /', `location ${below}/`], [`http://${server}`, `http://${server}/`]) : site;
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${home}/${what};`);
      await mkdir(join(home, 'conf.d'));
      await writeFile(join(home, 'conf.d', 'chat.conf'), placed);
      // One process of our own user: who starts as root would hand the files to another.
      await writeFile(join(home, 'nginx.conf'), `daemon off; master_process off; pid ${home}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(' ')} include ${home}/conf.d/*.conf; }`);
    },
  },
};

/** Starts this proxy before a server of its own; `url` is where people go. */
async function before(name, below, flags = told) {
  const home = await mkdtemp(join(tmpdir(), 'chat-proxy-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${below}`;
  const chat = await open('--temp', '--public-url', url, ...flags);
  await proxies[name].files(home, port, new URL(chat.url).host, below);
  const [command, ...words] = proxies[name].command(home);
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = (said + text).slice(-4_000)));
  let over = false;
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', (error) => resolve((said += error)))).then(() => (over = true));
  running.push({ child, ended, home });
  for (const deadline = Date.now() + 20_000; ; await pause(50)) {
    assert.ok(!over && Date.now() < deadline, `${name} does not serve:\n${said}`);
    const reached = await new Promise((resolve) => {
      const trying = connect(port, '127.0.0.1', () => resolve(trying.end())).once('error', () => resolve(null));
    });
    if (reached) break;
  }
  return { chat, url, said: () => said };
}

/** A request from another address of this machine, so that the client is not where the proxy is. */
const from = (localAddress, method, url, { token, body, ...headers } = {}) => new Promise((resolve, reject) => {
  const text = body && JSON.stringify(body);
  const own = { ...(text && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
  request(url, { method, localAddress, headers: { ...own, ...headers } }, async (answer) => {
    let said = '';
    for await (const part of answer) said += part;
    resolve({ status: answer.statusCode, said: said.startsWith('{') || said.startsWith('[') ? JSON.parse(said) : said });
  }).on('error', reject).end(text);
});

for (const name of Object.keys(proxies)) {
  for (const below of ['', '/chat']) {
    test(`${name} in front of it, ${below || 'at the root'}: people sign in, are heard, and have addresses`, async (t) => {
      const { chat, url } = await before(name, below);
      const [ann, bob] = [await chat.signUp('ann'), await chat.signUp('bob')];

      await t.test('the address is the client\'s, whatever it says itself', async () => {
        const body = { email: 'ann@example.test', password: 'correct horse' };
        const login = await from('127.0.0.2', 'POST', `${url}/auth/login`, { body, 'x-forwarded-for': '203.0.113.9' });
        assert.equal(login.status, 200, JSON.stringify(login.said));
        const devices = await from('127.0.0.2', 'GET', `${url}/auth/active-devices`, { token: login.said.token });
        assert.equal(devices.said.find((one) => one.current).ip, '127.0.0.2');
        const figures = await from('127.0.0.1', 'GET', `${url}/metrics`);
        assert.equal(figures.status, 401);
      });

      await t.test('stock sockets of both generations, by every transport', async () => {
        const { origin } = new URL(url);
        const path = `${below}/socket.io`;
        const roomId = await ann.opensRoom('Behind a proxy');
        for (const [generation, { connect: enter }] of Object.entries(generations)) {
          for (const [way, chosen] of Object.entries(transports)) {
            const heard = hear(enter(origin, bob.token, { path, transports: chosen }), 'new_message');
            await once(heard.socket, 'connect');
            assert.equal((await tell(heard.socket, 'join_conversation', roomId)).ok, true);
            const content = `${generation} by ${way}`;
            await ann.post('/api/messages', { roomId, content });
            await heard.hears('new_message', { content });
            const engine = heard.socket.io.engine;
            const expected = way === 'polling' ? 'polling' : 'websocket';
            for (const deadline = Date.now() + 5_000; engine.transport.name !== expected && Date.now() < deadline; ) await pause(20);
            assert.equal(engine.transport.name, expected, content);
            heard.socket.close();
          }
        }
      });

      await t.test('the pages', async () => {
        const [hers, his] = [await browser.person(), await browser.person()];
        await enters(hers, `${url}/`, 'ann');
        await enters(his, `${url}/`, 'bob');
        await writesTo(hers, 'bob');
        await says(hers, 'Through the proxy');
        await his.locator('.row', { hasText: 'Through the proxy' }).click();
        await sees(his, 'Through the proxy');
        assert.ok(his.url().startsWith(`${url}/`), his.url());
        for (const [page, words] of [['docs', 'openapi.json'], ['admin', 'E-mail']]) {
          await his.goto(`${url}/${page}`);
          await his.getByText(words).first().waitFor();
        }
        await his.goto('about:blank');
        await hers.goto('about:blank');
      });

      const { said } = await chat.asks('GET', '/api/admin/stats', undefined, chat.adminToken);
      assert.ok(!said.stats.warnings.some(({ code }) => code === 'untrusted-proxy'), JSON.stringify(said.stats.warnings));
    });
  }

  test(`${name} in front of it: an upload that is refused while it still comes is answered`, async () => {
    const { chat, url } = await before(name, '');
    const ann = await chat.signUp('ann');
    for (const [bytes, token, status] of [[12 << 20, ann.token, 413], [12 << 20, 'nobody', 401], [1 << 20, ann.token, 201]]) {
      const form = new FormData();
      form.append('file', new Blob([new Uint8Array(bytes)]), 'a.bin');
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${url}/api/files/upload`, { method: 'POST', headers, body: form });
      assert.equal(answer.status, status);
      assert.equal((await answer.json()).success, status === 201);
    }
  });

  test(`${name} that nobody told the server of: whoever runs it is warned`, async () => {
    const { chat, url } = await before(name, '', []);
    await from('127.0.0.2', 'GET', `${url}/api/rooms`);
    const { said } = await chat.asks('GET', '/api/admin/stats', undefined, chat.adminToken);
    const warning = said.stats.warnings.find(({ code }) => code === 'untrusted-proxy');
    assert.match(warning?.text ?? 'no warning', /--trust-proxy 127\.0\.0\.1/);
  });
}
