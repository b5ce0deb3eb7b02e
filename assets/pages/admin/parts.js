// What are the screens made of? A heading that takes the focus, forms, buttons that copy, facts and tags.
import { copy } from '../parts/bytes.js';
import { colourOf } from '../parts/dialects.js';
import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import { say } from './said.js';

let arrived = false;
/** A screen: the tab shows its title, and its heading gets the focus when one comes here. */
export function Screen({ title, back, lead, actions, children }) {
  const heading = useRef();
  useLayoutEffect(() => {
    document.title = `${title} · chat administration`;
  }, [title]);
  useEffect(() => {
    scrollTo(0, 0);
    if (arrived) heading.current?.focus({ preventScroll: true });
    arrived = true;
  }, []);
  return html`
    <header class="screen">
      <div class="titles">
        ${back && html`<a class="back small" href=${back.href}>← ${back.title}</a>`}
        <h1 ref=${heading} tabindex="-1">${title}</h1>
        ${lead && html`<p class="quiet">${lead}</p>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}`;
}

/** A form that shows refusals; `act` gets its fields by name. If the act is `bad` the focus is on Cancel, so Enter does not do it. */
export function Form({ label, act, children, button, bad, cancel, className = '' }) {
  const [busy, refusal, run] = useDoing();
  const submit = (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    run(() => act(Object.fromEntries(new FormData(form)), form));
  };
  return html`
    <form class=${`stack ${className}`} onSubmit=${submit} aria-label=${label}>
      ${children}
      <${Refused} refusal=${refusal} />
      <div class="buttons">
        <button class=${`button ${bad ? 'bad strong' : 'main'}`} disabled=${busy} aria-busy=${busy}>${button}</button>
        ${cancel && html`<button class="button" type="button" onClick=${cancel} autofocus=${bad}>Cancel</button>`}
      </div>
    </form>`;
}

export function Copy({ text, what, label = 'Copy' }) {
  const [done, set] = useState(false);
  const press = async () => {
    await copy(text);
    set(true);
    say(`${what} copied`);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="button slim copy" onClick=${press} aria-label=${`Copy ${what}`}>${done ? 'Copied' : label}</button>`;
}

export const Facts = ({ facts }) => html`
  <dl class="facts">${facts.filter(Boolean).map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;

export const Tag = ({ kind = '', children }) => html`<span class=${`tag ${kind}`}>${children}</span>`;
export const Dialect = ({ name }) => html`<span class="tag dialect" style=${{ color: colourOf(name) }}>${name}</span>`;

export const Waiting = ({ rows = 5 }) => html`
  <div class="waiting" aria-hidden="true">${Array.from({ length: rows }, () => html`<div class="bar"></div>`)}</div>`;

/** Code in a region of its own that scrolls, also by keyboard. */
export const Code = ({ text, label, wrap }) => html`
  <pre class=${wrap ? 'wrap' : ''} tabindex="0" role="region" aria-label=${label}><code>${text}</code></pre>`;
