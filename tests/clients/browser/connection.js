// What if the connection is cut? A wire between a browser and a server that a check can cut and mend.

import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { after } from 'node:test';

export async function wire(url) {
  const { port, hostname: host } = new URL(url);
  const open = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect({ port, host });
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => (open.delete(one), other.destroy()));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    whole = false;
    for (const one of open) one.destroy();
  };
  after(() => (cut(), server.close()));
  return { url: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (whole = true) };
}
