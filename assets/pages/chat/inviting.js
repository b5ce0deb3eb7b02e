// How does one invite people, where everybody may? With a link that is good for a few accounts and some days.

import { Field, Refused, useDoing } from '../parts/form.js';
import { Invited } from '../parts/invited.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { day } from './text.js';

const DAY = 86_400_000;

export function Inviting({ back }) {
  const [made, make] = useState(null);
  const [uses, set] = useState(1);
  const [own, list] = useState([]);
  const [busy, refusal, run] = useDoing();
  const load = async () => list(await api.invitations());
  useEffect(() => void run(load), []);
  const invite = (event) => {
    event.preventDefault();
    run(async () => make(await api.invite(Number(uses), new Date(Date.now() + 7 * DAY).toISOString())));
  };
  const revoke = (id) => run(async () => (await api.revokeInvitation(id), await load()));
  if (made) return html`<${Invited} invitation=${made} /><footer class="buttons"><button type="button" class="button" onClick=${() => (make(null), run(load))}>Back</button></footer>`;
  return html`<form class="choosing" onSubmit=${invite}>
    <p>Whoever has the link can make themselves an account, for a week.</p>
    <${Field} label="How many people" name="uses" type="number" min="1" max="25" required value=${uses} fault=${refusal?.faults?.uses}
      onInput=${(event) => set(event.target.value)} />
    <${Refused} refusal=${refusal?.faults?.uses ? null : refusal} />
    <footer class="buttons"><button class="button main" disabled=${busy}>Make a link</button><button type="button" class="button" onClick=${back}>Back</button></footer>
    ${own.length > 0 && html`<h3>Your invitations</h3>
      <ul class="choices members" aria-label="Your invitations">${own.map((one) => html`<li key=${one.id} class="member">
        <span class="file-words">${one.used} of ${one.uses} came<span class="small quiet">good until ${day(one.expiresAt)}</span></span>
        <button type="button" class="button plain bad" disabled=${busy} onClick=${() => revoke(one.id)}>Revoke</button>
      </li>`)}</ul>`}
  </form>`;
}
