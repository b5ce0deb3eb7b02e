// Who sits here? Signing in and out, and what is kept in this browser for the next time.

import { at } from '../here.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import * as drafts from './drafts.js';
import * as events from './events.js';
import { listen } from './live.js';
import * as notices from './notices.js';
import * as pending from './pending.js';
import { changed, store } from './store.js';

const kept = 'chat.session';
/** What this page keeps while it is at Google's: a login that comes back without it was begun by somebody else. */
const awaited = 'chat.login';
/** In seconds, and in milliseconds. */
const DAY = 86_400;
const HOUR = 3_600_000;
/** The connection, while somebody is signed in. */
let connection = null;

/** On opening the page: is the token that was kept still good? */
export async function begin() {
  const brought = takeBrought();
  if (brought) localStorage.setItem(kept, JSON.stringify({ token: brought }));
  const login = read();
  if (!login) return leave('');
  await enter(login);
}

/**
 * Who signed in with Google comes back with the token behind the `#`, which no server on the way saw. Anybody can write
 * such an address, and whoever opened it would go on in another's account without a sign of it: so it must bring back the
 * value that this window kept when it left, and that is good once.
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

/** Leaves for Google, and comes back to `takeBrought`, and to the conversation whose address this is. */
export function signInWithGoogle() {
  const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(awaited, JSON.stringify({ state, hash: location.hash }));
  location.href = api.googleLogin(state);
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
  // Both at once: whoever comes back sees their list after one round trip.
  const listing = api.conversations().catch(() => null);
  try {
    const { id, name, email } = await api.whoAmI();
    // rooms spells ids in hex; which of its rooms are one's own shows only in that spelling.
    store.me = { id, name, email, hex: login.hex };
  } catch (refusal) {
    if (refusal.status === 401) return;
    // The server is away: we wait for it rather than ask for a password that is not wrong.
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
    },
    disconnected: events.disconnected,
    refused,
    message: events.heard,
    typing: events.typing,
    read: events.read,
    ownRead: events.ownRead,
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

/** Asks for a fresh token when the one at hand is a day old: who comes back every day stays signed in. */
async function prolong({ token }) {
  if (read()?.token !== token || !connection) return;
  const { iat, exp } = claimsOf(token);
  const now = Date.now() / 1000;
  if (now - iat < Math.min(DAY, (exp - iat) / 7)) return;
  const mine = connection;
  const fresh = await api.refresh().catch(() => null);
  const login = read();
  // Signed out meanwhile, or another window was quicker.
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

// As long as the page is open.
setInterval(() => store.me && store.online && prolong(read() ?? {}), HOUR);

/** The server ended the connection: are we still who we were? Then once more, else `identify` has seen the 401. */
async function refused() {
  const mine = connection;
  const still = await api.whoAmI().then(() => true, (refusal) => refusal.status !== 401);
  if (still) setTimeout(() => mine === connection && read() && mine?.again(), 1_000);
}

/** Signs in; the caller shows a refusal. */
export async function signIn(email, password) {
  const { token, data } = await api.signIn(email, password);
  const login = { token, hex: data.id };
  localStorage.setItem(kept, JSON.stringify(login));
  await enter(login);
}

export async function signUp(username, email, password) {
  await api.signUp(username, email, password);
  await signIn(email, password);
}

export async function signOut() {
  // Nobody need tell this window that it is signed out.
  connection?.close();
  // Also without an answer: whoever wants to leave, leaves.
  await api.signOut().catch(() => {});
  // What the other windows take for that, and not for being signed out.
  localStorage.setItem(kept, 'null');
  goneForGood('');
}

/** Whoever leaves on purpose leaves nothing for the next one, who may be somebody else. */
function goneForGood(farewell) {
  if (store.me) drafts.forgetAll(store.me.id);
  if (location.hash.startsWith('#c/')) history.replaceState(null, '', at('/'));
  leave(farewell);
}

/** Back to signing in; nothing of this person stays on the screen. Signing in again leads to where they were. */
export function leave(farewell) {
  connection?.close();
  connection = null;
  api.identify(null);
  localStorage.removeItem(kept);
  conversations.forget();
  Object.assign(store, { me: null, farewell, ready: false, online: true, toasts: [], notices: { list: [], unread: 0 }, spoken: [], pending: [] });
  changed();
}

// Signed out in another window is signed out here.
addEventListener('storage', ({ key, newValue }) => {
  if (key !== kept || !store.me) return;
  if (newValue === 'null') return goneForGood('You signed out in another window.');
  if (!newValue) return leave('You were signed out. Sign in to go on.');
  const { token } = read() ?? {};
  // A fresh token of the same login, which another window asked for.
  if (token && claimsOf(token).sub === claimsOf(api.current()).sub) goOnWith(token);
});

// Back at the window: what came meanwhile, if the browser had put the page to sleep.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || !store.ready || !store.online) return;
  conversations.refresh();
  notices.refresh().catch(() => {});
});
