// What is open beside the conversation? What is pinned there, or a search through what was said.

import { Icon } from '../parts/icon.js';
import { html } from '../vendor/preact-htm.js';
import { changed, store } from './store.js';

let opened = 0;

/** Opens a pane anew; `more` is what its kind needs. */
export function open(kind, more) {
  store.pane = { kind, opened: (opened += 1), ...more };
  changed();
}

export function close() {
  store.pane = null;
  changed();
}

/** On a phone a pane covers the conversation, so whoever chooses in it leaves it. */
export const chosen = () => matchMedia('(max-width: 1000px)').matches && close();

export const Pane = ({ title, children }) => html`<aside class="pane" aria-label=${title} onKeyDown=${(event) => event.key === 'Escape' && !event.defaultPrevented && (event.preventDefault(), close())}>
  <header><h2>${title}</h2><button type="button" class="round" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
  ${children}</aside>`;
