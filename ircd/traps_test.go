package ircd_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// The tests in this file are named after the traps of irc.v4 that style.md (d) numbers. Trap 11 (the last parameter
// has a colon only if needed) is a rule for ircdtest, whose Match compares parsed; 12 (Copy of nil Tags) and 15
// (Client) are about code that is not used.

// Trap 1: tags, a space and nothing else make irc.ParseMessage panic.
func TestTrap1TagsAlone(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, line := range []string{"@a=b ", "@ ", "@", "@a=b", "@a=b  ", "@;;; ", "@=;= :", ":", ": ", "@a :b ", "@a :b"} {
		c := s.dial()
		c.SendRaw(line + "\r\n")
		if got := c.Sync(); len(got) != 0 {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// Trap 2: irc.Reader buffers a line without end. Ours gives up after RecvQ bytes; with that switched off it skips, in
// constant memory (TestTrap2EndlessLineMemory).
func TestTrap2EndlessLine(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	c.SendRaw("PRIVMSG #test " + strings.Repeat("a", 16384) + "\r\n")
	c.ExpectNext("ERROR :RecvQ exceeded*")
	c.ExpectClosed()
}

// Not parallel, so that nobody else's memory counts.
func TestTrap2EndlessLineMemory(t *testing.T) {
	unbounded := start(t, func(s *server) { s.Limits.RecvQ = 0 })
	c := unbounded.register("alice")
	before := heap()
	for range 256 {
		c.SendRaw(strings.Repeat("a", 64<<10))
	}
	c.SendRaw("\r\nPING x\r\n")
	c.ExpectNext("417 alice *")
	c.ExpectNext("PONG irc.test x")
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("16 MiB without a newline cost %d bytes", grown)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Trap 2, the other half: 512 bytes are a line, 513 are 417, and the next line is fine. Tags have their own 4096.
func TestTrap2LineLimits(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice", ircdtest.Caps("message-tags"))
	ping := func(n int) string { return "PING " + strings.Repeat("x", n-len("PING \r\n")) }
	tags := func(n int) string { return "@foo=bar;+baz=" + strings.Repeat("a", n-len("@foo=bar;+baz= ")) + " " }
	for _, tt := range []struct {
		line string
		fits bool
	}{
		{ping(512), true}, {ping(513), false}, {ping(5000), false}, {ping(12000), false},
		{tags(4096) + "PING x", true}, {tags(4097) + "PING x", false},
		{tags(4096) + ping(512), true}, {tags(4096) + ping(513), false}, {tags(4097) + ping(511), false},
		{"@" + strings.Repeat("a", 5000), false},
	} {
		for _, end := range []string{"\r\n", "\n"} {
			c.SendRaw(tt.line + end)
			m := c.Next()
			if want := map[bool]string{true: "PONG", false: "417"}[tt.fits]; m.Command != want {
				t.Errorf("%d bytes: want %s, got %s", len(tt.line)+2, want, m)
			}
		}
	}
	c.Send("PING end")
	c.ExpectNext("PONG irc.test end")
}

// Traps 3 and 4: nothing that a session sends can end its line, or shift its parameters.
func TestTrap3And4Injection(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.hook = func(c *ircd.Conn) {
			c.Send(ircd.NewMessage(c.Prefix(), "PRIVMSG", "bob", "hi\r\nQUIT :x\x00"))
			c.Send(ircd.NewMessage(c.Prefix(), "X", "a b", "c\nd", "e"))
			c.Send(ircd.NewMessage(c.Prefix(), "X", "a", "", "c"))
			c.Send(ircd.NewMessage(c.Prefix(), "X", ":a", ":c"))
			c.Send(ircd.NewMessage(c.Prefix(), "X", "a", "b\rc"))
			c.Send(ircd.NewMessage(c.Prefix(), "X\r\nQUIT", "a"))
			p := *c.Prefix()
			p.Name, p.User, p.Host = "Cool Guy", ":x\r\n", "h\x00"
			c.Send(ircd.NewMessage(&p, "X", "a"))
		}
	})
	c := s.register("alice")
	c.Send("HOOK")
	for _, want := range []string{
		"PRIVMSG bob :hi  QUIT :x ", "X a_b c_d e", "X a * c", "X _a ::c", "X a b_c", "X__QUIT a", ":Cool_Guy!_x__@h_ X a",
	} {
		c.ExpectNext(want)
	}
	c.ExpectNot("* ...")
}

// Trap 5: tag keys are checked, values escaped; of duplicates the last wins.
func TestTrap5Tags(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.hook = func(c *ircd.Conn) {
			m := ircd.NewMessage(c.Prefix(), "TAGMSG", "alice")
			m.Tags = map[string]string{"+a b;c": "x", "+ok": "a;b c\\d\r\n", "server": "no", "+": "no", "+bad\r\n": "no"}
			c.Send(m)
		}
	})
	c := s.register("alice", ircdtest.Caps("message-tags"))
	c.Send("HOOK")
	m := c.ExpectNext("TAGMSG alice")
	if len(m.Tags) != 1 || m.Tags["+ok"] != "a;b c\\d\r\n" {
		t.Errorf("tags %q", m.Tags)
	}
	c.Send("@+a=1;+a=2;+b;+c= PRIVMSG alice x")
	m = c.ExpectNext("PRIVMSG alice x")
	if m.Tags["+a"] != "2" {
		t.Errorf("tags %q", m.Tags)
	}
	for _, k := range []string{"+b", "+c"} {
		if _, ok := m.Tags[k]; !ok {
			t.Errorf("no %s in %q", k, m.Tags)
		}
	}
}

