package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tocbridge/bridge/pace"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func imTo(name toc.ScreenName, text string) toc.SendIM { return toc.SendIM{To: name, Text: text} }

func imFrom(name toc.ScreenName, text string) toc.IMIn {
	return toc.IMIn{From: name, TOC2: true, Class: " U ", Encoding: "L", Language: "en", Text: text}
}

// talk is a signed-on alice with bob on her list and online.
func talk(t *testing.T, opts ...ircdtest.Option) (*rig, *ircdtest.Client, *farEnd) {
	r := newRig(t, Options{})
	r.config("alice", buddies("bob", "carol"))
	c, end := r.login("alice", opts...)
	end.tell(here("bob", " U "))
	c.Expect(":bob!bob@aim JOIN &buddies")
	return r, c, end
}

func TestIMOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ line, want string }{
		"plain":       {"PRIVMSG bob :hello: world", "hello: world"},
		"notice":      {"NOTICE BOB :psst", "psst"},
		"html":        {"PRIVMSG bob :1 < 2 & \"x\"", "1 &lt; 2 &amp; &quot;x&quot;"},
		"action":      {"PRIVMSG bob :\x01ACTION waves\x01", "/me waves"},
		"bold":        {"PRIVMSG bob :a \x02b\x02 c", "a <B>b</B> c"},
		"utf-8":       {"PRIVMSG bob :grüße 🎉", "grüße 🎉"},
		"backslashes": {`PRIVMSG bob :c:\dir {x} $1`, `c:\dir {x} $1`},
		"in buddies":  {"PRIVMSG &buddies :bob: over here", "over here"},
		"with comma":  {"PRIVMSG &buddies :bob, over here", "over here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c, end := talk(t)
			c.Send("%s", tc.line)
			end.expect(imTo("bob", tc.want))
		})
	}
}

func TestIMIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   toc.IMIn
		want []string
	}{
		"plain":     {imFrom("bob", "hello: world"), []string{":bob!bob@aim PRIVMSG alice :hello: world"}},
		"windows":   {imFrom("bob", `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">hi <B>there</B></FONT></BODY></HTML>`), []string{"PRIVMSG alice :hi \x02there\x02"}},
		"lines":     {imFrom("bob", "one<BR>two\nthree"), []string{"PRIVMSG alice one", "PRIVMSG alice two", "PRIVMSG alice three"}},
		"action":    {imFrom("bob", "<b>/me waves</b>"), []string{"PRIVMSG alice *"}},
		"link":      {imFrom("bob", `<a href="http://x.example/a">here</a>`), []string{"PRIVMSG alice :here <http://x.example/a>"}},
		"stranger":  {imFrom("Zoe Z", "boo"), []string{":ZoeZ!zoez@aim PRIVMSG alice boo"}},
		"injection": {imFrom("bob", "a&#13;&#10;QUIT :x\r\nJOIN #evil\x00\x01VERSION\x01"), []string{"PRIVMSG alice a", "PRIVMSG alice :QUIT :x", "PRIVMSG alice *"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c, end := talk(t)
			end.tell(tc.in)
			for _, want := range tc.want {
				m := c.Expect(want)
				if strings.ContainsAny(m.Trailing(), "\r\n\x00") {
					t.Errorf("control characters got through: %q", m.Trailing())
				}
			}
			for _, m := range c.Sync() {
				if m.Command != "PRIVMSG" {
					t.Errorf("unasked: %s", m)
				}
			}
		})
	}
}

func TestAutoResponseIsNotice(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t, ircdtest.Caps("away-notify"))
	end.tell(here("bob", " UU"))
	c.Expect(":bob!bob@aim AWAY Away")
	auto := imFrom("bob", "I am <i>at lunch</i>")
	auto.Auto = true
	end.tell(auto)
	c.Expect(":bob!bob@aim AWAY :I am at lunch")
	c.Expect("NOTICE alice :I am \x1dat lunch\x1d")
	c.Send("PRIVMSG bob :back soon?")
	c.Expect("301 alice bob :I am at lunch")
	c.Send("PRIVMSG bob :again")
	end.expect(imTo("bob", "again"))
	for _, m := range c.Sync() {
		if m.Command == "301" {
			t.Error("301 twice in one away period")
		}
	}
}

