package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// gather is how long the writer waits for more after the first record, so
	// that a trickle does not cost a transaction each. Who reads cuts it short.
	gather = 20 * time.Millisecond
	// batchBytes is about the most that goes into one transaction.
	batchBytes = 1 << 20
	// gatherBytes queued do not wait for more.
	gatherBytes = 256 << 10
)

// A writer owns the connection that writes. All its fields are its goroutine's.
type writer struct {
	s       *Store
	ctx     context.Context // ends never: what has begun is finished
	stmts   map[string]*sql.Stmt
	nextSeq int64

	accounts map[string]int64 // ids by key; some, cleared when full
	convs    map[convKey]int64
}

type convKey struct {
	account int64
	name    string
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{s: s, ctx: context.WithoutCancel(ctx), stmts: map[string]*sql.Stmt{}}
	w.forget()
	for _, query := range prepared {
		st, err := s.writing.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		w.stmts[query] = st
	}
	var last int64
	if err := s.writing.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM messages`).Scan(&last); err != nil {
		return nil, err
	}
	indexed, err := getMeta(ctx, s.writing, metaIndexed)
	w.nextSeq = max(last, indexed) + 1
	return w, err
}

// forget drops what is known of the database.
func (w *writer) forget() {
	w.accounts, w.convs = map[string]int64{}, map[convKey]int64{}
}

func (w *writer) run() {
	defer close(w.s.done)
	for {
		select {
		case <-w.s.wake:
			w.gather()
			w.drain()
		case <-w.s.closing:
			w.drain()
			return
		}
	}
}

// gather waits a little for more to come.
func (w *writer) gather() {
	timer := time.NewTimer(gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.s.hurry:
	case <-w.s.closing:
	}
}

// drain writes until nothing is queued.
func (w *writer) drain() {
	for {
		batch := w.s.take()
		if len(batch) == 0 {
			return
		}
		if err := w.commit(batch); err != nil {
			w.s.log.Error("store: write", "err", err)
		}
		w.s.finished(batch)
	}
}

// commit does a batch in one transaction.
func (w *writer) commit(batch []*chunk) (err error) {
	tx, err := w.s.writing.BeginTx(w.ctx, nil)
	if err != nil {
		return err
	}
	t := &transaction{w: w, tx: tx, stmts: map[string]*sql.Stmt{}, grown: map[int64]*growth{}, state: map[ownedState]*string{}}
	defer func() {
		if err != nil {
			w.forget() // ids given in the transaction are void
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	for _, c := range batch {
		if err := t.applyAll(c.buf); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// enqueue queues ops. newest is the greatest id among them.
func (s *Store) enqueue(newest string, ops ...op) {
	if len(ops) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.queue.bytes > s.o.QueueBytes && s.trouble == nil && !s.closed {
		s.waitLocked()
	}
	if s.closed {
		return
	}
	empty := len(s.queue.chunks) == 0
	s.queue.add(ops)
	s.lastID = max(s.lastID, newest)
	if empty {
		signal(s.wake)
	}
	if s.queue.bytes > gatherBytes {
		signal(s.hurry)
	}
}

// waitLocked waits for progress; mu is let go meanwhile.
func (s *Store) waitLocked() {
	progress := s.progress
	signal(s.hurry)
	s.mu.Unlock()
	<-progress
	s.mu.Lock()
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Store) take() []*chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.take(batchBytes)
}

func (s *Store) finished(batch []*chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.done(batch)
	s.progressed()
}

// progressed wakes those who wait; mu is held.
func (s *Store) progressed() {
	close(s.progress)
	s.progress = make(chan struct{})
}

// settle waits until what was queued before the call has been written, at most
// troublePatience when writing fails.
func (s *Store) settle(ctx context.Context) error {
	s.mu.Lock()
	want := s.queue.appended
	for {
		if s.closed {
			s.mu.Unlock()
			return ErrClosed
		}
		if s.queue.committed >= want {
			s.mu.Unlock()
			return nil
		}
		progress := s.progress
		signal(s.hurry)
		s.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
	}
}
