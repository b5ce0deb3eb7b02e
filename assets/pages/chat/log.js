// What was said? The messages, by day and by author; the end stays in view, and so does the place when older ones come.

import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact-htm.js';
import { Message } from './message.js';
import * as outbox from './outbox.js';
import { Icon } from './parts.js';
import * as talk from './talk.js';
import { day, dayOf } from './text.js';
import { world } from './world.js';

/** Messages of one author within this time stand together. */
const TOGETHER = 5 * 60_000;

export function Log({ one }) {
  const box = useRef();
  const place = useRef({ end: true, first: null, height: 0, top: 0 });
  const [far, distance] = useState(false);
  const messages = one.messages ?? [];
  const pending = outbox.pending(one.id);
  const lines = [...messages, ...pending.map((entry) => ({ ...entry, entry, key: entry.clientMessageId, senderId: world.me.id, createdAt: entry.at }))];
  const last = lines.at(-1);

  // Before the browser paints, so that nothing is seen to jump.
  useLayoutEffect(() => {
    const [log, was] = [box.current, place.current];
    const first = messages[0]?.id;
    const mine = last?.entry && was.last !== last.key;
    if (was.end || mine) log.scrollTop = log.scrollHeight;
    else if (was.first && first !== was.first) log.scrollTop = was.top + log.scrollHeight - was.height;
    Object.assign(was, { first, last: last?.key, height: log.scrollHeight, top: log.scrollTop });
  });
  // The window or the place to write changed its size: who was at the end stays there.
  useEffect(() => {
    const watch = new ResizeObserver(() => place.current.end && (box.current.scrollTop = box.current.scrollHeight));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => talk.attend(place.current.end), [one.messages?.length]);
  // A page that does not fill the screen cannot be scrolled: then the next one comes by itself.
  useEffect(() => {
    const log = box.current;
    // As drawn, not as it is by now: what came since has no height yet.
    if (messages.length && one.messages?.length === messages.length && one.more && !one.problem && log.scrollHeight <= log.clientHeight) talk.loadOlder(one);
  });

  const scrolled = () => {
    const log = box.current;
    const left = log.scrollHeight - log.scrollTop - log.clientHeight;
    Object.assign(place.current, { end: left < 60, top: log.scrollTop, height: log.scrollHeight });
    distance(left > 400);
    talk.attend(left < 60);
    if (log.scrollTop < 300 && !one.problem) talk.loadOlder(one);
  };
  const toEnd = () => (box.current.scrollTop = box.current.scrollHeight);

  return html`<div class="log-frame">
    <div class="log" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label="Messages" aria-busy=${!one.messages}>
      <div class="log-inside">
        ${one.problem && html`<p class="error">${one.problem} <button class="link" onClick=${() => again(one)}>Try again</button></p>`}
        ${one.messages && !one.more && html`<p class="beginning quiet small">${lines.length ? 'This is where it begins.' : ''}</p>`}
        ${one.more && html`<p class="beginning quiet small">${one.loading ? 'Loading what was said before…' : ' '}</p>`}
        ${one.messages && !lines.length && html`<p class="empty">Nothing has been said here yet. Say hello!</p>`}
        ${lines.map((line, at) => html`<${Line} key=${line.key ?? line.id} line=${line} before=${lines[at - 1]} after=${lines[at + 1]} one=${one} />`)}
      </div>
    </div>
    ${far && html`<button class="to-end" onClick=${toEnd} aria-label=${one.unread ? `${one.unread} new messages below` : 'To the latest message'}>
      <${Icon} name="down" />${one.unread > 0 && html`<span class="badge">${one.unread}</span>`}</button>`}
  </div>`;
}

function again(one) {
  one.problem = '';
  return one.messages ? talk.loadOlder(one) : talk.show(one.id);
}

const together = (one, other) =>
  one && other && one.senderId === other.senderId && dayOf(one.createdAt) === dayOf(other.createdAt) && Math.abs(new Date(other.createdAt) - new Date(one.createdAt)) < TOGETHER;

function Line({ line, before, after, one }) {
  const newDay = !before || dayOf(before.createdAt) !== dayOf(line.createdAt);
  const unread = line.id && line.id === one.newFrom;
  const read = !line.entry && line.createdAt <= one.readUpTo;
  return [
    newDay && html`<h3 class="day" key="day"><span>${day(line.createdAt)}</span></h3>`,
    unread && html`<p class="day unread" key="new"><span>New</span></p>`,
    html`<${Message} key="message" line=${line} read=${read} first=${newDay || unread || !together(before, line)} last=${!together(line, after)} crowd=${one.type === 'group' || one.type === 'room'} />`,
  ];
}
