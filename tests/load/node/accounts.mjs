// Who is this? Sign-up, login, and the token that every request and socket brings.

import { createSecretKey, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';

import { Refused } from './refused.mjs';

export class Accounts {
  #store;
  #passwords;
  #key = createSecretKey(randomBytes(32));

  constructor(store, passwords) {
    this.#store = store;
    this.#passwords = passwords;
  }

  async signUp({ username, email, password }) {
    if (!username || !email || !(password?.length >= 8)) throw new Refused(400, 'Validation failed');
    const hash = await this.#passwords.hash(password);
    return new Promise((resolve, reject) => this.#store.write(
      () => this.#store.addUser.run(username, email, hash, Date.now()).lastInsertRowid,
      (error, id) => (error ? reject(new Refused(400, 'Email already exists')) : resolve({ userId: String(id) })),
    ));
  }

  async logIn({ email, password }) {
    const user = this.#store.userByEmail.get(email ?? '');
    const fits = user && await this.#passwords.fits(password ?? '', user.password);
    if (!fits) throw new Refused(401, 'Invalid credentials');
    const accessToken = jwt.sign({ sub: String(user.id), username: user.username }, this.#key, { algorithm: 'HS256', expiresIn: '7d' });
    const createdAt = new Date(user.created_at).toISOString();
    return { id: String(user.id), username: user.username, email, accessToken, createdAt };
  }

  /** The account behind a token. */
  me(token) {
    try {
      const { sub, username } = jwt.verify(token ?? '', this.#key, { algorithms: ['HS256'] });
      return { id: Number(sub), username };
    } catch {
      throw new Refused(401, 'Invalid JWT Token');
    }
  }

  bearer(header) {
    return this.me(header?.startsWith('Bearer ') ? header.slice(7) : '');
  }
}
