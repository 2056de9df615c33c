package richtext

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fgbg(fg, bg int) Style { return Style{FG: mircColor(fg), BG: mircColor(bg)} }

func TestParseIRC(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     Text
	}{
		{"empty", "", nil},
		{"plain", "hi <b> &amp;", text("hi <b> &amp;")},
		{"bold", "hi \x02there\x02 you", text("hi ", bo, "there", " you")},
		{"bold to end", "hi \x02there", text("hi ", bo, "there")},
		{"italic", "\x1dx\x1dy", text(it, "x", "y")},
		{"underline", "\x1fx\x1fy", text(un, "x", "y")},
		{"strike", "\x1ex\x1ey", text(st, "x", "y")},
		{"mono", "\x11x\x11y", text(mo, "x", "y")},
		{"overlap", "\x02a\x1db\x02c\x1dd", text(bo, "a", bi, "b", it, "c", "d")},
		{"reset", "\x02\x1d\x034,5x\x0fy", text(Style{Bold: true, Italic: true, FG: mircColor(4), BG: mircColor(5)}, "x", "y")},
		{"toggle twice", "\x02\x02x", text("x")},
		{"colour one digit", "\x034x", text(fgbg(4, 99), "x")},
		{"colour two digits", "\x0304x", text(fgbg(4, 99), "x")},
		{"colour three digits", "\x03045", text(fgbg(4, 99), "5")},
		{"colour back", "\x034,12x", text(fgbg(4, 12), "x")},
		{"colour back zeros", "\x0304,02x", text(fgbg(4, 2), "x")},
		{"colour back three digits", "\x0304,0212", text(fgbg(4, 2), "12")},
		{"colour comma", "\x034,x", text(fgbg(4, 99), ",x")},
		{"colour two commas", "\x034,,5", text(fgbg(4, 99), ",,5")},
		{"colour at end", "x\x03", text("x")},
		{"colour comma only", "\x03,5x", text(",5x")},
		{"colour off", "\x034,5x\x03y", text(fgbg(4, 5), "x", "y")},
		{"colour off comma", "\x034,5x\x03,5y", text(fgbg(4, 5), "x", ",5y")},
		{"colour keeps back", "\x034,5x\x036y", text(fgbg(4, 5), "x", fgbg(6, 5), "y")},
		{"colour default", "\x034,5x\x0399,99y", text(fgbg(4, 5), "x", "y")},
		{"colour extended", "\x0352,98x", text(fgbg(52, 98), "x")},
		{"colour then code", "\x034\x02x", text(Style{Bold: true, FG: mircColor(4)}, "x")},
		{"hex", "\x04ff0000x", text(red, "x")},
		{"hex back", "\x04FF0000,0000ffx", text(Style{FG: rgb(0xff0000), BG: rgb(0xff)}, "x")},
		{"hex seven", "\x04ff00001", text(red, "1")},
		{"hex short", "\x04ff00x", text("ff00x")},
		{"hex off", "\x04ff0000x\x04y", text(red, "x", "y")},
		{"hex bad back", "\x04ff0000,12x", text(red, ",12x")},
		{"reverse", "\x16x\x16y", text(Style{FG: white, BG: black}, "x", "y")},
		{"reverse colour", "\x034,5\x16x", text(fgbg(5, 4), "x")},
		{"reverse foreground", "\x034\x16x", text(Style{FG: white, BG: mircColor(4)}, "x")},
		{"lines begin anew", "\x02a\nb", text(bo, "a", "\nb")},
		{"CR LF", "\x02a\r\nb\rc", text(bo, "a", "\nb\nc")},
		{"controls", "a\x00b\x01c\x07d\x1be\x7ff\tg", text("abcdef g")},
		{"C1 stays away", "\x02a\u0085b\u009bc", text(bo, "a\nbc")},
		{"invalid utf8", "\x02a\xff", text(bo, "a\ufffd")},
		{"url", "see http://x.y/z.", text("see ", link("http://x.y/z"), "http://x.y/z", ".")},
		{"url bold", "\x02http://x\x02 y", text(Style{Bold: true, Link: "http://x"}, "http://x", " y")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ParseIRC(tc.in)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("ParseIRC(%q): -want +got\n%s", tc.in, diff)
			}
			checkText(t, got)
		})
	}
}

