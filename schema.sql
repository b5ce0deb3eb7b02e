-- The database of chat, version 2, as it should be. Times are milliseconds since 1970; ids are integers below 2^53.
-- A fresh file gets all of this at once; an older one is brought here by the steps in src/core/store/steps.

-- The server that runs on this file, or ran on it last: one row.
CREATE TABLE server (
    url TEXT NOT NULL                      -- how it is reached, for links; empty: none has run yet
) STRICT;
INSERT INTO server (url) VALUES ('');

-- Keys made on first start: `ids` spells ids for the outside, `tokens` signs JWTs.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- People. One account serves all dialects; what a dialect does not ask for is null.
CREATE TABLE accounts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    home         TEXT NOT NULL,            -- where it signed up: rooms, emote, campus, app, google or admin
    name         TEXT NOT NULL,            -- shown to others; need not be unique
    username     TEXT UNIQUE COLLATE NOCASE,  -- unique where the dialect asks for one
    email        TEXT UNIQUE COLLATE NOCASE,
    proven_at    INTEGER,                  -- when the owner proved the e-mail address; null: anybody may have typed it
    password     TEXT,                     -- bcrypt; null where another place logs in
    gender       TEXT,                     -- campus: male, female or other
    born_on      TEXT,                     -- campus: YYYY-MM-DD
    role         TEXT,                     -- campus: student, faculty, recruiter or pro_partner
    picture      INTEGER REFERENCES files (id),  -- profile picture kept here
    picture_url  TEXT,                     -- or elsewhere, as a trusted token told
    external     TEXT UNIQUE,              -- user id of the surrounding application (--trust-jwt)
    google       TEXT UNIQUE,              -- issuer and subject of a linked OpenID Connect account
    admin        INTEGER NOT NULL DEFAULT 0,
    suspended_at INTEGER,
    removed_at   INTEGER,                  -- removed: name and address are blanked, messages stay
    created_at   INTEGER NOT NULL,
    username_key TEXT,                     -- by what each is compared (src/core/identity.rs); null where there is none, and
    email_key    TEXT                      -- in what version 1 let be two: there the later one has no key
) STRICT;
CREATE UNIQUE INDEX accounts_by_username ON accounts (username_key);
CREATE UNIQUE INDEX accounts_by_email ON accounts (email_key);

-- Logins. A token names its device; a device that is gone has no token any more.
CREATE TABLE devices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id),
    user_agent TEXT NOT NULL,
    address    TEXT NOT NULL,              -- of the client at login
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,           -- to the minute or so
    expires_at INTEGER NOT NULL,
    token      BLOB UNIQUE,                -- SHA-256 of a token that another application minted (--trust-jwt)
    ended_at   INTEGER,                    -- such a token was revoked here, and is not to come back
    sid        TEXT                        -- what our own token calls it: random, so it is never given again
) STRICT;
CREATE UNIQUE INDEX devices_by_sid ON devices (sid);
CREATE INDEX devices_of_account ON devices (account);
CREATE INDEX devices_by_expiry ON devices (expires_at);

-- Codes and tokens sent by mail, hashed, single use, of one purpose.
CREATE TABLE codes (
    id         INTEGER PRIMARY KEY,
    purpose    TEXT NOT NULL,              -- signup, reset (campus), link (emote), setup (first administrator)
    email      TEXT NOT NULL COLLATE NOCASE,  -- as it is compared
    hash       BLOB NOT NULL,              -- SHA-256 of the code with the purpose and the address
    tries      INTEGER NOT NULL DEFAULT 0, -- wrong ones so far
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX codes_of_address ON codes (purpose, email);
CREATE INDEX codes_by_hash ON codes (hash);

-- Wrong codes that were tried for an address within a day of the first.
CREATE TABLE wrong_tries (
    email TEXT PRIMARY KEY,                -- as it is compared
    count INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a right code has proven, until it is used: an address, for one purpose, from one client.
CREATE TABLE proofs (
    purpose    TEXT NOT NULL,
    email      TEXT NOT NULL COLLATE NOCASE,  -- as it is compared
    address    TEXT NOT NULL,              -- of the client that knew the code
    hash       BLOB NOT NULL,              -- of the token that it was answered
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, email)
) STRICT, WITHOUT ROWID;

-- Where people talk.
CREATE TABLE conversations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'room', 'session')),
    name        TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    creator     INTEGER REFERENCES accounts (id),  -- who may change a group; if they leave, the longest member
    low         INTEGER,                   -- direct and session: the two people, the smaller id first
    high        INTEGER,
    session     INTEGER UNIQUE REFERENCES sessions (id),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversations_of_two ON conversations (low, high) WHERE kind = 'direct';
