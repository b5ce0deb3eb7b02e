// Who is this, and what can an administrator do? Suspend, rename, promote or remove them, end their devices, make a reset link.
import { colourOf } from '../parts/dialects.js';
import { Face } from '../parts/face.js';
import { Field, Refused } from '../parts/form.js';
import { html } from '../vendor/preact-htm.js';
import { admin, me, useLoad } from './api.js';
import { show, sure } from './dialogs.js';
import { Table } from './list.js';
import { Code, Copy, Dialect, Facts, Form, Screen, Waiting } from './parts.js';
import { Marks } from './people.js';
import { go, href } from './route.js';
import { say } from './said.js';
import { When, bytes, count } from './words.js';

async function resetLink(user) {
  const { link, expiresAt } = await admin('POST', `users/${user.id}/reset-link`, {});
  show('A link to set a new password', () => html`
    <div class="stack">
      <p>Hand this to ${user.name} yourself. It works once, and until <${When} at=${expiresAt} exact />.</p>
      <${Code} label="The link" text=${link} wrap />
      <div class="buttons"><${Copy} text=${link} what="the link" label="Copy the link" /></div>

    </div>`);
}

function rename(user, change) {
  show('Rename', (shut) => html`
    <${Form} label="Rename" button="Rename" cancel=${shut} act=${async ({ name }) => {
      await change({ name });
      shut();
      say('Renamed');
    }}><${Field} label="Name" name="name" required autofocus value=${user.name} maxlength="100" /></${Form}>`);
}

/** The address is not proven: whoever signed up with it must not become an administrator. So the account gets a new password. */
function vouch(user, change) {
  show('Make administrator', (shut) => html`
    <${Form} label="Make administrator" button="Make administrator" cancel=${shut} act=${async ({ password }) => {
      await change({ admin: true, password });
      shut();
      say('The rights are changed');
    }}>
      <p>Nobody has proven that ${user.email} is theirs. Choose a new password and hand it over yourself: every earlier way into
        this account ends.</p>
      <${Field} label="New password" name="password" type="password" autocomplete="new-password" required autofocus minlength="8" />
    </${Form}>`);
}

function Acts({ user, reload, wrong }) {
  const change = async (what) => {
    await admin('PATCH', `users/${user.id}`, what);
    reload();
  };
  const now = (act) => () => act().catch((error) => wrong(error));
  const self = user.id === me()?.id;
  const suspend = () => sure({
    title: 'Suspend', button: 'Suspend', done: `${user.name} is suspended`, act: () => change({ suspended: true }),
    text: `${user.name} is signed out everywhere at once, and cannot sign in until you resume the account. Messages stay.`,
  });
  const promote = () => !user.admin && user.email && !user.proven ? vouch(user, change) : sure({
    title: user.admin ? 'Take the rights away' : 'Make administrator', button: user.admin ? 'Take away' : 'Make administrator',
    done: 'The rights are changed', act: () => change({ admin: !user.admin }),
    text: user.admin ? `${user.name} can no longer use this page.` : `${user.name} can do everything that you can do here.`,
  });
  const remove = () => sure({
    title: 'Remove', button: 'Remove for good', done: `${user.name} is removed`,
    act: async () => {
      await admin('DELETE', `users/${user.id}`);
      go('#people');
    },
    text: `Name, address, devices and own files of ${user.name} are gone. What was said stays where it was said. This cannot be undone.`,
  });
  return html`
    ${user.suspended
      ? html`<button class="button main" onClick=${now(() => change({ suspended: false }).then(() => say(`${user.name} may sign in again`)))}>Resume</button>`
      : html`<button class="button bad" onClick=${suspend} disabled=${self}>Suspend</button>`}
    <button class="button" onClick=${now(() => resetLink(user))}>Reset link</button>
    <button class="button" onClick=${() => rename(user, change)}>Rename</button>
    <button class="button" onClick=${promote} disabled=${self}>${user.admin ? 'Take rights away' : 'Make administrator'}</button>
    <button class="button bad" onClick=${remove} disabled=${self}>Remove</button>`;
}

