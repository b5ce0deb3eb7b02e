// Which events are sent right now? All of them as listeners hear them, the latest first, until one pauses to read.
import { dialects } from '../parts/dialects.js';
import { Refused } from '../parts/form.js';
import { html, useEffect, useReducer, useRef, useState } from '../vendor/preact-htm.js';
import { Copy, Dialect, Screen } from './parts.js';
import { follow } from './stream.js';
import { href } from './route.js';
import { count, many, timeOfDay } from './words.js';

const KEPT = 500;
const audiences = { room: 'all in the room', others: 'the others in the room', own: 'the reader in the room', person: 'one person' };

/** Keeps the last events; draws four times a second at most, however many come. */
function useWire() {
  const kept = useRef([]);
  const held = useRef([]);
  const [state, set] = useState('connecting');
  const [wrong, refuse] = useState(null);
  const [paused, pause] = useState(false);
  const [lost, lose] = useState(0);
  const still = useRef(false);
  still.current = paused;
  const [, draw] = useReducer((turn) => turn + 1, 0);
  useEffect(() => {
    let due = null;
    let number = 0;
    const stop = follow('/api/admin/wire', {
      said: (event) => {
        event.number = number += 1;
        event.line = `${event.event} ${event.dialect} ${JSON.stringify(event.body)}`;
        const list = still.current ? held : kept;
        list.current.unshift(event);
        if (list.current.length > KEPT) list.current.length = KEPT;
        due ??= setTimeout(() => ((due = null), draw()), 250);
      },
      missed: (more) => lose((before) => before + more),
      state: set,
      wrong: refuse,
    });
    return () => (clearTimeout(due), stop());
  }, []);
  const toggle = () => {
    if (paused) {
      kept.current = [...held.current, ...kept.current].slice(0, KEPT);
      held.current = [];
    }
    pause(!paused);
  };
  const clear = () => {
    kept.current = [];
    held.current = [];
    draw();
  };
  return { events: kept.current, waiting: held.current.length, paused, toggle, clear, state, wrong, lost };
}

function Passed({ event }) {
  const [open, set] = useState(false);
  const body = () => JSON.stringify(event.body, null, 2);
  return html`
    <li><details onToggle=${(toggled) => set(toggled.currentTarget.open)}>
      <summary>
        <span class="quiet time">${timeOfDay(event.at)}</span> <${Dialect} name=${event.dialect} />
        <strong class="event">${event.event}</strong> <span class="quiet to">→ ${count(event.to)}</span>
        <code class="preview">${JSON.stringify(event.body)}</code>
      </summary>
      ${open && html`<div class="stack opened">
        <p class="small quiet">Told to ${audiences[event.audience] ?? event.audience}, ${many(event.to, 'listener')}.
          ${event.conversation && html` <a href=${href('conversations', event.conversation)}>The conversation</a>`}</p>
        <pre tabindex="0" role="region" aria-label="The body"><code>${body()}</code></pre>
        <div class="buttons"><${Copy} text=${body()} what="the body" /></div>
      </div>`}
    </details></li>`;
}

const states = { connecting: 'Connecting…', open: 'Listening', again: 'Connecting again…', refused: 'Not connected' };

export function Wire() {
  const { events, waiting, paused, toggle, clear, state, wrong, lost } = useWire();
  const [filter, set] = useState({ dialect: '', event: '', text: '' });
  const change = (field) => (event) => set({ ...filter, [field]: event.currentTarget.value });
  const text = filter.text.trim().toLowerCase();
  const shown = events.filter((event) => (!filter.dialect || event.dialect === filter.dialect)
    && (!filter.event || event.event === filter.event) && (!text || event.line.toLowerCase().includes(text)));
  const names = [...new Set([...events.map((event) => event.event), filter.event].filter(Boolean))].sort();
  const empty = events.length
    ? 'Nothing that passed is like that.'
    : 'Nothing has passed since you opened this. Send a message from any client, or from “Try it”, and it shows here.';
  return html`
    <${Screen} title="Live wire" lead="Events as listeners hear them, in each dialect's own words."
      actions=${html`<button class="button main" aria-pressed=${String(paused)} onClick=${toggle}>${paused ? 'Go on' : 'Pause'}</button>
        <button class="button" onClick=${clear}>Clear</button>`}>
      <${Refused} refusal=${wrong} />
      <div class="tools" role="search">
        <input class="lone search" type="search" aria-label="Search what passes" placeholder="Search what passes" value=${filter.text} onInput=${change('text')} />
        <select class="lone" aria-label="Dialect" value=${filter.dialect} onChange=${change('dialect')}>
          <option value="">All dialects</option>${dialects.map(({ name }) => html`<option value=${name}>${name}</option>`)}</select>
        <select class="lone" aria-label="Event" value=${filter.event} onChange=${change('event')}>
          <option value="">All events</option>${names.map((name) => html`<option value=${name}>${name}</option>`)}</select>
      </div>
      <p class=${`small state ${state}`}><span role="status">${paused ? 'Paused' : states[state]}</span>
        <span class="quiet">${count(shown.length)} of ${count(events.length)} shown${paused && waiting ? `, ${count(waiting)} waiting` : ''}${
          lost ? `, ${count(lost)} passed too fast to be told` : ''}</span></p>
      <div class="card flush wire" tabindex="0" role="region" aria-label="What passed">
        ${shown.length ? html`<ul>${shown.map((event) => html`<${Passed} key=${event.number} event=${event} />`)}</ul>`
          : html`<p class="empty">${empty}</p>`}
      </div>
    </${Screen}>`;
}
