package bridge

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

const (
	inboxSize = 128 // what may wait for a session; who posts more waits too, which slows that client, or TOC
	runMax    = 128 // messages to handle before clients and link get what they cause
	turnMax   = 64  // runs before another goroutine takes over: who brought the first event has its own work to do
	inboxKept = 16  // a larger inbox is lent
)

// event is something that happens to an account. apply runs in the session's turn.
type event interface{ apply(*session) }

// do is an event from a function, for timers and results of helpers.
type do func(*session)

func (f do) apply(s *session) { f(s) }

// item is what waits in an inbox: an event, or a command of a client.
type item struct {
	event event
	conn  *ircd.Conn
	m     *irc.Message
}

func (it *item) apply(s *session) {
	if it.event != nil {
		it.event.apply(s)
		return
	}
	command{it.conn, it.m}.apply(s)
}

// weight is how many messages it is.
func (it *item) weight() int {
	if b, ok := it.event.(*batch); ok {
		return len(b.events)
	}
	return 1
}

// inbox is what waits for a session. Whoever brings something when nobody works for the session does the work, until
// nothing waits; an idle session has no goroutine.
type inbox struct {
	mu    sync.Mutex // guards the following fields
	items []item
	busy  bool          // somebody works for the session
	shut  bool          // the session is over
	room  chan struct{} // closed when fewer wait; made by who waits for that
}

// bigInboxes are lent while much waits.
var bigInboxes = sync.Pool{New: func() any { return new([inboxSize]item) }}

// add puts something into the inbox. work: the caller has to call session.work. wait: there was no room; when wait is
// closed there may be. ok false: the session is over.
func (in *inbox) add(it item, lazy bool) (work bool, wait <-chan struct{}, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.shut:
		return false, nil, false
	case len(in.items) >= inboxSize && in.busy:
		if in.room == nil {
			in.room = make(chan struct{})
		}
		return false, in.room, true
	}
	if len(in.items) == inboxKept && cap(in.items) < inboxSize {
		big := bigInboxes.Get().(*[inboxSize]item)
		in.items = big[:copy(big[:], in.items)]
	}
	in.items = append(in.items, it)
	if in.busy || lazy && len(in.items) < inboxSize {
		return false, nil, true
	}
	in.busy = true
	return true, nil, true
}

// first puts the first event into the inbox; the caller works.
func (in *inbox) first(e event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.items, in.busy = append(in.items, item{event: e}), true
}

// claim makes the caller the one who works, if there is something to do and nobody does it.
func (in *inbox) claim() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.busy || in.shut || len(in.items) == 0 {
		return false
	}
	in.busy = true
	return true
}

// take swaps what waits for an empty list; nil: nothing waits, and the caller works no more.
func (in *inbox) take(done []item) []item {
	clear(done)
	in.mu.Lock()
	defer in.mu.Unlock()
	items := in.items
	if len(items) == 0 {
		in.items = in.kept(items, done)
		in.busy = false
		return nil
	}
	in.items = done[:0]
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
	return items
}

// kept is a small list to begin the next burst with, of two that are empty. Big ones are for whoever needs one.
func (in *inbox) kept(lists ...[]item) (small []item) {
	for _, l := range lists {
		switch {
		case cap(l) == inboxSize:
			bigInboxes.Put((*[inboxSize]item)(l[:inboxSize]))
		case cap(l) > 0:
			small = l[:0]
		}
	}
	return small
}

// close refuses all that comes from now on and returns what waits.
func (in *inbox) close() []item {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.shut = true
	items := in.items
	in.items = nil
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
	return items
}

// post brings an event to the session. The caller may have to wait while much waits there, and may find itself doing
// the session's work; it must hold no lock and be in no session's turn. False: the session has ended.
func (s *session) post(e event) bool { return s.bring(item{event: e}, false) }

// bring is post for any item. A lazy one may wait for Flush.
func (s *session) bring(it item, lazy bool) bool {
	for {
		work, wait, ok := s.inbox.add(it, lazy)
		switch {
		case work:
			s.work()
			return true
		case wait == nil:
			return ok
		}
		<-wait
	}
}

// Flush implements ircd.Flusher: what Handle put off is done now.
func (s *session) Flush() {
	if s.inbox.claim() {
		s.work()
	}
}

// postTo posts to another session. It never waits, and does not do the other's work, for it is in this session's turn:
// two sessions that wait for each other would wait for ever.
func (s *session) postTo(p *session, e event) {
	work, wait, ok := p.inbox.add(item{event: e}, false)
	switch {
	case !ok, !work && wait == nil:
		return
	case work:
		s.help(p.work)
	default:
		s.help(func() { p.post(e) })
	}
}

// help runs f on a goroutine that the session's end waits for.
func (s *session) help(f func()) {
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		f()
	}()
}

// work is the session's turn: it handles what is in the inbox until nothing is.
func (s *session) work() {
	var items []item
	for range turnMax {
		if items = s.inbox.take(items); items == nil {
			return
		}
		if s.handleItems(items); s.ended {
			s.over()
			return
		}
	}
	go s.work()
}

// handleItems handles some items, and sends what they cause when all are done, or enough.
func (s *session) handleItems(items []item) {
	defer func() { // after a panic too
		if s.ended {
			dropLate(items)
		}
	}()
	defer s.recovered()
	s.cork.Hold()
	defer s.flushOut()
	n := 0
	for len(items) > 0 && !s.ended {
		it := event(&items[0])
		s.now = time.Now()
		n += items[0].weight()
		items = items[1:]
		if it.apply(s); n >= runMax {
			n = 0
			s.flushOut()
			s.cork.Hold()
		}
	}
}

// flushOut lets everything go that the session has said to the server and to its clients, once the store has it.
func (s *session) flushOut() {
	s.save()
	if s.link != nil {
		s.link.flush()
	}
	s.cork.Release()
}

// over ends the session after its last event, on a goroutine that may wait.
func (s *session) over() {
	left := s.inbox.close()
	go func() {
		defer s.b.running.Done()
		s.endCtx()
		s.cleanUp()
		close(s.done)
		dropLate(left)
		s.helpers.Wait()
	}()
}

// dropLate closes a link that was signed on just as the session ended, and that nobody will read.
func dropLate(left []item) {
	for _, it := range left {
		if late, ok := it.event.(signedOn); ok && late.up != nil {
			late.up.Close()
		}
	}
}

// recovered keeps a panic to its session and leaves the stack in the log.
func (s *session) recovered() {
	if r := recover(); r != nil {
		s.log.Error("session panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		s.settle(errInternal)
		s.end(errInternal.Error())
	}
}
