// How does a check get Google: an issuer that we did not write, and a browser that goes there and back?

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { OAuth2Server } from 'oauth2-mock-server';

export const clientId = 'chat.apps.example.test';
export const clientSecret = 'the secret that the issuer and chat share';
const folder = await mkdtemp(join(tmpdir(), 'chat-google-'));
export const secretFile = join(folder, 'secret');
await writeFile(secretFile, `${clientSecret}\n`);

export const issuer = new OAuth2Server();
export const key = await issuer.issuer.keys.generate('RS256');
await issuer.start(0, '127.0.0.1');
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await issuer.stop();
});

/** Who logs in next, what the issuer does to its answer then, and what it was asked last. */
export const next = { claims: {}, meddle: () => {}, asked: undefined };
issuer.service.on('beforeTokenSigning', ({ payload }) => 'aud' in payload && Object.assign(payload, next.claims));
issuer.service.on('beforeUserinfo', (answer) => (answer.body = { ...next.claims }));
issuer.service.on('beforeResponse', (answer, { body, headers }) => {
  next.asked = { ...body, authorization: headers.authorization };
  next.meddle(answer);
});

export const flags = ['--temp', '--google-client-id', clientId, '--google-client-secret-file', secretFile, '--oidc-issuer', issuer.issuer.url];

/** A browser keeps chat's cookies, and follows nothing by itself. */
export function browser() {
  const cookies = new Map();
  return {
    cookies,
    async visits(url) {
      const cookie = [...cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
      const page = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} });
      for (const line of page.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        if (value) cookies.set(name, { value, line });
        else cookies.delete(name);
      }
      return page;
    },
    /** Goes to the issuer and comes back as far as the callback's address, with what was asked on the way. */
    async asksGoogle(at, query = '') {
      const page = await this.visits(`${at.url}/auth/google${query}`);
      assert.ok([302, 303].includes(page.status), `${page.status}: ${await page.text()}`);
      const asking = new URL(page.headers.get('location'));
      const back = await fetch(asking, { redirect: 'manual' });
      return { asking, callback: new URL(back.headers.get('location')) };
    },
    /** The whole way, as a person with these claims. */
    async logsIn(at, claims, query) {
      next.claims = claims;
      const { callback } = await this.asksGoogle(at, query);
      const page = await this.visits(callback);
      return { status: page.status, said: await page.json() };
    },
  };
}

/** What Google says of a person. */
export const person = (name, more) => ({ sub: `google-${name}`, email: `${name}@gmail.example.test`, email_verified: true, name, ...more });

export function isRefused({ status, said }, what) {
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(said)}`);
  assert.deepEqual([said.success, said.statusCode, 'token' in said], [false, status, false], what);
}
