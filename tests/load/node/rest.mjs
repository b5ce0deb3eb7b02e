// Which requests are there? A table that Express and Bun's router both serve: call in, data out.

import { listed, overview, post } from './messages.mjs';
import { Refused } from './refused.mjs';

const room = (row) => ({
  _id: String(row.id), name: row.name, description: row.description, createdBy: String(row.creator),
  createdAt: new Date(row.created_at).toISOString(),
});
const said = (status, message, data, rest) => ({ status, body: { success: true, message, data, ...rest } });
const limit = (query, usual) => Math.min(Math.max(Number(query.get('limit') ?? usual) || usual, 1), 100);

export class Rest {
  /** Socket.IO's server, once there is one. */
  io = null;

  constructor(store, accounts) {
    this.store = store;
    this.accounts = accounts;
    /** Method, path, what to do with `{ authorization, params, query, body }`. */
    this.routes = [
      ['POST', '/api/auth/signup', async ({ body }) =>
        said(201, 'User registered successfully.', await accounts.signUp(body))],
      ['POST', '/api/auth/login', async ({ body }) => {
        const data = await accounts.logIn(body);
        return said(200, 'Login successful', data, { token: data.accessToken });
      }],
      ['POST', '/api/rooms', (call) => this.openRoom(call)],
      ['GET', '/api/rooms', ({ query }) =>
        said(200, 'Rooms retrieved successfully', store.rooms.all(limit(query, 20)).map(room))],
      ['POST', '/api/messages', (call) => this.send(call)],
      ['GET', '/api/messages/:roomId', (call) => this.messages(call)],
      ['GET', '/api/conversations', (call) => this.conversations(call)],
      ['GET', '/api/conversations/:id', (call) => this.conversation(call)],
    ];
  }

  openRoom({ authorization, body }) {
    const me = this.accounts.bearer(authorization);
    const { name, description = '' } = body ?? {};
    if (!name) throw new Refused(400, 'Validation failed');
    const { store } = this;
    return new Promise((resolve, reject) => store.write(() => {
      const id = Number(store.addRoom.run(name, description, me.id, Date.now()).lastInsertRowid);
      store.addMember.run(id, me.id, id);
      return store.roomById.get(id);
    }, (error, made) => (error ? reject(error) : resolve(said(201, 'Room created successfully', room(made))))));
  }

  send({ authorization, body }) {
    const me = this.accounts.bearer(authorization);
    return new Promise((resolve, reject) => {
      post(this.store, this.io, me, body?.roomId, body?.content, (error, message) => {
        if (error) reject(error);
        else resolve(said(201, 'Message sent successfully', { ...message, sender: message.sender._id }));
      });
    });
  }

  messages({ authorization, params, query }) {
    const me = this.accounts.bearer(authorization);
    const id = Number(params.roomId);
    if (!this.store.isMember.get(id, me.id)) throw new Refused(404, 'Room not found');
    const before = Number(query.get('before') ?? Number.MAX_SAFE_INTEGER);
    const data = this.store.page.all(id, before, limit(query, 20)).map(listed);
    return said(200, 'Messages retrieved successfully', data, { nextCursor: data.at(-1)?._id ?? null });
  }

  conversations({ authorization, query }) {
    const me = this.accounts.bearer(authorization);
    const rows = this.store.inbox.all(me.id, limit(query, 20));
    return { status: 200, body: rows.map((row) => overview(this.store, row)) };
  }

  conversation({ authorization, params }) {
    const me = this.accounts.bearer(authorization);
    const row = this.store.overview.get(Number(params.id), me.id);
    if (!row) throw new Refused(404, 'Conversation not found');
    return { status: 200, body: overview(this.store, row) };
  }
}
