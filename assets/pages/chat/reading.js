// Who has read how far? A message is read by oneself once it was in view; of the others the server tells how far each has read.

import * as api from './api.js';
import { changed, store } from './store.js';

/** How long to wait before we tell the server what was read, in milliseconds, so that scrolling tells it once. */
const SETTLES = 150;

/** `markRead` of live.js. */
let tell = () => {};
/** The last message that was in view, and its conversation. */
let seen = null;
let settling = 0;

export const tellBy = (telling) => (tell = telling);

/** This message came into view, and with it all before it. */
export function saw(conversation, message) {
  seen = { conversation, message };
  attend();
}

/** Tells the server after a moment what was read, if the window is visible. */
export function attend() {
  if (!seen || seen.conversation.id !== store.shown || !(seen.conversation.unread > 0) || settling) return;
  settling = setTimeout(() => {
    settling = 0;
    const { conversation, message } = seen ?? {};
    if (!conversation || conversation.id !== store.shown || document.visibilityState !== 'visible' || !store.online || !(conversation.unread > 0)) return;
    if (conversation.told === message.id) return;
    conversation.told = message.id;
    tell(conversation.id, message.id);
    // The server tells how many are left. After the last message we know it: none.
    if (!conversation.newer && conversation.messages.at(-1) === message) haveRead(conversation, 0);
  }, SETTLES);
}

/** One has read it, here or in another window, and so many are left. */
export function haveRead(conversation, unread) {
  Object.assign(conversation, { unread, heard: [], called: [] });
  if (!unread) conversation.mentioned = 0;
  changed();
}

/** Asks how far the others have read. */
export async function ask(conversation) {
  if (conversation.type === 'room') return;
  for (const { userId, messageCreatedAt } of await api.reads(conversation.id)) cameTo(conversation, userId, messageCreatedAt);
  changed();
}

/** Somebody has read up to the message that was sent at this time. */
export function cameTo(conversation, userId, at) {
  if (userId === store.me.id || at <= (conversation.readBy.get(userId) ?? '')) return;
  conversation.readBy.set(userId, at);
  changed();
}

/** How many of the others have read the message that was sent at this time, and of how many. In rooms this is not counted. */
export function readers(conversation, at) {
  if (conversation.type === 'room') return { read: 0, of: 0 };
  const others = conversation.people.filter(({ id }) => id !== store.me.id);
  return { read: others.filter(({ id }) => conversation.readBy.get(id) >= at).length, of: others.length };
}
