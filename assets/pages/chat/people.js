// Who is who? Names of people by their ids: those who are in one's conversations, and those who wrote in one and left it.

import * as api from './api.js';
import { changed, store } from './store.js';

export const isMe = (id) => id === store.me?.id;
export const nameOf = (id) => (isMe(id) ? store.me.name : (store.names.get(id) ?? 'Somebody'));
export const others = (conversation) => conversation.people.filter(({ id }) => !isMe(id));

/** What a conversation is called: a name of its own, or that of the other person in it. */
export function titleOf(conversation) {
  if (conversation.type === 'direct' || conversation.type === 'session') return others(conversation)[0]?.fullName ?? 'Somebody';
  return conversation.name || 'Without a name';
}

/** Whom we have asked the server for, so that nobody is asked for twice. */
const asked = new Set();

/** Learns what the authors of messages are called: whoever wrote in a room and left it is not among its people. */
export async function meet(messages) {
  const unknown = new Set(messages.map(({ senderId }) => senderId).filter((id) => !isMe(id) && !store.names.has(id) && !asked.has(id)));
  await Promise.all([...unknown].map(async (id) => {
    asked.add(id);
    // Somebody whose account is removed has no name any more.
    const person = await api.person(id).catch(() => null);
    if (person) store.names.set(id, person.name);
  }));
  if (unknown.size) changed();
}

/** Somebody has another name or picture. */
export function renamed({ id, fullName, avatarUrl }) {
  store.names.set(id, fullName);
  if (isMe(id)) Object.assign(store.me, { name: fullName, avatarUrl });
  for (const { people } of store.conversations.values()) {
    const known = people.find((person) => person.id === id);
    if (known) Object.assign(known, { fullName, avatarUrl });
  }
  changed();
}

/** Somebody else may sign in now. */
export function forget() {
  store.names.clear();
  store.presence.clear();
  asked.clear();
}
