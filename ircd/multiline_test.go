package ircd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

var multilineCaps = ircdtest.Caps("batch", "message-tags", "server-time", "account-tag", "labeled-response", "draft/multiline")

// sendBatch sends lines; one that begins with + goes on where the line before ended.
func sendBatch(c *ircdtest.Client, tags, target string, lines ...string) {
	c.Send("%s", strings.TrimSpace(tags+" BATCH +r1 draft/multiline "+target))
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "+"); ok {
			c.Send("@draft/multiline-concat;batch=r1 PRIVMSG %s :%s", target, rest)
		} else {
			c.Send("@batch=r1 PRIVMSG %s :%s", target, l)
		}
	}
	c.Send("BATCH -r1")
}

// One batch in; out as a batch, with everything said on its opening, and as single messages.
func TestMultiline(t *testing.T) {
	t.Parallel()
	var heard []*irc.Message
	s := start(t, func(s *server) { s.heard = func(m *irc.Message) { heard = append(heard, m) } })
	c := s.register("alice", multilineCaps)
	tagged := s.register("alice", ircdtest.Caps("message-tags", "server-time", "account-tag"))
	old := s.register("alice")
	alone := s.register("alice", ircdtest.Caps("draft/multiline")) // without batch it is of no use
	sendBatch(c, "@label=L;+x=y", "#c", "", "how is ", "+everyone?", "", "bye")

	open := c.ExpectNext("@label=L;time=*;account=acct;msgid=id1;bot;+x=y :alice!alice@127.0.0.1 BATCH +* draft/multiline #c")
	ref := open.Param(0)[1:]
	for _, want := range []string{"", "how is ", "+everyone?", "", "bye"} {
		text, concat := strings.CutPrefix(want, "+")
		m := c.ExpectNext("@batch=" + ref + " :alice!alice@127.0.0.1 PRIVMSG #c *")
		_, has := m.Tags["draft/multiline-concat"]
		if m.Trailing() != text || has != concat || len(m.Tags) > 2 || len(m.Tags) > 1 && !has {
			t.Errorf("got %v, want %q", m, want)
		}
	}
	if end := c.ExpectNext("BATCH -" + ref); len(end.Tags) != 0 {
		t.Errorf("end %v", end)
	}
	for i, text := range []string{"how is ", "everyone?", "bye"} {
		m := tagged.ExpectNext("@account=acct;time=" + open.Tags["time"] + ";bot;+x=y :alice!alice@127.0.0.1 PRIVMSG #c *")
		if _, has := m.Tags["msgid"]; has != (i == 0) || m.Trailing() != text || m.Tags["batch"] != "" {
			t.Errorf("line %d: %v", i, m)
		}
		for _, plain := range []*ircdtest.Client{old, alone} {
			if m := plain.ExpectNext(":alice!alice@127.0.0.1 PRIVMSG #c *"); m.Trailing() != text || len(m.Tags) > 0 {
				t.Errorf("line %d: %v", i, m)
			}
		}
	}
	for _, all := range []*ircdtest.Client{c, tagged, old, alone} {
		all.ExpectNot("* ...")
	}
	if len(heard) != 1 || heard[0].Trailing() != "\nhow is everyone?\n\nbye" || heard[0].Param(0) != "#c" || heard[0].Tags["+x"] != "y" {
		t.Errorf("the session got %v", heard)
	}
}

