-- From version 2 to version 3. Frozen: files of version 2 exist. PostgreSQL's tables take this step, too.

-- Logins at the OpenID Connect issuer that have begun.
CREATE TABLE logins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    BLOB NOT NULL UNIQUE,          -- SHA-256 of what the browser keeps and of the state that the issuer sends back
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logins_by_end ON logins (ends_at);
