// Does a login by Google, played by an issuer that we did not write, let in whom it should and nobody else?

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import { generations, once, open } from './chat.js';
import { browser, clientId, clientSecret, flags, isRefused, issuer, next, person, secretFile } from './google.js';

const chat = await open(...flags);
const profile = (token) => chat.asks('GET', '/user/profile', undefined, token);

test('the whole way: code flow with PKCE, state and nonce, and a token at the end', async () => {
  const ann = browser();
  next.claims = person('ann', { picture: 'https://gmail.example.test/ann.png' });
  const { asking, callback } = await ann.asksGoogle(chat);
  const told = Object.fromEntries(asking.searchParams);
  assert.equal(asking.origin, new URL(issuer.issuer.url).origin);
  assert.deepEqual([told.response_type, told.client_id, told.code_challenge_method], ['code', clientId, 'S256']);
  assert.equal(told.redirect_uri, `${chat.url}/auth/google/callback`);
  for (const scope of ['openid', 'email', 'profile']) assert.ok(told.scope.split(' ').includes(scope), told.scope);
  for (const secret of [told.state, told.nonce, told.code_challenge]) assert.ok(secret.length >= 22, JSON.stringify(told));
  for (const { line } of ann.cookies.values()) {
    assert.match(line, /;\s*HttpOnly/i);
    assert.match(line, /;\s*SameSite=Lax/i);
  }
  assert.ok(ann.cookies.size > 0, 'the browser is remembered by a cookie');

  const page = await ann.visits(callback);
  const { message, token, user } = await page.json();
  assert.equal(page.status, 200);
  assert.ok(message && user.id, JSON.stringify({ message, user }));
  assert.deepEqual([user.full_name, user.email], ['ann', 'ann@gmail.example.test']);
  assert.equal((await profile(token)).said.id, user.id);
  await once(generations.v4.connect(chat.url, token), 'connect');

  assert.deepEqual([next.asked.grant_type, next.asked.redirect_uri, next.asked.code], ['authorization_code', told.redirect_uri, callback.searchParams.get('code')]);
  assert.equal(createHash('sha256').update(next.asked.code_verifier).digest('base64url'), told.code_challenge);
  const basic = Buffer.from(next.asked.authorization?.split(' ')[1] ?? '', 'base64').toString();
  assert.equal(next.asked.client_secret ?? decodeURIComponent(basic.split(':')[1].replaceAll('+', ' ')), clientSecret);
  assert.ok(!asking.href.includes(encodeURIComponent(clientSecret)));

  const again = await browser().logsIn(chat, person('ann', { email: 'ann@elsewhere.example.test', name: 'Ann' }));
  assert.equal(again.said.user.id, user.id, 'who she is to Google stays, whatever her address');
  const other = await browser().logsIn(chat, person('bob'));
  assert.notEqual(other.said.user.id, user.id);
});

test('every way asks anew, with other secrets', async () => {
  const seen = new Set();
  for (const _ of [1, 2, 3]) {
    const { searchParams } = (await browser().asksGoogle(chat)).asking;
    for (const name of ['state', 'nonce', 'code_challenge']) seen.add(searchParams.get(name));
  }
  assert.equal(seen.size, 9);
});

test('a callback that this browser did not begin is refused', async () => {
  next.claims = person('eve');
  const eve = browser();
  const { callback } = await eve.asksGoogle(chat);
  const wrong = new URL(callback);
  wrong.searchParams.set('state', 'A'.repeat(callback.searchParams.get('state').length));
  const without = (name) => {
    const url = new URL(callback);
    url.searchParams.delete(name);
    return url;
  };
  const victim = browser();
  await victim.asksGoogle(chat);
  for (const [what, who, url] of [
    ['a wrong state', eve, wrong],
    ['no state', eve, without('state')],
    ['no code', eve, without('code')],
    ['nothing at all', eve, `${chat.url}/auth/google/callback`],
    ['a browser without a cookie', browser(), callback],
    ['a browser with a way of its own', victim, callback],
  ]) {
    // The refusal may cost that browser its way; each way is tried with what it had.
    const cookies = new Map(who.cookies);
    const page = await who.visits(url);
    isRefused({ status: page.status, said: await page.json() }, what);
    for (const [name, cookie] of cookies) who.cookies.set(name, cookie);
  }
});

