// What comes up for a message? Its menu, the choice of an emoji, the question before it is deleted, and why one reports it.

import { Dialog } from '../parts/dialog.js';
import { Field, Refused, useDoing } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import * as emoji from './emoji.js';
import { Menu } from './menu.js';
import * as messages from './messages.js';
import { nameOf } from './people.js';
import { Picker } from './picker.js';
import { wordsOf } from './quote.js';
import { changed, store, toast, useStore } from './store.js';

const close = (what) => () => {
  store[what] = null;
  changed();
};

export function Options() {
  const { menu, picking, removing, reporting } = useStore();
  return html`${menu && html`<${Offers} key=${menu.message.id} ...${menu} />`}
    ${picking && html`<${Picker} title="React" pick=${(sign) => messages.react(picking.one, picking.message, sign)} close=${close('picking')} />`}
    ${removing && html`<${Removing} ...${removing} />`}
    ${reporting && html`<${Reporting} ...${reporting} />`}`;
}

function Offers({ one, message, anchor }) {
  const able = messages.can(one, message);
  const recent = [...new Set([...emoji.recent(), ...emoji.first])].slice(0, 6);
  const row = able.react && [
    ...recent.map((sign) => ({ words: sign, checked: messages.reacted(message, sign), go: () => messages.react(one, message, sign) })),
    { words: '+', name: 'Another emoji', go: () => ((store.picking = { one, message }), changed()) },
  ];
  const items = [
    able.reply && { words: 'Reply', go: () => messages.reply(one, message) },
    able.edit && { words: 'Edit', go: () => messages.edit(one, message) },
    message.content && { words: 'Copy the text', go: () => messages.copyText(message) },
    able.pin && { words: message.pinnedAt ? 'Take the pin away' : 'Pin', go: () => messages.pin(one, message) },
    able.report && { words: 'Report…', go: () => ((store.reporting = { one, message }), changed()) },
    able.remove && { words: 'Delete', kind: 'bad', go: () => ((store.removing = { one, message }), changed()) },
  ];
  return html`<${Menu} label="Message options" anchor=${anchor} row=${row || []} items=${items.filter(Boolean)} close=${close('menu')} />`;
}

/** As many characters as the server takes. */
const REASON = 1_000;

function Reporting({ one, message }) {
  const [reason, write] = useState('');
  const [busy, refusal, run] = useDoing();
  const shut = close('reporting');
  const send = async (event) => {
    event.preventDefault();
    if (!(await run(() => messages.report(one, message, reason.trim())))) return;
    shut();
    toast({ title: 'The message is reported', text: 'The administrators see it as it is now.' });
  };
  return html`<${Dialog} title="Report this message" close=${shut}>
    <form class="choosing" onSubmit=${send}>
      <blockquote class="excerpt" dir="auto"><strong><bdi>${nameOf(message.senderId)}</bdi></strong> ${wordsOf(message)}</blockquote>
      <p>The administrators see it as it is now, with your name. Nobody else is told.</p>
      <${Field} label="Why" hint="What is wrong with it, if you like to say so." fault=${refusal?.faults?.reason}>${(id) => html`<textarea id=${id} rows="3" maxlength=${REASON} dir="auto" value=${reason} onInput=${(event) => write(event.target.value)} />`}<//>
      <${Refused} refusal=${refusal?.faults?.reason ? null : refusal} />
      <footer class="buttons"><button class="button main" disabled=${busy}>Report it</button>
        <button type="button" class="button" onClick=${shut}>Cancel</button></footer>
    </form>
  <//>`;
}

function Removing({ one, message }) {
  const [busy, refusal, run] = useDoing();
  const remove = async () => (await run(() => messages.remove(one, message))) && close('removing')();
  return html`<${Dialog} title="Delete this message?" close=${close('removing')}>
    <blockquote class="excerpt" dir="auto"><strong><bdi>${nameOf(message.senderId)}</bdi></strong> ${wordsOf(message)}</blockquote>
    <p>It is gone for everybody, and nobody can bring it back.</p>
    <${Refused} refusal=${refusal} />
    <footer class="buttons"><button type="button" class="button bad" disabled=${busy} onClick=${remove}>Delete</button>
      <button type="button" class="button" autofocus onClick=${close('removing')}>Keep it</button></footer>
  <//>`;
}
