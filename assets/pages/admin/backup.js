// Is there a backup? This downloads the whole database as it is at one moment, while the server goes on.
import { save } from '../parts/bytes.js';
import { Refused } from '../parts/form.js';
import { html, useState } from '../vendor/preact-htm.js';
import { fetchWith, useLoad } from './api.js';
import { Code, Copy, Facts, Screen } from './parts.js';
import { say } from './said.js';
import { gather, nameOf } from './saving.js';
import { When, bytes, decimal } from './words.js';

const command = 'chat backup --db chat.db chat-backup.db';
const dump = 'pg_dump --format=custom --file=chat.dump postgres://user@host/database';

/** What is on PostgreSQL its own tools copy. */
const Elsewhere = () => html`
  <${Screen} title="Backup" lead="The database is on a PostgreSQL server, whose own tools copy it while everybody talks.">
    <section class="card stack" aria-labelledby="command"><h2 id="command">By command</h2>
      <p class="small quiet"><code>pg_restore --clean</code> puts a copy back, while no server runs. <code>chat export</code> writes what others can read.</p>
      <${Code} label="The command" text=${dump} wrap />
      <div class="buttons"><${Copy} text=${dump} what="the command" /></div>
      <p class="small quiet">Keep it as you keep the server itself: it holds every message, and the secret that tokens are signed with.</p>
    </section>
  </${Screen}>`;

export function Backup() {
  const { said, wrong, reload } = useLoad('stats');
  const [state, set] = useState({ busy: false, size: 0, wrong: null, made: null });
  const make = async () => {
    set({ busy: true, size: 0, wrong: null, made: null });
    const began = performance.now();
    try {
      const answer = await fetchWith('/api/admin/backup');
      let drawn = 0;
      const blob = await gather(answer, (size) => {
        if (performance.now() - drawn < 200) return;
        drawn = performance.now();
        set((was) => ({ ...was, size }));
      });
      const name = nameOf(answer, 'chat-backup.db');
      const url = URL.createObjectURL(blob);
      save(url, name);
      // By then the browser has begun to read it.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      set({ busy: false, size: blob.size, wrong: null, made: { name, seconds: (performance.now() - began) / 1000 } });
      say(`The backup is there: ${bytes(blob.size)}`);
      reload();
    } catch (error) {
      set({ busy: false, size: 0, wrong: error, made: null });
    }
  };
  const stats = said?.stats;
  const own = stats?.backups;
  const { busy, size, made } = state;
  if (stats && stats.walBytes === null) return html`<${Elsewhere} />`;
  return html`
    <${Screen} title="Backup" lead="A consistent copy of the whole database, files included. Nobody has to wait for it.">
      <${Refused} refusal=${wrong} />
      <section class="card stack" aria-label="Make a backup">
        <${Facts} facts=${[['Size now', bytes(stats && stats.databaseBytes)],
          ['Last backup', stats ? html`<${When} at=${stats.lastBackupAt} />` : '–'],
          ...(own ? [['Last one by itself', html`<${When} at=${own.lastAt} />`], ['Last failure', html`<${When} at=${own.failedAt} />`]] : [])]} />
        ${own?.failing && html`<p class="warning">${own.failure}</p>`}
        <div class="buttons"><button class="button main" onClick=${make} disabled=${busy} aria-busy=${busy}>Download a backup</button></div>
        <p class="small progress" role="status">${busy && `Coming: ${bytes(size)} of about ${bytes(stats?.databaseBytes)}`}
          ${made && `${made.name}: ${bytes(size)} in ${decimal(made.seconds)} s`}</p>
        <${Refused} refusal=${state.wrong} retry=${make} />
        <p class="small quiet">Keep it as you keep the server itself: it holds every message, and the secret that tokens are signed with.</p>
      </section>
      <section class="card stack" aria-labelledby="command"><h2 id="command">On the machine itself</h2>
        <p class="small quiet">The same by command, for a timer. <code>chat check</code> looks a copy over, <code>chat restore</code> puts it in place.</p>
        <${Code} label="The command" text=${command} wrap />
        <div class="buttons"><${Copy} text=${command} what="the command" /></div>
      </section>
    </${Screen}>`;
}
