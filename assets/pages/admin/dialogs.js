// What comes up over a screen? Questions before what cannot be undone, short forms, and a line that says what was done.
import { html, useEffect, useLayoutEffect, useReducer, useRef } from '../vendor/preact-htm.js';
import { Form, useId } from './parts.js';

let open = null;
let line = '';
let fade;
let draw = () => {};

/** Says what was done, also to who cannot see it. */
export function say(text) {
  line = text;
  clearTimeout(fade);
  fade = setTimeout(() => ((line = ''), draw()), 5000);
  draw();
}

/** Shows a dialog; `body` gets a function that closes it. */
export function show(title, body) {
  open = { title, body };
  draw();
}

/** Closes what is open. */
export function close() {
  open = null;
  draw();
}

/** Asks before something is done, does it, and says so. What is `gone` takes the focus along, so the heading gets it. */
export function sure({ title, text, button, act, done, gone }) {
  show(title, (shut) => html`
    <${Form} label=${title} button=${button} bad cancel=${shut} act=${async () => {
      await act();
      shut();
      if (done) say(done);
      if (gone) setTimeout(() => document.querySelector('h1')?.focus());
    }}>
      <p>${text}</p>
    </${Form}>`);
}

function Dialog({ title, body }) {
  const dialog = useRef();
  const id = useId();
  useLayoutEffect(() => {
    const here = dialog.current;
    here.showModal();
    return () => here.close();
  }, []);
  return html`
    <dialog ref=${dialog} aria-labelledby=${id} onCancel=${(event) => (event.preventDefault(), close())}>
      <h2 id=${id}>${title}</h2>
      ${body(close)}
    </dialog>`;
}

/** The place where dialogs and said lines appear. */
export function Host() {
  const [turn, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    draw = again;
    addEventListener('hashchange', close);
    return () => removeEventListener('hashchange', close);
  }, []);
  return html`
    ${open && html`<${Dialog} key=${open.title} ...${open} />`}
    <div class="said" role="status" data-turn=${turn}>${line && html`<p>${line}</p>`}</div>`;
}
