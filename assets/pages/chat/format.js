// What of a text is bold, a list, a link? A small part of Markdown, as elements: nothing that was typed is ever taken for HTML.
//
// A text is read once, from the beginning to the end, whatever it is made of. Emphasis ends with its line, and what is never
// closed is shown as it was typed. After MOST formatted pieces the rest stays plain, so no message makes a page slow.

import { html } from '../vendor/preact-htm.js';

const MOST = 400;
/** Behind how many signs of one text a name is looked for; the server reads fewer. */
const CALLS = 200;

/** Where something may begin or end. The search goes on behind each find, so it passes over a text once. */
const marks = /\*+|_+|~~|`|\[|@|\b(?:https?:\/\/|mailto:)/gi;
const special = /[*_~`[@:]/;
const address = /(?:https?:\/\/|mailto:)[^\s<>"]{1,2000}/iy;
const named = /\[([^[\]\n]{1,200})\]\((https?:\/\/[^\s()<>"]{1,2000}|mailto:[^\s()<>"]{1,200})\)/iy;
/** What looks like an address must not lead to another one. */
const looksLikeAddress = /:\/\/|^www\.|^\S+\.\S{2,}$/i;
const around = { '*': 'em', _: 'em', '**': 'strong', __: 'strong', '~~': 's', '***': 'strong' };
const letter = /[\p{L}\p{N}]/u;
const space = /\s/;

/** The elements of a text. `people` are the names that stand behind an `@` in it. */
export function formatted(text, people = []) {
  const paper = { pieces: 0, calls: 0, people };
  const out = [];
  const lines = text.split('\n');
  let plain = [];
  const flush = () => {
    if (plain.length) out.push(...spoken(plain, paper));
    plain = [];
  };
  let fences = true;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const block = paper.pieces < MOST && ((fences && line.startsWith('```') && fenced) || (isQuote(line) && quoted) || (item.test(line) && listed));
    const [element, next] = block ? block(lines, at, paper) : [];
    if (block === fenced && !element) {
      // There is no end of code behind this line, so nobody looks for one again.
      fences = false;
      continue;
    }
    if (element) {
      flush();
      out.push(element);
      at = next;
    } else {
      plain.push(line);
      at += 1;
    }
  }
  flush();
  return out;
}

/** The same text without its marks, on one line, for lists and notifications. */
export const plainly = (text) => text.slice(0, 400).replace(/^(?:> |```\w*$)/gm, '').replace(/(\*\*|__|~~|`)(?=\S)([^\n]{1,200}?\S)\1/g, '$2').replace(/\s+/g, ' ').trim();

const isQuote = (line) => line === '>' || line.startsWith('> ');
const item = /^ {0,3}(?:[-*]|\d{1,9}[.)]) +(?=\S)/;

function fenced(lines, at, paper) {
  let end = at + 1;
  while (end < lines.length && lines[end].trimEnd() !== '```') end += 1;
  if (end === lines.length) return [null];
  paper.pieces += 1;
  return [html`<pre dir="auto"><code>${lines.slice(at + 1, end).join('\n')}</code></pre>`, end + 1];
}

function quoted(lines, at, paper) {
  let end = at;
  while (end < lines.length && isQuote(lines[end])) end += 1;
  paper.pieces += 1;
  return [html`<blockquote dir="auto">${spoken(lines.slice(at, end).map((line) => line.slice(2)), paper)}</blockquote>`, end];
}

function listed(lines, at, paper) {
  const number = /^ *(\d+)/.exec(lines[at])?.[1];
  const same = (line) => item.test(line) && /^ *\d/.test(line) === Boolean(number);
  const items = [];
  let end = at;
  for (; end < lines.length && same(lines[end]) && paper.pieces < MOST; end += 1) {
    paper.pieces += 1;
    items.push(html`<li dir="auto">${spoken([lines[end].replace(item, '')], paper)}</li>`);
  }
  return [number ? html`<ol start=${number}>${items}</ol>` : html`<ul>${items}</ul>`, end];
}

