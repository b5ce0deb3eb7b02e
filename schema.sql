-- The schema of chat's database, version 3. Times are milliseconds since 1970; ids are integers below 2^53.
-- A fresh file gets all of this at once; an older one is upgraded to this by the steps in src/core/store/steps.
-- STRICT, WITHOUT ROWID and COLLATE NOCASE are SQLite's; the last is of version 1, and statements compare keys instead.

-- The server that runs on this file, or ran on it last: one row.
CREATE TABLE server (
    url        TEXT NOT NULL,              -- where it is reached, for links; empty: none has run yet
    first_room INTEGER                     -- the room that new accounts become members of; null: none was made
) STRICT;
INSERT INTO server (url) VALUES ('');

-- Keys made on first start: `ids` spells ids for clients, `tokens` signs JWTs.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- People. One account serves all dialects; what a dialect does not ask for is null.
CREATE TABLE accounts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    home         TEXT NOT NULL,            -- where it signed up: rooms, emote, campus, app, google or admin
    name         TEXT NOT NULL,            -- shown to others; need not be unique
    username     TEXT UNIQUE COLLATE NOCASE,  -- if the dialect asks for one
    email        TEXT UNIQUE COLLATE NOCASE,
    proven_at    INTEGER,                  -- when the owner proved the e-mail address; null: anybody may have typed it
    password     TEXT,                     -- bcrypt; null if another application logs them in
    gender       TEXT,                     -- campus: male, female or other
    born_on      TEXT,                     -- campus: YYYY-MM-DD
    role         TEXT,                     -- campus: student, faculty, recruiter or pro_partner
    picture      INTEGER REFERENCES files (id),  -- profile picture kept here
    picture_url  TEXT,                     -- or elsewhere, as a trusted token says
    external     TEXT UNIQUE,              -- user id of the surrounding application (--trust-jwt)
    google       TEXT UNIQUE,              -- issuer and subject of a linked OpenID Connect account
    admin        INTEGER NOT NULL DEFAULT 0,
    suspended_at INTEGER,
    removed_at   INTEGER,                  -- removed: name and address are blanked, messages stay
    created_at   INTEGER NOT NULL,
    username_key TEXT,                     -- what each is compared by (src/core/identity.rs); null if there is none, or
    email_key    TEXT,                     -- if it equals an older one's: version 1 let two accounts have what is equal now
    name_key     TEXT,                     -- of the name, by which messages mention somebody; null once they are removed
    seen_at      INTEGER,                  -- when a device of it was last used, to the minute or so
    hides_presence INTEGER NOT NULL DEFAULT 0, -- nobody is told whether this person is there
    stored       INTEGER NOT NULL DEFAULT 0    -- bytes of its files that are complete
) STRICT;
CREATE INDEX accounts_by_name ON accounts (name_key);
CREATE INDEX accounts_by_stored ON accounts (stored);
CREATE UNIQUE INDEX accounts_by_username ON accounts (username_key);
CREATE UNIQUE INDEX accounts_by_email ON accounts (email_key);

-- Logins. A token names its device; without its row a token is void.
CREATE TABLE devices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id),
    user_agent TEXT NOT NULL,
    address    TEXT NOT NULL,              -- of the client at login
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,           -- to the minute or so
    expires_at INTEGER NOT NULL,
    token      BLOB UNIQUE,                -- SHA-256 of a token that another application minted (--trust-jwt)
    ended_at   INTEGER,                    -- such a token was revoked here and must stay void
    sid        TEXT                        -- what our own token calls it: random, so never used twice
) STRICT;
CREATE UNIQUE INDEX devices_by_sid ON devices (sid);
CREATE INDEX devices_of_account ON devices (account);
CREATE INDEX devices_by_expiry ON devices (expires_at);

