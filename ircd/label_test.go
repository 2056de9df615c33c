package ircd_test

import (
	"regexp"
	"strings"
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

var batchRef = regexp.MustCompile(`^\+[A-Za-z0-9-]+$`)

// None: ACK. One: the label. Several: a batch.
func TestLabel(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("labeled-response", "batch"))
	for _, tt := range []struct{ send, want string }{
		{"PONG x", "@label=a ACK"},
		{"SAY 0 x", "@label=a ACK"},
		{"NOTICE nobody :x", "@label=a ACK"}, // never an error to a NOTICE
		{"PING x", "@label=a PONG irc.test x"},
		{"SAY 1 x", "@label=a NOTICE alice x"},
		{"NONSENSE", "@label=a 421 alice NONSENSE *"},
		{"PASS x", "@label=a 462 ..."},
		{"BROKEN", "@label=a 400 ..."},
		{"CAP LIST", "@label=a CAP alice LIST *"},
		{"PRIVMSG alice :x\xff", "@label=a FAIL PRIVMSG INVALID_UTF8 *"},
	} {
		c.Send("@label=a %s", tt.send)
		if m := c.ExpectNext(tt.want); m.Tags["batch"] != "" {
			t.Errorf("%s: batch for one message", tt.send)
		}
		if rest := c.Sync(); len(rest) > 0 {
			t.Errorf("%s: and %v", tt.send, rest)
		}
	}
	c.Send("@label=b;+x=y SAY 3 text")
	start := c.ExpectNext("@label=b BATCH +* labeled-response")
	ref := start.Param(0)
	if !batchRef.MatchString(ref) || len(start.Tags) != 1 {
		t.Errorf("BATCH %v", start)
	}
	for range 3 {
		if m := c.ExpectNext("@batch=" + ref[1:] + " NOTICE alice text"); len(m.Tags) != 1 {
			t.Errorf("tags %v", m.Tags)
		}
	}
	c.ExpectNext("BATCH -" + ref[1:])
	c.Send("SAY 1 x") // no label, no tag
	if m := c.ExpectNext("NOTICE ..."); len(m.Tags) != 0 {
		t.Errorf("tags %v", m.Tags)
	}
}

// An answer that is one batch carries the label itself; a batch among other things is nested.
func TestLabelOnBatch(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("labeled-response", "batch", "extended-join"))
	c.Send("@label=a BATCHME")
	ref := c.ExpectNext("@label=a BATCH +* netjoin a b").Param(0)[1:]
	c.ExpectNext("@batch=" + ref + " JOIN #c * x")
	c.ExpectNext("@batch=" + ref + " JOIN #c * y")
	if end := c.ExpectNext("BATCH -" + ref); len(end.Tags) != 0 {
		t.Errorf("tags %v", end.Tags)
	}
}

func TestLabelRefused(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	plain := s.register("alice")
	capped := s.register("alice", ircdtest.Caps("labeled-response", "batch"))
	noBatch := s.register("alice", ircdtest.Caps("labeled-response"))
	for _, tt := range []struct {
		c    *ircdtest.Client
		tags string
	}{{plain, "@label=a"}, {capped, "@label=" + strings.Repeat("x", 65)}, {capped, "@label"}, {capped, "@label="}, {noBatch, "@nolabel=1"}} {
		tt.c.Send("%s SAY 2 x", tt.tags)
		for range 2 {
			if m := tt.c.ExpectNext("NOTICE alice x"); len(m.Tags) != 0 {
				t.Errorf("%s: %v", tt.tags, m)
			}
		}
	}
	noBatch.Send("@label=a SAY 2 x")
	noBatch.ExpectNext("@label=a NOTICE ...")
	noBatch.ExpectNext("NOTICE ...")
}

// The answer to a deferred command comes under its label, however late; what others say meanwhile does not. Further
// commands wait, PING too, and then come in order.
func TestDefer(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("labeled-response", "batch"))
	other := s.register("alice")
	c.Send("@label=late LATER")
	c.Send("@label=one PING 1")
	c.Send("PING 2")
	c.Send("@label=three LATER")
	c.Send("PING 4")
	other.Sync()
	other.Send("PRIVMSG alice :meanwhile")
	if m := c.ExpectNext("PRIVMSG alice meanwhile"); m.Tags["label"] != "" {
		t.Errorf("labelled: %v", m)
	}
	other.Sync()
	other.Send("NOW")
	ref := c.ExpectNext("@label=late BATCH +* labeled-response").Param(0)[1:]
	c.ExpectNext("@batch=" + ref + " NOTICE alice before")
	c.ExpectNext("@batch=" + ref + " 401 alice nobody :late answer")
	c.ExpectNext("BATCH -" + ref)
	c.ExpectNext("@label=one PONG irc.test 1")
	c.ExpectNext("PONG irc.test 2")
	other.Sync() // c's second LATER runs on the same goroutine as this
	other.Send("NOW")
	c.ExpectNext("@label=three BATCH ...")
	c.Expect("PONG irc.test 4")
	if other.Sync(); s.Stats().Conns != 2 {
		t.Error("a connection was lost")
	}
}

// A client cannot pile up commands behind a deferred one without end: the reader stops. None is lost.
func TestDeferBound(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	c := s.register("alice")
	other := s.register("alice")
	c.Send("LATER")
	c.ExpectNext("NOTICE ...")
	c.SendRaw(strings.Repeat("SAY 1 x\r\n", 1000))
	other.Sync()
	other.Send("NOW")
	c.ExpectNext("401 ...")
	for range 1000 {
		c.ExpectNext("NOTICE alice x")
	}
}

// The connection dies while a command is deferred: finish does no harm, the session goes on.
func TestDeferDead(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	for _, raw := range []string{"", strings.Repeat("PING x\r\n", 200)} {
		c := s.register("alice")
		other := s.register("alice")
		c.Send("LATER")
		c.ExpectNext("NOTICE ...")
		c.SendRaw(raw)
		c.Close()
		other.Sync()
		other.Send("NOW")
		other.Sync()
		other.Close()
	}
}

// A panic in a handler costs the connection whose command it was, and no other.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("labeled-response", "batch"))
	other := s.register("alice")
	c.Send("@label=x PANIC")
	c.ExpectNext("@label=x ERROR :Internal error")
	c.ExpectClosed()
	other.Sync()
	if n := s.Stats().Closed[ircd.ReasonPanic]; n != 1 {
		t.Errorf("%d closed for a panic", n)
	}
}

// NICK: the answer has the old prefix, what follows the new one.
func TestSetNick(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("labeled-response", "batch"))
	c.Send("@label=x NICK Alice")
	c.ExpectNext("@label=x :alice!alice@127.0.0.1 NICK Alice")
	c.Send("NONSENSE")
	c.ExpectNext("421 Alice NONSENSE *")
}

func TestCloseBySession(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	c.Send("KILLME")
	c.ExpectNext("ERROR :Replaced by another connection")
	c.ExpectClosed()
}
