// How does a check get a post office: a real SMTP server whose letters can be waited for?
//
//   const office = await postOffice();              takes whatever it is given, in the clear
//   const office = await postOffice({ onRcptTo });  with the rules of npm's smtp-server
//   const letter = await office.gets('ann@example.test', { subject: … });

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const open = new Set();
after(() => open.forEach((office) => office.dies()));

export async function postOffice({ port = 0, host = '127.0.0.1', scheme = 'smtp', onData, ...rules } = {}) {
  const letters = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    ...rules,
    async onData(stream, session, done) {
      const parts = await stream.toArray();
      // A rule may keep the sender waiting, or refuse; only what is accepted has been received.
      const refused = onData && (await onData(session));
      if (refused) return done(refused);
      const raw = Buffer.concat(parts);
      const { mailFrom, rcptTo } = session.envelope;
      const recipients = rcptTo.map(({ address }) => address);
      letters.push({ ...(await PostalMime.parse(raw)), raw, sender: mailFrom.address, recipients, user: session.user });
      done();
    },
  });
  // Whoever is cut off is no surprise here.
  server.on('error', () => {});
  const listening = server.listen(port, host);
  await once(listening, 'listening');
  const office = {
    port: listening.address().port,
    /** Waits for the first letter to this address in which `pattern` stands, and takes it out. */
    async gets(address, pattern = /(?:)/, patience = 15_000) {
      for (const deadline = Date.now() + patience; ; await pause(25)) {
        const at = letters.findIndex(({ recipients, subject, text }) => recipients.includes(address) && pattern.test(`${subject}\n${text}`));
        if (at >= 0) return letters.splice(at, 1)[0];
        const known = letters.map(({ recipients, subject }) => `${recipients}: ${subject}`);
        assert.ok(Date.now() < deadline, `no letter to ${address} with ${pattern}, but [${known.join(', ')}]`);
      }
    },
    /** What nobody has asked for. */
    rest: () => letters.map(({ recipients, subject }) => `${recipients}: ${subject}`),
    /** As by accident: no goodbye to anybody. */
    dies() {
      open.delete(office);
      listening.close();
      for (const connection of server.connections) connection._socket.destroy();
    },
  };
  office.url = `${scheme}://${host}:${office.port}`;
  open.add(office);
  return office;
}
