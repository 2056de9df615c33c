package store

import (
	"database/sql"
	"errors"
	"time"
)

// A transaction turns ops into rows.
type transaction struct {
	w        *writer
	tx       *sql.Tx
	stmts    map[string]*sql.Stmt
	firstSeq int64                  // w.nextSeq at its beginning
	grown    map[int64]*growth      // by account; written by flush
	state    map[ownedState]*string // what was put last, nil: deleted; written by flush
}

type ownedState struct {
	account int64
	stateKey
}

// growth is what a transaction adds to an account.
type growth struct {
	entries int64
	lastID  string
	skew    int64
}

// appliers is what is done for each kind of op.
var appliers = map[byte]func(*transaction, *op) error{
	opEntry:  (*transaction).insert,
	opPut:    (*transaction).put,
	opDelete: (*transaction).delete,
	opWipe:   (*transaction).wipe,
}

// applyAll applies all records in buf.
func (t *transaction) applyAll(buf []byte) error {
	for len(buf) > 0 {
		o, rest, err := nextOp(buf)
		if err != nil {
			return err
		}
		if err := appliers[o.what](t, &o); err != nil {
			return err
		}
		buf = rest
	}
	return nil
}

// stmt is a prepared query, for this transaction.
func (t *transaction) stmt(query string) *sql.Stmt {
	st := t.stmts[query]
	if st == nil {
		st = t.tx.StmtContext(t.w.ctx, t.w.stmts[query])
		t.stmts[query] = st
	}
	return st
}

func (t *transaction) exec(query string, args ...any) (changed int64, err error) {
	r, err := t.stmt(query).ExecContext(t.w.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// id is the one number that a query gives.
func (t *transaction) id(query string, args ...any) (id int64, err error) {
	err = t.stmt(query).QueryRowContext(t.w.ctx, args...).Scan(&id)
	return id, err
}

const (
	insertMessage = `INSERT INTO messages (seq, conv, id, time, out, sender, command, text, tags)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conv, id) DO NOTHING`
	selectAccount = `SELECT id FROM accounts WHERE name = ?`
	insertAccount = `INSERT INTO accounts (name) VALUES (?) RETURNING id`
	growAccount   = `UPDATE accounts SET entries = entries + ?, last_id = CASE WHEN last_id < ? THEN ? ELSE last_id END,
		skew = CASE WHEN skew = -1 OR ? = -1 THEN -1 WHEN skew < ? THEN ? ELSE skew END WHERE id = ? RETURNING entries`
	deleteAccount = `DELETE FROM accounts WHERE id = ?`
	selectConv    = `SELECT id FROM conversations WHERE account = ? AND name = ?`
	insertConv    = `INSERT INTO conversations (account, name) VALUES (?, ?) RETURNING id`
	putState      = `INSERT INTO state (account, kind, name, value) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, kind, name) DO UPDATE SET value = excluded.value`
	deleteState    = `DELETE FROM state WHERE account = ? AND kind = ? AND name = ?`
	deleteAllState = `DELETE FROM state WHERE account = ?`
	// What is taken from an account is cleared away bit by bit.
	orphanConvs = `UPDATE conversations SET account = 0, name = CAST(id AS TEXT) WHERE account = ?`
)

// prepared are the statements of transactions.
var prepared = []string{
	insertMessage, selectAccount, insertAccount, growAccount, deleteAccount, selectConv, insertConv,
	putState, deleteState, deleteAllState, orphanConvs,
	deleteMessage, shrinkAccount, deleteConv, selectOrphan, selectOldest, selectUpTo, selectCutoff, selectOwner,
	insertWords, deleteWords, selectUnindexed, writeIndexed,
}

func (t *transaction) insert(o *op) error {
	account, err := t.account(o.key)
	if err != nil {
		return err
	}
	conv, err := t.conv(account, o.entry.Target)
	if err != nil {
		return err
	}
	e := &o.entry
	out := int64(0)
	if e.Out {
		out = 1
	}
	n, err := t.exec(insertMessage, t.w.nextSeq, conv, e.ID, e.Time.UnixMilli(), out, e.From, e.Command, e.Text, e.Tags)
	if err != nil || n == 0 {
		return err
	}
	t.w.nextSeq++
	t.grow(account, e.ID, e.Time)
	return nil
}

func (t *transaction) grow(account int64, id string, at time.Time) {
	g := t.grown[account]
	if g == nil {
		g = &growth{}
		t.grown[account] = g
	}
	g.entries++
	g.lastID = max(g.lastID, id)
	g.skew = widerSkew(g.skew, skewOf(id, at))
}

func (t *transaction) put(o *op) error {
	account, err := t.account(o.key)
	if err == nil {
		t.state[ownedState{account, stateKey{o.kind, o.name}}] = &o.value
	}
	return err
}

func (t *transaction) delete(o *op) error {
	account, err := t.account(o.key)
	if err == nil {
		t.state[ownedState{account, stateKey{o.kind, o.name}}] = nil
	}
	return err
}

func (t *transaction) wipe(o *op) error {
	account, err := t.account(o.key)
	if err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, query := range []string{orphanConvs, deleteAllState, deleteAccount} {
		if _, err := t.exec(query, account); err != nil {
			return err
		}
	}
	t.w.forget()
	t.w.chore.orphans = true
	return nil
}

// flush writes what was gathered.
func (t *transaction) flush() error {
	for account, g := range t.grown {
		n, err := t.id(growAccount, g.entries, g.lastID, g.lastID, g.skew, g.skew, g.skew, account)
		if err != nil {
			return err
		}
		t.w.overflow(account, n)
	}
	for k, value := range t.state {
		var err error
		if value == nil {
			_, err = t.exec(deleteState, k.account, k.kind, k.name)
		} else {
			_, err = t.exec(putState, k.account, k.kind, k.name, *value)
		}
		if err != nil {
			return err
		}
	}
	clear(t.grown)
	clear(t.state)
	return nil
}

// maxKnown bounds the writer's memory of ids.
const maxKnown = 8192

// account is the id of an account, which is made if need be.
func (t *transaction) account(key string) (int64, error) {
	if id, ok := t.w.accounts[key]; ok {
		return id, nil
	}
	id, err := t.findOrMake(selectAccount, insertAccount, key)
	if err == nil {
		if len(t.w.accounts) >= maxKnown {
			clear(t.w.accounts)
		}
		t.w.accounts[key] = id
	}
	return id, err
}

// conv is the id of a conversation, which is made if need be.
func (t *transaction) conv(account int64, name string) (int64, error) {
	k := convKey{account, name}
	if id, ok := t.w.convs[k]; ok {
		return id, nil
	}
	id, err := t.findOrMake(selectConv, insertConv, account, name)
	if err == nil {
		if len(t.w.convs) >= maxKnown {
			clear(t.w.convs)
		}
		t.w.convs[k] = id
	}
	return id, err
}

func (t *transaction) findOrMake(find, make string, args ...any) (int64, error) {
	id, err := t.id(find, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return t.id(make, args...)
	}
	return id, err
}
