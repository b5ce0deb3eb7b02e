// How does a check get to the admin page? A server, an administrator who has signed in, and data with hostile names in it.
//
//   const chat = await served();                         a throwaway server with an administrator, chat.boss
//   const page = await signedIn(browser, chat, 'people'); the page at a screen, as the administrator
//   await said(page, 'Suspended');                       what the page says was done

import assert from 'node:assert/strict';
import io from 'socket.io-client';
import { kept, once, open } from '../chat.js';

export const hostile = '<img src=x onerror=alert(1)>';

export async function served(...flags) {
  const chat = await open(...flags);
  const boss = await chat.signUp('boss');
  const told = async (method, path, body) => {
    const { status, said } = await chat.asks(method, `/api/admin/${path}`, body, chat.adminToken);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(said)}`);
    return said;
  };
  // Nobody has proven the address, so whoever becomes an administrator by it needs a new password, and a new login.
  const [email, password] = ['boss@example.test', 'correct horse'];
  const { user } = await told('PATCH', `users/${boss.id}`, { admin: true, password });
  const { said } = await chat.asks('POST', '/api/auth/login', { email, password });
  return { ...chat, told, boss: { ...boss, token: said.token, user } };
}

/** Signed in without typing: what a check is not about it does not do. */
export async function signedIn(browser, chat, hash, how) {
  const page = await browser.person(how);
  await page.addInitScript((login) => sessionStorage.setItem('chat.admin', login),
    JSON.stringify({ token: chat.boss.token, user: chat.boss.user }));
  await page.goto(`${chat.url}/admin#${hash}`);
  return page;
}

export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
export const said = (page, text) => page.locator('.said').getByText(text).waitFor();

/** The button in the question that another button asked. */
export const agree = (page, name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

/** A client's socket that is open. */
export async function connected(chat, token) {
  const socket = kept(io(chat.url, { auth: { token }, forceNew: true, reconnection: false }));
  await once(socket, 'connect');
  return socket;
}

/** A picture of one dot, given to a conversation. */
export async function uploads(chat, token, roomId, name) {
  const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M/wHwAEAQH/7yMK/gAAAABJRU5ErkJggg==';
  const form = new FormData();
  form.append('file', new Blob([Buffer.from(dot, 'base64')], { type: 'image/png' }), name);
  form.append('roomId', roomId);
  const headers = { Authorization: `Bearer ${token}` };
  const sent = await fetch(`${chat.url}/api/files/upload`, { method: 'POST', body: form, headers });
  const text = await sent.text();
  assert.equal(sent.status, 201, text);
  return JSON.parse(text).data;
}

/** Somebody of everything, each called what a page must not take for HTML. */
export async function peopled(chat) {
  const ann = await chat.signUp('ann');
  const { user: mallory } = await chat.told('POST', 'users', { name: hostile, email: 'mallory@example.test', password: 'correct horse' });
  const login = await chat.asks('POST', '/auth/login', { email: 'mallory@example.test', password: 'correct horse' });
  const token = login.said.token;
  const room = await chat.asks('POST', '/api/rooms', { name: hostile, description: hostile }, token);
  const roomId = room.said.data._id;
  await chat.asks('POST', '/api/messages', { roomId, content: hostile }, token);
  await uploads(chat, token, roomId, `${hostile}.png`);
  const direct = await chat.asks('POST', '/conversaton/create', { senderId: mallory.id, receiverId: String(ann.id) }, token);
  const words = { conversationId: direct.said.id, senderId: mallory.id, message: hostile };
  await chat.asks('POST', '/message/create', words, token);
  await chat.asks('POST', '/user/send-signup-code', { email: 'new@example.test' });
  const session = { mentorId: mallory.id, menteeId: ann.id, startAt: '2030-01-15T10:00:00Z', status: hostile };
  await chat.told('PUT', 'sessions/7d444840-9dc0-41d1-b245-5ffdce74fad2', session);
  await chat.told('POST', 'notifications', { userId: mallory.id, title: hostile, message: hostile, type: hostile });
  await chat.told('POST', 'invitations', { uses: 2 });
  const { conversations } = await chat.told('GET', 'conversations?sort=room');
  return { ann, mallory: { ...mallory, token }, room: conversations[0] };
}
