// What changes while one looks? What the connection tells, and what follows from it for the conversations that are known.

import * as alerts from './alerts.js';
import * as api from './api.js';
import { begun, learn, looksOf } from './conversations.js';
import { plainly } from './format.js';
import * as history from './history.js';
import { isBlocked } from './blocks.js';
import { tellsOf } from './levels.js';
import * as pending from './pending.js';
import { nameOf, titleOf } from './people.js';
import * as reading from './reading.js';
import { lasting, spoke } from './restraints.js';
import { changed, say, store, toast } from './store.js';

/** A message, new or caught up. */
export async function heard(message) {
  const { id, conversationId, senderId, createdAt } = message;
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return lookUp(conversationId);
  // The page of messages that was just loaded may have had it already.
  if (conversation.ids.has(id)) return;
  const own = senderId === store.me.id;
  if (own) {
    message.key = pending.heardOwn(message);
    // What was caught up was said before.
    if (store.online && createdAt > conversation.listedAt) spoke(conversation, store.me.id);
  }
  history.take(conversation, message);
  clearTimeout(conversation.typing.get(senderId));
  conversation.typing.delete(senderId);
  if (!(conversation.last?.createdAt > createdAt)) Object.assign(conversation, { last: message, updatedAt: createdAt });
  // Whoever writes in a room is a member of it: somebody new, or we ourselves.
  if (!store.names.has(senderId) || (own && conversation.guest)) lookUp(conversationId);
  if (!own && createdAt > conversation.listedAt && !conversation.guest) {
    conversation.unread += 1;
    conversation.heard.push(createdAt);
    if (message.mentions?.includes(store.me.id) && !isBlocked(senderId)) {
      conversation.mentioned += 1;
      conversation.called.push(createdAt);
    }
  }
  if (!own && !isBlocked(senderId)) {
    const words = plainly(message.content) || 'a file';
    const tells = tellsOf(conversation, message.mentions?.includes(store.me.id));
    if (tells || conversation.id === store.shown) say(`${nameOf(senderId)}: ${words}`);
    if (tells) alerts.show(conversation.id, titleOf(conversation), conversation.type === 'direct' ? words : `${nameOf(senderId)}: ${words}`);
  }
  changed();
}

/** A message is now thus: edited, reacted to, pinned. */
export function updated(conversationId, message) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  history.replace(conversation, message);
  changed();
}

/** A message was deleted for everybody. */
export function deleted(conversationId, id) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  const known = conversation.last?.id === id ? conversation.last : conversation.messages?.find((message) => message.id === id);
  history.drop(conversation, id);
  for (const count of ['heard', 'called']) conversation[count] = conversation[count].filter((at) => at !== known?.createdAt);
  if (conversation.last?.id === id) conversation.last = null;
  // The server knows which message is the last one now, and how many are unread.
  lookUp(conversationId);
}

/** Asks for a conversation that is new here, or that has somebody new in it. */
async function lookUp(id) {
  const conversation = await api.conversation(id).then(learn, () => null);
  changed();
  return conversation;
}

export function typing(conversationId, userId, isTyping) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation || userId === store.me.id) return;
  const stop = () => (clearTimeout(conversation.typing.get(userId)), conversation.typing.delete(userId), changed());
  stop();
  // The server says after ten seconds that it is over, unless the connection is cut.
  if (isTyping) conversation.typing.set(userId, setTimeout(stop, 12_000));
}

export function disconnected() {
  store.online = false;
  for (const { typing } of store.conversations.values()) {
    typing.forEach(clearTimeout);
    typing.clear();
  }
  changed();
}

/** Somebody has read up to the message that was sent at this time. */
export function read(conversationId, userId, at) {
  const conversation = store.conversations.get(conversationId);
  if (conversation) reading.cameTo(conversation, userId, at);
}

/** Its owners have changed how it looks. */
export function looks({ conversationId, ...said }) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  Object.assign(conversation, looksOf(said));
  changed();
}

/** Somebody came into it, or is in it no more. */
export const peopled = ({ conversationId }) => store.conversations.has(conversationId) && lookUp(conversationId);

/** Somebody was banned or silenced, or is so no more: oneself, or another in what one owns. */
export function restrained({ conversationId, userId, kind, active, until }) {
  if (userId !== store.me.id) return;
  const conversation = store.conversations.get(conversationId);
  if (kind === 'ban') {
    // Who only looked into a room was no member of it.
    if (active && conversation) left(conversationId);
    if (active) toast({ title: `You are banned from “${lastLeft?.id === conversationId ? titleOf(lastLeft) : 'a conversation'}”`, text: `That holds ${lasting(until)}.`, kind: 'bad' });
    return;
  }
  if (!conversation) return;
  conversation.silenced = active ? { until } : null;
  changed();
}

/** What one is told of there was changed on another device. */
export function settings({ conversationId, level = 'all', mutedUntil = null }) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  Object.assign(conversation, { level, mutedUntil });
  changed();
}

/** One has read it oneself, in this window or another. */
export function ownRead(conversationId, unread) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  reading.haveRead(conversation, unread);
  // What was read in part may have been what mentioned us: the list knows.
  if (unread && conversation.mentioned) lookUp(conversationId);
}

/** Somebody took us in, or we began it in another window. */
export async function joined(conversationId) {
  // If we began it here, this event comes before the answer.
  await begun.catch(() => {});
  if (store.conversations.get(conversationId)?.guest === false) return;
  const conversation = await lookUp(conversationId);
  if (conversation?.type !== 'group' || conversation.id === store.shown) return;
  toast({ title: `You are in “${titleOf(conversation)}” now` });
}

/** The conversation in which one was until just now. */
let lastLeft = null;

/** Somebody put us out, or we left in another window. An open room can still be looked into. */
export function left(conversationId) {
  const conversation = store.conversations.get(conversationId);
  if (!conversation) return;
  store.conversations.delete(conversationId);
  lastLeft = conversation;
  toast({ title: `You are no longer in “${titleOf(conversation)}”` });
  if (store.shown === conversation.id) location.hash = '';
  changed();
}

/** Something that was said on the connection was refused. */
export const problem = ({ message }) => toast({ title: 'That did not work', text: message, kind: 'bad' });
