package richtext

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// talkClients is HTML as AIM clients write it, and what an IRC client shows of it.
var talkClients = []struct{ client, html, irc string }{
	{"AIM 3 Windows", `<HTML><BODY BGCOLOR="#ffffff"><FONT>hello</FONT></BODY></HTML>`, "hello"},
	{"AIM 5.9 Windows", `<HTML><BODY BGCOLOR="#ffffff"><FONT FACE="Arial" SIZE=2 COLOR="#ff0000"><B>hi</B> <I>you</I></FONT></BODY></HTML>`, "\x0304\x02hi\x02 \x1dyou\x0f"},
	{"AIM 5.9 Windows, smiley and break", `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">one<BR>two :-)</FONT></BODY></HTML>`, "one\ntwo :-)"},
	{"AIM 6 Windows", `<HTML><BODY BGCOLOR="#ffffff"><DIV><FONT FACE="Tahoma" SIZE="2">a &lt; b &amp;&amp; c &gt; d</FONT></DIV></BODY></HTML>`, "a < b && c > d"},
	{"AIM Windows link", `<HTML><BODY><A HREF="http://example.com/">http://example.com/</A></BODY></HTML>`, "http://example.com/"},
	{"AIM Windows named link", `<HTML><BODY>see <A HREF="http://example.com/?a=1&amp;b=2">this</A>.</BODY></HTML>`, "see this <http://example.com/?a=1&b=2>."},
	{"AIM for Mac", `<HTML><BODY BGCOLOR="#FFFFFF"><FONT FACE="Lucida Grande" ABSZ=12 COLOR="#000000">mac</FONT></BODY></HTML>`, ""},
	{"iChat", `<html><body ichatballooncolor="#E6E6E6" ichattextcolor="#000000"><font face="Helvetica" ABSZ=12 color="#0000FF">blue</font></body></html>`, ""},
	{"Adium", `<HTML><FONT FACE="Helvetica" ABSZ="12"><U>under</U> <b>bold</b></FONT></HTML>`, "\x1funder\x1f \x02bold\x02"},
	{"Pidgin", `<FONT COLOR="#00ff00">green</FONT>`, ""},
	{"Pidgin link", `<A HREF="http://pidgin.im">http://pidgin.im</A>`, "http://pidgin.im"},
	{"Trillian", `<HTML><BODY BGCOLOR="#ffffff"><span style="font-family: Arial"><font color="#ff0000">red</font></span></BODY></HTML>`, "\x0304red\x0f"},
	{"naim", `<font>plain from naim</font>`, "plain from naim"},
	{"naim colour", `<FONT COLOR="#FF0000"><B>nick</B></FONT>`, "\x0304\x02nick\x0f"},
	{"action", `<HTML><BODY>/me waves</BODY></HTML>`, "/me waves"},
	{"BODY with all", `<BODY BGCOLOR=#000000 TEXT=#ffffff LINK=#0000ff>x</BODY>`, ""},
	{"smiley that looks like a tag", `&lt;3 you &gt;:-( `, "<3 you >:-( "},
	{"quotes", `&quot;x&quot; &#39;y&#39;`, `"x" 'y'`},
	{"mobile", `on my phone, <u><i><b>really</b></i></u>`, "on my phone, \x02\x1d\x1freally\x0f"},
}

// TestTalkClients: no tag, entity or control code of the far side is left, and the plain text is the same on both ways.
func TestTalkClients(t *testing.T) {
	t.Parallel()
	for _, tc := range talkClients {
		t.Run(tc.client, func(t *testing.T) {
			t.Parallel()
			parsed := ParseHTML(tc.html)
			got := parsed.IRC()
			if tc.irc != "" && ParseIRC(got).String() != ParseIRC(tc.irc).String() {
				t.Errorf("text %q, want that of %q", got, tc.irc)
			}
			if tc.irc != "" && cmp.Diff(ParseIRC(tc.irc), ParseIRC(got)) != "" {
				t.Errorf("%q, want %q", got, tc.irc)
			}
			for _, bad := range []string{"<FONT", "<font", "<HTML", "<html", "<BODY", "<B>", "&amp;", "&lt;", "ABSZ", "BGCOLOR", "\x00", "\r"} {
				if strings.Contains(got, bad) {
					t.Errorf("%q has %q", got, bad)
				}
			}
			if back := ParseHTML(parsed.HTML()); cmp.Diff(parsed, back) != "" {
				t.Errorf("not the same again: %q, %q", parsed, back)
			}
		})
	}
}

