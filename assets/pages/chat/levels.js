// What does one want to be told of in a conversation? Everything, mentions, or nothing; and for a while nothing at all.

import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { clock, theDay } from './text.js';
import { changed } from './store.js';

const HOUR = 3_600_000;
/** As far as a date of the server may be: for those who mean for ever. */
const FOR_GOOD = '9999-12-31T23:59:59.999Z';

export const isMuted = (one) => Boolean(one.mutedUntil) && new Date(one.mutedUntil) > Date.now();
/** Is one told of this message, or only finds it there? */
export const tellsOf = (one, mentioned) => !isMuted(one) && one.level !== 'none' && (one.level !== 'mentions' || mentioned);
/** Does what comes there wait in silence? */
export const isQuiet = (one) => isMuted(one) || one.level === 'none' || one.level === 'mentions';

const levels = { all: 'Everything', mentions: 'Only when I am mentioned', none: 'Nothing' };

/** Shown once the server has told how it is. */
export function Levels({ one }) {
  const [known, know] = useState(false);
  const [busy, refusal, run] = useDoing();
  const take = ({ level, mutedUntil = null }) => {
    Object.assign(one, { level, mutedUntil });
    changed();
  };
  useEffect(() => void api.settings(one.id).then((settings) => (take(settings), know(true)), () => {}), [one.id]);
  const set = (made) => run(async () => take(await api.changeSettings(one.id, made)));
  if (!known) return '';
  const mute = (event) => set({ mutedUntil: event.target.value === 'good' ? FOR_GOOD : new Date(Date.now() + event.target.value * HOUR).toISOString() });
  return html`<h3>Notifications</h3>
    <${Refused} refusal=${refusal} />
    <div class="field"><label for="level">Tell me of</label>
      <select id="level" disabled=${busy} value=${one.level ?? 'all'} onChange=${(event) => set({ level: event.target.value })}>
        ${Object.entries(levels).map(([level, words]) => html`<option key=${level} value=${level}>${words}</option>`)}</select></div>
    ${isMuted(one)
      ? html`<p class="member"><span class="file-words"><span>Muted</span><span class="small quiet wraps">${one.mutedUntil > '9000' ? 'Until you want to hear of it again' : `Until ${theDay(one.mutedUntil)} at ${clock(one.mutedUntil)}`}</span></span>
          <button type="button" class="button" disabled=${busy} onClick=${() => set({ mutedUntil: null })}>Unmute</button></p>`
      : html`<div class="field"><label for="mute">Mute</label><select id="mute" disabled=${busy} value="" onChange=${mute}>
          <option value="" disabled>No</option><option value="1">For an hour</option><option value="8">For eight hours</option><option value="168">For a week</option><option value="good">Until I unmute it</option></select></div>`}`;
}