// Trap 6: invalid UTF-8 grows threefold in a tag. It is refused everywhere, in words, and the connection goes on.
func TestTrap6InvalidUTF8(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	for _, line := range []string{"PRIVMSG alice :hi\xaa", "PRIVMSG \xff x", "@+a=\xc3 PRIVMSG alice x", ":\x80 PRIVMSG alice x"} {
		c.Send("%s", line)
		c.ExpectNext("FAIL PRIVMSG INVALID_UTF8 *")
	}
	c.ExpectNot("* ...")
	early := s.dial()
	early.Send("USER username * * :i\xe8rc\xe9")
	early.ExpectNext("FAIL USER INVALID_UTF8 *")
}

// What a session sends is valid UTF-8 too, and cut at a rune.
func TestTrap6Outgoing(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.hook = func(c *ircd.Conn) {
			c.Notice("a\xff\xfeb")
			c.Notice(strings.Repeat("a", 1) + strings.Repeat("ü", 400))
			c.Notice(strings.Repeat("😃", 400))
		}
	})
	c := s.register("alice")
	c.Send("HOOK")
	c.ExpectNext("NOTICE alice :a\ufffdb")
	for range 2 {
		m := c.ExpectNext("NOTICE alice *")
		if n := len(m.String()); n > 510 || n < 506 || strings.ToValidUTF8(m.Trailing(), "") != m.Trailing() {
			t.Errorf("%d bytes: %q", n, m)
		}
	}
}

// Trap 7: commands are ASCII; what only Unicode makes into PRIVMSG is none.
func TestTrap7Commands(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	for _, cmd := range []string{"prıvmsg", "privmſg", "\ufeffNICK", "PRIV-MSG", "ÄÖ"} {
		c.Send("%s alice :x", cmd)
		c.ExpectNext("421 alice * *")
	}
	c.Send("pRiVmSg alice :x")
	c.ExpectNext("PRIVMSG alice x")
	c.Send(":somebody!else@x   privmsg    alice   :  x  ") // a prefix is ignored, runs of spaces are one
	c.ExpectNext(":alice!*@* PRIVMSG alice :  x  ")
	c.Send(":PING")
	c.ExpectNot("* ...")
}

// Trap 8: a lone CR and NUL inside a line are refused.
func TestTrap8ControlCharacters(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	for _, line := range []string{"PRIVMSG alice :a\rb", "PRIVMSG alice :a\x00b", "PRIV\x00MSG alice :x", "\rPRIVMSG alice x", "PRIVMSG alice x\r\r"} {
		c.Send("%s", line)
		c.ExpectNext("400 alice * *")
	}
	c.ExpectNot("* ...")
}

