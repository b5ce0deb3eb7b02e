-- What only PostgreSQL's tables get on the way to version 3. Frozen.

ALTER TABLE servers ADD name TEXT COLLATE "C" NOT NULL DEFAULT '';
