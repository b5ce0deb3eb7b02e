-- From version 1 to version 2.

-- Conversations are of a kind, as they are in the code. Indexes and checks that name the column are renamed with it.
ALTER TABLE conversations RENAME COLUMN sort TO kind;

-- The log's last position and counts have a row.
CREATE TABLE log (
    last     INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT;
INSERT INTO log (last, messages) SELECT coalesce(max(id), 0), count(*) FROM messages;

-- A token names its device by a random `sid`. Tokens of version 1 have the device's number, which no new sid can be.
ALTER TABLE devices ADD COLUMN sid TEXT;
UPDATE devices SET sid = CAST(id AS TEXT);
CREATE UNIQUE INDEX devices_by_sid ON devices (sid);

-- Where the server is reached, for links that the command line prints.
CREATE TABLE server (
    url        TEXT NOT NULL,
    first_room INTEGER
) STRICT;
INSERT INTO server (url) VALUES ('');

-- Deleted messages do not count as unread.
UPDATE members SET own_since = own_since + (
    SELECT count(*) FROM messages m
    WHERE m.conversation = members.conversation AND m.seq > members.read_seq
        AND m.author <> members.account AND m.deleted_at IS NOT NULL
);

-- Mail about unread messages waits as one row for each conversation; one mail to a person tells of all of them.
CREATE TABLE unread_mail (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id),
    first        INTEGER NOT NULL,
    due_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX unread_mail_due ON unread_mail (due_at);
INSERT INTO unread_mail (conversation, first, due_at)
    SELECT conversation, 1, min(due_at) FROM outbox
    WHERE account IS NOT NULL AND sent_at IS NULL
        AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = outbox.conversation)
    GROUP BY conversation;
