// Which emoji does one choose? By a word, by a group, or one of those chosen last; with the mouse or the arrow keys.

import { Dialog } from '../parts/dialog.js';
import { Refused } from '../parts/form.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import * as emoji from './emoji.js';

export function Picker({ title, pick, close }) {
  const [all, know] = useState(null);
  const [refusal, refuse] = useState(null);
  const [sought, seek] = useState('');
  const [group, choose] = useState(-1);
  const grid = useRef();
  useEffect(() => void emoji.load().then(know, () => refuse({ message: 'The emoji could not be loaded. Try again in a moment.' })), []);
  const recent = emoji.recent();
  const shown = sought.trim() ? emoji.find(all ?? [], sought)
    : group >= 0 ? (all?.[group]?.emoji ?? []) : named(all, recent.length ? recent : emoji.first);
  const take = (one) => {
    emoji.use(one);
    close();
    pick(one);
  };
  const enter = (event) => {
    event.preventDefault();
    if (sought.trim() && shown[0]) take(shown[0].emoji);
  };
  const down = (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    grid.current.querySelector('[tabindex="0"]')?.focus();
  };
  const ways = [['🕘', 'Recently used', -1], ...(all ?? []).map(({ sign, name }, at) => [sign, name, at])];
  return html`<${Dialog} kind="picker" title=${title} close=${close}>
    <form class="choosing" onSubmit=${enter}>
      <input class="lone" type="text" role="searchbox" aria-label="Search for an emoji" placeholder="Search" value=${sought} autofocus onInput=${(event) => seek(event.target.value)} onKeyDown=${down} />
      <${Refused} refusal=${refusal} />
      <div class="emoji-groups" role="group" aria-label="Groups">${ways.map(([sign, name, at]) => html`<button key=${at} type="button" aria-label=${name} title=${name}
        aria-pressed=${!sought.trim() && group === at} onClick=${() => (seek(''), choose(at))}>${sign}</button>`)}</div>
      <div class="emoji-grid" role="group" aria-label="Emoji" aria-busy=${!all && !refusal} ref=${grid} onKeyDown=${walk}>
        ${shown.map((one, at) => html`<button key=${one.emoji} type="button" tabindex=${at ? -1 : 0} aria-label=${one.name} title=${one.name} onClick=${() => take(one.emoji)}>${one.emoji}</button>`)}
      </div>
      <p class="small quiet" role="status">${all && !shown.length ? `No emoji is called “${sought.trim()}”.` : ''}</p>
    </form>
  <//>`;
}

const named = (all, chosen) => chosen.map((one) => all?.flatMap(({ emoji }) => emoji).find(({ emoji }) => emoji === one) ?? { emoji: one, name: one });

/** One of the grid can be reached by Tab; from there the arrow keys lead on, as one sees them. */
function walk(event) {
  const all = [...event.currentTarget.children];
  const at = all.indexOf(document.activeElement);
  if (at < 0) return;
  const [{ offsetTop }] = all;
  const next = all.findIndex((one) => one.offsetTop !== offsetTop);
  const across = next < 0 ? all.length : next;
  const on = getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
  const step = { ArrowLeft: -on, ArrowRight: on, ArrowUp: -across, ArrowDown: across, Home: -at, End: all.length - 1 - at }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const to = all[at + step];
  if (!to) return;
  all[at].tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