// A labelled answer of several messages to a client without draft/multiline is a batch like any other; with it, the
// message's own batch carries the label, or is nested.
func TestMultilineLabel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		caps []string
		send string
		want []string
	}{
		{[]string{"batch", "labeled-response", "draft/multiline"}, "one\ntwo", []string{
			"@label=L BATCH +1 draft/multiline #c", "@batch=1 PRIVMSG #c one", "@batch=1 PRIVMSG #c two", "BATCH -1"}},
		{[]string{"batch", "labeled-response"}, "one\ntwo", []string{
			"@label=L BATCH +1 labeled-response", "@batch=1 PRIVMSG #c one", "@batch=1 PRIVMSG #c two", "BATCH -1"}},
		{[]string{"batch", "labeled-response"}, "one\n\n", []string{"@label=L PRIVMSG #c one"}},
		{[]string{"labeled-response"}, "one\n\ntwo", []string{"@label=L PRIVMSG #c one", "PRIVMSG #c two"}},
		{[]string{"batch", "labeled-response", "draft/multiline"}, "one\ntwo|", []string{
			"@label=L BATCH +2 labeled-response", "@batch=2 BATCH +1 draft/multiline #c", "@batch=1 PRIVMSG #c one", "@batch=1 PRIVMSG #c two", "BATCH -1",
			"@batch=2 NOTICE alice done", "BATCH -2"}},
		{nil, "one\n\ntwo", []string{"PRIVMSG #c one", "PRIVMSG #c two"}},
	} {
		s := start(t, func(s *server) {
			s.hook = func(c *ircd.Conn) {
				var lines []ircd.Line
				text, more := strings.CutSuffix(tt.send, "|")
				for l := range strings.SplitSeq(text, "\n") {
					lines = append(lines, ircd.Line{Text: l})
				}
				c.Send(ircd.NewMultiline(c.Prefix(), "PRIVMSG", "#c", lines))
				if more {
					c.Notice("done")
				}
			}
		})
		c := s.register("alice", ircdtest.Caps(tt.caps...))
		c.Send("@label=L HOOK")
		for _, want := range tt.want {
			m := c.ExpectNext(want)
			if strings.Count(want, "=") != len(m.Tags) {
				t.Errorf("%q: got %v, want %s", tt.send, m, want)
			}
		}
		c.ExpectNot("* ...")
	}
}

func TestMultilineRefused(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	const open = "BATCH +r draft/multiline #c"
	long := "@batch=r PRIVMSG #c " + strings.Repeat("x", 400)
	for _, tt := range []struct {
		name  string
		lines []string
		want  string // the code with its context
		then  string // what comes after it, if anything
	}{
		{"other target", []string{open, "@batch=r PRIVMSG #d :hi"}, "MULTILINE_INVALID_TARGET #c #d", ""},
		{"no target in a line", []string{open, "@batch=r PRIVMSG"}, "MULTILINE_INVALID", ""},
		{"lines", append([]string{open}, repeat("@batch=r PRIVMSG #c hi", 33)...), "MULTILINE_MAX_LINES 32", ""},
		{"blank lines", append([]string{open}, repeat("@batch=r PRIVMSG #c :", 40)...), "MULTILINE_MAX_LINES 32", ""},
		{"bytes", append([]string{open}, repeat(long, 11)...), "MULTILINE_MAX_BYTES 4096", ""},
		{"concat blank", []string{open, "@batch=r PRIVMSG #c a", "@batch=r;draft/multiline-concat PRIVMSG #c :"}, "MULTILINE_INVALID", ""},
		{"all blank", []string{open, "@batch=r PRIVMSG #c :", "@batch=r PRIVMSG #c :", "BATCH -r"}, "MULTILINE_INVALID", ""},
		{"empty", []string{open, "BATCH -r"}, "MULTILINE_INVALID", ""},
		{"both commands", []string{open, "@batch=r PRIVMSG #c a", "@batch=r NOTICE #c a"}, "MULTILINE_INVALID", ""},
		{"another command", []string{open, "@batch=r JOIN #c"}, "MULTILINE_INVALID", ""},
		{"another tag", []string{open, "@batch=q PRIVMSG #c hi"}, "MULTILINE_INVALID", ""},
		{"no tag", []string{open, "PRIVMSG #c hi"}, "MULTILINE_INVALID", "PRIVMSG #c hi"},
		{"no target", []string{"BATCH +r draft/multiline"}, "MULTILINE_INVALID", ""},
		{"nested", []string{open, "@batch=r BATCH +q draft/multiline #c"}, "MULTILINE_INVALID", ""},
		{"opened twice", []string{open, "BATCH +q draft/multiline #c"}, "MULTILINE_INVALID", ""},
		{"other end", []string{open, "BATCH -q"}, "MULTILINE_INVALID", ""},
		{"end without beginning", []string{"BATCH -r"}, "MULTILINE_INVALID", ""},
		{"line without beginning", []string{"@batch=r PRIVMSG #c hi"}, "MULTILINE_INVALID", ""},
		{"type", []string{"BATCH +r netsplit a b"}, "UNKNOWN_TYPE r netsplit", ""},
		{"no type", []string{"BATCH +r"}, "UNKNOWN_TYPE r *", ""},
		{"reference", []string{"BATCH +r_1 draft/multiline #c"}, "INVALID_REFTAG r_1", ""},
		{"no reference", []string{"BATCH + draft/multiline #c"}, "INVALID_REFTAG *", ""},
	} {
		c := s.register("alice", multilineCaps)
		for i, l := range tt.lines {
			if i == 0 && !strings.HasPrefix(l, "@") {
				l = "@label=L " + l
			}
			c.Send("%s", l)
		}
		pattern := "@label=L FAIL BATCH " + tt.want + " *"
		if !strings.HasPrefix(tt.lines[0], "BATCH") {
			pattern = "FAIL BATCH " + tt.want + " *"
		}
		if m := c.ExpectNext(pattern); !strings.Contains(m.Trailing(), " ") {
			t.Errorf("%s: no sentence: %v", tt.name, m)
		}
		if tt.then != "" {
			c.ExpectNext(tt.then)
		}
		// What is left of it is dropped without a word, and the next batch is taken.
		if tt.then == "" && tt.lines[len(tt.lines)-1] != "BATCH -r" {
			c.Send("@batch=r PRIVMSG #c more")
			c.Send("BATCH -r")
		}
		sendBatch(c, "", "#c", "one", "two")
		if m := c.ExpectNext("BATCH +* draft/multiline #c"); m == nil {
			t.Error(tt.name)
		}
		c.Expect("BATCH -*")
		c.Close()
	}
}

