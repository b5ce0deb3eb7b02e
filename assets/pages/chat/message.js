// How is one message shown? A bubble with its text, files and time, and whether it was sent and read.
// The text alone decides the writing direction of the bubble; names, files and times are isolated by `bdi`.

import { pictures, save } from '../parts/bytes.js';
import { Face } from '../parts/face.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import * as pending from './pending.js';
import { isMe, nameOf } from './people.js';
import { clock, fully, linked, size } from './text.js';

export function Message({ line, first, last, readers, crowd }) {
  const { senderId, content, attachments = [], createdAt, entry } = line;
  const own = isMe(senderId);
  const name = nameOf(senderId);
  const failed = entry?.state === 'failed';
  return html`<div class=${`message ${own ? 'own' : ''} ${first ? 'first' : ''} ${last ? 'last' : ''} ${failed ? 'failed' : ''}`}>
    ${!own && crowd && html`<div class="message-face">${last && html`<${Face} id=${senderId} name=${name} small />`}</div>`}
    <div class="bubble"><div class="said" dir="auto">
      ${first && !own && crowd && html`<p class="author small"><bdi>${name}</bdi></p>`}
      ${attachments.map((one) => html`<${Attachment} key=${one.url} one=${one} />`)}
      ${content && html`<p class="words">${linked(content)}</p>`}
      <p class="stamp"><bdi><time datetime=${createdAt} title=${fully(createdAt)}>${clock(createdAt)}</time></bdi>${own && html`<${Tick} entry=${entry} readers=${readers} />`}</p>
    </div></div>
    ${failed && html`<div class="unsent small" role="alert"><span>Not sent. ${entry.why}</span>
      <button class="link" onClick=${() => pending.retry(entry)}>Try again</button>
      <button class="link" onClick=${() => pending.discard(entry)}>Discard</button></div>`}
  </div>`;
}

/** How far one's own message has come: on its way, sent, or read by how many. */
function Tick({ entry, readers: { read, of } }) {
  const all = read > 0 && read === of;
  const come = all ? ['read', 'Read'] : ['sent', read ? `Read by ${read} of ${of}` : 'Sent'];
  const [icon, said] = !entry || entry.state === 'sent' ? come : entry.state === 'failed' ? ['away', 'Not sent'] : ['clock', 'Sending'];
  return html`<bdi class=${`tick ${all ? 'is-read' : ''}`} title=${said}><${Icon} name=${icon} /><span class="unseen">${said}</span></bdi>`;
}

/** A file of another server is only a link: fetching it would tell that server who reads. */
function Attachment({ one }) {
  if (!api.isFile(one.url)) {
    // This includes paths of this server that are no files: nobody is sent there.
    if (!/^https?:\/\//i.test(one.url)) return html`<span class="file"><${FileWords} one=${one} note="Cannot be opened" /></span>`;
    return html`<a class="file" href=${one.url} target="_blank" rel="noopener noreferrer nofollow"><${FileWords} one=${one} /></a>`;
  }
  if (pictures.test(one.mimeType)) return html`<${Picture} one=${one} />`;
  return html`<${Download} one=${one} />`;
}

const FileWords = ({ one, note }) => html`<${Icon} name="file" /><span class="file-words"><bdi>${one.filename}</bdi>
  <span class="small">${note ?? (one.size ? size(one.size) : 'File')}</span></span>`;

/** Fetched files by their address, kept as long as the page lives. */
const fetched = new Map();
function fetchOnce(url) {
  if (!fetched.has(url)) {
    const coming = api.fileBytes(url).then((blob) => URL.createObjectURL(blob));
    coming.catch(() => fetched.delete(url));
    fetched.set(url, coming);
  }
  return fetched.get(url);
}

function Picture({ one }) {
  const [shown, show] = useState(null);
  const [refusal, refuse] = useState(null);
  useEffect(() => {
    let wanted = true;
    fetchOnce(one.url).then((url) => wanted && show(url), (error) => wanted && refuse(error));
    return () => (wanted = false);
  }, [one.url]);
  if (refusal) return html`<span class="file"><${FileWords} one=${one} note=${refusal.message} /></span>`;
  // The frame has its size before the picture comes, so nothing jumps.
  return html`<a class="picture" href=${shown} target="_blank" rel="noopener" aria-label=${`Picture: ${one.filename}`} download=${one.filename}>
    ${shown ? html`<img src=${shown} alt=${one.filename} />` : html`<span class="unseen">Loading ${one.filename}</span>`}</a>`;
}

function Download({ one }) {
  const [note, tell] = useState();
  const load = async () => {
    tell('Loading…');
    try {
      save(await fetchOnce(one.url), one.filename);
      tell();
    } catch (refusal) {
      tell(refusal.message);
    }
  };
  return html`<button class="file" onClick=${load} aria-label=${`Download ${one.filename}`}><${FileWords} one=${one} note=${note} /></button>`;
}
