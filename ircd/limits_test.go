package ircd

import (
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"
)

type strAddr string

func (strAddr) Network() string  { return "x" }
func (a strAddr) String() string { return string(a) }

func TestAddrKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr      net.Addr
		key, host string
	}{
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5}, "127.0.0.1", "127.0.0.1"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:10.1.2.3")}, "10.1.2.3", "10.1.2.3"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8:1:2:3:4:5:6")}, "2001:db8:1:2::/64", "2001:db8:1:2:3:4:5:6"},
		{&net.TCPAddr{IP: net.ParseIP("::1")}, "::/64", "0::1"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "fe80::/64", "fe80::1"},
		{strAddr("192.0.2.1:99"), "192.0.2.1", "192.0.2.1"},
		{&net.UnixAddr{Name: "@"}, "", "localhost"},
		{strAddr("pipe"), "", "localhost"},
		{nil, "", "localhost"},
	} {
		if key, host := addrKey(tt.addr), hostOf(tt.addr); key != tt.key || host != tt.host {
			t.Errorf("%v: %q, %q", tt.addr, key, host)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	b := newBucket(Limits{Burst: 3, Rate: 2}, now)
	for i, want := range []time.Duration{0, 0, 0, 500 * time.Millisecond, time.Second} {
		if got := b.take(now); got != want {
			t.Errorf("%d: %v", i, got)
		}
	}
	now = now.Add(time.Second) // the debt is paid, nothing saved
	if got := b.take(now); got != 500*time.Millisecond {
		t.Errorf("after a second: %v", got)
	}
	now = now.Add(time.Hour) // what is saved is the burst, no more
	for i, want := range []time.Duration{0, 0, 0, 500 * time.Millisecond} {
		if got := b.take(now); got != want {
			t.Errorf("after an hour, %d: %v", i, got)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	var f failures
	now := time.Unix(0, 0)
	for range 3 {
		f.add(now, "a", "b")
	}
	f.add(now, "b")
	for _, tt := range []struct {
		limit int
		at    time.Duration
		keys  []string
		want  bool
	}{
		{4, 0, []string{"a"}, false}, {4, 0, []string{"b"}, true}, {4, 0, []string{"a", "b"}, true}, {3, 0, []string{"a"}, true},
		{0, 0, []string{"b"}, false}, {3, 59 * time.Second, []string{"a"}, true}, {3, time.Minute, []string{"a"}, false}, {1, 0, []string{"c"}, false},
	} {
		if got := f.over(tt.limit, now.Add(tt.at), tt.keys...); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	f.add(now.Add(time.Minute), "b") // a new window
	if f.over(2, now.Add(time.Minute), "b") {
		t.Error("the old window still counts")
	}
}

// However many names are tried, the memory of them is bounded; the newest is kept.
func TestFailuresBounded(t *testing.T) {
	t.Parallel()
	var f failures
	now := time.Unix(0, 0)
	for i := range 3 * maxFailures {
		key := strconv.Itoa(i)
		f.add(now.Add(time.Duration(i)*time.Millisecond), key)
		if len(f.seen) > maxFailures {
			t.Fatalf("%d keys", len(f.seen))
		}
		if f.seen[key].n != 1 {
			t.Fatalf("%s is not remembered", key)
		}
	}
}

func TestDefaultLimitsAreAllOn(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	for name, on := range map[string]bool{
		"Conns": l.Conns > 0, "PerAddr": l.PerAddr > 0, "PerAddrUnregistered": l.PerAddrUnregistered > 0, "LoginFailures": l.LoginFailures > 0,
		"Register": l.Register > 0, "Ping": l.Ping > 0, "Pong": l.Pong > 0, "Write": l.Write > 0, "SendQ": l.SendQ > 0, "RecvQ": l.RecvQ > 0,
		"Burst": l.Burst > 0, "Rate": l.Rate > 0,
	} {
		if !on {
			t.Errorf("%s is off", name)
		}
	}
}

// ISUPPORT keeps to 13 tokens and 512 bytes a line, whatever the backend adds; its tokens win over ours.
func TestISupportLines(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 8, 9, 40} {
		for _, size := range []int{5, 60} {
			var tokens []string
			for i := range n {
				tokens = append(tokens, fmt.Sprintf("T%d=%0*d", i, size, i))
			}
			tokens = append(tokens, "NICKLEN=16")
			s := &Server{Name: "irc.test", Network: "N", ISupport: tokens}
			all := s.isupportTokens()
			if len(all) != n+6 || all[len(all)-1] != "NICKLEN=16" {
				t.Errorf("tokens %v", all)
			}
			got := 0
			for _, m := range isupportOf(s) {
				line := m.line("irc.test", 0)
				got += len(m.Params) - 2
				if len(m.Params) > maxParams || len(line) > maxLine || len(m.Params) < 3 {
					t.Errorf("%d parameters, %d bytes: %q", len(m.Params), len(line), line)
				}
			}
			if got != len(all) {
				t.Errorf("%d of %d tokens", got, len(all))
			}
		}
	}
}

// isupportOf captures what a client is sent.
func isupportOf(s *Server) []*Message {
	s.init()
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	c := newConn(t0, s, theirs, &Way{})
	c.change(func(i *identity) { i.prefix.Name = "alice" })
	c.label.begin("x")
	c.isupport()
	_, held := c.label.end()
	return held
}
