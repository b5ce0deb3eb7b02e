// Which messages of a conversation does the page have? One stretch without holes: loaded where one stopped reading, then in
// both directions as one scrolls, and made longer by new messages.
//
// `messages` has them, the oldest first. `more` says that the server has older ones. `newer` says that it has newer ones; they
// are then loaded, and live messages are not added. `newFrom` is the id of the first unread message, `landsAt` that of the
// message at which the view begins, if it is not the end. `stretch` counts how often the whole stretch was replaced.

import * as api from './api.js';
import * as pending from './pending.js';
import { changed, store } from './store.js';

/** How many messages one request asks for. */
const PAGE = 100;

export const fresh = () => ({ messages: null, ids: new Set(), gone: new Set(), more: false, newer: false, stretch: 0, newFrom: null, landsAt: null });

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

/** Asks for a stretch. Live messages that come before its answer wait in `early`. */
async function load(conversation, asking) {
  conversation.problem = null;
  conversation.early = [];
  try {
    return await asking();
  } catch (refusal) {
    conversation.early = null;
    throw refusal;
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

/** Takes out a deleted message; `gone` keeps its id, so that a page that is on its way does not bring it back. */
export function drop(conversation, id) {
  const others = (messages) => messages?.filter((message) => message.id !== id) ?? null;
  conversation.gone.add(id);
  Object.assign(conversation, { messages: others(conversation.messages), early: others(conversation.early) });
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
    const answer = await api.messages(conversation.id, { limit: PAGE, ...from });
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
