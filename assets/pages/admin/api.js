// How does the page ask the server? With the administrator's token; a refusal is thrown, with its words.
import { at } from '../here.js';
import { useEffect, useReducer, useState } from '../vendor/preact-htm.js';

const KEY = 'chat.admin';
const listeners = new Set();
let login = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
let farewell = '';

/** A request that was refused, or did not reach the server. */
export class Refusal extends Error {
  constructor(status, said) {
    super(status === 429 ? 'Too many tries. Wait a minute and try again.' : (said?.message ?? `The server answered ${status}`));
    this.status = status;
    this.errors = Array.isArray(said?.errors) ? said.errors : [];
  }
}

export const me = () => login?.user ?? null;
export const why = () => farewell;

export function signedIn(token, user) {
  login = { token, user };
  farewell = '';
  sessionStorage.setItem(KEY, JSON.stringify(login));
  for (const listener of listeners) listener();
}

/** Forgets the token; the sign-in page shows `said`. */
export function signedOut(said) {
  login = null;
  farewell = said;
  sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

/** For a view: the login; the view is drawn again when somebody signs in or out. */
export function useLogin() {
  const [, again] = useReducer((turn) => turn + 1, 0);
  useEffect(() => {
    listeners.add(again);
    return () => listeners.delete(again);
  }, []);
  return login;
}

/** Asks, and returns the answer unread, for downloads and streams. */
export async function fetchWith(path, options = {}) {
  const { token = login?.token, headers, ...rest } = options;
  let answer;
  try {
    answer = await fetch(at(path), { ...rest, headers: { ...headers, ...(token && { Authorization: `Bearer ${token}` }) } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal(0, { message: 'The server cannot be reached' });
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  if (answer.status === 401 && login && token === login.token) signedOut('Your login has ended. Sign in again.');
  throw new Refusal(answer.status, said);
}

/** Asks with JSON and answers with JSON. */
export async function ask(method, path, body, options = {}) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const answer = await fetchWith(path, { method, headers, body: body === undefined ? body : JSON.stringify(body), ...options });
  return answer.status === 204 ? {} : answer.json();
}

export const admin = (method, path, body, options) => ask(method, `/api/admin/${path}`, body, options);

/**
 * Loads a path of the admin API, again every so many seconds, and when `stamp` changes. The old answer stays until the new
 * one is there, so that nothing jumps.
 */
export function useLoad(path, seconds, stamp) {
  const [state, set] = useState({ said: null, wrong: null, busy: true });
  const [turn, reload] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    set((was) => ({ ...was, busy: true }));
    admin('GET', path, undefined, { signal: stop.signal }).then(
      (said) => stop.signal.aborted || set({ said, wrong: null, busy: false }),
      (wrong) => stop.signal.aborted || set((was) => ({ ...was, wrong, busy: false })),
    );
    return () => stop.abort();
  }, [path, turn, stamp]);
  useEffect(() => {
    if (!seconds) return undefined;
    const timer = setInterval(() => document.hidden || reload(), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return { ...state, reload };
}

/** A query string of the values that are set. */
export function query(values) {
  const set = Object.entries(values).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return set.length ? `?${new URLSearchParams(set)}` : '';
}
