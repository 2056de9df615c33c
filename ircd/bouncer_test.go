package ircd_test

import (
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// Before registration a client may choose the only network there is (soju.im/bouncer-networks).
func TestBouncerBind(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Caps = ircd.DefaultCaps })
	c := s.dialFor(t)
	c.Send("CAP REQ soju.im/bouncer-networks")
	c.ExpectNext("CAP * ACK soju.im/bouncer-networks")
	for _, tt := range []struct{ send, want string }{
		{"BOUNCER BIND 7", "FAIL BOUNCER INVALID_NETID BIND 7 :Network not found"},
		{"BOUNCER BIND", ":irc.test 461 * BOUNCER :Not enough parameters"},
		{"BOUNCER LISTNETWORKS", ":irc.test 451 * :You have not registered"},
		{"BOUNCER", ":irc.test 451 * :You have not registered"},
		{"BOUNCER bind " + ircd.NetID, ""},
	} {
		c.Send("%s", tt.send)
		if tt.want != "" {
			c.ExpectNext(tt.want)
		}
	}
	if rest := c.Sync(); len(rest) > 0 {
		t.Errorf("and %v", rest)
	}
}

// Who has the capability that an answer belongs to gets FAIL; others get what they understand.
func TestFailFor(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Caps = ircd.DefaultCaps })
	s.hook = func(c *ircd.Conn) {
		c.FailFor(ircd.CapSearch, "SEARCH", "INVALID_PARAMS", "x", "Invalid parameters")
		if n := c.Queued(); n < 0 {
			t.Errorf("%d bytes wait", n)
		}
	}
	for capability, want := range map[string]string{
		"soju.im/search":   "FAIL SEARCH INVALID_PARAMS x :Invalid parameters",
		"standard-replies": "FAIL SEARCH INVALID_PARAMS x :Invalid parameters",
		"batch":            "NOTICE alice :SEARCH: Invalid parameters",
	} {
		c := s.dialFor(t)
		c.Register("alice", ircdtest.Caps(capability))
		c.Send("HOOK")
		c.Expect(want)
	}
}