func TestIRC(t *testing.T) {
	t.Parallel()
	linkBold := Style{Bold: true, Link: "http://u"}
	for _, tc := range []struct {
		in   Text
		want string
	}{
		{nil, ""},
		{text("hi"), "hi"},
		{text("hi ", bo, "there", " you"), "hi \x02there\x02 you"},
		{text(bo, "a", bi, "b", it, "c", "d"), "\x02a\x1db\x02c\x1dd"},
		{text(un, "a", st, "b", mo, "c"), "\x1fa\x1f\x1eb\x1e\x11c\x11"},
		{text(red, "a", "b"), "\x0304a\x0fb"},
		{text(red, "1"), "\x03041\x0f"},
		{text(red, ",5"), "\x0304\x02\x02,5\x0f"},
		{text(red, ",x"), "\x0304,x\x0f"},
		{text(Style{FG: rgb(0xff0000), Bold: true}, ",5"), "\x0304\x02,5\x0f"},
		{text(fgbg(4, 2), "1,2"), "\x0304,021,2\x0f"},
		{text(Style{BG: mircColor(4)}, "5"), "\x0399,045\x0f"},
		{text(fgbg(4, 2), "a", fgbg(4, 99), "b"), "\x0304,02a\x0f\x0304b\x0f"},
		{text(fgbg(4, 2), "a", fgbg(3, 2), "b"), "\x0304,02a\x0303,02b\x0f"},
		{text(Style{FG: rgb(0xff0000), Bold: true}, "a", bo, "b"), "\x0304\x02a\x0f\x02b\x02"},
		{text(Style{FG: black}, "a"), "a"},
		{text(Style{FG: rgb(0x010000)}, "a"), "a"},
		{text(Style{FG: black, BG: white}, "a"), "a"},
		{text(Style{BG: white}, "a"), "a"},
		{text(Style{FG: rgb(0xff), BG: white}, "a"), "\x0312,00a\x0f"},
		{text(Style{FG: white, BG: black}, "a"), "\x0300,01a\x0f"},
		{text(bo, "a\nb", "\nc"), "\x02a\x02\n\x02b\x02\nc"},
		{text(bo, "a\n\n", "c"), "\x02a\x02\n\nc"},
		{text("see ", link("http://u"), "here", " now"), "see here <http://u> now"},
		{text(link("http://u"), "http://u", "!"), "http://u!"},
		{text(link("http://u/"), "u"), "http://u/"},
		{text(link("http://u"), "http://u/"), "http://u/"},
		{text(link("http://www.u.x"), "www.u.x"), "www.u.x"},
		{text(link("https://www.u.x/"), "www.u.x"), "https://www.u.x/"},
		{text(link("mailto:a@b.c"), "a@b.c"), "mailto:a@b.c"},
		{text(link("http://u"), "at http://u now"), "at http://u now"},
		{text(link("http://u"), "a", linkBold, "b", link("http://u"), "c", "d"), "a\x02b\x02c <http://u>d"},
		{text(linkBold, "b", "d"), "\x02b <http://u>\x02d"},
		{text(link("http://u"), "a", link("http://v"), "b"), "a <http://u>b <http://v>"},
	} {
		got := tc.in.IRC()
		if got != tc.want {
			t.Errorf("%q.IRC() = %q, want %q", tc.in, got, tc.want)
		}
		if n := IRCSize(tc.in); n != len(got) {
			t.Errorf("IRCSize(%q) = %d, want %d", tc.in, n, len(got))
		}
	}
}

