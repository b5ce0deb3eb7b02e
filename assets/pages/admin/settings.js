// What was done here, and how is the server configured? The audit log, and every flag with the line to paste.
import { Refused } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import { useLoad } from './api.js';
import { List, Search } from './list.js';
import { Code, Copy, Screen, Tag, Waiting } from './parts.js';
import { href } from './route.js';
import { When } from './words.js';

const columns = () => [
  { title: 'What', kind: 'main', cell: (entry) => html`<code>${entry.action}</code>` },
  { title: 'Who', cell: (entry) => (entry.actor ? html`<a href=${href('people', entry.actor.id)}>${entry.actor.name}</a>`
    : html`<span class="quiet">the command line</span>`) },
  { title: 'To what', cell: (entry) => html`<span class="long">${entry.subject}</span>` },
  { title: 'Detail', cell: (entry) => html`<span class="long">${entry.detail || html`<span class="quiet">–</span>`}</span>` },
  { title: 'When', cell: (entry) => html`<${When} at=${entry.at} exact />` },
];

export function Audit({ screen, params }) {
  return html`
    <${Screen} title="Audit" lead="Whatever an administrator did, here or by command.">
      <${List} screen=${screen} params=${params} path="audit" name="audit" label="Audit log" search="Search the log" columns=${columns}
        empty="Nothing has been done yet. Every act of an administrator will stand here." />
    </${Screen}>`;
}

function Setting({ setting }) {
  return html`
    <li class="card stack setting">
      <div class="line"><h2><code>${setting.flag}</code></h2>
        ${setting.default ? html`<${Tag}>as built</${Tag}>` : html`<${Tag} kind="good">set</${Tag}>`}</div>
      <p class="small quiet">${setting.help}</p>
      <p class="small">Now: ${setting.value === null || setting.value === '' ? html`<span class="quiet">not set</span>` : html`<code>${String(setting.value)}</code>`}</p>
      <div class="paste"><${Code} label=${`The line for ${setting.flag}`} text=${setting.line} wrap /><${Copy} text=${setting.line} what=${setting.flag} /></div>
    </li>`;
}

export function Settings() {
  const { said, wrong, reload } = useLoad('settings');
  const [text, set] = useState('');
  const all = said?.settings ?? [];
  const shown = all.filter((one) => `${one.flag} ${one.help} ${one.value ?? ''}`.toLowerCase().includes(text.toLowerCase()));
  return html`
    <${Screen} title="Settings" lead="The server is set by flags when it starts. Paste a line behind chat and start it again.">
      <div class="tools" role="search"><${Search} label="Search settings" value=${text} change=${set} /></div>
      <${Refused} refusal=${wrong} retry=${reload} />
      ${!said && !wrong && html`<div class="card"><${Waiting} rows=${8} /></div>`}
      ${said && !shown.length && html`<p class="empty">No setting is like that.</p>`}
      <ul class="settings">${shown.map((setting) => html`<${Setting} key=${setting.flag} setting=${setting} />`)}</ul>
    </${Screen}>`;
}
