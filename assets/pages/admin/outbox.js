// Which mails are there? Their text, whether they were sent, and why not. Without a mail server one reads the codes here.
import { Refused, useDoing } from '../parts/form.js';
import { html } from '../vendor/preact-htm.js';
import { admin } from './api.js';
import { show } from './dialogs.js';
import { List } from './list.js';
import { Copy, Facts, Screen, Tag } from './parts.js';
import { say } from './said.js';
import { When } from './words.js';

const codeOf = (mail) => /(?:^|\D)(\d{6})(?!\d)/.exec(mail.text ?? '')?.[1];

const textOf = (mail) => mail.text || 'It has been sent, and what it said is forgotten.';

const State = ({ mail }) => (mail.sentAt ? html`<${Tag} kind="good">sent</${Tag}>`
  : mail.refusedAt ? html`<${Tag} kind="bad">refused</${Tag}>` : mail.error ? html`<${Tag} kind="bad">failed ${mail.tries > 1 ? `${mail.tries} times` : ''}</${Tag}>` : html`<${Tag}>waiting</${Tag}>`);

function Mail({ mail, reload, shut }) {
  const [busy, refusal, run] = useDoing();
  const code = codeOf(mail);
  const again = () => run(async () => {
    await admin('POST', `outbox/${mail.id}/retry`, {});
    shut();
    say('The mail is tried again');
    reload();
  });
  return html`
    <div class="stack">
      ${code && html`<p class="code"><span class="unseen">Code: </span><strong>${code}</strong> <${Copy} text=${code} what="the code" /></p>`}
      <pre class="wrap letter" tabindex="0" role="region" aria-label="The letter">${textOf(mail)}</pre>
      <${Facts} facts=${[['To', mail.to], ['Written', html`<${When} at=${mail.createdAt} exact />`],
        ['Due', html`<${When} at=${mail.dueAt} exact never="–" />`], ['Sent', html`<${When} at=${mail.sentAt} exact never="not yet" />`],
        ['Tries', mail.tries], mail.error && ['Error', mail.error],
        mail.error && !mail.sentAt && ['What now', mail.refusedAt ? 'It is not tried again by itself.' : 'It is tried again by itself.']]} />
      <${Refused} refusal=${refusal} />
      <div class="buttons">${!mail.sentAt && html`<button class="button main" disabled=${busy} onClick=${again}>Send again</button>`}</div>
    </div>`;
}

const columns = (reload) => [
  { title: 'Subject', kind: 'main', cell: (mail) => html`<button class="link"
    onClick=${() => show(mail.subject, (shut) => html`<${Mail} mail=${mail} reload=${reload} shut=${shut} />`)}>${mail.subject}</button>` },
  { title: 'To', cell: (mail) => mail.to },
  { title: 'Code', cell: (mail) => (codeOf(mail) ? html`<strong class="digits">${codeOf(mail)}</strong>` : html`<span class="quiet">–</span>`) },
  { title: 'State', cell: (mail) => html`<${State} mail=${mail} />` },
  { title: 'Written', cell: (mail) => html`<${When} at=${mail.createdAt} />` },
];

export function Outbox({ screen, params }) {
  return html`
    <${Screen} title="Outbox" lead="Codes, reset links, and what somebody missed while away.">
      <${List} screen=${screen} params=${params} path="outbox" name="outbox" label="Outbox" search="Search a recipient's address" searchField="to"
        seconds=${10} columns=${columns} empty="No mail has been written. Sign-up codes and reset links will stand here, also without a mail server." />
    </${Screen}>`;
}
