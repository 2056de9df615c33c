package store

import (
	"context"
	"time"
)

// patience is how long who reads waits for the writer while that is in trouble.
const patience = time.Second

// enqueue queues ops: first in the journal, so that they are safe, and then for
// the writer. newest is the greatest id among them.
func (s *Store) enqueue(newest string, ops ...op) {
	if len(ops) == 0 || s.o.ReadOnly {
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
	records, c := s.queue.add(ops)
	if !s.journal.write(records) {
		c.unsafe = true
	}
	if s.trouble != nil {
		s.queue.shed(s.o.QueueBytes)
	}
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

// progressed wakes those who wait; mu is held.
func (s *Store) progressed() {
	close(s.progress)
	s.progress = make(chan struct{})
}

func (s *Store) take() []*chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.take(batchBytes)
}

func (s *Store) spilled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.spilled
}

// putBack is told when a batch could not be committed. A journal that could not
// be written gets another chance to have what is queued.
func (s *Store) putBack(batch []*chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.putBack(batch)
	if s.journal.err != nil && s.queue.spilled == 0 && int64(s.queue.bytes) < s.journal.limit {
		s.journal.rewrite(s.queue.chunks)
	}
}

// finished is told when a batch has been committed.
func (s *Store) finished(batch []*chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.done(batch)
	switch {
	case s.queue.waiting() == 0 && (s.journal.err != nil || s.journal.size > truncateJournal):
		s.journal.empty()
	case s.queue.bytes > 0 && s.queue.spilled == 0 && (s.journal.err != nil || s.journal.size > rewriteJournal):
		s.journal.rewrite(s.queue.chunks)
	}
	s.progressed()
}

// tidyJournal empties the journal if nothing is queued.
func (s *Store) tidyJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.waiting() == 0 {
		s.journal.empty()
	}
}

// setTrouble is told how writing went.
func (s *Store) setTrouble(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.trouble == nil {
		return
	}
	s.trouble = err
	s.progressed()
}

// currentTrouble is what is wrong with the database or the journal, and how many
// records the trouble has cost so far.
func (s *Store) currentTrouble() (err error, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err, lost = s.trouble, s.queue.lost
	if err == nil && s.journal.err != nil {
		err = wrap(s.journal.path, "write", s.journal.err)
	}
	if err == nil {
		s.queue.lost = 0
	}
	return err, lost
}

// settle waits until what was queued before the call has been written, and no
// longer than patience when writing fails: then what is there is read.
func (s *Store) settle(ctx context.Context) error {
	s.mu.Lock()
	want := s.queue.appended
	s.mu.Unlock()
	return s.await(ctx, s.hurry, func() bool { return s.queue.committed >= want })
}

// await waits until done, which is called with mu held, is true. What wakes the
// writer for it is nudge.
func (s *Store) await(ctx context.Context, nudge chan struct{}, done func() bool) error {
	var late <-chan time.Time
	s.mu.Lock()
	for !s.closed && !done() {
		if s.trouble != nil && late == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			late = timer.C
		}
		progress := s.progress
		signal(nudge)
		s.mu.Unlock()
		select {
		case <-progress:
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return nil
}
