// What can clients ask of this server, and what does it send? The OpenAPI and AsyncAPI documents, for reading.
import { at } from '../here.js';
import { dialects } from '../parts/dialects.js';
import { Refused } from '../parts/form.js';
import { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor/preact-htm.js';
import { Code, Copied, Schema, Words, curl, emit, find, listen } from './parts.js';

/** What has documents: the dialects, and the administration. */
const names = [...dialects.map(({ name }) => name), 'admin'];

async function fetched(name, sort) {
  const answer = await fetch(at(`/docs/${name}/${sort}.json`));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

/** All of one dialect in one list: its operations by tag, then its events. */
function book(name, openapi, asyncapi) {
  const entries = [];
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const open = (operation.security ?? openapi.security).some((one) => Object.keys(one).length === 0);
      const token = operation.security?.length === 0 ? 'no token' : open ? 'token optional' : '';
      entries.push({ kind: 'route', id: operation.operationId, group: operation.tags[0], method: method.toUpperCase(), path, token, operation, document: openapi });
    }
  }
  const channel = asyncapi.channels.namespace;
  for (const [id, operation] of Object.entries(asyncapi.operations)) {
    const message = channel.messages[id];
    const said = operation.action === 'receive';
    const group = said ? 'Events that a client says' : 'Events that a client hears';
    const answer = said && channel.messages[id.replace('hears-', 'answers-')];
    entries.push({ kind: 'event', id, group, method: said ? 'emit' : 'on', path: message.name, operation: message, answer, document: asyncapi, namespace: channel.address });
  }
  for (const entry of entries) {
    const { summary, description } = entry.operation;
    entry.key = `${name}/${entry.id}`;
    entry.words = [entry.method, entry.path, summary, description, entry.group].join(' ').toLowerCase();
  }
  return { name, openapi, asyncapi, entries };
}

const matches = (entry, filter) => filter.toLowerCase().split(/\s+/).every((word) => entry.words.includes(word));

const hashNow = () => decodeURIComponent(location.hash.slice(1));