DELETE FROM outbox WHERE account IS NOT NULL AND sent_at IS NULL;
DROP INDEX outbox_due;
DROP INDEX outbox_unread;
ALTER TABLE outbox DROP COLUMN conversation;
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'code';
ALTER TABLE outbox ADD COLUMN refused_at INTEGER;
UPDATE outbox SET kind = 'digest' WHERE account IS NOT NULL;
CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE sent_at IS NULL AND refused_at IS NULL;
CREATE INDEX outbox_unread ON outbox (account) WHERE account IS NOT NULL AND sent_at IS NULL;
DROP INDEX outbox_of_recipient;
CREATE INDEX outbox_of_recipient ON outbox (lower(recipient), id);
CREATE TABLE digests (
    account   INTEGER PRIMARY KEY REFERENCES accounts (id),
    wanted    INTEGER NOT NULL DEFAULT 1,
    told_upto INTEGER NOT NULL DEFAULT 0,
    told_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE mail_counts (
    who   TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_by_age ON mail_counts (since);

-- Names and addresses are compared by keys, which store/upgrade.rs fills in.
ALTER TABLE accounts ADD COLUMN username_key TEXT;
ALTER TABLE accounts ADD COLUMN email_key TEXT;
CREATE UNIQUE INDEX accounts_by_username ON accounts (username_key);
CREATE UNIQUE INDEX accounts_by_email ON accounts (email_key);

-- If the owner of a group has left, its longest member owns it.
UPDATE conversations SET creator = (
    SELECT account FROM members WHERE conversation = conversations.id ORDER BY joined_at, account LIMIT 1
)
WHERE kind = 'group' AND EXISTS (SELECT 1 FROM members WHERE conversation = conversations.id)
    AND NOT EXISTS (SELECT 1 FROM members WHERE conversation = conversations.id AND account = creator);

-- Lists of open rooms read only the rooms that they show.
ALTER TABLE log ADD COLUMN rooms INTEGER NOT NULL DEFAULT 0;
UPDATE log SET rooms = (SELECT count(*) FROM conversations WHERE kind = 'room');
DROP INDEX open_rooms_by_name;
CREATE INDEX open_rooms ON conversations (kind, id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_name ON conversations (kind, lower(name), id) WHERE kind = 'room';
CREATE INDEX open_rooms_by_description ON conversations (kind, lower(description), id) WHERE kind = 'room';
CREATE INDEX members_in_order ON members (conversation, joined_at, account);

-- Of the members who have read up to a message, the first two are kept.
CREATE TABLE reads (
    conversation INTEGER NOT NULL,
    nth          INTEGER NOT NULL,
    upto         INTEGER NOT NULL,
    account      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, nth, upto)
) STRICT, WITHOUT ROWID;
-- Each mark of version 1 went up to the last message of its time, so later marks never reach less far.
INSERT INTO reads (conversation, nth, upto, account, at)
SELECT conversation, nth, upto, account, at FROM (
    SELECT *, row_number() OVER (PARTITION BY conversation, upto ORDER BY at, account) - 1 AS nth FROM read_marks
) numbered WHERE nth = 0;
-- A second member has read up to a mark when somebody else than its reader makes the next one.
INSERT INTO reads (conversation, nth, upto, account, at)
SELECT conversation, 1, upto, account, at FROM (
    SELECT *, row_number() OVER (PARTITION BY conversation, upto ORDER BY at, account) AS turn FROM (
        SELECT conversation, account, at, lag(upto) OVER made AS upto, lag(account) OVER made AS before
        FROM read_marks WINDOW made AS (PARTITION BY conversation ORDER BY at, upto, account)
    ) pairs WHERE before <> account
) seconds WHERE turn = 1;
DROP TABLE read_marks;

-- Wrong codes for an address are counted over all its codes.
CREATE TABLE wrong_tries (
    email TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A shared file has a position in the log, and a message has the position of its latest change.
ALTER TABLE messages ADD COLUMN changed INTEGER;
CREATE INDEX messages_changed ON messages (conversation, changed) WHERE changed IS NOT NULL;
ALTER TABLE files ADD COLUMN position INTEGER;
DROP INDEX files_of_conversation;
CREATE INDEX files_of_conversation ON files (conversation, position);

-- Which files the messages link to; store/upgrade.rs fills it in for those of version 1.
ALTER TABLE attachments ADD COLUMN file INTEGER;
CREATE TABLE attached (
    file         INTEGER NOT NULL REFERENCES files (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    messages     INTEGER NOT NULL,
    PRIMARY KEY (file, conversation)
) STRICT, WITHOUT ROWID;

-- Health checks write to the disk.
CREATE TABLE health (
    filling BLOB NOT NULL
) STRICT;
INSERT INTO health (filling) VALUES (x'');

-- Groups and rooms have owners, pictures and an end; members say what they want to be told of.
ALTER TABLE conversations ADD COLUMN picture INTEGER REFERENCES files (id);
ALTER TABLE conversations ADD COLUMN archived_at INTEGER;
ALTER TABLE members ADD COLUMN owner_since INTEGER;
ALTER TABLE members ADD COLUMN level TEXT CHECK (level IN ('mentions', 'none'));
ALTER TABLE members ADD COLUMN muted_until INTEGER;
CREATE INDEX owners ON members (conversation, owner_since, account) WHERE owner_since IS NOT NULL;
UPDATE members SET owner_since = joined_at WHERE account = (
    SELECT creator FROM conversations c WHERE c.id = members.conversation AND c.kind IN ('group', 'room')
);

-- Messages can be edited, pinned, answered and reacted to, and mention people; store/upgrade.rs fills in the names' keys.
ALTER TABLE accounts ADD COLUMN name_key TEXT;
CREATE INDEX accounts_by_name ON accounts (name_key);
ALTER TABLE messages ADD COLUMN reply_to INTEGER;
ALTER TABLE messages ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN edited_at INTEGER;
ALTER TABLE messages ADD COLUMN reactions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN pinned_at INTEGER;
ALTER TABLE messages ADD COLUMN pinned_by INTEGER;
CREATE INDEX messages_pinned ON messages (conversation, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE TABLE emoji (
    message INTEGER NOT NULL,
    emoji   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    PRIMARY KEY (message, emoji)
) STRICT, WITHOUT ROWID;
CREATE TABLE reactions (
    message  INTEGER NOT NULL,
    emoji    TEXT NOT NULL,
    account  INTEGER NOT NULL REFERENCES accounts (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_in_order ON reactions (message, emoji, position);
CREATE TABLE mentions (
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    account      INTEGER NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (conversation, seq, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_of_account ON mentions (account, conversation, seq);

-- Lists tell how many messages there are, without the deleted ones.
ALTER TABLE conversations ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET deleted = gone.count
    FROM (SELECT conversation, count(*) AS count FROM messages WHERE deleted_at IS NOT NULL GROUP BY conversation) gone
    WHERE gone.conversation = conversations.id;

-- When people were last there, and who does not tell.
ALTER TABLE accounts ADD COLUMN seen_at INTEGER;
UPDATE accounts SET seen_at = (SELECT max(seen_at) FROM devices WHERE account = accounts.id);
ALTER TABLE accounts ADD COLUMN hides_presence INTEGER NOT NULL DEFAULT 0;
-- How much all files of an account take up.
ALTER TABLE accounts ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET stored = held.bytes
    FROM (SELECT uploader, sum(size) AS bytes FROM files WHERE ready = 1 GROUP BY uploader) held
    WHERE held.uploader = accounts.id;

-- Somebody may have another address by a code, and leave for good with all that they said.
ALTER TABLE codes ADD COLUMN account INTEGER;
ALTER TABLE codes ADD COLUMN address TEXT;
CREATE INDEX codes_of_account ON codes (account) WHERE account IS NOT NULL;
CREATE TABLE past_members (
    account      INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)
) STRICT, WITHOUT ROWID;
INSERT INTO past_members (account, conversation)
    SELECT DISTINCT author, conversation FROM messages m
    WHERE NOT EXISTS (SELECT 1 FROM members o WHERE o.conversation = m.conversation AND o.account = m.author);
CREATE TABLE erasures (
    account      INTEGER PRIMARY KEY,
    everything   INTEGER NOT NULL,
    conversation INTEGER NOT NULL DEFAULT 0,
    seq          INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Messages are found by their words. Those that are there already are indexed once the server runs.
CREATE VIRTUAL TABLE search USING fts5 (words, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1), ('automerge', 0), ('crisismerge', 2000);
CREATE TABLE search_progress (
    upto  INTEGER NOT NULL,
    rules INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress (upto, rules) VALUES (0, 0);

-- People make themselves an account by an invitation.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB NOT NULL UNIQUE,
    account    INTEGER,
    uses       INTEGER NOT NULL,
    used       INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER                     -- nobody can use it any more
) STRICT;
CREATE INDEX invitations_by_age ON invitations (expires_at);
CREATE INDEX invitations_of_account ON invitations (account, id);
CREATE TABLE invited_to (
    invitation   INTEGER NOT NULL REFERENCES invitations (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (invitation, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_stored ON accounts (stored);
-- What is old may be removed: by the server's rule, or by a conversation's own.
ALTER TABLE conversations ADD COLUMN keep_messages INTEGER;
ALTER TABLE conversations ADD COLUMN keep_files INTEGER;
CREATE INDEX conversations_with_rules ON conversations (id) WHERE (keep_messages IS NOT NULL OR keep_files IS NOT NULL);

-- The server gets a certificate by itself.
CREATE TABLE certificates (
    directory TEXT NOT NULL,
    domains   TEXT NOT NULL,
    chain     TEXT NOT NULL,
    key       TEXT NOT NULL,
    got_at    INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    PRIMARY KEY (directory, domains)
) STRICT, WITHOUT ROWID;
CREATE TABLE acme_accounts (
    directory TEXT PRIMARY KEY,
    account   TEXT,
    tried_at  INTEGER
) STRICT, WITHOUT ROWID;

-- Owners ban and silence people, and slow down who speaks.
ALTER TABLE conversations ADD COLUMN slow_mode INTEGER NOT NULL DEFAULT 0;
CREATE TABLE restraints (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    kind         TEXT NOT NULL CHECK (kind IN ('ban', 'silence')),
    until        INTEGER,
    imposed_by   INTEGER NOT NULL REFERENCES accounts (id),
    imposed_at   INTEGER NOT NULL,
    PRIMARY KEY (conversation, account, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX restraints_of_account ON restraints (account, kind);
CREATE INDEX restraints_by_end ON restraints (until) WHERE until IS NOT NULL;

CREATE TABLE turns (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    account      INTEGER NOT NULL REFERENCES accounts (id),
    spoke_at     INTEGER NOT NULL,
    files        INTEGER NOT NULL,
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_by_age ON turns (spoke_at);

-- People block each other.
CREATE TABLE blocks (
    account INTEGER NOT NULL REFERENCES accounts (id),
    blocked INTEGER NOT NULL REFERENCES accounts (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, blocked)
) STRICT, WITHOUT ROWID;

-- Messages are reported to the administrators.
CREATE TABLE reports (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    reporter     INTEGER,
    message      INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    author       INTEGER NOT NULL,
    text         TEXT NOT NULL,
    attachments  TEXT NOT NULL,
    reason       TEXT NOT NULL,
    closed_at    INTEGER,
    closed_by    INTEGER,
    note         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX reports_once ON reports (reporter, message) WHERE reporter IS NOT NULL;
CREATE INDEX reports_of_reporter ON reports (reporter, at);
CREATE INDEX reports_open ON reports (id) WHERE closed_at IS NULL;
CREATE INDEX reports_closed ON reports (closed_at, id) WHERE closed_at IS NOT NULL;

-- Words and patterns that texts may not have, or that are reported.
CREATE TABLE unwanted (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    text   TEXT NOT NULL,
    sort   TEXT NOT NULL,
    act    TEXT NOT NULL,
    author INTEGER,
    at     INTEGER NOT NULL,
    UNIQUE (sort, text)
) STRICT;

-- What was imported, and in which conversations.
CREATE TABLE imports (
    id     INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE imported (
    import INTEGER NOT NULL REFERENCES imports (id),
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    id     INTEGER NOT NULL,
    PRIMARY KEY (import, kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE histories (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (id),
    upto         INTEGER NOT NULL,
    state        TEXT NOT NULL
) STRICT;

-- A running server is told of everything now. What nobody has heard yet is in the tables, which a server reads at its start.
DROP TABLE news;
CREATE TABLE news (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    nonce  BLOB NOT NULL,                  -- random: by it its writer finds out whether a commit in doubt has happened
    told   TEXT NOT NULL,                  -- what was announced: JSON (src/core/store/feed.rs)
    at     INTEGER NOT NULL
) STRICT;

CREATE INDEX files_unfinished ON files (created_at) WHERE ready = 0;
