-- What only a database on PostgreSQL has, behind the tables of schema.sql.

-- Which version of schema.sql this is: one row.
CREATE TABLE schema_version (
    version BIGINT NOT NULL
);

-- Whoever has locked the row of `log` writes: all servers take turns. So numbers have no gap, and ids grow in commit order.
ALTER TABLE log
    ADD batch   BIGINT NOT NULL DEFAULT 0,                        -- news.number of the last commit
    ADD at      BIGINT NOT NULL DEFAULT 0,                        -- and its time, which never goes back
    ADD history TEXT NOT NULL DEFAULT CAST(gen_random_uuid() AS TEXT);  -- another one after a restore or a failover

-- The words of messages, for search.
CREATE TABLE search (
    id    BIGINT PRIMARY KEY,                                     -- messages.id
    words TSVECTOR NOT NULL
);
CREATE INDEX search_words ON search USING gin (words);

-- The servers that run on this database.
CREATE TABLE servers (
    id      BIGINT PRIMARY KEY,                                   -- random
    seen_at BIGINT NOT NULL,                                      -- when it last said that it lives
    name    TEXT COLLATE "C" NOT NULL DEFAULT ''                  -- where it listens, for whoever runs it
);

-- Who is there, at which of them.
CREATE TABLE attendances (
    server  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    sockets BIGINT NOT NULL,                                      -- how many the account has open there
    online  BIGINT NOT NULL,                                      -- 1: it counts as being there
    PRIMARY KEY (server, account)
);

-- How often what must not be tried often was tried, by whom and where, within a span from the first try.
CREATE TABLE tries (
    what    TEXT COLLATE "C" PRIMARY KEY,
    since   BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX tries_by_end ON tries (ends_at);

-- What is older than ten minutes goes.
CREATE INDEX news_by_age ON news (at);

-- Rows of one row each that every commit updates: their old versions are cleared away soon.
ALTER TABLE log SET (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE search_progress SET (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
