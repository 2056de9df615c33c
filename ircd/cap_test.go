package ircd_test

import (
	"slices"
	"strings"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

const allCaps = "account-notify account-tag away-notify batch cap-notify chghost draft/multiline draft/pre-away echo-message extended-join extended-monitor invite-notify " +
	"labeled-response message-tags multi-prefix no-implicit-names sasl server-time setname standard-replies userhost-in-names znc.in/self-message"

// valued is allCaps with the values that 302 brings.
var valued = strings.NewReplacer("sasl", "sasl=PLAIN", "draft/multiline", "draft/multiline=max-bytes=4096,max-lines=32").Replace(allCaps)

func TestCapLS(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, tt := range []struct{ send, want string }{
		{"CAP LS", allCaps},
		{"CAP LS 301", allCaps},
		{"cap ls 302", valued},
		{"CAP LS 307", valued},
	} {
		c := s.dial()
		c.Send("%s", tt.send)
		c.ExpectNext(":irc.test CAP * LS :" + tt.want)
		c.ExpectNot("* ...")
	}
}

// A list too long for one line goes in several to 302, in one that fits to others.
func TestCapLSMultiline(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Name = strings.Repeat("very.", 40) + "test" })
	c := s.dial()
	c.Send("CAP LS 302")
	var names []string
	for {
		m := c.Next()
		if len(m.String()) > 510 {
			t.Errorf("%d bytes: %v", len(m.String()), m)
		}
		names = append(names, strings.Fields(m.Trailing())...)
		if m.Param(2) != "*" {
			break
		}
	}
	if got := strings.Join(names, " "); got != valued {
		t.Errorf("got %s", got)
	}
	old := s.dial()
	old.Send("CAP LS")
	m := old.Next()
	if len(m.Params) != 3 || len(m.String()) > 510 {
		t.Errorf("one line: %v", m)
	}
	left := slices.DeleteFunc(strings.Fields(allCaps), func(name string) bool { return slices.Contains(strings.Fields(m.Trailing()), name) })
	if len(left) == 0 || slices.ContainsFunc(left, func(name string) bool { return !strings.Contains(name, "/") }) {
		t.Errorf("left out: %v", left)
	}
	old.ExpectNot("CAP ...")
}

func TestCapReq(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Send("USER a 0 * :a")
	c.Send("NICK foo")
	c.ExpectNext("001 ...") // without CAP nobody waits
	c = s.dial()
	c.Send("CAP REQ :multi-prefix") // REQ alone holds registration too
	c.ExpectNext("CAP * ACK multi-prefix")
	c.Send("NICK foo")
	c.Send("USER a 0 * :a")
	for _, tt := range []struct{ send, want string }{
		{"CAP LIST", "CAP * LIST multi-prefix"},
		{"CAP REQ :foo qux bar baz qux quux", "CAP * NAK :foo qux bar baz qux quux"},
		{"CAP REQ :userhost-in-names nonsense", "CAP * NAK :userhost-in-names nonsense"},
		{"CAP LIST", "CAP * LIST multi-prefix"}, // all or nothing
		{"CAP REQ userhost-in-names", "CAP * ACK userhost-in-names"},
		{"CAP LIST", "CAP * LIST :multi-prefix userhost-in-names"},
		{"CAP REQ :-multi-prefix away-notify", "CAP * ACK :-multi-prefix away-notify"},
		{"CAP LIST", "CAP * LIST :away-notify userhost-in-names"},
		{"CAP REQ :-nonsense", "CAP * NAK -nonsense"},
		{"CAP REQ :sasl=PLAIN", "CAP * NAK sasl=PLAIN"},
		{"CAP REQ :cap-notify", "CAP * ACK cap-notify"},
		{"CAP REQ :-cap-notify", "CAP * ACK -cap-notify"},
		{"CAP REQ :", "CAP * ACK :"},
		{"CAP END", "001 foo *"},
	} {
		c.Send("%s", tt.send)
		c.ExpectNext(tt.want)
	}
	c.Expect("376 ...")
	for _, tt := range []struct{ send, want string }{ // and after registration, with the nick
		{"CAP REQ :server-time", "CAP foo ACK server-time"},
		{"CAP LS 302", "CAP foo LS *"},
		{"CAP LIST", "CAP foo LIST :away-notify cap-notify server-time userhost-in-names"},
		{"CAP REQ :-cap-notify", "CAP foo NAK -cap-notify"}, // implicit with 302, and not to be had without
		{"CAP END", "PONG irc.test x"},
	} {
		c.Send("%s", tt.send)
		c.Send("PING x")
		c.ExpectNext(tt.want)
		c.Sync()
	}
}

// What is not offered is neither listed nor granted.
func TestCapsOffered(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Caps = ircd.CapSASL | ircd.CapServerTime })
	c := s.dial()
	c.Send("CAP LS")
	c.ExpectNext("CAP * LS :sasl server-time")
	c.Send("CAP REQ :multi-prefix")
	c.ExpectNext("CAP * NAK multi-prefix")
	c.Send("CAP LS 302")
	c.ExpectNext("CAP * LS :sasl=PLAIN server-time")
	c.Send("CAP LIST")
	c.ExpectNext("CAP * LIST :")
}

