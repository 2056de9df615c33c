package store

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
)

const (
	// pruneStep is how many messages go in one transaction.
	pruneStep = 1000
	// ageStep is how many conversations are looked at in one go.
	ageStep = 500
	// slack is the part of MaxEntries by which an account may have more before
	// some go: finding the oldest costs as much however many they are.
	slack = 16
	// vacuumStep is how many pages are given back in one go, once an eighth of
	// the file and vacuumMin pages are unused.
	vacuumStep = 500
	vacuumMin  = 1000
)

// A victim is a message that is to go.
type victim struct {
	seq  int64
	time int64
}

const (
	deleteMessage = `DELETE FROM messages WHERE seq = ?`
	shrinkAccount = `UPDATE accounts SET entries = entries - ? WHERE id = ? RETURNING entries`
	deleteConv    = `DELETE FROM conversations WHERE id = ?`
	selectOrphan  = `SELECT id FROM conversations WHERE account = 0 LIMIT 1`
	selectOldest  = `SELECT seq, time FROM messages WHERE conv = ? ORDER BY id LIMIT ?`
	selectUpTo    = `SELECT m.seq, m.time FROM conversations c JOIN messages m ON m.conv = c.id AND m.id <= ?
		WHERE c.account = ? LIMIT ?`
	selectCutoff = `SELECT m.id FROM conversations c JOIN messages m ON m.conv = c.id
		WHERE c.account = ? ORDER BY m.id LIMIT 1 OFFSET ?`
	selectOwner = `SELECT account FROM conversations WHERE id = ?`
	selectAges  = `SELECT c.id, c.account, (SELECT m.time FROM messages m WHERE m.conv = c.id ORDER BY m.id LIMIT 1)
		FROM conversations c WHERE c.id > ? ORDER BY c.id LIMIT ?`
)

// clearOrphans removes conversations that belong to nobody any more.
func (w *writer) clearOrphans() (more bool, err error) {
	if !w.chore.orphans {
		return false, nil
	}
	t, err := w.begin()
	if err != nil {
		return false, err
	}
	defer t.end(&err)
	conv, err := t.id(selectOrphan)
	if errors.Is(err, sql.ErrNoRows) {
		w.chore.orphans = false
		return false, nil
	} else if err != nil {
		return false, err
	}
	list, err := t.victims(selectOldest, conv, pruneStep)
	if err != nil {
		return false, err
	}
	if len(list) < pruneStep {
		if _, err := t.exec(deleteConv, conv); err != nil {
			return false, err
		}
	}
	_, err = t.remove(0, list)
	return true, err
}

// overflow notes that an account has so many entries.
func (w *writer) overflow(account, entries int64) {
	if limit := int64(w.s.o.MaxEntries); limit > 0 && entries > limit+limit/slack {
		w.chore.overfull[account] = entries
	}
}

// prune removes the oldest messages of an account that has too many.
func (w *writer) prune() (more bool, err error) {
	for account := range maps.Keys(w.chore.overfull) {
		t, err := w.begin()
		if err != nil {
			return false, err
		}
		return true, t.pruneAccount(account)
	}
	return false, nil
}

func (t *transaction) pruneAccount(account int64) (err error) {
	defer t.end(&err)
	c := &t.w.chore
	cutoff, ok := c.cutoffs[account]
	if !ok {
		excess := c.overfull[account] - int64(t.w.s.o.MaxEntries)
		err := t.stmt(selectCutoff).QueryRowContext(t.w.ctx, account, excess-1).Scan(&cutoff)
		if err != nil {
			delete(c.overfull, account)
			return ignoreNoRows(err)
		}
		c.cutoffs[account] = cutoff
	}
	list, err := t.victims(selectUpTo, cutoff, account, pruneStep)
	if err != nil {
		return err
	}
	if len(list) < pruneStep {
		delete(c.overfull, account)
		delete(c.cutoffs, account)
	}
	left, err := t.remove(account, list)
	if len(list) > 0 && err == nil {
		t.w.overflow(account, left) // more may have come since the cutoff was found
	}
	return err
}

