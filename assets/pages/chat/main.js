// Which screen is shown? Signing in, or the list beside a conversation.

import { made } from '../here.js';
import { Icon } from '../parts/icon.js';
import { html, render, useEffect } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { Conversation } from './conversation.js';
import * as conversations from './conversations.js';
import { Jump, useJump } from './jump.js';
import { Options } from './options.js';
import { titleOf } from './people.js';
import { Pins } from './pins.js';
import { Search } from './search.js';
import { SignIn, resetToken } from './signin.js';
import { List } from './list.js';
import { begin, takeBrought } from './login.js';
import { changed, useStore, store } from './store.js';
import { Viewer } from './viewer.js';

function Page() {
  const { me, shown, viewing, pane, conversations: known } = useStore();
  const [jumping, stay] = useJump(Boolean(me));
  const unread = me ? conversations.unread() : 0;
  const here = me && known.get(shown);
  useEffect(() => {
    if (me) document.title = `${unread ? `(${unread}) ` : ''}${here ? `${titleOf(here)} · ` : ''}chat`;
  });
  if (me === undefined) return html`<main class="waiting" aria-busy="true"><p class="quiet">${store.online ? '' : 'The server cannot be reached. Trying again…'}</p></main>`;
  if (me === null) return html`<${SignIn} />`;
  return html`<main class="page ${shown ? 'talking' : ''}">
    <h1 class="unseen">chat</h1>
    <${List} />
    ${shown ? html`<${Conversation} key=${shown} id=${shown} />` : html`<${Nothing} />`}
    ${pane?.kind === 'pins' && here && html`<${Pins} key=${shown} one=${here} />`}
    ${pane?.kind === 'search' && html`<${Search} key=${pane.opened} here=${known.get(pane.within)} words=${pane.words} />`}
    <${Corner} />
    ${jumping && html`<${Jump} close=${stay} />`}
    <${Options} />
    ${viewing && html`<${Viewer} />`}
  </main>`;
}

const Nothing = () => html`<section class="nothing" aria-label="Conversation"><div class="empty"><img src=${made('icon.svg')} alt="" width="56" height="56" />
  <h2>Your conversations</h2><p>Choose one on the left, or begin a new one.</p>
  <p class="small"><kbd>Ctrl</kbd> <kbd>K</kbd> goes to any of them by its name.</p></div></section>`;

/** Short notices in the corner, and new messages for screen readers. */
function Corner() {
  const { toasts, spoken } = useStore();
  return html`<section class="corner" aria-label="Notifications" aria-live="polite">
      ${toasts.map(({ key, title, text, kind, dismiss }) => html`<div class="toast ${kind === 'bad' ? 'bad' : ''}" key=${key}>
        <div><strong dir="auto">${title}</strong>${text && html`<p class="small" dir="auto">${text}</p>`}</div>
        <button class="round" aria-label="Dismiss" onClick=${dismiss}><${Icon} name="close" /></button>
      </div>`)}
    </section>
    <div class="unseen" role="log" aria-live="polite" aria-label="New messages">${spoken.map(({ key, words }) => html`<p key=${key}>${words}</p>`)}</div>`;
}

addEventListener('hashchange', () => {
  // Only an address that somebody made can change here to this; a real login loads the page anew.
  if (location.hash.startsWith('#token=')) return void takeBrought();
  if (resetToken() && store.me) return location.reload();
  if (store.me) conversations.show(conversations.wanted());
});
api.about().then((about) => (Object.assign(store.about, about), changed())).catch(() => {});
render(html`<${Page} />`, document.getElementById('chat'));
// A link to choose a new password works for whoever has it, also if somebody is signed in here.
if (resetToken()) {
  store.me = null;
  changed();
} else {
  await begin();
}