test('who says no to Google, and whom Google sends away, is told so', async () => {
  const eve = browser();
  const { callback } = await eve.asksGoogle(chat);
  const denied = new URL(callback);
  denied.searchParams.delete('code');
  denied.searchParams.set('error', 'access_denied');
  denied.searchParams.set('error_description', '<script>alert(1)</script>');
  const page = await eve.visits(denied);
  assert.match(page.headers.get('content-type'), /^application\/json/);
  isRefused({ status: page.status, said: await page.json() }, 'denied');
});

test('a callback is good once', async () => {
  next.claims = person('fay');
  const fay = browser();
  const { callback } = await fay.asksGoogle(chat);
  const cookies = new Map(fay.cookies);
  assert.equal((await fay.visits(callback)).status, 200);
  for (const _ of ['as it is', 'with the cookie of before']) {
    const page = await fay.visits(callback);
    isRefused({ status: page.status, said: await page.json() }, 'replayed');
    for (const [name, cookie] of cookies) fay.cookies.set(name, cookie);
  }
});

test('an account that anybody may have made is whose address it is: the old password and devices are void', async () => {
  const squatter = await chat.signUp('lena');
  const before = (await profile(squatter.token)).said;
  const socket = generations.v4.connect(chat.url, squatter.token);
  await once(socket, 'connect');
  const ended = once(socket, 'disconnect');
  const { status, said } = await browser().logsIn(chat, person('lena', { email: 'lena@example.test' }));
  assert.deepEqual([status, said.user.id], [200, before.id]);
  await ended;
  assert.equal((await profile(squatter.token)).status, 401);
  assert.equal((await chat.asks('POST', '/auth/login', { email: 'lena@example.test', password: 'correct horse' })).status, 401);
  assert.equal((await profile(said.token)).said.id, before.id);
});

test('an account whose owner is known keeps its password beside Google', async () => {
  const email = 'mia@example.test';
  await chat.asks('POST', '/user/send-signup-code', { email });
  const { said } = await chat.asks('GET', `/api/admin/outbox?to=${email}`, undefined, chat.adminToken);
  const [verificationCode] = said.outbox[0].text.match(/\b\d{6}\b/);
  const { signupToken } = (await chat.asks('POST', '/user/verify-email', { email, verificationCode })).said;
  const mia = { full_name: 'mia', email, gender: 'female', dateOfBirth: '1999-12-31', password: 'correct horse', role: 'student', signupToken };
  const registered = await chat.asks('POST', '/user/register', mia);
  assert.equal(registered.status, 201, JSON.stringify(registered.said));
  const linked = await browser().logsIn(chat, person('mia', { email }));
  assert.equal(linked.said.user.id, registered.said.user.id);
  assert.equal((await chat.asks('POST', '/auth/login', { email, password: 'correct horse' })).status, 200);
  assert.equal((await profile(registered.said.token)).status, 200);
});

for (const [how, verified] of Object.entries({ 'does not vouch for': false, 'says nothing of': undefined })) {
  test(`an address that the issuer ${how} links nothing`, async () => {
    const name = `nina${verified === undefined ? 'x' : ''}`;
    const nina = await chat.signUp(name);
    const { said } = await browser().logsIn(chat, person(name, { email: `${name}@example.test`, email_verified: verified }));
    const owner = await profile(nina.token);
    assert.deepEqual([owner.status, owner.said.email], [200, `${name}@example.test`], 'she is as she was');
    if (said.token) assert.notEqual(said.user.id, owner.said.id);
    assert.equal((await chat.asks('POST', '/auth/login', { email: `${name}@example.test`, password: 'correct horse' })).status, 200);
  });
}

