// How is the server doing? Warnings, then figures, then the last half hour as plots or as a table.
import { colour, colourOf, dialects } from '../parts/dialects.js';
import { Refused } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import { useLoad } from './api.js';
import { Screen } from './parts.js';
import { Plot } from './plots.js';
import { When, bytes, count, decimal, duration, milliseconds, timeOfDay } from './words.js';

const advice = {
  'no-smtp': ['#outbox', 'Read mail in the outbox'], 'no-backup': ['#backup', 'Make a backup'],
  'no-tls': ['#settings', 'Settings'], disk: ['#backup', 'Backup'], durability: ['#settings', 'Settings'],
  'long-log': ['#backup', 'Backup'],
  clock: ['#settings', 'Settings'], certificate: ['#settings', 'Settings'],
  'certificate-failed': ['#settings', 'Settings'],
  'backup-failed': ['#backup', 'Backup'], 'untrusted-proxy': ['#settings', 'Settings'],
};

/** A slice of the history is ten seconds, so times six its messages are those of a minute. */
function perMinute(history) {
  return dialects.map(({ name }) => ({
    label: name, colour: colourOf(name), say: decimal, values: history.map((slice) => (slice.messages[name] ?? 0) * 6),
  }));
}

function plotsOf(history) {
  const line = (label, colour, say, key) => ({ label, colour, say, values: history.map((slice) => slice[key] ?? null) });
  const files = history.some((slice) => 'fileBytes' in slice);
  return [
    { title: 'Open sockets', unit: '', lines: [line('sockets', 'var(--accent)', count, 'sockets')] },
    { title: 'Messages a minute', unit: '/min', lines: perMinute(history) },
    { title: 'From arrival to commit', unit: 'ms', lines: [
      line('p50', 'var(--accent)', milliseconds, 'p50'), line('p99', colour(1), milliseconds, 'p99')] },
    { title: files ? 'Database and files' : 'Database', unit: 'B', lines: [
      line('database', colour(0), bytes, 'databaseBytes'), files && line('files', colour(4), bytes, 'fileBytes')].filter(Boolean) },
  ];
}

const Tile = ({ title, value, more, tone = '' }) => html`
  <div class=${`tile ${tone}`}><dt>${title}</dt><dd>${value}${more && html`<span class="small quiet">${more}</span>`}</dd></div>`;

/** Only a file has a log beside it, and a disk that we know. */
const besideDatabase = ({ walBytes, diskFreeBytes }) => (walBytes === null ? 'on PostgreSQL'
  : `log ${bytes(walBytes)}; ${bytes(diskFreeBytes)} of disk free`);

/** The certificate that the server gets by itself. */
const Certificate = ({ own }) => html`
  <${Tile} title="Certificate until" value=${html`<${When} at=${own.notAfter} />`} tone=${own.failing ? 'bad' : ''}
    more=${html`${own.domains.join(', ')}; ${own.issuer ? `by ${own.issuer}` : 'none yet'}; next try <${When} at=${own.nextTryAt} />`} />`;

function Tiles({ stats }) {
  const last = stats?.history?.at(-1);
  const rate = last ? Object.values(last.messages ?? {}).reduce((sum, one) => sum + one, 0) * 6 : null;
  const spaces = stats?.socketsByNamespace ?? {};
  const ways = stats?.socketsByTransport ?? {};
  const mail = stats ? stats.outboxWaiting + stats.outboxFailed : null;
  return html`<dl class="tiles" aria-busy=${!stats}>
    <${Tile} title="Open sockets" value=${count(stats?.sockets)}
      more=${stats && `${count(ways.websocket ?? 0)} websocket, ${count(ways.polling ?? 0)} polling; ${count(spaces['/chat'] ?? 0)} in /chat`} />
    <${Tile} title="Messages a minute" value=${count(rate)} more=${stats && `${count(stats.queue)} waiting to be stored`} />
    <${Tile} title="Latency" value=${milliseconds(stats?.latency?.p50)} more=${stats && `p99 ${milliseconds(stats.latency?.p99)}`} />
    <${Tile} title="Messages" value=${count(stats?.messagesTotal)}
      more=${stats && `in ${count(stats.conversations)} conversations`} />
    <${Tile} title="Accounts" value=${count(stats?.accounts)} more=${stats && `${count(stats.requests)} requests since the start`} />
    <${Tile} title="Files" value=${count(stats?.files)} more=${stats && bytes(stats.fileBytes)} />
    <${Tile} title="Database" value=${bytes(stats?.databaseBytes)} more=${stats && besideDatabase(stats)} />
    <${Tile} title="Memory" value=${bytes(stats?.memoryBytes)} more=${stats && `${duration(stats.cpuSeconds)} of processor time`} />
    <${Tile} title="Open reports" tone=${stats?.reportsOpen ? 'bad' : ''}
      value=${stats?.reportsOpen ? html`<a href="#reports">${count(stats.reportsOpen)}</a>` : count(stats?.reportsOpen)} />
    <${Tile} title="Mail waiting" value=${count(mail)} tone=${stats?.outboxFailed ? 'bad' : ''} more=${stats && `${count(stats.outboxFailed)} failed`} />
    ${stats?.walBytes !== null && html`<${Tile} title="Last backup" value=${stats ? html`<${When} at=${stats.lastBackupAt} />` : '–'} />`}
    ${stats?.certificate && html`<${Certificate} own=${stats.certificate} />`}
    <${Tile} title="Running for" value=${duration(stats?.uptimeSeconds)} more=${stats && `version ${stats.version}`} />
  </dl>`;
}

