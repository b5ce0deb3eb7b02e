// What can the surrounding application tell this server? Mentoring sessions, and notifications to one person.
import { server } from '../here.js';
import { Field } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import { Refusal, admin } from './api.js';
import { show } from './dialogs.js';
import { List } from './list.js';
import { Code, Copy, Form, Screen, Tag } from './parts.js';
import { Picker, useNamed } from './picker.js';
import { href } from './route.js';
import { say } from './said.js';
import { When } from './words.js';

/** A random UUID; browsers have `crypto.randomUUID` only under TLS. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const meant = (user, role) => {
  if (!user) throw new Refusal(400, { message: `Choose ${role} from the list` });
  return user.id;
};

function Record({ shut, reload }) {
  const [mentor, setMentor] = useState(null);
  const [mentee, setMentee] = useState(null);
  const [id] = useState(uuid);
  const act = async (values) => {
    const session = { mentorId: meant(mentor, 'a mentor'), menteeId: meant(mentee, 'a mentee'),
      startAt: new Date(values.startAt).toISOString(), status: values.status };
    await admin('PUT', `sessions/${encodeURIComponent(values.id.trim())}`, session);
    shut();
    say('The session is recorded');
    reload();
  };
  return html`
    <${Form} label="Record a session" button="Record" cancel=${shut} act=${act}>
      <${Picker} label="Mentor" chosen=${mentor} choose=${setMentor} />
      <${Picker} label="Mentee" chosen=${mentee} choose=${setMentee} />
      <${Field} label="Starts" name="startAt" type="datetime-local" required />
      <${Field} label="Status" name="status" value="scheduled" list="statuses" required />
      <datalist id="statuses"><option value="scheduled" /><option value="completed" /><option value="cancelled" /></datalist>
      <${Field} label="Id" name="id" value=${id} required hint="The application's own UUID. The same one again changes start and status." />
    </${Form}>`;
}

const person = (who) => html`<a href=${href('people', who.id)}>${who.name}</a>`;
const columns = () => [
  { title: 'Mentor', kind: 'main', cell: (one) => person(one.mentor) },
  { title: 'Mentee', cell: (one) => person(one.mentee) },
  { title: 'Starts', cell: (one) => html`<${When} at=${one.startAt} />` },
  { title: 'Status', cell: (one) => html`<${Tag}>${one.status}</${Tag}>` },
  { title: 'Id', cell: (one) => html`<code class="small">${one.id}</code>` },
];

export function Sessions({ screen, params }) {
  const [turn, again] = useState(0);
  const add = () => show('Record a session', (shut) => html`<${Record} shut=${shut} reload=${() => again((now) => now + 1)} />`);
  return html`
    <${Screen} title="Sessions" lead="Facts of the mentoring application: its two people get a conversation for each."
      actions=${html`<button class="button main" onClick=${add}>Record a session</button>`}>
      <${List} key=${turn} screen=${screen} params=${params} path="sessions" name="sessions" label="Sessions" columns=${columns}
        empty="No session is recorded. Record one here, from your application, or with chat session." />
    </${Screen}>`;
}

export function Notify({ params }) {
  const [user, choose] = useNamed(params.to);
  const [sent, set] = useState(null);
  const act = async ({ title, message, type }, form) => {
    const { notification } = await admin('POST', 'notifications', { userId: meant(user, 'a person'), title, message, type });
    set({ ...notification, name: user.name });
    say(`${user.name} is told`);
    form.reset();
  };
  const example = `curl ${server}/api/admin/notifications \\\n  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\\n`
    + `  -d '{"userId":"${user?.number ?? 1}","title":"Project update","message":"You have been assigned","type":"project_assigned"}'`;
  return html`
    <${Screen} title="Notifications" lead="Told at once to all sockets of one person, and kept until it is read.">
      <div class="halves">
        <section class="card" aria-label="Tell somebody something">
          <${Form} label="Tell somebody something" button="Send" act=${act}>
            <${Picker} label="To" chosen=${user} choose=${choose} />
            <${Field} label="Title" name="title" required maxlength="100" />
            <${Field} label="Message">${(id) => html`<textarea id=${id} name="message" rows="3" required></textarea>`}</${Field}>
            <${Field} label="Type" name="type" value="announcement" required hint="A word for the client, such as project_assigned." />
          </${Form}>
        </section>
        <section class="card stack" aria-label="What was sent">
          ${sent ? html`<h2>Sent to ${sent.name}</h2><p><strong>${sent.title}</strong></p><p>${sent.message}</p>
              <p class="small quiet"><code>${sent.type}</code>, <${When} at=${sent.createdAt} exact /></p>`
            : html`<h2>From your application</h2><p class="small quiet">With an administrator's token, the same by one request.</p>
              <${Code} label="The request" text=${example} /><div class="buttons"><${Copy} text=${example} what="the request" /></div>`}
        </section>
      </div>
    </${Screen}>`;
}