func repeat(line string, n int) []string {
	var out []string
	for range n {
		out = append(out, line)
	}
	return out
}

// Exactly what the capability's value says is taken.
func TestMultilineBounds(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	c := s.register("alice", ircdtest.Caps("batch", "draft/multiline"))
	sendBatch(c, "", "#c", repeat(strings.Repeat("x", 127), ircd.MultilineLines)...) // 32 * 127 + 31 = 4095
	c.ExpectNext("BATCH +* ...")
	for range ircd.MultilineLines {
		c.ExpectNext("PRIVMSG #c *")
	}
	c.ExpectNext("BATCH -*")
	sendBatch(c, "", "#c", append(repeat(strings.Repeat("x", 127), ircd.MultilineLines-1), strings.Repeat("x", 128))...)
	c.ExpectNext("BATCH +* ...") // 4096
	c.Expect("BATCH -*")
	sendBatch(c, "", "#c", append(repeat(strings.Repeat("x", 127), ircd.MultilineLines-1), strings.Repeat("x", 129))...)
	c.ExpectNext("FAIL BATCH MULTILINE_MAX_BYTES 4096 *")
	c.ExpectNot("* ...")
}

// A client's program may speak between the lines: PING, PONG, QUIT.
func TestMultilineHousekeeping(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("batch", "draft/multiline"))
	c.Send("BATCH +r draft/multiline #c")
	c.Sync()
	c.Send("@batch=r PRIVMSG #c one")
	c.Send("PONG x")
	c.Send("@batch=r PRIVMSG #C two")
	c.Sync()
	c.Send("BATCH -r")
	c.ExpectNext("BATCH +* draft/multiline #c")
	c.Expect("BATCH -*")
	c.Send("BATCH +r draft/multiline #c")
	c.Send("QUIT")
	c.ExpectNext("ERROR *")
}

// A line that never became a command (too long, not UTF-8) takes its batch with it.
func TestMultilineLostLine(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, tt := range []struct{ line, want string }{
		{"@batch=r PRIVMSG #c :" + strings.Repeat("x", 600), "417 ..."},
		{"@batch=r PRIVMSG #c :\xff", "FAIL PRIVMSG INVALID_UTF8 *"},
		{"@batch=r PRIVMSG #c :a\x00b", "400 ..."},
	} {
		c := s.register("alice", ircdtest.Caps("batch", "draft/multiline"))
		c.Send("BATCH +r draft/multiline #c")
		c.Send("@batch=r PRIVMSG #c one")
		c.Sync()
		c.Send("%s", tt.line)
		c.ExpectNext(tt.want)
		c.ExpectNext("FAIL BATCH MULTILINE_INVALID *")
		c.Send("@batch=r PRIVMSG #c three")
		c.Send("BATCH -r")
		c.ExpectNot("* ...")
		c.Send("%s", tt.line) // outside of a batch it costs the line only
		c.ExpectNext(tt.want)
		c.ExpectNot("* ...")
		c.Close()
	}
}

