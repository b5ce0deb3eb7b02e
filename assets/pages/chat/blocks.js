// Whom does one not want to hear from? Blocking and unblocking, and the list of those whom one has blocked.

import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { html } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { others } from './people.js';
import * as presence from './presence.js';
import { changed, store, useStore } from './store.js';
import { theDay } from './text.js';

export const isBlocked = (id) => store.blocked.has(id);
/** Whom one has blocked, if this is the direct conversation with them. */
export const blockedIn = (one) => (one.type === 'direct' ? others(one).find(({ id }) => isBlocked(id)) : undefined);

/** Asks whom one has blocked: when the page opens, and when it was changed on another device. */
export async function ask() {
  const blocked = new Map((await api.blocked()).map((one) => [one.id, one]));
  // Whoever is blocked no more may be there.
  const back = [...store.blocked.keys()].some((id) => !blocked.has(id));
  store.blocked = blocked;
  for (const id of blocked.keys()) store.presence.delete(id);
  changed();
  if (back) presence.ask([...store.conversations.values()]).catch(() => {});
}

/** Blocks somebody, or does so no more; throws the refusal. */
export async function block(id, on) {
  await api.block(id, on);
  await ask();
}

/** The list in one's account. */
export function Blocks({ back }) {
  const { blocked } = useStore();
  const [busy, refusal, run] = useDoing();
  const all = [...blocked.values()];
  return html`<div class="choosing">
    <p class="quiet small">Between you and them nobody writes a direct message, and you are not told what they do elsewhere. They are not told that you have blocked them.</p>
    <${Refused} refusal=${refusal} />
    ${all.length === 0 && html`<p>You have blocked nobody.</p>`}
    <ul class="choices members" aria-label="Blocked people">${all.map(({ id, name, avatarUrl, blockedAt }) => html`<li key=${id} class="member"><${Face} id=${id} name=${name} url=${avatarUrl} small />
      <span class="file-words"><bdi>${name}</bdi><span class="small quiet">blocked ${theDay(blockedAt)}</span></span>
      <button type="button" class="button plain" disabled=${busy} aria-label=${`Unblock ${name}`} onClick=${() => run(() => block(id, false))}>Unblock</button></li>`)}</ul>
    <footer class="buttons"><button type="button" class="button" onClick=${back}>Back</button></footer>
  </div>`;
}

/** In place of the text field, where one has blocked the other. */
export function Shut({ person }) {
  const [busy, refusal, run] = useDoing();
  return html`<div class="shut"><p class="note small">You have blocked <bdi>${person.fullName}</bdi>: neither of you can write here.${' '}
    <button type="button" class="link" disabled=${busy} onClick=${() => run(() => block(person.id, false))}>Unblock</button></p>
    <${Refused} refusal=${refusal} /></div>`;
}
