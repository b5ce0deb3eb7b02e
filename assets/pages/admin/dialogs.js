// What opens over a screen? Short forms, and questions before something that cannot be undone.
import { Dialog } from '../parts/dialog.js';
import { html, useEffect, useReducer } from '../vendor/preact-htm.js';
import { Form } from './parts.js';
import { Said, say } from './said.js';

let open = null;
let draw = () => {};

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

/**
 * Asks before something is done, does it, and says so. `fields` may ask for more, which `act` gets by name. If the button that
 * asked is `gone` then, the heading gets the focus.
 */
export function sure({ title, text, fields, button, act, done, gone }) {
  show(title, (shut) => html`
    <${Form} label=${title} button=${button} bad cancel=${shut} act=${async (values) => {
      await act(values);
      shut();
      if (done) say(done);
      if (gone) setTimeout(() => document.querySelector('h1')?.focus());
    }}>
      <p>${text}</p>${fields}
    </${Form}>`);
}

/** The place where dialogs appear, and the line that says what was done. */
export function Host() {
  const [, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    draw = again;
    addEventListener('hashchange', close);
    return () => removeEventListener('hashchange', close);
  }, []);
  return html`
    ${open && html`<${Dialog} key=${open.title} title=${open.title} close=${close}>${open.body(close)}</${Dialog}>`}
    <${Said} />`;
}
