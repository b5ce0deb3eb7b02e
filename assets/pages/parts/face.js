// What does somebody look like, or a conversation? A picture, or initials in a colour.

import { at } from '../here.js';
import { html } from '../vendor/preact-htm.js';
import { Icon } from './icon.js';

/** The name stands beside it, so a screen reader does not say it twice. */
export function Face({ id, name, url, type = 'direct', small }) {
  const kind = `face ${hue(id)} ${small ? 'small' : ''}`;
  if (url) return html`<img class=${type === 'room' ? `${kind} square` : kind} src=${at(url)} alt="" referrerpolicy="no-referrer" />`;
  if (type === 'room') return html`<span class="${kind} square" aria-hidden="true"><${Icon} name="room" /></span>`;
  if (type === 'group') return html`<span class=${kind} aria-hidden="true"><${Icon} name="people" /></span>`;
  // The style sheet draws the letters, so that they are no part of the name of the button around them.
  return html`<span class=${kind} aria-hidden="true" data-letters=${initials(name)} />`;
}

/** The first letters of the first and the last word. */
function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ['?'];
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...word][0].toUpperCase()).join('');
}

/** One of six calm colours, always the same for the same id. */
function hue(id) {
  let sum = 0;
  for (const c of id) sum = (sum * 31 + c.charCodeAt(0)) >>> 0;
  return `hue-${sum % 6}`;
}