function Devices({ id, stamp }) {
  const { said, wrong, busy, reload } = useLoad(`users/${id}/devices`, 10, stamp);
  const end = (device) => sure({
    title: 'End this login', button: 'End it', done: 'The login is ended', gone: true,
    text: 'The device is signed out at once, and its sockets are closed.',
    act: () => admin('DELETE', `users/${id}/devices/${device.id}`).then(reload),
  });
  const columns = [
    { title: 'Device', kind: 'main', cell: (device) => device.userAgent || 'Unknown' },
    { title: 'Address', cell: (device) => html`<span class="nobreak">${device.ip ?? '–'}</span>` },
    { title: 'Signed in', cell: (device) => html`<${When} at=${device.createdAt} />` },
    { title: 'Last seen', cell: (device) => html`<${When} at=${device.lastSeenAt} />` },
    { title: 'Until', cell: (device) => html`<${When} at=${device.expiresAt} exact never="–" />` },
    { title: 'Acts', kind: 'acts', cell: (device) => html`<button class="button slim bad" onClick=${() => end(device)}
      aria-label=${`End the login on ${device.userAgent || 'an unknown device'}`}>End</button>` },
  ];
  return html`
    <section aria-labelledby="devices"><h2 id="devices">Devices</h2>
      <${Refused} refusal=${wrong} retry=${reload} />
      <div class="card flush">
        ${!said && !wrong && html`<${Waiting} rows=${2} />`}
        ${said?.devices.length === 0 && html`<p class="empty">Signed in nowhere.</p>`}
        ${said?.devices.length > 0 && html`<${Table} label="Devices" columns=${columns} rows=${said.devices} busy=${busy && !said} />`}
      </div>
    </section>`;
}

export function Person({ id }) {
  const { said, wrong, reload } = useLoad(`users/${encodeURIComponent(id)}`, 10);
  const refuse = (error) => show('That did not work', () => html`<${Refused} refusal=${error} />`);
  const user = said?.user;
  return html`
    <${Screen} title=${user ? user.name || user.email : 'Person'} back=${{ href: '#people', title: 'People' }}
      actions=${user && html`<${Acts} user=${user} reload=${reload} wrong=${refuse} />`}>
      <${Refused} refusal=${wrong} retry=${reload} />
      ${!user && !wrong && html`<div class="card"><${Waiting} rows=${4} /></div>`}
      ${user && html`
        <section class="card" aria-label="About">
          <div class="person big"><${Face} id=${user.id} name=${user.name} url=${user.picture} /><span class="tags"><${Marks} user=${user} />
            ${user.sockets > 0 && html`<span class="live">connected</span>`}</span></div>
          <${Facts} facts=${[
            ['E-mail', user.email ?? 'none'], ['User name', user.username ?? 'none'],
            ['Number', html`${user.number} <${Copy} text=${String(user.number)} what="the number" />`],
            ['Id', html`<code>${user.id}</code> <${Copy} text=${user.id} what="the id" />`],
            ['Signed up in', colourOf(user.home) ? html`<${Dialect} name=${user.home} />` : user.home],
            ['Files', bytes(user.storedBytes)], ['Sockets', count(user.sockets)], ['Since', html`<${When} at=${user.createdAt} />`],
            ['Last seen', html`<${When} at=${user.lastSeenAt} />`],
            user.suspended && ['Suspended', html`<${When} at=${user.suspendedAt} />`],
          ]} />
          <p class="links small"><a href=${href('notifications', '', { to: user.id })}>Send a notification</a>
            <a href=${href('try', '', { as: user.id })}>Try the API as ${user.name}</a>
            <a href=${href('audit', '', { q: user.email ?? user.name })}>Audit</a></p>
        </section>
        <${Devices} id=${id} stamp=${`${user.devices} ${user.suspended}`} />`}
    </${Screen}>`;
}
