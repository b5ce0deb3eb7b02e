// What does the server offer over HTTP? One function for each route that this page uses, and one kind of error.
//
// The page uses whichever documented API fits. rooms: sign up, list rooms and open one. mentor: one's conversations, their
// messages, sending, files and members. campus: devices, direct messages and groups. emote: all users, the signed-in user
// and forgotten passwords. direct: notifications. Every API takes an id in every spelling, so ids are passed on as they come.

import { at } from '../here.js';
import { pictures } from '../parts/bytes.js';

let token = null;
let signedOut = () => {};

/** From now on requests carry this token; `onSignedOut` is called if the server does not accept it any more. */
export function identify(newToken, onSignedOut = () => {}) {
  token = newToken;
  signedOut = onSignedOut;
}

export const current = () => token ?? '';

/** Goes on as the same person with a fresh token. */
export const goOnWith = (newToken) => (token = newToken);

/** A request failed, or the server cannot be reached. `message` is for people; `faults` has what is wrong by field. */
export class Refusal extends Error {
  constructor(status, said = {}, wait) {
    super(inWords(status, said, wait));
    this.status = status;
    this.unreachable = status === 0 || status === 503;
    this.faults = {};
    for (const line of said.errors ?? []) {
      const at = line.indexOf(': ');
      if (at > 0) this.faults[line.slice(0, at)] = line.slice(at + 2);
    }
  }
}

function inWords(status, said, wait) {
  if (status === 0) return 'The server cannot be reached.';
  // A quota says which one it is and until when; a rate limit only that it is one.
  if (status === 429 && /: try again in /.test(said.message)) return sentence(said.message);
  if (status === 429) return `That was too often. Try again ${wait ? `in ${patience(wait)}` : 'in a while'}.`;
  if (status >= 500) return 'Something went wrong at the server. Try again in a moment.';
  const faults = (said.errors ?? []).map((line) => line.replace(/^[\w[\].]+: /, ''));
  if (status === 400 && faults.length) return sentence(faults[0]);
  return sentence(said.message || `The server refused it (${status})`);
}

