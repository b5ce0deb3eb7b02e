// What can one do with a message that was said? Answer, react, edit, pin, copy, delete.
//
// `one` is the conversation. What was done shows when the server says so; a reaction and a pin show at once, and go back if they are refused.

import { copy } from '../parts/bytes.js';
import * as api from './api.js';
import { blockedIn } from './blocks.js';
import * as emoji from './emoji.js';
import * as history from './history.js';
import { isMe } from './people.js';
import { silence } from './restraints.js';
import { changed, store, toast } from './store.js';

/** What one may try; the server decides. */
export function can(one, message) {
  const own = isMe(message.senderId);
  const writes = !one.archived && !silence(one) && !blockedIn(one);
  const speaks = !one.guest && writes;
  const owns = one.owners?.includes(store.me.id);
  const many = one.type === 'group' || one.type === 'room';
  return { reply: speaks, react: writes, edit: own && speaks && Boolean(message.content), pin: speaks && (!many || owns), remove: own || (many && owns), report: !own };
}

/** Begins to answer a message, in the text field. */
export function reply(one, message) {
  Object.assign(one, { replying: message, editing: null });
  changed();
}

/** Begins to edit a message, in the text field. */
export function edit(one, message) {
  Object.assign(one, { replying: null, editing: message });
  changed();
}

/** Begins to edit one's own last message, if it is known. */
export function editLast(one) {
  const last = one.messages?.findLast((message) => isMe(message.senderId) && message.content);
  if (last && !one.newer && can(one, last).edit) edit(one, last);
}

export function stop(one) {
  Object.assign(one, { replying: null, editing: null });
  changed();
}

/** Saves an edited text; throws the refusal for the text field to show. */
export async function save(one, message, content) {
  if (content !== message.content) await settled(one, message, api.edit(one.id, message.id, content));
  if (one.editing === message) stop(one);
}

/** Takes the answer, unless the connection has told something newer meanwhile. */
async function settled(one, message, asking) {
  const { told } = message;
  const answer = await asking;
  if (message.told === told) history.replace(one, answer);
  changed();
}

/** Shows it at once, and as it was if it is refused. */
async function atOnce(one, message, made, asking, what) {
  const before = { ...message };
  const { told } = message;
  Object.assign(message, made);
  changed();
  try {
    await settled(one, message, asking);
  } catch (refusal) {
    if (message.told === told) history.replace(one, before);
    toast({ title: what, text: refusal.message, kind: 'bad' });
  }
}

export const reacted = (message, sign) => Boolean(message.reactions?.find((one) => one.emoji === sign)?.users.includes(store.me.id));

/** Reacts, or takes it back. */
export function react(one, message, sign) {
  const on = !reacted(message, sign);
  if (on) emoji.use(sign);
  const me = store.me.id;
  const known = message.reactions ?? [];
  const reactions = known.some((each) => each.emoji === sign)
    ? known.map((each) => (each.emoji === sign ? { ...each, count: each.count + (on ? 1 : -1), users: on ? [...each.users, me] : each.users.filter((id) => id !== me) } : each)).filter(({ count }) => count > 0)
    : [...known, { emoji: sign, count: 1, users: [me] }];
  return atOnce(one, message, { reactions: reactions.length ? reactions : undefined }, api.react(one.id, message.id, sign, on), 'Your reaction was not taken');
}

export function pin(one, message) {
  const on = !message.pinnedAt;
  const made = on ? { pinnedAt: new Date().toISOString(), pinnedBy: store.me.id } : { pinnedAt: undefined, pinnedBy: undefined };
  return atOnce(one, message, made, api.pin(one.id, message.id, on), on ? 'The message was not pinned' : 'The pin was not taken away');
}

export const copyText = (message) => copy(message.content);

/** Reports it to the administrators; throws the refusal. */
export const report = (one, message, reason) => api.report(one.id, message.id, reason);

/** Deletes it for everybody; throws the refusal. */
export async function remove(one, message) {
  await api.removeMessage(one.id, message.id);
  history.drop(one, message.id);
  changed();
}
