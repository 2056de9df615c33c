package tocd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

// frameOf builds the bytes of a frame.
func frameOf(t toc.FrameType, payload string) string {
	return string(toc.Frame{Type: t, Seq: 7, Payload: []byte(payload)}.Append(nil))
}

// TestFirstBytes sends whole connections at once. What the live server makes
// of each was seen there.
func TestFirstBytes(t *testing.T) {
	const (
		flapon = "FLAPON\r\n\r\n"
		first  = "F1 00000001"
		nick   = "NICK:Alice Smith"
		config = `CONFIG2:done:\n`
	)
	hello := frameOf(1, "\x00\x00\x00\x01")
	login := func(line string) string { return frameOf(2, line) }
	good := "toc2_login h 1 alicesmith " + toc.Roast("pwalice")
	in := []string{first, "SIGN_ON:TOC2.0", nick, config}
	failed := []string{first, "ERROR:913:internal server error", "EOF"}
	for name, test := range map[string]struct {
		send string
		want []string
	}{
		"four arguments without NUL":      {flapon + hello + login(good), in},
		"four arguments with NUL":         {flapon + hello + login(good+"\x00"), failed},
		"five arguments":                  {flapon + hello + login(good+" en\x00"), in},
		"in a keep-alive frame":           {flapon + hello + frameOf(5, good+" en\x00"), in},
		"in an error frame":               {flapon + hello + frameOf(3, good+" en\x00"), in},
		"leading spaces":                  {flapon + hello + login("  "+good+" en\x00"), in},
		"command in quotes":               {flapon + hello + login(`"toc2_login" h 1 alicesmith `+toc.Roast("pwalice")+" en x\x00"), in},
		"command in capitals":             {flapon + hello + login(strings.Replace(good, "toc2_login", "TOC2_LOGIN", 1)+" en x\x00"), failed},
		"no password":                     {flapon + hello + login("toc2_login h 1 alicesmith 0x en x\x00"), failed},
		"half a byte of password":         {flapon + hello + login("toc2_login h 1 alicesmith 0x2 en x\x00"), failed},
		"longer than other commands":      {flapon + hello + login(good+" en "+strings.Repeat("y", 5000)+"\x00"), in},
		"name in the sign-on frame":       {flapon + frameOf(1, "\x00\x00\x00\x01\x00\x01\x00\x03bob") + login(good+" en\x00"), in},
		"torn TLV in the sign-on frame":   {flapon + frameOf(1, "\x00\x00\x00\x01\x00\x01\x00\x05ab") + login(good+" en\x00"), []string{first, "EOF"}},
		"torn TLV head":                   {flapon + frameOf(1, "\x00\x00\x00\x01\x00\x01") + login(good+" en\x00"), []string{first, "EOF"}},
		"short sign-on frame":             {flapon + frameOf(1, "\x00\x00\x00") + login(good+" en\x00"), []string{first, "EOF"}},
		"another FLAP version":            {flapon + frameOf(1, "\x00\x00\x00\x02") + login(good+" en\x00"), in},
		"sign-on frame of another type":   {flapon + frameOf(9, "\x00\x00\x00\x01") + login(good+" en\x00"), in},
		"no asterisks":                    {flapon + "x" + hello[1:] + "y" + login(good + " en\x00")[1:], in},
		"FLAPON with LF":                  {"FLAPON\n\n" + hello + login(good+" en\x00"), in},
		"FLAPON with CR LF LF":            {"FLAPON\r\n\n" + hello + login(good+" en\x00"), []string{"EOF"}},
		"FLAPON with CR LF and junk":      {"FLAPON\r\nxx" + hello, []string{"EOF"}},
		"FLAPOFF":                         {"FLAPOFF\r\n\r\n" + hello, []string{"EOF"}},
		"frames in one go":                {flapon + hello + login(good+" en\x00") + frameOf(2, "toc_get_status x\x00\x00\x00") + frameOf(5, "junk"), append(in[:4:4], "ERROR:901:x")},
		"only NULs":                       {flapon + hello + login(good+" en\x00") + frameOf(2, "\x00\x00"), append(in[:4:4], "EOF")},
		"NULs do not count":               {flapon + hello + login(good+" en\x00") + frameOf(2, "toc_get_status x"+strings.Repeat("\x00", 3000)), append(in[:4:4], "ERROR:901:x")},
		"unknown frame type":              {flapon + hello + login(good+" en\x00") + frameOf(7, ""), append(in[:4:4], "EOF")},
		"a frame of 65,535 NULs and text": {flapon + hello + login(good+" en\x00") + frameOf(2, "hello"+strings.Repeat("\x00", 65530)), append(in[:4:4], "ERROR:913:internal server error")},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				c := l.connect()
				c.write([]byte(test.send))
				wait(time.Second)
				l.gets(c, test.want...)
			})
		})
	}
}

