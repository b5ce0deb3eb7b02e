// What is kept, and when is it safe? One connection, prepared statements, and a transaction per message or per turn.

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS rooms (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL,
    creator INTEGER NOT NULL REFERENCES users (id), created_at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS members (
    room INTEGER NOT NULL, user INTEGER NOT NULL, read_upto INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, user)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS memberships ON members (user, room);
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, room INTEGER NOT NULL, sender INTEGER NOT NULL,
    content TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS messages_of_room ON messages (room, id);
`;

const UNREAD = `(SELECT count(*) FROM messages n WHERE n.room = m.room AND n.id > m.read_upto AND n.sender <> m.user)`;

export class Store {
  #db;
  #perTurn;
  #queue = [];

  constructor(db, commit) {
    this.#db = db;
    this.#perTurn = commit === 'turn';
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 8000',
      'cache_size = -65536', 'mmap_size = 8589934592']) {
      db.exec(`PRAGMA ${pragma}`);
    }
    db.exec(SCHEMA);
    const sql = (text) => db.prepare(text);
    this.begin = sql('BEGIN IMMEDIATE');
    this.commit = sql('COMMIT');
    this.rollback = sql('ROLLBACK');
    this.addUser = sql('INSERT INTO users (username, email, password, created_at) VALUES (?, ?, ?, ?)');
    this.userByEmail = sql('SELECT * FROM users WHERE email = ?');
    this.addRoom = sql('INSERT INTO rooms (name, description, creator, created_at) VALUES (?, ?, ?, ?)');
    this.roomById = sql('SELECT * FROM rooms WHERE id = ?');
    this.rooms = sql('SELECT * FROM rooms ORDER BY id DESC LIMIT ?');
    this.addMember = sql(`INSERT OR IGNORE INTO members (room, user, read_upto)
      VALUES (?, ?, (SELECT coalesce(max(id), 0) FROM messages WHERE room = ?))`);
    this.isMember = sql('SELECT 1 FROM members WHERE room = ? AND user = ?');
    this.addMessage = sql('INSERT INTO messages (room, sender, content, created_at) VALUES (?, ?, ?, ?)');
    this.page = sql(`SELECT m.id, m.content, m.sender, u.username, m.created_at
      FROM messages m JOIN users u ON u.id = m.sender
      WHERE m.room = ? AND m.id < ? ORDER BY m.id DESC LIMIT ?`);
    this.inbox = sql(`SELECT r.id, r.name, ${UNREAD} AS unread, l.id AS last_id, l.content, l.sender, l.created_at
      FROM members m JOIN rooms r ON r.id = m.room
      LEFT JOIN messages l ON l.id = (SELECT max(id) FROM messages WHERE room = m.room)
      WHERE m.user = ? ORDER BY l.id DESC LIMIT ?`);
    this.overview = sql(`SELECT r.id, r.name, ${UNREAD} AS unread, l.id AS last_id, l.content, l.sender, l.created_at
      FROM members m JOIN rooms r ON r.id = m.room
      LEFT JOIN messages l ON l.id = (SELECT max(id) FROM messages WHERE room = m.room)
      WHERE m.room = ? AND m.user = ?`);
    this.people = sql(`SELECT u.id, u.username FROM members m JOIN users u ON u.id = m.user
      WHERE m.room = ? ORDER BY u.id LIMIT 256`);
  }

  /** Runs `job` in a transaction; `done(error, result)` is called once that is on the disk. */
  write(job, done) {
    this.#queue.push({ job, done, result: undefined, error: null });
    if (!this.#perTurn) this.#flush();
    else if (this.#queue.length === 1) setImmediate(() => this.#flush());
  }

  /** One transaction for whatever this turn of the event loop has brought. */
  #flush() {
    const batch = this.#queue;
    this.#queue = [];
    try {
      this.begin.run();
      for (const one of batch) {
        // Jobs look before they write, so one that fails has written nothing.
        try { one.result = one.job(); } catch (error) { one.error = error; }
      }
      this.commit.run();
    } catch (error) {
      if (this.#db.inTransaction) this.rollback.run();
      for (const one of batch) one.error = error;
    }
    for (const one of batch) one.done(one.error, one.result);
  }
}
