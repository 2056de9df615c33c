package ircd_test

import (
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd/ircdtest"
)

// AWAY before registration is answered once and reaches the session as its first command, whatever that makes of it.
func TestPreAway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		send, want, text string
	}{
		{"AWAY :gone fishing", "306 * *", "gone fishing"},
		{"AWAY *", "306 * *", "*"},
		{"AWAY", "305 * *", ""},
		{"AWAY :", "305 * *", ""},
		{"@label=L AWAY x", "@label=L 306 * *", "x"},
		{"AWAY silently", "306 * *", "silently"},
		{"AWAY later", "306 * *", "later"},
	} {
		heard := make(chan *irc.Message, 4)
		s := start(t, func(s *server) { s.heard = func(m *irc.Message) { heard <- m } })
		c := s.dial()
		c.Send("CAP REQ :draft/pre-away labeled-response batch")
		c.ExpectNext("CAP * ACK *")
		c.Send("AWAY :the first is replaced")
		c.ExpectNext("306 * *")
		c.Send("%s", tt.send)
		c.ExpectNext(tt.want)
		c.Send("NICK alice")
		c.Send("USER a 0 * :a")
		c.Send("CAP END")
		c.Expect("376 ...")
		if m := <-heard; m.Command != "AWAY" || m.Param(0) != tt.text || len(m.Tags) > 0 {
			t.Errorf("%s: the session got %v", tt.send, m)
		}
		if rest := c.Sync(); len(rest) > 0 {
			t.Errorf("%s: answered again: %v", tt.send, rest)
		}
		c.Send("@label=M AWAY :once more") // from here on AWAY is the session's own
		c.ExpectNext("@label=M 306 alice *")
		c.Send("AWAY")
		c.ExpectNext("305 alice *")
	}
}

func TestPreAwayOff(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Send("AWAY :gone")
	c.ExpectNext("451 * *")
	c.Register("alice", ircdtest.Caps("away-notify"))
	c.ExpectNot("306 ...")
}