-- Codes and tokens sent by mail: hashed, for one use and one purpose.
CREATE TABLE codes (
    id         INTEGER PRIMARY KEY,
    purpose    TEXT NOT NULL,              -- signup, reset (campus), link (emote), setup (first administrator), address
    email      TEXT NOT NULL COLLATE NOCASE,  -- as it is compared
    hash       BLOB NOT NULL,              -- SHA-256 of the purpose, the address and the code
    tries      INTEGER NOT NULL DEFAULT 0, -- wrong tries so far
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    account    INTEGER,                    -- address: who wants to have the address
    address    TEXT                        -- and the address as it was typed
) STRICT;
CREATE UNIQUE INDEX codes_of_address ON codes (purpose, email);
CREATE INDEX codes_by_hash ON codes (hash);
CREATE INDEX codes_of_account ON codes (account) WHERE account IS NOT NULL;

-- How many wrong codes were tried for an address within a day of the first.
CREATE TABLE wrong_tries (
    email TEXT PRIMARY KEY,                -- as it is compared
    count INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A right code proves an address, for one purpose and one client; a row until the proof is used.
CREATE TABLE proofs (
    purpose    TEXT NOT NULL,
    email      TEXT NOT NULL COLLATE NOCASE,  -- as it is compared
    address    TEXT NOT NULL,              -- of the client that knew the code
    hash       BLOB NOT NULL,              -- of the token that the client got
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, email)
) STRICT, WITHOUT ROWID;

