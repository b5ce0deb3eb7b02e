// Which conversations are there, and what can one do with them? List, show, begin, change and leave.
//
// A conversation is `{ id, type, name, people, last, unread, updatedAt, guest }` as the server lists it, with `readBy` (how
// far the others have read), `typing`, `draft` and `uploads`; `mentioned` counts the unread messages that mention oneself; once it has been shown it has what history.js adds.

import * as api from './api.js';
import * as drafts from './drafts.js';
import * as history from './history.js';
import { isQuiet } from './levels.js';
import { forget as forgetPeople, meet, titleOf } from './people.js';
import * as reading from './reading.js';
import { changed, store, toast } from './store.js';

/** What live.js gave; `null` if nobody is signed in. */
let connection = null;

export function connectBy(newConnection) {
  connection = newConnection;
  reading.tellBy(connection.markRead);
}

/** The id in the page's address, in the spelling of any API. */
export const wanted = () => /^#c\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;

/** All of them, the most recently active first. */
export const list = () => [...store.conversations.values()].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
/** How many unread messages one is told of. */
export const unread = () => list().reduce((sum, one) => sum + (isQuiet(one) ? one.mentioned : one.unread), 0);

export function forget() {
  for (const { typing } of store.conversations.values()) typing.forEach(clearTimeout);
  store.conversations.clear();
  forgetPeople();
  store.shown = null;
  connection = null;
}

/** Takes in a conversation as the server lists it, and keeps what only this page knows of it. */
export function learn({ id, type, name, participants, lastMessage, unreadCount, unreadMentions = 0, updatedAt, level = 'all', mutedUntil = null, ...looks }) {
  const known = store.conversations.get(id) ?? { id, ...history.fresh(), readBy: new Map(), typing: new Map(), draft: drafts.read(store.me.id, id), uploads: [], heard: [], called: [] };
  for (const person of participants) store.names.set(person.id, person.fullName);
  const listedAt = lastMessage?.createdAt ?? '';
  // The server's count does not have what was heard after it made the list.
  known.heard = known.heard.filter((at) => at > listedAt);
  known.called = known.called.filter((at) => at > listedAt);
  const newer = known.last?.createdAt > listedAt;
  Object.assign(known, {
    type, listedAt, people: participants, level, mutedUntil, ...looksOf({ name, ...looks }),
    guest: !participants.some((person) => person.id === store.me?.id),
    last: newer ? known.last : lastMessage,
    updatedAt: newer ? known.updatedAt : updatedAt,
    unread: unreadCount + known.heard.length,
    mentioned: unreadMentions + known.called.length,
  });
  store.conversations.set(id, known);
  return known;
}

/** What its owners say of it: what is not there, it does not have. */
export const looksOf = ({ name, description = '', pictureUrl = null, owners = null, archivedAt = null, keepMessages = null, keepFiles = null }) => ({ name, description, pictureUrl, owners, archived: Boolean(archivedAt), keepMessages, keepFiles });

/** The list as it came before the connection, which then tells what was said after it. */
export function first(listed) {
  if (store.ready) return;
  connection.listed(listed.position);
  listed.said.forEach(learn);
  store.ready = true;
  if (store.shown) show(store.shown);
  changed();
}

/** Loads the list again: on connecting, and on coming back to the window. */
export async function refresh(over = connection, resumed = true) {
  if (!over) return;
  const listed = [];
  let at;
  try {
    for (let page; (page?.length ?? 100) === 100 && listed.length < 500; listed.push(...page)) {
      const answer = await api.conversations(listed.length);
      page = answer.said;
      at ??= answer.position;
    }
  } catch (refusal) {
    if (refusal.status !== 401) toast({ title: 'Your conversations could not be loaded', text: refusal.message, kind: 'bad' });
    return;
  }
  if (over !== connection) return;
  over.listed(at);
  const there = new Set(listed.map(({ id }) => id));
  for (const one of list()) {
    if (there.has(one.id) || one.guest) continue;
    store.conversations.delete(one.id);
    if (store.shown === one.id) {
      toast({ title: `You are no longer in ${titleOf(one)}` });
      location.hash = '';
    }
  }
  listed.forEach(learn);
  store.ready = true;
  for (const one of store.conversations.values()) {
    one.told = null;
    if (!resumed) one.messages = null;
  }
  if (store.shown) await show(store.shown);
  changed();
}

