// Who is there? Those with whom one shares a conversation, as far as they were asked for; the connection tells who comes and goes.

import * as api from './api.js';
import { isMe, others } from './people.js';
import { changed, store } from './store.js';
import { clock, theDay } from './text.js';

/** How many people one request may ask for. */
const MOST = 100;

/** Asks for the people of these conversations; a room's are told to nobody. */
export async function ask(conversations) {
  const close = conversations.filter(({ type, guest }) => type !== 'room' && !guest);
  const ids = [...new Set(close.flatMap((one) => others(one).map(({ id }) => id)))];
  for (let at = 0; at < ids.length; at += MOST) {
    for (const one of await api.presence(ids.slice(at, at + MOST))) store.presence.set(one.userId, one);
    changed();
  }
}

/** Somebody came, or went. */
export function heard(presence) {
  store.presence.set(presence.userId, presence);
  changed();
}

export const isThere = (id) => !isMe(id) && Boolean(store.presence.get(id)?.online);

/** "online", when they were last seen, or nothing if nobody knows. */
export function inWords(id) {
  const { online, lastSeenAt } = store.presence.get(id) ?? {};
  if (online) return 'online';
  return lastSeenAt ? `last seen ${theDay(lastSeenAt)} at ${clock(lastSeenAt)}` : '';
}
