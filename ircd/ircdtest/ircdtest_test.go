package ircdtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	irc "gopkg.in/irc.v4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, message string
		want             bool
	}{
		{"PRIVMSG alice hi", ":bob!b@h PRIVMSG alice :hi", true},
		{"PRIVMSG alice *", "PRIVMSG alice :hi there", true},
		{"PRIVMSG alice :hi*re", "PRIVMSG alice :hi there", true},
		{"PRIVMSG alice :hi*xx", "PRIVMSG alice :hi there", false},
		{"PRIVMSG alice *a*b*", "PRIVMSG alice xaxbx", true},
		{"PRIVMSG alice *b*a*", "PRIVMSG alice xaxbx", false},
		{"PRIVMSG alice ab*ba", "PRIVMSG alice aba", false},
		{"PRIVMSG alice", "PRIVMSG alice :hi", false},
		{"PRIVMSG alice ...", "PRIVMSG alice :hi", true},
		{"PRIVMSG alice hi ...", "PRIVMSG alice :hi", true},
		{"PRIVMSG alice hi you ...", "PRIVMSG alice :hi", false},
		{"NOTICE ...", "PRIVMSG alice :hi", false},
		{":bob PRIVMSG ...", ":bob!b@h PRIVMSG alice :hi", true},
		{":bob!*@h PRIVMSG ...", ":bob!b@h PRIVMSG alice :hi", true},
		{":bob!*@x PRIVMSG ...", ":bob!b@h PRIVMSG alice :hi", false},
		{":bo PRIVMSG ...", ":bob!b@h PRIVMSG alice :hi", false},
		{":bob PRIVMSG ...", "PRIVMSG alice :hi", false},
		{"@label=x PONG ...", "@label=x;time=1 PONG a", true},
		{"@label=x PONG ...", "@label=y PONG a", false},
		{"@label=* PONG ...", "@label=y PONG a", true},
		{"@label=* PONG ...", "PONG a", false},
		{"353 * = #c :@[a]*", "353 a = #c :@[a]x", true},
	} {
		if got := Match(tt.pattern, irc.MustParseMessage(tt.message)) == ""; got != tt.want {
			t.Errorf("%q against %q: %v", tt.pattern, tt.message, got)
		}
	}
	if Match("", irc.MustParseMessage("X")) == "" {
		t.Error("an empty pattern matches")
	}
}

// recorder is a testing.TB whose Fatalf can be watched.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	panic(r)
}

// fails runs f and returns how it failed.
func fails(t *testing.T, nc net.Conn, f func(*Client)) (failure string) {
	r := &recorder{TB: t}
	defer func() {
		failure = r.failure
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
	}()
	f(New(r, nc))
	return ""
}

// server answers each line with what f makes of it; "" closes.
func server(t *testing.T, f func(string) string) net.Conn {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer ln.Close()
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		answer(nc, f)
	}()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close(); <-done })
	return nc
}

func answer(nc net.Conn, f func(string) string) {
	for r := bufio.NewScanner(nc); r.Scan(); {
		text := f(r.Text())
		if text == "" {
			return
		}
		if _, err := nc.Write([]byte(text)); err != nil {
			return
		}
	}
}

func echo(line string) string {
	if token, ok := strings.CutPrefix(line, "PING "); ok {
		return ":s PONG s " + token + "\r\n"
	}
	if line == "QUIT" {
		return ""
	}
	return ":s " + line + "\r\n"
}

func TestClient(t *testing.T) {
	t.Parallel()
	c := New(t, server(t, echo))
	c.Send("ONE %d", 1)
	c.ExpectNext(":s ONE 1")
	c.SendLine("100%")
	c.Expect("100% ...")
	c.SendRaw("A 1\nB 2\nC 3\n")
	c.Expect("B 2")
	if got := c.Sync(); len(got) != 1 || got[0].Command != "C" {
		t.Errorf("before the PONG: %v", got)
	}
	c.ExpectNot("C ...")
	c.Send("QUIT")
	if got := c.ExpectClosed(); len(got) != 0 {
		t.Errorf("before the end: %v", got)
	}
}

// Each expectation can fail, and says how in a transcript.
func TestClientFails(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*Client){
		"ExpectNext": func(c *Client) { c.Send("A b"); c.ExpectNext("A c") },
		"Expect":     func(c *Client) { c.Send("A b"); c.Send("QUIT"); c.Expect("A c") },
		"ExpectNot":  func(c *Client) { c.Send("A b"); c.ExpectNot("A *") },
		"Sync":       func(c *Client) { c.Send("A b"); c.Send("QUIT"); c.Sync() },
		"Play":       func(c *Client) { c.Send("A b"); c.Play("testdata/nowhere.txt", nil) },
	} {
		got := fails(t, server(t, echo), f)
		if got == "" || name != "Play" && !strings.Contains(got, "> A b") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPlay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.txt")
	text := "# comment\n\n> A ${x}\n<  :s A 1\n> B\n> PING z\n<< PONG s z\n> QUIT\n=\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	New(t, server(t, echo)).Play(file, map[string]string{"x": "1"})
	if got := fails(t, server(t, echo), func(c *Client) { c.Play(file, map[string]string{"x": "2"}) }); !strings.Contains(got, "> A 2") {
		t.Errorf("failure %q", got)
	}
	if err := os.WriteFile(file, []byte("? what\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fails(t, server(t, echo), func(c *Client) { c.Play(file, nil) }); !strings.Contains(got, "bad line") {
		t.Errorf("failure %q", got)
	}
}
