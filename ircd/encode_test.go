package ircd

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"
)

func encodeFor(m *Message, have Cap) string { return string(m.append(nil, "irc.test", have, reply{})) }

func TestEncode(t *testing.T) {
	t.Parallel()
	p := &irc.Prefix{Name: "bob", User: "b", Host: "aim"}
	noon := time.Date(2026, 1, 2, 12, 4, 5, 6e6, time.FixedZone("x", 3600))
	for _, tt := range []struct {
		m    *Message
		have Cap
		want string
	}{
		{NewMessage(nil, "PONG", "irc.test", "x"), 0, ":irc.test PONG irc.test x\r\n"},
		{NewMessage(nil, "PING", "x"), 0, "PING x\r\n"},
		{NewMessage(nil, "ERROR", "x"), 0, "ERROR :x\r\n"},
		{NewMessage(p, "PRIVMSG", "a", "b"), 0, ":bob!b@aim PRIVMSG a :b\r\n"},
		{NewMessage(p, "JOIN", "#c"), 0, ":bob!b@aim JOIN #c\r\n"},
		{NewMessage(p, "PART", "#c"), 0, ":bob!b@aim PART #c\r\n"},
		{NewMessage(p, "PART", "#c", "bye"), 0, ":bob!b@aim PART #c :bye\r\n"},
		{NewMessage(p, "QUIT"), 0, ":bob!b@aim QUIT\r\n"},
		{NewMessage(p, "AWAY"), CapAwayNotify, ":bob!b@aim AWAY\r\n"},
		{NewMessage(p, "MODE", "#c", "+o", "x"), 0, ":bob!b@aim MODE #c +o x\r\n"},
		{NewMessage(p, "X", ""), 0, ":bob!b@aim X :\r\n"},
		{NewMessage(p, "X", ":)"), 0, ":bob!b@aim X ::)\r\n"},
		{NewMessage(p, "X", "a b"), 0, ":bob!b@aim X :a b\r\n"},
		{NewMessage(&irc.Prefix{Name: "srv"}, "X"), 0, ":srv X\r\n"},
		{NewJoin(p, "#c", "", "Bob"), CapExtendedJoin, ":bob!b@aim JOIN #c * Bob\r\n"},
		{NewJoin(p, "#c", "acc", "Bob"), 0, ":bob!b@aim JOIN #c\r\n"},
		{&Message{Message: irc.Message{Command: "X"}, Time: noon}, CapServerTime, "@time=2026-01-02T11:04:05.006Z :irc.test X\r\n"},
		{&Message{Message: irc.Message{Command: "X"}, ID: "1"}, CapServerTime, ":irc.test X\r\n"},
		{&Message{Message: irc.Message{Command: "X"}, Batch: "1"}, CapBatch, "@batch=1 :irc.test X\r\n"},
		{&Message{Message: irc.Message{Command: "X"}, Account: "Cool Guy"}, CapAccountTag, "@account=Cool\\sGuy :irc.test X\r\n"},
	} {
		if got := encodeFor(tt.m, tt.have); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestAppendTimeIsRFC3339(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1<<31, 999999999), time.Date(2026, 11, 22, 19, 30, 0, 1e6, time.UTC)} {
		if got, want := string(appendTime(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The cache gives each capability set its own form, and makes it once.
func TestMessageCache(t *testing.T) {
	t.Parallel()
	m := NewMessage(nil, "PRIVMSG", "a", "b")
	m.ID, m.Time = "id", time.Unix(0, 0)
	plain, timed, full := m.line("s", 0), m.line("s", CapServerTime), m.line("s", CapServerTime|CapMessageTags)
	if string(plain) == string(timed) || string(timed) == string(full) || !strings.HasSuffix(string(full), string(plain)) {
		t.Errorf("%q %q %q", plain, timed, full)
	}
	for i, again := range [][]byte{m.line("s", CapAwayNotify|CapMultiPrefix), m.line("s", CapServerTime|CapBatch), m.line("s", ^Cap(0))} {
		if &again[0] != &[][]byte{plain, timed, full}[i][0] {
			t.Errorf("%d: encoded again", i)
		}
	}
}

// Client tags have a bound of their own, and never spoil the line.
func TestManyClientTags(t *testing.T) {
	t.Parallel()
	m := NewMessage(nil, "TAGMSG", "a")
	m.Tags = irc.Tags{"+a": strings.Repeat("x", 4000), "+b": strings.Repeat("y", 80), "+c": strings.Repeat("z", 90)}
	got := encodeFor(m, CapMessageTags)
	tags, _, _ := strings.Cut(got, " ")
	if len(tags) > maxTags || !strings.HasPrefix(tags, "@+a=xxx") || !strings.HasSuffix(tags, ";+b="+strings.Repeat("y", 80)) {
		t.Errorf("%d bytes of tags", len(tags))
	}
	one := NewMessage(nil, "TAGMSG", "a")
	one.Tags = irc.Tags{"+foo": strings.Repeat("a", 4094-len("+foo="))}
	if got := encodeFor(one, CapMessageTags); len(got) < 4094 {
		t.Error("the largest legal tag is lost")
	}
	one.Tags["+foo"] += "a"
	if got := encodeFor(one, CapMessageTags); !strings.HasPrefix(got, ":") {
		t.Error("a tag over the limit goes out")
	}
}

// FuzzEncode: whatever the fields hold, one line comes out, valid UTF-8, of at most 512 bytes beside its tags; and on
// clean messages it means what irc.v4's String says.
func FuzzEncode(f *testing.F) {
	f.Add("bob", "b", "aim", "PRIVMSG", "#c", "", "hi there", "value")
	f.Add("Cool Guy", "", "h", "X", ":x", "a b", "\r\nQUIT\x00", "a;b\\ \r\n")
	f.Add("", "", "", "", "", "", "", "")
	f.Add("n", "u", "h", "NOTICE", "é\xff", "b", strings.Repeat("😃", 200), "\xff")
	f.Fuzz(func(t *testing.T, name, user, host, command, p1, p2, p3, tag string) {
		m := NewMessage(&irc.Prefix{Name: name, User: user, Host: host}, command, p1, p2, p3)
		m.Tags = irc.Tags{"+t": tag}
		line := encodeFor(m, CapMessageTags)
		if !strings.HasSuffix(line, "\r\n") || strings.ContainsAny(line[:len(line)-2], "\r\n\x00") || !utf8.ValidString(line) {
			t.Fatalf("bad line %q", line)
		}
		body := line
		if line[0] == '@' {
			_, body, _ = strings.Cut(line, " ")
		}
		if len(body) > maxLine {
			t.Fatalf("%d bytes: %q", len(body), body)
		}
		back, err := irc.ParseMessage(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if len(body) < maxLine-4 && len(back.Params) != 3 {
			t.Fatalf("%q has %d parameters", line, len(back.Params))
		}
		if !clean(name, user, host, command, p1, p2, p3, tag) || len(body) >= maxLine-4 {
			return
		}
		theirs := irc.MustParseMessage(m.String())
		if diff := cmp.Diff(theirs, back); diff != "" {
			t.Errorf("%q\n%s", line, diff)
		}
	})
}

// clean tells whether irc.v4's String can be trusted with these.
func clean(name, user, host, command, p1, p2, p3, tag string) bool {
	for _, s := range []string{name, command, p1, p2} {
		if s == "" || s[0] == ':' {
			return false
		}
	}
	for _, s := range []string{name, user, host, command, p1, p2} {
		if strings.ContainsAny(s, " !@:\r\n\x00") || !utf8.ValidString(s) {
			return false
		}
	}
	if len(name) > hostLen || len(user) > hostLen || len(host) > hostLen || len(command) > hostLen || command == "ERROR" || command == "PING" || command == "AUTHENTICATE" || command != strings.ToUpper(command) {
		return false
	}
	return !strings.ContainsAny(p3+tag, "\r\n\x00") && utf8.ValidString(p3+tag)
}
