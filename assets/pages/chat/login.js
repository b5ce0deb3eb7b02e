// Who is signed in? Signing in and out, and the token that this browser keeps for the next time.

import { at } from '../here.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import * as drafts from './drafts.js';
import * as events from './events.js';
import { listen } from './live.js';
import * as notices from './notices.js';
import * as pending from './pending.js';
import { renamed } from './people.js';
import * as presence from './presence.js';
import { changed, store } from './store.js';

const kept = 'chat.session';
/** The key of what this window keeps while it is at Google: if a login comes back without it, somebody else began it. */
const awaited = 'chat.login';
/** In seconds, and in milliseconds. */
const DAY = 86_400;
const HOUR = 3_600_000;
/** The connection, while somebody is signed in. */
let connection = null;

/** The token of an invitation. It is behind the `#`, where no server on the way sees it. */
export const invitation = () => /^#invitation=([\w-]+)$/.exec(location.hash)?.[1];

/** When the page opens: goes on with the kept token, if it is still good. */
export async function begin() {
  const brought = takeBrought();
  if (brought) localStorage.setItem(kept, JSON.stringify({ token: brought }));
  const login = read();
  if (!login) return leave('');
  await enter(login);
}

/**
 * A login with Google comes back with the token behind the `#`, which no server on the way sees. Anybody can write such an
 * address, and whoever opened it would unknowingly use the other's account. So the address must have the value that this
 * window kept when it left, and that value is good once.
 */
export function takeBrought() {
  if (!location.hash.startsWith('#token=')) return null;
  const brought = new URLSearchParams(location.hash.slice(1));
  const { state, hash } = JSON.parse(sessionStorage.getItem(awaited)) ?? {};
  sessionStorage.removeItem(awaited);
  const own = Boolean(state) && brought.get('state') === state;
  history.replaceState(null, '', at('/') + (own ? hash : ''));
  return own ? brought.get('token') : null;
}

/** Goes to Google; `takeBrought` is where it comes back to, and then to the conversation in the page's address. */
export function signInWithGoogle() {
  const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(awaited, JSON.stringify({ state, hash: invitation() ? '' : location.hash }));
  location.href = api.googleLogin(state, invitation());
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(kept));
  } catch {
    return null;
  }
}

async function enter(login) {
  api.identify(login.token, () => leave('You were signed out. Sign in to go on.'));
  // Both requests go at once, so that the list is there after one round trip.
  const listing = api.conversations().catch(() => null);
  try {
    const { id, name, email, avatarUrl } = await api.whoAmI();
    store.me = { id, name, email, avatarUrl };
  } catch (refusal) {
    if (refusal.status === 401) return;
    // The server cannot be reached: we wait for it rather than ask for a password that was not wrong.
    store.online = false;
    changed();
    setTimeout(() => enter(login), 2_000);
    return;
  }
  store.online = true;
  store.farewell = '';
  store.shown = conversations.wanted();
  pending.load(store.me.id);
  connection = listen(login.token, {
    connected: async (resumed) => {
      store.online = true;
      notices.refresh().catch(() => {});
      await conversations.refresh(connection, resumed);
      pending.retryAll();
      // Asked for after listening, so that nobody comes or goes unnoticed.
      presence.ask(conversations.list()).catch(() => {});
    },
    disconnected: events.disconnected,
    refused,
    message: events.heard,
    updated: events.updated,
    deleted: events.deleted,
    typing: events.typing,
    read: events.read,
    ownRead: events.ownRead,
    looks: events.looks,
    settings: events.settings,
    peopled: events.peopled,
    presence: presence.heard,
    renamed,
    joined: events.joined,
    left: events.left,
    notice: notices.heard,
    problem: events.problem,
  });
  const mine = connection;
  conversations.connectBy(connection);
  changed();
  const listed = await listing;
  if (listed && mine === connection) conversations.first(listed);
  prolong(login);
}

/** Asks for a fresh token if ours is a day old: so somebody who comes back every day stays signed in. */
async function prolong({ token }) {
  if (read()?.token !== token || !connection) return;
  const { iat, exp } = claimsOf(token);
  const now = Date.now() / 1000;
  if (now - iat < Math.min(DAY, (exp - iat) / 7)) return;
  const mine = connection;
  const fresh = await api.refresh().catch(() => null);
  const login = read();
  // Somebody signed out meanwhile, or another window was quicker.
  if (!fresh || mine !== connection || login?.token !== token) return;
  localStorage.setItem(kept, JSON.stringify({ ...login, token: fresh }));
  goOnWith(fresh);
}

function goOnWith(token) {
  api.goOnWith(token);
  connection?.goOnWith(token);
}

function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {};
  }
}

// Also while the page stays open.
setInterval(() => store.me && store.online && prolong(read() ?? {}), HOUR);

/** The server ended the connection. If our token is still good we connect once more; if not, the 401 has signed us out. */
async function refused() {
  const mine = connection;
  const still = await api.whoAmI().then(() => true, (refusal) => refusal.status !== 401);
  if (still) setTimeout(() => mine === connection && read() && mine?.again(), 1_000);
}

/** Signs in; throws the refusal for the caller to show. */
export async function signIn(email, password) {
  const { token } = await api.signIn(email, password);
  const login = { token };
  localStorage.setItem(kept, JSON.stringify(login));
  if (invitation()) history.replaceState(null, '', at('/'));
  await enter(login);
}

/** With the proof of the address, where only proven ones sign up. */
export async function signUp(username, email, password, proof) {
  await api.signUp(username, email, password, invitation(), proof);
  await signIn(email, password);
}

export async function signOut() {
  // Closed first, so that the server does not tell this window that it was signed out.
  connection?.close();
  // Signing out works here even if the server cannot be reached.
  await api.signOut().catch(() => {});
  // By this value other windows see that somebody signed out on purpose.
  localStorage.setItem(kept, 'null');
  goneForGood('');
}

/** Signing out on purpose, and leaving for good, delete drafts and the address too: the next one here may be somebody else. */
export function goneForGood(farewell) {
  if (store.me) drafts.forgetAll(store.me.id);
  if (location.hash.startsWith('#c/')) history.replaceState(null, '', at('/'));
  leave(farewell);
}

/** Shows the sign-in screen and forgets what is shown of this person. The address stays, so signing in again leads back to it. */
export function leave(farewell) {
  connection?.close();
  connection = null;
  api.identify(null);
  localStorage.removeItem(kept);
  conversations.forget();
  Object.assign(store, { me: null, farewell, ready: false, online: true, toasts: [], notices: { list: [], unread: 0 }, spoken: [], pending: [], viewing: null, menu: null, picking: null, removing: null, pane: null });
  changed();
}

// What another window does to the login happens here too.
addEventListener('storage', ({ key, newValue }) => {
  if (key !== kept || !store.me) return;
  if (newValue === 'null') return goneForGood('You signed out in another window.');
  if (!newValue) return leave('You were signed out. Sign in to go on.');
  const { token } = read() ?? {};
  // Another window asked for a fresh token of the same login.
  if (token && claimsOf(token).sub === claimsOf(api.current()).sub) goOnWith(token);
});

// When one comes back to the window: the browser may have stopped the page meanwhile.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || !store.ready || !store.online) return;
  conversations.refresh();
  notices.refresh().catch(() => {});
});
