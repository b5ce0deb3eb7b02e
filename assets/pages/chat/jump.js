// Whom or what does one want to go to? Ctrl K, a few letters, Enter.

import { Dialog } from '../parts/dialog.js';
import { Face } from '../parts/face.js';
import { Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { withArrows } from './arrows.js';
import { everybody, usePages } from './begin.js';
import * as conversations from './conversations.js';
import { Faces } from './faces.js';
import { others, titleOf } from './people.js';

/** The keys that lead here, and whether one is here now: `[open, close]`. */
export function useJump(able) {
  const [open, show] = useState(false);
  useEffect(() => {
    const key = (event) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      // Over another dialog it would hide what one was doing there.
      if (able && !document.querySelector('dialog[open]')) show(true);
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [able]);
  return [open && able, () => show(false)];
}

export function Jump({ close }) {
  const [sought, seek] = useState('');
  const [people, failed] = usePages(everybody);
  const [, refusal, run] = useDoing();
  const words = sought.trim().toLocaleLowerCase();
  const fits = (name) => name.toLocaleLowerCase().includes(words);
  const known = conversations.list();
  const met = new Set(known.filter(({ type }) => type === 'direct').flatMap((one) => others(one).map(({ id }) => id)));
  const choices = [
    ...known.filter((one) => fits(titleOf(one))).map((one) => ({
      key: one.id, name: titleOf(one), one, note: one.unread ? `${one.unread} unread` : '', go: () => (location.hash = `c/${one.id}`),
    })),
    // Without a word, only where one has been.
    ...(words ? (people ?? []).filter(({ id, name }) => !met.has(id) && fits(name)) : []).map((person) => ({
      key: person.id, name: person.name, url: person.avatarUrl, note: 'New conversation', go: () => conversations.begin(api.talkTo(person.id)),
    })),
  ].slice(0, 40);
  const go = async (choice) => (await run(async () => choice.go())) && close();
  const enter = (event) => {
    event.preventDefault();
    if (choices[0]) go(choices[0]);
  };
  return html`<${Dialog} title="Go to" close=${close}>
    <form class="choosing" onSubmit=${enter} onKeyDown=${(event) => withArrows(event, '.choice')}>
      <input class="lone" type="text" role="searchbox" aria-label="Go to a conversation or a person" placeholder="A conversation or a person" value=${sought} autofocus onInput=${(event) => seek(event.target.value)} />
      <${Refused} refusal=${refusal ?? failed} />
      <ul class="choices" aria-label="Where to go">${choices.map((choice) => html`<li key=${choice.key}><button type="button" class="choice" onClick=${() => go(choice)}>
        ${choice.one ? html`<${Faces} one=${choice.one} title=${choice.name} small />` : html`<${Face} id=${choice.key} name=${choice.name} url=${choice.url} small />`}<bdi>${choice.name}</bdi>
        ${choice.note && html`<span class="small quiet aside">${choice.note}</span>`}</button></li>`)}</ul>
      ${!choices.length && html`<p class="empty">${words ? `Nothing and nobody is called “${sought.trim()}”.` : 'You are in no conversation yet. Type a name to write to somebody.'}</p>`}
    </form>
  <//>`;
}
