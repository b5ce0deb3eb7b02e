// Who am I here? One's account: where one is signed in, what the browser says, and the way out.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as alerts from './alerts.js';
import * as api from './api.js';
import { signOut } from './login.js';
import { Inviting } from './inviting.js';
import { Address, Copy, Leaving, Password, Profile } from './oneself.js';
import { briefly, device, fully } from './text.js';
import { useStore } from './store.js';

export function Account({ close }) {
  const { me: { id, name, email, avatarUrl }, about } = useStore();
  const [view, show] = useState(null);
  const ways = {
    'Your name and picture': Profile, 'Your password': Password, 'Your e-mail': Address,
    ...(about.membersInvite && { 'Invite people': Inviting }),
    'Download what is yours': Copy, 'Delete your account': Leaving,
  };
  const View = ways[view];
  if (View) return html`<${Dialog} key=${view} title=${view} close=${close}><${View} back=${() => show(null)} /><//>`;
  return html`<${Dialog} title="Your account" close=${close}>
    <p class="member"><${Face} id=${id} name=${name} url=${avatarUrl} /><span class="file-words"><strong dir="auto">${name}</strong><span class="small quiet">${email}</span></span></p>
    <ul class="settings">${Object.keys(ways).map((words) => html`<li key=${words}><button type="button" class="choice" onClick=${() => show(words)}>${words}<${Icon} name="next" /></button></li>`)}</ul>
    <${Alerts} />
    <${Devices} />
  <//>`;
}

const why = {
  unable: 'This browser has none.',
  denied: 'You forbade them to this page, and only the browser’s own settings can allow them again.',
  off: 'It says what comes while you look elsewhere, as long as this page is open.',
  on: 'It says what comes while you look elsewhere, as long as this page is open.',
};

function Alerts() {
  const state = alerts.state();
  const able = state === 'on' || state === 'off';
  return html`<h3>Notifications</h3>
    <p class="member"><span class="file-words"><span id="alerts">Notifications of this browser</span><span id="alerts-why" class="small quiet wraps">${why[state]}</span></span>
      <button type="button" class="switch" role="switch" aria-checked=${state === 'on' ? 'true' : 'false'} aria-labelledby="alerts" aria-describedby="alerts-why" disabled=${!able} onClick=${() => alerts.turn(state !== 'on')} /></p>`;
}

function Devices() {
  const [devices, list] = useState(null);
  const [busy, refusal, run] = useDoing();
  const load = async () => list(await api.devices());
  useEffect(() => void run(load), []);
  const remove = (id) => run(async () => (await api.removeDevice(id), await load()));
  const elsewhere = devices?.filter((one) => !one.current) ?? [];
  return html`<h3>Where you are signed in</h3>
    <${Refused} refusal=${refusal} />
    <ul class="choices members" aria-label="Devices" aria-busy=${!devices}>${devices?.map((one) => html`<li key=${one.id} class="member">
      <span class="file-words"><bdi>${device(one.userAgent)}</bdi><span class="small quiet" title=${fully(one.lastSeenAt)}>${one.ip} · ${one.current ? 'this device' : `last seen ${briefly(one.lastSeenAt)}`}</span></span>
      ${!one.current && html`<button type="button" class="button plain bad" disabled=${busy} aria-label=${`Sign out ${device(one.userAgent)}`} onClick=${() => remove(one.id)}>Sign out</button>`}
    </li>`)}</ul>
    <footer class="buttons">
      <button type="button" class="button" onClick=${signOut}>Sign out</button>
      ${elsewhere.length > 0 && html`<button type="button" class="button bad" disabled=${busy} onClick=${() => run(api.removeAllDevices)}>Sign out everywhere</button>`}
    </footer>`;
}
