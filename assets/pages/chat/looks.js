// What is a group or a room called, what is it about, what does it look like, and is it still written in? Its owners say.

import { Field, Refused, useDoing } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import * as conversations from './conversations.js';
import { useStore } from './store.js';

export function Looks({ one, close }) {
  const { about } = useStore();
  const [name, call] = useState(one.name);
  const [description, describe] = useState(one.description ?? '');
  const [busy, refusal, run] = useDoing();
  const change = (made) => run(() => conversations.change(one, api.changeConversation(one.id, made)));
  const [kept, keep] = useState({ keepMessages: one.keepMessages ?? '', keepFiles: one.keepFiles ?? '' });
  const save = async (event) => {
    event.preventDefault();
    const rules = Object.entries(kept).filter(([rule, days]) => String(days) !== String(one[rule] ?? ''));
    const changed = Object.fromEntries(rules.map(([rule, days]) => [rule, days === '' ? null : Number(days)]));
    if (await change({ name: name.trim(), description: description.trim(), ...changed })) close();
  };
  const days = (rule, label) => html`<${Field} label=${label} name=${rule} type="number" min="1" max=${about[rule] ?? 36_500} value=${kept[rule]}
    hint=${about[rule] ? `In days. If it is empty: ${about[rule]}, as on this server.` : 'In days. If it is empty: for ever.'} fault=${refusal?.faults?.[rule]}
    onInput=${(event) => keep({ ...kept, [rule]: event.target.value })} />`;
  const show = (event) => {
    const [file] = event.target.files;
    event.target.value = '';
    if (file) run(async () => {
      const { url } = await api.upload(one.id, file, `looks-${Date.now()}`, () => {}).done;
      await conversations.change(one, api.changeConversation(one.id, { picture: url }));
    });
  };
  return html`<form class="choosing" onSubmit=${save}>
    <${Field} label="Name" name="name" value=${name} required maxlength="100" fault=${refusal?.faults?.name} onInput=${(event) => call(event.target.value)} />
    <${Field} label="What it is about" name="description" value=${description} maxlength="1000" fault=${refusal?.faults?.description} onInput=${(event) => describe(event.target.value)} />
    ${days('keepMessages', 'Remove messages after')}
    ${days('keepFiles', 'Remove files after')}
    <${Field} label="Picture">${(id) => html`<input id=${id} type="file" accept="image/*" disabled=${busy} onChange=${show} />`}<//>
    ${one.pictureUrl && html`<button type="button" class="button" disabled=${busy} onClick=${() => change({ picture: null })}>Take the picture away</button>`}
    <p class="member"><span class="file-words"><span id="archive">Archived</span><span id="archive-why" class="small quiet wraps">It can be read and searched as before, but nobody writes in it.</span></span>
      <button type="button" class="switch" role="switch" aria-checked=${one.archived ? 'true' : 'false'} aria-labelledby="archive" aria-describedby="archive-why" disabled=${busy} onClick=${() => change({ archived: !one.archived })} /></p>
    <${Refused} refusal=${Object.keys(refusal?.faults ?? {}).length ? null : refusal} />
    <footer class="buttons"><button class="button main" disabled=${busy || !name.trim()}>Save</button><button type="button" class="button" onClick=${close}>Back</button></footer>
  </form>`;
}