// TestBothWays: what a user types in irssi, what goes to AIM, and what another irssi shows.
func TestBothWays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ irc, html, back string }{
		{"hi \x02there", "hi <B>there</B>", "hi \x02there\x02"},
		{"1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2", ""},
		{`say "hi" now`, `say &quot;hi&quot; now`, ""},
		{"\x1d\x1fx\x0f y", "<I><U>x</U></I> y", "\x1d\x1fx\x1d\x1f y"},
		{"\x0304red", "<FONT COLOR='#ff0000'>red</FONT>", "\x0304red\x0f"},
		{"\x0312,8x\x03 y", "<FONT COLOR='#0000ff' BACK='#ffff00'>x</FONT> y", "\x0312,08x\x0f y"},
		{"see http://x.y/?a=1&b=2 ok", "see <A HREF='http://x.y/?a=1&amp;b=2'>http://x.y/?a=1&amp;b=2</A> ok", ""},
		{"www.x.y", "<A HREF='http://www.x.y'>www.x.y</A>", ""},
		{"\x16rev\x16", "<FONT COLOR='#ffffff' BACK='#000000'>rev</FONT>", "\x0300,01rev\x0f"},
		{" indented ", "&nbsp;indented&nbsp;", ""},
		{`back\slash $( ) { } [ ]`, `back\slash $( ) { } [ ]`, ""},
	} {
		html := ParseIRC(tc.irc).HTML()
		if html != tc.html {
			t.Errorf("%q became %q, want %q", tc.irc, html, tc.html)
		}
		if tc.back == "" {
			tc.back = tc.irc
		}
		if got := ParseHTML(html).IRC(); got != tc.back {
			t.Errorf("%q came back as %q, want %q", tc.irc, got, tc.back)
		}
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	for n := range 99 {
		c := mircColor(n)
		if got := mircColor(mircNumber(c)); got != c {
			t.Errorf("colour %d: %v came back as %v", n, c, got)
		}
		if n < 16 && mircNumber(c) != n {
			t.Errorf("colour %d came back as %d", n, mircNumber(c))
		}
	}
	for _, n := range []int{-1, 99, 100} {
		if c := mircColor(n); c.Set {
			t.Errorf("colour %d is %v", n, c)
		}
	}
	for name, want := range map[string]int{
		"white": 0, "black": 1, "navy": 2, "green": 3, "red": 4, "maroon": 5, "purple": 6, "orange": 7, "yellow": 8,
		"lime": 9, "teal": 10, "aqua": 11, "Blue": 12, "FUCHSIA": 13, "gray": 14, "silver": 15, "#ff0100": 4,
		" #0000Fe ": 12, "0f0": 9, "#123": 33 - 17,
	} {
		c := parseColor(name)
		if got := mircNumber(c); !c.Set || name != "#123" && got != want {
			t.Errorf("%q is %v, nearest %d; want %d", name, c, got, want)
		}
	}
	for _, bad := range []string{"", "#", "#12", "#1234", "#12345g", "1234567", "#é", "reddish", "                    #ff0000"} {
		if c := parseColor(bad); c.Set && len(bad) < 20 {
			t.Errorf("%q is %v", bad, c)
		}
	}
	if s := fmt.Sprintf("%s", rgb(0x0a0B0c).appendHex(nil)); s != "#0a0b0c" {
		t.Error(s)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"nothing here", nil},
		{"http://a.b", []string{"http://a.b"}},
		{"HTTPS://A.B/C", []string{"HTTPS://A.B/C"}},
		{"(http://a.b/c)", []string{"http://a.b/c"}},
		{"http://a.b/c_(d)", []string{"http://a.b/c_(d)"}},
		{"(see http://a.b/c_(d)).", []string{"http://a.b/c_(d)"}},
		{"[http://a.b], {http://c.d}", []string{"http://a.b", "http://c.d"}},
		{"<http://a.b> \"http://c.d\"", []string{"http://a.b", "http://c.d"}},
		{"http://a.b?x=1&y=2#z!", []string{"http://a.b?x=1&y=2#z"}},
		{"http://a.b... and 'http://c.d'", []string{"http://a.b", "http://c.d"}},
		{"xhttp://a.b", nil},
		{"http:// x, http://... www. www.- awww.x", nil},
		{"www.x.y, WWW.z", []string{"http://www.x.y", "http://WWW.z"}},
		{"ftp://f irc://i/#c ircs://j gopher://g", []string{"ftp://f", "irc://i/#c", "ircs://j"}},
		{"http://grüße.de/ö日本", []string{"http://grüße.de/ö日本"}},
		{"日本http://a.b", nil},
	} {
		var got []string
		for _, sp := range ParseIRC(tc.in) {
			if sp.Style.Link != "" {
				got = append(got, sp.Style.Link)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", tc.in, diff)
		}
		if got := ParseIRC(tc.in).String(); got != tc.in {
			t.Errorf("%q became %q", tc.in, got)
		}
	}
}
