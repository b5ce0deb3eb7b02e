// Who has read how far? Oneself: what was in view, and not what is loaded. Others: up to which message each of them came.

import * as api from './api.js';
import { changed, store } from './store.js';

/** How long what is in view stands before it is said to be read, in milliseconds: who scrolls past says it once. */
const SETTLES = 150;

/** What live.js gave: says that one has read up to a message. */
let tell = () => {};
/** The last message that was in view, and of which conversation. */
let seen = null;
let settling = 0;

export const tellBy = (telling) => (tell = telling);

/** This message, and so all before it, stands in the view of whoever looks at the screen. */
export function saw(talk, message) {
  seen = { talk, message };
  attend();
}

/** Whoever looks at something has read it. */
export function attend() {
  if (!seen || seen.talk.id !== store.shown || !(seen.talk.unread > 0) || settling) return;
  settling = setTimeout(() => {
    settling = 0;
    const { talk, message } = seen ?? {};
    if (!talk || talk.id !== store.shown || document.visibilityState !== 'visible' || !store.online || !(talk.unread > 0)) return;
    if (talk.told === message.id) return;
    talk.told = message.id;
    tell(talk.id, message.id);
    // How much is left the server says, but for this.
    if (!talk.newer && talk.messages.at(-1) === message) haveRead(talk, 0);
  }, SETTLES);
}

/** One has read it, here or in another window: so much is left. */
export function haveRead(talk, unread) {
  Object.assign(talk, { unread, heard: [] });
  changed();
}

/** Asks how far the others have come. */
export async function ask(talk) {
  if (talk.type === 'room') return;
  for (const { userId, messageCreatedAt } of await api.reads(talk.id)) cameTo(talk, userId, messageCreatedAt);
  changed();
}

/** Somebody has read up to the message that was said then. */
export function cameTo(talk, userId, at) {
  if (userId === store.me.id || at <= (talk.readBy.get(userId) ?? '')) return;
  talk.readBy.set(userId, at);
  changed();
}

/** How many of the others have read what was said then, and of how many. In a room nobody counts. */
export function readers(talk, at) {
  if (talk.type === 'room') return { read: 0, of: 0 };
  const others = talk.people.filter(({ id }) => id !== store.me.id);
  return { read: others.filter(({ id }) => talk.readBy.get(id) >= at).length, of: others.length };
}
