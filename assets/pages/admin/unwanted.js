// Which words are unwanted? The list, a form that adds to it, and one that tries a text out.
import { Refused } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import { admin, useLoad } from './api.js';
import { sure } from './dialogs.js';
import { Table } from './list.js';
import { Form, Screen, Tag, Waiting } from './parts.js';
import { say } from './said.js';
import { When, many } from './words.js';

const actions = { refuse: 'refused', report: 'reported' };

function Adding({ reload }) {
  const add = async (word, form) => {
    await admin('PUT', 'words', word);
    form.reset();
    form.elements.text.focus();
    say('It is on the list');
    reload();
  };
  return html`
    <section class="card">
      <h2>Add one</h2>
      <${Form} label="Add a word or a pattern" button="Add it" act=${add}>
        <div class="field"><label for="word">Word or pattern</label>
          <input id="word" name="text" required maxlength="200" autocomplete="off" aria-describedby="word-note" />
          <p id="word-note" class="small quiet">A word is found whole, whatever its case and accents. A pattern is a regular expression, whatever the case.</p></div>
        <div class="field"><label for="sort">It is</label><select id="sort" name="sort"><option value="word">a word</option><option value="pattern">a pattern</option></select></div>
        <div class="field"><label for="action">A text with it is</label><select id="action" name="action"><option value="refuse">refused</option><option value="report">said, and reported</option></select></div>
      </${Form}>
    </section>`;
}

function Trying() {
  const [tried, set] = useState(null);
  const attempt = async ({ text }) => set(await admin('POST', 'words/try', { text }));
  return html`
    <section class="card">
      <h2>Try a text</h2>
      <${Form} label="Try a text" button="What would happen?" act=${attempt}>
        <div class="field"><label for="tried">Text</label><textarea id="tried" name="text" rows="3" required></textarea></div>
      </${Form}>
      <div role="status">${tried && html`<p>${tried.refused ? html`<${Tag} kind="bad">refused</${Tag}>` : tried.reported ? html`<${Tag} kind="bad">said, and reported</${Tag}>` : html`<${Tag} kind="good">said</${Tag}>`}
        ${tried.words.length > 0 && html` because of ${tried.words.map((one) => one.text).join(', ')}`}</p>`}</div>
    </section>`;
}

const columns = (reload) => [
  { title: 'Word or pattern', kind: 'main', cell: (one) => (one.sort === 'pattern' ? html`<code>${one.text}</code>` : one.text) },
  { title: 'Sort', cell: (one) => one.sort },
  { title: 'A text with it is', cell: (one) => actions[one.action] },
  { title: 'By', cell: (one) => one.by?.name ?? 'the command line' },
  { title: 'Since', cell: (one) => html`<${When} at=${one.createdAt} />` },
  { title: 'Acts', kind: 'acts', cell: (one) => html`<button class="button slim bad" aria-label=${`Remove ${one.text}`} onClick=${() => sure({
    title: `Remove “${one.text}”?`, text: 'Texts with it are said again.', button: 'Remove', done: 'Removed', gone: true,
    act: async () => (await admin('DELETE', `words/${one.id}`), reload()),
  })}>Remove</button>` },
];

export function Unwanted() {
  const { said, wrong, busy, reload } = useLoad('words');
  const words = said?.words;
  return html`
    <${Screen} title="Words" lead="Messages, names and descriptions with one of these are refused, or said and reported.">
      <div class="halves"><${Adding} reload=${reload} /><${Trying} /></div>
      <${Refused} refusal=${wrong} retry=${reload} />
      <div class="card flush list">
        ${!words && !wrong && html`<${Waiting} rows=${8} />`}
        ${words?.length === 0 && html`<div class="empty">No word is unwanted.</div>`}
        ${words?.length > 0 && html`<${Table} label="Unwanted words" columns=${columns(reload)} rows=${words} busy=${busy} />`}
      </div>
      ${words?.length > 0 && html`<p class="small quiet">${many(words.length, 'entry', 'entries')} of 500</p>`}
    </${Screen}>`;
}
