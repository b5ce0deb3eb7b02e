// What can one choose here? A menu over everything else: arrow keys walk, a letter jumps, Escape and a click beside it close it.

import { html, useLayoutEffect, useRef } from '../vendor/preact-htm.js';

const MARGIN = 8;

/** `anchor` is the element beside which it opens; `items` are `{ words, go, kind, checked }`, and `row` has some that stand side by side, above. */
export function Menu({ label, anchor, row = [], items, close }) {
  const box = useRef();
  const done = useRef(false);
  useLayoutEffect(() => {
    const menu = box.current;
    menu.showPopover();
    place(menu, anchor.getBoundingClientRect());
    all(menu)[0]?.focus();
    const toggled = ({ newState }) => newState === 'closed' && !done.current && close();
    menu.addEventListener('toggle', toggled);
    return () => {
      menu.removeEventListener('toggle', toggled);
      const had = menu.contains(document.activeElement) || document.activeElement === document.body;
      if (had && anchor.isConnected) anchor.focus({ preventScroll: true });
    };
  }, []);
  const choose = (go) => {
    done.current = true;
    close();
    go();
  };
  const key = (event) => {
    const there = all(box.current);
    const at = there.indexOf(document.activeElement);
    const to = (next) => {
      event.preventDefault();
      there[(next + there.length) % there.length].focus();
    };
    const across = row.length && at < row.length;
    if (event.key === 'ArrowDown') to(across ? row.length : at + 1);
    else if (event.key === 'ArrowUp') to(at === row.length && row.length ? 0 : across ? there.length - 1 : at - 1);
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      if (!across) return;
      const step = (event.key === 'ArrowRight') === (getComputedStyle(box.current).direction !== 'rtl') ? 1 : -1;
      event.preventDefault();
      there[(at + step + row.length) % row.length].focus();
    } else if (event.key === 'Home') to(0);
    else if (event.key === 'End') to(-1);
    else if (event.key === 'Tab' || event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const found = [...there.keys()].map((step) => (at + 1 + step) % there.length).find((one) => there[one].textContent.toLowerCase().startsWith(event.key.toLowerCase()));
      if (found !== undefined) to(found);
    }
  };
  const item = ({ words, name, go, kind, checked }) => html`<button key=${words} type="button" class=${kind} role=${checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
    aria-checked=${checked === undefined ? undefined : String(checked)} aria-label=${name} title=${name} tabindex="-1" onClick=${() => choose(go)}>${words}</button>`;
  return html`<div class="menu" role="menu" aria-label=${label} popover="auto" ref=${box} onKeyDown=${key}>
    ${row.length > 0 && html`<div class="menu-row" role="group" aria-label="React">${row.map(item)}</div>`}
    ${items.map(item)}
  </div>`;
}

const all = (menu) => [...menu.querySelectorAll('[role^=menuitem]')];

/** Beside the anchor, above or below it, where there is more space. */
function place(menu, near) {
  const { width, height } = menu.getBoundingClientRect();
  const below = innerHeight - near.bottom > height + MARGIN || innerHeight - near.bottom > near.top;
  const within = (at, size, most) => Math.max(MARGIN, Math.min(at, most - size - MARGIN));
  menu.style.top = `${within(below ? near.bottom : near.top - height, height, innerHeight)}px`;
  menu.style.left = `${within(near.left + near.width / 2 - width / 2, width, innerWidth)}px`;
}
