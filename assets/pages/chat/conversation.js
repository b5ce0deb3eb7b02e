// What is being said here? One conversation: its head, its messages, and where one writes.

import { Icon } from '../parts/icon.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { About } from './about.js';
import { Composer } from './composer.js';
import { join } from './conversations.js';
import { Faces, isOfTwo } from './faces.js';
import { typing } from './list.js';
import { Log } from './log.js';
import * as pane from './pane.js';
import { others, titleOf } from './people.js';
import * as uploads from './uploads.js';
import * as presence from './presence.js';
import { listing } from './text.js';
import { useStore } from './store.js';

export function Conversation({ id }) {
  const { conversations, online } = useStore();
  const [about, show] = useState(false);
  const [dragged, drag] = useState(false);
  const box = useRef();
  const one = conversations.get(id);

  // On a phone this is a screen of its own, so the focus goes to its head; elsewhere it goes to the text field.
  useEffect(() => {
    if (!one) return;
    const target = matchMedia('(max-width: 720px)').matches ? '.back' : 'textarea';
    box.current?.querySelector(target)?.focus({ preventScroll: true });
  }, [!one]);

  const close = (event) => event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]') && (location.hash = '');
  if (!one) return html`<section class="conversation" aria-busy="true"></section>`;

  const title = titleOf(one);
  const carries = (event) => event.dataTransfer?.types.includes('Files');
  const drop = (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    drag(false);
    uploads.add(one, event.dataTransfer.files);
  };
  return html`<section class="conversation" ref=${box} onKeyDown=${close} aria-labelledby="conversation-title"
      onDragOver=${(event) => carries(event) && (event.preventDefault(), drag(true))}
      onDragLeave=${(event) => !box.current.contains(event.relatedTarget) && drag(false)} onDrop=${drop}>
    <header>
      <a class="round back" href="#" aria-label="Back to your conversations"><${Icon} name="back" /></a>
      <div class="conversation-head">
        <${Faces} one=${one} title=${title} small />
        <div class="conversation-names">
          <h2 id="conversation-title"><button aria-haspopup="dialog" title="About this conversation" dir="auto" onClick=${() => show(true)}>${title}</button></h2>
          <span class="small quiet" dir="auto">${typing(one) || subtitle(one)}</span>
        </div>
      </div>
      <button type="button" class="round" aria-label="Search here" title="Search here" onClick=${() => pane.open('search', { within: id })}><${Icon} name="find" /></button>
      <button type="button" class="round" aria-label="Pinned messages" title="Pinned messages" onClick=${() => pane.open('pins')}><${Icon} name="pin" /></button>
      ${one.guest && html`<button type="button" class="button main" onClick=${() => join(one)}>Join</button>`}
      ${!online && html`<span class="offline small" role="status"><${Icon} name="away" />No connection</span>`}
    </header>
    <${Log} one=${one} />
    <${Composer} one=${one} />
    ${dragged && html`<div class="dropping" aria-hidden="true"><p>Drop files to share them here</p></div>`}
    ${about && html`<${About} one=${one} close=${() => show(false)} />`}
  </section>`;
}

function subtitle(one) {
  const names = others(one).map((person) => person.fullName);
  if (isOfTwo(one)) {
    const [other] = others(one);
    return (other && presence.inWords(other.id)) || (one.type === 'direct' ? 'Direct message' : 'Session');
  }
  if (one.guest) return 'Open room · you are only looking in';
  const people = names.length ? `You, ${listing(names)}` : 'Only you so far';
  return one.type === 'room' ? `Open room · ${people}` : people;
}