const patience = (seconds) => (seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`);
const sentence = (words) => words[0].toUpperCase() + words.slice(1).replace(/\.?$/, '.');

const ask = async (...what) => (await askAt(...what)).said;

/** The answer, and the position of the log in which it was read, if it says one. */
async function askAt(method, path, body) {
  const asking = token;
  const form = body instanceof FormData;
  let answer;
  try {
    answer = await fetch(at(path), {
      method,
      headers: { ...(body && !form && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) },
      body: form ? body : body && JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    throw new Refusal(0);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return { said, position: answer.headers.get('x-position') };
  if (answer.status === 401 && asking && asking === token) signedOut();
  throw new Refusal(answer.status, said, Number(answer.headers.get('retry-after')) || 0);
}

const each = encodeURIComponent;

// Signing in, and who is signed in: rooms and emote.
export const signUp = (username, email, password, invitation, signupToken) => ask('POST', '/api/auth/signup', { username, email, password, invitation, signupToken });
export const signIn = (email, password) => ask('POST', '/api/auth/login', { email, password });
/** A fresh token for this login. */
export const refresh = async () => (await ask('POST', '/api/auth/refresh')).token;
export const signOut = () => ask('POST', '/api/auth/logout');
export const whoAmI = async () => (await ask('GET', '/api/auth/validate')).user;
export const askForReset = (email) => ask('POST', '/api/password/reset-request', { email });
/** Does this server send mail, and does this user want mail about unread messages? */
export const mail = async () => (await ask('GET', '/api/mail')).mail;
export const resetPassword = (resetToken, password) => ask('POST', '/api/password/reset', { token: resetToken, password });

// What this server allows, and how one can sign in.
export const about = async () => (await ask('GET', '/api/about')).about;
/** Where a browser goes to sign in with Google, perhaps with an invitation; it comes back with the `state` beside the token. */
export const googleLogin = (state, invitation) => at(`/auth/google?state=${each(state)}${invitation ? `&invitation=${each(invitation)}` : ''}`);

// Where only proven addresses sign up, a code shows whose one is: campus.
/** Has a code mailed to the address; answers what to tell. */
export const askForCode = async (email, invitation) => (await ask('POST', '/user/send-signup-code', { email, invitation })).message;
/** What the right code gives, which proves the address. */
export const proveCode = async (email, verificationCode) => (await ask('POST', '/user/verify-email', { email, verificationCode })).signupToken;

// Invitations of one's own.
export const invitations = async () => (await ask('GET', '/api/invitations')).invitations;
export const invite = async (uses, expiresAt) => (await ask('POST', '/api/invitations', { uses, expiresAt })).invitation;
export const revokeInvitation = (id) => ask('DELETE', `/api/invitations/${each(id)}`);

// Oneself: emote.
/** Another name or picture: `{ name?, picture? }`, where `null` takes the picture away, or a form with the picture. */
export const changeProfile = (made) => ask('PATCH', '/api/profile', made);
export const changePassword = (currentPassword, newPassword) => ask('PUT', '/api/profile/password', { currentPassword, newPassword });
/** Has a code mailed to the address; `message` says so. */
export const askForAddress = (email, password) => ask('POST', '/api/profile/email', { email, password });
export const proveAddress = (code) => ask('PUT', '/api/profile/email', { code });
/** What one said is to `keep` or to `delete`. */
export const removeAccount = (password, messages) => ask('DELETE', '/api/profile', { password, messages });
/** All that is one's own, as a ZIP file. */
export async function exported() {
  const answer = await fetch(at('/api/profile/export'), { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (!answer?.ok) throw new Refusal(answer?.status ?? 0, {}, Number(answer?.headers.get('retry-after')) || 0);
  return answer.blob();
}

// The devices where one is signed in: campus.
export const devices = () => ask('GET', '/auth/active-devices');
export const removeDevice = (id) => ask('POST', `/auth/remove-session/${each(id)}`);
export const removeAllDevices = () => ask('POST', '/auth/remove-all-session');

// All users: emote.
export const people = (page = 1) => ask('GET', `/api/profile/users?page=${page}&page_size=100`);
export const person = async (id) => (await ask('GET', `/api/profile/users/${each(id)}`)).user;

// Conversations and their messages: mentor. emote has a list at the same path; `limit` tells the server that we want mentor's.
/** `{ said, position }`: whoever connects with this position misses nothing that came after the list. */
export const conversations = (offset = 0) => askAt('GET', `/api/conversations?limit=100&offset=${offset}`);
export const conversation = (id) => ask('GET', `/api/conversations/${each(id)}`);
/** One page, newest first: the latest messages, those before or after a message, or the unread ones. */
export const messages = (id, which) => ask('GET', `/api/conversations/${each(id)}/messages?${new URLSearchParams(which)}`);
/** How far each member has read. */
export const reads = async (id) => (await ask('GET', `/api/conversations/${each(id)}/reads`)).reads;
/** With a `clientMessageId` it is safe to send the same message again: the server posts it once. */
export const send = (id, { content, attachments, replyTo, clientMessageId }) =>
  ask('POST', `/api/conversations/${each(id)}/messages`, { content, contentType: 'text/plain', attachments, replyTo, clientMessageId });
const said = (id, messageId) => `/api/conversations/${each(id)}/messages/${each(messageId)}`;
export const message = (id, messageId) => ask('GET', said(id, messageId));
export const edit = (id, messageId, content) => ask('PATCH', said(id, messageId), { content });
export const removeMessage = (id, messageId) => ask('DELETE', said(id, messageId));
export const react = (id, messageId, emoji, on) => ask(on ? 'PUT' : 'DELETE', `${said(id, messageId)}/reactions/${each(emoji)}`);
export const pin = (id, messageId, on) => ask(on ? 'PUT' : 'DELETE', `${said(id, messageId)}/pin`);
/** What was said, by its words: `{ messages, hasMore, nextCursor }`, the latest first. */
export const search = (which) => ask('GET', `/api/conversations/search?${new URLSearchParams(which)}`);
export const pins = async (id) => (await ask('GET', `/api/conversations/${each(id)}/pins`)).messages;
/** What one is told of there: `{ level, mutedUntil? }`. */
export const settings = (id) => ask('GET', `/api/conversations/${each(id)}/settings`);
export const changeSettings = (id, made) => ask('PATCH', `/api/conversations/${each(id)}/settings`, made);
/** Who of these people is there: `[{ userId, online, lastSeenAt }]`. */
export const presence = async (ids) => (await ask('GET', `/api/presence?userIds=${ids.map(each).join(',')}`)).presence;
/** A group's or a room's `{ name?, description?, picture?, archived? }`. */
export const changeConversation = (id, made) => ask('PATCH', `/api/conversations/${each(id)}`, made);
export const appoint = (id, userId, on) => ask(on ? 'PUT' : 'DELETE', `/api/conversations/${each(id)}/owners/${each(userId)}`);
export const addMember = (id, userId) => ask('POST', `/api/conversations/${each(id)}/members`, { userId });
export const removeMember = (id, userId) => ask('DELETE', `/api/conversations/${each(id)}/members/${each(userId)}`);

// Beginning a conversation: campus for two people and for groups, rooms for rooms.
export const talkTo = (receiverId) => ask('POST', '/conversation/create', { receiverId });
export const makeGroup = (name, groupMembers) => ask('POST', '/conversation/create-group', { name, groupMembers });
export const openRoom = async (name, description) => (await ask('POST', '/api/rooms', { name, description })).data;
export const rooms = (page = 1) => ask('GET', `/api/rooms?page=${page}&limit=100&sort=name&order=asc`);

// Notifications: direct.
export const notices = (page) => ask('GET', `/api/notifications?page=${page}&limit=100`);
export const readNotice = (id) => ask('PATCH', `/api/notifications/${each(id)}/read`);

/** Uploads a file into a conversation; the answer is what a message attaches. `fetch` reports no progress, so this is the older API. */
export function upload(conversationId, file, clientMessageId, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      let said = {};
      try {
        said = JSON.parse(request.responseText);
      } catch {
        // A proxy on the way answered, and not in JSON.
      }
      if (request.status >= 200 && request.status < 300) return resolve(said);
      reject(new Refusal(request.status, said, Number(request.getResponseHeader('retry-after')) || 0));
    };
    request.onerror = request.ontimeout = () => reject(new Refusal(0));
    request.onabort = () => reject(new Refusal(0));
    const form = new FormData();
    // The server reads the parts in order, so what it must know comes before the bytes.
    form.append('clientMessageId', clientMessageId);
    form.append('file', file, file.name || 'file');
    request.open('POST', at(`/api/conversations/${each(conversationId)}/attachments`));
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.timeout = 120_000;
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

/**
 * Is this the path of a file of this server? The author of a message chooses the path, and the reader's browser fetches it
 * with the reader's token. So it must be one plain name: no `..`, `%2e` or `?` can make another route of it.
 */
export const isFile = (path) => /^\/(?:uploads|api\/files)\/(?!\.{1,2}$)[^\s\p{C}/\\?#%]+$/u.test(path);

/** The bytes of a file of this server. An `<img>` cannot send a token, so files are fetched and shown from memory. */
export async function fileBytes(path) {
  if (!isFile(path)) throw new Refusal(400, { message: 'This is no file of this server' });
  const answer = await fetch(at(path), { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (!answer?.ok) throw new Refusal(answer?.status ?? 0, { message: 'The file is not there any more' });
  const bytes = await answer.arrayBuffer();
  const [type] = (answer.headers.get('content-type') ?? '').split(';');
  return new Blob([bytes], { type: pictures.test(type) ? type : 'application/octet-stream' });
}
