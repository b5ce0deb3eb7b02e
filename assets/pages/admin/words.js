// How are numbers, sizes and times written? In the reader's language, and short.
import { html } from '../vendor/preact-htm.js';

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

const there = (value) => typeof value === 'number' && Number.isFinite(value);
export const count = (value) => (there(value) ? whole.format(value) : '–');
export const decimal = (value) => (there(value) ? tenths.format(value) : '–');
export const milliseconds = (value) => (there(value) ? `${value < 10 ? tenths.format(value) : whole.format(value)} ms` : '–');
export const many = (value, one, more) => `${count(value)} ${value === 1 ? one : more ?? `${one}s`}`;

export function bytes(value) {
  if (!there(value)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at && value < 100 ? tenths.format(value) : whole.format(value)} ${units[at]}`;
}

export function duration(seconds) {
  if (!there(seconds)) return '–';
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

export const timeOfDay = (value) => clock.format(new Date(value));

function since(at) {
  const seconds = (Date.now() - at) / 1000;
  if (seconds < -5 || seconds > 86_400) return day.format(at);
  if (seconds < 60) return 'just now';
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}

/** A time: how long ago, with the exact time as its tooltip. */
export function When({ at, never = 'never', exact = false }) {
  const time = at ? new Date(at) : null;
  if (!time || Number.isNaN(time.getTime())) return html`<span class="quiet">${never}</span>`;
  const full = moment.format(time);
  return html`<time dateTime=${time.toISOString()} title=${full} class="nobreak">${exact ? day.format(time) : since(time)}</time>`;
}

/** A conversation's name, or the names of its members if it has none. */
export function nameOf(conversation) {
  if (conversation.name) return conversation.name;
  const names = conversation.memberNames ?? conversation.participants?.map((one) => one.name) ?? [];
  const more = (conversation.members ?? names.length) - names.length;
  return names.length ? names.join(', ') + (more > 0 ? ` and ${more} more` : '') : 'Nobody';
}
