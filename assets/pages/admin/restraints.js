// Who is kept quiet, or out? What an administrator may do to a member of a group or a room, slow mode, and what holds there.
import { Field, Refused } from '../parts/form.js';
import { html, useEffect } from '../vendor/preact-htm.js';
import { admin, me, useLoad } from './api.js';
import { show, sure } from './dialogs.js';
import { Pages, Table } from './list.js';
import { Form, Tag, Waiting } from './parts.js';
import { href, rename } from './route.js';
import { say } from './said.js';
import { When, many } from './words.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** In seconds; empty is for good. */
const lasts = [[600, '10 minutes'], [HOUR, 'An hour'], [DAY, 'A day'], [7 * DAY, 'A week'], ['', 'For good']];
const kinds = {
  silence: { verb: 'Silence', done: 'silenced', text: 'They read what is said, and cannot write or share files here.', gone: false },
  ban: { verb: 'Ban', done: 'banned', text: 'They leave this conversation, hear nothing more of it, and cannot come back.', gone: true },
};

/** Do people rule there, so that there are bans, silences and slow mode? */
export const isRuled = ({ type }) => type === 'group' || type === 'room';

function restrain(one, { id, name }, kind, reload) {
  const { verb, done, text, gone } = kinds[kind];
  sure({
    title: `${verb} ${name}`, button: verb, done: `${name} is ${done}`, gone, text,
    fields: html`<${Field} label="For how long">${(field) => html`<select id=${field} name="seconds" autofocus>
      ${lasts.map(([seconds, words]) => html`<option value=${seconds} selected=${seconds === HOUR}>${words}</option>`)}</select>`}</${Field}>`,
    act: ({ seconds }) => admin('PUT', `conversations/${one.id}/${kind}s/${id}`, seconds ? { seconds: Number(seconds) } : {}).then(reload),
  });
}

/** What may be done to a member. Nobody bans or silences themselves. */
export function Acts({ one, member, reload }) {
  const { id, name } = member;
  const self = id === me()?.id;
  const remove = () => sure({
    title: `Remove ${name}`, button: 'Remove', done: `${name} is removed`, gone: true,
    text: 'They leave this conversation. What they said stays, and nothing keeps them from coming back.',
    act: () => admin('DELETE', `conversations/${one.id}/members/${id}`).then(reload),
  });
  const by = (kind) => html`<button class="button slim bad" disabled=${self} aria-label=${`${kinds[kind].verb}… ${name}`}
    onClick=${() => restrain(one, member, kind, reload)}>${kinds[kind].verb}…</button>`;
  return html`<button class="button slim bad" aria-label=${`Remove ${name}`} onClick=${remove}>Remove</button> ${by('silence')} ${by('ban')}`;
}

function setSlowMode(one, reload) {
  show('Slow mode', (shut) => html`
    <${Form} label="Slow mode" button="Save" cancel=${shut} act=${async ({ seconds }) => {
      await admin('PATCH', `conversations/${one.id}`, { slowMode: Number(seconds) });
      shut();
      say('Slow mode is changed');
      reload();
    }}>
      <p>Everybody waits that long between two of their messages, except owners.</p>
      <${Field} label="Seconds" name="seconds" type="number" min="0" max="21600" required value=${one.slowMode ?? 0} autofocus hint="0 is off." />
    </${Form}>`);
}

export const SlowMode = ({ one, reload }) => html`
  <span>${one.slowMode ? `${many(one.slowMode, 'second')} between two messages` : 'off'} </span><button class="button slim" aria-label="Change slow mode" onClick=${() => setSlowMode(one, reload)}>Change</button>`;

const columns = (one, reload) => [
  { title: 'Name', kind: 'main', cell: (held) => html`<a href=${href('people', held.userId)}>${held.name}</a>` },
  { title: 'Which', cell: ({ kind }) => html`<${Tag} kind="bad">${kinds[kind].done}</${Tag}>` },
  { title: 'Until', cell: ({ until }) => (until ? html`<${When} at=${until} exact />` : 'for good') },
  { title: 'By', cell: (held) => html`<a href=${href('people', held.by)}>${held.byName}</a>` },
  { title: 'Since', cell: ({ at }) => html`<${When} at=${at} />` },
  { title: 'Acts', kind: 'acts', cell: (held) => html`<button class="button slim" aria-label=${`Lift the ${held.kind} of ${held.name}`} onClick=${() => sure({
    title: `Lift the ${held.kind} of ${held.name}`, button: 'Lift', done: `The ${held.kind} is lifted`, gone: true,
    text: held.kind === 'ban' ? 'They can come back, and do not belong to the conversation before they do.' : 'They can write here again.',
    act: () => admin('DELETE', `conversations/${one.id}/${held.kind}s/${held.userId}`).then(reload),
  })}>Lift</button>` },
];

/** Who is banned or silenced, the latest first; asked for again when `stamp` changes. */
export function Restrained({ one, params, stamp, reload }) {
  const { page = 1 } = params;
  const { said, wrong, busy, reload: again } = useLoad(`conversations/${one.id}/restraints?page=${encodeURIComponent(page)}`, 0, stamp);
  const held = said?.restraints;
  const last = said?.pagination.totalPages;
  useEffect(() => {
    // The last one of the last page was lifted.
    if (last && page > last) rename(href('conversations', one.id, { page: last > 1 ? last : '' }));
  }, [page, last]);
  return html`
    <section aria-labelledby="restrained"><h2 id="restrained">Banned and silenced</h2>
      <${Refused} refusal=${wrong} retry=${again} />
      <div class="card flush">
        ${!held && !wrong && html`<${Waiting} rows=${2} />`}
        ${held?.length === 0 && html`<p class="empty">Nobody is.</p>`}
        ${held?.length > 0 && html`<${Table} label="Banned and silenced" columns=${columns(one, reload)} rows=${held}
          keyOf=${({ userId, kind }) => `${kind} ${userId}`} busy=${busy && !said} />`}
      </div>
      ${last > 1 && html`<${Pages} label="Pages of banned and silenced" pagination=${said.pagination}
        hrefOf=${(to) => href('conversations', one.id, { page: to })} />`}
    </section>`;
}