/** Shows a conversation, known or not: one's own, or an open room to look into. */
export async function show(id) {
  const before = store.conversations.get(store.shown);
  if (before && before.id !== id && before.guest) {
    connection?.stopOverhearing(before.id);
    store.conversations.delete(before.id);
  }
  if (before && before.id !== id) Object.assign(before, { newFrom: null, landsAt: null });
  store.shown = id;
  changed();
  // Before the list has come nobody knows which ones are one's own.
  if (!id || !store.ready) return;
  const over = connection;
  try {
    const one = store.conversations.get(id) ?? learn(await api.conversation(id));
    if (store.shown !== id) return;
    if (one.id !== id) {
      // The address had another API's spelling of the id.
      window.history.replaceState(null, '', `#c/${one.id}`);
      return await show(one.id);
    }
    // First hear what is said from now on, then load what was said before: so nothing is missed between the two.
    if (one.guest) await over?.overhear(id);
    const to = wantedMessage?.id === one.id && wantedMessage.messageId;
    wantedMessage = null;
    meet(await (to ? history.around(one, to).catch((refusal) => instead(one, refusal)) : history.open(one)));
    if (!one.guest) reading.ask(one).catch(() => {});
    reading.attend();
  } catch (refusal) {
    if (store.shown !== id || refusal.status === 401) return;
    const one = store.conversations.get(id);
    if (one) one.problem = refusal;
    else {
      toast({ title: 'This conversation cannot be opened', text: refusal.message, kind: 'bad' });
      location.hash = '';
    }
  }
  changed();
}

/** Becomes a member of an open room that one only looks into. */
export async function join(one) {
  try {
    await change(one, api.addMember(one.id, store.me.id));
  } catch (refusal) {
    toast({ title: 'You could not join', text: refusal.message, kind: 'bad' });
  }
}

function instead(one, refusal) {
  if (refusal.status !== 404) throw refusal;
  toast({ title: 'That message is gone' });
  return history.open(one);
}

/** Where `goTo` leads, until the conversation is shown. */
let wantedMessage = null;

/** Goes to a message, in the conversation that is shown or in another one, as far back as it may be. */
export async function goTo(id, messageId) {
  wantedMessage = { id, messageId };
  if (store.shown !== id) location.hash = `c/${id}`;
  else await show(id);
}

let typingIn = null;
/** Says that we type, at most every few seconds, and that we stopped. */
export function iType(id, on) {
  if (on && typingIn?.id === id && Date.now() - typingIn.at < 4_000) return;
  if (!on && typingIn?.id !== id) return;
  typingIn = on ? { id, at: Date.now() } : null;
  connection?.type(id, on);
}

/** The conversation that was begun here last, until it is known. */
export let begun = Promise.resolve();

/** Begins, or goes on with, a conversation, and shows it. */
export function begin(making) {
  begun = making.then(async ({ id }) => {
    // Asked for once more, because another API spells its id in another way.
    location.hash = `c/${learn(await api.conversation(id)).id}`;
  });
  return begun;
}

/** Changes a group's people, and shows who is in it now. */
export async function change(conversation, changing) {
  await changing;
  learn(await api.conversation(conversation.id));
  changed();
}

export async function leave(conversation) {
  store.conversations.delete(conversation.id);
  try {
    await api.removeMember(conversation.id, store.me.id);
  } catch (refusal) {
    store.conversations.set(conversation.id, conversation);
    throw refusal;
  }
  location.hash = '';
  changed();
}
