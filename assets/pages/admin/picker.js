// How does one choose a person? In a field that finds people while one types, with the keyboard or the pointer.
import { useId } from '../parts/form.js';
import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { admin, query } from './api.js';

/** Calls `choose` with a user, or with `null` when the field no longer names one. */
export function Picker({ label, hint, chosen, choose }) {
  const id = useId();
  const [text, type] = useState(chosen?.name ?? '');
  const [found, set] = useState(null);
  const [at, move] = useState(-1);
  const asked = useRef(0);
  const field = useRef();
  useEffect(() => {
    if (chosen) type(chosen.name || chosen.email);
  }, [chosen?.id]);
  const look = async (words) => {
    const turn = (asked.current += 1);
    const said = await admin('GET', `users${query({ q: words.trim(), limit: 8 })}`).catch(() => ({ users: [] }));
    if (turn !== asked.current) return;
    set(said.users);
    move(said.users.length ? 0 : -1);
  };
  const shut = () => {
    asked.current += 1;
    set(null);
  };
  const take = (user) => {
    type(user.name || user.email);
    shut();
    choose(user);
    field.current?.focus();
  };
  const input = (event) => {
    type(event.currentTarget.value);
    if (chosen) choose(null);
    look(event.currentTarget.value);
  };
  const key = (event) => {
    if (event.key === 'Escape' && found) {
      event.preventDefault();
      event.stopPropagation();
      shut();
    } else if (event.key === 'Enter' && found?.[at]) {
      event.preventDefault();
      take(found[at]);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!found) look(chosen ? '' : text);
      else if (found.length) move((at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length);
    }
  };
  return html`
    <div class="field picker">
      <label for=${id}>${label}</label>
      <input id=${id} ref=${field} role="combobox" autocomplete="off" aria-autocomplete="list" aria-expanded=${String(Boolean(found?.length))}
        aria-controls=${`${id}-list`} aria-activedescendant=${found?.[at] ? `${id}-${at}` : undefined} placeholder="Name or address" required
        value=${text} onInput=${input} onKeyDown=${key} onFocus=${() => chosen || found || look(text)} onBlur=${() => setTimeout(shut, 150)} />
      ${hint && html`<p class="hint small quiet">${hint}</p>`}
      <ul class="found" id=${`${id}-list`} role="listbox" aria-label=${label} hidden=${!found?.length}>
        ${(found ?? []).map((user, number) => html`<li id=${`${id}-${number}`} key=${user.id} role="option" aria-selected=${String(number === at)}
          onMouseDown=${(event) => (event.preventDefault(), take(user))}>${user.name}
          <span class="small quiet">${user.email ?? ''}</span></li>`)}
      </ul>
      ${found?.length === 0 && html`<p class="small quiet" role="status">Nobody is called that.</p>`}
    </div>`;
}

/** The person whose id the page's address has, once loaded. */
export function useNamed(id) {
  const [user, set] = useState(null);
  useEffect(() => {
    if (id) admin('GET', `users/${encodeURIComponent(id)}`).then((said) => set(said.user), () => {});
  }, [id]);
  return [user, set];
}
