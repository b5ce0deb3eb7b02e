// Where in a text are the words that were looked for? By the rules of the search: without regard to case and accents.

import { html } from '../vendor/preact-htm.js';

/** In characters: how much of a text is shown, and how much of that before the first find. */
const SHOWN = 240;
const BEFORE = 60;
/** More marks than this in one text say nothing. */
const MOST = 40;

const bare = (character) => character.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').replace(/ß/g, 'ss');

/** Letters without case and accents, and where in the text each of them stands. */
function folded(text) {
  const letters = [];
  const places = [];
  let at = 0;
  for (const character of text) {
    for (const letter of character < '\x80' ? character.toLowerCase() : bare(character)) {
      letters.push(letter);
      places.push(at);
    }
    at += character.length;
  }
  places.push(at);
  return { letters: letters.join(''), places };
}

/** The words and "phrases" of a query, without what narrows it down. */
export function termsOf(query) {
  const terms = [...query.matchAll(/"([^"]*)"|(\S+)/g)].map(([, phrase, word]) => phrase ?? (/^(?:from|in|has|before|after):/i.test(word) ? '' : word));
  return terms.map((term) => folded(term.trim()).letters.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')).filter(Boolean).slice(0, 10);
}

/** The part of a text around the first find, with what was found marked. */
export function marked(text, query) {
  const shown = text.length > 20_000 ? text.slice(0, 20_000) : text;
  const { letters, places } = folded(shown);
  const finds = [];
  for (const term of termsOf(query)) {
    for (let at = letters.indexOf(term); at >= 0 && finds.length < MOST; at = letters.indexOf(term, at + term.length)) {
      // A word is found from its beginning, and runs of Han, Kana, Hangul and Thai anywhere.
      if (/[\p{L}\p{N}]/u.test(letters[at - 1] ?? ' ') && !/[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}]/u.test(term)) continue;
      finds.push([places[at], places[at + term.length]]);
    }
  }
  finds.sort(([one], [other]) => one - other);
  const from = Math.max(0, (finds[0]?.[0] ?? 0) - BEFORE);
  const upto = from + SHOWN;
  const out = [from ? '…' : ''];
  let past = from;
  for (const [begins, ends] of finds) {
    if (begins < past || begins >= upto) continue;
    out.push(shown.slice(past, begins), html`<mark>${shown.slice(begins, ends)}</mark>`);
    past = ends;
  }
  out.push(shown.slice(past, Math.max(past, upto)), upto < text.length ? '…' : '');
  return out;
}