-- Open rooms are listed to anybody, in each of these orders; what is closed must cost that nothing.
CREATE INDEX open_rooms ON conversations (kind, id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_name ON conversations (kind, lower(name), id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_description ON conversations (kind, lower(description), id) WHERE kind = 'room';

-- Who belongs where, and how far they have read.
CREATE TABLE members (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    joined_at    INTEGER NOT NULL,
    read_seq     INTEGER NOT NULL DEFAULT 0,  -- everything up to this sequence number is read
    own_since    INTEGER NOT NULL DEFAULT 0,  -- own and deleted ones after it: unread = last seq - read_seq - own_since
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships ON members (account, conversation);
CREATE INDEX members_in_order ON members (conversation, joined_at, account);

-- How far the one log has come: a single row, written once for each commit. Restoring a copy makes it leap ahead.
CREATE TABLE log (
    last     INTEGER NOT NULL,             -- the last position that was given out
    messages INTEGER NOT NULL,             -- how many messages were said
    rooms    INTEGER NOT NULL DEFAULT 0    -- how many open rooms there are
) STRICT;
INSERT INTO log (last, messages) VALUES (0, 0);

-- What was said. Clustered by conversation, so that a page is one stretch of the file, however deep it lies.
CREATE TABLE messages (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,         -- 1, 2, 3 … within the conversation, without a gap
    id           INTEGER NOT NULL,         -- grows in commit order over all conversations
    author       INTEGER NOT NULL REFERENCES accounts (id),
    text         TEXT NOT NULL,
    type         TEXT NOT NULL DEFAULT 'text',
    attachments  INTEGER NOT NULL DEFAULT 0,  -- how many
    client_id    TEXT,                     -- the sender's own id of it: a repeat is the same message
    sent_at      INTEGER NOT NULL,
    deleted_at   INTEGER,                  -- the text is gone, the sequence number stays behind
    changed      INTEGER,                  -- position of its latest change; null: it is as it was said
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (author, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_changed ON messages (conversation, changed) WHERE changed IS NOT NULL;

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

-- When messages were first read, by the first and by a second: one of them is not the author of what was read. Both kinds
-- of row go on with time and with how far they reach.
CREATE TABLE reads (
    conversation INTEGER NOT NULL,
    nth          INTEGER NOT NULL,         -- 0: somebody has read that far, 1: two have
    upto         INTEGER NOT NULL,         -- sequence number
    account      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, nth, upto)
) STRICT, WITHOUT ROWID;

-- Files, kept here in parts so that storing a large one holds nobody up.
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
    client_id    TEXT,                     -- the uploader's own id of it: a repeat is the same file
    created_at   INTEGER NOT NULL,
    position     INTEGER                   -- in the log, if it was shared in a conversation; null in files of version 1
) STRICT;
CREATE INDEX files_of_conversation ON files (conversation, position);
CREATE INDEX files_of_uploader ON files (uploader);
CREATE UNIQUE INDEX files_by_client_id ON files (uploader, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE file_parts (
    file     INTEGER NOT NULL REFERENCES files (id),
    position INTEGER NOT NULL,             -- 0, 1, 2 …, each 256 KiB but the last
    bytes    BLOB NOT NULL,
    UNIQUE (file, position)
) STRICT;

-- Where messages name a file: whoever may read one of those may have the file.
CREATE TABLE attached (
    file         INTEGER NOT NULL REFERENCES files (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    messages     INTEGER NOT NULL,         -- how many there name it and are not deleted; what was named once stays named
    PRIMARY KEY (file, conversation)
) STRICT, WITHOUT ROWID;

-- System notifications.
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

-- Mentoring sessions: facts of another application.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    uuid       TEXT NOT NULL UNIQUE,       -- the other application's
    mentor     INTEGER NOT NULL REFERENCES accounts (id),
    mentee     INTEGER NOT NULL REFERENCES accounts (id),
    start_at   INTEGER NOT NULL,
    status     TEXT NOT NULL
) STRICT;

-- Mail to be sent, written with what causes it.
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

-- Conversations in which something was said that somebody who is away may have to be told by mail. Who that is, is
-- found out when it is due: a message costs one row here, however many belong to the conversation.
CREATE TABLE unread_mail (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id),
    first        INTEGER NOT NULL,         -- messages.id from which on it is new
    due_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX unread_mail_due ON unread_mail (due_at);

-- Digests: mail about all that somebody has not read.
CREATE TABLE digests (
    account   INTEGER PRIMARY KEY REFERENCES accounts (id),
    wanted    INTEGER NOT NULL DEFAULT 1,  -- 0: turned off
    told_upto INTEGER NOT NULL DEFAULT 0,  -- messages.id up to which the last one tells
    told_at   INTEGER NOT NULL DEFAULT 0   -- when that was
) STRICT;

-- How much mail was caused, within an hour from its first.
CREATE TABLE mail_counts (
    who   TEXT PRIMARY KEY,                -- code:ADDRESS and digest:ADDRESS for who gets it, by:ACCOUNT for who causes it
    since INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_by_age ON mail_counts (since);

-- Who changed what as an administrator, by the API or the command line.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   INTEGER,                       -- account; null: the command line
    action  TEXT NOT NULL,                 -- user.suspend, notification.create …
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL DEFAULT ''
) STRICT;

-- What another process (the command line) changed, for the running server to hear.
CREATE TABLE news (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    topic   TEXT NOT NULL,                 -- account, device, notice or left
    subject INTEGER NOT NULL,              -- id of such a thing; left: of the conversation
    account INTEGER NOT NULL,              -- whom it concerns
    at      INTEGER NOT NULL
) STRICT;

-- Written over and over, and never read: that it can be written is what `/healthz` says.
CREATE TABLE health (
    filling BLOB NOT NULL
) STRICT;
INSERT INTO health (filling) VALUES (x'');
