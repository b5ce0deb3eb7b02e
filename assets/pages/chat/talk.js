// What is said, and by whom? The verbs on conversations: list, show, hear, come and go.
//
// A talk is `{ id, type, name, people, last, unread, updatedAt, guest }` as the server lists it, with `readBy` (how far
// the others have read), `typing` and `draft`; once it has been shown it has what history.js says.

import * as api from './api.js';
import * as drafts from './drafts.js';
import * as history from './history.js';
import * as notices from './notices.js';
import * as pending from './pending.js';
import * as reading from './reading.js';
import { changed, say, toast, store } from './store.js';

/** What live.js gave; silent until somebody is signed in. */
let connection = null;

/** The conversation that the page's address names, in whatever spelling. */
export const wanted = () => /^#c\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;
export function speakOver(newConnection) {
  connection = newConnection;
  reading.tellBy(connection.markRead);
}
export const current = () => store.talks.get(store.shown);
export const nameOf = (id) => (id === store.me?.id ? store.me.name : (store.names.get(id) ?? 'Somebody'));
export const isMe = (id) => id === store.me?.id;
export const others = (talk) => talk.people.filter((person) => person.id !== store.me?.id);

export function titleOf(talk) {
  if (talk.type === 'direct' || talk.type === 'session') return others(talk)[0]?.fullName ?? 'Somebody';
  return talk.name || 'Without a name';
}

/** The list, the most recently active first. */
export const talks = () => [...store.talks.values()].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
export const unread = () => talks().reduce((sum, talk) => sum + talk.unread, 0);

export function forget() {
  for (const talk of store.talks.values()) talk.typing.forEach(clearTimeout);
  store.talks.clear();
  store.names.clear();
  store.shown = null;
  connection = null;
}

/** Takes in a conversation as the server lists it, and keeps what is known of it here. */
function learn({ id, type, name, participants, lastMessage, unreadCount, updatedAt }) {
  const known = store.talks.get(id) ?? { id, ...history.fresh(), readBy: new Map(), typing: new Map(), draft: drafts.read(store.me.id, id), uploads: [], heard: [] };
  for (const person of participants) store.names.set(person.id, person.fullName);
  const listedAt = lastMessage?.createdAt ?? '';
  // What was heard after the list was made is not in its count.
  known.heard = known.heard.filter((at) => at > listedAt);
  const newer = known.last?.createdAt > listedAt;
  Object.assign(known, {
    type, name, listedAt, people: participants,
    guest: !participants.some((person) => person.id === store.me?.id),
    last: newer ? known.last : lastMessage,
    updatedAt: newer ? known.updatedAt : updatedAt,
    unread: unreadCount + known.heard.length,
  });
  store.talks.set(id, known);
  return known;
}

/** The first of the list, before the connection is there: what is said from then on it will tell. */
export function first(listed) {
  if (store.ready) return;
  connection.listed(listed);
  listed.forEach(learn);
  store.ready = true;
  if (store.shown) show(store.shown);
  changed();
}

/** The list anew: on connecting, on coming back to the window. */
export async function refresh(over = connection, resumed = true) {
  if (!over) return;
  const listed = [];
  try {
    for (let page; (page?.length ?? 100) === 100 && listed.length < 500; listed.push(...page)) {
      page = await api.conversations(listed.length);
    }
  } catch (refusal) {
    if (refusal.status !== 401) toast({ title: 'Your conversations could not be loaded', text: refusal.message, kind: 'bad' });
    return;
  }
  if (over !== connection) return;
  over.listed(listed);
  const there = new Set(listed.map(({ id }) => id));
  for (const talk of [...store.talks.values()]) {
    if (there.has(talk.id) || talk.guest) continue;
    store.talks.delete(talk.id);
    if (store.shown === talk.id) {
      toast({ title: `You are no longer in ${titleOf(talk)}` });
      location.hash = '';
    }
  }
  listed.forEach(learn);
  store.ready = true;
  for (const talk of store.talks.values()) {
    talk.told = null;
    if (!resumed) talk.messages = null;
  }
  if (store.shown) await show(store.shown);
  changed();
}

/** Shows a conversation, known or not: one's own, or an open room to look into. */
export async function show(id) {
  const before = current();
  if (before && before.id !== id && before.guest) {
    connection?.stopOverhearing(before.id);
    store.talks.delete(before.id);
  }
  if (before && before.id !== id) Object.assign(before, { newFrom: null, landsAt: null });
  store.shown = id;
  changed();
  // Until the list is there nobody knows what is one's own.
  if (!id || !store.ready) return;
  const over = connection;
  try {
    const talk = store.talks.get(id) ?? learn(await api.conversation(id));
    if (store.shown !== id) return;
    if (talk.id !== id) {
      // The address came in another API's spelling.
      window.history.replaceState(null, '', `#c/${talk.id}`);
      return await show(talk.id);
    }
    // What is said from here on is heard, what was said before is loaded.
    if (talk.guest) await over?.overhear(id);
    meet(await history.open(talk));
    if (!talk.guest) reading.ask(talk).catch(() => {});
    reading.attend();
  } catch (refusal) {
    if (store.shown !== id || refusal.status === 401) return;
    const talk = store.talks.get(id);
    if (talk) talk.problem = refusal.message;
    else {
      toast({ title: 'This conversation cannot be opened', text: refusal.message, kind: 'bad' });
      location.hash = '';
    }
  }
  changed();
}

