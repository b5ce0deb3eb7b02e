// What is pinned in this conversation? The latest pin first, each leading to where it was said.

import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect } from '../vendor/preact-htm.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import { chosen, Pane } from './pane.js';
import { meet, nameOf } from './people.js';
import { wordsOf } from './quote.js';
import { briefly, fully } from './text.js';

export function Pins({ one }) {
  const [, refusal, run] = useDoing();
  const load = () => run(async () => {
    one.pins = await api.pins(one.id);
    await meet(one.pins);
  });
  useEffect(() => {
    load();
    // Only while it is looked at is it kept as it is now.
    return () => (one.pins = null);
  }, [one.id]);
  const go = ({ id }) => {
    chosen();
    conversations.goTo(one.id, id);
  };
  return html`<${Pane} title="Pinned messages">
    <${Refused} refusal=${refusal} retry=${load} />
    <ul class="found" aria-busy=${!one.pins && !refusal}>${one.pins?.map((message) => html`<li key=${message.id}><button type="button" onClick=${() => go(message)}>
      <span class="found-head small"><strong><bdi>${nameOf(message.senderId)}</bdi></strong><time class="quiet" datetime=${message.createdAt} title=${fully(message.createdAt)}>${briefly(message.createdAt)}</time></span>
      <span class="found-words" dir="auto">${wordsOf(message)}</span></button></li>`)}</ul>
    ${one.pins?.length === 0 && html`<p class="empty">Nothing is pinned here. Pin what everybody should find again, by a message’s menu.</p>`}
  <//>`;
}
