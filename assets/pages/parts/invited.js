// How is a new invitation handed over? As a link to copy, and as a QR code for a telephone.

import { copy } from './bytes.js';
import { html, useState } from '../vendor/preact-htm.js';

/** `copied` is called once the link is copied. */
export function Invited({ invitation: { link, qr }, copied }) {
  const [done, set] = useState(false);
  const press = async () => {
    await copy(link);
    set(true);
    copied?.();
  };
  return html`<div class="invited">
    <p>Hand this link over. It is not shown again.</p>
    <p><input class="lone" readonly aria-label="The link" value=${link} onFocus=${(event) => event.target.select()} /></p>
    ${qr && html`<img class="qr" src=${`data:image/svg+xml,${encodeURIComponent(qr)}`} alt="The link as a QR code" width="240" height="240" />`}
    <footer class="buttons"><button type="button" class="button main" onClick=${press}>${done ? 'Copied' : 'Copy the link'}</button></footer>
  </div>`;
}
