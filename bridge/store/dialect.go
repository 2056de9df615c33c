package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What is particular to SQLite is in this file and, for the words, in search.go;
// the rest of the SQL is what PostgreSQL takes too, but for its placeholders and
// COLLATE "C" for ids.
const (
	driverName = "sqlite"

	autoID = `INTEGER PRIMARY KEY AUTOINCREMENT` // given by the database, never twice
	ownID  = `INTEGER PRIMARY KEY`               // given by the writer
	keyed  = ` WITHOUT ROWID`                    // a table in the order of its key

	createWords = `CREATE VIRTUAL TABLE words USING fts5(owner, said, content='', contentless_delete=1,
		tokenize="unicode61 remove_diacritics 2")`
)

// Page caches in KiB: they are the memory that an idle store holds on to.
const (
	writerCache = 4096
	readerCache = 512
)

// dsn names the database for the driver: forWriting makes the file and begins
// transactions as a writer.
func dsn(path string, forWriting bool) string {
	q := url.Values{}
	pragma := func(text string) { q.Add("_pragma", text) }
	pragma("busy_timeout(2000)")
	pragma("temp_store(memory)")
	if path == Memory {
		return "file::memory:?" + q.Encode()
	}
	if forWriting {
		q.Set("_txlock", "immediate")
		pragma("auto_vacuum(incremental)") // only before the first table
		pragma("journal_mode(wal)")
		pragma("synchronous(normal)")
		pragma("cache_size(-" + itoa(writerCache) + ")")
		pragma("journal_size_limit(" + itoa(8<<20) + ")")
	} else {
		q.Set("mode", "ro")
		pragma("query_only(1)")
		pragma("cache_size(-" + itoa(readerCache) + ")")
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	if !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path // C:/…
	}
	return u.String()
}

// countTables is 0 for a database that nothing has been written to.
func countTables(ctx context.Context, db *sql.DB) (n int, err error) {
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&n)
	return n, err
}

// classes turn SQLite's primary result codes into ours.
var classes = map[int]error{
	lib.SQLITE_CORRUPT:  ErrCorrupt,
	lib.SQLITE_NOTADB:   ErrCorrupt,
	lib.SQLITE_FORMAT:   ErrCorrupt,
	lib.SQLITE_FULL:     ErrFull,
	lib.SQLITE_BUSY:     ErrLocked,
	lib.SQLITE_LOCKED:   ErrLocked,
	lib.SQLITE_PROTOCOL: ErrLocked,
	lib.SQLITE_READONLY: ErrReadOnly,
	lib.SQLITE_PERM:     ErrReadOnly,
	lib.SQLITE_CANTOPEN: ErrUnreachable,
	lib.SQLITE_IOERR:    ErrUnreachable,
}

// class is which of our errors an error of the database is, nil for others.
func class(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	return classes[e.Code()&0xff]
}
