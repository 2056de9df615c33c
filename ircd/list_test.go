package ircd_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// many is n members with names long enough to need several lines.
func many(n int) []ircd.Member {
	ms := make([]ircd.Member, n)
	for i := range ms {
		nick := fmt.Sprintf("somebody%03d", i)
		ms[i] = ircd.Member{Nick: nick, User: nick, Host: "aim", Realname: "Some Body", Prefix: "@+"[i%2:]}
	}
	return ms
}

func (s *session) names(c *ircd.Conn, m *irc.Message) error {
	n, err := strconv.Atoi(m.Param(1))
	if err != nil {
		return err
	}
	c.SendNames(m.Param(0), many(n))
	return nil
}

func (s *session) who(c *ircd.Conn, m *irc.Message) error {
	c.SendWho(m.Param(0), m.Param(1), "#c", []ircd.Member{
		{Nick: "bob", User: "b", Host: "aim", Realname: "Bob B", Account: "Bob", Prefix: "@+", Away: true, Idle: 90 * time.Second},
		{Nick: "*aim", User: "aim", Host: "aim", Realname: "Control", Bot: true, Channel: "&buddies"},
	})
	return nil
}

func (s *session) whois(c *ircd.Conn, m *irc.Message) error {
	if m.Param(0) != "full" {
		c.SendWhois(ircd.Whois{Member: ircd.Member{Nick: "bob", User: "b", Host: "aim", Realname: "Bob"}})
		return nil
	}
	channels := make([]string, 60)
	for i := range channels {
		channels[i] = fmt.Sprintf("+#channel%02d", i)
	}
	c.SendWhois(ircd.Whois{
		Member:   ircd.Member{Nick: "bob", User: "b", Host: "aim", Realname: "Bob", Account: "Bob", Away: true, Bot: true, Idle: 61 * time.Second},
		AwayText: "out", Channels: channels, Special: []string{"warned 5%"}, Secure: true, HasIdle: true, SignOn: time.Unix(1234567890, 0),
		ServerInfo: "AIM",
	})
	return nil
}

func (s *session) list(c *ircd.Conn, _ *irc.Message) error {
	c.SendList([]ircd.ListItem{{Channel: "&buddies", Users: 3, Topic: "who is here"}, {Channel: "#x", Users: 0}})
	return nil
}

// 353 lines are full but not over-full, in order, without a trailing space; 366 ends them, also alone.
func TestNames(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	plain := s.register("alice")
	full := s.register("alice", ircdtest.Caps("multi-prefix", "userhost-in-names"))
	for _, tt := range []struct {
		c     *ircdtest.Client
		first string
		n     int
	}{
		{plain, "@somebody000", 120}, {full, "@+somebody000!somebody000@aim", 120}, {plain, "@somebody000", 1}, {plain, "", 0},
	} {
		tt.c.Send("NAMES #c %d", tt.n)
		var got []string
		for _, m := range tt.c.Sync() {
			switch m.Command {
			case "353":
				text := m.Trailing()
				if strings.TrimSpace(text) != text || m.Param(1) != "=" || m.Param(2) != "#c" || len(m.String()) > 510 {
					t.Errorf("bad line %q", m)
				}
				got = append(got, strings.Fields(text)...)
			case "366":
				if m.Param(1) != "#c" {
					t.Errorf("366: %v", m)
				}
			default:
				t.Errorf("unexpected %v", m)
			}
		}
		if len(got) != tt.n || tt.n > 0 && got[0] != tt.first {
			t.Errorf("%d names, first of %v", len(got), got[:min(1, len(got))])
		}
	}
}

func TestWho(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	plain := s.register("alice")
	plain.Send("WHO #c")
	plain.ExpectNext("352 alice #c b aim irc.test bob G@ :0 Bob B")
	plain.ExpectNext("352 alice &buddies aim aim irc.test *aim HB :0 Control")
	plain.ExpectNext("315 alice #c *")
	plain.Send("WHO #c %%tcuhnfdar,743") // irssi
	plain.ExpectNext("354 alice 743 #c b aim bob G@ 0 Bob :Bob B")
	plain.ExpectNext("354 alice 743 &buddies aim aim *aim HB 0 0 Control")
	plain.ExpectNext("315 alice #c *")
	plain.Send("WHO #c %%cuhsnfdar") // WeeChat
	plain.ExpectNext("354 alice #c b aim irc.test bob G@ 0 Bob :Bob B")
	plain.ExpectNext("354 ...")
	plain.ExpectNext("315 ...")
	plain.Send("WHO #c n%%rnloit") // any order asked, one order sent
	plain.ExpectNext("354 alice 0 255.255.255.255 bob 90 n/a :Bob B")
	full := s.register("alice", ircdtest.Caps("multi-prefix"))
	full.Send("WHO #c")
	full.ExpectNext("352 alice #c b aim irc.test bob G@+ :0 Bob B")
}

func TestWhois(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	c.Send("WHOIS bob")
	c.ExpectNext("311 alice bob b aim * Bob")
	c.ExpectNext("312 alice bob irc.test :a test server")
	c.ExpectNext("318 alice bob *")
	c.Send("WHOIS full")
	c.ExpectNext("311 ...")
	n := 0
	for m := c.Next(); ; m = c.Next() {
		if m.Command != "319" {
			if why := ircdtest.Match("312 alice bob irc.test AIM", m); why != "" {
				t.Errorf("312: %s", why)
			}
			break
		}
		n += len(strings.Fields(m.Trailing()))
	}
	if n != 60 {
		t.Errorf("%d channels", n)
	}
	c.ExpectNext("301 alice bob out")
	c.ExpectNext("330 alice bob Bob :is logged in as")
	c.ExpectNext("671 alice bob *")
	c.ExpectNext("335 alice bob *")
	c.ExpectNext("320 alice bob :warned 5%")
	c.ExpectNext("317 alice bob 61 1234567890 :seconds idle, signon time")
	c.ExpectNext("318 alice bob *")
}

func TestList(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	c.Send("LIST ")
	c.ExpectNext("321 alice Channel :Users  Name")
	c.ExpectNext("322 alice &buddies 3 :who is here")
	c.ExpectNext("322 alice #x 0 :")
	c.ExpectNext("323 alice *")
}
