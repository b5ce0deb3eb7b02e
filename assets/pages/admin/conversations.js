// Which conversations are there? All four sorts, with their members and messages.
import { Field, Refused } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { admin, query, useLoad } from './api.js';
import { show, sure } from './dialogs.js';
import { List, Table } from './list.js';
import { Copy, Facts, Form, Screen, Tag, Waiting } from './parts.js';
import { Acts, Restrained, SlowMode, isRuled } from './restraints.js';
import { href } from './route.js';
import { say } from './said.js';
import { When, bytes, count, many, nameOf } from './words.js';

const sorts = { direct: 'Direct', group: 'Groups', room: 'Rooms', session: 'Sessions' };

const columns = () => [
  { title: 'Name', kind: 'main', cell: (one) => html`<a href=${href('conversations', one.id)}>${nameOf(one)}</a>` },
  { title: 'Sort', cell: (one) => html`<${Tag}>${one.type}</${Tag}>` },
  { title: 'Members', kind: 'number', cell: (one) => count(one.members) },
  { title: 'Messages', kind: 'number', cell: (one) => count(one.messages) },
  { title: 'Last message', cell: (one) => html`<${When} at=${one.lastMessageAt} />` },
  { title: 'Since', cell: (one) => html`<${When} at=${one.createdAt} />` },
];

export function Conversations({ screen, params }) {
  const filters = ({ sort = '' }, change) => html`
    <select class="lone" aria-label="Sort" value=${sort} onChange=${(event) => change({ sort: event.currentTarget.value })}>
      <option value="">All sorts</option>${Object.entries(sorts).map(([key, title]) => html`<option value=${key}>${title}</option>`)}
    </select>`;
  return html`
    <${Screen} title="Conversations">
      <${List} screen=${screen} params=${params} path="conversations" name="conversations" label="Conversations" search="Search names"
        filters=${filters} columns=${columns}
        empty=${html`Nobody has talked yet. <a href="#try">Try it</a> has a first message ready to paste.`} />
    </${Screen}>`;
}

/** A message, and where it was said if that is not plain. */
export function Said({ message, gone, place }) {
  const remove = () => sure({
    title: 'Delete this message', button: 'Delete', done: 'The message is deleted', gone: true,
    text: 'Its text and attachments are gone for everybody. Its place in the order stays. This cannot be undone.',
    act: () => admin('DELETE', `messages/${message.id}`).then(gone),
  });
  return html`
    <li class=${message.deleted ? 'deleted' : ''}>
      <div class="line"><a href=${href('people', message.author.id)}>${message.author.name}</a>
        <span class="small quiet">${place && html`in ${place} · `}<span title="Number in this conversation">#${message.seq}</span> · <${When} at=${message.sentAt} /></span></div>
      ${message.deleted ? html`<p class="quiet">This message was deleted.</p>` : html`<p class="text">${message.text}</p>`}
      ${!message.deleted && message.attachments?.length > 0 && html`<ul class="attached small">${message.attachments.map((file) => html`
        <li><a href=${/^(https?:|\/)/.test(file.url) ? file.url : undefined} target="_blank" rel="noreferrer">${file.filename}</a>
          <span class="quiet"> ${file.mimeType}, ${bytes(file.size)}</span></li>`)}</ul>`}
      ${!message.deleted && html`<button class="button slim bad" onClick=${remove}
        aria-label=${`Delete message ${message.seq} of ${message.author.name}`}>Delete</button>`}
    </li>`;
}

