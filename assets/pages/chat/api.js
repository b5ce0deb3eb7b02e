// What does the server offer over HTTP? One function for each route that this page uses, and one kind of error.
//
// The page speaks through whichever documented API fits: "rooms" signs up, lists and opens rooms and takes files;
// "mentor" has one's own conversations, their pages of messages and sending; "campus" the devices, direct messages and
// groups; "emote" who there is, who one is and forgotten passwords; "direct" the notifications.
// Ids are taken as they come, since every API takes every spelling. Nothing here needs a build or a library.

import { at } from '../here.js';
import { pictures } from '../parts/bytes.js';

let token = null;
let signedOut = () => {};

/** From here on requests are this person's; `onSignedOut` is called when the server says that they are nobody's. */
export function identify(newToken, onSignedOut = () => {}) {
  token = newToken;
  signedOut = onSignedOut;
}

export const current = () => token ?? '';

/** The same person, by a fresh token. */
export const goOnWith = (newToken) => (token = newToken);

/** What the server, or the lack of one, answered instead. `message` is for people; `faults` names fields. */
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
  if (status === 429) return `That was too often. Try again ${wait ? `in ${patience(wait)}` : 'in a while'}.`;
  if (status >= 500) return 'Something went wrong at the server. Try again in a moment.';
  const faults = (said.errors ?? []).map((line) => line.replace(/^[\w[\].]+: /, ''));
  if (status === 400 && faults.length) return sentence(faults[0]);
  return sentence(said.message || `The server refused it (${status})`);
}

const patience = (seconds) => (seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`);
const sentence = (words) => words[0].toUpperCase() + words.slice(1).replace(/\.?$/, '.');

async function ask(method, path, body) {
  const asking = token;
  let answer;
  try {
    answer = await fetch(at(path), {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    throw new Refusal(0);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401 && asking && asking === token) signedOut();
  throw new Refusal(answer.status, said, Number(answer.headers.get('retry-after')) || 0);
}

const each = encodeURIComponent;

// Who one is: rooms and emote.
export const signUp = (username, email, password) => ask('POST', '/api/auth/signup', { username, email, password });
export const signIn = (email, password) => ask('POST', '/api/auth/login', { email, password });
/** A fresh token for a login that is in use. */
export const refresh = async () => (await ask('POST', '/api/auth/refresh')).token;
export const signOut = () => ask('POST', '/api/auth/logout');
export const whoAmI = async () => (await ask('GET', '/api/auth/validate')).user;
export const askForReset = (email) => ask('POST', '/api/password/reset-request', { email });
/** Does this server send mail, and does one want to be written to about what one has not read? */
export const mail = async () => (await ask('GET', '/api/mail')).mail;
export const resetPassword = (resetToken, password) => ask('POST', '/api/password/reset', { token: resetToken, password });

// What this server allows, and how one comes in.
export const about = async () => (await ask('GET', '/api/about')).about;
/** Where a browser goes to sign in with Google; it comes back with the `state` beside the token. */
export const googleLogin = (state) => at(`/auth/google?state=${each(state)}`);

// Where one is signed in: campus.
export const devices = () => ask('GET', '/auth/active-devices');
export const removeDevice = (id) => ask('POST', `/auth/remove-session/${each(id)}`);
export const removeAllDevices = () => ask('POST', '/auth/remove-all-session');

// Who there is: emote.
export const people = (page = 1) => ask('GET', `/api/profile/users?page=${page}&page_size=100`);
export const person = async (id) => (await ask('GET', `/api/profile/users/${each(id)}`)).user;

// Conversations and their messages: mentor. `limit` says that its list is meant, not emote's.
export const conversations = (offset = 0) => ask('GET', `/api/conversations?limit=100&offset=${offset}`);
export const conversation = (id) => ask('GET', `/api/conversations/${each(id)}`);
/** A page, newest first: the latest, those before a message, those after one, or those after what one has read. */
export const messages = (id, which) => ask('GET', `/api/conversations/${each(id)}/messages?${new URLSearchParams(which)}`);
/** How far its members have read. */
export const reads = async (id) => (await ask('GET', `/api/conversations/${each(id)}/reads`)).reads;
/** A `clientMessageId` makes it safe to say the same again: it is posted once. */
export const send = (id, { content, attachments, clientMessageId }) =>
  ask('POST', `/api/conversations/${each(id)}/messages`, { content, contentType: 'text/plain', attachments, clientMessageId });
export const addMember = (id, userId) => ask('POST', `/api/conversations/${each(id)}/members`, { userId });
export const removeMember = (id, userId) => ask('DELETE', `/api/conversations/${each(id)}/members/${each(userId)}`);

// Beginning one: campus for two people and for groups, rooms for rooms.
export const talkTo = (receiverId) => ask('POST', '/conversation/create', { receiverId });
export const makeGroup = (name, groupMembers) => ask('POST', '/conversation/create-group', { name, groupMembers });
export const openRoom = async (name, description) => (await ask('POST', '/api/rooms', { name, description })).data;
export const rooms = (page = 1) => ask('GET', `/api/rooms?page=${page}&limit=100&sort=name&order=asc`);
export const roomDetails = async (id) => (await ask('GET', `/api/rooms/${each(id)}`)).data;

// What the system says: direct.
export const notices = (page) => ask('GET', `/api/notifications?page=${page}&limit=100`);
export const readNotice = (id) => ask('PATCH', `/api/notifications/${each(id)}/read`);

/** Uploads a file into a conversation; what comes back goes with a message. `fetch` cannot say how far it is, so this is the older way. */
export function upload(conversationId, file, clientMessageId, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      let said = {};
      try {
        said = JSON.parse(request.responseText);
      } catch {
        // Something on the way answered in its own words.
      }
      if (request.status >= 200 && request.status < 300) return resolve(said);
      reject(new Refusal(request.status, said, Number(request.getResponseHeader('retry-after')) || 0));
    };
    request.onerror = request.ontimeout = () => reject(new Refusal(0));
    request.onabort = () => reject(new Refusal(0));
    const form = new FormData();
    // The server reads part by part: what it must know comes before the bytes.
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
 * Is this the path of a file of this server? Messages name paths, and whoever looks at them fetches those with their own
 * token: one name and nothing else, so that no `..`, `%2e` or `?` makes another route of it.
 */
export const isFile = (path) => /^\/(?:uploads|api\/files)\/(?!\.{1,2}$)[^\s\p{C}/\\?#%]+$/u.test(path);

/** A file of this server. An `<img>` cannot bring a token, so files are fetched and shown from memory. */
export async function fileBytes(path) {
  if (!isFile(path)) throw new Refusal(400, { message: 'This is no file of this server' });
  const answer = await fetch(at(path), { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (!answer?.ok) throw new Refusal(answer?.status ?? 0, { message: 'The file is not there any more' });
  const bytes = await answer.arrayBuffer();
  const [type] = (answer.headers.get('content-type') ?? '').split(';');
  return new Blob([bytes], { type: pictures.test(type) ? type : 'application/octet-stream' });
}