// A client that asked for nothing sees nothing of it; one that asked for one thing sees that and no more.
func TestExitFilter(t *testing.T) {
	t.Parallel()
	const body = ":alice!alice@127.0.0.1 PRIVMSG alice :hi there"
	for _, tt := range []struct{ caps, send, want string }{
		{"", "PRIVMSG alice :hi there", body},
		{"server-time", "PRIVMSG alice :hi there", "@time=2026-11-22T01:02:03.045Z " + body},
		{"account-tag", "PRIVMSG alice :hi there", "@account=acct " + body},
		{"message-tags", "@+x=a\\:b;y=z PRIVMSG alice :hi there", "@msgid=id1;bot;+x=a\\:b " + body},
		{"message-tags server-time account-tag", "@+x PRIVMSG alice :hi there",
			"@time=2026-11-22T01:02:03.045Z;account=acct;msgid=id1;bot;+x " + body},
		{"batch labeled-response echo-message", "@+x=1 PRIVMSG alice :hi there", body}, // no message-tags, no client tags
		{"message-tags", "@+typing=active TAGMSG alice", "@msgid=id1;bot;+typing=active :alice!alice@127.0.0.1 TAGMSG alice"},
		{"server-time", "@+typing=active TAGMSG alice", ""},
		{"", "JOIN #c", ":alice!alice@127.0.0.1 JOIN #c|:irc.test 353 alice = #c :alice|:irc.test 366 alice #c :End of /NAMES list"},
		{"extended-join no-implicit-names", "JOIN #c", ":alice!alice@127.0.0.1 JOIN #c acct :Real Name"},
		{"", "FAILME", ":irc.test NOTICE alice :FAILME: It did not work"},
		{"standard-replies", "FAILME", ":irc.test FAIL FAILME SOME_CODE ctx :It did not work"},
		{"", "AWAYNOTE", ":bob!bob@aim PRIVMSG alice :for old clients"},
		{"away-notify", "AWAYNOTE", ":bob!bob@aim AWAY :gone"},
		{"account-notify", "AWAYNOTE", ":bob!bob@aim ACCOUNT bob"},
		{"setname", "AWAYNOTE", ":bob!bob@aim SETNAME :Bob B|:bob!bob@aim PRIVMSG alice :for old clients"},
		{"chghost", "AWAYNOTE", ":bob!bob@aim CHGHOST bob elsewhere|:bob!bob@aim PRIVMSG alice :for old clients"},
		{"invite-notify", "AWAYNOTE", ":bob!bob@aim INVITE carol #room|:bob!bob@aim PRIVMSG alice :for old clients"},
		{"", "BATCHME", ":x JOIN #c|:y JOIN #c"},
	} {
		t.Run(tt.caps+"/"+tt.send, func(t *testing.T) {
			t.Parallel()
			c := start(t, nil).register("alice")
			if tt.caps != "" {
				c.Send("CAP REQ :%s", tt.caps)
				c.Expect("CAP alice ACK *")
			}
			c.Send("%s", tt.send)
			var want []string
			if tt.want != "" {
				want = strings.Split(tt.want, "|")
			}
			got := c.Sync()
			if len(got) != len(want) {
				t.Fatalf("got %v", got)
			}
			for i, w := range want {
				if !sameMessage(irc.MustParseMessage(w), got[i]) {
					t.Errorf("got  %q\nwant %q", got[i], w)
				}
			}
		})
	}
}

// sameMessage compares parsed: tags in any order.
func sameMessage(a, b *irc.Message) bool {
	if len(a.Tags) != len(b.Tags) || a.Prefix.String() != b.Prefix.String() || a.Command != b.Command {
		return false
	}
	for k, v := range a.Tags {
		if w, ok := b.Tags[k]; !ok || v != w {
			return false
		}
	}
	return strings.Join(a.Params, "\x00") == strings.Join(b.Params, "\x00")
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("batch"))
	c.Send("BATCHME")
	ref := c.ExpectNext("BATCH +* netjoin a b").Param(0)[1:]
	c.ExpectNext("@batch=" + ref + " :x JOIN #c")
	c.ExpectNext("@batch=" + ref + " :y JOIN #c")
	c.ExpectNext("BATCH -" + ref)
	c.Send("BATCHME")
	if again := c.ExpectNext("BATCH +* netjoin a b").Param(0)[1:]; again == ref {
		t.Errorf("reference %s used twice", ref)
	}
}

// Everything the server says has a time for who asked, numerics and CAP included.
func TestServerTimeEverywhere(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	for _, m := range c.Register("alice", ircdtest.Caps("server-time")) {
		if m.Tags["time"] == "" {
			t.Errorf("no time: %v", m)
		}
	}
	c.Send("CAP REQ :-server-time")
	c.ExpectNext("CAP alice ACK -server-time")
	c.Send("CAP LIST")
	if m := c.ExpectNext("CAP ..."); len(m.Tags) > 0 {
		t.Errorf("tags after removal: %v", m)
	}
}
