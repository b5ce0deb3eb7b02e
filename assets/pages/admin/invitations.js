// Who is invited? Links by which people make themselves an account: to make, to show as a QR code, and to revoke.
import { Field, Refused } from '../parts/form.js';
import { Invited } from '../parts/invited.js';
import { html, useState } from '../vendor/preact-htm.js';
import { admin, useLoad } from './api.js';
import { show, sure } from './dialogs.js';
import { List } from './list.js';
import { Form, Screen, Tag } from './parts.js';
import { say } from './said.js';
import { When, many } from './words.js';

const DAY = 86_400_000;

/** The rooms that a new invitation may lead to. */
function Places() {
  const { said, wrong } = useLoad('conversations?kind=room&limit=100');
  if (!said?.conversations.length) return html`<${Refused} refusal=${wrong} />`;
  return html`<fieldset class="options"><legend>Rooms that whoever comes is made a member of</legend>
    ${said.conversations.map(({ id, name }) => html`<label class="check" key=${id}><input type="checkbox" name="place" value=${id} /> ${name}</label>`)}
  </fieldset>`;
}

function New({ shut, made }) {
  const act = async ({ uses, days }, form) => {
    const conversationIds = [...form.querySelectorAll('[name=place]:checked')].map(({ value }) => value);
    const expiresAt = new Date(Date.now() + Number(days) * DAY).toISOString();
    const { invitation } = await admin('POST', 'invitations', { uses: Number(uses), expiresAt, ...(conversationIds.length && { conversationIds }) });
    shut();
    made();
    show('The invitation', () => html`<${Invited} invitation=${invitation} copied=${() => say('The link is copied')} />`);
  };
  return html`<${Form} label="Invite people" button="Invite" cancel=${shut} act=${act}>
    <${Field} label="How many people" name="uses" type="number" min="1" max="1000" value="1" required autofocus />
    <${Field} label="Good for so many days" name="days" type="number" min="1" max="365" value="7" required />
    <${Places} />
  </${Form}>`;
}

const revoke = (one, reload) => sure({
  title: 'Revoke this invitation', button: 'Revoke', done: 'The invitation is revoked',
  text: 'Nobody signs up with it any more. Who has done so stays.',
  act: () => admin('DELETE', `invitations/${one.id}`).then(reload),
});

const columns = (reload) => [
  { title: 'Made', kind: 'main', cell: (one) => html`<${When} at=${one.createdAt} /><span class="small quiet block">by ${one.by ? one.by.name ?? 'somebody who is gone' : 'the command line'}</span>` },
  { title: 'Used', cell: (one) => (one.used === one.uses ? html`<${Tag}>all ${one.uses} used</${Tag}>` : `${one.used} of ${many(one.uses, 'use')}`) },
  { title: 'Good until', cell: (one) => html`<${When} at=${one.expiresAt} exact />` },
  { title: 'Leads to', cell: (one) => one.conversations.map(({ name }) => name).join(', ') || html`<span class="quiet">nowhere special</span>` },
  { title: 'Acts', kind: 'acts', cell: (one) => html`<button class="button slim bad" onClick=${() => revoke(one, reload)}
    aria-label=${`Revoke the invitation for ${many(one.uses, 'person', 'people')}`}>Revoke</button>` },
];

export function Invitations({ screen, params }) {
  const [turn, again] = useState(0);
  const add = () => show('Invite people', (shut) => html`<${New} shut=${shut} made=${() => again((now) => now + 1)} />`);
  return html`
    <${Screen} title="Invitations" lead="A link is shown once, when it is made. Whoever has it can make themselves an account."
      actions=${html`<button class="button main" onClick=${add}>Invite people</button>`}>
      <${List} key=${turn} screen=${screen} params=${params} path="invitations" name="invitations" label="Invitations" columns=${columns}
        empty="Nobody is invited. Invite people here, or with chat invite." />
    </${Screen}>`;
}
