package ircd

import (
	"strings"
	"testing"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"
)

func TestSplitDevice(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"alice":                        {"alice", ""},
		"alice@phone":                  {"alice", "phone"},
		"Cool Guy@my-phone":            {"Cool Guy", "my-phone"},
		"user@mac.com":                 {"user@mac.com", ""}, // a screen name, not a device
		"user@mac.com@tab_1":           {"user@mac.com", "tab_1"},
		"@phone":                       {"@phone", ""},
		"alice@":                       {"alice@", ""},
		"alice@my phone":               {"alice@my phone", ""},
		"al:ice@phone":                 {"al:ice@phone", ""},
		" @phone":                      {" @phone", ""},
		"+15551234567@desk":            {"+15551234567", "desk"},
		"a@" + strings.Repeat("x", 33): {"a@" + strings.Repeat("x", 33), ""},
	} {
		if name, device := splitDevice(in); name != want[0] || device != want[1] {
			t.Errorf("%q: %q, %q", in, name, device)
		}
	}
}

func TestCleanUser(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"root": "root", "~root": "root", "a b": "ab", "😊😊": "user", "": "user", "..x.": "x.", strings.Repeat("y", 40): strings.Repeat("y", 20), "a!b@c": "abc",
	} {
		if got := cleanUser(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestMatchMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mask, s string
		want    bool
	}{
		{"*", "", true}, {"*", "irc.test", true}, {"irc.test", "IRC.Test", true}, {"irc.tes?", "irc.test", true}, {"*.test", "irc.test", true},
		{"i*c*t", "irc.test", true}, {"i*x*t", "irc.test", false}, {"", "x", false}, {"", "", true}, {"irc", "irc.test", false},
		{"?", "", false}, {"**t", "irc.test", true}, {"a*a", "a", false},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 500), false}, // and soon
	} {
		if got := matchMask(tt.mask, tt.s); got != tt.want {
			t.Errorf("%q against %q: %v", tt.mask, tt.s, got)
		}
	}
}

// A text of TextBudget bytes fits exactly.
func TestTextBudget(t *testing.T) {
	t.Parallel()
	for _, p := range []*irc.Prefix{{Name: "bob", User: "b", Host: "aim"}, {Name: "bob"}, {Name: "irc.test"}} {
		n := TextBudget(p, "PRIVMSG", "#channel")
		for extra, want := range map[int]int{0: n, 1: n} {
			text := strings.Repeat("x", n+extra)
			line := string(NewMessage(p, "PRIVMSG", "#channel", text).append(nil, "s", 0, reply{}))
			if got := len(irc.MustParseMessage(line).Trailing()); got != want || len(line) != maxLine {
				t.Errorf("%v: %d of %d bytes arrive in %d", p, got, n+extra, len(line))
			}
		}
	}
	if n := TextBudget(nil, "PRIVMSG", "bob"); n != 512-2-len("PRIVMSG bob :") {
		t.Errorf("without a prefix: %d", n)
	}
}

func FuzzNames(f *testing.F) {
	f.Add("alice@phone", "a*b?")
	f.Add("Işıl", "")
	f.Fuzz(func(t *testing.T, s, mask string) {
		if folded := Fold(s); Fold(folded) != folded || !EqualFold(s, folded) || len(folded) != len(s) {
			t.Errorf("Fold(%q) = %q", s, folded)
		}
		if ValidNick(s) && (!ValidNick(Fold(s)) || strings.ContainsAny(s, " !@:,*\r\n\x00")) {
			t.Errorf("nick %q", s)
		}
		if ValidChannel(s) && strings.ContainsAny(s, " ,\r\n\x00\x07") {
			t.Errorf("channel %q", s)
		}
		name, device := splitDevice(s)
		if device != "" && name+"@"+device != s || device == "" && name != s {
			t.Errorf("%q: %q, %q", s, name, device)
		}
		if u := cleanUser(s); u == "" || len(u) > userLen || strings.ContainsAny(u, " !@:\r\n\x00") {
			t.Errorf("user %q", u)
		}
		if utf8.ValidString(s) && (!matchMask("*", s) || !matchMask("*"+strings.Map(wild, s)+"*", s)) {
			t.Errorf("mask and %q", s)
		}
		matchMask(mask, s)
	})
}

// wild makes every second sort of character a question mark; bytes stay bytes only for ASCII.
func wild(r rune) rune {
	if r < 128 && r%2 == 0 {
		return '?'
	}
	return r
}
