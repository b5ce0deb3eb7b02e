// How does one look at pictures? Each as large as the window, and on to the next one of the conversation.

import { save } from '../parts/bytes.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { html } from '../vendor/preact-htm.js';
import { isPicture, useFetched } from './fetched.js';
import { nameOf } from './people.js';
import { fully } from './text.js';
import { changed, store, useStore } from './store.js';

export function Viewer() {
  const { viewing, shown, conversations } = useStore();
  const all = (conversations.get(shown)?.messages ?? []).flatMap((message) =>
    (message.attachments ?? []).filter(isPicture).map((one) => ({ one, messageId: message.id, message })));
  const found = all.findIndex(({ one, messageId }) => messageId === viewing.messageId && one.url === viewing.url);
  const { one, message } = all[found] ?? { one: viewing.only };
  const [src, refusal] = useFetched(one.url);
  const go = (step) => {
    const next = all[found + step];
    if (!next) return;
    Object.assign(viewing, { messageId: next.messageId, url: next.one.url, only: next.one });
    changed();
  };
  const close = () => {
    store.viewing = null;
    changed();
  };
  const key = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    // The way through the pictures is the way in which one reads.
    go(getComputedStyle(event.currentTarget).direction === 'rtl' ? -step : step);
  };
  return html`<${Dialog} kind="viewer" title=${one.filename} close=${close} onKeyDown=${key}>
    <div class="viewed">
      <div class="frame">${refusal ? html`<p class="error">${refusal.message}</p>` : src ? html`<img src=${src} alt=${one.filename} />` : html`<p class="quiet">Loading…</p>`}</div>
      <footer>
        <span class="file-words small">${message && html`<bdi>${nameOf(message.senderId)}</bdi><span class="quiet">${fully(message.createdAt)}</span>`}</span>
        ${all.length > 1 && found >= 0 && html`<button type="button" class="round turned" aria-label="Previous picture" aria-disabled=${found === 0} onClick=${() => go(-1)}><${Icon} name="back" /></button>
          <span class="small" aria-live="polite">${found + 1} of ${all.length}</span>
          <button type="button" class="round" aria-label="Next picture" aria-disabled=${found === all.length - 1} onClick=${() => go(1)}><${Icon} name="next" /></button>`}
        <button type="button" class="button" disabled=${!src} onClick=${() => save(src, one.filename)}><${Icon} name="backup" />Save</button>
      </footer>
    </div>
  <//>`;
}
