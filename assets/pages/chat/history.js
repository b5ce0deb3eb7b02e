// Which messages of a conversation does the page have? One stretch without holes: loaded where one stopped reading, then in
// both directions as one scrolls, and made longer by new messages.
//
// `messages` has them, the oldest first. `more` says that the server has older ones. `newer` says that it has newer ones; they
// are then loaded, and live messages are not added. `newFrom` is the id of the first unread message, `landsAt` that of the
// message at which the view begins, if it is not the end. `stretch` counts how often the whole stretch was replaced.
// `quoted` has the messages that others answer, by their ids; `pins` the pinned ones once they were asked for.

import * as api from './api.js';
import * as pending from './pending.js';
import { changed, store } from './store.js';

/** How many messages one request asks for. */
const PAGE = 100;
/** For how many milliseconds the message to which one went is marked. */
const MARKED = 4_000;

export const fresh = () => ({ messages: null, ids: new Set(), gone: new Set(), quoted: new Map(), asking: 0, updates: new Map(), pins: null, jump: null, more: false, newer: false, stretch: 0, newFrom: null, landsAt: null });

/** Loads the messages around the first unread one, or the latest ones. */
export async function open(conversation) {
  if (conversation.messages && findNew(conversation)) return [];
  const { messages, ...page } = await load(conversation, async () => {
    if (!(conversation.unread > 0)) return api.messages(conversation.id, { limit: PAGE / 2 });
    const unread = await api.messages(conversation.id, { limit: PAGE, unread: true });
    const [first] = unread.messages.slice(-1);
    // It was read in another window meanwhile, or deleted.
    if (!first) return api.messages(conversation.id, { limit: PAGE / 2 });
    // The messages just before it are what it answers.
    const before = await api.messages(conversation.id, { limit: PAGE / 4, before: first.id });
    const newFrom = unread.messages.findLast(({ senderId }) => senderId !== store.me.id)?.id;
    return { ...before, messages: [...unread.messages, ...before.messages], newFrom, newer: unread.hasMore, newerCursor: unread.nextCursor };
  });
  return begin(conversation, messages, page);
}

/** Replaces the stretch by the latest messages. */
export async function toLatest(conversation) {
  if (!conversation.newer) return [];
  const { messages, ...page } = await load(conversation, () => api.messages(conversation.id, { limit: PAGE / 2 }));
  return begin(conversation, messages, { ...page, newFrom: conversation.newFrom, landsAt: null });
}

/** Replaces the stretch by what was said around a message, or goes there if it has it. */
export async function around(conversation, id) {
  const jump = { id };
  const ahead = () => {
    conversation.jump = jump;
    setTimeout(() => conversation.jump === jump && ((conversation.jump = null), changed()), MARKED);
  };
  if (conversation.messages && conversation.ids.has(id)) {
    ahead();
    changed();
    return [];
  }
  const { messages, ...page } = await load(conversation, async () => {
    const [one, before, after] = await Promise.all([
      api.message(conversation.id, id),
      api.messages(conversation.id, { limit: PAGE / 4, before: id }),
      api.messages(conversation.id, { limit: PAGE / 4, after: id }),
    ]);
    return { ...before, messages: [...after.messages, one, ...before.messages], newer: after.hasMore, newerCursor: after.nextCursor };
  });
  ahead();
  return begin(conversation, messages, { ...page, newFrom: conversation.newFrom, landsAt: id });
}

/** Asks for a stretch. Live messages that come before its answer wait in `early`. */
async function load(conversation, asking) {
  conversation.problem = null;
  conversation.early = [];
  try {
    return await asked(conversation, asking);
  } catch (refusal) {
    const { early } = conversation;
    conversation.early = null;
    for (const message of early ?? []) take(conversation, message);
    throw refusal;
  }
}

/** A page may be read before a change of which the connection tells before the page comes: then the change counts. */
async function asked(conversation, asking) {
  conversation.asking += 1;
  try {
    const page = await asking();
    return { ...page, messages: page.messages.map((message) => conversation.updates.get(message.id) ?? message) };
  } finally {
    conversation.asking -= 1;
    if (!conversation.asking) conversation.updates.clear();
  }
}

