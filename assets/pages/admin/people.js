// Who has an account? All of them: to search by name or address, to add, and to open.
import { Face } from '../parts/face.js';
import { Field } from '../parts/form.js';
import { html } from '../vendor/preact-htm.js';
import { admin } from './api.js';
import { show } from './dialogs.js';
import { List } from './list.js';
import { Form, Screen, Tag } from './parts.js';
import { go, href } from './route.js';
import { say } from './said.js';
import { When, bytes, count } from './words.js';

/** What is special about an account. */
export const Marks = ({ user }) => html`
  ${user.admin && html`<${Tag} kind="good">administrator</${Tag}>`}
  ${user.suspended && html`<${Tag} kind="bad">suspended</${Tag}>`}
  ${user.email && !user.proven && html`<${Tag}>address unproven</${Tag}>`}`;

const columns = () => [
  { title: 'Name', kind: 'main', cell: (user) => html`<span class="person"><${Face} id=${user.id} name=${user.name} url=${user.picture} small />
    <span><a href=${href('people', user.id)}>${user.name || user.email}</a>
      <span class="small quiet block">${user.email ?? 'no address'}</span></span></span>` },
  { title: 'Standing', cell: (user) => (user.admin || user.suspended || !user.proven
    ? html`<span class="tags"><${Marks} user=${user} /></span>` : html`<span class="quiet">member</span>`) },
  { title: 'Number', kind: 'number', cell: (user) => user.number },
  { title: 'Devices', kind: 'number', cell: (user) => count(user.devices) },
  { title: 'Files', kind: 'number', cell: (user) => bytes(user.storedBytes) },
  { title: 'Sockets', kind: 'number', cell: (user) => (user.sockets ? html`<span class="live">${count(user.sockets)}</span>` : '0') },
  { title: 'Last seen', cell: (user) => html`<${When} at=${user.lastSeenAt} />` },
];

function add() {
  show('Add a person', (shut) => html`
    <${Form} label="Add a person" button="Add" cancel=${shut} act=${async ({ name, email, password, admin: right }) => {
      const { user } = await admin('POST', 'users', { name, email, admin: Boolean(right), ...(password && { password }) });
      shut();
      say(`${user.name} is added`);
      go(href('people', user.id));
    }}>
      <${Field} label="Name" name="name" required autofocus maxlength="100" />
      <${Field} label="E-mail" name="email" type="email" required />
      <${Field} label="Password" name="password" type="password" autocomplete="new-password"
        hint="Leave it empty, and hand over a reset link from the person's page." />
      <label class="check"><input type="checkbox" name="admin" /> May administer this server</label>
    </${Form}>`);
}

export function People({ screen, params }) {
  return html`
    <${Screen} title="People" lead="One account for all dialects."
      actions=${html`<button class="button main" onClick=${add}>Add a person</button>`}>
      <${List} screen=${screen} params=${params} path="users" name="users" label="People" search="Search names and addresses"
        filters=${(now, change) => html`<select class="lone" aria-label="Order" value=${now.sort ?? ''} onChange=${(event) => change({ sort: event.currentTarget.value })}>
          <option value="">Newest first</option><option value="stored">Most stored first</option></select>`}
        columns=${columns} empty="Nobody has an account yet. Add a person, or let them sign up in any client." />
    </${Screen}>`;
}
