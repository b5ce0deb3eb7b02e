// What does a conversation look like in a list? The other person, with a dot if they are there, or a picture of its own.

import { Face } from '../parts/face.js';
import { html } from '../vendor/preact-htm.js';
import { useFetched } from './fetched.js';
import { others } from './people.js';
import * as presence from './presence.js';

export const isOfTwo = ({ type }) => type === 'direct' || type === 'session';

/** Is the other one of two there? */
export function isThere(one) {
  const [other] = others(one);
  return isOfTwo(one) && Boolean(other) && presence.isThere(other.id);
}

export function Faces({ one, title, small }) {
  const [other] = others(one);
  const two = isOfTwo(one);
  // A picture of a group is for its members only, so it is fetched with a token.
  const [picture] = useFetched(two ? null : one.pictureUrl);
  return html`<span class=${isThere(one) ? 'there' : ''}><${Face} id=${one.type === 'direct' ? (other?.id ?? one.id) : one.id} name=${title} url=${two ? other?.avatarUrl : picture} type=${one.type} small=${small} /></span>`;
}
