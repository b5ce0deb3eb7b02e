// What does a competent chat server on Node or Bun do? The rooms document, as far as the load asks for it.
//
//     node server.mjs --db FILE --commit message|turn --bcrypt-cost N
//     bun server.mjs …
//
// It says where it serves in a line of JSON, and ends when its standard input closes.

import { parseArgs } from 'node:util';

import { Accounts } from './accounts.mjs';
import { Rest } from './rest.mjs';
import { listen } from './sockets.mjs';
import { Store } from './store.mjs';

const { values: flags } = parseArgs({
  options: {
    db: { type: 'string' },
    commit: { type: 'string', default: 'turn' },
    'bcrypt-cost': { type: 'string', default: '10' },
  },
});

const runtime = await import(process.versions.bun ? './on_bun.mjs' : './on_node.mjs');
const store = new Store(runtime.openDatabase(flags.db), flags.commit);
const accounts = new Accounts(store, runtime.passwords(Number(flags['bcrypt-cost'])));
// The doors make Socket.IO's server; REST tells its rooms what was sent.
const rest = new Rest(store, accounts);
const { io, port } = await runtime.open(rest);
rest.io = io;
listen(io, store, accounts);

process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: process.pid }));
