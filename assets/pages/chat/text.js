// How are texts, sizes and times written? By pure functions; what people typed is never taken for HTML.

import { html } from '../vendor/preact-htm.js';

const address = /\bhttps?:\/\/[^\s<>"]+/gi;

/** Makes links of the web addresses in a text. Everything else stays text, and so do broken addresses. */
export function linked(text) {
  const parts = [];
  let past = 0;
  for (const found of text.matchAll(address)) {
    // A full stop or a bracket after an address belongs to the sentence around it.
    const trimmed = found[0].replace(/[.,;:!?'*_]+$/, '');
    const url = trimmed.includes('(') ? trimmed : trimmed.replace(/[)\]]+$/, '');
    if (!URL.canParse(url)) continue;
    parts.push(text.slice(past, found.index));
    parts.push(html`<a href=${new URL(url).href} target="_blank" rel="noopener noreferrer nofollow">${url}</a>`);
    past = found.index + url.length;
  }
  parts.push(text.slice(past));
  return parts;
}

export const dayOf = (iso) => new Date(iso).toDateString();
// To make one of these takes longer than to use it a hundred times.
const times = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const moments = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'short' });
export const clock = (iso) => times.format(new Date(iso));
export const fully = (iso) => moments.format(new Date(iso));

/** "Today", "Yesterday", or the date. */
export function day(iso) {
  const then = new Date(iso);
  const now = new Date();
  const ago = Math.round((new Date(now.toDateString()) - new Date(then.toDateString())) / 86_400_000);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  const year = then.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return then.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long', year });
}

/** The time of a conversation's last message, short because the list is narrow. */
export function briefly(iso) {
  const then = new Date(iso);
  const ago = Math.round((new Date(new Date().toDateString()) - new Date(then.toDateString())) / 86_400_000);
  if (ago === 0) return clock(iso);
  if (ago === 1) return 'Yesterday';
  if (ago < 7) return then.toLocaleDateString([], { weekday: 'short' });
  return then.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

export function size(bytes) {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** "Ann", "Ann and Bob", "Ann, Bob and 3 others" */
export function listing(names) {
  if (names.length <= 2) return names.join(' and ');
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

/** A user agent in a few words, such as "Firefox on Linux". */
export function device(agent) {
  const browser = [['Edg/', 'Edge'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']];
  const system = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']];
  const find = (table) => table.find(([mark]) => agent.includes(mark))?.[1];
  const [which, where] = [find(browser), find(system)];
  if (which) return where ? `${which} on ${where}` : which;
  return agent.split(/[\s/]/)[0] || 'Unknown device';
}
