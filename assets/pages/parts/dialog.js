// What comes up over a page? A dialog: Escape, its cross and a click beside it close it.

import { html, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import { Icon } from './icon.js';

export function Dialog({ title, close, kind, children, ...more }) {
  const box = useRef();
  // Looked up now, before anything in the dialog takes the focus.
  const [opener] = useState(() => document.activeElement);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog.showModal();
    return () => {
      // While the dialog is open nothing else can have the focus, so it closes first.
      dialog.close();
      if (opener?.isConnected) opener.focus();
    };
  }, []);
  const beside = (event) => event.target === box.current && close();
  return html`<dialog ref=${box} class=${kind} aria-labelledby="dialog-title" onCancel=${(event) => (event.preventDefault(), close())} onMouseDown=${beside} ...${more}>
    <div class="dialog">
      <header><h2 id="dialog-title" dir="auto">${title}</h2><button type="button" class="round" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}
