package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// gatherTime is how long the writer waits for more after the first record,
	// so that a trickle does not cost a transaction each. Who reads cuts it short.
	gatherTime = 20 * time.Millisecond
	// gatherBytes queued do not wait for more.
	gatherBytes = 256 << 10
	// batchBytes is about the most that goes into one transaction.
	batchBytes = 1 << 20
)

// The writer tries again after a failure, later every time.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// A writer owns the connection that writes. All its fields are its goroutine's.
type writer struct {
	s       *Store
	ctx     context.Context // ends never: what has begun is finished
	stmts   map[string]*sql.Stmt
	nextSeq int64 // of the next message
	indexed int64 // up to which seq the words are in the index

	accounts map[string]int64 // ids by key; some, cleared when full
	convs    map[convKey]int64

	told  bool // of trouble
	chore chores
}

type convKey struct {
	account int64
	name    string
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{s: s, ctx: context.WithoutCancel(ctx), stmts: map[string]*sql.Stmt{}, chore: newChores(s.o.MaxAge > 0)}
	w.forget()
	for _, query := range prepared {
		st, err := s.writing.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		w.stmts[query] = st
	}
	return w, nil
}

// start makes up for what a process left undone that ended too early, and
// learns where the tables end.
func (w *writer) start() error {
	last, err := w.number(`SELECT coalesce(max(seq), 0) FROM messages`)
	if err != nil {
		return err
	}
	if w.indexed, err = getMeta(w.ctx, w.s.writing, metaIndexed); err != nil {
		return err
	}
	w.nextSeq = max(last, w.indexed) + 1
	if w.s.journal.size > 0 {
		if err := w.replay(0); err != nil {
			return err
		}
		w.s.tidyJournal()
	}
	w.publish()
	return w.s.writing.QueryRowContext(w.ctx, `SELECT coalesce(max(last_id), '') FROM accounts`).Scan(&w.s.lastID)
}

// number is the one number that a query gives.
func (w *writer) number(query string, args ...any) (n int64, err error) {
	err = w.s.writing.QueryRowContext(w.ctx, query, args...).Scan(&n)
	return n, err
}

// publish tells those who search how far the words go.
func (w *writer) publish() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.seq, w.s.indexed = w.nextSeq-1, w.indexed
	w.s.progressed()
}

// forget drops what is known of the database.
func (w *writer) forget() {
	w.accounts, w.convs = map[string]int64{}, map[convKey]int64{}
}

// run writes until the store is closed.
func (w *writer) run() {
	defer close(w.s.done)
	defer w.chore.timer.Stop()
	w.report()
	for {
		select {
		case <-w.s.wake:
			w.gather()
			w.drain()
			w.chore.in(restTime)
		case <-w.s.search:
			w.catchUp()
		case <-w.chore.timer.C:
			w.rest()
		case <-w.s.closing:
			w.drain()
			w.s.tidyJournal()
			return
		}
	}
}

// gather waits a little for more to come.
func (w *writer) gather() {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.s.hurry:
	case <-w.s.closing:
	}
}

// drain writes until nothing is queued, or until the store is closed and
// writing does not work.
func (w *writer) drain() {
	retry := firstRetry
	for {
		n, err := w.writeSome()
		w.s.setTrouble(wrap(w.s.path, "write", err))
		w.report()
		switch {
		case err == nil && n > 0:
			retry = firstRetry
			w.betweenBatches(n)
		case err == nil:
			return
		case !w.pause(retry):
			return
		default:
			retry = min(2*retry, lastRetry)
		}
	}
}

// writeSome commits what has waited longest: n records.
func (w *writer) writeSome() (n int, err error) {
	if n := w.s.spilled(); n > 0 {
		return n, w.replay(n)
	}
	batch := w.s.take()
	for _, c := range batch {
		n += c.n
	}
	if n == 0 {
		return 0, nil
	}
	if err := w.commit(batch); err != nil {
		w.s.putBack(batch)
		return 0, err
	}
	w.publish()
	w.s.finished(batch)
	return n, nil
}

// pause waits before the next try; it is not ok once the store is being closed.
func (w *writer) pause(d time.Duration) (ok bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.s.closing:
		return false
	}
}

// replay commits all that is in the journal file, n records more than in the
// queue.
func (w *writer) replay(n int) error {
	torn, err := readJournal(w.s.journal.path, batchBytes, func(c *chunk) error {
		return w.commit([]*chunk{c})
	})
	if err != nil {
		return err
	}
	if torn > 0 {
		w.s.log.Warn("the end of the journal was not whole", "path", w.s.journal.path, "bytes", torn)
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.queue.replayed(n)
	w.s.progressed()
	return nil
}

// commit does a batch in one transaction.
func (w *writer) commit(batch []*chunk) (err error) {
	t, err := w.begin()
	if err != nil {
		return err
	}
	defer t.end(&err)
	for _, c := range batch {
		if err := t.applyAll(c.buf); err != nil {
			return err
		}
	}
	return t.flush()
}

// begin begins a transaction.
func (w *writer) begin() (*transaction, error) {
	tx, err := w.s.writing.BeginTx(w.ctx, nil)
	if err != nil {
		return nil, err
	}
	return &transaction{
		w: w, tx: tx, stmts: map[string]*sql.Stmt{}, firstSeq: w.nextSeq,
		grown: map[int64]*growth{}, state: map[ownedState]*string{},
	}, nil
}

// end commits, or rolls back if *err is set or becomes so.
func (t *transaction) end(err *error) {
	if *err == nil {
		*err = t.tx.Commit()
	}
	if *err == nil {
		return
	}
	// The commit may have left the transaction open, or closed it.
	if fault := t.tx.Rollback(); fault != nil && !errors.Is(fault, sql.ErrTxDone) {
		*err = errors.Join(*err, fault)
	}
	t.w.nextSeq = t.firstSeq
	t.w.forget() // ids given in the transaction are void
}

// report tells of trouble when it begins and when it is over.
func (w *writer) report() {
	trouble, lost := w.s.currentTrouble()
	switch {
	case trouble != nil && !w.told:
		w.s.log.Error("messages are not being saved", "err", trouble)
	case trouble == nil && w.told:
		w.s.log.Info("messages are being saved again", "lost", lost)
	default:
		return
	}
	w.told = trouble != nil
	w.s.o.Trouble(trouble)
}