const sum = (servers, key) => servers.reduce((all, one) => all + one[key], 0);

/** All servers on the database. What is above is this one's own. */
const Servers = ({ servers }) => html`
  <div class="stack"><h2 id="servers">Servers</h2>
    <div class="card flush scroll" tabindex="0" role="region" aria-labelledby="servers">
      <table>
        <thead><tr><th scope="col">Listens at</th><th scope="col" class="number">Open sockets</th><th scope="col" class="number">People</th>
          <th scope="col">Last heard of</th></tr></thead>
        <tbody>${servers.map((one) => html`<tr key=${one.name}><th scope="row"><span class="nobreak">${one.name || 'somewhere'}</span>
            ${one.this && html` <span class="tag good">this one</span>`}</th>
          <td class="number">${count(one.sockets)}</td><td class="number">${count(one.people)}</td><td><${When} at=${one.seenAt} /></td></tr>`)}</tbody>
        <tfoot><tr><th scope="row">All</th><td class="number">${count(sum(servers, 'sockets'))}</td><td></td><td></td></tr></tfoot>
      </table>
    </div>
  </div>`;

function AsTable({ history }) {
  const plots = plotsOf(history);
  const lines = plots.flatMap((plot) => plot.lines);
  return html`
    <div class="card flush scroll" tabindex="0" role="region" aria-label="The last half hour as a table">
      <table>
        <thead><tr><th scope="col">Time</th>${lines.map((line) => html`<th scope="col" class="number">${line.label}</th>`)}</tr></thead>
        <tbody>${history.map((slice, at) => html`<tr key=${slice.at}><th scope="row">${timeOfDay(slice.at)}</th>
          ${lines.map((line) => html`<td class="number">${line.say(line.values[at])}</td>`)}</tr>`).reverse()}</tbody>
      </table>
    </div>`;
}

export function Overview() {
  const { said, wrong, reload } = useLoad('stats', 5);
  const [asTable, set] = useState(false);
  const stats = said?.stats;
  const history = stats?.history ?? [];
  return html`
    <${Screen} title="Overview" actions=${html`
      <button class="button" aria-pressed=${String(asTable)} onClick=${() => set(!asTable)}>${asTable ? 'Show as lines' : 'Show as a table'}</button>`}>
      <${Refused} refusal=${wrong} retry=${reload} />
      ${stats?.warnings?.length > 0 && html`<ul class="warnings" aria-label="Warnings">
        ${stats.warnings.map(({ code, text }) => html`<li class="warning" key=${code}><span>${text}</span>
          ${advice[code] && html`<a href=${advice[code][0]}>${advice[code][1]}</a>`}</li>`)}</ul>`}
      <${Tiles} stats=${stats} />
      ${stats?.servers?.length > 1 && html`<${Servers} servers=${stats.servers} />`}
      ${asTable ? html`<${AsTable} history=${history} />` : html`<div class="plots">
        ${plotsOf(history).map((plot) => html`<${Plot} key=${plot.title} ...${plot} times=${history.map((slice) => Date.parse(slice.at) / 1000)} />`)}
      </div>`}
    </${Screen}>`;
}