function begin(conversation, newestFirst, { hasMore, nextCursor, newFrom = null, landsAt = newFrom, newer = false, newerCursor = null }) {
  const messages = newestFirst.reverse().filter(({ id }) => !conversation.gone.has(id));
  const ids = new Set(messages.map(({ id }) => id));
  const early = conversation.early ?? [];
  Object.assign(conversation, { messages, ids, more: hasMore, cursor: nextCursor, newFrom, landsAt, newer, newerCursor, early: null, stretch: conversation.stretch + 1 });
  for (const message of early) take(conversation, message);
  pending.arrived(conversation);
  changed();
  return messages;
}

/** Do we have the first unread message already? Then it is marked. */
function findNew(conversation) {
  if (conversation.newFrom || !(conversation.unread > 0)) return true;
  let left = conversation.unread;
  for (let at = conversation.messages.length - 1; !conversation.newer && at >= 0; at -= 1) {
    const { id, senderId } = conversation.messages[at];
    if (senderId !== store.me.id) left -= 1;
    if (left === 0) {
      Object.assign(conversation, { newFrom: id, landsAt: id });
      return true;
    }
  }
  return false;
}

/** Adds a live message; answers `false` if it was there already, or will be loaded later. */
export function take(conversation, message) {
  if (conversation.early) return conversation.early.push(message) > 0;
  if (!conversation.messages || conversation.newer || conversation.ids.has(message.id)) return false;
  conversation.ids.add(message.id);
  conversation.messages.push(message);
  return true;
}

/** What can change of a message. */
const changing = ['content', 'attachments', 'editedAt', 'replyTo', 'reactions', 'mentions', 'pinnedAt', 'pinnedBy'];

/** A message is now thus, wherever it is shown. It stays the same object, so that the view keeps its place. */
export function replace(conversation, message) {
  const { id } = message;
  if (conversation.asking) conversation.updates.set(id, message);
  const of = (messages) => messages?.find((one) => one.id === id);
  const known = new Set([conversation.ids.has(id) && of(conversation.messages), of(conversation.early), conversation.quoted.get(id), of(conversation.pins), conversation.last?.id === id && conversation.last]);
  for (const one of known) {
    if (!one) continue;
    for (const field of changing) {
      if (message[field] === undefined) delete one[field];
      else one[field] = message[field];
    }
    one.told = message.position ?? one.told;
  }
  if (!conversation.pins) return;
  const others = conversation.pins.filter((one) => one.id !== id);
  conversation.pins = message.pinnedAt ? [message, ...others].sort((one, other) => (one.pinnedAt < other.pinnedAt ? 1 : -1)) : others;
}

/** Takes out a deleted message; `gone` keeps its id, so that a page that is on its way does not bring it back. */
export function drop(conversation, id) {
  const others = (messages) => messages?.filter((message) => message.id !== id) ?? null;
  conversation.gone.add(id);
  Object.assign(conversation, { messages: others(conversation.messages), early: others(conversation.early), pins: others(conversation.pins) });
  conversation.ids.delete(id);
  conversation.quoted.set(id, null);
  for (const role of ['replying', 'editing']) if (conversation[role]?.id === id) conversation[role] = null;
  if (conversation.newFrom === id) conversation.newFrom = null;
  if (conversation.landsAt === id) conversation.landsAt = null;
}

/** Loads one page of older messages. */
export const loadOlder = (conversation) =>
  more(conversation, conversation.more, { before: conversation.cursor }, (page, { hasMore, nextCursor }) => ({ messages: [...page, ...conversation.messages], more: hasMore, cursor: nextCursor }));

/** Loads one page of newer messages. */
export const loadNewer = (conversation) =>
  more(conversation, conversation.newer, { after: conversation.newerCursor }, (page, { hasMore, nextCursor }) => ({ messages: [...conversation.messages, ...page], newer: hasMore, newerCursor: nextCursor }));

async function more(conversation, there, from, joined) {
  if (!there || conversation.loading || !conversation.messages) return [];
  conversation.loading = true;
  changed();
  const { stretch } = conversation;
  let page = [];
  try {
    const answer = await asked(conversation, () => api.messages(conversation.id, { limit: PAGE, ...from }));
    if (stretch === conversation.stretch) {
      page = answer.messages.reverse().filter(({ id }) => !conversation.ids.has(id) && !conversation.gone.has(id));
      for (const { id } of page) conversation.ids.add(id);
      Object.assign(conversation, joined(page, answer), { problem: null });
      pending.arrived(conversation);
    }
  } catch (refusal) {
    conversation.problem = refusal;
  }
  conversation.loading = false;
  changed();
  return page;
}
