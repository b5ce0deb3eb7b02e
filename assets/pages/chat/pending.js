// Which messages are on their way? They are shown at once and kept in this browser until the server has them. After a reload,
// a cut connection or a lost answer they are sent again with the same `clientMessageId`, so the server posts them once.
//
// An entry is `{ clientMessageId, conversationId, content, attachments, replyTo, at, state, why }`; its state goes from `waiting`
// over `sending` to `failed` or `sent`. A sent one stays until it is heard on the connection, which tells its place in the order.

import * as api from './api.js';
import { spoke } from './restraints.js';
import { changed, store } from './store.js';

let owner = null;
const busy = new Set();
/** Browsers have messages under these keys, so the name cannot change. */
const prefix = () => `chat.outbox.${owner}.`;

export function load(me) {
  owner = me;
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix()));
  store.pending = keys.flatMap((key) => {
    try {
      return { ...JSON.parse(localStorage.getItem(key)), state: 'waiting' };
    } catch {
      return [];
    }
  });
  store.pending.sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Those that a conversation shows below its messages. */
export const of = (id) => store.pending.filter((entry) => entry.conversationId === id && !entry.heardAs);

export function post(conversationId, content, attachments = [], replyTo = undefined) {
  const clientMessageId = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].join('.');
  const entry = { clientMessageId, conversationId, content, attachments, replyTo, at: new Date().toISOString(), state: 'waiting' };
  store.pending.push(entry);
  keep(entry);
  changed();
  pump(conversationId);
}

/** Each has a key of its own, so that two windows do not overwrite each other's. */
function keep(entry) {
  const { clientMessageId, conversationId, content, attachments, replyTo, at } = entry;
  try {
    localStorage.setItem(prefix() + clientMessageId, JSON.stringify({ clientMessageId, conversationId, content, attachments, replyTo, at }));
  } catch {
    // The browser's storage is full or forbidden: the message lives as long as the page.
  }
}

function remove(entry) {
  store.pending = store.pending.filter((one) => one !== entry);
  changed();
}

export function discard(entry) {
  localStorage.removeItem(prefix() + entry.clientMessageId);
  remove(entry);
}

export function retry(entry) {
  entry.state = 'waiting';
  changed();
  pump(entry.conversationId);
}

/** The connection is back: what failed without one is sent again. What the server refused waits for its author. */
export function retryAll() {
  for (const entry of store.pending) if (entry.state === 'failed' && entry.unreachable) entry.state = 'waiting';
  changed();
  for (const id of new Set(store.pending.map((entry) => entry.conversationId))) pump(id);
}

/** Sends one after the other, so that they arrive in the order in which they were written. */
async function pump(conversationId) {
  if (busy.has(conversationId)) return;
  busy.add(conversationId);
  const sender = owner;
  const next = () => store.pending.find((entry) => entry.conversationId === conversationId && entry.state === 'waiting');
  for (let entry = next(); entry && sender === owner && store.me; entry = next()) {
    entry.state = 'sending';
    changed();
    try {
      const { id } = await api.send(conversationId, entry);
      localStorage.removeItem(`chat.outbox.${sender}.${entry.clientMessageId}`);
      Object.assign(entry, { state: 'sent', id });
      const conversation = store.conversations.get(conversationId);
      // If the conversation's messages are not loaded, nobody sees the order.
      if (!conversation?.messages || conversation.ids.has(id)) remove(entry);
    } catch (refusal) {
      Object.assign(entry, { state: 'failed', why: refusal.message, unreachable: refusal.unreachable });
      const conversation = store.conversations.get(conversationId);
      if (refusal.status === 429 && conversation?.slowMode) spoke(conversation, sender, refusal.wait);
      // It was heard and only the answer got lost, so it was most likely posted; sending it again makes sure.
      if (entry.heardAs && entry.unreachable) setTimeout(retry, 3_000, entry);
      else entry.heardAs = undefined;
    }
    changed();
  }
  busy.delete(conversationId);
}

/**
 * One's own message is heard, often before its request is answered. Answers the key under which it is shown already, so
 * that the view keeps the same element.
 */
export function heardOwn({ id, conversationId, content }) {
  const mine = store.pending.filter((entry) => entry.conversationId === conversationId && !entry.heardAs);
  const answered = mine.find((entry) => entry.id === id);
  if (answered) {
    remove(answered);
    return answered.clientMessageId;
  }
  const under = ({ state, unreachable }) => state === 'sending' || state === 'waiting' || (state === 'failed' && unreachable);
  // If no request was answered yet, the first entry with the same text is taken. If that is wrong, the answer corrects it.
  const guessed = mine.find((entry) => !entry.id && under(entry) && entry.content === content);
  if (guessed) guessed.heardAs = id;
  return guessed?.clientMessageId;
}

/** The messages of a conversation were loaded: those among them are not on their way any more. */
export function arrived(conversation) {
  store.pending = store.pending.filter((entry) => !(entry.id && conversation.ids.has(entry.id)));
}
