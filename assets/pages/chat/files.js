// How is a file shown that a message carries? As a picture, as something to download, or as a link to another server.

import { save } from '../parts/bytes.js';
import { Icon } from '../parts/icon.js';
import { html, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { fetchOnce, isPicture, useFetched } from './fetched.js';
import { size } from './text.js';
import { changed, store } from './store.js';

/** A file of another server is only a link: fetching it would tell that server who reads. */
export function Attachment({ one, messageId }) {
  if (!api.isFile(one.url)) {
    // This includes paths of this server that are no files: nobody is sent there.
    if (!/^https?:\/\//i.test(one.url)) return html`<span class="file"><${FileWords} one=${one} note="Cannot be opened" /></span>`;
    return html`<a class="file" href=${one.url} target="_blank" rel="noopener noreferrer nofollow"><${FileWords} one=${one} /></a>`;
  }
  if (isPicture(one)) return html`<${Picture} one=${one} messageId=${messageId} />`;
  return html`<${Download} one=${one} />`;
}

const FileWords = ({ one, note }) => html`<${Icon} name="file" /><span class="file-words"><bdi>${one.filename}</bdi>
  <span class="small">${note ?? (one.size ? size(one.size) : 'File')}</span></span>`;

function Picture({ one, messageId }) {
  const [shown, refusal] = useFetched(one.url);
  if (refusal) return html`<span class="file"><${FileWords} one=${one} note=${refusal.message} /></span>`;
  const view = () => {
    store.viewing = { messageId, url: one.url, only: one };
    changed();
  };
  // The frame has its size before the picture comes, so nothing jumps.
  return html`<button type="button" class="picture" aria-haspopup="dialog" aria-label=${`Picture: ${one.filename}`} onClick=${view}>
    ${shown ? html`<img src=${shown} alt="" />` : html`<span class="unseen">Loading ${one.filename}</span>`}</button>`;
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
