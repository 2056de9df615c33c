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
)

// link is one signed-on connection: a reader goroutine, and a writer goroutine while there is something to write.
type link struct {
	s     *session
	up    Uplink
	began time.Time
	free  chan []toc.Event // batches to use again

	mu      sync.Mutex // guards the following fields
	out     []toc.Command
	writing bool
	closed  bool
	drained chan struct{} // closed when the writer ends; set by finish
	thirsty bool          // the session wants to know when out is low again
}

// batch is what the reader got.
type batch struct {
	l      *link
	events []toc.Event
}

func (b batch) apply(s *session) {
	if s.link == b.l {
		for _, e := range b.events {
			s.handleTOC(e)
		}
		s.nameRefused()
	}
	clear(b.events)
	select {
	case b.l.free <- b.events[:0]:
	default:
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
	l := &link{s: s, up: up, began: time.Now(), free: make(chan []toc.Event, 2)}
	s.helpers.Add(1)
	go l.read()
	return l
}

func (l *link) read() {
	defer l.s.helpers.Done()
	for {
		var buf []toc.Event
		select {
		case buf = <-l.free:
		default:
		}
		events, err := l.up.RecvBatch(buf)
		if len(events) > 0 {
			l.s.post(batch{l, events})
		}
		if err != nil {
			l.s.post(lost{l, err})
			return
		}
	}
}

// put queues commands, in order, and reports whether there was room.
func (l *link) put(cmds ...toc.Command) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.drained != nil || len(l.out)+len(cmds) > outboxMax {
		return false
	}
	l.out = append(l.out, cmds...)
	if !l.writing {
		l.writing = true
		l.s.helpers.Add(1)
		go l.write()
	}
	return true
}

// write sends what is queued, all that waits at once, until nothing is.
func (l *link) write() {
	defer l.s.helpers.Done()
	var spare []toc.Command
	for {
		cmds := l.take(spare)
		if cmds == nil {
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

// take swaps the queue for an empty one; nil ends the writer.
func (l *link) take(spare []toc.Command) []toc.Command {
	l.mu.Lock()
	cmds := l.out
	if len(cmds) == 0 || l.closed {
		l.writing = false
		if l.drained != nil {
			close(l.drained)
			l.drained = nil
		}
		l.mu.Unlock()
		return nil
	}
	l.out = spare
	wake := l.thirsty
	l.thirsty = false
	l.mu.Unlock()
	if wake {
		l.s.helpers.Add(1)
		go func() { // not here: the session may be waiting for this writer's peer
			defer l.s.helpers.Done()
			l.s.post(do((*session).resume))
		}()
	}
	return cmds
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
