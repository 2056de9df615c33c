package richtext

import (
	"strings"
	"testing"
)

const (
	benchPlain = "hello there, how are you doing today? see you at eight"
	benchHTML  = `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0" COLOR="#ff0000">hello <B>there</B> &amp; see <A HREF="http://x.y/z">this</A></FONT></BODY></HTML>`
	benchIRC   = "hello \x02there\x02 & see \x0304http://x.y/z\x03 now"
)

func benchmark(b *testing.B, in string, f func(string) int) {
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	sum := 0
	for b.Loop() {
		sum += f(in)
	}
	if sum == 0 {
		b.Fatal("nothing done")
	}
}

func htmlToIRC(s string) int { return len(ParseHTML(s).IRC()) }
func ircToHTML(s string) int { return len(ParseIRC(s).HTML()) }

func BenchmarkPlainToIRC(b *testing.B)  { benchmark(b, benchPlain, htmlToIRC) }
func BenchmarkPlainToHTML(b *testing.B) { benchmark(b, benchPlain, ircToHTML) }
func BenchmarkUTF8ToIRC(b *testing.B)   { benchmark(b, "grüße "+benchPlain+" 😀", htmlToIRC) }
func BenchmarkHTMLToIRC(b *testing.B)   { benchmark(b, benchHTML, htmlToIRC) }
func BenchmarkIRCToHTML(b *testing.B)   { benchmark(b, benchIRC, ircToHTML) }

func BenchmarkHTMLSize(b *testing.B) {
	benchmark(b, benchHTML, func(s string) int { return HTMLSize(ParseHTML(s)) })
}

func BenchmarkSplitSmall(b *testing.B) {
	benchmark(b, benchPlain, func(s string) int { return len(Plain(s).Split(400, IRCSize)) })
}

func BenchmarkSplit64K(b *testing.B) {
	s := strings.Repeat("hello <b>there</b> ", 1<<16/19)
	benchmark(b, s, func(s string) int { return len(ParseHTML(s).Split(400, IRCSize)) })
}

func BenchmarkHostile64K(b *testing.B) {
	benchmark(b, strings.Repeat("<a \"'", 1<<16/5), func(s string) int { return len(ParseHTML(s)) })
}

// TestPlainAllocs guards the fast path: one allocation, the Text itself.
func TestPlainAllocs(t *testing.T) {
	var n int
	for name, f := range map[string]func(string) int{"to IRC": htmlToIRC, "to HTML": ircToHTML} {
		if got := testing.AllocsPerRun(100, func() { n += f(benchPlain) }); got > 1 {
			t.Errorf("plain text %s: %v allocations", name, got)
		}
	}
	if got := testing.AllocsPerRun(100, func() { n += HTMLSize(Text{{Text: "a<b"}}) }); got > 1 {
		t.Errorf("HTMLSize: %v allocations", got)
	}
}
