// What is said, and by whom? The verbs on conversations: list, show, page back, hear, mark as read.
//
// A talk is `{ id, type, name, people, last, unread, updatedAt, guest }` as the server lists it, and once it has been
// shown `messages` (oldest first), `more`, `readUpTo` (others have read what is not newer), `typing` and `draft`.

import * as api from './api.js';
import * as outbox from './outbox.js';
import { changed, say, toast, world } from './world.js';

/** What live.js gave; silent until somebody is signed in. */
let line = null;
/** Is the newest message in view? Said by the view that shows it. */
let atEnd = true;

/** The conversation that the page's address names, in whatever spelling. */
export const wanted = () => /^#c\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;
export const speakOver = (newLine) => (line = newLine);
export const current = () => world.talks.get(world.shown);
export const nameOf = (id) => (id === world.me?.id ? world.me.name : (world.names.get(id) ?? 'Somebody'));
export const isMe = (id) => id === world.me?.id;
export const others = (talk) => talk.people.filter((person) => person.id !== world.me?.id);

export function titleOf(talk) {
  if (talk.type === 'direct' || talk.type === 'session') return others(talk)[0]?.fullName ?? 'Somebody';
  return talk.name || 'Without a name';
}

/** The list, the most recently active first. */
export const talks = () => [...world.talks.values()].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
export const unread = () => talks().reduce((sum, talk) => sum + talk.unread, 0);

export function forget() {
  for (const talk of world.talks.values()) talk.typing.forEach(clearTimeout);
  world.talks.clear();
  world.names.clear();
  world.shown = null;
  line = null;
}

/** Takes in a conversation as the server lists it, and keeps what is known of it here. */
function learn({ id, type, name, participants, lastMessage, unreadCount, updatedAt }) {
  const known = world.talks.get(id) ?? { id, messages: null, more: false, readUpTo: '', typing: new Map(), draft: '', tray: [], heard: [] };
  for (const person of participants) world.names.set(person.id, person.fullName);
  const listedAt = lastMessage?.createdAt ?? '';
  // What was heard after the list was made is not in its count.
  known.heard = known.heard.filter((at) => at > listedAt);
  const newer = known.last?.createdAt > listedAt;
  Object.assign(known, {
    type, name, listedAt, people: participants,
    guest: !participants.some((person) => person.id === world.me?.id),
    last: newer ? known.last : lastMessage,
    updatedAt: newer ? known.updatedAt : updatedAt,
    unread: unreadCount + known.heard.length,
  });
  world.talks.set(id, known);
  return known;
}

/** The list anew: on connecting, on coming back to the window. */
export async function refresh(over = line, resumed = true) {
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
  if (over !== line) return;
  over.listed(listed);
  const there = new Set(listed.map(({ id }) => id));
  for (const talk of [...world.talks.values()]) {
    if (there.has(talk.id) || talk.guest) continue;
    world.talks.delete(talk.id);
    if (world.shown === talk.id) {
      toast({ title: `You are no longer in ${titleOf(talk)}` });
      location.hash = '';
    }
  }
  listed.forEach(learn);
  world.ready = true;
  if (!resumed) for (const talk of world.talks.values()) talk.messages = null;
  if (world.shown) await show(world.shown);
  changed();
}

/** Shows a conversation, known or not: one's own, or an open room to look into. */
export async function show(id) {
  const before = current();
  if (before && before.id !== id && before.guest) {
    line?.stopOverhearing(before.id);
    world.talks.delete(before.id);
  }
  if (before && before.id !== id) before.newFrom = null;
  world.shown = id;
  changed();
  // Until the list is there nobody knows what is one's own.
  if (!id || !world.ready) return;
  const over = line;
  try {
    const talk = world.talks.get(id) ?? learn(await api.conversation(id));
    if (world.shown !== id) return;
    if (talk.id !== id) {
      // The address came in another API's spelling.
      history.replaceState(null, '', `#c/${talk.id}`);
      return await show(talk.id);
    }
    // What is said from here on is heard, what was said before is loaded.
    if (talk.guest) await over?.overhear(id);
    if (!talk.messages) await loadLatest(talk);
    if (world.shown === id) attend();
  } catch (refusal) {
    if (world.shown !== id || refusal.status === 401) return;
    const talk = world.talks.get(id);
    if (talk) talk.problem = refusal.message;
    else {
      toast({ title: 'This conversation cannot be opened', text: refusal.message, kind: 'bad' });
      location.hash = '';
    }
  }
  changed();
}

async function loadLatest(talk) {
  talk.problem = '';
  talk.early = [];
  const { messages, hasMore, nextCursor } = await api.messages(talk.id);
  const page = messages.reverse();
  const there = new Set(page.map(({ id }) => id));
  Object.assign(talk, { messages: [...page, ...talk.early.filter(({ id }) => !there.has(id))], more: hasMore, cursor: nextCursor, early: null });
  const strangers = page.filter(({ senderId }) => senderId !== world.me.id);
  if (talk.unread > 0) talk.newFrom = strangers.at(-Math.min(talk.unread, strangers.length))?.id;
  outbox.arrived(talk);
  meet(page);
  if (page.some(({ senderId }) => senderId === world.me.id)) {
    // From the page's first message on, or from the very beginning.
    line?.askRead(talk.id, hasMore ? page[0].id : 1, page.at(-1).createdAt, (at) => readUpTo(talk, at));
  }
}

