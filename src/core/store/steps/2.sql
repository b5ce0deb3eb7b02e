-- From version 1 to version 2.

-- The log has a row of its own.
CREATE TABLE log (
    last     INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT;
INSERT INTO log (last, messages) SELECT coalesce(max(id), 0), count(*) FROM messages;

-- A token names its device by something random. Tokens of version 1 have its number, which no new device is called.
ALTER TABLE devices ADD COLUMN sid TEXT;
UPDATE devices SET sid = CAST(id AS TEXT);
CREATE UNIQUE INDEX devices_by_sid ON devices (sid);

-- How the server is reached, for links that the command line prints.
CREATE TABLE server (
    url TEXT NOT NULL
) STRICT;
INSERT INTO server (url) VALUES ('');

-- Deleted messages are unread for nobody.
UPDATE members SET own_since = own_since + (
    SELECT count(*) FROM messages m
    WHERE m.conversation = members.conversation AND m.seq > members.read_seq
        AND m.author <> members.account AND m.deleted_at IS NOT NULL
);
