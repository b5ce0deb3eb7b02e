// Which conversations are there? The list at the left, or on a phone the first of two screens.

import { Face } from '../parts/face.js';
import { Icon } from '../parts/icon.js';
import { html, useState } from '../vendor/preact-htm.js';
import { withArrows } from './arrows.js';
import { Begin } from './begin.js';
import * as conversations from './conversations.js';
import * as notices from './notices.js';
import { Faces, isThere } from './faces.js';
import { plainly } from './format.js';
import { isQuiet } from './levels.js';
import * as pane from './pane.js';
import { isMe, nameOf, titleOf } from './people.js';
import { briefly, listing } from './text.js';
import { useStore } from './store.js';
import { Account } from './account.js';

export function List() {
  const { me, ready, shown } = useStore();
  const [sought, seek] = useState('');
  const [open, show] = useState('');
  const words = sought.trim().toLocaleLowerCase();
  const all = conversations.list();
  const found = all.filter((one) => titleOf(one).toLocaleLowerCase().includes(words));
  const searched = ({ key }) => {
    if (key === 'Escape') seek('');
    if (key !== 'Enter' || !words) return;
    // One that is called so is meant; otherwise what was said.
    if (found.length === 1) location.hash = `c/${found[0].id}`;
    else pane.open('search', { words: sought.trim() });
    seek('');
  };
  return html`<nav class="list" aria-label="Conversations">
    <header>
      <button class="account" onClick=${() => show('account')} aria-label=${`${me.name}: your account`}><${Face} id=${me.id} name=${me.name} url=${me.avatarUrl} small /><bdi>${me.name}</bdi></button>
      <button class="button main" onClick=${() => show('begin')}><${Icon} name="plus" />New</button>
    </header>
    <${Notices} />
    ${all.length > 0 && html`<label class="seek"><span class="unseen">Search your conversations</span>
      <input type="search" class="lone" placeholder="Search" value=${sought} onInput=${(event) => seek(event.target.value)}
        onKeyDown=${searched} /></label>`}
    ${!ready && html`<p class="empty" aria-busy="true"></p>`}
    ${ready && !all.length && html`<div class="empty"><p>It is quiet here.</p><p>Write to somebody, make a group, or look into the open rooms.</p>
      <button class="button" onClick=${() => show('begin')}>Begin a conversation</button></div>`}
    ${all.length > 0 && !found.length && html`<p class="empty">None of your conversations is called “${sought.trim()}”.</p>`}
    ${words && html`<button type="button" class="found-more" onClick=${() => (pane.open('search', { words: sought.trim() }), seek(''))}><${Icon} name="find" /><span>Search what was said for “<bdi>${sought.trim()}</bdi>”</span></button>`}
    ${found.length > 0 && html`<ul onKeyDown=${(event) => withArrows(event, 'a')}>${found.map((one) => html`<${Row} key=${one.id} one=${one} shown=${shown === one.id} />`)}</ul>`}
    ${open === 'begin' && html`<${Begin} close=${() => show('')} />`}
    ${open === 'account' && html`<${Account} close=${() => show('')} />`}
  </nav>`;
}

/** Notifications stay until they are dismissed, so they stand in the list and cover nothing. */
function Notices() {
  const { list, unread } = useStore().notices;
  return html`<section class="notices" aria-label="From the system" aria-live="polite">
    ${list.slice(0, notices.SHOWN).map((one) => html`<div class="toast notice" key=${one.id}>
      <div><strong dir="auto">${one.title}</strong><p class="small" dir="auto">${one.message}</p></div>
      <button class="round" aria-label="Dismiss" onClick=${() => notices.dismiss(one)}><${Icon} name="close" /></button>
    </div>`)}
    ${unread > notices.SHOWN && html`<p class="small quiet">and ${unread - notices.SHOWN} more from the system</p>`}
  </section>`;
}

function Row({ one, shown }) {
  const title = titleOf(one);
  const at = one.last?.createdAt ?? one.updatedAt;
  return html`<li><a class=${`row ${one.unread ? 'new' : ''}`} href=${`#c/${one.id}`} aria-current=${shown ? 'page' : undefined}>
    <${Faces} one=${one} title=${title} />
    <span class="row-words">
      <span class="row-title"><bdi>${title}</bdi>${isThere(one) && html`<span class="unseen">online</span>`}${isQuiet(one) && html`<span class="quiet-mark" title="You are not told of everything here"><${Icon} name="mute" /><span class="unseen">muted</span></span>`}<time class="small quiet" datetime=${at}>${at && briefly(at)}</time></span>
      <span class="row-last"><span class="quiet small" dir="auto">${lastWords(one)}</span>
        ${one.mentioned > 0 && html`<span class="badge at">@<span class="unseen"> mentions you</span></span>`}
        ${one.unread > 0 && html`<span class=${`badge ${isQuiet(one) ? 'low' : ''}`}>${one.unread > 99 ? '99+' : one.unread}<span class="unseen"> unread</span></span>`}</span>
    </span>
  </a></li>`;
}

function lastWords(one) {
  if (one.typing.size) return typing(one);
  if (one.guest) return 'You are only looking in';
  if (!one.last) return 'Nothing said yet';
  const { senderId, content } = one.last;
  const words = plainly(content) || 'A file';
  const who = isMe(senderId) ? 'You' : one.type === 'direct' || one.type === 'session' ? '' : nameOf(senderId);
  return who ? `${who}: ${words}` : words;
}

/** "Ann is typing", or in a conversation of two just "typing". */
export function typing(one) {
  if (!one.typing.size) return '';
  if (one.type === 'direct' || one.type === 'session') return 'typing…';
  const names = [...one.typing.keys()].map(nameOf);
  return `${listing(names)} ${names.length > 1 ? 'are' : 'is'} typing…`;
}