func TestLongTextIsCutWhole(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	long := strings.Repeat("grüße <3 & \"quotes\" ", 500)
	end.tell(imFrom("bob", long))
	end.tell(imFrom("bob", "end"))
	var got strings.Builder
	for {
		m := c.Expect("PRIVMSG alice *")
		if m.Trailing() == "end" {
			break
		}
		if !utf8.ValidString(m.Trailing()) {
			t.Fatalf("cut inside a character: %q", m.Trailing())
		}
		got.WriteString(m.Trailing() + " ")
	}
	if want := strings.Join(strings.Fields(long), " "); strings.Join(strings.Fields(got.String()), " ") != want {
		t.Error("not the same text in order")
	}
	for i := range 40 {
		c.Send("PRIVMSG bob :%d %s", i, strings.Repeat("&<", 200))
	}
	c.Sync()
	next := 0
	for _, cmd := range end.commands() {
		im, ok := cmd.(toc.SendIM)
		if !ok {
			continue
		}
		if len(im.Line()) > toc.MaxCommand {
			t.Errorf("a command of %d bytes", len(im.Line()))
		}
		if strings.HasPrefix(im.Text, fmt.Sprintf("%d ", next)) {
			next++
		}
	}
	if next != 40 {
		t.Errorf("line %d is missing or out of order", next)
	}
}

func TestOfflineBuddyIs401WithTheText(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(gone("carol"))
	c.Sync()
	c.Send("PRIVMSG carol :are you there")
	c.Expect("NOTICE &buddies :carol is not signed on. Not sent: are you there") // irssi shows of 401 only that it came
	if m := c.Expect("401 alice carol *"); !strings.Contains(m.Trailing(), "are you there") {
		t.Errorf("%q does not quote the text", m.Trailing())
	}
	c.Send("NOTICE carol :are you there")
	c.Expect("NOTICE &buddies :carol is not signed on. Not sent: are you there")
	for _, m := range c.Sync() {
		t.Errorf("NOTICE was answered: %s", m) // RFC 2812 §3.3.2: no error replies
	}
}

func TestStrangerIsAskedForOnce(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("PRIVMSG zoe :one")
	c.Send("PRIVMSG zoe :two")
	end.expect(toc.GetStatus{Name: "zoe"})
	end.tell(here("Zoe", " U "))
	end.expect(imTo("zoe", "one"))
	end.expect(imTo("zoe", "two"))
	c.Send("PRIVMSG nobody :three")
	end.expect(toc.GetStatus{Name: "nobody"})
	end.tell(toc.ServerError{Code: 901, Arg: "nobody"})
	if m := c.Expect("401 alice nobody *"); !strings.Contains(m.Trailing(), "three") {
		t.Errorf("%q does not quote the text", m.Trailing())
	}
	for _, cmd := range end.commands() {
		if im, ok := cmd.(toc.SendIM); ok {
			t.Errorf("sent anyway: %#v", im)
		}
	}
}

func TestMessageErrors(t *testing.T) {
	t.Parallel()
	_, c, _ := talk(t)
	for _, tc := range []struct{ send, expect string }{
		{"PRIVMSG", "411 alice *"},
		{"PRIVMSG bob", "412 alice *"},
		{"PRIVMSG bob :", "412 alice *"},
		{"PRIVMSG #nowhere :x", "404 alice #nowhere *"},
		{"PRIVMSG &nogroup :x", "403 alice &nogroup *"},
		{"PRIVMSG a,b,c,d,e :x", "407 alice a,b,c,d,e *"},
		{"PRIVMSG b*b :x", "401 alice b*b *"},
		{"TAGMSG", "411 alice *"},
	} {
		c.Send("%s", tc.send)
		c.Expect(tc.expect)
	}
	c.Send("NOTICE")
	c.Send("NOTICE #nowhere :x")
	for _, m := range c.Sync() {
		t.Errorf("NOTICE was answered: %s", m)
	}
}

