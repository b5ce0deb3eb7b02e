// Is it the same chat behind a certificate: by REST, by websocket and by polling, and by nothing that is not encrypted?

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { generations, hear, once, open, tell, transports } from './chat.js';

const file = (name) => fileURLToPath(new URL(`tls/${name}`, import.meta.url));
const [cert, key] = [file('localhost.crt'), file('localhost.key')];
const ca = readFileSync(cert);
const scratch = mkdtempSync(join(tmpdir(), 'chat-tls-'));
after(() => rmSync(scratch, { recursive: true }));

const chat = await open('--temp', '--tls-cert', cert, '--tls-key', key);
const port = Number(new URL(chat.url).port);

/** `fetch` knows no certificate but the public ones. */
function ask(method, path, body, token, url = chat.url, trusted = ca) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const request = https.request(url + path, { method, headers, ca: trusted, agent: false }, (answer) => {
      let said = '';
      answer.on('data', (text) => (said += text)).on('end', () => resolve({ status: answer.statusCode, said: JSON.parse(said) }));
    });
    request.on('error', reject).end(body && JSON.stringify(body));
  });
}

async function signsUp(username) {
  const login = { email: `${username}@example.test`, password: 'correct horse' };
  assert.equal((await ask('POST', '/api/auth/signup', { username, ...login })).status, 201);
  const { status, said } = await ask('POST', '/api/auth/login', login);
  assert.equal(status, 200);
  return said.token;
}

async function opensRoom(token) {
  const { status, said } = await ask('POST', '/api/rooms', { name: 'Behind a lock', description: '' }, token);
  assert.equal(status, 201);
  return said.data._id;
}

/** A connection as far as it comes: the secured socket, or the words with which it failed. */
function greets(options) {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
    socket.once('secureConnect', () => (resolve(socket), socket.end())).once('error', resolve);
  });
}

test('it announces where it is, and both names of the certificate lead there', async () => {
  assert.match(chat.url, /^https:\/\/127\.0\.0\.1:\d+\/?$/);
  assert.equal(chat.listeners[0].url, chat.url);
  for (const url of [chat.url, chat.url.replace('127.0.0.1', 'localhost')]) {
    assert.equal((await ask('GET', '/api/rooms', undefined, undefined, url)).status, 200);
  }
});

for (const [generation, { connect }] of Object.entries(generations)) {
  for (const transport of Object.keys(transports)) {
    test(`${generation} over ${transport} talks through the certificate`, async () => {
      const token = await signsUp(`ann-${generation}-${transport}`);
      const roomId = await opensRoom(token);
      const hers = hear(connect(chat.url, token, { ca, transports: transports[transport] }), 'message');
      const moved = transport === 'upgrade' && once(hers.socket.io.engine, 'upgrade');
      await once(hers.socket, 'connect');
      await moved;
      assert.equal((await tell(hers.socket, 'joinRoom', { roomId })).ok, true);
      assert.equal((await tell(hers.socket, 'message', { roomId, content: 'By event' })).ok, true);
      await hers.hears('message', { content: 'By event' });
      assert.equal((await ask('POST', '/api/messages', { roomId, content: 'By REST' }, token)).status, 201);
      await hers.hears('message', { content: 'By REST' });
      const { name } = hers.socket.io.engine.transport;
      assert.equal(name, transport === 'polling' ? 'polling' : 'websocket');
    });
  }
}

test('whoever does not know the certificate is warned by it', async () => {
  await assert.rejects(fetch(`${chat.url}/api/rooms`), ({ cause }) => /SELF_SIGNED|UNABLE_TO_VERIFY/.test(cause.code));
  const socket = generations.v4.connect(chat.url, await signsUp('stranger'), { transports: ['websocket'] });
  await once(socket, 'connect_error');
});

test('nothing is said in clear text', async () => {
  const plain = chat.url.replace('https:', 'http:');
  await assert.rejects(fetch(`${plain}/api/rooms`));
  const answered = await new Promise((resolve) => http.get(`${plain}/api/rooms`, resolve).on('error', () => resolve()));
  assert.equal(answered, undefined);
  for (const transport of ['websocket', 'polling']) {
    const socket = generations.v4.connect(plain, await signsUp(`careless-${transport}`), { transports: [transport] });
    await once(socket, 'connect_error');
  }
  // Whoever talked past it has harmed nobody.
  assert.equal((await ask('GET', '/api/rooms')).status, 200);
});

