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
export function saw(conversation, message) {
  seen = { conversation, message };
  attend();
}

/** Whoever looks at something has read it. */
export function attend() {
  if (!seen || seen.conversation.id !== store.shown || !(seen.conversation.unread > 0) || settling) return;
  settling = setTimeout(() => {
    settling = 0;
    const { conversation, message } = seen ?? {};
    if (!conversation || conversation.id !== store.shown || document.visibilityState !== 'visible' || !store.online || !(conversation.unread > 0)) return;
    if (conversation.told === message.id) return;
    conversation.told = message.id;
    tell(conversation.id, message.id);
    // How much is left the server says, but for this.
    if (!conversation.newer && conversation.messages.at(-1) === message) haveRead(conversation, 0);
  }, SETTLES);
}

/** One has read it, here or in another window: so much is left. */
export function haveRead(conversation, unread) {
  Object.assign(conversation, { unread, heard: [] });
  changed();
}

/** Asks how far the others have come. */
export async function ask(conversation) {
  if (conversation.type === 'room') return;
  for (const { userId, messageCreatedAt } of await api.reads(conversation.id)) cameTo(conversation, userId, messageCreatedAt);
  changed();
}

/** Somebody has read up to the message that was said then. */
export function cameTo(conversation, userId, at) {
  if (userId === store.me.id || at <= (conversation.readBy.get(userId) ?? '')) return;
  conversation.readBy.set(userId, at);
  changed();
}

/** How many of the others have read what was said then, and of how many. In a room nobody counts. */
export function readers(conversation, at) {
  if (conversation.type === 'room') return { read: 0, of: 0 };
  const others = conversation.people.filter(({ id }) => id !== store.me.id);
  return { read: others.filter(({ id }) => conversation.readBy.get(id) >= at).length, of: others.length };
}
