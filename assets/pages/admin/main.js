// What does an administrator see? First the sign-in page, then a menu with one screen for each task.
import { Icon } from '../parts/icon.js';
import { html, render, useEffect, useState } from '../vendor/preact-htm.js';
import { ask, signedOut, useLogin } from './api.js';
import { Audit, Settings } from './settings.js';
import { Backup } from './backup.js';
import { Conversation, Conversations } from './conversations.js';
import { Host, close } from './dialogs.js';
import { Invitations } from './invitations.js';
import { Files } from './files.js';
import { Notify, Sessions } from './sessions.js';
import { Outbox } from './outbox.js';
import { Overview } from './overview.js';
import { People } from './people.js';
import { Person } from './person.js';
import { Search } from './search.js';
import { SetUp, SignIn } from './entry.js';
import { Sockets } from './sockets.js';
import { TryIt } from './tryit.js';
import { Wire } from './wire.js';
import { Screen } from './parts.js';
import { href, useRoute } from './route.js';

const groups = [
  ['Watch', [['overview', 'Overview', Overview], ['wire', 'Live wire', Wire], ['sockets', 'Sockets', Sockets]]],
  ['Chat', [['people', 'People', People, Person], ['invitations', 'Invitations', Invitations], ['conversations', 'Conversations', Conversations, Conversation],
    ['search', 'Search', Search], ['files', 'Files', Files], ['sessions', 'Sessions', Sessions]]],
  ['Messages out', [['outbox', 'Outbox', Outbox], ['notifications', 'Notifications', Notify]]],
  ['Server', [['backup', 'Backup', Backup], ['audit', 'Audit', Audit], ['settings', 'Settings', Settings]]],
  ['Build', [['try', 'Try it', TryIt]]],
];
const screens = Object.fromEntries(groups.flatMap(([, all]) => all).map(([key, title, many, one]) => [key, { title, many, one }]));

const schemes = { system: 'light dark', light: 'light', dark: 'dark' };
const setScheme = (name) => {
  document.documentElement.style.colorScheme = schemes[name] ?? schemes.system;
  dispatchEvent(new Event('schemechange'));
};
const chosen = localStorage.getItem('chat.scheme') ?? 'system';
setScheme(chosen);

function Looks() {
  const [name, set] = useState(chosen);
  const choose = (event) => {
    const now = event.currentTarget.value;
    localStorage.setItem('chat.scheme', now);
    setScheme(now);
    set(now);
  };
  return html`
    <select class="lone small" aria-label="Colours" value=${name} onChange=${choose}>
      <option value="system">System</option><option value="light">Light</option><option value="dark">Dark</option>
    </select>`;
}

function Navigation({ screen, user, token }) {
  const [open, set] = useState(false);
  useEffect(() => {
    const shut = () => set(false);
    const key = (event) => event.key === 'Escape' && shut();
    addEventListener('hashchange', shut);
    addEventListener('keydown', key);
    return () => {
      removeEventListener('hashchange', shut);
      removeEventListener('keydown', key);
    };
  }, []);
  const leave = () => {
    // Here first, so that nothing asks with a token that is about to end.
    signedOut('You have signed out.');
    ask('POST', '/api/auth/logout', {}, { token }).catch(() => {});
  };
  return html`
    <header class=${`side ${open ? 'open' : ''}`}>
      <div class="brand">
        <a href="#overview"><${Icon} name="mark" /><strong>chat</strong> <span class="quiet">administration</span></a>
        <button class="button plain menu" aria-expanded=${String(open)} aria-controls="navigation" onClick=${() => set(!open)}>
          <${Icon} name="menu" /><span class="unseen">Menu</span></button>
      </div>
      <div class="drawer" id="navigation">
        <nav aria-label="Screens">
          ${groups.map(([title, all]) => html`
            <p class="group" id=${`group-${all[0][0]}`}>${title}</p>
            <ul aria-labelledby=${`group-${all[0][0]}`}>
              ${all.map(([key, name]) => html`<li><a href=${href(key)} aria-current=${key === screen ? 'page' : undefined}>
                <${Icon} name=${key} />${name}</a></li>`)}
            </ul>`)}
        </nav>
        <div class="foot">
          <p class="who"><span class="small quiet">Signed in as</span><br />${user?.name ?? user?.full_name ?? user?.email ?? 'administrator'}</p>
          <${Looks} />
          <button class="button slim" onClick=${leave}>Sign out</button>
        </div>
      </div>
    </header>`;
}

function Nowhere() {
  return html`<${Screen} title="There is nothing here"><p>Choose a screen, or go to the <a href="#overview">overview</a>.</p></${Screen}>`;
}

function Page() {
  const login = useLogin();
  const { screen, id, params } = useRoute();
  const setup = /^setup=(.+)$/.exec(screen);
  useEffect(() => {
    // Whoever is signed in does not need the link for the first administrator.
    if (setup && login) location.replace('#overview');
  }, [Boolean(setup), Boolean(login)]);
  useEffect(() => {
    // An open dialog belongs to the login that ended.
    if (!login) close();
  }, [Boolean(login)]);
  if (!login) return html`${setup ? html`<${SetUp} token=${setup[1]} />` : html`<${SignIn} />`}<${Host} />`;
  const known = screens[screen];
  const Show = (id ? known?.one : known?.many) ?? Nowhere;
  const skip = (event) => {
    event.preventDefault();
    document.querySelector('main h1')?.focus();
  };
  return html`
    <a class="skip button main" href="#main" onClick=${skip}>Skip to the content</a>
    <div class="frame">
      <${Navigation} screen=${screen} user=${login.user} token=${login.token} />
      <main id="main" class=${`screen-${screen.replace(/\W/g, '')}`}><${Show} key=${`${screen}/${id}`} screen=${screen} id=${id} params=${params} /></main>
    </div>
    <${Host} />`;
}

const page = document.querySelector('#page');
page.replaceChildren();
render(html`<${Page} />`, page);