// Trap 9: the fifteenth parameter takes the rest.
func TestTrap9FifteenParameters(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	var params []string
	for i := range 20 {
		params = append(params, fmt.Sprintf("p%d", i))
	}
	c.Send("PRIVMSG %s", strings.Join(params, " "))
	m := c.ExpectNext("PRIVMSG ...")
	if len(m.Params) != 15 || m.Params[13] != "p13" || m.Params[14] != "p14 p15 p16 p17 p18 p19" {
		t.Errorf("got %q", m.Params)
	}
}

// Trap 10: a session may read Prefix and Tags of any message, and send messages that have neither.
func TestTrap10NilPrefixAndTags(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.hook = func(c *ircd.Conn) { c.Send(&ircd.Message{}) } })
	c := s.register("alice")
	c.Send("HOOK")
	c.ExpectNext(":irc.test *")
}

// Trap 13: a bad line is an error of its own, not the end; the last line without a newline is no message.
func TestTrap13BadLineGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	other := s.register("alice")
	c.SendRaw("\x00\r\n" + strings.Repeat("x", 600) + "\r\nPRIVMSG alice \xff\r\nNONSENSE\r\nPING x\r\nPRIVMSG alice :cut of")
	for _, want := range []string{"400 ...", "417 ...", "FAIL ...", "421 ...", "PONG irc.test x"} {
		c.ExpectNext(want)
	}
	c.Close()
	other.ExpectNot("PRIVMSG ...")
}

// Trap 14: a peer that does not read blocks irc.Writer for ever. Here nobody waits for it: see TestSlowClient.

// Trap 16: the numerics irc.v4 has not are there.
func TestTrap16Numerics(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]string{
		"265": ircd.RPL_LOCALUSERS, "266": ircd.RPL_GLOBALUSERS, "329": ircd.RPL_CREATIONTIME, "330": ircd.RPL_WHOISACCOUNT,
		"333": ircd.RPL_TOPICWHOTIME, "335": ircd.RPL_WHOISBOT, "338": ircd.RPL_WHOISACTUALLY, "354": ircd.RPL_WHOSPCRPL,
		"378": ircd.RPL_WHOISHOST, "379": ircd.RPL_WHOISMODES, "396": ircd.RPL_VISIBLEHOST, "400": ircd.ERR_UNKNOWNERROR,
		"417": ircd.ERR_INPUTTOOLONG, "671": ircd.RPL_WHOISSECURE, "276": ircd.RPL_WHOISCERTFP, "704": ircd.RPL_HELPSTART,
	} {
		if name != got {
			t.Errorf("want %s, got %s", name, got)
		}
	}
}

// Trap 17: case mapping, names and text budget are ours.
func TestTrap17Names(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "abc": "abc", "AbC[]": "abc[]", "ÄB": "Äb", "x{}": "x{}"} {
		if got := ircd.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q", in, got)
		}
	}
	if !ircd.EqualFold("AbC", "aBc") || ircd.EqualFold("a[", "a{") || ircd.EqualFold("a", "ab") {
		t.Error("EqualFold")
	}
	for nick, want := range map[string]bool{
		"a": true, "Alice": true, "a-b_c[d]e\\f`g^h{i|j}": true, "_x": true, "[x": true, strings.Repeat("x", 32): true,
		"": false, "*": false, "*aim": false, "1a": false, "-a": false, "a b": false, "a:b": false, "a@b": false, "é": false, strings.Repeat("x", 33): false,
	} {
		if ircd.ValidNick(nick) != want {
			t.Errorf("ValidNick(%q) = %v", nick, !want)
		}
	}
	for ch, want := range map[string]bool{
		"#a": true, "&buddies": true, "##x": true, "#é": true, "": false, "#": false, "x": false, "#a b": false, "#a,b": false, "#a\x07": false,
		"#" + strings.Repeat("x", 199): true, "#" + strings.Repeat("x", 200): false,
	} {
		if ircd.ValidChannel(ch) != want {
			t.Errorf("ValidChannel(%q) = %v", ch, !want)
		}
	}
}
