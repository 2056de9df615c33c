package store

import (
	"errors"
	"time"
)

// Chores are what the writer does when nothing is queued: the journal is
// emptied, words are put into the index, what is too old or too much goes, and
// the file gives room back. Each is done in steps so short that what is queued
// meanwhile does not wait long.

const (
	// restTime is how long after something was written chores are done.
	restTime = time.Second
	// ageTime is how often it is looked for what is too old.
	ageTime = time.Hour
)

// chores is what is to be done.
type chores struct {
	timer    *time.Timer
	due      time.Time        // when the timer fires; zero: it has
	aging    bool             // there is an age at which messages go
	nextAge  time.Time        // when that is looked for next
	ageFrom  int64            // the conversation after which to go on looking; -1: not looking
	aged     []int64          // conversations that begin with messages that are too old
	overfull map[int64]int64  // accounts with too many, and how many they have
	cutoffs  map[int64]string // up to which id of them goes
	orphans  bool             // conversations without an account
	emptying bool             // unused pages are being given back
}

func newChores(aging bool) chores {
	return chores{
		timer: time.NewTimer(restTime), due: time.Now().Add(restTime),
		aging: aging, ageFrom: -1, orphans: true,
		overfull: map[int64]int64{}, cutoffs: map[int64]string{},
	}
}

// in has the chores done after d or earlier.
func (c *chores) in(d time.Duration) {
	if at := time.Now().Add(d); c.due.IsZero() || at.Before(c.due) {
		c.due = at
		c.timer.Reset(d)
	}
}

// A chore does a step of its work and says whether there is more.
type chore func(*writer) (more bool, err error)

// rest does all chores. What is queued meanwhile goes first.
func (w *writer) rest() {
	w.chore.due = time.Time{}
	w.s.tidyJournal()
	for _, step := range []chore{(*writer).index, (*writer).clearOrphans, (*writer).prune, (*writer).age, (*writer).vacuum} {
		for more := true; more; {
			if w.s.busy() {
				w.drain()
			}
			if w.s.isClosed() {
				return
			}
			var err error
			if more, err = step(w); err != nil {
				// What is queued next will show whether this is trouble.
				w.s.log.Warn("store: a chore failed", "err", err)
				w.chore.in(ageTime)
				return
			}
		}
	}
	if w.chore.aging {
		w.chore.in(ageTime)
	}
}

// betweenBatches does what must not wait for a rest that may not come, after n
// records were written.
func (w *writer) betweenBatches(n int) {
	var faults []error
	// Twice what was written, so that the index catches up in a flood as well.
	for done := 0; w.s.searching() && done <= 2*n; done += indexStep {
		w.indexForSearch()
	}
	if len(w.chore.overfull) > 0 {
		_, err := w.prune()
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		w.s.log.Warn("store: a chore failed", "err", err)
	}
}

// busy is whether something is queued.
func (s *Store) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue.chunks) > 0
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
