// Where does one write? Enter sends, Shift+Enter begins a new line; files come by a button, by pasting, or dropped.

import { Icon } from '../parts/icon.js';
import { html, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import * as conversations from './conversations.js';
import * as drafts from './drafts.js';
import * as history from './history.js';
import * as pending from './pending.js';
import { meet, titleOf } from './people.js';
import { size } from './text.js';
import * as uploads from './uploads.js';
import { useStore } from './store.js';

const count = new Intl.NumberFormat();

/** How many characters too long is this text, as the server counts them? We say so rather than cut it silently. */
function tooLong(text, most) {
  // Most texts are short enough without counting.
  if (text.length <= most) return 0;
  let characters = 0;
  for (const _ of text.trim()) characters += 1;
  return Math.max(0, characters - most);
}

export function Composer({ one }) {
  const { about, me } = useStore();
  const area = useRef();
  const chooser = useRef();
  const [text, write] = useState(one.draft);
  const busy = uploads.isBusy(one);
  const over = tooLong(text, about.maxMessage);
  const ready = !busy && !over && (text.trim() || one.uploads.some((item) => item.attachment));

  // The field is as high as its text, up to a third of the screen (see the style sheet).
  useLayoutEffect(() => {
    area.current.style.height = 'auto';
    area.current.style.height = `${area.current.scrollHeight + 2}px`;
  }, [text]);

  const typed = (event) => {
    one.draft = event.target.value;
    drafts.keep(me.id, one.id, one.draft);
    write(one.draft);
    conversations.iType(one.id, one.draft.trim() !== '');
  };
  const send = (event) => {
    event?.preventDefault();
    area.current.focus();
    if (!ready) return;
    pending.post(one.id, text.trim(), uploads.take(one));
    // After sending, the view is at the end, wherever it was before.
    history.toLatest(one).then(meet, () => {});
    one.draft = '';
    drafts.keep(me.id, one.id, '');
    write('');
    conversations.iType(one.id, false);
  };
  const key = (event) => {
    // While an input method composes a word, Enter accepts that word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const paste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    uploads.add(one, event.clipboardData.files);
  };
  const choose = (event) => {
    uploads.add(one, event.target.files);
    // Without this, choosing the same file again would not be a change.
    event.target.value = '';
    area.current.focus();
  };

  return html`<form class="composer" onSubmit=${send}>
    ${one.uploads.length > 0 && html`<ul class="uploads" aria-label="Files to send">${one.uploads.map((item) => html`<${Item} key=${item.key} item=${item} one=${one} />`)}</ul>`}
    <div role="alert">${over > 0 && html`<p id="too-long" class="error small">This is ${count.format(over)} ${over === 1 ? 'character' : 'characters'} too long: a message has at most ${count.format(about.maxMessage)}. Shorten it, or send it in parts.</p>`}</div>
    <div class="writing">
      <input ref=${chooser} type="file" multiple hidden onChange=${choose} />
      <button type="button" class="round" aria-label="Attach files" title="Attach files" onClick=${() => chooser.current.click()}><${Icon} name="clip" /></button>
      <textarea ref=${area} rows="1" value=${text} aria-label=${`Message to ${titleOf(one)}`} placeholder=${one.guest ? 'Write something to join' : 'Write a message'}
        dir="auto" aria-invalid=${over ? 'true' : undefined} aria-describedby=${over ? 'too-long' : undefined} enterkeyhint="send" onInput=${typed} onKeyDown=${key} onPaste=${paste} onBlur=${() => conversations.iType(one.id, false)} />
      <button class="round send" aria-label=${busy ? 'Send: waiting for the files' : 'Send'} title="Send" aria-disabled=${!ready}><${Icon} name="send" /></button>
    </div>
  </form>`;
}

function Item({ item, one }) {
  const { name, picture, progress, attachment, why } = item;
  const percent = Math.round((progress ?? 0) * 100);
  return html`<li class=${why ? 'bad' : ''}>
    ${picture ? html`<img src=${picture} alt="" />` : html`<${Icon} name="file" />`}
    <span class="file-words"><bdi>${name}</bdi>
      ${attachment && html`<span class="small quiet">${size(item.size)}</span>`}
      ${why && html`<span class="small" role="alert">${why} <button type="button" class="link" onClick=${() => uploads.upload(one, item)}>Try again</button></span>`}
      ${!attachment && !why && html`<progress max="100" value=${percent} aria-label=${`Uploading ${name}`}>${percent}%</progress>`}</span>
    <button type="button" class="round" aria-label=${`Remove ${name}`} onClick=${() => uploads.remove(one, item)}><${Icon} name="close" /></button>
  </li>`;
}
