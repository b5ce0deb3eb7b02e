// What does a socket send and hear? A client in the page: it connects with a token, sends any event, and shows all it hears.
import { path } from '../here.js';
import { dialects } from '../parts/dialects.js';
import { Field, Refused } from '../parts/form.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { io } from '../vendor/socket.io.js';
import { events } from './snippets.js';
import { count, timeOfDay } from './words.js';

const KEPT = 200;

function useSocket(token, space) {
  const socket = useRef(null);
  const number = useRef(0);
  const [lines, set] = useState([]);
  const [state, be] = useState('closed');
  const note = (way, event, body) => set((was) => [{ number: (number.current += 1), at: Date.now(), way, event, body }, ...was].slice(0, KEPT));
  const close = () => {
    socket.current?.off();
    socket.current?.disconnect();
    socket.current = null;
    be('closed');
  };
  useEffect(() => close, [token, space]);
  const open = () => {
    be('opening');
    const made = io(location.origin + (space === '/' ? '' : space), { path, auth: { token }, forceNew: true, reconnection: false });
    made.on('connect', () => (be('open'), note('is', 'connected', made.id)));
    made.on('connect_error', (error) => (be('closed'), note('is', 'refused', error.message)));
    made.on('disconnect', (reason) => (be('closed'), note('is', 'disconnected', reason)));
    made.onAny((event, ...said) => note('heard', event, said.length > 1 ? said : said[0]));
    socket.current = made;
  };
  const emit = (event, body) => {
    note('said', event, body);
    socket.current.emit(event, body, (answer) => note('answer', event, answer));
  };
  return { lines, state, open, close, emit, clear: () => set([]) };
}

/** The dialects whose events a namespace has. */
const speakersOf = (space) => dialects.filter(({ namespace }) => namespace === space).map(({ name }) => name).join(', ');

const ways = { said: '↑ said', heard: '↓ heard', answer: '↩ answer', is: '·' };

export function Console({ token, name, other }) {
  const [space, choose] = useState('/');
  const known = events(other)[space];
  const [event, setEvent] = useState('send_message');
  const [body, setBody] = useState(null);
  const [wrong, refuse] = useState(null);
  const { lines, state, open, close, emit, clear } = useSocket(token, space);
  // An example is there until one has written something else.
  const text = body ?? JSON.stringify(known[event] ?? {}, null, 1).replace(/\n\s*/g, ' ');
  const submit = (submitted) => {
    submitted.preventDefault();
    let parsed;
    try {
      parsed = text.trim() ? JSON.parse(text) : undefined;
    } catch (error) {
      refuse({ message: `This is not JSON: ${error.message}` });
      return;
    }
    refuse(null);
    emit(event.trim(), parsed);
  };
  const connected = state === 'open';
  const switched = (chosen) => {
    choose(chosen.currentTarget.value);
    setEvent(Object.keys(events(other)[chosen.currentTarget.value])[0]);
    setBody(null);
  };
  return html`
    <section class="card stack console" aria-labelledby="console">
      <div class="line"><h2 id="console">Socket console</h2>
        <span class=${`small state ${connected ? 'open' : ''}`} role="status">${
          { open: `Connected as ${name}`, opening: 'Connecting…', closed: 'Not connected' }[state]}</span></div>
      ${!token && html`<p class="quiet small">Get a token above; then connect here.</p>`}
      <div class="row">
        <${Field} label="Namespace">${(id) => html`<select id=${id} value=${space} onChange=${switched}>
          ${Object.keys(events(other)).map((one) => html`<option value=${one}>${one} (${speakersOf(one)})</option>`)}</select>`}</${Field}>
        ${state === 'closed' ? html`<button class="button main" disabled=${!token} onClick=${open}>Connect</button>`
          : html`<button class="button" onClick=${close}>Disconnect</button>`}
      </div>
      <form class="stack" onSubmit=${submit} aria-label="Say an event">
        <${Field} label="Event" list="known-events" required value=${event} autocomplete="off"
          onInput=${(typed) => (setEvent(typed.currentTarget.value), setBody(null))} />
        <datalist id="known-events">${Object.keys(known).map((one) => html`<option value=${one} />`)}</datalist>
        <${Field} label="JSON">${(id) => html`<textarea id=${id} class="mono" rows="3" spellcheck=${false} value=${text}
          aria-invalid=${String(Boolean(wrong))} onInput=${(typed) => setBody(typed.currentTarget.value)}></textarea>`}</${Field}>
        <${Refused} refusal=${wrong} />
        <div class="buttons"><button class="button main" disabled=${!connected}>Emit</button>
          <button class="button" type="button" onClick=${clear} disabled=${!lines.length}>Clear</button></div>
      </form>
      <div class="heard" tabindex="0" role="region" aria-label="What was said and heard">
        ${lines.length ? html`<ul>${lines.map((line) => html`<li key=${line.number} class=${line.way}>
            <span class="small quiet time">${timeOfDay(line.at)}</span> <span class="small">${ways[line.way]}</span> <strong>${line.event}</strong>
            <pre class="wrap">${line.body === undefined ? '' : JSON.stringify(line.body, null, 1)}</pre></li>`)}</ul>`
          : html`<p class="empty">What this socket says and hears stands here, the latest first.</p>`}
      </div>
      <p class="small quiet">${count(lines.length)} kept, at most ${KEPT}.</p>
    </section>`;
}
