package ircd

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line    string
		err     error
		command string
		params  []string
		tags    irc.Tags
	}{
		{"PING x", nil, "PING", []string{"x"}, nil},
		{"privmsg #c :hello  world ", nil, "PRIVMSG", []string{"#c", "hello  world "}, nil},
		{"AWAY", nil, "AWAY", nil, nil},
		{"LIST ", nil, "LIST", nil, nil},
		{"TOPIC #c :", nil, "TOPIC", []string{"#c", ""}, nil},
		{"  PING   a  b", nil, "PING", []string{"a", "b"}, nil},
		{":x!y@z PING a:b :", nil, "PING", []string{"a:b", ""}, nil},
		{"@a=1;+b=\\:\\s\\\\\\r\\n\\x\\;c;d= PING", nil, "PING", nil, irc.Tags{"a": "1", "+b": "; \\\r\nx", "c": "", "d": ""}},
		{"@a=b;a=c;k!=v;=;+=x PING", nil, "PING", nil, irc.Tags{"a": "c"}},
		{"001 x", nil, "001", []string{"x"}, nil},
		{"", errEmpty, "", nil, nil},
		{" ", errEmpty, "", nil, nil},
		{"@a=b ", errEmpty, "", nil, nil},
		{":pre", errEmpty, "", nil, nil},
		{"PRIV\x00MSG", errControl, "", nil, nil},
		{"a\rb", errControl, "", nil, nil},
		{"ſ", errCommand, "", nil, nil},
		{"X\xff y", errCommand, "", nil, nil},
		{"X y\xff", errUTF8, "X", []string{"y\ufffd"}, nil},
	} {
		m, err := parse([]byte(tt.line))
		if !errors.Is(err, tt.err) {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if m == nil {
			continue
		}
		if m.Command != tt.command || strings.Join(m.Params, "|") != strings.Join(tt.params, "|") || len(m.Params) != len(tt.params) || !cmp.Equal(m.Tags, tt.tags) {
			t.Errorf("%q: %q %q %q", tt.line, m.Command, m.Params, m.Tags)
		}
		if m.Prefix == nil || m.Prefix.Name != "" {
			t.Errorf("%q: prefix %v", tt.line, m.Prefix)
		}
	}
}

// FuzzParse: nothing panics; what comes out is clean; and where irc.v4 is right, we agree with it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"@a=b ", "@ ", "PRIVMSG a :b c", ":x!y@z NOTICE * :hi", "@t=\\:;x PING", "a b c d e f g h i j k l m n o p q r", "\xff", "x\x00", "a\rb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parse(line)
		if err != nil {
			return
		}
		if !utf8.ValidString(m.String()) || len(m.Params) > maxParams || m.Command == "" || strings.ContainsAny(m.Command, " \r\n\x00:") {
			t.Fatalf("%q: %q", line, m)
		}
		for _, p := range m.Params {
			if strings.ContainsAny(p, "\r\x00") {
				t.Fatalf("%q: %q", line, m)
			}
		}
		if len(m.Params) == maxParams || len(m.Tags) > 0 || line[0] == '@' || line[0] == ' ' || line[0] == ':' || strings.Contains(string(line), "\n") {
			return
		}
		theirs, err := irc.ParseMessage(string(line))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if m.Command != theirs.Command || strings.Join(m.Params, "\x00") != strings.Join(theirs.Params, "\x00") {
			t.Errorf("%q: %q, irc.v4 %q", line, m, theirs)
		}
	})
}
