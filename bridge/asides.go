package bridge

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"tocbridge/ircd"

	irc "gopkg.in/irc.v4"
)

// aside is what belongs to a message on its way to us through AIM and does not fit into one there.
type aside struct {
	from    string // key
	channel string // folded; "" for an IM
	text    string // HTML, by which the message is known when it arrives
	command string
	lines   []ircd.Line // as said, if in several
	tags    irc.Tags
	id      string
	context string // the channel that a whisper belongs to, or that an invitation means
	at      time.Time
}

// asides wait for their messages.
type asides struct {
	waiting atomic.Int32 // so that nobody takes the lock for nothing

	mu   sync.Mutex // guards list
	list []aside
}

func (a *asides) put(e aside) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.list) >= asideMax {
		a.list = a.list[1:]
	}
	a.list = append(a.list, e)
	a.waiting.Store(int32(len(a.list)))
}

// take finds what belongs to a message. What is older than it from the same sender will not come any more.
func (a *asides) take(from, channel, text string) (e aside, ok bool) {
	if a.waiting.Load() == 0 {
		return e, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.list, func(e aside) bool { return e.from == from && e.channel == channel && e.text == text })
	if i >= 0 {
		e, ok = a.list[i], true
		a.list = slices.Delete(a.list, i, i+1)
	}
	now := time.Now()
	a.list = slices.DeleteFunc(a.list, func(e aside) bool { return now.Sub(e.at) > asideTime })
	a.waiting.Store(int32(len(a.list)))
	return e, ok
}

// saidLines are the lines in which something was said, if there are several and AIM takes them as one message.
func saidLines(m *irc.Message, raw string, parts int) []ircd.Line {
	if parts != 1 || !strings.Contains(raw, "\n") {
		return nil
	}
	return ircd.Lines(m)
}

// needed reports whether a message that a client says has anything that AIM would lose and somebody could see.
func (a *aside) needed(c *client) bool {
	return a.command != "PRIVMSG" || a.lines != nil || len(a.tags) > 0 || c.conn.Has(ircd.CapMessageTags)
}

// asideIM sends what AIM does not carry to somebody on this bridge.
func (s *session) asideIM(im outgoing, a aside) {
	if !a.needed(im.c) && im.who != s.self {
		return
	}
	if p := s.b.peer(im.who.key); p != nil {
		a.from = s.key
		p.asides.put(a)
	}
}
