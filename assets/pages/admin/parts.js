// What are the screens made of? A heading that takes the focus, buttons that copy, words for what went wrong.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import { say } from './dialogs.js';

let made = 0;
/** An id that no other part of the page has. */
export function useId() {
  return useRef(`part-${(made += 1)}`).current;
}

let arrived = false;
/** A screen: its title in the tab, its heading focused when one comes here. */
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

/** What went wrong, in words, with what to do about it. */
export function Wrong({ wrong, retry }) {
  if (!wrong) return null;
  const text = wrong.status === 429 ? 'Too many tries. Wait a minute and try again.' : wrong.message;
  return html`
    <div class="error" role="alert">
      <p>${text}</p>
      ${wrong.errors?.length > 0 && html`<ul>${wrong.errors.map((one) => html`<li>${one}</li>`)}</ul>`}
      ${retry && html`<p><button class="button" onClick=${retry}>Try again</button></p>`}
    </div>`;
}

/** A form that says what was refused; `act` gets its fields by name. Where the act is `bad`, Enter by itself does not do it. */
export function Form({ label, act, children, button, bad, cancel, className = '' }) {
  const [state, set] = useState({ busy: false, wrong: null });
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    set({ busy: true, wrong: null });
    try {
      await act(Object.fromEntries(new FormData(form)), form);
      set({ busy: false, wrong: null });
    } catch (wrong) {
      set({ busy: false, wrong });
    }
  };
  return html`
    <form class=${`stack ${className}`} onSubmit=${submit} aria-label=${label}>
      ${children}
      <${Wrong} wrong=${state.wrong} />
      <div class="buttons">
        <button class=${`button ${bad ? 'bad strong' : 'main'}`} disabled=${state.busy} aria-busy=${state.busy}>${button}</button>
        ${cancel && html`<button class="button" type="button" onClick=${cancel} autofocus=${bad}>Cancel</button>`}
      </div>
    </form>`;
}

export function Field({ label, hint, children, ...input }) {
  const id = useId();
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children ? children(id) : html`<input id=${id} aria-describedby=${hint ? `${id}-hint` : undefined} ...${input} />`}
      ${hint && html`<p class="hint small quiet" id=${`${id}-hint`}>${hint}</p>`}
    </div>`;
}

/** Copies; where the browser has no clipboard (no TLS), it selects the text so that one can. */
export function Copy({ text, what, label = 'Copy' }) {
  const [done, set] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    set(true);
    say(`${what} copied`);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="button slim copy" onClick=${copy} aria-label=${`Copy ${what}`}>${done ? 'Copied' : label}</button>`;
}

export const Facts = ({ facts }) => html`
  <dl class="facts">${facts.filter(Boolean).map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;

export const Tag = ({ kind = '', children }) => html`<span class=${`tag ${kind}`}>${children}</span>`;
export const Dialect = ({ name }) => html`<span class=${`tag dialect ${/^\w+$/.test(name) ? name : ''}`}>${name}</span>`;

export const Waiting = ({ rows = 5 }) => html`
  <div class="waiting" aria-hidden="true">${Array.from({ length: rows }, () => html`<div class="bar"></div>`)}</div>`;

/** Lines of code in a region that scrolls by itself, also by keyboard. */
export const Code = ({ text, label, wrap }) => html`
  <pre class=${wrap ? 'wrap' : ''} tabindex="0" role="region" aria-label=${label}><code>${text}</code></pre>`;