func TestOtherClientsSeeWhatOneSays(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	echo := r.attach("alice", ircdtest.Caps("echo-message", "server-time", "message-tags"))
	self := r.attach("alice", ircdtest.Caps("znc.in/self-message"))
	plain := r.attach("alice")
	c.Send("PRIVMSG bob :hello")
	m := echo.Expect(":alice!* PRIVMSG bob hello")
	if m.Tags["time"] == "" || m.Tags["msgid"] == "" {
		t.Errorf("tags %v lack time or msgid", m.Tags)
	}
	self.Expect(":alice!* PRIVMSG bob hello")
	plain.Expect(":bob!bob@aim NOTICE alice :-> hello")
	plain.Send("PRIVMSG bob :\x01ACTION waves\x01")
	end.expect(imTo("bob", "/me waves"))
	echo.Expect("PRIVMSG bob :\x01ACTION waves\x01")
	c.Expect("NOTICE alice :-> * alice waves")
	echo.Send("PRIVMSG bob :mine")
	echo.Expect(":alice!* PRIVMSG bob mine")
	for _, m := range slices.Concat(c.Sync(), plain.Sync()) {
		if m.Command == "PRIVMSG" {
			t.Errorf("a client that did not ask for it saw %s", m)
		}
	}
	end.tell(imFrom("bob", "to all"))
	for _, cl := range []*ircdtest.Client{c, echo, self, plain} {
		cl.Expect(":bob!bob@aim PRIVMSG alice :to all")
	}
}

func TestTyping(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t, ircdtest.Caps("message-tags"))
	plain := r.attach("alice")
	end.tell(toc.Typing{From: "bob", State: toc.TypingActive})
	if m := c.Expect(":bob!bob@aim TAGMSG alice"); m.Tags["+typing"] != "active" {
		t.Errorf("tags %v", m.Tags)
	}
	if got := plain.Sync(); len(got) != 0 {
		t.Errorf("a client without message-tags saw %v", got)
	}
	c.Send("@+typing=active TAGMSG bob")
	c.Send("@+typing=active TAGMSG bob")
	c.Send("@+typing=done TAGMSG bob")
	end.expect(toc.SendTyping{To: "bob", State: toc.TypingActive})
	end.expect(toc.SendTyping{To: "bob", State: toc.TypingNone})
	plain.Send("PRIVMSG bob :\x01TYPING 2\x01")
	end.expect(toc.SendTyping{To: "bob", State: toc.TypingPaused})
}

func TestOtherCTCPIsNotSent(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("PRIVMSG bob :\x01VERSION\x01")
	c.Expect("NOTICE &buddies :CTCP VERSION cannot be sent to bob: AIM has no such thing.")
	for _, cmd := range end.commands() {
		if im, ok := cmd.(toc.SendIM); ok {
			t.Errorf("sent: %#v", im)
		}
	}
}

func TestFormattedNameOfSender(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(here("Bo B", " U "))
	c.Expect(":bob!bob@aim NICK BoB")
	end.tell(imFrom("Bo B", "hi"))
	c.Expect(":BoB!bob@aim PRIVMSG alice hi")
	c.Send("PRIVMSG bob :back")
	end.expect(imTo("bob", "back"))
}

// A stranger is asked about once in a conversation, also where nothing limits questions.
func TestStrangersAreAskedAboutOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Pace: pace.Off})
	c, end := r.login("alice")
	c.Send("PRIVMSG Zoe :1")
	end.expect(toc.GetStatus{Name: "zoe"})
	end.tell(here("Zoe", " O "))
	end.expect(toc.SendIM{To: "zoe", Text: "1"})
	for i := range 20 {
		c.Send("PRIVMSG Zoe :line %d", i)
	}
	c.Send("PRIVMSG Zoe :last")
	end.expect(toc.SendIM{To: "zoe", Text: "line 19"})
	for _, cmd := range end.take() {
		if _, again := cmd.(toc.GetStatus); again {
			t.Error("asked again")
		}
	}
}
