package ircd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// Every subcommand, and the numerics as ircv3.net/specs/extensions/monitor has them.
func TestMonitor(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	burst := c.Register("alice")
	if !slices.ContainsFunc(burst, func(m *irc.Message) bool { return m.Command == "005" && slices.Contains(m.Params, "MONITOR=100") }) {
		t.Error("no MONITOR=100 in 005")
	}
	s.register("bob")
	for _, tt := range []struct {
		send string
		want []string
	}{
		{"MONITOR", []string{"461 alice MONITOR *"}},
		{"MONITOR +", []string{"461 alice MONITOR *"}},
		{"MONITOR + :", []string{"461 alice MONITOR *"}},
		{"MONITOR -", []string{"461 alice MONITOR *"}},
		{"MONITOR X bob", []string{"400 alice MONITOR X *"}},
		{"MONITOR L", []string{"733 alice :End of MONITOR list"}},
		{"MONITOR S", nil},
		{"MONITOR + bob", []string{":irc.test 730 alice bob!u@h"}},
		{"MONITOR + BOB", nil}, // is there already
		{"MONITOR + nobody", []string{":irc.test 731 alice nobody"}},
		{"MONITOR + *!*@host,,9x,alice!a@b", nil}, // no nicks
		{"monitor l", []string{"732 alice bob,nobody", "733 alice *"}},
		{"MONITOR S", []string{"730 alice bob!u@h", "731 alice nobody"}},
		{"COME someone Nobody", []string{"730 alice Nobody!u@h"}},
		{"COME nobody", nil}, // known
		{"MONITOR s", []string{"730 alice bob!u@h,nobody!u@h"}},
		{"GONE NOBODY bob", []string{"731 alice NOBODY,bob"}}, // as it is spelled now
		{"GONE nobody", nil},
		{"MONITOR - nobody,carol", nil},
		{"MONITOR L", []string{"732 alice bob", "733 alice *"}},
		{"COME nobody", nil},
		{"MONITOR + x,bob,y,x", []string{"731 alice x,y"}},
		{"MONITOR C", nil},
		{"MONITOR L", []string{"733 alice *"}},
		{"COME bob x y", nil},
	} {
		c.Send("%s", tt.send)
		for _, want := range tt.want {
			c.ExpectNext(want)
		}
		if rest := c.Sync(); len(rest) > 0 {
			t.Errorf("%s: and %v", tt.send, rest)
		}
	}
}

// The list has a bound, and long answers several lines, each within 512 bytes and each nick in one of them.
func TestMonitorFull(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	c := s.register("alice")
	var nicks []string
	for i := range ircd.MonitorMax + 2 {
		nicks = append(nicks, fmt.Sprintf("a-nick-of-twenty-five-%03d", i))
	}
	for i := 0; i < ircd.MonitorMax-2; i += 14 {
		c.Send("MONITOR + %s", strings.Join(nicks[i:i+14], ","))
	}
	c.Sync()
	c.Send("MONITOR + %s", strings.Join(nicks[98:102], ","))
	c.ExpectNext("731 alice " + nicks[98] + "," + nicks[99])
	c.ExpectNext(":irc.test 734 alice 100 " + nicks[100] + "," + nicks[101] + " :Monitor list is full.")
	c.Send("MONITOR L")
	var got []string
	for _, m := range c.Sync() {
		if len(m.String()) > 510 {
			t.Errorf("%d bytes", len(m.String()))
		}
		if m.Command == "732" {
			got = append(got, strings.Split(m.Trailing(), ",")...)
		}
	}
	if !slices.Equal(got, nicks[:100]) {
		t.Errorf("got %d: %v", len(got), got)
	}
	c.Send("MONITOR - %s", nicks[0]) // one place is free again
	c.Send("MONITOR + %s", nicks[101])
	c.ExpectNext("731 alice " + nicks[101])
	c.ExpectNot("734 ...")
}

// Each client has a list of its own; the session hears of what changes in them.
func TestMonitorLists(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.watching = make(chan string, 16) })
	one, two := s.register("alice"), s.register("alice")
	one.Send("MONITOR + x,y,9")
	one.Send("MONITOR + X")
	one.Sync()
	two.Send("MONITOR + y")
	two.Send("MONITOR - x")
	two.Send("MONITOR - y")
	two.Sync()
	one.Send("MONITOR C")
	one.Send("MONITOR C")
	one.Sync()
	for _, want := range []string{"+x,y -", "+y -", "+ -y", "+ -x,y"} {
		if got := <-s.watching; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if n := len(s.watching); n != 0 {
		t.Errorf("%d more", n)
	}
	two.Send("MONITOR + z")
	two.ExpectNext("731 alice z")
	two.Send("COME z")
	two.ExpectNext("730 alice z!u@h")
	one.ExpectNot("* ...")
	c := s.register("alice") // a list ends with its connection
	c.Send("MONITOR L")
	c.ExpectNext("733 alice *")
}

// extended-monitor brings the news of monitored nicks as far as the other capabilities were asked for; without it,
// nothing comes.
func TestExtendedMonitor(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, tt := range []struct {
		caps []string
		want []string
	}{
		{[]string{"extended-monitor", "away-notify"}, []string{":bob!u@h AWAY gone", ":bob!u@h AWAY"}},
		{[]string{"extended-monitor", "account-notify"}, []string{":bob!u@h ACCOUNT acc"}},
		{[]string{"extended-monitor", "setname"}, []string{":bob!u@h SETNAME :New Name"}},
		{[]string{"extended-monitor", "chghost"}, []string{":bob!u@h CHGHOST u there"}},
		{[]string{"extended-monitor"}, nil},
		{[]string{"away-notify", "account-notify", "setname", "chghost"}, nil},
	} {
		c := s.register("alice", ircdtest.Caps(tt.caps...))
		c.Send("ABOUT bob") // not monitored
		c.Send("MONITOR + Bob")
		c.ExpectNext("731 alice Bob")
		c.Send("ABOUT bob")
		for _, want := range tt.want {
			c.ExpectNext(want)
		}
		c.Send("ABOUT carol")
		c.Send("MONITOR - bob")
		c.Send("ABOUT bob")
		if rest := c.Sync(); len(rest) > 0 {
			t.Errorf("%v: and %v", tt.caps, rest)
		}
		c.Close()
	}
}

// A session that cannot tell has no MONITOR, and says so nowhere.
func TestNoMonitor(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Server.Backend = bareBackend{s.backend} })
	c := s.dial()
	for _, m := range c.Register("alice") {
		if strings.Contains(m.String(), "MONITOR") {
			t.Errorf("offered: %v", m)
		}
	}
	c.Send("MONITOR + bob")
	c.ExpectNext("421 alice MONITOR *")
	c.Send("HELP MONITOR")
	c.ExpectNext("524 alice MONITOR *")
}