// Who did not ask does not have it.
func TestMultilineOff(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, caps := range [][]string{nil, {"batch", "message-tags"}, {"draft/multiline"}} {
		c := s.register("alice", ircdtest.Caps(caps...))
		c.Send("BATCH +r draft/multiline #c")
		c.ExpectNext("421 alice BATCH *")
		c.Send("@batch=r PRIVMSG #c hi") // the tag means nothing
		c.ExpectNext("PRIVMSG #c hi")
		c.Send("BATCH")
		c.ExpectNext("461 alice BATCH *")
		c.Close()
	}
	bare := start(t, func(s *server) { s.Server.Backend = bareBackend{s.backend} })
	c := bare.dial()
	c.Send("CAP LS 302") // a backend that is not Capable
	if m := c.Next(); strings.Contains(m.Trailing(), "multiline") || strings.Contains(m.Trailing(), "monitor") {
		t.Errorf("offered: %v", m)
	}
	c.Send("CAP REQ draft/multiline")
	c.ExpectNext("CAP * NAK draft/multiline")
}

// A batch that is forgotten is dropped; so is one whose client goes.
func TestMultilineTimeout(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		c.Register("alice", multilineCaps)
		c.Send("@label=L BATCH +r draft/multiline #c")
		c.Send("@batch=r PRIVMSG #c one")
		c.Sync()
		time.Sleep(29 * time.Second)
		c.ExpectNot("* ...")
		time.Sleep(time.Second)
		c.ExpectNext("@label=L FAIL BATCH TIMEOUT r *")
		c.Send("@batch=r PRIVMSG #c two")
		c.Send("BATCH -r")
		c.ExpectNot("* ...")
		sendBatch(c, "", "#c", "one", "two") // in time
		c.Expect("BATCH -*")
		time.Sleep(time.Minute)
		c.ExpectNot("* ...")
		c.Send("BATCH +r draft/multiline #c")
		c.Sync()
		c.Close()
	})
}

// Inside a batch fakelag is lighter.
func TestMultilineFakelag(t *testing.T) {
	t.Parallel()
	slow := func(s *server) { s.Limits.Burst, s.Limits.Rate = 10, 1 }
	inBubble(t, slow, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		c.Register("alice", ircdtest.Caps("batch", "draft/multiline"))
		time.Sleep(time.Minute) // the burst is there again
		begin := time.Now()
		sendBatch(c, "", "#c", repeat("hi", 32)...) // 2 + 32/8
		c.Expect("BATCH -*")
		if d := time.Since(begin); d != 0 {
			t.Errorf("a batch took %v", d)
		}
		for range 10 {
			sendBatch(c, "", "#c", repeat("hi", 32)...)
			c.Expect("BATCH -*")
		}
		if d := time.Since(begin).Round(time.Second); d != 56*time.Second {
			t.Errorf("ten more took %v", d)
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, joints string
		want         []ircd.Line
	}{
		{"a", "", []ircd.Line{{Text: "a"}}},
		{"", "", []ircd.Line{{}}},
		{"a\nb", "", []ircd.Line{{Text: "a"}, {Text: "b"}}},
		{"a\nbc", "3", []ircd.Line{{Text: "a"}, {Text: "b"}, {Text: "c", Concat: true}}},
		{"abc", "1,2", []ircd.Line{{Text: "a"}, {Text: "b", Concat: true}, {Text: "c", Concat: true}}},
		{"aä", "2", []ircd.Line{{Text: "aä"}}}, // as a client may send it on a PRIVMSG of its own: nothing that is cut is harmed
		{"abc", "0,9,-1,x,,3", []ircd.Line{{Text: "abc"}}},
		{"abc", "2,1", []ircd.Line{{Text: "ab"}, {Text: "c", Concat: true}}},
	} {
		m := &irc.Message{Command: "PRIVMSG", Params: []string{"#c", tt.text}, Tags: irc.Tags{"draft/multiline-concat": tt.joints}}
		if got := ircd.Lines(m); !cmp.Equal(got, tt.want) {
			t.Errorf("%q at %s: %v, want %v", tt.text, tt.joints, got, tt.want)
		}
	}
}

// Whatever the lines, what is sent fits and says the same.
func TestNewMultilineProperty(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	var m *ircd.Message
	s.hook = func(c *ircd.Conn) { c.Send(m) }
	batch := s.register("alice", ircdtest.Caps("batch", "draft/multiline"))
	plain := s.register("alice")
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ircd.Line {
			unit := rapid.SampledFrom([]string{"", "x", "word ", "ä", "😃", "a b"}).Draw(t, "unit")
			return ircd.Line{Text: strings.Repeat(unit, rapid.IntRange(1, 400).Draw(t, "n")), Concat: rapid.Bool().Draw(t, "concat")}
		}), 1, 5).Draw(t, "lines")
		m = ircd.NewMultiline(&irc.Prefix{Name: "bob", User: "bob", Host: "aim"}, "PRIVMSG", "#c", lines)
		want, blank := joined(lines), true
		for _, l := range lines {
			blank = blank && l.Text == ""
		}
		if blank {
			want = " "
		}
		batch.Send("HOOK")
		var got []ircd.Line
		for _, m := range batch.Sync() {
			body := *m
			body.Tags = nil
			if n := len(body.String()); n > 510 {
				t.Fatalf("%d bytes: %v", n, m)
			}
			if _, concat := m.Tags["draft/multiline-concat"]; m.Command == "PRIVMSG" {
				got = append(got, ircd.Line{Text: m.Trailing(), Concat: concat})
			}
		}
		if joined(got) != want {
			t.Fatalf("got %q, want %q", joined(got), want)
		}
		plain.Send("HOOK")
		text := ""
		for _, m := range plain.Sync() {
			if m.Trailing() == "" {
				t.Fatalf("blank: %v", m)
			}
			text += m.Trailing()
		}
		if text != strings.ReplaceAll(want, "\n", "") {
			t.Fatalf("got %q, want %q", text, want)
		}
	})
}

