// Which tokens of an issuer are believed? Google's are signed, for us, for this way, and of now.

import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { open } from './chat.js';
import { browser, clientId, clientSecret, flags, isRefused, key, next, person } from './google.js';

const chat = await open(...flags);

const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (token, part) => JSON.parse(Buffer.from(token.split('.')[part], 'base64url'));
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const genuine = createPublicKey({ key, format: 'jwk' });

/** The issuer's own token with other claims, signed by whatever `signing` makes of it. */
function forged(token, { claims = {}, header = {}, signing = (text) => sign('sha256', text, foreign) }) {
  const head = encode({ ...decode(token, 0), ...header });
  const text = `${head}.${encode({ ...decode(token, 1), ...claims })}`;
  return `${text}.${signing(Buffer.from(text)).toString('base64url')}`;
}

test("the issuer's own token, put together again here, is believed", async (t) => {
  t.after(() => (next.meddle = () => {}));
  const own = createPrivateKey({ key, format: 'jwk' });
  next.meddle = ({ body }) => (body.id_token = forged(body.id_token, { signing: (text) => sign('sha256', text, own) }));
  assert.equal((await browser().logsIn(chat, person('gus'))).status, 200);
});

const hmac = (secret) => ({ header: { alg: 'HS256' }, signing: (text) => createHmac('sha256', secret).update(text).digest() });

for (const [what, claims] of Object.entries({
  'another nonce': { nonce: 'A'.repeat(43) },
  'no nonce': { nonce: undefined },
  'another audience': { aud: 'another.apps.example.test' },
  'a second audience and another party': { aud: [clientId, 'another.apps.example.test'], azp: 'another.apps.example.test' },
  'another issuer': { iss: 'https://evil.example.test' },
  'an expiry in the past': { exp: Math.floor(Date.now() / 1000) - 3_600 },
  'no expiry': { exp: undefined },
  'no subject': { sub: undefined },
  'an empty subject': { sub: '' },
})) {
  test(`an id_token with ${what} is refused`, async () => isRefused(await browser().logsIn(chat, { ...person('gus'), ...claims }), what));
}

for (const [what, how] of Object.entries({
  "a stranger's key": {},
  'a key that nobody knows': { header: { kid: 'unknown' } },
  'no signature': { header: { alg: 'none' }, signing: () => Buffer.alloc(0) },
  'the client secret as its key': hmac(clientSecret),
  "the issuer's public key as a secret": hmac(genuine.export({ type: 'spki', format: 'pem' })),
})) {
  test(`an id_token with ${what} is refused`, async (t) => {
    t.after(() => (next.meddle = () => {}));
    next.meddle = ({ body }) => (body.id_token = forged(body.id_token, how));
    isRefused(await browser().logsIn(chat, person('gus')), what);
  });
}

test('an issuer that answers nonsense is its own fault, and chat says so without detail', async (t) => {
  t.after(() => (next.meddle = () => {}));
  for (const nonsense of [
    (answer) => delete answer.body.id_token,
    (answer) => (answer.body.id_token = 'nonsense'),
    (answer) => Object.assign(answer, { statusCode: 400, body: { error: 'invalid_grant', error_description: clientSecret } }),
    (answer) => Object.assign(answer, { statusCode: 500, body: 'nonsense' }),
    (answer) => (answer.body = 'nonsense'),
  ]) {
    next.meddle = nonsense;
    const { status, said } = await browser().logsIn(chat, person('gus'));
    assert.ok(status >= 400 && said.success === false && !('token' in said), `${status} ${JSON.stringify(said)}`);
    assert.ok(!JSON.stringify(said).includes(clientSecret));
  }
});
