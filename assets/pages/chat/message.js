// How is one message shown? A bubble with its text, files and time, and whether it was sent and read.
// The text alone decides the writing direction of the bubble; names, files and times are isolated by `bdi`.

import { Face } from '../parts/face.js';
import { Icon } from '../parts/icon.js';
import { html, useMemo } from '../vendor/preact-htm.js';
import { Attachment } from './files.js';
import { formatted } from './format.js';
import * as pending from './pending.js';
import { isMe, nameOf } from './people.js';
import { clock, fully } from './text.js';

export function Message({ line, first, last, readers, crowd }) {
  const { senderId, content, attachments = [], createdAt, entry } = line;
  const own = isMe(senderId);
  const name = nameOf(senderId);
  const failed = entry?.state === 'failed';
  return html`<div class=${`message ${own ? 'own' : ''} ${first ? 'first' : ''} ${last ? 'last' : ''} ${failed ? 'failed' : ''}`}>
    ${!own && crowd && html`<div class="message-face">${last && html`<${Face} id=${senderId} name=${name} small />`}</div>`}
    <div class="bubble"><div class="said" dir="auto">
      ${first && !own && crowd && html`<p class="author small"><bdi>${name}</bdi></p>`}
      ${attachments.map((one) => html`<${Attachment} key=${one.url} one=${one} messageId=${line.id} />`)}
      ${content && html`<${Words} text=${content} />`}
      <p class="stamp"><bdi><time datetime=${createdAt} title=${fully(createdAt)}>${clock(createdAt)}</time></bdi>${own && html`<${Tick} entry=${entry} readers=${readers} />`}</p>
    </div></div>
    ${failed && html`<div class="unsent small" role="alert"><span>Not sent. ${entry.why}</span>
      <button class="link" onClick=${() => pending.retry(entry)}>Try again</button>
      <button class="link" onClick=${() => pending.discard(entry)}>Discard</button></div>`}
  </div>`;
}

/** Formatted once, however often it is drawn. */
const Words = ({ text }) => html`<div class="words">${useMemo(() => formatted(text), [text])}</div>`;

/** How far one's own message has come: on its way, sent, or read by how many. */
function Tick({ entry, readers: { read, of } }) {
  const all = read > 0 && read === of;
  const come = all ? ['read', 'Read'] : ['sent', read ? `Read by ${read} of ${of}` : 'Sent'];
  const [icon, said] = !entry || entry.state === 'sent' ? come : entry.state === 'failed' ? ['away', 'Not sent'] : ['clock', 'Sending'];
  return html`<bdi class=${`tick ${all ? 'is-read' : ''}`} title=${said}><${Icon} name=${icon} /><span class="unseen">${said}</span></bdi>`;
}
