// How does one fill something in, and read that it was refused? Fields, refusals, and work that may end in one.

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';

let made = 0;
/** An id that no other part of the page has. */
export const useId = () => useState(() => `part-${(made += 1)}`)[0];

/** A labelled input that says in words what is wrong with it. Another element than an input is made by `children`, from its id. */
export function Field({ label, hint, fault, children, ...input }) {
  const id = useId();
  const note = fault ? `${label} ${fault}.` : hint;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children ? children(id) : html`<input id=${id} aria-invalid=${fault ? 'true' : undefined} aria-describedby=${note ? `${id}-note` : undefined} ...${input} />`}
    ${note && html`<p id=${`${id}-note`} class=${`small ${fault ? 'fault' : 'quiet'}`}>${note}</p>`}
  </div>`;
}

/** Why something was refused, also for screen readers; `retry` does it again. */
export const Refused = ({ refusal, retry }) => html`<div role="alert">${refusal && html`<div class="error">
    <p>${refusal.message}</p>
    ${refusal.errors?.length > 0 && html`<ul>${refusal.errors.map((one) => html`<li>${one}</li>`)}</ul>`}
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  </div>`}</div>`;

/** Does something that may be refused: `[busy, refusal, run]`. `run` answers whether it was done. */
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
