// What is this conversation? What it is about, what one is told of it, its people, and what its owners may change.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { People } from './begin.js';
import * as blocks from './blocks.js';
import * as conversations from './conversations.js';
import { Levels } from './levels.js';
import { Looks } from './looks.js';
import { isMe, titleOf } from './people.js';
import * as presence from './presence.js';
import { Restrain, Restrained } from './restraints.js';
import { store, useStore } from './store.js';

export function About({ one, close }) {
  const [view, show] = useState('');
  const [busy, refusal, run] = useDoing();
  const group = one.type === 'group';
  const many = group || one.type === 'room';
  const mine = Boolean(one.owners?.includes(store.me.id));
  useEffect(() => {
    conversations.change(one, Promise.resolve()).catch(() => {});
    presence.ask([one]).catch(() => {});
  }, []);
  const back = () => show('');

  const change = (changing) => run(() => conversations.change(one, changing()));
  const take = async ({ id }) => (await change(() => api.addMember(one.id, id))) && back();
  const leave = () => run(() => conversations.leave(one));
  if (view === 'looks') return html`<${Dialog} title=${titleOf(one)} close=${close}><${Looks} one=${one} close=${back} /><//>`;
  if (view === 'leaving') return html`<${Dialog} title=${titleOf(one)} close=${close}>
    <${Refused} refusal=${refusal} />
    <p>${farewell(one, mine)}</p>
    <footer class="buttons">
      <button type="button" class="button bad" disabled=${busy} onClick=${leave}>Leave the group</button>
      <button type="button" class="button" autofocus onClick=${back}>Stay</button>
    </footer>
  <//>`;
  if (view === 'adding') return html`<${Dialog} title=${titleOf(one)} close=${close}>
    <${Refused} refusal=${refusal} />
    <${People} pick=${take} without=${one.people.map(({ id }) => id)} label="Whom to add" />
    <button type="button" class="button" onClick=${back}>Back</button>
  <//>`;
  if (view === 'restrained') return html`<${Dialog} title=${titleOf(one)} close=${close}><${Restrained} one=${one} back=${back} /><//>`;
  return html`<${Dialog} title=${titleOf(one)} close=${close}>
    ${one.description && html`<p class="quiet" dir="auto">${one.description}</p>`}
    ${one.archived && html`<p class="note small">Archived: it can be read, and nobody writes in it.</p>`}
    ${kept(one).map((words) => html`<p class="quiet small">${words}</p>`)}
    <${Refused} refusal=${refusal} />
    ${!one.guest && html`<${Levels} one=${one} />`}
    <h3>${one.people.length === 1 ? 'One person' : `${one.people.length} people`}</h3>
    <ul class="choices members" aria-label="Members">${one.people.map((person) => html`<${Member} key=${person.id} one=${one} person=${person} mine=${mine} busy=${busy} change=${change} run=${run} />`)}</ul>
    <footer class="buttons">
      ${mine && group && html`<button type="button" class="button" onClick=${() => show('adding')}><${Icon} name="plus" />Add somebody</button>`}
      ${mine && html`<button type="button" class="button" onClick=${() => show('looks')}>Change it</button>`}
      ${mine && many && html`<button type="button" class="button" onClick=${() => show('restrained')}>Banned and silenced</button>`}
      ${many && !one.guest && html`<button type="button" class="button bad" disabled=${busy} onClick=${() => (group ? show('leaving') : leave())}>Leave the ${group ? 'group' : 'room'}</button>`}
    </footer>
  <//>`;
}

function Member({ one, person: { id, fullName, avatarUrl }, mine, busy, change, run }) {
  const { blocked } = useStore();
  const shut = blocked.has(id);
  const owns = one.owners?.includes(id);
  const notes = [isMe(id) && 'you', owns && 'owner', shut ? 'blocked' : presence.inWords(id)].filter(Boolean).join(' · ');
  const acts = mine && !isMe(id);
  const blocking = { words: shut ? 'Unblock' : 'Block', kind: shut ? '' : 'bad', go: () => run(() => blocks.block(id, !shut)) };
  return html`<li class="member"><span class=${presence.isThere(id) ? 'there' : ''}><${Face} id=${id} name=${fullName} url=${avatarUrl} small /></span>
    <span class="file-words"><bdi>${fullName}</bdi>${notes && html`<span class="small quiet">${notes}</span>`}</span>
    ${acts && html`<button type="button" class="button plain" disabled=${busy} aria-label=${`${owns ? 'Make a member' : 'Make an owner'}: ${fullName}`}
      onClick=${() => change(() => api.appoint(one.id, id, !owns))}>${owns ? 'Make a member' : 'Make an owner'}</button>`}
    ${acts && html`<${Restrain} one=${one} person=${{ id, fullName }} owns=${owns} busy=${busy} change=${change} also=${blocking} />`}
    ${!isMe(id) && !acts && html`<button type="button" class=${`button plain ${blocking.kind}`} disabled=${busy} aria-label=${`${blocking.words} ${fullName}`} onClick=${blocking.go}>${blocking.words}</button>`}
  </li>`;
}

/** For how long things stay here, if not for ever. */
function kept(one) {
  return [['Messages', 'keepMessages'], ['Files', 'keepFiles']].flatMap(([what, rule]) => {
    const days = one[rule] ?? store.about[rule];
    return days ? [`${what} are removed after ${days === 1 ? 'a day' : `${days} days`}.`] : [];
  });
}

/** What follows from leaving a group, since nobody can undo it alone. */
function farewell(one, mine) {
  if (one.people.length === 1) return 'You are the last one here. If you leave, nobody can read or write in this group any more.';
  if (!mine) return 'Only its owner can take you in again.';
  return 'This group is yours. If you leave, whoever has been in it longest becomes its owner, who alone can take you in again.';
}
