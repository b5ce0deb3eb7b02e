// Where was that said? Words, in this conversation or in all, the latest first; each find leads to where it was said.

import { Refused } from '../parts/form.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import { chosen, Pane } from './pane.js';
import { marked } from './marked.js';
import { meet, nameOf, titleOf } from './people.js';
import { briefly, fully } from './text.js';
import { store } from './store.js';

/** How long to wait for the next letter before the server is asked, in milliseconds. */
const SETTLES = 250;
const nothing = { messages: [], hasMore: false, nextCursor: null };

export function Search({ here, words = '' }) {
  const [sought, seek] = useState(words);
  const [everywhere, widen] = useState(!here);
  const [found, find] = useState(null);
  const [refusal, refuse] = useState(null);
  const [busy, work] = useState(false);
  const field = useRef();
  useEffect(() => field.current.focus(), []);
  const within = everywhere ? undefined : here?.id;
  const q = sought.trim();

  const load = async (before, wanted = () => true) => {
    work(true);
    try {
      const { messages, hasMore, nextCursor } = await api.search({ q, ...(within && { conversationId: within }), ...(before && { before }), limit: 30 });
      if (!wanted()) return;
      find((known) => ({ q, messages: before ? [...known.messages, ...messages] : messages, hasMore, nextCursor }));
      refuse(null);
      await meet(messages);
    } catch (error) {
      if (wanted()) refuse(error);
    }
    if (wanted()) work(false);
  };
  useEffect(() => {
    if (!q) return find(null), refuse(null), work(false);
    let wanted = true;
    const settling = setTimeout(() => load(null, () => wanted), SETTLES);
    return () => {
      wanted = false;
      clearTimeout(settling);
    };
  }, [q, within]);

  const go = (message) => {
    chosen();
    conversations.goTo(message.conversationId, message.id);
  };
  const { messages, hasMore, nextCursor } = found ?? nothing;
  return html`<${Pane} title="Search">
    <form class="choosing seeking" role="search" onSubmit=${(event) => event.preventDefault()}>
      <input class="lone" type="search" aria-label="Search what was said" placeholder="Search what was said" value=${sought} ref=${field} onInput=${(event) => seek(event.target.value)} />
      ${here && html`<div class="ways" role="group" aria-label="Where">
        <button type="button" aria-pressed=${!everywhere} onClick=${() => widen(false)}>Here</button>
        <button type="button" aria-pressed=${everywhere} onClick=${() => widen(true)}>Everywhere</button></div>`}
    </form>
    <${Refused} refusal=${refusal} retry=${() => load()} />
    <p class="unseen" role="status">${found && !busy ? (messages.length ? `${messages.length}${hasMore ? ' or more' : ''} found` : 'Nothing found') : ''}</p>
    <ul class="found" aria-label="What was found" aria-busy=${busy}>
      ${messages.map((message) => html`<li key=${message.id}><button type="button" onClick=${() => go(message)}>
        ${everywhere && html`<span class="small quiet found-where"><bdi>${whereOf(message)}</bdi></span>`}
        <span class="found-head small"><strong><bdi>${nameOf(message.senderId)}</bdi></strong><time class="quiet" datetime=${message.createdAt} title=${fully(message.createdAt)}>${briefly(message.createdAt)}</time></span>
        <span class="found-words" dir="auto">${message.content ? marked(message.content, found.q) : message.attachments.map(({ filename }) => filename).join(', ')}</span></button></li>`)}
      ${hasMore && html`<li><button type="button" class="link" disabled=${busy} onClick=${() => load(nextCursor)}>${busy ? 'Searching…' : 'Show more'}</button></li>`}
    </ul>
    ${found && !messages.length && !busy && html`<p class="empty">Nobody said “${found.q}”${within ? ' here' : ''}.</p>`}
    ${!q && html`<div class="empty small"><p>Type what you remember of it.</p>
      <p><code>"a phrase"</code>, <code>from:ann</code>, <code>has:file</code>, <code>has:link</code>, <code>before:2026-05-01</code> and <code>after:2026-04-01</code> narrow it down.</p></div>`}
  <//>`;
}

const focus = (field) => field && document.activeElement?.closest('.pane') === null && field.focus();

const whereOf = ({ conversationId }) => {
  const one = store.conversations.get(conversationId);
  return one ? titleOf(one) : 'A room';
};