/** Lines of plain text with what is marked in them. */
function spoken(lines, paper) {
  const out = [];
  let plain = '';
  for (let at = 0; at < lines.length; at += 1) {
    if (at) plain += '\n';
    if (paper.pieces >= MOST || !special.test(lines[at])) {
      plain += lines[at];
      continue;
    }
    for (const piece of inline(lines[at], paper)) {
      if (typeof piece === 'string') plain += piece;
      else {
        out.push(plain, piece);
        plain = '';
      }
    }
  }
  out.push(plain);
  return out;
}

function inline(line, paper) {
  // What is open now, the innermost last. What an open mark holds is its own once it is closed, and its surroundings' if it never is.
  const open = [{ mark: '', held: [] }];
  const put = (piece) => piece !== '' && open.at(-1).held.push(piece);
  const drop = () => {
    const { mark, held } = open.pop();
    put(mark);
    for (const piece of held) put(piece);
  };
  const element = (piece) => {
    paper.pieces += 1;
    put(piece);
  };
  let past = 0;
  // A mark of code that has no other one behind it: nor has any later one.
  let code = true;
  marks.lastIndex = 0;
  for (let found; paper.pieces < MOST && (found = marks.exec(line)); ) {
    const [mark] = found;
    const at = found.index;
    const from = marks.lastIndex;
    const before = at ? line[at - 1] : ' ';
    const after = line[from] ?? ' ';
    const text = () => put(line.slice(past, at));
    const goOn = (next) => (past = marks.lastIndex = next);
    if (mark === '`') {
      const end = code ? line.indexOf('`', from) : -1;
      code = end >= 0;
      if (end <= from) continue;
      text();
      element(html`<code>${line.slice(from, end)}</code>`);
      goOn(end + 1);
    } else if (mark === '[') {
      named.lastIndex = at;
      const [whole, label, to] = named.exec(line) ?? [];
      if (!whole || looksLikeAddress.test(label) || !URL.canParse(to)) continue;
      text();
      element(link(to, label));
      goOn(at + whole.length);
    } else if (mark === '@') {
      const name = letter.test(before) || (paper.calls += 1) > CALLS ? null : whoIs(line, from, paper.people);
      if (!name) continue;
      text();
      element(html`<span class="mention">@${name}</span>`);
      goOn(from + name.length);
    } else if (mark in around) {
      const wordy = mark === '*' || mark === '_' || mark === '__';
      const [opens, closes] = [!space.test(after) && !(wordy && letter.test(before)), !space.test(before) && !(wordy && letter.test(after))];
      const opened = closes ? open.findLastIndex((one) => one.mark === mark) : -1;
      if (opened > 0) {
        text();
        while (open.length - 1 > opened) drop();
        const { held } = open.pop();
        element(emphasis(mark, held));
      } else if (opens && !open.some((one) => one.mark === mark)) {
        text();
        open.push({ mark, held: [] });
      } else continue;
      past = from;
    } else if (mark.length > 3 && /[:/]$/.test(mark)) {
      address.lastIndex = at;
      const [found] = address.exec(line) ?? [mark];
      const to = trimmed(found);
      if (to.length <= mark.length || !URL.canParse(to)) {
        // Nothing of it is looked at again.
        marks.lastIndex = at + found.length;
        continue;
      }
      text();
      element(link(to, to));
      goOn(at + to.length);
    }
  }
  put(line.slice(past));
  while (open.length > 1) drop();
  return open[0].held;
}

function emphasis(mark, held) {
  if (mark === '***') return html`<strong><em>${held}</em></strong>`;
  return html`<${around[mark]}>${held}<//>`;
}

const link = (to, label) => html`<a href=${new URL(to).href} title=${to === label ? undefined : to} target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;

/** A full stop or a bracket after an address belongs to the sentence around it. */
function trimmed(found) {
  let end = found.length;
  while (end && ".,;:!?'*_~".includes(found[end - 1])) end -= 1;
  if (found.includes('(')) return found.slice(0, end);
  while (end && ')]'.includes(found[end - 1])) end -= 1;
  return found.slice(0, end);
}

/** The longest of these names that stands in the line from there on. */
function whoIs(line, from, people) {
  let found = null;
  for (const name of people) {
    if (name.length <= (found?.length ?? 0) || letter.test(line[from + name.length] ?? ' ')) continue;
    // However it is written: the server finds it so too.
    const written = line.slice(from, from + name.length);
    if (written === name || written.toLowerCase() === name.toLowerCase()) found = written;
  }
  return found;
}