/** A message, live or caught up. */
export async function heard(message) {
  const { id, conversationId, senderId, createdAt } = message;
  const talk = store.talks.get(conversationId);
  if (!talk) return newcomer(conversationId);
  // What was loaded a moment ago may have been on its way here as well.
  if (talk.ids.has(id)) return;
  const own = senderId === store.me.id;
  if (own) message.key = pending.heardOwn(message);
  history.take(talk, message);
  clearTimeout(talk.typing.get(senderId));
  talk.typing.delete(senderId);
  if (!(talk.last?.createdAt > createdAt)) Object.assign(talk, { last: message, updatedAt: createdAt });
  // Somebody new, or we ourselves: whoever writes in a room is in it.
  if (!store.names.has(senderId) || (own && talk.guest)) newcomer(conversationId);
  if (!own && createdAt > talk.listedAt && !talk.guest) {
    talk.unread += 1;
    talk.heard.push(createdAt);
  }
  if (!own) say(`${nameOf(senderId)}: ${message.content || 'a file'}`);
  changed();
}

/** A conversation, or somebody in it, that we have not heard of yet. */
async function newcomer(id) {
  const talk = await api.conversation(id).then(learn, () => null);
  changed();
  return talk;
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

export function types(conversationId, userId, isTyping) {
  const talk = store.talks.get(conversationId);
  if (!talk || userId === store.me.id) return;
  const stop = () => (clearTimeout(talk.typing.get(userId)), talk.typing.delete(userId), changed());
  stop();
  // Ten seconds are the server's; it says when they are over, unless the connection is cut.
  if (isTyping) talk.typing.set(userId, setTimeout(stop, 12_000));
}

export function forgetTyping() {
  for (const talk of store.talks.values()) {
    talk.typing.forEach(clearTimeout);
    talk.typing.clear();
  }
}

/** Somebody has read up to the message that was said then. */
export function wasRead(conversationId, userId, at) {
  const talk = store.talks.get(conversationId);
  if (talk) reading.cameTo(talk, userId, at);
}

/** One has read it oneself, in this window or another. */
export function haveRead(conversationId, unread) {
  const talk = store.talks.get(conversationId);
  if (talk) reading.haveRead(talk, unread);
}

/** Somebody took us in, or we began it in another window. */
export async function joined(conversationId) {
  // What one begins here is heard of before its answer comes.
  await begun.catch(() => {});
  if (store.talks.get(conversationId)?.guest === false) return;
  const talk = await newcomer(conversationId);
  if (talk?.type !== 'group' || talk.id === store.shown) return;
  toast({ title: `You are in “${titleOf(talk)}” now` });
}

/** Somebody put us out, or we left in another window. An open room can still be looked into. */
export function left(conversationId) {
  const talk = store.talks.get(conversationId);
  if (!talk) return;
  store.talks.delete(conversationId);
  toast({ title: `You are no longer in “${titleOf(talk)}”` });
  if (store.shown === talk.id) location.hash = '';
  changed();
}

let typingIn = null;
/** Says that we type, at most every few seconds, and that we stopped. */
export function iType(id, on) {
  if (on && typingIn?.id === id && Date.now() - typingIn.at < 4_000) return;
  if (!on && typingIn?.id !== id) return;
  typingIn = on ? { id, at: Date.now() } : null;
  connection?.type(id, on);
}

let begun = Promise.resolve();
/** Begins, or goes on with, a conversation, and shows it. */
export function begin(making) {
  begun = making.then(async ({ id }) => {
    // Asked for once more, because another API spells its id in another way.
    location.hash = `c/${learn(await api.conversation(id)).id}`;
  });
  return begun;
}

/** Changes a group's people, and shows who is in it now. */
export async function change(talk, changing) {
  await changing;
  learn(await api.conversation(talk.id));
  changed();
}

export async function leave(talk) {
  store.talks.delete(talk.id);
  try {
    await api.removeMember(talk.id, store.me.id);
  } catch (refusal) {
    store.talks.set(talk.id, talk);
    throw refusal;
  }
  location.hash = '';
  changed();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || !store.ready || !store.online) return;
  refresh();
  notices.refresh().catch(() => {});
});
