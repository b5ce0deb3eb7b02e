// How does a conversation begin? By finding a person, by making a group, or in a room that is open to everybody.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Field, Refused, useDoing } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { withArrows } from './arrows.js';
import * as conversations from './conversations.js';
import { store } from './store.js';

const ways = { person: 'A person', group: 'A group', room: 'A room' };

export function Begin({ close }) {
  const [way, choose] = useState('person');
  return html`<${Dialog} title="New conversation" close=${close}>
    <div class="ways" role="group" aria-label="With whom">
      ${Object.entries(ways).map(([name, words]) => html`<button key=${name} type="button" aria-pressed=${way === name} onClick=${() => choose(name)}>${words}</button>`)}
    </div>
    ${way === 'person' && html`<${Person} close=${close} />`}
    ${way === 'group' && html`<${Group} close=${close} />`}
    ${way === 'room' && html`<${Rooms} close=${close} />`}
  <//>`;
}

/** Loads a list page by page, up to 30 pages: `[items, refusal]`, where the items become more. */
export function usePages(load) {
  const [items, grow] = useState(null);
  const [refusal, refuse] = useState(null);
  useEffect(() => {
    let wanted = true;
    (async () => {
      const all = [];
      for (let page = 1, pages = 1; page <= pages && page <= 30 && wanted; page += 1) {
        const some = await load(page);
        all.push(...some.items);
        pages = some.pages;
        if (wanted) grow([...all]);
      }
    })().catch((error) => wanted && refuse(error));
    return () => (wanted = false);
  }, []);
  return [items, refusal];
}

/** One page of all users but oneself, for `usePages`. */
export const everybody = async (page) => {
  const { users, pagination } = await api.people(page);
  return { items: users.filter(({ id }) => id !== store.me.id), pages: pagination.total_pages };
};

/** A search field over all users; `pick` is called with the chosen one. */
export function People({ pick, picked = [], without = [], label = 'Search for a person' }) {
  const [people, refusal] = usePages(everybody);
  const [sought, seek] = useState('');
  const words = sought.trim().toLocaleLowerCase();
  const found = (people ?? []).filter(({ id, name }) => !without.includes(id) && name.toLocaleLowerCase().includes(words)).slice(0, 60);
  return html`<div class="choosing" onKeyDown=${(event) => withArrows(event, '.choice')}>
    <input class="lone" type="search" aria-label=${label} placeholder=${label} value=${sought} autofocus onInput=${(event) => seek(event.target.value)} />
    <${Refused} refusal=${refusal} />
    <ul class="choices" aria-label="People" aria-busy=${!people && !refusal}>
      ${found.map((person) => html`<li key=${person.id}><button type="button" class="choice" aria-pressed=${picked.length || pick.many ? picked.includes(person.id) : undefined} onClick=${() => pick(person)}>
        <${Face} id=${person.id} name=${person.name} url=${person.avatarUrl} small /><bdi>${person.name}</bdi></button></li>`)}
    </ul>
    ${people && !found.length && html`<p class="empty">${people.length ? `Nobody is called “${sought.trim()}”.` : 'Nobody else is here yet. Tell a friend!'}</p>`}
  </div>`;
}

function Person({ close }) {
  const [, refusal, run] = useDoing();
  const pick = async ({ id }) => (await run(() => conversations.begin(api.talkTo(id)))) && close();
  return html`<${Refused} refusal=${refusal} /><${People} pick=${pick} />`;
}

function Group({ close }) {
  const [name, call] = useState('');
  const [picked, take] = useState([]);
  const [busy, refusal, run] = useDoing();
  const toggle = ({ id }) => take(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked, id]);
  toggle.many = true;
  const make = async (event) => {
    event.preventDefault();
    if (await run(() => conversations.begin(api.makeGroup(name, picked)))) close();
  };
  return html`<form class="choosing" onSubmit=${make}>
    <${Field} label="Name of the group" name="name" value=${name} required maxlength="100" fault=${refusal?.faults?.name} onInput=${(event) => call(event.target.value)} />
    <${People} pick=${toggle} picked=${picked} label="Search for members" />
    <${Refused} refusal=${refusal?.faults?.name ? null : refusal} />
    <button class="button main" disabled=${busy || !name.trim()}>${picked.length ? `Make the group with ${picked.length} ${picked.length === 1 ? 'other' : 'others'}` : 'Make the group'}</button>
  </form>`;
}

const openRooms = async (page) => {
  const { data, pagination } = await api.rooms(page);
  return { items: data.filter(({ type }) => type === 'room'), pages: pagination.totalPages };
};

function Rooms({ close }) {
  const [rooms, failed] = usePages(openRooms);
  const [sought, seek] = useState('');
  const [making, make] = useState(false);
  const [, refusal, run] = useDoing();
  if (making) return html`<${NewRoom} close=${close} name=${sought} />`;
  const words = sought.trim().toLocaleLowerCase();
  const found = (rooms ?? []).filter(({ name, description }) => `${name} ${description}`.toLocaleLowerCase().includes(words)).slice(0, 60);
  const enter = async ({ _id }) => (await run(() => conversations.begin(Promise.resolve({ id: _id })))) && close();
  return html`<div class="choosing" onKeyDown=${(event) => withArrows(event, '.choice')}>
    <input class="lone" type="search" aria-label="Search for a room" placeholder="Search for a room" value=${sought} autofocus onInput=${(event) => seek(event.target.value)} />
    <${Refused} refusal=${refusal ?? failed} />
    <ul class="choices" aria-label="Rooms" aria-busy=${!rooms && !failed}>
      ${found.map((room) => html`<li key=${room._id}><button type="button" class="choice" onClick=${() => enter(room)}>
        <${Face} id=${room._id} name=${room.name} type="room" small /><span class="file-words"><bdi>${room.name}</bdi>${room.description && html`<span class="small quiet" dir="auto">${room.description}</span>`}</span></button></li>`)}
    </ul>
    ${rooms && !found.length && html`<p class="empty">${rooms.length ? `No room is called “${sought.trim()}”.` : 'There are no rooms yet. Open the first one!'}</p>`}
    <button type="button" class="button" onClick=${() => make(true)}><${Icon} name="plus" />Open a new room</button>
  </div>`;
}

function NewRoom({ close, name: begun }) {
  const [name, call] = useState(begun);
  const [description, describe] = useState('');
  const [busy, refusal, run] = useDoing();
  const open = async (event) => {
    event.preventDefault();
    const opening = async () => ({ id: (await api.openRoom(name, description))._id });
    if (await run(() => conversations.begin(opening()))) close();
  };
  return html`<form class="choosing" onSubmit=${open}>
    <p class="quiet small">Everybody with an account can find a room, read in it and write in it.</p>
    <${Field} label="Name of the room" name="name" value=${name} required maxlength="100" autofocus fault=${refusal?.faults?.name} onInput=${(event) => call(event.target.value)} />
    <${Field} label="What it is about" name="description" value=${description} maxlength="1000" fault=${refusal?.faults?.description} onInput=${(event) => describe(event.target.value)} />
    <${Refused} refusal=${Object.keys(refusal?.faults ?? {}).length ? null : refusal} />
    <button class="button main" disabled=${busy || !name.trim()}>Open the room</button>
  </form>`;
}