func TestWrongPassword(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.gets(l.signOn(toc.Login2, "bob", "wrong"), "ERROR:980", "EOF")
		l.gets(l.signOn(toc.Login2, "nobody", "pwbob"), "ERROR:980", "EOF")
		l.gets(l.signOn(toc.SignOn1, "bob", "pwbo"), "ERROR:980", "EOF")
		l.gets(l.signOn(toc.Login2, "nobody", ""), "ERROR:913:internal server error", "EOF")
		if strings.Contains(l.log.String(), "pwbo") || strings.Contains(l.log.String(), "wrong") {
			t.Errorf("a password in the log:\n%s", l.log.String())
		}
	})
}

func TestMaxSessions(t *testing.T) {
	inLab(t, Options{MaxSessions: 2}, func(l *lab) {
		l.on("bob")
		second := l.on("bob")
		l.gets(l.signOn(toc.Login2, "bob", "pwbob"), "ERROR:980", "EOF")
		second.drop()
		wait(0)
		l.on("bob")
		if n := l.srv.Sessions("B o b"); n != 2 {
			t.Errorf("%d sessions, want 2", n)
		}
	})
}

func TestConnectLimit(t *testing.T) {
	inLab(t, Options{ConnectLimit: true}, func(l *lab) {
		try := func(addr string) []string {
			c := l.connectFrom(addr)
			l.signOnAt(c, toc.Login2, "bob", "wrong")
			return c.take()
		}
		for i := range 10 {
			if got := try("10.0.0.1:1000"); got[0] != "ERROR:980" {
				t.Errorf("sign-on %d: %q", i+1, got)
			}
			wait(5 * time.Second)
		}
		if got := try("10.0.0.1:2000"); got[0] != "ERROR:983" || got[1] != "EOF" {
			t.Errorf("the eleventh: %q", got)
		}
		if got := try("10.0.0.2:1000"); got[0] != "ERROR:980" {
			t.Errorf("another address: %q", got)
		}
		wait(9 * time.Second)
		if got := try("10.0.0.1:1000"); got[0] != "ERROR:983" {
			t.Errorf("after 59 s: %q", got)
		}
		wait(2 * time.Second)
		if got := try("10.0.0.1:1000"); got[0] != "ERROR:980" {
			t.Errorf("after a minute: %q", got)
		}
	})
}

// TestConnectLimitIsCounted after the sign-on frames, not at once.
func TestConnectLimitIsCounted(t *testing.T) {
	inLab(t, Options{ConnectLimit: true}, func(l *lab) {
		for range 20 {
			l.connectFrom("10.0.0.1:1").write([]byte("FLAPON\r\n\r\n"))
		}
		wait(0)
		c := l.connectFrom("10.0.0.1:1")
		l.signOnAt(c, toc.Login2, "bob", "pwbob")
		l.gets(c, "SIGN_ON:TOC2.0", "NICK:bob", `CONFIG2:done:\n`)
	})
}

func TestAddressesAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	s := New(Options{ConnectLimit: true, Now: func() time.Time { return now }})
	for i := range 5000 {
		s.admit(&s.signOns, fmt.Sprint(i))
		now = now.Add(time.Second)
	}
	if n := len(s.signOns); n > 1200 {
		t.Errorf("%d addresses are remembered, of which 61 matter", n)
	}
}

func TestNoLimits(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		for range 30 {
			c := l.connectFrom("10.0.0.1:1")
			l.signOnAt(c, toc.Login2, "carol", "x")
			l.gets(c, "ERROR:980", "EOF")
		}
		for range 200 {
			l.say(bob, `toc2_send_im carol "x"`)
		}
		l.gets(bob)
		if l.srv.Refused() != 0 {
			t.Errorf("refused %d", l.srv.Refused())
		}
	})
}

