// Who may come in? An administrator; and whoever has the link of the first start, to become one.
import { Field } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { html, useEffect, useRef } from '../vendor/preact-htm.js';
import { Refusal, admin, ask, signedIn, why } from './api.js';
import { Form } from './parts.js';
import { rename } from './route.js';

function Entry({ title, lead, children }) {
  const heading = useRef();
  useEffect(() => {
    document.title = `${title} · chat administration`;
    heading.current?.focus();
  }, [title]);
  return html`
    <main class="entry">
      <div class="card">
        <p class="brand"><${Icon} name="mark" /><strong>chat</strong> <span class="quiet">administration</span></p>
        <h1 ref=${heading} tabindex="-1">${title}</h1>
        ${lead}
        ${children}
      </div>
    </main>`;
}

export function SignIn() {
  const act = async ({ email, password }) => {
    const { token, user } = await ask('POST', '/auth/login', { email, password }, { token: null });
    try {
      // Only an administrator gets an answer here.
      const mine = await admin('GET', `users/${user.id}`, undefined, { token });
      signedIn(token, mine.user);
    } catch (wrong) {
      // The login is useless here, so it is ended: otherwise it would stay among the person's devices.
      await ask('POST', '/api/auth/logout', {}, { token }).catch(() => {});
      throw wrong.status === 403 ? new Refusal(403, { message: 'This account is not an administrator. Ask one to make you one.' }) : wrong;
    }
  };
  const said = why();
  return html`
    <${Entry} title="Sign in" lead=${said && html`<p class="notice" role="status">${said}</p>`}>
      <${Form} label="Sign in" button="Sign in" act=${act}>
        <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
        <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
      </${Form}>
      <p class="small quiet">No administrator yet? Open the link that the server printed when it first started; <code>chat admin link</code> prints another.</p>
    </${Entry}>`;
}

export function SetUp({ token }) {
  const act = async (values) => {
    const made = await admin('POST', 'setup', { token, ...values }, { token: null });
    rename('#overview');
    signedIn(made.token, made.user);
  };
  return html`
    <${Entry} title="Make the first administrator"
      lead=${html`<p class="quiet">This account looks after the server. It can chat like any other.</p>`}>
      <${Form} label="Make the first administrator" button="Make administrator" act=${act}>
        <${Field} label="Name" name="name" autocomplete="name" required maxlength="100" />
        <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
        <${Field} label="Password" name="password" type="password" autocomplete="new-password" required minlength="6"
          hint="A long one: whoever knows it can read everything." />
      </${Form}>
      <p class="small quiet">The link works once, for 30 minutes. <a href="#overview">Sign in</a> instead.</p>
    </${Entry}>`;
}
