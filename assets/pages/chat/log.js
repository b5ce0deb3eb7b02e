// How are the messages shown? By day and by author. Only those near the view are in the document, however many the page
// has; empty space before and after them is as high as the others would be (heights.js).
//
// The view does not jump when messages are loaded, measured or added elsewhere: the `anchor` is the line at the top of the
// view, with its distance from there. A view that is at the end stays at the end.

import { Refused } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import * as conversations from './conversations.js';
import { Heights } from './heights.js';
import * as history from './history.js';
import { Message } from './message.js';
import * as pending from './pending.js';
import { isMe, meet, nameOf } from './people.js';
import * as reading from './reading.js';
import { day, dayOf, fully } from './text.js';
import { store } from './store.js';

/** Messages of one author within this time are shown as a group. */
const TOGETHER = 5 * 60_000;
// In pixels: how far beyond the view lines are drawn; how little of that may be left before more are drawn; how near to an
// end the next page is loaded; and how near to the end still counts as the end.
const BEYOND = 480;
const LEAST = 160;
const NEAR = 600;
const AT_END = 60;
/** How far from the top the first unread line is when a conversation opens. */
const OPENS_AT = 96;

export function Log({ one }) {
  const box = useRef();
  const list = useRef();
  const [, redraw] = useState(0);
  const draw = () => redraw((times) => times + 1);
  const [far, distance] = useState(false);
  const [reached, reach] = useState(null);
  const place = useRef({ heights: new Heights(), stretch: -1, end: true, anchor: null, from: 0, to: 0, high: 700, width: 0 }).current;

  const messages = one.messages ?? [];
  const waiting = pending.of(one.id).map((entry) => ({ ...entry, entry, key: entry.clientMessageId, senderId: store.me.id, createdAt: entry.at }));
  const count = messages.length + waiting.length;
  const lineAt = (at) => messages[at] ?? waiting[at - messages.length];
  follow(place, one, messages, count);
  const mine = waiting.at(-1)?.key;
  if (mine && place.mine !== undefined && place.mine !== mine) place.end = true;
  place.mine = mine ?? null;
  choose(place, count);

  // This runs before the browser paints, so nothing is seen to jump.
  useLayoutEffect(() => {
    const had = place.focus && document.activeElement === document.body;
    measure(place, box.current, list.current);
    settle(place, box.current, list.current, !one.newer);
    // Whoever goes to a message goes on from there, also by keyboard. If the line that had the focus is not drawn any more,
    // the log takes it, so that the keys still scroll.
    const arrived = place.arrives && list.current.querySelector('.sought .more');
    if (arrived || had) (arrived || box.current).focus({ preventScroll: true });
    place.arrives = false;
    place.focus = box.current.contains(document.activeElement);
    if (isShort(place)) draw();
    look();
  });
  // Draws again if the window, the text field or a picture changes its size.
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      if (box.current.clientWidth !== place.width) place.heights.reset(place.heights.length);
      place.width = box.current.clientWidth;
      draw();
    });
    watch.observe(box.current);
    watch.observe(list.current);
    return () => watch.disconnect();
  }, []);

  /** Notes the last message in view as read, and loads more near an end. */
  const look = () => {
    const log = box.current;
    const y = log.scrollTop - list.current.offsetTop;
    const left = log.scrollHeight - log.scrollTop - log.clientHeight;
    distance(left > 400 || one.newer);
    if (!messages.length) return;
    const { heights } = place;
    let last = heights.find(y + log.clientHeight + 4);
    if (heights.offset(last) + heights.of(last) > y + log.clientHeight + 4) last -= 1;
    const seen = messages[Math.min(last, messages.length - 1)];
    if (seen) reading.saw(one, seen);
    if (one.problem || one.loading) return;
    if (y < NEAR && one.more) history.loadOlder(one).then(meet);
    else if (left < NEAR && one.newer) history.loadNewer(one).then(meet);
  };
  const scrolled = () => {
    const log = box.current;
    const { heights } = place;
    // We scrolled ourselves, not the reader.
    if (Math.abs(log.scrollTop - place.top) < 1) return look();
    const y = log.scrollTop - list.current.offsetTop;
    const at = heights.find(y);
    place.top = log.scrollTop;
    place.anchor = { at, above: y - heights.offset(at) };
    place.end = !one.newer && log.scrollHeight - log.scrollTop - log.clientHeight < AT_END;
    if (isShort(place)) draw();
    look();
  };
  const toEnd = () => {
    place.end = true;
    history.toLatest(one).then(meet, () => {});
    draw();
  };

  // One message's menu can be reached by Tab, and from there the arrow keys lead on.
  const walk = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.matches('.more')) return;
    event.preventDefault();
    let next = event.target.closest('article');
    do next = step < 0 ? next.previousElementSibling : next.nextElementSibling;
    while (next && !next.querySelector('.more'));
    next?.querySelector('.more').focus();
  };
  const came = (event) => event.target.matches('.more') && reach(event.target.closest('article').dataset.id);

  const drawn = [];
  let lead = Math.min(place.to, messages.length) - 1;
  for (let at = place.from; at < lead; at += 1) if (lineAt(at).id === reached) lead = at;
  for (let at = place.from; at < place.to; at += 1) {
    const line = lineAt(at);
    drawn.push(html`<${Line} key=${line.key ?? line.id} line=${line} before=${lineAt(at - 1)} after=${lineAt(at + 1)} one=${one} at=${at} of=${one.more || one.newer ? -1 : count} reached=${at === lead} />`);
  }
  return html`<div class="log-frame">
    <div class="log" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label="Messages" aria-busy=${!one.messages}>
      <div class="log-inside">
        <${Refused} refusal=${one.problem} retry=${() => again(one)} />
        ${one.messages && !one.more && html`<p class="beginning quiet small">${count ? 'This is where it begins.' : ''}</p>`}
        ${one.more && html`<p class="beginning quiet small">${one.loading ? 'Loading what was said before…' : ' '}</p>`}
        ${one.messages && !count && html`<p class="empty">Nothing has been said here yet. Say hello!</p>`}
        <div class="lines" ref=${list} onKeyDown=${walk} onfocusin=${came} role=${count ? 'feed' : undefined} aria-label=${count ? 'What was said' : undefined} aria-busy=${count ? Boolean(one.loading) : undefined}>
          <div class="space" aria-hidden="true"></div>
          ${drawn}
          <div class="space" aria-hidden="true"></div>
        </div>
      </div>
    </div>
    ${far && html`<button class="to-end" onClick=${toEnd} aria-label=${one.unread ? `${one.unread} new messages below` : 'To the latest message'}>
      <${Icon} name="down" />${one.unread > 0 && html`<span class="badge">${one.unread > 999 ? '999+' : one.unread}</span>`}</button>`}
  </div>`;
}

