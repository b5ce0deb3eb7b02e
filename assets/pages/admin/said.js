// What was done just now? A line says so for five seconds, also to screen readers.
import { html, useEffect, useReducer } from '../vendor/preact-htm.js';

let line = '';
let fade;
let draw = () => {};

export function say(text) {
  line = text;
  clearTimeout(fade);
  fade = setTimeout(() => ((line = ''), draw()), 5000);
  draw();
}

/** The place where the line appears. */
export function Said() {
  const [turn, again] = useReducer((count) => count + 1, 0);
  useEffect(() => void (draw = again), []);
  return html`<div class="said" role="status" data-turn=${turn}>${line && html`<p>${line}</p>`}</div>`;
}