func joined(lines []ircd.Line) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 && (!l.Concat || l.Text == "") {
			b.WriteByte('\n')
		}
		b.WriteString(l.Text)
	}
	return b.String()
}

// However a client plays with batches, what reaches the session is whole and within the bounds, and plain commands
// between them are run.
func TestClientBatchProperty(t *testing.T) {
	t.Parallel()
	var heard []*irc.Message
	s := start(t, func(s *server) {
		s.Limits.Rate = 0
		s.heard = func(m *irc.Message) { heard = append(heard, m) }
	})
	c := s.register("alice", ircdtest.Caps("batch", "draft/multiline"))
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.Custom(func(t *rapid.T) string {
			ref := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "ref")
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0:
				return "BATCH +" + ref + " draft/multiline #c"
			case 1:
				return "BATCH -" + ref
			case 2:
				return "SAY 0 x"
			case 3:
				return "@draft/multiline-concat;batch=" + ref + " PRIVMSG #c :+"
			default:
				n := rapid.SampledFrom([]int{0, 1, 400}).Draw(t, "n")
				return "@batch=" + ref + " PRIVMSG #c :" + strings.Repeat("x", n)
			}
		})
		lines := append(rapid.SliceOfN(line, 1, 60).Draw(t, "lines"), "JOIN #done")
		for _, l := range lines {
			c.Send("%s", l)
		}
		c.Expect("JOIN #done")
		c.Sync()
		plain := 0
		for _, m := range heard {
			text := m.Trailing()
			switch {
			case m.Command != "PRIVMSG":
				plain++
			case len(text) > ircd.MultilineBytes, len(ircd.Lines(m)) > ircd.MultilineLines, strings.Trim(text, "\n") == "":
				t.Fatalf("handed over: %q", m)
			}
		}
		heard = nil
		if want := strings.Count(strings.Join(lines, "\n"), "SAY") + 1; plain != want {
			t.Fatalf("%d plain commands, want %d", plain, want)
		}
	})
}

// +channel-context says which channel a private message belongs to, under both names, to who knows tags.
func TestChannelContext(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.hook = func(c *ircd.Conn) {
		for _, context := range []string{"#room", "not a channel"} {
			m := ircd.NewMessage(&irc.Prefix{Name: "bob"}, "PRIVMSG", c.Nick(), "psst")
			m.Context = context
			m.Tags = irc.Tags{"+channel-context": "#other"} // what a client said gives way
			c.Send(m)
		}
	}
	c := s.register("alice", ircdtest.Caps("message-tags"))
	c.Send("HOOK")
	if m := c.ExpectNext("@+channel-context=#room;+draft/channel-context=#room :bob PRIVMSG alice psst"); len(m.Tags) != 2 {
		t.Errorf("tags %v", m.Tags)
	}
	if m := c.ExpectNext("@+channel-context=#other PRIVMSG alice psst"); len(m.Tags) != 1 {
		t.Errorf("tags %v", m.Tags)
	}
	old := s.register("alice", ircdtest.Caps("server-time"))
	old.Send("HOOK")
	if m := old.ExpectNext("PRIVMSG alice psst"); len(m.Tags) != 1 {
		t.Errorf("tags %v", m.Tags)
	}
	c.Send("@+channel-context=#room;+draft/reply=x PRIVMSG bob hi") // and a client's own is relayed like any
	c.ExpectNext("@+channel-context=#room;+draft/reply=x PRIVMSG bob hi")
}
