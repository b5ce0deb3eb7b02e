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

let asked = false;
/** Who wrote in a room and left it again is not among its people; who is there at all, knows the directory. */
export async function meet(messages) {
  if (asked || messages.every(({ senderId }) => store.names.has(senderId))) return;
  asked = true;
  for (let page = 1, of = 1; page <= Math.min(of, 20); page += 1) {
    const { users, pagination } = await api.people(page).catch(() => ({ users: [], pagination: { total_pages: 0 } }));
    for (const { id, name } of users) store.names.set(id, name);
    of = pagination.total_pages;
  }
  changed();
}
