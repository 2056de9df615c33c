package bridge

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"tocbridge/ircd"
)

// idleSession is a session that nothing has happened to.
func idleSession() *session {
	return newSession(New(Options{}), "alice", ircd.Credentials{Password: "x"})
}

// note appends to a list in the session's turn.
func note(list *[]string, what string) do { return func(*session) { *list = append(*list, what) } }

// Who posts does the work, and what comes up meanwhile too, in order.
func TestPosterWorks(t *testing.T) {
	t.Parallel()
	s := idleSession()
	var done []string
	s.post(do(func(s *session) {
		s.post(note(&done, "second"))
		s.postTo(s, note(&done, "third"))
		done = append(done, "first")
	}))
	if got := strings.Join(done, " "); got != "first second third" {
		t.Error(got)
	}
}

// What may wait waits until somebody works: the next who is not patient, or Flush.
func TestLazy(t *testing.T) {
	t.Parallel()
	s := idleSession()
	var done []string
	s.bring(item{event: note(&done, "1")}, true)
	s.bring(item{event: note(&done, "2")}, true)
	if len(done) > 0 {
		t.Errorf("done: %q", done)
	}
	s.Flush()
	s.bring(item{event: note(&done, "3")}, true)
	s.post(note(&done, "4"))
	s.Flush()
	if got := strings.Join(done, " "); got != "1 2 3 4" {
		t.Error(got)
	}
	for i := range inboxSize - 1 {
		s.bring(item{event: note(&done, fmt.Sprint(i))}, true)
	}
	if len(done) != 4 {
		t.Errorf("%d done", len(done))
	}
	s.bring(item{event: note(&done, "x")}, true) // the inbox is full
	if len(done) != 4+inboxSize {
		t.Errorf("%d done", len(done))
	}
}

// One works at a time, each poster's events keep their order, and a full inbox makes posters wait.
func TestManyPosters(t *testing.T) {
	t.Parallel()
	s := idleSession()
	const posters, each = 8, 2000
	working, next := false, [posters]int{} // not guarded: the race detector sees two at work
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range each {
				it := item{event: do(func(*session) {
					if working {
						t.Error("two at work")
					}
					working = true
					if next[p] != i {
						t.Errorf("poster %d: %d instead of %d", p, i, next[p])
					}
					next[p], working = i+1, false
				})}
				if !s.bring(it, i%3 == 0) {
					t.Error("refused")
				}
			}
			s.Flush()
		})
	}
	wg.Wait()
	for done := false; !done; { // the last turn may be another goroutine's
		s.post(do(func(*session) {
			done = true
			for p, n := range next {
				if n != each {
					t.Errorf("poster %d: %d done", p, n)
				}
			}
		}))
	}
}

// A goroutine that has brought one event is not kept for ever by what others bring.
func TestTurnsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := idleSession()
		n, gate := 0, make(chan struct{})
		var again do
		again = func(s *session) {
			if n++; n == turnMax+1 {
				<-gate // were this still the poster, it would not come back
			}
			if n < 3*turnMax {
				s.post(again)
			}
		}
		s.post(again)
		close(gate)
		synctest.Wait()
		if n != 3*turnMax {
			t.Errorf("%d were done", n)
		}
	})
}

// When the session is over nothing is done any more; what waited is closed if it has to be.
func TestOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := idleSession()
		s.b.running.Add(1)
		first, second := newFarEnd(t, "alice"), newFarEnd(t, "alice")
		var done []string
		s.bring(item{event: note(&done, "1")}, true)
		s.bring(item{event: do(func(s *session) { s.end("over") })}, true)
		s.bring(item{event: note(&done, "2")}, true)
		s.bring(item{event: signedOn{up: first}}, true)
		s.Flush()
		<-s.done
		<-first.closed
		if s.post(signedOn{up: second}) {
			t.Error("took an event after its end")
		}
		s.Flush()
		if len(done) != 1 {
			t.Errorf("done: %q", done)
		}
		s.b.running.Wait()
	})
}

// A panic ends the session, not who happened to work for it.
func TestPanicInATurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := idleSession()
		s.b.running.Add(1)
		end := newFarEnd(t, "alice")
		s.bring(item{event: do(func(*session) { panic("test") })}, true)
		s.bring(item{event: signedOn{up: end}}, true)
		s.Flush()
		<-s.done
		<-end.closed
		s.b.running.Wait()
	})
}

// Big inboxes are lent, and given back by an idle session.
func TestIdleInboxIsSmall(t *testing.T) {
	t.Parallel()
	s := idleSession()
	for range 3 {
		for range inboxSize {
			s.bring(item{event: do(func(*session) {})}, true)
		}
		s.Flush()
		if c := cap(s.inbox.items); c > inboxKept {
			t.Errorf("room for %d is kept", c)
		}
	}
}
