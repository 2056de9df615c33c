package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// migrations bring a database from the version that is the index to the next
// one. What has once been released is not changed, only added to.
var migrations = []string{
	// 1: everything but the words.
	`CREATE TABLE accounts (
		id      ` + autoID + `,
		name    TEXT NOT NULL UNIQUE,        -- the key of the account
		last_id TEXT NOT NULL DEFAULT '',    -- of the newest entry ever appended
		entries BIGINT NOT NULL DEFAULT 0,   -- about how many there are
		skew    BIGINT NOT NULL DEFAULT 0    -- see skewOf; -1: no bound
	);
	CREATE TABLE conversations (
		id      ` + autoID + `,
		account BIGINT NOT NULL,             -- 0: waits to be cleared away
		name    TEXT NOT NULL,
		UNIQUE (account, name)
	);
	CREATE TABLE messages (
		seq     ` + ownID + `,
		conv    BIGINT NOT NULL,
		id      TEXT NOT NULL,               -- compared byte by byte
		time    BIGINT NOT NULL,             -- milliseconds since 1970
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
	)` + keyed,
	// 2: the words, filled in the background from the messages.
	createWords + `;
	INSERT INTO meta (name, value) VALUES ('indexed', '0')`,
}

const (
	metaSchema  = "schema"
	metaIndexed = "indexed" // the last seq whose words are in the index
)

// migrate makes the schema this program's, in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	have, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return err
	case have > len(migrations):
		return versionError(have)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if have == len(migrations) {
		return tx.Commit() // it can be written
	}
	if have == 0 {
		const create = `CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)`
		if _, err := tx.ExecContext(ctx, create); err != nil {
			return err
		}
	}
	for i, m := range migrations[have:] {
		if _, err := tx.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", have+i+1, err)
		}
	}
	if err := setMeta(ctx, tx, metaSchema, int64(len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// versionError says that a schema is not this program's.
func versionError(have int) error {
	if have > len(migrations) {
		return fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, have, len(migrations))
	}
	return fmt.Errorf("its schema is %d, this program needs %d: start tocbridge once", have, len(migrations))
}

// schemaVersion is 0 for an empty database.
func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	tables, err := countTables(ctx, db)
	if err != nil || tables == 0 {
		return 0, err
	}
	var text string
	err = db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, metaSchema).Scan(&text)
	if class(err) != nil {
		return 0, err
	}
	n, bad := strconv.Atoi(text)
	if err != nil || bad != nil || n < 1 {
		return 0, ErrForeign
	}
	return n, nil
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func setMeta(ctx context.Context, x execer, name string, value int64) error {
	const set = `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	_, err := x.ExecContext(ctx, set, name, strconv.FormatInt(value, 10))
	return err
}

// getMeta is 0 for what is not there.
func getMeta(ctx context.Context, db *sql.DB, name string) (int64, error) {
	var text string
	err := db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
