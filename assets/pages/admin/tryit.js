// How does one begin to write a client? Choose a person, get a token, copy a program, and listen with a socket beside it.
import { server } from '../here.js';
import { dialects } from '../parts/dialects.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { admin, me } from './api.js';
import { Console } from './console.js';
import { Code, Copy, Form, Screen } from './parts.js';
import { Picker, useNamed } from './picker.js';
import { languages, programs } from './snippets.js';
import { When } from './words.js';

const placeholder = { id: 'SOMEBODY', number: 1, name: 'somebody' };

function Choice({ label, all, value, choose }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${Object.entries(all).map(([key, title]) => html`<button type="button" class="button slim" aria-pressed=${String(key === value)}
      onClick=${() => choose(key)}>${title}</button>`)}</div>`;
}

/** Whom to write to: the administrator, or the first other account. */
function useOther(person) {
  const [other, set] = useState(null);
  useEffect(() => {
    if (!person || other) return;
    admin('GET', 'users?limit=100').then(({ users }) => {
      const others = users.filter((user) => user.id !== person.id && !user.suspended);
      set(others.find((user) => user.id === me()?.id) ?? others[0] ?? null);
    }, () => {});
  }, [person?.id]);
  return [other?.id === person?.id ? null : other, set];
}

function Snippets({ it, ready }) {
  const [dialect, setDialect] = useState('rooms');
  const [language, setLanguage] = useState('javascript');
  const text = programs[dialect][language](it);
  const names = Object.fromEntries(dialects.filter(({ name }) => programs[name]).map(({ name }) => [name, name]));
  return html`
    <section class="card stack" aria-labelledby="programs">
      <div class="line"><h2 id="programs">A program to begin with</h2><${Copy} text=${text} what="the program" /></div>
      <div class="choices"><${Choice} label="Dialect" all=${names} value=${dialect} choose=${setDialect} />
        <${Choice} label="Language" all=${languages} value=${language} choose=${setLanguage} /></div>
      <p class="small quiet">${programs[dialect].about}${!ready && ' With a token it runs as it stands.'}</p>
      <div class="program"><${Code} label=${`${dialect} in ${languages[language]}`} text=${text} /></div>
    </section>`;
}

export function TryIt({ params }) {
  const [person, choose] = useNamed(params.as);
  const [other, setOther] = useOther(person);
  const [given, set] = useState(null);
  useEffect(() => set(null), [person?.id]);
  const act = async () => {
    if (!person) throw new Error('Choose a person from the list');
    set(await admin('POST', `users/${person.id}/token`, { label: 'Try it' }));
  };
  const it = { url: server, token: given?.token ?? 'TOKEN', me: person ?? placeholder, other: other ?? placeholder };
  return html`
    <${Screen} title="Try it" lead="A token for a person, programs that use it, and a socket to listen with.">
      <section class="card" aria-label="A token">
        <${Form} label="Get a token" button=${given ? 'Get another token' : 'Get a token'} act=${act} className="asking">
          <${Picker} label="As" chosen=${person} choose=${choose} hint="Whom the programs speak for. It is written to the audit log." />
          <${Picker} label="With" chosen=${other} choose=${setOther} hint="Whom they write to." />
        </${Form}>
        <div class="token">${given ? html`<${Code} label="The token" text=${given.token} wrap />
          <p class="small quiet"><${Copy} text=${given.token} what="the token" /> Good until <${When} at=${given.expiresAt} exact />; it
            ends with its device, on the person's page.</p>` : null}</div>
      </section>
      <div class="halves">
        <${Snippets} it=${it} ready=${Boolean(given)} />
        <${Console} token=${given?.token} name=${person?.name} other=${it.other} />
      </div>
    </${Screen}>`;
}