/** Lines were added or replaced: their heights and the anchor move with them. */
function follow(place, one, messages, count) {
  const { heights } = place;
  if (place.stretch !== one.stretch) {
    place.stretch = one.stretch;
    heights.reset(count);
    const first = one.landsAt ? messages.findIndex(({ id }) => id === one.landsAt) : -1;
    place.end = first < 0 && !one.newer;
    place.anchor = { at: Math.max(0, first), above: -OPENS_AT };
  } else if (place.first && messages[0] !== place.first) {
    const older = Math.max(0, messages.indexOf(place.first));
    heights.prepend(older);
    if (place.anchor) place.anchor.at += older;
    place.from += older;
    place.to += older;
  }
  heights.resize(count);
  place.first = messages[0];
  if (place.jump === one.jump) return;
  place.jump = one.jump;
  const at = one.jump ? messages.findIndex(({ id }) => id === one.jump.id) : -1;
  if (at >= 0) Object.assign(place, { end: false, anchor: { at, above: -OPENS_AT }, arrives: true });
}

/** Chooses which lines to draw: those in the view and some around it, unless the drawn ones still cover it. */
function choose(place, count) {
  const { heights, anchor, high } = place;
  if (place.end) {
    const bottom = heights.offset(count);
    place.from = heights.find(bottom - high - BEYOND);
    place.to = count;
    return;
  }
  const y = heights.offset(Math.min(anchor.at, count)) + anchor.above;
  if (!isShort(place, y) && place.to <= count) return;
  place.from = heights.find(y - BEYOND);
  place.to = count ? heights.find(y + high + BEYOND) + 1 : 0;
}

/** Is the view near lines that are not drawn? */
function isShort({ heights, anchor, from, to, high, end }, y) {
  if (end && to !== heights.length) return true;
  const top = y ?? (end ? heights.offset(to) - high : heights.offset(anchor.at) + anchor.above);
  return (from > 0 && heights.offset(from) > top - LEAST) || (to < heights.length && heights.offset(to) < top + high + LEAST);
}

function measure(place, log, list) {
  place.high = log.clientHeight;
  let at = place.from;
  for (const line of list.querySelectorAll(':scope > article')) place.heights.measure(at++, line.getBoundingClientRect().height);
}

/** Sizes the empty space for the lines that are not drawn, and scrolls to where the view was. */
function settle(place, log, list, isWhole) {
  const { heights, from, to, anchor } = place;
  list.firstElementChild.style.height = `${heights.offset(from)}px`;
  list.lastElementChild.style.height = `${heights.offset(heights.length) - heights.offset(to)}px`;
  const wanted = place.end ? log.scrollHeight - log.clientHeight : list.offsetTop + heights.offset(anchor.at) + anchor.above;
  if (Math.abs(log.scrollTop - wanted) >= 1) log.scrollTop = wanted;
  place.top = log.scrollTop;
  if (place.end || Math.abs(place.top - wanted) < 1) return;
  // There is less above or below than the anchor asks for.
  const y = place.top - list.offsetTop;
  const at = heights.find(y);
  place.anchor = { at, above: y - heights.offset(at) };
  place.end = isWhole && place.top < wanted;
}

function again(one) {
  one.problem = null;
  return one.messages ? history.loadOlder(one) : conversations.show(one.id);
}

const together = (one, other) =>
  one && other && one.senderId === other.senderId && dayOf(one.createdAt) === dayOf(other.createdAt) && Math.abs(new Date(other.createdAt) - new Date(one.createdAt)) < TOGETHER;

function Line({ line, before, after, one, at, of, reached }) {
  const newDay = !before || dayOf(before.createdAt) !== dayOf(line.createdAt);
  const unread = line.id && line.id === one.newFrom;
  const own = isMe(line.senderId);
  const readers = own && !line.entry ? reading.readers(one, line.createdAt) : { read: 0, of: 0 };
  return html`<article class=${`line ${line.id && one.jump?.id === line.id ? 'sought' : ''}`} data-id=${line.id} aria-posinset=${at + 1} aria-setsize=${of} aria-label=${`${own ? 'You' : nameOf(line.senderId)}, ${fully(line.createdAt)}`}>
    ${newDay && html`<h3 class="day"><span>${day(line.createdAt)}</span></h3>`}
    ${unread && html`<p class="day unread"><span>New</span></p>`}
    <${Message} line=${line} one=${one} reached=${reached} readers=${readers} first=${newDay || unread || !together(before, line)} last=${!together(line, after)} crowd=${one.type === 'group' || one.type === 'room'} />
  </article>`;
}
