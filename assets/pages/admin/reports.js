// Which messages were reported? Each as it was then and as it is now, and what an administrator may do about it.
import { html } from '../vendor/preact-htm.js';
import { admin } from './api.js';
import { show, sure } from './dialogs.js';
import { List } from './list.js';
import { Facts, Form, Screen, Tag } from './parts.js';
import { href } from './route.js';
import { say } from './said.js';
import { When } from './words.js';

const gone = 'somebody who has left';
const nameOf = (person) => person.name ?? gone;
const reporterOf = (report) => (report.reporter ? nameOf(report.reporter) : 'the server');
const short = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
const titleOf = (report) => short(report.text) || report.attachments.join(', ') || 'A message without words';

const Person = ({ person }) => html`<a href=${href('people', person.id)}>${nameOf(person)}</a>`;

/** Closes a report with a note. */
function closing(report, reload) {
  show('Close the report', (shut) => html`
    <${Form} label="Close the report" button="Close it" cancel=${shut} act=${async ({ note }) => {
      await admin('POST', `reports/${report.id}/close`, { note });
      shut();
      say('The report is closed');
      reload();
    }}>
      <div class="field"><label for="note">What was decided</label><textarea id="note" name="note" rows="3" maxlength="1000"></textarea></div>
    </${Form}>`);
}

const removing = (report, reload) => sure({
  title: 'Delete the message?', text: 'It is gone for everybody. The report keeps what it said.', button: 'Delete', done: 'Deleted', gone: true,
  act: async () => (await admin('DELETE', `messages/${report.messageId}`), reload()),
});

const suspending = ({ author }, reload) => sure({
  title: `Suspend ${nameOf(author)}?`, text: 'All their devices are logged out, and they cannot log in again.', button: 'Suspend', done: 'Suspended', gone: true,
  act: async () => (await admin('PATCH', `users/${author.id}`, { suspended: true }), reload()),
});

/** What it said then, and what it says now if that is something else. */
function Texts({ report }) {
  const { text, textNow, attachments } = report;
  return html`
    <pre class="wrap letter" tabindex="0" role="region" aria-label="As it was">${text}</pre>
    ${attachments.length > 0 && html`<p class="small quiet">With ${attachments.join(', ')}</p>`}
    ${textNow === null && html`<p><${Tag} kind="bad">deleted since</${Tag}></p>`}
    ${textNow !== null && textNow !== text && html`<p class="small quiet">As it is now:</p>
      <pre class="wrap letter" tabindex="0" role="region" aria-label="As it is now">${textNow}</pre>`}`;
}

function Report({ report, reload, shut }) {
  // Another dialog takes the place of this one.
  const then = (act) => () => act(report, reload);
  return html`
    <div class="stack">
      <${Texts} report=${report} />
      <${Facts} facts=${[['By', html`<${Person} person=${report.author} />`],
        ['Reported', html`<${When} at=${report.createdAt} exact /> by ${report.reporter ? html`<${Person} person=${report.reporter} />` : 'the server, because of an unwanted word'}`],
        ['Why', report.reason || 'no reason given'],
        ['Where', html`<a href=${href('conversations', report.conversationId)} onClick=${shut}>the conversation</a>`],
        report.closedAt && ['Closed', html`<${When} at=${report.closedAt} exact /> by ${report.closedBy ? nameOf(report.closedBy) : 'the command line'}`],
        report.closedAt && ['Decided', report.note || 'nothing noted']]} />
      <div class="buttons">
        ${!report.closedAt && html`<button class="button main" onClick=${then(closing)}>Close with a note</button>`}
        ${report.textNow !== null && html`<button class="button bad" onClick=${then(removing)}>Delete the message</button>`}
        ${report.author.name && html`<button class="button bad" onClick=${then(suspending)}>Suspend the author</button>`}
      </div>
    </div>`;
}

const columns = (reload) => [
  { title: 'Message', kind: 'main', cell: (report) => html`<button class="link"
    onClick=${() => show(`Report of ${reporterOf(report)}`, (shut) => html`<${Report} report=${report} reload=${reload} shut=${shut} />`)}>${titleOf(report)}</button>` },
  { title: 'Author', cell: (report) => nameOf(report.author) },
  { title: 'Reported by', cell: reporterOf },
  { title: 'Why', cell: (report) => short(report.reason) || html`<span class="quiet">–</span>` },
  { title: 'Reported', cell: (report) => html`<${When} at=${report.createdAt} />` },
];

const filters = (params, change) => html`
  <select class="lone" aria-label="Which reports" value=${params.state ?? 'open'} onChange=${(event) => change({ state: event.currentTarget.value })}>
    <option value="open">Open</option><option value="closed">Closed</option>
  </select>`;

export function Reports({ screen, params }) {
  return html`
    <${Screen} title="Reports" lead="Messages that somebody reported, as they were then. A report is kept for 90 days after it was closed.">
      <${List} screen=${screen} params=${params} path="reports" name="reports" label="Reports" filters=${filters} seconds=${10}
        columns=${columns} empty="Nothing is reported." />
    </${Screen}>`;
}
