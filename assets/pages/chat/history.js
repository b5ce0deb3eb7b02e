// What was said here? The stretch of a conversation that the page knows: loaded where one left off reading, towards the
// past and the present as one scrolls, and grown by what is heard.
//
// It is one stretch without holes: `messages`, oldest first. `more` says that there are older ones, `newer` that there are
// newer ones, which are loaded then and not taken from what is heard. `newFrom` is the first unread message, `landsAt` the
// one at which the view begins, if that is not the end; `stretch` counts how often it was another stretch.

import * as api from './api.js';
import * as pending from './pending.js';
import { changed, store } from './store.js';

/** Messages asked for at once. */
const PAGE = 100;

export const fresh = () => ({ messages: null, ids: new Set(), more: false, newer: false, stretch: 0, newFrom: null, landsAt: null });

/** Loads where one left off: at the first unread message, or at the end. */
export async function open(conversation) {
  if (conversation.messages && findNew(conversation)) return [];
  const { messages, ...page } = await load(conversation, async () => {
    if (!(conversation.unread > 0)) return api.messages(conversation.id, { limit: PAGE / 2 });
    const unread = await api.messages(conversation.id, { limit: PAGE, unread: true });
    const [first] = unread.messages.slice(-1);
    // Read elsewhere meanwhile, or removed.
    if (!first) return api.messages(conversation.id, { limit: PAGE / 2 });
    // What was said just before is what it answers.
    const before = await api.messages(conversation.id, { limit: PAGE / 4, before: first.id });
    const newFrom = unread.messages.findLast(({ senderId }) => senderId !== store.me.id)?.id;
    return { ...before, messages: [...unread.messages, ...before.messages], newFrom, newer: unread.hasMore, newerCursor: unread.nextCursor };
  });
  return begin(conversation, messages, page);
}

/** Lets go of where one is, for the latest messages. */
export async function toLatest(conversation) {
  if (!conversation.newer) return [];
  const { messages, ...page } = await load(conversation, () => api.messages(conversation.id, { limit: PAGE / 2 }));
  return begin(conversation, messages, { ...page, newFrom: conversation.newFrom, landsAt: null });
}

/** What is heard while a page is on its way stands behind it. */
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
  const messages = newestFirst.reverse();
  const ids = new Set(messages.map(({ id }) => id));
  const early = conversation.early ?? [];
  Object.assign(conversation, { messages, ids, more: hasMore, cursor: nextCursor, newFrom, landsAt, newer, newerCursor, early: null, stretch: conversation.stretch + 1 });
  for (const message of early) take(conversation, message);
  pending.arrived(conversation);
  changed();
  return messages;
}

/** Is the first unread message known already? Then the line before it stands there. */
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

/** Takes in what was heard; `false` where it was known, or will be loaded. */
export function take(conversation, message) {
  if (conversation.early) return conversation.early.push(message) > 0;
  if (!conversation.messages || conversation.newer || conversation.ids.has(message.id)) return false;
  conversation.ids.add(message.id);
  conversation.messages.push(message);
  return true;
}

/** One page further back. */
export const loadOlder = (conversation) =>
  more(conversation, conversation.more, { before: conversation.cursor }, (page, { hasMore, nextCursor }) => ({ messages: [...page, ...conversation.messages], more: hasMore, cursor: nextCursor }));

/** One page towards the present. */
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
      page = answer.messages.reverse().filter(({ id }) => !conversation.ids.has(id));
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