// TestTalkColours: a colour that AIM has comes to IRC as the code nearest to it.
func TestTalkColours(t *testing.T) {
	t.Parallel()
	for colour, code := range map[string]string{"#ffffff": "00", "#ff0000": "04", "white": "00", "red": "04"} {
		got := ParseHTML(`<FONT COLOR="` + colour + `">x</FONT>`).IRC()
		if !strings.HasPrefix(got, "\x03"+code+"x") {
			t.Errorf("%s: %q, want code %s", colour, got, code)
		}
	}
	for _, colour := range []string{"#000000", "black"} { // what AIM clients write anyway: unreadable on a dark screen
		if got := ParseHTML(`<FONT COLOR="` + colour + `">x</FONT>`).IRC(); got != "x" {
			t.Errorf("%s: %q", colour, got)
		}
	}
}

// TestTalkDigitsAfterColour: a text that begins with digits does not become part of a colour.
func TestTalkDigitsAfterColour(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1", "12", "123", ",5", ",12", "0,0", "99 bottles"} {
		for _, attr := range []string{`COLOR="#ff0000"`, `BACK="#ff0000"`, `COLOR="#ff0000" BACK="#0000ff"`} {
			in := "<FONT " + attr + ">" + text + "</FONT>" + text
			if got := ParseIRC(ParseHTML(in).IRC()).String(); got != text+text {
				t.Errorf("%s: %q, want %q", in, got, text+text)
			}
		}
	}
}

// TestTalkTextSurvives: any plain text comes through AIM HTML, and any HTML at all gives valid lines without control codes.
func TestTalkTextSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringOf(rapid.RuneFrom([]rune("ab 1,<>&;#\"'/=é漢😀-_\\$(){}[]%"))).Draw(t, "text")
		if got := ParseHTML(Plain(in).HTML()).String(); got != in {
			t.Fatalf("%q came as %q", in, got)
		}
	})
}

func TestTalkSplitLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "word ", "&", "<", "é", "漢", "😀", "  ", "x"})
		in := Plain(strings.Join(rapid.SliceOfN(word, 1, 200).Draw(t, "words"), ""))
		most := rapid.IntRange(40, 120).Draw(t, "most")
		var out strings.Builder
		for _, part := range in.Split(most, HTMLSize) {
			if n := len(part.HTML()); n > most {
				t.Fatalf("a part of %d bytes, at most %d wanted", n, most)
			}
			if !utf8.ValidString(part.String()) {
				t.Fatalf("cut inside a character: %q", part)
			}
			out.WriteString(part.String())
		}
		if got, want := strings.ReplaceAll(out.String(), " ", ""), strings.ReplaceAll(in.String(), " ", ""); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestTalkHostileHTMLGivesCleanLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"<b>", "</b>", "<", ">", "&", "&#10;", "&#13;", "&#0;", "&#1;", "&#x3;", "\r", "\n", "\x01", "\x02", "\x03", "4", "<br>", "<a href='", "\"", "x", "<font color=", "#f00", "</font>", "<!--", "-->", "é", "\xff"})
		in := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "html"), "")
		for _, line := range ParseHTML(in).Lines() {
			got := line.IRC()
			if strings.ContainsAny(got, "\r\n\x00\x01") || !utf8.ValidString(got) {
				t.Fatalf("%q gives the line %q", in, got)
			}
		}
	})
}
