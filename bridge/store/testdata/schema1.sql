-- A database of schema 1 with something in it, as tocbridge wrote it then.
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE accounts (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	name    TEXT NOT NULL UNIQUE,
	last_id TEXT NOT NULL DEFAULT '',
	entries BIGINT NOT NULL DEFAULT 0,
	skew    BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE conversations (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	account BIGINT NOT NULL,
	name    TEXT NOT NULL,
	UNIQUE (account, name)
);
CREATE TABLE messages (
	seq     INTEGER PRIMARY KEY,
	conv    BIGINT NOT NULL,
	id      TEXT NOT NULL,
	time    BIGINT NOT NULL,
	out     SMALLINT NOT NULL,
	sender  TEXT NOT NULL,
	command TEXT NOT NULL,
	text    TEXT NOT NULL,
	tags    TEXT NOT NULL,
	UNIQUE (conv, id)
);
CREATE TABLE state (
	account BIGINT NOT NULL,
	kind    TEXT NOT NULL,
	name    TEXT NOT NULL,
	value   TEXT NOT NULL,
	PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
INSERT INTO meta VALUES ('schema', '1');
INSERT INTO accounts VALUES (1, 'alice', '1hf7uaq010000000002', 2, 0);
INSERT INTO accounts VALUES (2, 'carol', '', 0, 0);
INSERT INTO conversations VALUES (1, 1, 'bob');
INSERT INTO messages VALUES (1, 1, '1hf7uaq000000000001', 1700000000000, 0, 'Bob', 'PRIVMSG', 'an old message', '');
INSERT INTO messages VALUES (2, 1, '1hf7uaq010000000002', 1700000000001, 1, 'Alice', 'PRIVMSG', 'and its answer', '+reply=x');
INSERT INTO state VALUES (1, 'cursor', 'phone', '1hf7uaq000000000001');
INSERT INTO state VALUES (2, 'set', 'always-on', 'yes');
