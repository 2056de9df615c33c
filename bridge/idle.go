package bridge

import (
	"time"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// idleness is how long the user has done nothing at any client. The server counts on from what it is told once (TOC2
// reference §3.2), so it is told of the beginning and of the end.
type idleness struct {
	seen  time.Time // when the user last did something
	told  bool      // AIM knows
	timer *time.Timer
}

// noteActivity looks at a client after each of its commands. Connecting is nothing that a person does: clients do it by
// themselves, at night too.
func (s *session) noteActivity(c *ircd.Conn) {
	at := c.LastActive()
	if !at.After(s.idle.seen) || !at.After(c.Since()) {
		return
	}
	s.idle.seen = at
	if s.idle.told {
		s.idle.told = false
		s.send(toc.SetIdle{})
		s.armIdle()
	}
}

// armIdle sets the timer for the moment at which the user will have been idle for long enough.
func (s *session) armIdle() {
	s.idle.stop()
	if s.o.IdleAfter <= 0 || s.idle.told {
		return
	}
	wait := max(time.Until(s.idle.seen.Add(s.o.IdleAfter)), time.Second)
	s.idle.timer = time.AfterFunc(wait, func() { s.post(do((*session).checkIdle)) })
}

func (s *session) checkIdle() {
	if time.Since(s.idle.seen) >= s.o.IdleAfter && s.state == online {
		s.idle.told = s.send(s.idleCommand())
	}
	s.armIdle()
}

// idleCommand says since when the user is idle.
func (s *session) idleCommand() toc.Command {
	return toc.SetIdle{Seconds: int(time.Since(s.idle.seen).Seconds())}
}

func (i *idleness) stop() {
	if i.timer != nil {
		i.timer.Stop()
	}
}
