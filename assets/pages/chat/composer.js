// Where does one write? Enter sends, Shift+Enter begins a new line; files come by a button, by pasting, or dropped. It is also
// where one answers a message and edits one: ↑ in the empty field edits one's last, Escape goes back.

import { Icon } from '../parts/icon.js';
import { html, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import { Shut, blockedIn } from './blocks.js';
import * as conversations from './conversations.js';
import * as drafts from './drafts.js';
import * as history from './history.js';
import { Mentions, sought } from './mentions.js';
import * as messages from './messages.js';
import * as pending from './pending.js';
import { meet, nameOf, titleOf } from './people.js';
import { Picker } from './picker.js';
import { Regarding } from './quote.js';
import { lasting, silence, useTime, wait } from './restraints.js';
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
  const { editing, replying } = one;
  const [text, write] = useState(one.draft);
  const [refusal, refuse] = useState(null);
  const [picking, pick] = useState(false);
  // Who may be meant by the @ before the caret, and which of them Enter takes.
  const [asked, ask] = useState(null);
  const [choice, choose] = useState(0);
  const shut = blockedIn(one);
  const busy = uploads.isBusy(one);
  const over = tooLong(text, about.maxMessage);
  useTime(one);
  const silenced = silence(one);
  const waits = editing ? 0 : wait(one);
  const ready = !over && !waits && (editing ? text.trim() !== '' : !busy && (text.trim() || one.uploads.some((item) => item.attachment)));

  // The field is as high as its text, up to a third of the screen (see the style sheet).
  useLayoutEffect(() => {
    area.current.style.height = 'auto';
    area.current.style.height = `${area.current.scrollHeight + 2}px`;
  }, [text]);
  // An edited text takes the place of what was begun, which comes back afterwards.
  const began = useRef(null);
  useLayoutEffect(() => {
    if (began.current === (editing ?? replying ?? null)) return;
    began.current = editing ?? replying ?? null;
    write(editing ? editing.content : one.draft);
    ask(null);
    refuse(null);
    area.current.focus();
  }, [editing, replying]);

  const put = (value) => {
    write(value);
    if (editing) return;
    one.draft = value;
    drafts.keep(me.id, one.id, value);
  };
  const look = () => {
    const { value, selectionStart, selectionEnd } = area.current;
    ask(selectionStart === selectionEnd ? sought(one, value, selectionStart) : null);
  };
  const typed = (event) => {
    put(event.target.value);
    choose(0);
    look();
    if (!editing) conversations.iType(one.id, one.draft.trim() !== '');
  };
  /** Puts words in the place of those between two points of the text, with the caret behind them. */
  const insert = (words, from, to) => {
    area.current.setRangeText(words, from, to, 'end');
    put(area.current.value);
    ask(null);
    area.current.focus();
  };
  const mention = ({ fullName }) => insert(`@${fullName} `, asked.from, area.current.selectionStart);
  const send = async (event) => {
    event?.preventDefault();
    area.current.focus();
    if (!ready) return;
    if (editing) return messages.save(one, editing, text.trim()).catch(refuse);
    pending.post(one.id, text.trim(), uploads.take(one), replying?.id);
    // After sending, the view is at the end, wherever it was before.
    history.toLatest(one).then(meet, () => {});
    one.replying = null;
    put('');
    ask(null);
    conversations.iType(one.id, false);
  };
  const key = (event) => {
    // While an input method composes a word, Enter accepts that word.
    if (event.isComposing) return;
    const taken = (act) => (event.preventDefault(), act());
    if (asked) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) return taken(() => choose((choice + step + asked.found.length) % asked.found.length));
      if (event.key === 'Enter' || event.key === 'Tab') return taken(() => mention(asked.found[choice]));
      if (event.key === 'Escape') return taken(() => ask(null));
    }
    if (event.key === 'Escape' && (editing || replying)) return taken(() => messages.stop(one));
    if (event.key === 'ArrowUp' && !text && !editing && !event.shiftKey) return taken(() => messages.editLast(one));
    if (event.key === 'Enter' && !event.shiftKey) taken(send);
  };
  const paste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    uploads.add(one, event.clipboardData.files);
  };
  const attach = (event) => {
    uploads.add(one, event.target.files);
    // Without this, choosing the same file again would not be a change.
    event.target.value = '';
    area.current.focus();
  };

  return html`<form class="composer" onSubmit=${send}>
    ${asked && html`<${Mentions} found=${asked.found} at=${choice} pick=${mention} />`}
    <p class="unseen" role="status">${asked ? `${asked.found.length} to mention: ${asked.found[choice].fullName}` : ''}</p>
    ${editing && html`<${Regarding} words="Edit your message" message=${editing} stop=${() => messages.stop(one)} />`}
    ${replying && html`<${Regarding} words=${`Reply to ${nameOf(replying.senderId)}`} message=${replying} stop=${() => messages.stop(one)} />`}
    ${one.uploads.length > 0 && html`<ul class="uploads" aria-label="Files to send">${one.uploads.map((item) => html`<${Item} key=${item.key} item=${item} one=${one} />`)}</ul>`}
    <div role="alert">${refusal && editing && html`<p class="error small">Not saved. ${refusal.message}</p>`}
      ${over > 0 && html`<p id="too-long" class="error small">This is ${count.format(over)} ${over === 1 ? 'character' : 'characters'} too long: a message has at most ${count.format(about.maxMessage)}. Shorten it, or send it in parts.</p>`}</div>
    ${one.archived && html`<p class="note small">This conversation is archived: it can be read, and nobody writes in it.</p>`}
    ${silenced && !one.archived && html`<p class="note small">You are silenced here ${lasting(silenced.until)}: you can read, but not write.</p>`}
    ${waits > 0 && !silenced && html`<p class="note small" id="waits">Slow mode: you can write again in ${waits < 90 ? `${waits} s` : `${Math.ceil(waits / 60)} min`}.</p>`}
    ${shut && html`<${Shut} person=${shut} />`}
    <div class="writing" hidden=${one.archived || Boolean(silenced) || Boolean(shut)}>
      <input ref=${chooser} type="file" multiple hidden onChange=${attach} />
      <button type="button" class="round" aria-label="Attach files" title="Attach files" disabled=${Boolean(editing)} onClick=${() => chooser.current.click()}><${Icon} name="clip" /></button>
      <textarea ref=${area} rows="1" value=${text} aria-label=${`Message to ${titleOf(one)}`} placeholder=${one.guest ? 'Write something to join' : 'Write a message'}
        dir="auto" aria-invalid=${over ? 'true' : undefined} aria-describedby=${over ? 'too-long' : undefined} enterkeyhint="send"
        aria-autocomplete="list" aria-controls=${asked ? 'mentions' : undefined} aria-activedescendant=${asked ? `mention-${choice}` : undefined}
        onInput=${typed} onKeyDown=${key} onClick=${look} onPaste=${paste} onBlur=${() => (ask(null), conversations.iType(one.id, false))} />
      <button type="button" class="round" aria-label="Choose an emoji" title="Emoji" aria-haspopup="dialog" onClick=${() => pick(true)}><${Icon} name="smile" /></button>
      <button class="round send" aria-label=${editing ? 'Save' : busy ? 'Send: waiting for the files' : 'Send'} title=${editing ? 'Save' : 'Send'} aria-disabled=${!ready}><${Icon} name=${editing ? 'sent' : 'send'} /></button>
    </div>
    ${picking && html`<${Picker} title="Choose an emoji" pick=${(sign) => insert(sign, area.current.selectionStart, area.current.selectionEnd)} close=${() => pick(false)} />`}
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
