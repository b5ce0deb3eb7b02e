// Which emoji are there? All that most systems can draw, by group and by what people call them; loaded when first asked for.

import { made } from '../here.js';
import { store } from './store.js';

/** The version of Unicode's emoji that nearly every system draws by now. */
const DRAWN = 15;
const RECENT = 24;
/** Offered before anything was chosen. */
export const first = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

const groups = [
  [0, '😀', 'Smileys'], [1, '👋', 'People'], [3, '🐻', 'Animals and nature'], [4, '🍎', 'Food and drink'], [5, '🚗', 'Travel and places'],
  [6, '⚽', 'Activities'], [7, '💡', 'Objects'], [8, '🔣', 'Symbols'], [9, '🏁', 'Flags'],
];

/** What is drawn as an emoji by itself needs no sign that says so, and keyboards give it none. */
const bare = (emoji) => emoji.replace(/(\p{Emoji_Presentation})\uFE0F/gu, '$1');

let loading = null;
/** `[{ sign, name, emoji: [{ emoji, name, words }] }]`; a refused load is tried again the next time. */
export function load() {
  loading ??= fetch(made('vendor/emoji.json')).then((answer) => answer.json()).then((all) =>
    groups.map(([group, sign, name]) => ({
      sign, name,
      emoji: all.filter((one) => one.group === group && one.version <= DRAWN)
        .map(({ emoji, annotation, tags = [] }) => ({ emoji: bare(emoji), name: annotation, words: `${annotation} ${tags.join(' ')}` })),
    })));
  loading.catch(() => (loading = null));
  return loading;
}

/** Those for which each of these words begins one of theirs; a name that begins so comes first. */
export function find(all, sought) {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.flatMap(({ emoji }) => emoji).filter((one) => words.every((word) => ` ${one.words}`.includes(` ${word}`)));
  const begins = ({ name }) => name.startsWith(words[0] ?? '');
  return [...found.filter(begins), ...found.filter((one) => !begins(one))].slice(0, 96);
}

const key = () => `chat.emoji.${store.me.id}`;

/** Those chosen last in this browser, the latest first. */
export function recent() {
  try {
    return JSON.parse(localStorage.getItem(key())) ?? [];
  } catch {
    return [];
  }
}

export function use(emoji) {
  try {
    localStorage.setItem(key(), JSON.stringify([emoji, ...recent().filter((one) => one !== emoji)].slice(0, RECENT)));
  } catch {
    // The browser's storage is full or forbidden: it is only a convenience.
  }
}
