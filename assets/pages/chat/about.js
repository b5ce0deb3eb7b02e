// Who is in this conversation? Its people; a group's owner takes people in and puts them out, and everybody may leave.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { People } from './begin.js';
import * as conversations from './conversations.js';
import { isMe, titleOf } from './people.js';
import { store } from './store.js';

export function About({ one, close }) {
  const [details, know] = useState({});
  const [adding, add] = useState(false);
  const [leaving, consider] = useState(false);
  const [busy, refusal, run] = useDoing();
  const group = one.type === 'group';
  // Only the rooms API tells the owner, and by an id in hex. If we do not know ours, we offer the button and the server decides.
  const mine = group && (!store.me.hex || details.createdBy === store.me.hex);
  useEffect(() => {
    conversations.change(one, Promise.resolve()).catch(() => {});
    if (group || one.type === 'room') api.roomDetails(one.id).then(know, () => {});
  }, []);

  const change = (changing) => run(() => conversations.change(one, changing()));
  const take = async ({ id }) => (await change(() => api.addMember(one.id, id))) && add(false);
  const leave = () => run(() => conversations.leave(one));
  return html`<${Dialog} title=${titleOf(one)} close=${close}>
    ${details.description && html`<p class="quiet" dir="auto">${details.description}</p>`}
    <${Refused} refusal=${refusal} />
    ${leaving && html`<p>${farewell(one, mine)}</p>
      <footer class="buttons">
        <button type="button" class="button bad" disabled=${busy} onClick=${leave}>Leave the group</button>
        <button type="button" class="button" autofocus onClick=${() => consider(false)}>Stay</button>
      </footer>`}
    ${leaving ? '' : adding
      ? html`<${People} pick=${take} without=${one.people.map(({ id }) => id)} label="Whom to add" />
          <button type="button" class="button" onClick=${() => add(false)}>Back</button>`
      : html`<h3>${one.people.length === 1 ? 'One person' : `${one.people.length} people`}</h3>
          <ul class="choices members" aria-label="Members">${one.people.map((person) => html`<li key=${person.id} class="member">
            <${Face} id=${person.id} name=${person.fullName} url=${person.avatarUrl} small /><bdi>${person.fullName}</bdi>
            ${isMe(person.id) && html`<span class="quiet small">you</span>`}
            ${mine && !isMe(person.id) && html`<button type="button" class="button plain bad" disabled=${busy} aria-label=${`Remove ${person.fullName}`}
              onClick=${() => change(() => api.removeMember(one.id, person.id))}>Remove</button>`}
          </li>`)}</ul>
          <footer class="buttons">
            ${mine && html`<button type="button" class="button" onClick=${() => add(true)}>Add somebody</button>`}
            ${(group || one.type === 'room') && !one.guest && html`<button type="button" class="button bad" disabled=${busy} onClick=${() => (group ? consider(true) : leave())}>Leave the ${group ? 'group' : 'room'}</button>`}
          </footer>`}
  <//>`;
}

/** What follows from leaving a group, since nobody can undo it alone. */
function farewell(one, mine) {
  if (one.people.length === 1) return 'You are the last one here. If you leave, nobody can read or write in this group any more.';
  if (!mine) return 'Only its owner can take you in again.';
  const own = store.me.hex ? 'This group is yours. If you leave' : 'If this group is yours and you leave';
  return `${own}, whoever has been in it longest becomes its owner, who alone can take you in again.`;
}
