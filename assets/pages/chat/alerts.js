// Does the browser say that something came while one looks elsewhere? Only if one asked for it here, and it is allowed.

import { made } from '../here.js';
import { changed, store } from './store.js';

const key = (me) => `chat.alerts.${me}`;

/** `unable` if this browser has none, `denied` if it was forbidden, otherwise `on` or `off`. */
export function state() {
  if (!('Notification' in window)) return 'unable';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && localStorage.getItem(key(store.me.id)) === 'on' ? 'on' : 'off';
}

/** To be called by a click only: browsers ask for permission then, and else hold it against us. */
export async function turn(on) {
  if (on && (await Notification.requestPermission()) !== 'granted') return changed();
  if (on) localStorage.setItem(key(store.me.id), 'on');
  else localStorage.removeItem(key(store.me.id));
  changed();
}

/** Says that a message came, unless one is looking at the page. A conversation's next message takes the place of this one. */
export function show(conversationId, title, words) {
  if (document.visibilityState === 'visible' && document.hasFocus()) return;
  if (state() !== 'on') return;
  try {
    const shown = new Notification(title, { body: words.slice(0, 200), tag: conversationId, icon: made('icon-192.png') });
    shown.onclick = () => {
      window.focus();
      location.hash = `c/${conversationId}`;
      shown.close();
    };
  } catch {
    // Some phones let only an installed worker do it.
  }
}
