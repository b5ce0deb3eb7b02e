// Whom do owners keep quiet, or out? The menu for a member, the list of who is banned or silenced, and what follows for oneself.

import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { Menu } from './menu.js';
import { changed } from './store.js';
import { clock, theDay } from './text.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What an owner may choose; `null` is for good. */
const choices = [
  ['silence', 10 * MINUTE, 'Silence for 10 minutes'],
  ['silence', HOUR, 'Silence for an hour'],
  ['silence', DAY, 'Silence for a day'],
  ['silence', null, 'Silence for good'],
  ['ban', DAY, 'Ban for a day'],
  ['ban', 7 * DAY, 'Ban for a week'],
  ['ban', null, 'Ban for good'],
];

export const lasting = (until) => (until ? `until ${theDay(until)} at ${clock(until)}` : 'for good');

/** What an owner may do to a member: a menu, and the button that opens it. Another owner can only be removed; `also` stands behind that. */
export function Restrain({ one, person, owns, busy, change, also }) {
  const [anchor, open] = useState(null);
  const items = [
    { words: 'Remove', kind: 'bad', go: () => change(() => api.removeMember(one.id, person.id)) },
    ...(owns ? [] : choices).map(([kind, seconds, words]) => ({ words, kind: 'bad', go: () => change(() => api.restrain(one.id, person.id, kind, seconds)) })),
    also,
  ];
  return html`<button type="button" class="button plain" disabled=${busy} aria-haspopup="menu" aria-label=${`More: ${person.fullName}`}
      onClick=${(event) => open(event.currentTarget)}>More</button>
    ${anchor && html`<${Menu} label=${`More: ${person.fullName}`} anchor=${anchor} row=${[]} items=${items} close=${() => open(null)} />`}`;
}

/** Who is banned or silenced, a page at a time, the latest first. */
export function Restrained({ one, back }) {
  const [known, know] = useState(null);
  const [busy, refusal, run] = useDoing();
  const load = (page) => run(async () => {
    const { restraints, pagination } = await api.restraints(one.id, page);
    know((before) => ({ page, list: [...(page > 1 ? before.list : []), ...restraints], more: page < pagination.totalPages }));
  });
  useEffect(() => void load(1), [one.id]);
  const lift = ({ userId, kind }) => run(async () => {
    await api.lift(one.id, userId, kind);
    know((before) => ({ ...before, list: before.list.filter((item) => item.userId !== userId || item.kind !== kind) }));
  });
  return html`<h3>Banned and silenced</h3>
    <${Refused} refusal=${refusal} />
    ${known?.list.length === 0 && html`<p class="quiet">Nobody is.</p>`}
    ${known?.list.length > 0 && html`<ul class="choices members" aria-label="Banned and silenced">${known.list.map((item) => html`<li class="member" key=${`${item.kind} ${item.userId}`}>
      <span class="file-words"><bdi>${item.name}</bdi><span class="small quiet wraps">${item.kind === 'ban' ? 'Banned' : 'Silenced'} ${lasting(item.until)}</span></span>
      <button type="button" class="button plain" disabled=${busy} aria-label=${`Lift: ${item.name}`} onClick=${() => lift(item)}>Lift</button>
    </li>`)}</ul>`}
    <footer class="buttons">
      ${known?.more && html`<button type="button" class="button" disabled=${busy} onClick=${() => load(known.page + 1)}>More</button>`}
      <button type="button" class="button" onClick=${back}>Back</button>
    </footer>`;
}

const slowest = [5, 10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR];
const span = (seconds) => (seconds < 2 * MINUTE ? `${seconds} seconds` : seconds < 2 * HOUR ? `${Math.round(seconds / MINUTE)} minutes` : `${Math.round(seconds / HOUR)} hours`);

/** How long everybody but owners waits between two messages. */
export function SlowMode({ one, busy, change }) {
  const offered = [...new Set([...slowest, ...(one.slowMode ? [one.slowMode] : [])])].sort((a, b) => a - b);
  return html`<div class="field"><label for="slow-mode">Slow mode</label>
    <select id="slow-mode" aria-describedby="slow-mode-why" disabled=${busy} value=${String(one.slowMode)} onChange=${(event) => change({ slowMode: Number(event.target.value) })}>
      <option value="0">Off</option>${offered.map((seconds) => html`<option key=${seconds} value=${seconds}>${span(seconds)} between two messages</option>`)}</select>
    <p id="slow-mode-why" class="small quiet">Everybody waits that long between two of their messages, except owners.</p></div>`;
}

/** Until when one may not write there oneself; `null` if one may. */
export const silence = (one) => (one.silenced && (!one.silenced.until || new Date(one.silenced.until) > Date.now()) ? one.silenced : null);

/** For how many seconds slow mode keeps one waiting. */
export const wait = (one) => Math.max(0, Math.ceil(((one.waitsUntil ?? 0) - Date.now()) / 1_000));

/** One has spoken there, or was told how many seconds to wait. */
export function spoke(one, me, seconds = one?.slowMode) {
  if (seconds && !one.owners?.includes(me)) one.waitsUntil = Date.now() + seconds * 1_000;
}

/** Draws again each second as long as one waits, and when a silence is over. */
export function useTime(one) {
  const waits = wait(one) > 0;
  const until = silence(one)?.until;
  useEffect(() => {
    if (!waits && !until) return;
    const timer = setInterval(changed, waits ? 1_000 : 10_000);
    return () => clearInterval(timer);
  }, [one.id, waits, until]);
}