func TestAnyName(t *testing.T) {
	long := strings.Repeat("ü", 300)
	type login struct {
		name     toc.ScreenName
		password string
		ok       bool
	}
	for what, logins := range map[string][]login{
		"no password":                   {{"zed", "", true}},
		"no password, twice":            {{"zed", "", true}, {"Zed", "", true}},
		"the first password stays":      {{"zed", "one", true}, {"zed", "two", false}, {"zed", "", false}, {"zed", "one", true}},
		"later than the name":           {{"zed", "", true}, {"zed", "one", true}, {"zed", "", false}, {"ZED", "one", true}},
		"600 bytes of UTF-8":            {{"zed", long, true}, {"zed", long, true}, {"zed", long[:598], false}},
		"601 bytes":                     {{"zed", long + "x", false}, {"zed", "x", true}},
		"a password of one byte":        {{"zed", "x", true}, {"zed", "x", true}},
		"all characters IRC has":        {{"a[]\\`_^{}|-9", "", true}, {"|", "", true}, {"[x]", "", true}},
		"a digit first":                 {{"9lives", "", false}, {"-x", "", false}},
		"not ASCII":                     {{"zoë", "", false}},
		"not for IRC":                   {{"a.b", "", false}, {"a!b", "", false}, {"a:b", "", false}, {"#a", "", false}, {"&a", "", false}, {"*", "", false}},
		"32 characters":                 {{toc.ScreenName(strings.Repeat("x", 32)), "", true}},
		"33 characters":                 {{toc.ScreenName(strings.Repeat("x", 33)), "", false}},
		"spaces are no part of a name":  {{"a b", "", true}, {"AB", "", true}},
		"an account keeps its rules":    {{"Fixed One", "", false}, {"fixedone", "other", false}, {"fixedone", "secret", true}},
		"an account is not an any-name": {{"fixedone", "", false}, {"fixedone", "secret", true}},
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, Options{AnyName: true, Accounts: map[string]string{"Fixed One": "secret"}}, func(l *lab) {
				for i, try := range logins {
					c := l.signOn(toc.Login2, try.name, try.password)
					got := c.take()
					if ok := got[0] == "SIGN_ON:TOC2.0"; ok != try.ok {
						t.Errorf("%d: %s with %.10q: %q, want ok %v", i, try.name, try.password, got, try.ok)
					}
					c.drop()
					wait(0)
				}
			})
		})
	}
}

// TestAnyNameInUse: a name without a password is nobody's to share.
func TestAnyNameInUse(t *testing.T) {
	inLab(t, Options{AnyName: true}, func(l *lab) {
		first := l.signOn(toc.Login2, "zed", "")
		l.gets(first, "SIGN_ON:TOC2.0", "NICK:zed", `CONFIG2:done:\n`)
		start := time.Now()
		for _, password := range []string{"", "mine"} {
			c := l.signOn(toc.Login2, "zed", password)
			wait(graceOfOld)
			l.gets(c, "ERROR:980", "EOF")
		}
		if d := time.Since(start); d != 2*graceOfOld {
			t.Errorf("refused after %v, want %v each", d, graceOfOld)
		}
		// The old session ends while the new one waits: a reconnect.
		again := l.signOn(toc.Login2, "zed", "")
		wait(graceOfOld / 2)
		l.gets(again)
		first.drop()
		l.gets(again, "SIGN_ON:TOC2.0", "NICK:zed", `CONFIG2:done:\n`)
	})
}

// TestAnyNameShared: with the right password up to five sessions attach.
func TestAnyNameShared(t *testing.T) {
	inLab(t, Options{AnyName: true}, func(l *lab) {
		var all []*link
		for range 5 {
			c := l.signOn(toc.Login2, "zed", "mine")
			l.gets(c, "SIGN_ON:TOC2.0", "NICK:zed", `CONFIG2:done:\n`)
			l.say(c, "toc_init_done")
			all = append(all, c)
		}
		l.gets(l.signOn(toc.Login2, "zed", "mine"), "ERROR:980", "EOF")
		l.say(all[0], `toc2_send_im zed "all of us"`)
		for _, c := range all {
			l.gets(c, "IM_IN_ENC2:zed:F:F:T: U :F:L:en:all of us")
		}
	})
}

// TestAnyNameNobody: names that nobody has are as for the live server.
func TestAnyNameNobody(t *testing.T) {
	inLab(t, Options{AnyName: true}, func(l *lab) {
		c := l.signOn(toc.Login2, "zed", "")
		l.quiet(c)
		l.say(c, `toc2_send_im ghost "boo"`)
		l.gets(c)
		l.say(c, "toc_get_status Ghost")
		l.gets(c, "ERROR:901:Ghost")
	})
}

func TestReverseConfig(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		t.Run(fmt.Sprint(reverse), func(t *testing.T) {
			inLab(t, Options{AOL: AOLSwitches{ReverseConfig: reverse}}, func(l *lab) {
				got := l.signOn(toc.Login2, "bob", "pwbob").take()
				if len(got) != 3 || strings.HasPrefix(got[1], "CONFIG2") != reverse {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

func TestStrictSequence(t *testing.T) {
	inLab(t, Options{AOL: AOLSwitches{StrictSequence: true}}, func(l *lab) {
		c := l.on("bob")
		c.seq = 65533 // the next is a gap
		l.say(c, "toc_get_status x")
		l.gets(c, "EOF")

		c = l.connect()
		c.seq = 65533 // wraps around without a gap
		l.signOnAt(c, toc.Login2, "bob", "pwbob")
		l.quiet(c)
		for range 3 {
			l.say(c, "toc_get_status x")
		}
		l.gets(c, "ERROR:901:x", "ERROR:901:x", "ERROR:901:x")
	})
}

func TestSequenceIsNotLookedAt(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		c := l.on("bob")
		c.seq = 40000
		l.say(c, "toc_get_status x")
		l.gets(c, "ERROR:901:x")
	})
}
