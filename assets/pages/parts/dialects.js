// Which dialects does this server speak? It says so itself, in an order from which their colours follow.

import { at } from '../here.js';

/** `{ name, namespace }` of each, without a namespace if it has no events; none while the server cannot be reached. */
export const dialects = await fetch(at('/api/about'), { signal: AbortSignal.timeout(5_000) })
  .then((answer) => answer.json()).then(({ about }) => about.dialects).catch(() => []);

/** The style sheet has six colours for things that must be told apart. */
export const colour = (number) => `var(--series-${(number % 6) + 1})`;

/** A dialect's colour; what is no dialect has none. */
export function colourOf(name) {
  const number = dialects.findIndex((one) => one.name === name);
  return number < 0 ? undefined : colour(number);
}
