package ircd_test

import (
	"slices"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// capRow shows one capability: what a client that asked for it sees, and one that did not, never.
type capRow struct {
	with  []string // other capabilities that both have
	send  []string
	sees  string // a pattern; only with the capability
	never string // a pattern; only without
}

var capRows = map[string]capRow{
	"account-notify":      {nil, []string{"AWAYNOTE"}, ":bob!bob@aim ACCOUNT bob", ""},
	"account-tag":         {nil, []string{"PRIVMSG alice x"}, "@account=acct PRIVMSG alice x", ""},
	"away-notify":         {nil, []string{"AWAYNOTE"}, ":bob!bob@aim AWAY gone", "PRIVMSG alice :for old clients"},
	"batch":               {nil, []string{"BATCHME"}, "BATCH +* netjoin a b", ""},
	"cap-notify":          {nil, []string{"CAP LIST"}, "CAP alice LIST *cap-notify*", ""}, // it is in the list; nothing changes here that it could tell
	"chghost":             {nil, []string{"AWAYNOTE"}, ":bob!bob@aim CHGHOST bob elsewhere", ""},
	"draft/multiline":     {[]string{"batch"}, []string{"HOOK"}, "BATCH +* draft/multiline #c", ""},
	"draft/pre-away":      {nil, []string{"CAP LIST"}, "CAP alice LIST *draft/pre-away*", ""}, // TestPreAway
	"echo-message":        {nil, []string{"HOOK"}, "NOTICE alice *has:echo-message*", ""},     // the session's work: it asks
	"extended-join":       {nil, []string{"JOIN #c"}, "JOIN #c acct :Real Name", "JOIN #c"},
	"extended-monitor":    {[]string{"away-notify"}, []string{"MONITOR + bob", "ABOUT bob"}, ":bob AWAY gone", ""},
	"invite-notify":       {nil, []string{"AWAYNOTE"}, ":bob INVITE carol #room", ""},
	"labeled-response":    {[]string{"batch"}, []string{"@label=x SAY 0 x"}, "@label=x ACK", ""},
	"message-tags":        {nil, []string{"@+a=b TAGMSG alice"}, "@+a=b;msgid=id1;bot= TAGMSG alice", ""},
	"multi-prefix":        {nil, []string{"WHO #c"}, "352 alice #c b aim irc.test bob G@+ *", "352 alice #c b aim irc.test bob G@ *"},
	"no-implicit-names":   {nil, []string{"JOIN #c"}, "", "353 ..."},
	"sasl":                {nil, []string{"CAP LIST"}, "CAP alice LIST *sasl*", ""}, // sasl_test.go
	"server-time":         {nil, []string{"SAY 1 x"}, "@time=* NOTICE alice x", ""},
	"setname":             {nil, []string{"AWAYNOTE"}, ":bob SETNAME :Bob B", ""},
	"standard-replies":    {nil, []string{"FAILME"}, "FAIL FAILME SOME_CODE ctx :It did not work", "NOTICE alice :FAILME: It did not work"},
	"userhost-in-names":   {nil, []string{"NAMES #c 1"}, "353 alice = #c @somebody000!somebody000@aim", "353 alice = #c @somebody000"},
	"znc.in/self-message": {nil, []string{"HOOK"}, "NOTICE alice *has:znc.in/self-message*", ""}, // the session's work
}

// Each capability on and off. With none at all, no message has a tag.
func TestEveryCapability(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.hook = func(c *ircd.Conn) {
		c.Send(ircd.NewMultiline(c.Prefix(), "PRIVMSG", "#c", []ircd.Line{{Text: "one"}, {Text: "two"}}))
		has := ""
		for _, bit := range []ircd.Cap{ircd.CapEchoMessage, ircd.CapSelfMessage} {
			if c.Has(bit) {
				has += " has:" + bit.Names()[0]
			}
		}
		c.Notice("you" + has)
	}
	for _, row := range s.CapabilityList() {
		show, ok := capRows[row.Name]
		t.Run(row.Name, func(t *testing.T) {
			if !ok {
				t.Fatal("no row in the test")
			}
			on := capShown(t, s, show, row.Name)
			off := capShown(t, s, show)
			for _, tt := range []struct {
				pattern   string
				here, not []*irc.Message
			}{{show.sees, on, off}, {show.never, off, on}} {
				if tt.pattern == "" {
					continue
				}
				if !matches(tt.pattern, tt.here) {
					t.Errorf("no %s in %v", tt.pattern, tt.here)
				}
				if matches(tt.pattern, tt.not) {
					t.Errorf("%s in %v", tt.pattern, tt.not)
				}
			}
			for _, m := range off {
				if len(m.Tags) > 0 && len(show.with) == 0 {
					t.Errorf("unasked: %v", m)
				}
			}
		})
	}
}

// capShown is what a client with these capabilities gets to see.
func capShown(t *testing.T, s *server, show capRow, caps ...string) []*irc.Message {
	c := s.dialFor(t)
	c.Register("alice", ircdtest.Caps(append(caps, show.with...)...))
	if len(caps)+len(show.with) == 0 {
		c.Send("CAP REQ :-cap-notify") // which came with CAP LS 302, if that was sent
		c.Sync()
	}
	for _, line := range show.send {
		c.Send("%s", line)
	}
	defer c.Close()
	return c.Sync()
}

func matches(pattern string, list []*irc.Message) bool {
	return slices.ContainsFunc(list, func(m *irc.Message) bool { return ircdtest.Match(pattern, m) == "" })
}
