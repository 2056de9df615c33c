package ircd

import (
	"strconv"
	"sync"
	"sync/atomic"

	irc "gopkg.in/irc.v4"
)

// maxLabel is from ircv3.net/specs/extensions/labeled-response.
const maxLabel = 64

// capture holds back what is sent to a client while one of its labelled commands runs: how it goes out depends on how
// much it is. Messages that other goroutines send meanwhile are held back and labelled with it: the session's
// goroutine must be the one that sends.
type capture struct {
	on atomic.Bool // checked first, without the lock

	mu    sync.Mutex
	label string // of the command that runs or is deferred; "" none
	held  []*Message
	muted bool // the answer to this command, an AWAY, is dropped
}

func (l *capture) take(m *Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.on.Load():
		return false
	case l.muted && isAwayReply(m.Command):
		l.muted = false
		l.on.Store(l.label != "")
		return true
	case l.label == "":
		return false
	}
	l.held = append(l.held, m)
	return true
}

func (l *capture) begin(label string) {
	if label == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.label, l.held = label, nil
	l.on.Store(true)
}

// mute drops the answer to the AWAY that runs.
func (l *capture) mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.muted = true
	l.on.Store(true)
}

// pause lets messages pass until resume: the command waits for something.
func (l *capture) pause() { l.on.Store(false) }

func (l *capture) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on.Store(l.label != "" || l.muted)
}

// end returns what was held and under which label.
func (l *capture) end() (label string, held []*Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	label, held = l.label, l.held
	l.label, l.held, l.muted = "", nil, false
	l.on.Store(false)
	return label, held
}

// labelOf is the label a client wants its answer under; "" when it may not or does not.
func (c *Conn) labelOf(m *irc.Message) string {
	if len(m.Tags) == 0 || !c.Has(CapLabeledResponse) {
		return ""
	}
	label := m.Tags["label"]
	if len(label) > maxLabel {
		return ""
	}
	return label
}

// flushLabel ends the capture, if there is one, and sends the answer, with more at its end: nothing is ACK, one
// message carries the label itself, several go as a batch that carries it.
func (c *Conn) flushLabel(more ...*Message) {
	label, held := c.label.end()
	held = append(held, more...)
	switch {
	case label == "":
		for _, m := range held {
			c.sendAs(m, reply{})
		}
	case len(held) == 0:
		c.sendAs(NewMessage(nil, "ACK"), reply{label: label})
	case len(held) == 1 && !held[0].several(Cap(c.caps.Load())) || isBatch(held) || !c.Has(CapBatch):
		c.sendAs(held[0], reply{label: label})
		for _, m := range held[1:] {
			c.sendAs(m, reply{})
		}
	default:
		ref := c.srv.BatchRef()
		start, end := NewBatch(ref, "labeled-response")
		c.sendAs(start, reply{label: label})
		for _, m := range held {
			c.sendAs(m, reply{batch: ref})
		}
		c.sendAs(end, reply{})
	}
}

// isBatch tells whether the messages are one batch from end to end, which then carries the label itself.
func isBatch(ms []*Message) bool {
	first, last := ms[0], ms[len(ms)-1]
	if first.Command != "BATCH" || last.Command != "BATCH" {
		return false
	}
	open, shut := first.Param(0), last.Param(0)
	return len(open) > 1 && len(shut) > 1 && open[0] == '+' && shut[0] == '-' && open[1:] == shut[1:]
}

// BatchRef returns a reference for a new batch, unique in this server.
func (s *Server) BatchRef() string { return strconv.FormatUint(s.batches.Add(1), 36) }