-- Conversations of every kind.
CREATE TABLE conversations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'room', 'session')),
    name        TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    creator     INTEGER REFERENCES accounts (id),  -- if they leave a group, another of its owners
    low         INTEGER,                   -- direct and session: the two people, the smaller id first
    high        INTEGER,
    session     INTEGER UNIQUE REFERENCES sessions (id),
    created_at  INTEGER NOT NULL,
    picture     INTEGER REFERENCES files (id),
    archived_at INTEGER,                   -- since then it is read, and nobody speaks there
    deleted     INTEGER NOT NULL DEFAULT 0, -- how many of its messages are deleted
    keep_messages INTEGER,                 -- how long messages are kept, in milliseconds; 0: for ever; null: as the server says
    keep_files  INTEGER,                   -- and files
    slow_mode   INTEGER NOT NULL DEFAULT 0 -- seconds between two messages of one account; 0: any number at once
) STRICT;
CREATE INDEX conversations_with_rules ON conversations (id) WHERE (keep_messages IS NOT NULL OR keep_files IS NOT NULL);
CREATE UNIQUE INDEX conversations_of_two ON conversations (low, high) WHERE kind = 'direct';
-- Open rooms are listed to anybody in each of these orders; the other conversations must not slow that down.
CREATE INDEX open_rooms ON conversations (kind, id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_name ON conversations (kind, lower(name), id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_description ON conversations (kind, lower(description), id) WHERE kind = 'room';

-- Members of conversations, and how far they have read.
CREATE TABLE members (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    joined_at    INTEGER NOT NULL,
    read_seq     INTEGER NOT NULL DEFAULT 0,  -- everything up to this sequence number is read
    own_since    INTEGER NOT NULL DEFAULT 0,  -- own and deleted messages after it: unread = last seq - read_seq - own_since
    owner_since  INTEGER,                  -- since when they own the group or room; null: they do not
    level        TEXT CHECK (level IN ('mentions', 'none')),  -- what they are to be told of by mail; null: everything
    muted_until  INTEGER,                  -- until then: nothing
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships ON members (account, conversation);
CREATE INDEX members_in_order ON members (conversation, joined_at, account);
CREATE INDEX owners ON members (conversation, owner_since, account) WHERE owner_since IS NOT NULL;

-- Who was a member once: where else the messages of an account may be than in the conversations that it belongs to.
CREATE TABLE past_members (
    account      INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)
) STRICT, WITHOUT ROWID;

-- Removed accounts of which something is left to delete: memberships, files, and messages if they are to go.
CREATE TABLE erasures (
    account      INTEGER PRIMARY KEY,
    everything   INTEGER NOT NULL,            -- 1: all messages and files, 0: only files that are shared nowhere
    conversation INTEGER NOT NULL DEFAULT 0,  -- messages up to this place are deleted: all before this conversation,
    seq          INTEGER NOT NULL DEFAULT 0   -- and those of it up to this number
) STRICT;

-- The last position of the log, and counts: one row, written once for each commit. Restoring a copy makes it leap ahead.
CREATE TABLE log (
    last     INTEGER NOT NULL,             -- the last position that was given out
    messages INTEGER NOT NULL,             -- how many messages were posted
    rooms    INTEGER NOT NULL DEFAULT 0    -- how many open rooms there are
) STRICT;
INSERT INTO log (last, messages) VALUES (0, 0);

-- Messages. Clustered by conversation, so that every page of a conversation lies together in the file.
CREATE TABLE messages (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,         -- 1, 2, 3 … within the conversation, without a gap; old ones may be gone
    id           INTEGER NOT NULL,         -- grows in commit order over all conversations
    author       INTEGER NOT NULL REFERENCES accounts (id),
    text         TEXT NOT NULL,
    type         TEXT NOT NULL DEFAULT 'text',
    attachments  INTEGER NOT NULL DEFAULT 0,  -- how many
    client_id    TEXT,                     -- the sender's id for it: a repeat is the same message
    sent_at      INTEGER NOT NULL,
    deleted_at   INTEGER,                  -- the text is gone, the sequence number stays
    changed      INTEGER,                  -- position of its latest change; null: never changed
    reply_to     INTEGER,                  -- messages.id of the message that it answers, which may be deleted since
    mentions     INTEGER NOT NULL DEFAULT 0,  -- how many people it mentions
    edited_at    INTEGER,                  -- when its author last changed the text; this and what follows only if `changed`
    reactions    INTEGER NOT NULL DEFAULT 0,  -- how many different emoji it has
    pinned_at    INTEGER,
    pinned_by    INTEGER,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (author, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_changed ON messages (conversation, changed) WHERE changed IS NOT NULL;
CREATE INDEX messages_pinned ON messages (conversation, pinned_at) WHERE pinned_at IS NOT NULL;

-- The emoji of a message, in order of first use.
CREATE TABLE emoji (
    message INTEGER NOT NULL,              -- messages.id
    emoji   TEXT NOT NULL,
    count   INTEGER NOT NULL,              -- how many people react with it: at least one
    first   INTEGER NOT NULL,              -- position of the first reaction with it
    PRIMARY KEY (message, emoji)
) STRICT, WITHOUT ROWID;

-- Who reacts to a message with which emoji.
CREATE TABLE reactions (
    message  INTEGER NOT NULL,             -- messages.id
    emoji    TEXT NOT NULL,
    account  INTEGER NOT NULL REFERENCES accounts (id),
    position INTEGER NOT NULL,             -- in the log
    PRIMARY KEY (message, emoji, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_in_order ON reactions (message, emoji, position);

-- Whom a message mentions: members other than its author.
CREATE TABLE mentions (
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,         -- of the message
    account      INTEGER NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (conversation, seq, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_of_account ON mentions (account, conversation, seq);

CREATE TABLE attachments (
    message   INTEGER NOT NULL,            -- messages.id
    position  INTEGER NOT NULL,
    filename  TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    url       TEXT NOT NULL,
    size      INTEGER NOT NULL,
    file      INTEGER,                     -- files.id, if it is a file of this server; it may be gone
    PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;

-- When a first and a second member had read up to which message: one of the two is not its author. For each `nth`, `at`
-- grows with `upto`.
CREATE TABLE reads (
    conversation INTEGER NOT NULL,
    nth          INTEGER NOT NULL,         -- 0: one member has read that far, 1: two have
    upto         INTEGER NOT NULL,         -- sequence number
    account      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, nth, upto)
) STRICT, WITHOUT ROWID;

-- Files, stored in parts so that a large one does not delay other writes.
CREATE TABLE files (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,            -- as stored: safe characters only
    original     TEXT NOT NULL,            -- as the uploader called it
    type         TEXT NOT NULL,            -- media type, decided by content
    size         INTEGER NOT NULL DEFAULT 0,
    hash         TEXT NOT NULL DEFAULT '', -- SHA-256 in hex: the ETag
    uploader     INTEGER NOT NULL REFERENCES accounts (id),
    conversation INTEGER REFERENCES conversations (id),  -- null: the uploader's own
    public       INTEGER NOT NULL DEFAULT 0,  -- a profile picture: for everybody
    ready        INTEGER NOT NULL DEFAULT 0,  -- all parts are here
    client_id    TEXT,                     -- the uploader's id for it: a repeat is the same file
    created_at   INTEGER NOT NULL,
    position     INTEGER                   -- in the log, if it was shared in a conversation; null in files of version 1
) STRICT;
CREATE INDEX files_of_conversation ON files (conversation, position);
CREATE INDEX files_of_uploader ON files (uploader);
CREATE INDEX files_unfinished ON files (created_at) WHERE ready = 0;
CREATE UNIQUE INDEX files_by_client_id ON files (uploader, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE file_parts (
    file     INTEGER NOT NULL REFERENCES files (id),
    position INTEGER NOT NULL,             -- 0, 1, 2 …, each 256 KiB but the last
    bytes    BLOB NOT NULL,
    UNIQUE (file, position)
) STRICT;

-- Conversations with messages that link to a file, or whose picture it is: whoever may read one of those may have the file.
CREATE TABLE attached (
    file         INTEGER NOT NULL REFERENCES files (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    messages     INTEGER NOT NULL,         -- how many there link to it and are not deleted, and one for the picture; a row stays at 0
    PRIMARY KEY (file, conversation)
) STRICT, WITHOUT ROWID;

-- System notifications. Kept for two years.
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id),
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    type       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    heard_at   INTEGER,                    -- delivered to a live socket
    read_at    INTEGER
) STRICT;
CREATE INDEX notices_of_account ON notices (account, id);
CREATE INDEX notices_unheard ON notices (account, id) WHERE heard_at IS NULL;

-- Mentoring sessions, as another application tells us.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    uuid       TEXT NOT NULL UNIQUE,       -- the other application's
    mentor     INTEGER NOT NULL REFERENCES accounts (id),
    mentee     INTEGER NOT NULL REFERENCES accounts (id),
    start_at   INTEGER NOT NULL,
    status     TEXT NOT NULL
) STRICT;

-- Mail to be sent, written in the transaction that causes it.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    text       TEXT NOT NULL,              -- emptied once sent
    html       TEXT NOT NULL,
    account    INTEGER,                    -- mail about unread messages: who has not read them
    due_at     INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    error      TEXT,                       -- why the last try failed
    created_at INTEGER NOT NULL,
    sent_at    INTEGER,
    kind       TEXT NOT NULL DEFAULT 'code',  -- code: codes and links, which go first; digest: what is unread
    refused_at INTEGER                     -- a mail server will never take it: it is not tried again
) STRICT;
CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE sent_at IS NULL AND refused_at IS NULL;
CREATE INDEX outbox_unread ON outbox (account) WHERE account IS NOT NULL AND sent_at IS NULL;
CREATE INDEX outbox_of_recipient ON outbox (lower(recipient), id);

-- Conversations with new messages that may need a mail to members who are away. Who they are is found out when the row is
-- due: a message costs at most one row here, however many members there are.
CREATE TABLE unread_mail (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id),
    first        INTEGER NOT NULL,         -- messages.id of the first of them
    due_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX unread_mail_due ON unread_mail (due_at);

-- Digests: mail about everything that somebody has not read.
CREATE TABLE digests (
    account   INTEGER PRIMARY KEY REFERENCES accounts (id),
    wanted    INTEGER NOT NULL DEFAULT 1,  -- 0: turned off
    told_upto INTEGER NOT NULL DEFAULT 0,  -- messages.id of the last message that one was about
    told_at   INTEGER NOT NULL DEFAULT 0   -- when that was
) STRICT;

-- How many mails were written within an hour from the first.
CREATE TABLE mail_counts (
    who   TEXT PRIMARY KEY,                -- code:ADDRESS, digest:ADDRESS and strangers for who gets them, by:ACCOUNT and asks:ACCOUNT for who causes them
    since INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_by_age ON mail_counts (since);

-- Who changed what as an administrator, by the API or the command line. Kept for two years.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   INTEGER,                       -- account; null: the command line
    action  TEXT NOT NULL,                 -- user.suspend, notification.create …
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL DEFAULT ''
) STRICT;

-- What was announced by other processes, which the running server must hear: on a file by the command line, on PostgreSQL by
-- every commit of every server. Kept until it is heard; on PostgreSQL for ten minutes.
CREATE TABLE news (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    nonce  BLOB NOT NULL,                  -- random: by it its writer finds out whether a commit in doubt has happened
    told   TEXT NOT NULL,                  -- what was announced: JSON (src/core/store/feed.rs)
    at     INTEGER NOT NULL
) STRICT;

-- Overwritten by `/healthz`, which says whether the database can be written; never read.
CREATE TABLE health (
    filling BLOB NOT NULL
) STRICT;
INSERT INTO health (filling) VALUES (x'');

-- The words of messages, for search: SQLite's FTS5, without a copy of the texts. Beside a message's words, which
-- src/core/words.rs parts with blanks, stand marks of where it was said, by whom and with what (src/core/store/search.rs).
-- Merged by us, a little at a time; what is deleted leaves no byte behind.
CREATE VIRTUAL TABLE search USING fts5 (words, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1), ('automerge', 0), ('crisismerge', 2000);

-- How far the messages are indexed: one row. If the rules by which texts are parted have changed, all are indexed anew.
CREATE TABLE search_progress (
    upto  INTEGER NOT NULL,                -- messages.id of the last one
    rules INTEGER NOT NULL                 -- 0: none yet
) STRICT;
INSERT INTO search_progress (upto, rules) VALUES (0, 0);

-- Links by which people make themselves an account. Kept until they expire.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB NOT NULL UNIQUE,       -- SHA-256 of the token
    account    INTEGER,                    -- who made it; null: the command line
    uses       INTEGER NOT NULL,           -- how many accounts may be made with it
    used       INTEGER NOT NULL DEFAULT 0, -- and how many were
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER                     -- nobody can use it any more
) STRICT;
CREATE INDEX invitations_by_age ON invitations (expires_at);
CREATE INDEX invitations_of_account ON invitations (account, id);

-- The groups and rooms that whoever comes by an invitation becomes a member of.
CREATE TABLE invited_to (
    invitation   INTEGER NOT NULL REFERENCES invitations (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (invitation, conversation)
) STRICT, WITHOUT ROWID;

-- Certificates that the server got by itself, one for each set of domains. Deleted when another one comes after their end.
CREATE TABLE certificates (
    directory TEXT NOT NULL,               -- URL of the ACME directory that issued it
    domains   TEXT NOT NULL,               -- sorted, with commas between
    chain     TEXT NOT NULL,               -- PEM, its own certificate first
    key       TEXT NOT NULL,               -- PEM; a secret
    got_at    INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    PRIMARY KEY (directory, domains)
) STRICT, WITHOUT ROWID;

-- The server's account at each ACME directory.
CREATE TABLE acme_accounts (
    directory TEXT PRIMARY KEY,            -- URL
    account   TEXT,                        -- JSON with its URL and its private key, a secret; null: none yet
    tried_at  INTEGER                      -- when a certificate was asked for that has not come
) STRICT, WITHOUT ROWID;

-- Who may not come into a group or a room, or may not speak there. Deleted when they are over or lifted.
CREATE TABLE restraints (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    kind         TEXT NOT NULL CHECK (kind IN ('ban', 'silence')),
    until        INTEGER,                  -- null: for good
    imposed_by   INTEGER NOT NULL REFERENCES accounts (id),
    imposed_at   INTEGER NOT NULL,
    PRIMARY KEY (conversation, account, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX restraints_of_account ON restraints (account, kind);
CREATE INDEX restraints_by_end ON restraints (until) WHERE until IS NOT NULL;

-- When somebody last spoke in a conversation with slow mode. Deleted when no slow mode asks for it any more.
CREATE TABLE turns (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    spoke_at     INTEGER NOT NULL,
    files        INTEGER NOT NULL,         -- how many files they shared then, before the message; 0: it was said
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_by_age ON turns (spoke_at);

-- Who has blocked whom: nobody else is told.
CREATE TABLE blocks (
    account INTEGER NOT NULL REFERENCES accounts (id),
    blocked INTEGER NOT NULL REFERENCES accounts (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, blocked)
) STRICT, WITHOUT ROWID;

-- Messages that were reported to the administrators, as they were then. Kept until some time after they were closed.
CREATE TABLE reports (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    reporter     INTEGER,                  -- account; null: the server, because of an unwanted word
    message      INTEGER NOT NULL,         -- messages.id; it may be gone
    conversation INTEGER NOT NULL,
    author       INTEGER NOT NULL,
    text         TEXT NOT NULL,
    attachments  TEXT NOT NULL,            -- their names, a line each
    reason       TEXT NOT NULL,            -- the reporter's, or the unwanted word
    closed_at    INTEGER,
    closed_by    INTEGER,                  -- account; null: nobody yet, or the command line
    note         TEXT NOT NULL DEFAULT ''  -- what was decided
) STRICT;
CREATE UNIQUE INDEX reports_once ON reports (reporter, message) WHERE reporter IS NOT NULL;
CREATE INDEX reports_of_reporter ON reports (reporter, at);
CREATE INDEX reports_open ON reports (id) WHERE closed_at IS NULL;
CREATE INDEX reports_closed ON reports (closed_at, id) WHERE closed_at IS NOT NULL;

-- Words and patterns that texts may not have, or that are reported.
CREATE TABLE unwanted (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    text   TEXT NOT NULL,                  -- as it was typed
    sort   TEXT NOT NULL,                  -- word, pattern
    act    TEXT NOT NULL,                  -- refuse, report
    author INTEGER,                        -- account that put it there last; null: the command line
    at     INTEGER NOT NULL,
    UNIQUE (sort, text)
) STRICT;

-- What was imported from where: one row for each server or workspace. Importing again adds only what is not here yet.
CREATE TABLE imports (
    id     INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE            -- chat, slack or mattermost, and which one
) STRICT;

-- What each thing has become that was imported, written in the transaction that made it.
CREATE TABLE imported (
    import INTEGER NOT NULL REFERENCES imports (id),
    kind   TEXT NOT NULL,                  -- account, session, conversation, file, message, notice, restraint, block or unwanted
    key    TEXT NOT NULL,                  -- hash of what it is called there
    id     INTEGER NOT NULL,               -- what it is here; it may be gone since
    PRIMARY KEY (import, kind, key)
) STRICT, WITHOUT ROWID;

-- Conversations with imported messages. Those are no news: nobody catches up on them.
CREATE TABLE histories (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id),
    upto         INTEGER NOT NULL,         -- position of the last of them, and of all that belongs to them
    state        TEXT NOT NULL             -- complete; new: it is archived and has no members yet; longer: more is coming
) STRICT;

-- Logins at the OpenID Connect issuer that have begun. Each ends once.
CREATE TABLE logins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    BLOB NOT NULL UNIQUE,          -- SHA-256 of what the browser keeps and of the state that the issuer sends back
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logins_by_end ON logins (ends_at);
