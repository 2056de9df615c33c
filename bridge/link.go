package bridge

import (
	"context"
	"sync"
	"time"

	"tocbridge/toc"
)

// Uplink is a signed-on TOC connection. One goroutine calls RecvBatch, any the rest. *toc.Client is one.
type Uplink interface {
	// RecvBatch waits for an event and appends it, and what else has arrived completely, to dst.
	RecvBatch(dst []toc.Event) ([]toc.Event, error)
	Send(cmds ...toc.Command) error
	Get(ctx context.Context, u toc.GotoURL) (string, error)
	Close() error
}

var _ Uplink = (*toc.Client)(nil)

const (
	outboxMax  = 4096 // commands; more are refused to whoever wants them sent
	outboxHigh = 512  // from here on the client that sends is held up
	outboxLow  = 128  // and goes on from here
	batchSmall = 8    // events of a batch that is made anew
	outboxKept = 16   // a larger outbox is not kept for the next burst
)

// link is one signed-on connection: a reader goroutine, and a writer goroutine while there is something to write.
type link struct {
	s     *session
	up    Uplink
	began time.Time

	mu      sync.Mutex // guards the following fields
	out     []toc.Command
	rest    bool // TrySend has left something for Send
	writing bool
	closed  bool
	drained chan struct{} // closed when the writer ends; set by finish
	thirsty bool          // the session wants to know when out is low again
}

// trier is an Uplink that can be written to without waiting: see toc.Client.TrySend.
type trier interface {
	TrySend(cmds ...toc.Command) (done bool, err error)
}

// batch is what the reader got.
type batch struct {
	l      *link
	events []toc.Event
}

// batches are for links on which much comes: the others hold none while they wait.
var batches = sync.Pool{New: func() any { return new(batch) }}

func (b *batch) apply(s *session) {
	if s.link == b.l {
		crowd := s.beginCrowd(b.events)
		for _, e := range b.events {
			s.handleTOC(e)
		}
		if crowd {
			s.endStorm()
		}
		s.nameRefused()
	}
	if cap(b.events) > batchSmall {
		clear(b.events)
		*b = batch{events: b.events[:0]}
		batches.Put(b)
	}
}

// lost says that the link ended.
type lost struct {
	l   *link
	err error
}

func (e lost) apply(s *session) {
	if s.link == e.l {
		s.linkLost(e.err)
	}
}

// start makes a link of a fresh connection.
func (s *session) start(up Uplink) *link {
	l := &link{s: s, up: up, began: time.Now()}
	s.helpers.Add(1)
	go l.read()
	return l
}

func (l *link) read() {
	defer l.s.helpers.Done()
	busy := false
	for {
		b := new(batch)
		if busy {
			b = batches.Get().(*batch)
		}
		var err error
		b.l = l
		if b.events, err = l.up.RecvBatch(b.events); len(b.events) > 0 {
			busy = len(b.events) > batchSmall
			l.s.post(b)
		}
		if err != nil {
			l.s.post(lost{l, err})
			return
		}
	}
}

// put queues commands for flush, in order, and reports whether there was room.
func (l *link) put(cmds ...toc.Command) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.drained != nil || len(l.out)+len(cmds) > outboxMax {
		return false
	}
	l.out = append(l.out, cmds...)
	return true
}

// flush lets the network have what is queued: what it does not take at once is left to a goroutine.
func (l *link) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.writing || len(l.out) == 0 {
		return
	}
	if up, ok := l.up.(trier); ok {
		done, err := up.TrySend(l.out...)
		clear(l.out)
		if l.out = l.out[:0]; cap(l.out) > outboxKept {
			l.out = nil
		}
		switch {
		case err != nil:
			l.s.log.Debug("write to AIM failed", "err", err)
			l.up.Close() // the reader reports it
			return
		case done:
			return
		}
		l.rest = true
	}
	l.start()
}

// start starts the writer. With mu.
func (l *link) start() {
	l.writing = true
	l.s.help(l.write)
}

// write sends what is queued, all that waits at once, until nothing is.
func (l *link) write() {
	var spare []toc.Command
	for {
		cmds, ok := l.take(spare)
		if !ok {
			return
		}
		if err := l.up.Send(cmds...); err != nil {
			l.s.log.Debug("write to AIM failed", "err", err)
			l.up.Close() // the reader reports it
			return
		}
		clear(cmds)
		spare = cmds[:0]
	}
}

// take swaps the queue for an empty one; false ends the writer.
func (l *link) take(spare []toc.Command) ([]toc.Command, bool) {
	l.mu.Lock()
	cmds := l.out
	if len(cmds) == 0 && !l.rest || l.closed {
		l.writing = false
		if l.drained != nil {
			close(l.drained)
			l.drained = nil
		}
		l.mu.Unlock()
		return nil, false
	}
	l.out, l.rest = spare, false
	wake := l.thirsty
	l.thirsty = false
	l.mu.Unlock()
	if wake {
		l.s.help(func() { l.s.post(do((*session).resume)) }) // not here: the session may be waiting for this writer's peer
	}
	return cmds, true
}

// full reports whether so much waits that senders should be held up; then session.resume follows.
func (l *link) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.thirsty = l.writing && len(l.out) > outboxHigh
	return l.thirsty
}

// finish ends the link in good order: what is queued is written first, within limit.
func (l *link) finish(limit time.Duration) {
	l.mu.Lock()
	var drained chan struct{}
	if len(l.out) > 0 && !l.writing && !l.closed {
		l.start()
	}
	if l.writing && !l.closed {
		drained = make(chan struct{})
		l.drained = drained
	}
	l.mu.Unlock()
	if drained != nil {
		select {
		case <-drained:
		case <-time.After(limit):
		}
	}
	l.close()
}

// close ends the link and returns the commands that were not handed to the network.
func (l *link) close() []toc.Command {
	l.mu.Lock()
	l.closed = true
	rest := l.out
	l.out = nil
	l.mu.Unlock()
	l.up.Close()
	return rest
}
