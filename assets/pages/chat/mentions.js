// Whom may one mean by the @ that one is typing? Members of the conversation, a list below which one goes on typing.

import { Face } from '../parts/face.js';
import { html } from '../vendor/preact-htm.js';
import { others } from './people.js';

const MOST = 6;
/** How long a name is looked for behind its @, in characters. */
const REACH = 40;

/** `{ from, found }`, where in the text the @ stands and who fits, or `null`. */
export function sought(one, text, caret) {
  const before = text.slice(Math.max(0, caret - REACH - 2), caret);
  const word = /(?:^|[^\p{L}\p{N}_])@([^@\n]*)$/u.exec(before)?.[1];
  if (word === undefined || /^\s/.test(word)) return null;
  const letters = word.toLocaleLowerCase();
  const fits = (name) => name.startsWith(letters) || name.split(/\s+/).some((part) => part.startsWith(letters));
  const found = others(one).filter(({ fullName }) => fits(fullName.toLocaleLowerCase()) && fullName.toLocaleLowerCase() !== letters.trimEnd()).slice(0, MOST);
  return found.length ? { from: caret - word.length - 1, found } : null;
}

export const Mentions = ({ found, at, pick }) => html`<ul class="mentions" id="mentions" role="listbox" aria-label="People to mention">${found.map((person, place) => html`
    <li key=${person.id} id=${`mention-${place}`} role="option" aria-selected=${place === at} onMouseDown=${(event) => (event.preventDefault(), pick(person))}>
      <${Face} id=${person.id} name=${person.fullName} url=${person.avatarUrl} small /><bdi>${person.fullName}</bdi></li>`)}</ul>`;
