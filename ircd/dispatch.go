package ircd

import (
	"context"
	"sync"
	"sync/atomic"

	irc "gopkg.in/irc.v4"
)

// maxWaiting commands may wait behind a deferred one before the reader stops taking more.
const maxWaiting = 32

// crowded reports whether enter would wait.
func (t *turn) crowded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting) >= maxWaiting
}

// turn orders a client's commands around one whose answer comes later.
type turn struct {
	deferred bool         // a command waits for its finish; by the session's goroutine only
	answered *irc.Message // the AWAY of preAway while it is still to come; by the session's goroutine once Attach has returned
	handed   int64        // commands given to the session; by the reader only
	done     atomic.Int64 // commands that have had their turn

	mu      sync.Mutex // guards the following
	waiting []pending
	room    chan struct{} // closed when fewer wait again; made by the reader that waits for it
}

type pending struct {
	m      *irc.Message
	handle func(*irc.Message) error
}

// endOfInput follows a client's last command through the session, so that the connection ends after what was sent
// before: a QUIT and its text, above all. It is never changed.
var endOfInput = &irc.Message{Prefix: &irc.Prefix{}, Command: "EOF"}

// enter is the reader's gate. False: the connection ended.
func (t *turn) enter(ctx context.Context) bool {
	t.mu.Lock()
	if len(t.waiting) < maxWaiting {
		t.mu.Unlock()
		return true
	}
	if t.room == nil {
		t.room = make(chan struct{})
	}
	room := t.room
	t.mu.Unlock()
	select {
	case <-room:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *turn) add(p pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, p)
}

func (t *turn) next() (pending, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room != nil {
		close(t.room)
		t.room = nil
	}
	if len(t.waiting) == 0 {
		t.waiting = nil
		return pending{}, false
	}
	p := t.waiting[0]
	t.waiting = t.waiting[1:]
	return p, true
}

// Dispatch runs one command of the client: ircd's own, or else handle. The session calls it on its own goroutine for
// each message it was handed, in order, so that a PONG never overtakes the answer to an earlier command. What handle
// returns is sent: a *Reply as it is, ErrUnknownCommand as 421, other errors as 400. What is sent to c meanwhile is
// the answer to a labelled command. A panic costs this connection only.
func (c *Conn) Dispatch(m *irc.Message, handle func(*irc.Message) error) {
	switch {
	case c.turn.deferred:
		c.turn.add(pending{m, handle})
	case c.deaf.Load():
		c.turn.done.Add(1)
	default:
		c.run(m, handle)
	}
}

// run runs one command. A nil handle: the client is registering.
func (c *Conn) run(m *irc.Message, handle func(*irc.Message) error) {
	if handle != nil {
		if m = c.collect(m); m == nil {
			c.turn.done.Add(1)
			return
		}
	}
	c.label.begin(c.labelOf(m))
	if m == c.turn.answered {
		c.turn.answered = nil
		c.label.mute()
	}
	c.protect(m.Command, func() error { return c.route(m, handle) })
	c.settle()
}

// settle ends a command's turn, unless it has been deferred.
func (c *Conn) settle() {
	if c.turn.deferred {
		c.label.pause()
		return
	}
	if c.label.on.Load() {
		c.flushLabel()
	}
	c.turn.done.Add(1)
}

func (c *Conn) protect(command string, f func() error) {
	defer c.recovered(command)
	c.answer(command, f())
}

func (c *Conn) route(m *irc.Message, handle func(*irc.Message) error) error {
	if m == endOfInput {
		c.Close(ReasonEOF, "Connection closed")
		return nil
	}
	cmd, own := c.srv.commands[m.Command]
	run := cmd.after
	if handle == nil {
		run = cmd.before
	}
	switch {
	case handle != nil && (!own || run == nil):
		return handle(m)
	case handle == nil && run == nil:
		return Numeric(irc.ERR_NOTREGISTERED, "You have not registered")
	case len(m.Params) < cmd.min:
		return NeedMoreParams(m.Command)
	}
	return run(c, m)
}

// Defer is called inside handle when the answer has to wait for something. Until finish is called, with the rest of
// the handler, on the session's goroutine, the client's further commands wait in order, and the reader stops when
// there are many. Finish runs once; after the connection died it does no harm.
func (c *Conn) Defer() (finish func(func() error)) {
	c.turn.deferred = true
	done := false
	return func(rest func() error) {
		if done {
			return
		}
		done = true
		c.turn.deferred = false
		c.label.resume()
		c.protect("deferred", rest)
		c.settle()
		c.catchUp()
	}
}

// catchUp runs what waited, until one of those is deferred too.
func (c *Conn) catchUp() {
	for !c.turn.deferred {
		p, ok := c.turn.next()
		if !ok {
			return
		}
		c.Dispatch(p.m, p.handle)
	}
}
