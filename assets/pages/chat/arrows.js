// How does one walk through a list without a mouse?

/** The arrow keys, Home and End move the focus among the items of a list. */
export function withArrows(event, selector) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll(selector)];
  const at = all.indexOf(document.activeElement);
  if (!all.length || (at < 0 && step < 0)) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + step))].focus();
}
