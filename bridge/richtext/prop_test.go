package richtext

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// checkText fails unless t is as the package comment promises.
func checkText(t interface {
	Helper()
	Errorf(string, ...any)
}, x Text) {
	t.Helper()
	for i, sp := range x {
		if sp.Text == "" {
			t.Errorf("%q: span %d is empty", x, i)
		}
		if i > 0 && sp.Style == x[i-1].Style {
			t.Errorf("%q: spans %d and %d have the same style", x, i-1, i)
		}
		if !isClean(sp.Text) {
			t.Errorf("%q: span %d is not clean", x, i)
		}
		if l := sp.Style.Link; l != cleanLink(l) || strings.ContainsAny(l, "\r\n\x00 ") {
			t.Errorf("%q: link %q is not clean", x, l)
		}
	}
}

// checkIRC fails if s could do more than be shown on its lines.
func checkIRC(t interface {
	Helper()
	Errorf(string, ...any)
}, s string) {
	t.Helper()
	const codes = "\n\x02\x03\x0f\x11\x1d\x1e\x1f"
	for _, r := range s {
		if (r < 0x20 || r == 0x7f) && !strings.ContainsRune(codes, r) {
			t.Errorf("%q: control character %q", s, r)
		}
	}
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
}

var (
	genWord = rapid.OneOf(
		rapid.SampledFrom([]string{
			" ", "  ", "\n", "a", "<", ">", "&", `"`, "'", "&amp;", "<b>", "</b>", "&#", ";", ",", ",5", "5", "12", "/", "=", "\u00a0",
			"é", "日本", "😀", "👨‍👩‍👧", "e\u0301", "🇩🇪", "\ufffd\ufffd", "http://x.y/z", "www.x.y", "://", "/me ", `\`, "hello world", "\u200d", "\u202e",
		}),
		rapid.StringMatching(`[ -~]{1,12}`),
		rapid.Map(rapid.String(), func(s string) string { return Plain(s).String() }),
	)
	genText = rapid.Map(rapid.SliceOfN(genWord, 0, 12), func(w []string) string { return strings.Join(w, "") })
)

// genStyle draws a style; with palette only what IRC can express.
func genStyle(palette bool) *rapid.Generator[Style] {
	return rapid.Custom(func(t *rapid.T) Style {
		bit := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
		s := Style{Bold: bit("b"), Italic: bit("i"), Underline: bit("u"), Strike: bit("s"), Mono: bit("m")}
		color := func(name string) Color {
			switch {
			case !bit(name):
				return Color{}
			case palette:
				return mircColor(rapid.IntRange(0, 99).Draw(t, name))
			}
			return rgb(uint32(rapid.IntRange(0, 0xffffff).Draw(t, name)))
		}
		s.FG, s.BG = color("fg"), color("bg")
		if l := lookOf(&s); palette && (s.FG.Set != (l.fg > 0) || s.BG.Set != (l.bg > 0)) {
			s.FG, s.BG = Color{}, Color{}
		}
		return s
	})
}

func genFormatted(palette bool) *rapid.Generator[Text] {
	return rapid.Custom(func(t *rapid.T) Text {
		var b builder
		for range rapid.IntRange(0, 6).Draw(t, "spans") {
			st := genStyle(palette).Draw(t, "style")
			s := genText.Draw(t, "text")
			if palette {
				// A line break has no look on IRC.
				for i, line := range strings.Split(s, "\n") {
					if i > 0 {
						b.raw(Style{}, "\n")
					}
					b.raw(st, line)
				}
				continue
			}
			if strings.TrimSpace(s) != "" {
				st.Link = rapid.SampledFrom([]string{"", "", "", "http://x.y/?a=1&b='2'", "u", "aim:goim?message=é", "http://x.y/" + strings.Repeat("z", 50)}).Draw(t, "link")
			}
			b.raw(st, s)
		}
		return b.text()
	})
}

func TestHTMLRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := genFormatted(false).Draw(t, "text")
		checkText(t, in)
		html := in.HTML()
		if diff := cmp.Diff(in, ParseHTML(html)); diff != "" {
			t.Fatalf("%q: -want +got\n%s", html, diff)
		}
		if strings.ContainsAny(html, "\"\n\r") {
			t.Fatalf("%q: a quote or a line end", html)
		}
		if html != strings.TrimSpace(html) {
			t.Fatalf("%q: the server would trim it", html)
		}
		if HTMLSize(in) != len(html) {
			t.Fatalf("%q: HTMLSize %d", html, HTMLSize(in))
		}
	})
}

func TestIRCRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := linkify(genFormatted(true).Draw(t, "text"))
		checkText(t, in)
		irc := in.IRC()
		checkIRC(t, irc)
		if diff := cmp.Diff(in, ParseIRC(irc)); diff != "" {
			t.Fatalf("%q: -want +got\n%s", irc, diff)
		}
		if IRCSize(in) != len(irc) {
			t.Fatalf("%q: IRCSize %d", irc, IRCSize(in))
		}
		for i, line := range in.Lines() {
			if got, want := line.IRC(), strings.Split(irc, "\n")[i]; got != want {
				t.Fatalf("line %d: %q, want %q", i, got, want)
			}
		}
	})
}

// TestThroughAIM: IRC -> AIM -> IRC keeps text and formatting.
func TestThroughAIM(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := linkify(genFormatted(true).Draw(t, "text"))
		if got, want := ParseHTML(in.HTML()).IRC(), in.IRC(); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestSplitProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := genFormatted(rapid.Bool().Draw(t, "palette")).Draw(t, "text")
		size, name := HTMLSize, "html"
		if rapid.Bool().Draw(t, "irc") {
			size, name = IRCSize, "irc"
		}
		budget := rapid.IntRange(1, 400).Draw(t, "max")
		parts := in.Split(budget, size)
		whole := in.writeOutLinks(budget, size)
		if len(parts) == 1 {
			whole = in
		}
		checkParts(t, whole.String(), parts)
		for _, p := range parts {
			checkText(t, p)
			oneRune := utf8.RuneCountInString(p.String()) == 1
			if size(p) > budget && !(oneRune && p[0].Style == Style{}) {
				t.Fatalf("%s: %q is %d, more than %d", name, p, size(p), budget)
			}
		}
		if budget > 250 && name == "html" { // room for any character with any style
			checkStyles(t, whole, parts)
			checkClusters(t, whole.String(), parts)
		}
	})
}

// checkParts: the parts are s, less at most one space or line break between two.
func checkParts(t *rapid.T, s string, parts []Text) {
	left := map[string]bool{s: true} // what may be left, depending on which separators were left out
	for i, p := range parts {
		part, next := p.String(), map[string]bool{}
		for rest := range left {
			if after, ok := strings.CutPrefix(rest, part); ok {
				next[after] = true
				if after != "" && (after[0] == ' ' || after[0] == '\n') {
					next[after[1:]] = true
				}
			}
		}
		if part == "" || len(next) == 0 {
			t.Fatalf("part %d is %q, left was %v", i, part, left)
		}
		left = next
	}
	if !left[""] {
		t.Fatalf("left over: %v", left)
	}
}

// checkClusters: each part begins where a character does.
func checkClusters(t *rapid.T, s string, parts []Text) {
	starts := map[int]bool{}
	for i := 0; i < len(s); i += clusterLen(s[i:]) {
		starts[i] = true
	}
	pos := 0
	for i, p := range parts {
		part := p.String()
		if !strings.HasPrefix(s[pos:], part) {
			pos++ // the separator
		}
		if !starts[pos] {
			t.Fatalf("part %d, %q, begins inside a character", i, part)
		}
		pos += len(part)
	}
}

// checkStyles: each character has the style it had.
func checkStyles(t *rapid.T, whole Text, parts []Text) {
	var want, got []Style
	each := func(dst []Style, x Text) []Style {
		for _, sp := range x {
			for _, r := range sp.Text {
				if r != ' ' && r != '\n' {
					dst = append(dst, sp.Style)
				}
			}
		}
		return dst
	}
	want = each(want, whole)
	for _, p := range parts {
		got = each(got, p)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("styles: %s", diff)
	}
}

func FuzzParseHTML(f *testing.F) {
	for _, s := range []string{
		"hi", "<b>x</b>", "<a href='x'>y</a>&#13;&#10;", "<font color=red back=#123 face=courier>", "&#55357;&#56832;", "</", "<!--", "\x00<b\xff",
		"<p><br>\n<li><td><hr><img alt=x src=http://y>", "<foo bar=1></foo>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x := ParseHTML(s)
		checkText(t, x)
		checkIRC(t, x.IRC())
		if back := ParseHTML(x.HTML()); !blankLink(x) && cmp.Diff(x, back) != "" {
			t.Errorf("%q: %q, again %q", s, x, back)
		}
		for _, line := range x.Lines() {
			if strings.Contains(line.IRC(), "\n") {
				t.Errorf("%q: a line break in a line", s)
			}
		}
		CutAction(x)
	})
}

// blankLink: a link over nothing but space gains its URL as text when it is read again.
func blankLink(x Text) bool {
	for i := 0; i < len(x); {
		end := x.linkEnd(i)
		if x[i].Style.Link != "" && strings.TrimSpace(x[i:end].String()) == "" {
			return true
		}
		i = end
	}
	return false
}

func FuzzParseIRC(f *testing.F) {
	for _, s := range []string{"hi", "\x02b\x1di\x0f", "\x0304,12x\x03,5", "\x04ff0000,00ff00x", "\x16r\x034\x16", "http://x.y\x02z", "a\r\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x := ParseIRC(s)
		checkText(t, x)
		irc := x.IRC()
		checkIRC(t, irc)
		if again := ParseIRC(irc).IRC(); again != irc {
			t.Errorf("%q: %q, again %q", s, irc, again)
		}
		if back := ParseHTML(x.HTML()); cmp.Diff(x, back) != "" {
			t.Errorf("%q: %q, from HTML %q", s, x, back)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("<b>hello</b> world <a href=http://u>link</a> é👨‍👩‍👧", 20)
	f.Add("aaaa", 0)
	f.Fuzz(func(t *testing.T, s string, budget int) {
		x := ParseHTML(s)
		n := 0
		for _, p := range x.Split(budget, HTMLSize) {
			checkText(t, p)
			n += len(p.String())
			if HTMLSize(p) > budget && utf8.RuneCountInString(p.String()) > 1 {
				t.Errorf("%q at %d: %q is %d", s, budget, p, HTMLSize(p))
			}
		}
		if whole := len(squash(x.String())); n < whole {
			t.Errorf("%q at %d: %d bytes, want at least %d", s, budget, n, whole)
		}
	})
}
