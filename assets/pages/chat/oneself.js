// How does one change who one is? Name and picture, password, address; a copy of everything, and leaving for good.

import { Face } from '../parts/face.js';
import { Field, Refused, useDoing } from '../parts/form.js';
import { save } from '../parts/bytes.js';
import { html, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { goneForGood } from './login.js';
import { changed, store, toast } from './store.js';

/** The state of a few fields, and what each input needs of it: `[values, field]`. */
function useFields(begun) {
  const [values, set] = useState(begun);
  return [values, (name) => ({ name, value: values[name], onInput: (event) => set({ ...values, [name]: event.target.value }) })];
}

const rest = (refusal, ...named) => (named.some((name) => refusal?.faults?.[name]) ? null : refusal);
const Buttons = ({ words, busy, back, kind = 'main' }) => html`<footer class="buttons"><button class=${`button ${kind}`} disabled=${busy}>${words}</button><button type="button" class="button" onClick=${back}>Back</button></footer>`;
const submitted = (act) => (event) => (event.preventDefault(), act());

export function Profile({ back }) {
  const { me } = store;
  const [{ name }, field] = useFields({ name: me.name });
  const [busy, refusal, run] = useDoing();
  const take = ({ user }) => {
    Object.assign(me, { name: user.name, avatarUrl: user.avatarUrl });
    changed();
  };
  const keep = async () => (await run(async () => take(await api.changeProfile({ name: name.trim() })))) && back();
  const show = (event) => {
    const [file] = event.target.files;
    event.target.value = '';
    if (!file) return;
    const form = new FormData();
    form.append('picture', file);
    run(async () => take(await api.changeProfile(form)));
  };
  return html`<form class="choosing" onSubmit=${submitted(keep)}>
    <p class="member"><${Face} id=${me.id} name=${me.name} url=${me.avatarUrl} />
      ${me.avatarUrl && html`<button type="button" class="button" disabled=${busy} onClick=${() => run(async () => take(await api.changeProfile({ picture: null })))}>Take the picture away</button>`}</p>
    <${Field} label="Picture">${(id) => html`<input id=${id} type="file" accept="image/png,image/jpeg,image/gif,image/webp" disabled=${busy} onChange=${show} />`}<//>
    <${Field} label="Name" required maxlength="100" fault=${refusal?.faults?.name} ...${field('name')} />
    <${Refused} refusal=${rest(refusal, 'name')} />
    <${Buttons} words="Save" busy=${busy || !name.trim()} back=${back} />
  </form>`;
}

export function Password({ back }) {
  const [{ current, next }, field] = useFields({ current: '', next: '' });
  const [busy, refusal, run] = useDoing();
  const change = async () => {
    if (!(await run(() => api.changePassword(current, next)))) return;
    toast({ title: 'Your new password is saved', text: 'All other devices are signed out.' });
    back();
  };
  return html`<form class="choosing" onSubmit=${submitted(change)}>
    <${Field} label="Your password now" type="password" autocomplete="current-password" fault=${refusal?.faults?.currentPassword} ...${field('current')} />
    <${Field} label="New password" type="password" autocomplete="new-password" required fault=${refusal?.faults?.newPassword} ...${field('next')} />
    <${Refused} refusal=${rest(refusal, 'currentPassword', 'newPassword')} />
    <${Buttons} words="Save the password" busy=${busy || !next} back=${back} />
  </form>`;
}

export function Address({ back }) {
  const [{ email, password, code }, field] = useFields({ email: '', password: '', code: '' });
  const [note, tell] = useState('');
  const [busy, refusal, run] = useDoing();
  const ask = () => run(async () => tell((await api.askForAddress(email.trim(), password)).message));
  const prove = async () => {
    const proven = await run(async () => {
      const { user } = await api.proveAddress(code.trim());
      Object.assign(store.me, { email: user.email });
      changed();
    });
    if (proven) back();
  };
  if (note) return html`<form class="choosing" onSubmit=${submitted(prove)}>
    <p role="status">${note}.</p>
    <${Field} label="Code" inputmode="numeric" autocomplete="one-time-code" required fault=${refusal?.faults?.code} ...${field('code')} />
    <${Refused} refusal=${rest(refusal, 'code')} />
    <${Buttons} words="Use this address" busy=${busy || !code.trim()} back=${() => tell('')} />
  </form>`;
  return html`<form class="choosing" onSubmit=${submitted(ask)}>
    <p class="quiet small">Now it is ${store.me.email}. A code to the new address shows that it is yours.</p>
    <${Field} label="New e-mail" type="email" autocomplete="email" required fault=${refusal?.faults?.email} ...${field('email')} />
    <${Field} label="Your password" type="password" autocomplete="current-password" fault=${refusal?.faults?.password} ...${field('password')} />
    <${Refused} refusal=${rest(refusal, 'email', 'password')} />
    <${Buttons} words="Send the code" busy=${busy || !email.trim()} back=${back} />
  </form>`;
}

export function Copy({ back }) {
  const [busy, refusal, run] = useDoing();
  const load = () => run(async () => {
    const url = URL.createObjectURL(await api.exported());
    save(url, 'chat-export.zip');
    // The browser has begun to save by then.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
  return html`<div class="choosing">
    <p>A ZIP file with your account, your conversations, what you said, and your files.</p>
    <${Refused} refusal=${refusal} />
    <footer class="buttons"><button type="button" class="button main" disabled=${busy} onClick=${load}>${busy ? 'Packing…' : 'Download it'}</button><button type="button" class="button" onClick=${back}>Back</button></footer>
  </div>`;
}

export function Leaving({ back }) {
  const [{ password, messages }, field] = useFields({ password: '', messages: 'keep' });
  const [busy, refusal, run] = useDoing();
  const go = async () => (await run(() => api.removeAccount(password, messages))) && goneForGood('Your account is gone. Farewell!');
  const choice = (value, words) => html`<label><input type="radio" ...${field('messages')} value=${value} checked=${messages === value} />${words}</label>`;
  return html`<form class="choosing" onSubmit=${submitted(go)}>
    <p>Your name, your address and your picture are deleted, and nobody can bring them back. You are signed out everywhere.</p>
    <fieldset class="options"><legend class="small quiet">What you said</legend>
      ${choice('keep', 'stays, without your name')}
      ${choice('delete', 'is deleted too, with your files')}</fieldset>
    <${Field} label="Your password" type="password" autocomplete="current-password" fault=${refusal?.faults?.password} ...${field('password')} />
    <${Refused} refusal=${rest(refusal, 'password')} />
    <${Buttons} words="Delete my account" kind="bad" busy=${busy} back=${back} />
  </form>`;
}
