// Which message is answered? Its author and first words, and the way to it.

import { Icon } from '../parts/icon.js';
import { html } from '../vendor/preact-htm.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import { plainly } from './format.js';
import { meet, nameOf } from './people.js';
import { changed } from './store.js';

/** The message, `null` if it is gone, `undefined` while it is asked for. What is loaded already is looked for once. */
function quoted(one, id) {
  if (one.gone.has(id)) return null;
  if (!one.quoted.has(id)) {
    const known = one.ids.has(id) ? one.messages.find((message) => message.id === id) : undefined;
    one.quoted.set(id, known);
    if (!known) ask(one, id);
  }
  return one.quoted.get(id);
}

async function ask(one, id) {
  const found = await api.message(one.id, id).catch((refusal) => (refusal.status === 404 ? null : undefined));
  // Without a connection it is asked for again when the message is drawn the next time.
  if (found === undefined) one.quoted.delete(id);
  else one.quoted.set(id, found);
  if (found) await meet([found]);
  changed();
}

export const wordsOf = (message) => plainly(message.content) || (message.attachments?.length ? 'A file' : '');

export function Quote({ one, id }) {
  const message = quoted(one, id);
  if (message === null) return html`<p class="quote small" dir="auto">The message that this answers is gone.</p>`;
  return html`<button type="button" class="quote small" dir="auto" title="Go to the message that this answers"
    disabled=${!message} onClick=${() => conversations.goTo(one.id, id)}><span class="unseen">Answers </span><strong><bdi>${message ? nameOf(message.senderId) : '…'}</bdi></strong><span>${message ? wordsOf(message) : ' '}</span></button>`;
}

/** Above the text field: which message is answered or edited, and the way out of it. */
export const Regarding = ({ words, message, stop }) => html`<div class="regarding">
  <span class="file-words small"><strong>${words}</strong><span class="quiet" dir="auto">${wordsOf(message)}</span></span>
  <button type="button" class="round" aria-label="Cancel" title="Cancel (Esc)" onClick=${stop}><${Icon} name="close" /></button></div>`;