test('HTTP/1.1 is spoken and HTTP/2 is not offered', async () => {
  assert.equal((await greets({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await greets({ ALPNProtocols: ['http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await greets({})).alpnProtocol, false);
  const refused = await greets({ ALPNProtocols: ['h2'] });
  assert.ok(refused instanceof Error, 'HTTP/2 and nothing else is refused');
});

test('TLS 1.2 and 1.3 are spoken, and nothing older', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const socket = await greets({ minVersion: version, maxVersion: version });
    assert.ok(!(socket instanceof Error), `${version}: ${socket}`);
  }
  // SECLEVEL 0: the client would, so it is the server that will not.
  const old = await greets({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  assert.match(old.code, /ALERT/, 'the other side said so');
});

test('a renewed certificate is taken up by itself and on SIGHUP, and connections stay', { timeout: 60_000 }, async () => {
  const [ours, its] = ['current.crt', 'current.key'].map((name) => join(scratch, name));
  const renewed = readFileSync(file('renewed.crt'));
  const put = (name) => (writeFileSync(its, readFileSync(file(`${name}.key`))), writeFileSync(ours, readFileSync(file(`${name}.crt`))));
  put('localhost');
  const other = await open('--temp', '--tls-cert', ours, '--tls-key', its);
  // Which one it is tells its number: both have the same name, which a list of trusted ones does not bear.
  const to = { port: Number(new URL(other.url).port), rejectUnauthorized: false };
  const shown = async () => {
    const socket = await greets(to);
    assert.ok(socket instanceof tls.TLSSocket, String(socket));
    return socket.getPeerX509Certificate()?.serialNumber;
  };
  const comes = async (wanted, patience) => {
    const until = Date.now() + patience;
    while ((await shown()) !== wanted) {
      assert.ok(Date.now() < until, `not within ${patience} ms`);
      await new Promise((later) => setTimeout(later, 50));
    }
  };
  const [before, after] = [ca, renewed].map((one) => new X509Certificate(one).serialNumber);
  assert.notEqual(before, after);
  await comes(before, 0);
  const early = await new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', servername: 'localhost', ...to }, () => resolve(socket)).once('error', reject);
  });
  const answers = async () => {
    const answer = once(early, 'data');
    early.write('GET /api/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String(await answer), /^HTTP\/1\.1 200 /);
  };
  await answers();
  put('renewed');
  process.kill(other.pid, 'SIGHUP');
  await comes(after, 5_000);
  // What cannot be used is not used.
  writeFileSync(ours, 'no certificate');
  process.kill(other.pid, 'SIGHUP');
  await new Promise((later) => setTimeout(later, 500));
  await comes(after, 0);
  put('localhost');
  await comes(before, 15_000);
  await answers();
  await other.close();
});

test('whoever never greets is not waited for', { timeout: 20_000 }, async () => {
  const began = Date.now();
  const silent = net.connect(port, '127.0.0.1');
  // The beginning of a greeting, and no more.
  const halting = net.connect(port, '127.0.0.1', () => halting.write(Buffer.from([22, 3, 1, 2, 0, 1])));
  await Promise.all([silent, halting].map((socket) => new Promise((done) => socket.resume().on('error', done).on('close', done))));
  const waited = Date.now() - began;
  assert.ok(waited > 5_000 && waited < 14_000, `${waited} ms`);
  assert.equal((await ask('GET', '/api/rooms')).status, 200);
});

test('administrators are warned of a certificate that ends soon', async () => {
  const [soonCert, soonKey] = ['soon.crt', 'soon.key'].map((name) => join(scratch, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '5',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', soonKey, '-out', soonCert], { stdio: 'pipe' });
  const soon = await open('--temp', '--tls-cert', soonCert, '--tls-key', soonKey);
  for (const [server, trusted, is] of [[soon, readFileSync(soonCert), true], [chat, ca, false]]) {
    const { status, said } = await ask('GET', '/api/admin/stats', null, server.adminToken, server.url, trusted);
    assert.equal(status, 200);
    assert.equal(said.stats.warnings.some(({ code }) => code === 'certificate'), is, JSON.stringify(said.stats.warnings));
  }
});

test('a key that does not belong to the certificate, and files that are none, are refused in words', async () => {
  const write = (name, content) => (writeFileSync(join(scratch, name), content), join(scratch, name));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = write('other.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const empty = write('empty.pem', '');
  const nonsense = write('nonsense.pem', '-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n');
  const missing = join(scratch, 'missing.pem');
  for (const [code, ...flags] of [
    [2, '--tls-cert', cert, '--tls-key', other],
    [2, '--tls-cert', cert, '--tls-key', cert],
    [2, '--tls-cert', key, '--tls-key', key],
    [2, '--tls-cert', cert, '--tls-key', empty],
    [2, '--tls-cert', empty, '--tls-key', key],
    [2, '--tls-cert', nonsense, '--tls-key', key],
    [2, '--tls-cert', missing, '--tls-key', key],
    [2, '--tls-cert', cert, '--tls-key', missing],
    [2, '--tls-cert', cert],
    [2, '--tls-key', key],
  ]) {
    await assert.rejects(open('--temp', ...flags), ({ message }) => {
      assert.match(message, new RegExp(`ended with ${code} `), `${flags}: ${message}`);
      assert.match(message, /--tls-(cert|key)/, `${flags}: ${message}`);
      assert.doesNotMatch(message, /panicked|PRIVATE KEY/, `${flags}: ${message}`);
      return true;
    });
  }
});
