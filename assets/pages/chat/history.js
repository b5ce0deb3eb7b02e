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
export async function open(talk) {
  if (talk.messages && findNew(talk)) return [];
  const { messages, ...page } = await load(talk, async () => {
    if (!(talk.unread > 0)) return api.messages(talk.id, { limit: PAGE / 2 });
    const unread = await api.messages(talk.id, { limit: PAGE, unread: true });
    const [first] = unread.messages.slice(-1);
    // Read elsewhere meanwhile, or removed.
    if (!first) return api.messages(talk.id, { limit: PAGE / 2 });
    // What was said just before is what it answers.
    const before = await api.messages(talk.id, { limit: PAGE / 4, before: first.id });
    const newFrom = unread.messages.findLast(({ senderId }) => senderId !== store.me.id)?.id;
    return { ...before, messages: [...unread.messages, ...before.messages], newFrom, newer: unread.hasMore, newerCursor: unread.nextCursor };
  });
  return begin(talk, messages, page);
}

/** Lets go of where one is, for the latest messages. */
export async function toLatest(talk) {
  if (!talk.newer) return [];
  const { messages, ...page } = await load(talk, () => api.messages(talk.id, { limit: PAGE / 2 }));
  return begin(talk, messages, { ...page, newFrom: talk.newFrom, landsAt: null });
}

/** What is heard while a page is on its way stands behind it. */
async function load(talk, asking) {
  talk.problem = '';
  talk.early = [];
  try {
    return await asking();
  } catch (refusal) {
    talk.early = null;
    throw refusal;
  }
}

function begin(talk, newestFirst, { hasMore, nextCursor, newFrom = null, landsAt = newFrom, newer = false, newerCursor = null }) {
  const messages = newestFirst.reverse();
  const ids = new Set(messages.map(({ id }) => id));
  const early = talk.early ?? [];
  Object.assign(talk, { messages, ids, more: hasMore, cursor: nextCursor, newFrom, landsAt, newer, newerCursor, early: null, stretch: talk.stretch + 1 });
  for (const message of early) take(talk, message);
  pending.arrived(talk);
  changed();
  return messages;
}

/** Is the first unread message known already? Then the line before it stands there. */
function findNew(talk) {
  if (talk.newFrom || !(talk.unread > 0)) return true;
  let left = talk.unread;
  for (let at = talk.messages.length - 1; !talk.newer && at >= 0; at -= 1) {
    const { id, senderId } = talk.messages[at];
    if (senderId !== store.me.id) left -= 1;
    if (left === 0) {
      Object.assign(talk, { newFrom: id, landsAt: id });
      return true;
    }
  }
  return false;
}

/** Takes in what was heard; `false` where it was known, or will be loaded. */
export function take(talk, message) {
  if (talk.early) return talk.early.push(message) > 0;
  if (!talk.messages || talk.newer || talk.ids.has(message.id)) return false;
  talk.ids.add(message.id);
  talk.messages.push(message);
  return true;
}

/** One page further back. */
export const loadOlder = (talk) =>
  more(talk, talk.more, { before: talk.cursor }, (page, { hasMore, nextCursor }) => ({ messages: [...page, ...talk.messages], more: hasMore, cursor: nextCursor }));

/** One page towards the present. */
export const loadNewer = (talk) =>
  more(talk, talk.newer, { after: talk.newerCursor }, (page, { hasMore, nextCursor }) => ({ messages: [...talk.messages, ...page], newer: hasMore, newerCursor: nextCursor }));

async function more(talk, there, from, joined) {
  if (!there || talk.loading || !talk.messages) return [];
  talk.loading = true;
  changed();
  const { stretch } = talk;
  let page = [];
  try {
    const answer = await api.messages(talk.id, { limit: PAGE, ...from });
    if (stretch === talk.stretch) {
      page = answer.messages.reverse().filter(({ id }) => !talk.ids.has(id));
      for (const { id } of page) talk.ids.add(id);
      Object.assign(talk, joined(page, answer), { problem: '' });
      pending.arrived(talk);
    }
  } catch (refusal) {
    talk.problem = refusal.message;
  }
  talk.loading = false;
  changed();
  return page;
}