function Messages({ id, last }) {
  const [pages, set] = useState({ all: [], more: false, busy: true, wrong: null });
  const load = async (before, keep) => {
    set((was) => ({ ...was, busy: true }));
    try {
      const said = await admin('GET', `conversations/${id}/messages${query({ before, limit: 50 })}`);
      const known = new Set(said.messages.map((one) => one.id));
      set((was) => {
        // Older pages stay when there is a new message.
        const others = was.all.filter((one) => !known.has(one.id));
        const all = keep ? [...others, ...said.messages] : [...said.messages, ...others];
        return { all, more: keep || !others.length ? said.hasMore : was.more, busy: false, wrong: null };
      });
    } catch (wrong) {
      set((was) => ({ ...was, busy: false, wrong }));
    }
  };
  useEffect(() => void load(), [id, last]);
  const gone = (message) => () => set((was) => ({
    ...was, all: was.all.map((one) => (one.id === message.id ? { ...one, deleted: true, text: '', attachments: [] } : one)),
  }));
  return html`
    <section aria-labelledby="messages"><h2 id="messages">Messages</h2>
      <${Refused} refusal=${pages.wrong} retry=${() => load()} />
      <div class="card flush" aria-busy=${pages.busy}>
        ${pages.busy && !pages.all.length && html`<${Waiting} rows=${4} />`}
        ${!pages.busy && !pages.all.length && !pages.wrong && html`<p class="empty">Nothing has been said yet.</p>`}
        <ol class="messages" reversed>${pages.all.map((message) => html`<${Said} key=${message.id} message=${message} gone=${gone(message)} />`)}</ol>
      </div>
      ${pages.more && html`<p class="pages"><button class="button" disabled=${pages.busy} onClick=${() => load(pages.all.at(-1).id, true)}>Earlier messages</button></p>`}
    </section>`;
}

const memberColumns = (one, reload) => [
  { title: 'Name', kind: 'main', cell: (member) => html`<a href=${href('people', member.id)}>${member.name}</a>` },
  { title: 'E-mail', cell: (member) => member.email ?? html`<span class="quiet">none</span>` },
  { title: 'Read up to', kind: 'number', cell: (member) => (member.readUpTo ? `#${member.readUpTo}` : 'nothing') },
  { title: 'Unread', kind: 'number', cell: (member) => count(member.unread) },
  ...(isRuled(one) ? [{ title: 'Acts', kind: 'acts', cell: (member) => html`<${Acts} one=${one} member=${member} reload=${reload} />` }] : []),
];

const days = (kept) => (kept === null ? 'as long as the server says' : kept === 0 ? 'for ever' : many(kept, 'day'));

/** For how long it keeps messages and files. */
function keep(one, reload) {
  const chosen = (text) => (text === '' ? null : Number(text));
  show('What is kept here', (shut) => html`
    <${Form} label="What is kept here" button="Save" cancel=${shut} act=${async ({ messages, files }) => {
      await admin('PATCH', `conversations/${one.id}`, { keepMessages: chosen(messages), keepFiles: chosen(files) });
      shut();
      say('The rules are saved');
      reload();
    }}>
      <p>What is older is removed for good. Empty is as long as the server says, and 0 for ever.</p>
      <${Field} label="Messages, in days" name="messages" type="number" min="0" max="36500" value=${one.keepMessages ?? ''} autofocus />
      <${Field} label="Files, in days" name="files" type="number" min="0" max="36500" value=${one.keepFiles ?? ''} />
    </${Form}>`);
}

export function Conversation({ id, params }) {
  const { said, wrong, reload } = useLoad(`conversations/${encodeURIComponent(id)}`, 10);
  const one = said?.conversation;
  return html`
    <${Screen} title=${one ? nameOf(one) : 'Conversation'} back=${{ href: '#conversations', title: 'Conversations' }}>
      <${Refused} refusal=${wrong} retry=${reload} />
      ${!one && !wrong && html`<div class="card"><${Waiting} rows=${3} /></div>`}
      ${one && html`
        <section class="card" aria-label="About"><${Facts} facts=${[
          ['Sort', one.type], ['Members', count(one.members)], ['Messages', count(one.messages)],
          ['Last message', html`<${When} at=${one.lastMessageAt} />`], ['Since', html`<${When} at=${one.createdAt} />`],
          ['Kept', html`<span>messages ${days(one.keepMessages)}, files ${days(one.keepFiles)} </span>
            <button class="button slim" aria-label="Change what is kept" onClick=${() => keep(one, reload)}>Change</button>`],
          isRuled(one) && ['Slow mode', html`<${SlowMode} one=${one} reload=${reload} />`],
          ['Id', html`<code>${one.id}</code> <${Copy} text=${one.id} what="the id" />`],
        ]} /></section>
        <section aria-labelledby="members"><h2 id="members">Members</h2>
          <div class="card flush">${one.participants.length
            ? html`<${Table} label="Members" columns=${memberColumns(one, reload)} rows=${one.participants} />` : html`<p class="empty">Nobody is left in it.</p>`}</div></section>
        ${isRuled(one) && html`<${Restrained} one=${one} params=${params} stamp=${said} reload=${reload} />`}
        <${Messages} id=${one.id} last=${one.messages} />`}
    </${Screen}>`;
}