/** One page further back. */
export async function loadOlder(talk) {
  if (!talk.more || talk.loading) return;
  talk.loading = true;
  changed();
  try {
    const { messages, hasMore, nextCursor } = await api.messages(talk.id, talk.cursor);
    const there = new Set(talk.messages.map(({ id }) => id));
    const page = messages.reverse().filter(({ id }) => !there.has(id));
    Object.assign(talk, { messages: [...page, ...talk.messages], more: hasMore, cursor: nextCursor, problem: '' });
    meet(page);
  } catch (refusal) {
    talk.problem = refusal.message;
  }
  talk.loading = false;
  changed();
}

/** A message, live or caught up. */
export async function heard(message) {
  const { id, conversationId, senderId, createdAt } = message;
  const talk = world.talks.get(conversationId);
  if (!talk) return newcomer(conversationId);
  const list = talk.messages ?? talk.early;
  // What was loaded a moment ago may have been on its way here as well.
  if (list?.some((one) => one.id === id)) return;
  const own = senderId === world.me.id;
  if (own) message.key = outbox.heardOwn(message);
  list?.push(message);
  clearTimeout(talk.typing.get(senderId));
  talk.typing.delete(senderId);
  if (!(talk.last?.createdAt > createdAt)) Object.assign(talk, { last: message, updatedAt: createdAt });
  // Somebody new, or we ourselves: whoever writes in a room is in it.
  if (!world.names.has(senderId) || (own && talk.guest)) newcomer(conversationId);
  if (!own && createdAt > talk.listedAt && !talk.guest) {
    talk.unread += 1;
    talk.heard.push(createdAt);
  }
  if (!own) say(`${nameOf(senderId)}: ${message.content || 'a file'}`);
  if (world.shown === talk.id) attend();
  changed();
}

/** A conversation, or somebody in it, that we have not heard of yet. */
async function newcomer(id) {
  await api.conversation(id).then(learn).catch(() => {});
  changed();
}

let asked = false;
/** Who wrote in a room and left it again is not among its people; who is there at all, knows the directory. */
async function meet(messages) {
  if (asked || messages.every(({ senderId }) => world.names.has(senderId))) return;
  asked = true;
  for (let page = 1, of = 1; page <= Math.min(of, 20); page += 1) {
    const { users, pagination } = await api.people(page).catch(() => ({ users: [], pagination: { total_pages: 0 } }));
    for (const { id, name } of users) world.names.set(id, name);
    of = pagination.total_pages;
  }
  changed();
}

/** Whoever looks at the end of a conversation has read it. */
export function attend(end = atEnd) {
  atEnd = end;
  const talk = current();
  if (!talk?.messages || !end || document.visibilityState !== 'visible' || talk.unread === 0 || !world.online) return;
  talk.unread = 0;
  talk.heard = [];
  line?.markRead(talk.id);
  changed();
}

export function types(conversationId, userId, isTyping) {
  const talk = world.talks.get(conversationId);
  if (!talk || userId === world.me.id) return;
  const stop = () => (clearTimeout(talk.typing.get(userId)), talk.typing.delete(userId), changed());
  stop();
  // Ten seconds are the server's; it says when they are over, unless the line is cut.
  if (isTyping) talk.typing.set(userId, setTimeout(stop, 12_000));
}

export function forgetTyping() {
  for (const talk of world.talks.values()) {
    talk.typing.forEach(clearTimeout);
    talk.typing.clear();
  }
}

export function wasRead(conversationId, userId, readAt) {
  const talk = world.talks.get(conversationId);
  if (talk && userId !== world.me.id) readUpTo(talk, readAt);
}

function readUpTo(talk, at) {
  if (at <= talk.readUpTo) return;
  talk.readUpTo = at;
  changed();
}

let typingIn = null;
/** Says that we type, at most every few seconds, and that we stopped. */
export function iType(id, on) {
  if (on && typingIn?.id === id && Date.now() - typingIn.at < 4_000) return;
  if (!on && typingIn?.id !== id) return;
  typingIn = on ? { id, at: Date.now() } : null;
  line?.type(id, on);
}

/** Begins, or goes on with, a conversation, and shows it. */
export async function begin(making) {
  const { id } = await making;
  // Asked for once more, because another API spells its id in another way.
  location.hash = `c/${learn(await api.conversation(id)).id}`;
}

/** Changes a group's people, and shows who is in it now. */
export async function change(talk, changing) {
  await changing;
  learn(await api.conversation(talk.id));
  changed();
}

export async function leave(talk) {
  await api.removeMember(talk.id, world.me.id);
  world.talks.delete(talk.id);
  location.hash = '';
  changed();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || !world.ready || !world.online) return;
  // Nobody says when somebody takes us into a group, so we look.
  refresh();
});
