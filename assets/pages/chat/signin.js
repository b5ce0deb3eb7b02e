// How does one sign in? With a password, with a new account, with Google, or after a forgotten password.

import { at, made } from '../here.js';
import { Field, Refused, useDoing } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';
import { invitation, signIn, signInWithGoogle, signUp } from './login.js';
import { useStore } from './store.js';

/** The token of a mailed link. It is behind the `#`, where no server on the way sees it. */
export const resetToken = () => /^#reset(?:\?token)?=([^&]+)$/.exec(location.hash)?.[1];

/** What the page's address asks for. */
const wanted = () => (resetToken() ? 'reset' : invitation() ? 'up' : null);

/** Why one cannot make an account here oneself; empty if one can. */
function shut({ signUp }) {
  if (signUp === 'closed') return 'Accounts here are made by whoever runs this server.';
  if (signUp === 'invited' && !invitation()) return 'An account here needs an invitation. Ask whoever runs this server for a link.';
  return '';
}

const screens = {
  in: {
    title: 'Welcome back',
    button: 'Sign in',
    fields: ['email', 'password'],
    go: ({ email, password }) => signIn(email, password),
  },
  up: {
    title: 'Make an account',
    button: 'Sign up',
    fields: ['username', 'email', 'newPassword'],
    go: ({ username, email, password }) => signUp(username, email, password),
  },
  forgot: {
    title: 'Forgotten password',
    lead: 'Say who you are, and we send you a link to choose a new one.',
    button: 'Send the link',
    fields: ['email'],
    go: ({ email }) => api.askForReset(email),
    done: 'If this address has an account, a mail with a link is on its way. It is good for one hour.',
    // If the server sends no mail.
    mailless: {
      lead: 'This server sends no mail. Say who you are, and ask whoever runs it for a link to choose a new one.',
      button: 'Ask for the link',
      done: 'If this address has an account, whoever runs this server has a link for you: ask them. It is good for one hour.',
    },
  },
  reset: {
    title: 'Choose a new password',
    lead: 'You will be signed out everywhere else.',
    button: 'Save the password',
    fields: ['newPassword'],
    go: ({ password }) => api.resetPassword(resetToken(), password),
    done: 'Your new password is saved. Sign in with it.',
  },
};

const inputs = {
  username: { name: 'username', label: 'Name', autocomplete: 'username', hint: 'Others find you by it.', maxlength: 100 },
  email: { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email', inputmode: 'email' },
  password: { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' },
  code: { name: 'verificationCode', label: 'Code', inputmode: 'numeric', autocomplete: 'one-time-code' },
  newPassword: { name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters.', minlength: 8 },
};

/** Where only proven addresses sign up: first a code is mailed, then it comes with all the rest. */
function byCode(domains, sent, send, values) {
  const waits = sent?.email === values.email;
  return {
    lead: waits ? `${sent.said}.` : `Accounts here are for addresses of ${domains.join(' or ')}. A code shows that yours is one.`,
    button: waits ? 'Sign up' : 'Send me a code',
    fields: waits ? ['username', 'email', 'newPassword', 'code'] : ['username', 'email', 'newPassword'],
    go: async ({ username, email, password, verificationCode }) => {
      if (!waits) return send({ email, said: await api.askForCode(email, invitation()) });
      // A right code is used up, and what it gave is good for the next try.
      sent.proof ??= await api.proveCode(email, verificationCode);
      await signUp(username, email, password, sent.proof);
    },
  };
}

export function SignIn() {
  const { farewell, about } = useStore();
  const [screen, turnTo] = useState(wanted() ?? 'in');
  const [note, tell] = useState('');
  const [values, fill] = useState({ username: '', email: '', password: '', verificationCode: '' });
  // Where a code was sent to, and what it proved.
  const [sent, send] = useState(null);
  const [busy, refusal, run] = useDoing();
  const [mails, learn] = useState(true);
  const why = shut(about);
  const closed = screen === 'up' && why;
  const domains = screen === 'up' && !closed && about.signUpDomains;
  const { title, lead, button, fields, go, done } = {
    ...screens[screen], ...(!mails && screens[screen].mailless), ...(closed && { lead: why, fields: [] }),
    ...(domains?.length && byCode(domains, sent, send, values)),
  };

  useEffect(() => {
    const look = () => wanted() && turnTo(wanted());
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  useEffect(() => {
    if (screens[screen].mailless) api.mail().then(({ sent }) => learn(sent)).catch(() => {});
  }, [screen]);
  useEffect(() => {
    document.title = `${title} · chat`;
    document.querySelector('#signin input')?.focus();
  }, [screen]);

  const turn = (to, words = '') => () => {
    if (screen === 'reset') history.replaceState(null, '', at('/'));
    turnTo(to);
    tell(words);
    fill({ ...values, password: '' });
    run(() => {});
  };
  const submit = async (event) => {
    event.preventDefault();
    if ((await run(() => go(values))) && done) turn('in', done)();
  };
  const known = fields.some((field) => refusal?.faults?.[inputs[field].name]);

  return html`<main class="signin">
    <form id="signin" class="card" onSubmit=${submit} aria-labelledby="signin-title">
      <img src=${made('icon.svg')} alt="" width="44" height="44" />
      <h1 id="signin-title">${title}</h1>
      ${lead && html`<p class="quiet">${lead}</p>`}
      ${note && html`<p class="note" role="status">${note}</p>`}
      ${farewell && !note && screen === 'in' && html`<p class="note" role="status">${farewell}</p>`}
      ${fields.map((field) => {
        const { name, ...input } = inputs[field];
        return html`<${Field} key=${field} name=${name} ...${input} required value=${values[name]} fault=${refusal?.faults?.[name]}
          onInput=${(event) => fill({ ...values, [name]: event.target.value })} />`;
      })}
      <${Refused} refusal=${refusal && !known && { message: words(refusal, screen) }} />
      ${!closed && html`<button class="button main" disabled=${busy}>${busy ? 'One moment…' : button}</button>`}
      ${about.googleLogin && (screen === 'in' || screen === 'up') && html`<button type="button" class="button" onClick=${signInWithGoogle}>Continue with Google</button>`}
      <nav aria-label="Other ways in">
        ${screen === 'in' && !why && html`<button type="button" class="link" onClick=${turn('up')}>Make an account</button>`}
        ${screen === 'in' && html`<button type="button" class="link" onClick=${turn('forgot')}>Forgotten your password?</button>`}
        ${screen !== 'in' && html`<button type="button" class="link" onClick=${turn('in')}>Back to signing in</button>`}
      </nav>
      ${screen === 'in' && why && html`<p class="quiet">${why}</p>`}
    </form>
  </main>`;
}

function words(refusal, screen) {
  if (refusal.status === 401 && screen === 'in') return 'This e-mail and password do not fit together.';
  if (screen === 'reset' && refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) {
    return 'This link is not good any more. Ask for a new one.';
  }
  return refusal.message;
}
