// What are the screens made of? Small pieces without a mind of their own.

import { at } from '../here.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { hue, initials } from './text.js';

const paths = {
  back: 'M15 5l-7 7 7 7',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  clip: 'M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8',
  send: 'M4 12l16-7-5 15-3.5-6.5z',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5',
  room: 'M9 4L7 20M17 4l-2 16M4 9h17M3 15h17',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  sent: 'M5 12.5l4.5 4.5L19 7.5',
  read: 'M2 12.5l4.5 4.5L15 8M11.5 15.5L13 17l8.5-9',
  away: 'M12 8v5M12 16.5v.5M12 3L2 20h20z',
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${paths[name]} /></svg>`;

/** A face, or its initials in a colour; the name stands beside it, so it is not said twice. */
export function Face({ id, name, url, type = 'direct', small }) {
  const kind = `face ${hue(id)} ${small ? 'small' : ''}`;
  if (type === 'room') return html`<span class="${kind} square" aria-hidden="true"><${Icon} name="room" /></span>`;
  if (type === 'group') return html`<span class=${kind} aria-hidden="true"><${Icon} name="people" /></span>`;
  if (url) return html`<img class=${kind} src=${at(url)} alt="" referrerpolicy="no-referrer" />`;
  // Drawn by the style sheet: letters are no part of what the button around them is called.
  return html`<span class=${kind} aria-hidden="true" data-letters=${initials(name)} />`;
}

/** A window over the page: Escape, its cross and a click beside it close it. */
export function Dialog({ title, close, children }) {
  const box = useRef();
  // Asked before anything in the window takes the focus.
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    const dialog = box.current;
    dialog.showModal();
    return () => {
      // While it is open nothing else can have the focus.
      dialog.close();
      if (opener?.isConnected) opener.focus();
    };
  }, []);
  const beside = (event) => event.target === box.current && close();
  return html`<dialog ref=${box} class="window" aria-labelledby="window-title" onCancel=${(event) => (event.preventDefault(), close())} onMouseDown=${beside}>
    <div class="window-inside">
      <header><h2 id="window-title">${title}</h2><button type="button" class="round" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}

/** A labelled input that says in words what is wrong with it. */
export function Field({ label, name, hint, fault, value, onInput, ...rest }) {
  const said = fault || hint;
  return html`<div class="field">
    <label for=${`field-${name}`}>${label}</label>
    <input id=${`field-${name}`} name=${name} value=${value} onInput=${onInput} aria-invalid=${fault ? 'true' : undefined}
      aria-describedby=${said ? `field-${name}-said` : undefined} ...${rest} />
    ${said && html`<p id=${`field-${name}-said`} class=${fault ? 'fault small' : 'quiet small'}>${fault ? `${label} ${fault}.` : hint}</p>`}
  </div>`;
}

/** Does something that may be refused: `[busy, refusal, run]`. */
export function useDoing() {
  const [doing, become] = useState({ busy: false, refusal: null });
  const there = useRef(true);
  useEffect(() => () => (there.current = false), []);
  const run = async (work) => {
    become({ busy: true, refusal: null });
    let refusal = null;
    try {
      await work();
    } catch (error) {
      refusal = error;
    }
    if (there.current) become({ busy: false, refusal });
    return refusal === null;
  };
  return [doing.busy, doing.refusal, run];
}

/** The arrow keys, Home and End move among the things of a list. */
export function withArrows(event, selector) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll(selector)];
  const at = all.indexOf(document.activeElement);
  if (!all.length || (at < 0 && step < 0)) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + step))].focus();
}
