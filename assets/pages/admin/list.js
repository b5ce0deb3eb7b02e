// How does one look through many items? In a table with search and pages, both kept in the address; as cards on a phone.
import { Refused } from '../parts/form.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { query, useLoad } from './api.js';
import { Waiting } from './parts.js';
import { href, rename } from './route.js';
import { count } from './words.js';

/** Rows under headings. A column is `{ title, cell, kind }`; `kind` is `number`, `main` or `acts`. */
export function Table({ label, columns, rows, busy, keyOf = (row) => row.id }) {
  return html`
    <table class="cards" role="table" aria-label=${label} aria-busy=${busy}>
      <thead role="rowgroup"><tr role="row">
        ${columns.map(({ title, kind }) => html`<th scope="col" role="columnheader" class=${kind}>
          ${kind === 'acts' ? html`<span class="unseen">${title}</span>` : title}</th>`)}
      </tr></thead>
      <tbody role="rowgroup">
        ${rows.map((row) => html`<tr role="row" key=${keyOf(row)}>
          ${columns.map(({ title, cell, kind }) => html`<td role="cell" class=${kind} data-label=${title}>${cell(row)}</td>`)}
        </tr>`)}
      </tbody>
    </table>`;
}

/** A search field that waits until one has stopped typing. */
export function Search({ label, value, change }) {
  const [text, set] = useState(value);
  const timer = useRef();
  const sent = useRef(value);
  useEffect(() => {
    // The address changes a moment after one types. It must not undo what was typed since.
    if (value !== sent.current) set((sent.current = value));
  }, [value]);
  const type = (event) => {
    const now = event.currentTarget.value;
    set(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change((sent.current = now.trim())), 250);
  };
  return html`<input class="lone search" type="search" aria-label=${label} placeholder=${label} value=${text} onInput=${type} />`;
}

export function Pages({ at, pagination, hrefOf, label }) {
  if (!pagination) return html`<div class="pages"></div>`;
  const { page, limit, total, totalPages } = pagination;
  const from = total ? (page - 1) * limit + 1 : 0;
  const step = (to, text, there) => (there
    ? html`<a class="button slim" href=${hrefOf(to)}>${text}</a>`
    : html`<button class="button slim" disabled>${text}</button>`);
  return html`
    <nav class="pages" aria-label=${label} key=${at}>
      <span class="small quiet" role="status">${count(from)}–${count(Math.min(page * limit, total))} of ${count(total)}</span>
      ${totalPages > 1 && html`<span class="buttons">
        ${step(page - 1, 'Previous', page > 1)} ${step(page + 1, 'Next', page < totalPages)}</span>`}
    </nav>`;
}

/** A whole list from the admin API. `filters` draws fields for more of its query. */
export function List({ screen, params, path = screen, name, label, search, searchField = 'q', fixed = {}, filters, columns, empty, note, seconds }) {
  const asked = { limit: 20, ...fixed, ...params };
  const { said, wrong, busy, reload } = useLoad(`${path}${query(asked)}`, seconds);
  const rows = said?.[name];
  const change = (more) => rename(href(screen, '', { ...params, page: '', ...more }));
  const looking = Object.keys(params).some((key) => key !== 'page');
  return html`
    ${(search || filters) && html`<div class="tools" role="search">
      ${search && html`<${Search} label=${search} value=${params[searchField] ?? ''} change=${(text) => change({ [searchField]: text })} />`}
      ${filters?.(params, change)}
    </div>`}
    <${Refused} refusal=${wrong} retry=${reload} />
    ${said && note?.(said)}
    <div class="card flush list">
      ${!rows && !wrong && html`<${Waiting} rows=${8} />`}
      ${rows?.length === 0 && html`<div class="empty">${looking ? 'Nothing is like that. Search for something else.' : empty}</div>`}
      ${rows?.length > 0 && html`<${Table} label=${label} columns=${columns(reload)} rows=${rows} busy=${busy && !seconds} />`}
    </div>
    <${Pages} at=${screen} label=${`Pages of ${label.toLowerCase()}`} pagination=${said?.pagination}
      hrefOf=${(page) => href(screen, '', { ...params, page })} />`;
}