// age removes what is older than Options.MaxAge, conversation by conversation,
// and conversations with nothing left.
func (w *writer) age() (more bool, err error) {
	c := &w.chore
	now := w.s.o.Now()
	switch {
	case !c.aging:
		return false, nil
	case len(c.aged) > 0:
		conv := c.aged[len(c.aged)-1]
		t, err := w.begin()
		if err != nil {
			return false, err
		}
		done, err := t.ageConv(conv, now.Add(-w.s.o.MaxAge).UnixMilli())
		if done {
			c.aged = c.aged[:len(c.aged)-1]
		}
		return true, err
	case c.ageFrom < 0 && now.Before(c.nextAge):
		return false, nil
	case c.ageFrom < 0:
		c.nextAge, c.ageFrom = now.Add(ageTime), 0
	}
	return w.lookForAged(now.Add(-w.s.o.MaxAge).UnixMilli())
}

// lookForAged looks at the first message of some conversations.
func (w *writer) lookForAged(cutoff int64) (more bool, err error) {
	rows, err := w.s.writing.QueryContext(w.ctx, selectAges, w.chore.ageFrom, ageStep)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var conv, account int64
		var first sql.NullInt64
		if err := rows.Scan(&conv, &account, &first); err != nil {
			return false, err
		}
		w.chore.ageFrom = conv
		if account != 0 && (!first.Valid || first.Int64 < cutoff) {
			w.chore.aged = append(w.chore.aged, conv)
		}
	}
	if n < ageStep {
		w.chore.ageFrom = -1
	}
	return n == ageStep || len(w.chore.aged) > 0, rows.Err()
}

// ageConv removes from the beginning of a conversation what is older than
// cutoff.
func (t *transaction) ageConv(conv, cutoff int64) (done bool, err error) {
	defer t.end(&err)
	account, err := t.id(selectOwner, conv)
	if err != nil {
		return true, ignoreNoRows(err)
	}
	list, err := t.victims(selectOldest, conv, pruneStep)
	if err != nil {
		return true, err
	}
	n := 0
	for n < len(list) && list[n].time < cutoff {
		n++
	}
	if n == len(list) && n < pruneStep {
		if _, err := t.exec(deleteConv, conv); err != nil {
			return true, err
		}
		t.w.forget()
	}
	_, err = t.remove(account, list[:n])
	return n < pruneStep, err
}

// victims are the messages that a query finds.
func (t *transaction) victims(query string, args ...any) (list []victim, err error) {
	rows, err := t.stmt(query).QueryContext(t.w.ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v victim
		if err := rows.Scan(&v.seq, &v.time); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// remove deletes messages of an account, and their words. left is how many it
// has then, 0 if there is no account.
func (t *transaction) remove(account int64, list []victim) (left int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	for _, v := range list {
		if v.seq <= t.w.indexed {
			if _, err := t.exec(deleteWords, v.seq); err != nil {
				return 0, err
			}
		}
		if _, err := t.exec(deleteMessage, v.seq); err != nil {
			return 0, err
		}
	}
	left, err = t.id(shrinkAccount, len(list), account)
	return left, ignoreNoRows(err)
}

// vacuum gives unused pages back to the file system, all of them once there are
// many.
func (w *writer) vacuum() (more bool, err error) {
	pages, err := w.number(`PRAGMA page_count`)
	if err != nil {
		return false, err
	}
	unused, err := w.number(`PRAGMA freelist_count`)
	if err != nil || !w.chore.emptying && (unused < vacuumMin || unused < pages/8) {
		return false, err
	}
	freed, err := w.giveBack(vacuumStep)
	w.chore.emptying = freed > 0
	return freed > 0, err
}

// giveBack gives n pages back. SQLite does one for every row that is read.
func (w *writer) giveBack(n int) (freed int, err error) {
	rows, err := w.s.writing.QueryContext(w.ctx, `PRAGMA incremental_vacuum(`+itoa(n)+`)`)
	if err != nil {
		return 0, fmt.Errorf("vacuum: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		freed++
	}
	return freed, rows.Err()
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