test('with --login-return the browser goes there, with the token where no server sees it', async () => {
  const page = 'https://app.example.test/welcome?from=chat';
  const returning = await open(...flags, '--login-return', page);
  next.claims = person('olga');
  const olga = browser();
  const { callback } = await olga.asksGoogle(returning);
  const back = await olga.visits(callback);
  assert.ok([302, 303].includes(back.status), `${back.status}`);
  const [before, token] = back.headers.get('location').split('#token=');
  assert.equal(before, page);
  assert.equal((await returning.asks('GET', '/user/profile', undefined, token)).status, 200);
  const again = await olga.visits(callback);
  assert.ok(!(again.headers.get('location') ?? '').includes('token='), 'nor does a replay bring one');
});

test('where the browser comes back to is never taken from a Host header', async () => {
  const pretending = (host) =>
    new Promise((resolve, reject) => {
      const headers = { host, 'x-forwarded-host': host };
      request(`${chat.url}/auth/google`, { headers }, (answer) => resolve(answer.resume().headers.location)).on('error', reject).end();
    });
  assert.equal(new URL(await pretending('evil.example.test')).searchParams.get('redirect_uri'), `${chat.url}/auth/google/callback`);
  const published = await open(...flags, '--public-url', 'https://chat.example.test');
  const { headers } = await fetch(`${published.url}/auth/google`, { redirect: 'manual' });
  assert.equal(new URL(headers.get('location')).searchParams.get('redirect_uri'), 'https://chat.example.test/auth/google/callback');
  assert.match(headers.getSetCookie().join(), /;\s*Secure/i);
});

test('without the flags both routes say which would turn them on', async () => {
  const plain = await open();
  for (const path of ['/auth/google', '/auth/google/callback?code=a&state=b']) {
    const { status, said } = await plain.asks('GET', path);
    assert.deepEqual([status, said.success, said.statusCode], [501, false, 501]);
    for (const flag of ['--google-client-id', '--google-client-secret-file']) assert.ok(JSON.stringify(said).includes(flag), JSON.stringify(said));
  }
});

test('an issuer that is not there keeps nobody else out', async () => {
  const alone = await open(...flags.slice(0, -1), 'http://127.0.0.1:9');
  await alone.signUp('pia');
  const { status, said } = await alone.asks('GET', '/auth/google');
  assert.ok(status >= 500 && said.success === false, `${status} ${JSON.stringify(said)}`);
});

test('flags that make no sense are refused at the start', async () => {
  for (const wrong of [
    [...flags.slice(0, -1), 'http://accounts.example.test'],
    [...flags.slice(0, -1), 'accounts.example.test'],
    ['--temp', '--google-client-id', clientId],
    ['--temp', '--google-client-secret-file', secretFile],
    [...flags, '--login-return', 'app.example.test/welcome'],
  ]) {
    await assert.rejects(open(...wrong), /ended with [12]/, wrong.join(' '));
  }
});

test('where one needs an invitation, a login that would make an account takes one along', async () => {
  const invited = await open(...flags, '--sign-up', 'invited');
  const { said } = await invited.asks('POST', '/api/admin/invitations', {}, invited.adminToken);
  const comes = (name, token) => browser().logsIn(invited, person(name), token && `?invitation=${token}`);
  const { token } = said.invitation;
  isRefused(await comes('gwen'), 'without');
  isRefused(await comes('gwen', 'of-nobody'), 'with a wrong one');
  isRefused(await invited.asks('GET', '/auth/google?invitation=of%20nobody'), 'what is none');
  assert.equal((await comes('gwen', token)).status, 200);
  assert.equal((await comes('gwen')).status, 200, 'who has an account needs none');
  isRefused(await comes('hugo', token), 'it is used up');
});