function useHash() {
  const [hash, setHash] = useState(hashNow);
  useEffect(() => {
    const changed = () => setHash(hashNow());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return hash;
}

function Page() {
  const hash = useHash();
  const name = names.find((one) => one === hash.split('/')[0]) ?? names[0];
  const [books, setBooks] = useState({});
  const [filter, setFilter] = useState('');
  const field = useRef();

  useEffect(() => {
    // First the one that is shown; the filter needs the others.
    for (const one of [name, ...names.filter((other) => other !== name)]) {
      Promise.all([fetched(one, 'openapi'), fetched(one, 'asyncapi')])
        .then(([openapi, asyncapi]) => setBooks((known) => ({ ...known, [one]: book(one, openapi, asyncapi) })))
        .catch(() => setBooks((known) => ({ ...known, [one]: { name: one, failed: true, entries: [] } })));
    }
    const typed = (event) => {
      if (event.key === '/' && !/INPUT|TEXTAREA/.test(event.target.tagName)) {
        event.preventDefault();
        field.current.focus();
      }
    };
    addEventListener('keydown', typed);
    return () => removeEventListener('keydown', typed);
  }, []);

  const shown = books[name];
  useLayoutEffect(() => {
    document.title = `chat: ${name}`;
    if (!shown) return;
    const target = document.getElementById(hash);
    if (target?.tagName === 'DETAILS') target.open = true;
    if (target) target.scrollIntoView();
    else scrollTo(0, 0);
  }, [hash, Boolean(shown)]);

  const elsewhere = filter && names.filter((one) => one !== name)
    .map((one) => [one, books[one]?.entries.filter((entry) => matches(entry, filter)).length ?? 0])
    .filter(([, count]) => count);
  return html`
    <header>
      <h1>chat <span>API</span></h1>
      <nav aria-label="Dialects">
        ${names.map((one) => html`<a key=${one} href=${`#${one}`} aria-current=${one === name ? 'page' : null}>${one}</a>`)}
      </nav>
      <label class="filter">
        <span class="unseen">Filter</span>
        <input ref=${field} type="search" placeholder="Filter ( / )" value=${filter}
          onInput=${(event) => (setFilter(event.target.value), scrollTo(0, 0))} />
      </label>
    </header>
    ${shown && !shown.failed && html`<${Book} book=${shown} hash=${hash} filter=${filter} elsewhere=${elsewhere} key=${name} />`}
    ${shown?.failed && html`<main><${Refused} refusal=${{ message: 'The document could not be fetched. Is the server still there?' }} /></main>`}
    ${!shown && html`<main aria-busy="true"></main>`}
    <${Copied} />`;
}

function Book({ book: { name, openapi, asyncapi, entries }, hash, filter, elsewhere }) {
  const groups = useMemo(() => Map.groupBy(entries.filter((entry) => matches(entry, filter)), (entry) => entry.group), [entries, filter]);
  return html`
    <aside>
      <nav aria-label="Contents">
        ${[...groups].map(([group, inside]) => html`
          <h2 key=${group}>${group}</h2>
          <ul>${inside.map((entry) => html`<li key=${entry.id}><a href=${`#${entry.key}`} aria-current=${entry.key === hash ? 'true' : null}><${Method} entry=${entry} /> ${entry.path}</a></li>`)}</ul>`)}
      </nav>
    </aside>
    <main>
      ${!filter && html`<section class="about">
        <h2>${name}</h2>
        <${Words} text=${openapi.info.description} />
        <p class="links">
          <a href=${at(`/docs/${name}/openapi.json`)}>openapi.json</a>
          <a href=${at(`/docs/${name}/asyncapi.json`)}>asyncapi.json</a>
          <code>${openapi.servers[0].url}</code>
        </p>
      </section>`}
      ${elsewhere?.length > 0 && html`<p class="elsewhere">Also in ${elsewhere.map(([one, count], at) => html`${at > 0 && ', '}<a href=${`#${one}`}>${one} (${count})</a>`)}</p>`}
      ${groups.size === 0 && html`<p>Nothing here is called that.</p>`}
      ${[...groups].map(([group, inside]) => html`
        <section key=${group}>
          <h2>${group}</h2>
          ${!filter && inside[0].method === 'emit' && html`<${Connection} document=${asyncapi} />`}
          ${inside.map((entry) => html`<${Entry} key=${entry.key} entry=${entry} />`)}
        </section>`)}
    </main>`;
}

const Method = ({ entry }) => html`<span class=${`method ${entry.method.toLowerCase()}`}>${entry.method}</span>`;

function Connection({ document }) {
  const { here } = document.servers;
  const { address } = document.channels.namespace;
  const url = `${here.protocol === 'wss' ? 'https' : 'http'}://${here.host}${address === '/' ? '' : address}`;
  const path = here.pathname === '/socket.io' ? '' : `path: '${here.pathname}', `;
  return html`
    <${Words} text=${document.info.description} />
    <${Code} text=${`const socket = io('${url}', { ${path}auth: { token } });`} label="Connect" />`;
}

/** One operation or event; its details are drawn when it is opened. */
function Entry({ entry }) {
  // If a link leads here it is open from the beginning, so nothing jumps.
  const [open, setOpen] = useState(() => hashNow() === entry.key);
  const { operation, path, token } = entry;
  return html`
    <details id=${entry.key} open=${open} onToggle=${(event) => setOpen(event.target.open)}>
      <summary>
        <${Method} entry=${entry} /> <code class="path">${path.split(/(?=\/)/).map((part) => html`${part}<wbr />`)}</code>
        <span class="summary">${operation.summary}</span>
        ${token && html`<span class="token">${token}</span>`}
      </summary>
      ${open && html`<div class="inside">
        <${Words} text=${operation.description} />
        ${entry.kind === 'route' ? html`<${Route} entry=${entry} />` : html`<${Event} entry=${entry} />`}
        <p class="links"><a href=${`#${entry.key}`}>Link to this</a></p>
      </div>`}
    </details>`;
}

function Route({ entry }) {
  const { operation, document } = entry;
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const responses = Object.entries(operation.responses).map(([status, response]) => [status, find(response, document)]);
  const good = responses.filter(([status]) => status < 400);
  const refused = responses.filter(([status]) => status >= 400);
  return html`
    ${operation.parameters && html`<h3>Parameters</h3>
      <dl class="schema">${operation.parameters.map((one) => html`<${Schema} name=${one.name} schema=${one.schema} required=${one.required} note=${`in the ${one.in}`} document=${document} />`)}</dl>`}
    ${bodies.map(([type, body]) => html`<h3>Body <span class="type">${type}${operation.requestBody.required ? '' : ', optional'}</span></h3>
      <${Schema} schema=${body.schema} document=${document} />
      ${body.example !== undefined && html`<${Code} json=${body.example} label="Example" />`}`)}
    <${Code} text=${curl(entry)} label="curl" />
    ${good.map(([status, response]) => html`<h3><span class="status">${status}</span> ${response.description}</h3>
      ${Object.keys(response.headers ?? {}).length > 0 && html`<p class="type">${Object.keys(response.headers).join(', ')}</p>`}
      ${Object.values(response.content ?? {}).filter((one) => one.schema).map((one) => html`
        <${Schema} schema=${one.schema} document=${document} />
        <${Code} json=${one.example} label="Example" />`)}`)}
    <h3>Refusals</h3>
    <dl class="refusals">${refused.map(([status, response]) => html`<dt>${status}</dt><dd><${Words} text=${response.description} /></dd>`)}</dl>`;
}

function Event({ entry }) {
  const { operation, answer, document } = entry;
  const [{ payload: example }] = operation.examples;
  const said = entry.method === 'emit';
  return html`
    <p class="type">${said ? 'client → server' : 'server → client'}, namespace <code>${entry.namespace}</code></p>
    <h3>Payload</h3>
    <${Schema} schema=${operation.payload} document=${document} />
    <${Code} json=${example} label="Example" />
    <${Code} text=${said ? emit(entry, example) : listen(entry)} label=${said ? 'Say it' : 'Hear it'} />
    ${answer && html`<h3>The callback gets</h3><${Schema} schema=${answer.payload.oneOf[0]} document=${document} />
      <${Code} json=${answer.examples[0].payload} label="Example" />`}`;
}

render(html`<${Page} />`, document.body);
