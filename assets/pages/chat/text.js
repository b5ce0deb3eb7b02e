// How are sizes, times and lists of names written? By pure functions.

export const dayOf = (iso) => new Date(iso).toDateString();
// To make one of these takes longer than to use it a hundred times.
const times = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const moments = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'short' });
export const clock = (iso) => times.format(new Date(iso));
export const fully = (iso) => moments.format(new Date(iso));

/** "Today", "Yesterday", "Tomorrow", or the date. */
export function day(iso) {
  const then = new Date(iso);
  const now = new Date();
  const ago = Math.round((new Date(now.toDateString()) - new Date(then.toDateString())) / 86_400_000);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago === -1) return 'Tomorrow';
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

/** The same within a sentence. */
export const theDay = (iso) => day(iso).replace(/^(?:Today|Yesterday|Tomorrow)$/, (word) => word.toLowerCase());

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
