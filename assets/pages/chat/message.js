// How is one message shown? A bubble with its text, files and time, what became of it, and the way to its menu.
// The text alone decides the writing direction of the bubble; names, files and times are isolated by `bdi` or a `dir` of their own.

import { Face } from '../parts/face.js';
import { Icon } from '../parts/icon.js';
import { html, useMemo } from '../vendor/preact-htm.js';
import { Attachment } from './files.js';
import { formatted } from './format.js';
import * as messages from './messages.js';
import * as pending from './pending.js';
import { isMe, nameOf } from './people.js';
import { Quote } from './quote.js';
import { clock, fully, listing } from './text.js';
import { changed, store } from './store.js';

export function Message({ line, one, first, last, readers, crowd, reached }) {
  const { senderId, content, attachments = [], createdAt, entry, replyTo, reactions, mentions, editedAt, pinnedAt } = line;
  const own = isMe(senderId);
  const name = nameOf(senderId);
  const failed = entry?.state === 'failed';
  const kind = ['message', own && 'own', first && 'first', last && 'last', failed && 'failed', editedAt && 'is-edited', pinnedAt && 'is-pinned', mentions?.includes(store.me.id) && 'calls'];
  return html`<div class=${kind.filter(Boolean).join(' ')}>
    ${!own && crowd && html`<div class="message-face">${last && html`<${Face} id=${senderId} name=${name} small />`}</div>`}
    <div class="bubble"><div class="said" dir="auto">
      ${first && !own && crowd && html`<p class="author small"><bdi>${name}</bdi></p>`}
      ${replyTo && html`<${Quote} one=${one} id=${replyTo} />`}
      ${attachments.map((each) => html`<${Attachment} key=${each.url} one=${each} messageId=${line.id} />`)}
      ${content && html`<${Words} text=${content} names=${mentions?.map(nameOf).join('\n')} />`}
      <p class="stamp">${pinnedAt && html`<bdi class="pinned" title=${`Pinned by ${nameOf(line.pinnedBy)}`}><${Icon} name="pin" /><span class="unseen">Pinned</span></bdi>`}
        ${editedAt && html`<bdi class="edited" title=${fully(editedAt)}>edited</bdi>`}
        <bdi><time datetime=${createdAt} title=${fully(createdAt)}>${clock(createdAt)}</time></bdi>${own && html`<${Tick} entry=${entry} readers=${readers} />`}</p>
    </div>${!entry && html`<button type="button" class="more" aria-haspopup="menu" aria-label="Message options" tabindex=${reached ? 0 : -1} onClick=${(event) => options(one, line, event.currentTarget)} />`}</div>
    ${reactions && html`<${Reactions} one=${one} line=${line} />`}
    ${failed && html`<div class="unsent small" role="alert"><span>Not sent. ${entry.why}</span>
      <button class="link" onClick=${() => pending.retry(entry)}>Try again</button>
      <button class="link" onClick=${() => pending.discard(entry)}>Discard</button></div>`}
  </div>`;
}

function options(one, message, anchor) {
  store.menu = { one, message, anchor };
  changed();
}

/** Formatted once, however often it is drawn. `names` are those of the people that it mentions, one a line. */
const Words = ({ text, names }) => html`<div class="words">${useMemo(() => formatted(text, names ? names.split('\n') : []), [text, names])}</div>`;

/** Who found what of it. One's own reactions are pressed. */
const Reactions = ({ one, line }) => html`<div class="reactions" role="group" aria-label="Reactions">${line.reactions.map(({ emoji, count, users }) => {
  const own = messages.reacted(line, emoji);
  const names = users.slice(0, 20).map((id) => (isMe(id) ? 'You' : nameOf(id)));
  const who = listing(count > names.length ? [...names, ...Array.from({ length: count - names.length })] : names);
  return html`<button key=${emoji} type="button" aria-pressed=${own} title=${who} aria-disabled=${!messages.can(one, line).react}
    onClick=${() => messages.can(one, line).react && messages.react(one, line, emoji)}><span class="emoji">${emoji}</span> <span class="count">${count}</span><span class="unseen"> ${who}</span></button>`;
})}</div>`;

/** How far one's own message has come: on its way, sent, or read by how many. */
function Tick({ entry, readers: { read, of } }) {
  const all = read > 0 && read === of;
  const come = all ? ['read', 'Read'] : ['sent', read ? `Read by ${read} of ${of}` : 'Sent'];
  const [icon, said] = !entry || entry.state === 'sent' ? come : entry.state === 'failed' ? ['away', 'Not sent'] : ['clock', 'Sending'];
  return html`<bdi class=${`tick ${all ? 'is-read' : ''}`} title=${said}><${Icon} name=${icon} /><span class="unseen">${said}</span></bdi>`;
}
