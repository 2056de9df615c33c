package ircd

import (
	"bytes"
	"testing"

	irc "gopkg.in/irc.v4"
)

// A message of several lines is encoded once for each set of capabilities that matters to it, all its lines together.
func TestMultilineCache(t *testing.T) {
	t.Parallel()
	m := NewMultiline(&irc.Prefix{Name: "bob"}, "PRIVMSG", "#c", []Line{{Text: "one"}, {}, {Text: "two", Concat: true}})
	m.ref, m.ID = "9", "id"
	const batch = CapMultiline | CapBatch
	for _, tt := range []struct {
		have Cap
		want string
	}{
		{0, ":bob PRIVMSG #c :one\r\n:bob PRIVMSG #c :two\r\n"},
		{CapMessageTags, "@msgid=id :bob PRIVMSG #c :one\r\n:bob PRIVMSG #c :two\r\n"},
		{batch, ":bob BATCH +9 draft/multiline #c\r\n@batch=9 :bob PRIVMSG #c :one\r\n@batch=9 :bob PRIVMSG #c :\r\n" +
			"@batch=9;draft/multiline-concat :bob PRIVMSG #c :two\r\n:bob BATCH -9\r\n"},
	} {
		first := m.line("irc.test", tt.have)
		if string(first) != tt.want {
			t.Errorf("%b: %q", tt.have, first)
		}
		if again := m.line("irc.test", tt.have|CapAwayNotify|CapMultiPrefix); &again[0] != &first[0] {
			t.Errorf("%b: encoded again", tt.have)
		}
	}
	if len(m.encoded) != 3 {
		t.Errorf("%d encodings", len(m.encoded))
	}
	long := NewMultiline(&irc.Prefix{Name: "bob"}, "PRIVMSG", "#c", []Line{{Text: string(bytes.Repeat([]byte("x"), 600))}})
	if n := len(long.lines); n != 2 || !long.lines[1].Concat {
		t.Errorf("a long line became %d", n)
	}
}

func BenchmarkMultiline(b *testing.B) {
	lines := make([]Line, MultilineLines)
	for i := range lines {
		lines[i].Text = "a line of the usual length, that is to say about sixty bytes"
	}
	for name, have := range map[string]Cap{"batch": CapMultiline | CapBatch, "separate": 0} {
		b.Run(name, func(b *testing.B) {
			m := NewMultiline(&irc.Prefix{Name: "bob", User: "bob", Host: "aim"}, "PRIVMSG", "#c", lines)
			m.ref = "9"
			buf := make([]byte, 0, 8192)
			b.ReportAllocs()
			for b.Loop() {
				buf = m.encode(buf[:0], "irc.test", have, reply{})
			}
		})
	}
}
