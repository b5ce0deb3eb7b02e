// Where am I signed in? One's account, its devices, and the way out.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { signOut } from './login.js';
import { briefly, device, fully } from './text.js';
import { store } from './store.js';

export function Account({ close }) {
  const [devices, list] = useState(null);
  const [busy, refusal, run] = useDoing();
  const load = async () => list(await api.devices());
  useEffect(() => void run(load), []);
  const remove = (id) => run(async () => (await api.removeDevice(id), await load()));
  const { id, name, email } = store.me;
  const elsewhere = devices?.filter((one) => !one.current) ?? [];
  return html`<${Dialog} title="Your account" close=${close}>
    <p class="member"><${Face} id=${id} name=${name} /><span class="file-words"><strong dir="auto">${name}</strong><span class="small quiet">${email}</span></span></p>
    <h3>Where you are signed in</h3>
    <${Refused} refusal=${refusal} />
    <ul class="choices members" aria-label="Devices" aria-busy=${!devices}>${devices?.map((one) => html`<li key=${one.id} class="member">
      <span class="file-words"><bdi>${device(one.userAgent)}</bdi><span class="small quiet" title=${fully(one.lastSeenAt)}>${one.ip} · ${one.current ? 'this device' : `last seen ${briefly(one.lastSeenAt)}`}</span></span>
      ${!one.current && html`<button type="button" class="button plain bad" disabled=${busy} aria-label=${`Sign out ${device(one.userAgent)}`} onClick=${() => remove(one.id)}>Sign out</button>`}
    </li>`)}</ul>
    <footer class="buttons">
      <button type="button" class="button" onClick=${signOut}>Sign out</button>
      ${elsewhere.length > 0 && html`<button type="button" class="button bad" disabled=${busy} onClick=${() => run(api.removeAllDevices)}>Sign out everywhere</button>`}
    </footer>
  <//>`;
}
