package richtext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Short names for the styles of the tables.
var (
	bo   = Style{Bold: true}
	it   = Style{Italic: true}
	un   = Style{Underline: true}
	st   = Style{Strike: true}
	mo   = Style{Mono: true}
	bi   = Style{Bold: true, Italic: true}
	red  = Style{FG: rgb(0xff0000)}
	blue = Style{FG: rgb(0x0000ff)}
)

func link(url string) Style { return Style{Link: url} }

// text builds a Text: strings are plain, a Style applies to the string behind it.
func text(parts ...any) Text {
	var b builder
	var style Style
	for _, p := range parts {
		switch p := p.(type) {
		case Style:
			style = p
		case string:
			b.raw(style, p)
			style = Style{}
		}
	}
	return b.text()
}

func TestParseHTML(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     Text
	}{
		{"empty", "", nil},
		{"plain", "hi there", text("hi there")},
		{"utf8", "grüße 😀 日本", text("grüße 😀 日本")},
		{"Windows AIM", `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">text</FONT></BODY></HTML>`, text("text")},
		{"AIM 5", `<HTML><BODY BGCOLOR="#ffffff"><FONT FACE="Arial" SIZE=2 COLOR="#0000ff" BACK="#ffffff">hi <B>you</B></FONT></BODY></HTML>`,
			text(Style{FG: rgb(0xff), BG: white}, "hi ", Style{FG: rgb(0xff), BG: white, Bold: true}, "you")},
		{"leading space stays", `<HTML><BODY BGCOLOR="#ffffff"> x</BODY></HTML>`, text(" x")},
		{"bold", "a <b>b</b> c", text("a ", bo, "b", " c")},
		{"upper case", "<B>x</B><STRONG>y</STRONG>", text(bo, "xy")},
		{"italic", "<i>x</i><EM>y</EM>", text(it, "xy")},
		{"underline", "<u>x</u>", text(un, "x")},
		{"strike", "<s>x</s><strike>y</strike><del>z</del>", text(st, "xyz")},
		{"mono", "<tt>x</tt>", text(mo, "x")},
		{"mono face", `<font face="Courier New">x</font>y`, text(mo, "x", "y")},
		{"face inside", `<font face=courier>x<font face=arial>y</font>z</font>`, text(mo, "x", "y", mo, "z")},
		{"overlap", "<b>1<i>2</b>3</i>4", text(bo, "1", bi, "2", it, "3", "4")},
		{"nested same", "<b>1<b>2</b>3</b>4", text(bo, "123", "4")},
		{"end without start", "x</b>y</font></a>", text("xy")},
		{"start without end", "x<b>y", text("x", bo, "y")},
		{"empty element", "x<b></b>y", text("xy")},
		{"space in tag", "x< b>y</b >z", text("x< b>yz")},
		{"colour", `<font color="#ff0000">x</font>`, text(red, "x")},
		{"colour unquoted", `<font color=#ff0000>x</font>`, text(red, "x")},
		{"colour single", `<FONT COLOR='red'>x</FONT>`, text(red, "x")},
		{"colour short", `<FONT COLOR=f00>x</FONT>`, text(red, "x")},
		{"colour bad", `<FONT COLOR=rebeccaish>x</FONT>`, text("x")},
		{"colour nested", `<font color=red>a<font color=blue>b</font>c</font>d`, text(red, "a", blue, "b", red, "c", "d")},
		{"colour inherited", `<font color=red>a<font size=5>b</font>c</font>`, text(red, "abc")},
		{"back", `<font back=yellow>x</font>`, text(Style{BG: rgb(0xffff00)}, "x")},
		{"br", "a<br>b<BR/>c<br />d", text("a\nb\nc\nd")},
		{"br end", "a</br>b<br></br>c", text("a\nb\nc")},
		{"br and LF are one", "a<br>\nb<br>\r\nc", text("a\nb\nc")},
		{"two br", "a<br><br>b", text("a\n\nb")},
		{"raw LF", "a\nb\r\nc\rd", text("a\nb\nc\nd")},
		{"br first and last", "<br>x<br>", text("\nx\n")},
		{"p", "<p>a</p><p>b</p>c", text("a\nb\nc")},
		{"p unclosed", "a<p>b<p>c", text("a\nb\nc")},
		{"p with layout", "<p>a</p>\n  <p>b</p>\n", text("a\nb")},
		{"hr", "a<hr>b<HR NOSHADE>", text("a\n--------\nb\n--------")},
		{"list", "x<ul>\n<li>a</li>\n<li>b\n</ul>y", text("x\n* a\n* b\ny")},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>d", text("a b\nc\nd")},
		{"heading", "<h1>T</h1>x", text(bo, "T", "\nx")},
		{"pre", "a<pre>\n  b\n  c</pre>d", text("a", mo, "\n  b\n  c", "\nd")},
		{"sub sup", "H<sub>2</sub>O x<sup>2</sup>", text("H2O x2")},
		{"link", `see <a href="http://x.y/?a=1&amp;b=2">here</a>!`, text("see ", link("http://x.y/?a=1&b=2"), "here", "!")},
		{"link upper", `<A HREF='http://x.y'>t</A>`, text(link("http://x.y"), "t")},
		{"link unquoted", `<a href=http://x.y/>t</a>`, text(link("http://x.y/"), "t")},
		{"link target", `<a target="_blank" href = "u" title='a>b'>t</a>`, text(link("u"), "t")},
		{"link formatted", `<a href=u>a<b>b</b></a>`, text(link("u"), "a", Style{Bold: true, Link: "u"}, "b")},
		{"link unclosed", `<a href=u>a<a href=v>b`, text(link("u"), "a", link("v"), "b")},
		{"link without text", `x <a href="http://u"></a>y`, text("x ", link("http://u"), "http://u", "y")},
		{"link never used", `<a href="http://u">`, text(link("http://u"), "http://u")},
		{"link cleaned", "<a href=\" j\na\x01va <b>\">t</a>", text(link("java%20%3Cb%3E"), "t")},
		{"anchor name", `<a name=x>t</a>`, text("t")},
		{"image", `<img src="http://x/y.gif">`, text(link("http://x/y.gif"), "[image]")},
		{"image alt", `a <img alt=":-)" src=smile.gif> b`, text("a :-) b")},
		{"image in link", `<a href=u><img src="http://x/y.gif"></a>`, text(link("u"), "[image]")},
		{"image data", `<IMG SRC="a.gif" ID="1" DATASIZE="3"> <BINARY><DATA ID="1" SIZE="3">x<y</DATA></BINARY>`, text("[image] ")},
		{"ect", `a<font ECT="DCC 1">hidden</font>b`, text("ab")},
		{"ect empty", `<FONT ECT='x'></FONT>b`, text("b")},
		{"ect unclosed shows", `<font ect=x>b`, text("b")},
		{"script style title", `<title>t</title><style>b{}</style><SCRIPT>if (a<b) x("</b>")</SCRIPT>ok`, text("ok")},
		{"script unclosed shows", `<script>ok`, text("ok")},
		{"comment", "a<!-- <b> -->b<!DOCTYPE html>c", text("abc")},
		{"comment unclosed", "a<!-- b", text("a<!-- b")},
		{"span div center", "<span style='x'>a</span><center>b</center>", text("a\nb")},
		{"entities", "&lt;b&gt; &amp;amp; &quot;&apos;&eacute;&hearts;", text(`<b> &amp; "'é♥`)},
		{"nbsp is a space", "a&nbsp; b&#160;c", text("a  b\u00a0c")},
		{"numeric", "&#65;&#x42;&#X43;&#68 &#233;&#128512;", text("ABCD é😀")},
		{"numeric 1252", "&#146;&#x80;&#129;", text("’€")},
		{"numeric halves", "&#55357;&#56832;", text("😀")},
		{"numeric lone half", "&#55357;x&#56832;&#55357;&#65;", text("\ufffdx\ufffd\ufffdA")},
		{"numeric too big", "&#1114112;&#99999999999999999999;", text("\ufffd\ufffd")},
		{"unknown entity", "&foo; &; & && &# &#; &#x; &#xg; AT&T x&y;", text("&foo; &; & && &# &#; &#x; &#xg; AT&T x&y;")},
		{"entity needs semicolon", "?a=1&copy=2&lt=3&ampx;", text("?a=1&copy=2&lt=3&ampx;")},
		{"raw less", "1 < 2 <3 <- << </3 <", text("1 < 2 <3 <- << </3 <")},
		{"raw question", "<?php x ?>", text("<?php x ?>")},
		{"raw bang", "<! <!! <!>", text("<! <!! <!>")},
		{"unfinished tag", "x <y and z", text("x <y and z")},
		{"unfinished tag, then one", "a <b and <i>c</i>", text("a <b and ", it, "c")},
		{"unfinished at end", "a<b", text("a<b")},
		{"quote never closed", `<a href="x>t</a>`, text(link("x"), "t")},
		{"words in a tag", "x <a lot, y> z", text("x <a lot, y> z")},
		{"nick in brackets", "<bob> hi <al_x> ho", text("<bob> hi <al_x> ho")},
		{"mail and url", "<bob@mac.com> <http://x.y/?a=b>", text("<bob@mac.com> <http://x.y/?a=b>")},
		{"joke", "rain again </rant>", text("rain again </rant>")},
		{"unknown pair", "<foo>a</foo> <x:y>", text("a <x:y>")},
		{"unknown with attributes", `<marquee speed="3">a`, text("a")},
		{"unknown self-closed", "a<foo/>b<b/>c", text("abc")},
		{"double escaped", "&amp;lt;b&amp;gt;", text("&lt;b&gt;")},
		{"html inside entities", "&lt;a href=&quot;x&quot;&gt;", text(`<a href="x">`)},
		{"controls", "a\x00b\x01c\x02d\x1be\x7ff\x0bg\th", text("abcdefg h")},
		{"controls in entities", "a&#0;b&#1;c&#x2;d&#13;&#10;e&#10;f&#13;g&#9;h&#127;i&NewLine;j", text("abcd\ne\nf\ng hi\nj")},
		{"C1 and separators", "a\u0085b\u2028c\u2029d\u009be", text("a\nb\nc\nde")},
		{"invalid utf8", "a\xff\xfe<b>b</b>\xc3", text("a\ufffd", bo, "b", "\ufffd")},
		{"replacement pair", "x\ufffd\ufffdy", text("x\ufffd\ufffdy")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ParseHTML(tc.in)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("ParseHTML(%q): -want +got\n%s", tc.in, diff)
			}
			checkText(t, got)
		})
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   Text
		want string
	}{
		{nil, ""},
		{text("hi there"), "hi there"},
		{text(`a & b < c > d "e" 'f'`), `a &amp; b &lt; c &gt; d &quot;e&quot; 'f'`},
		{text("a\nb\n"), "a<BR>b<BR>"},
		{text("grüße 😀"), "grüße 😀"},
		{text(" a  b "), "&nbsp;a  b&nbsp;"},
		{text(" "), "&nbsp;"},
		{text("\u00a0\u2003a\u3000"), "&#160;\u2003a&#12288;"},
		{text("\n a\n"), "<BR> a<BR>"},
		{text("a ", bo, "b", " c"), "a <B>b</B> c"},
		{text(bo, "a", bi, "b", it, "c"), "<B>a<I>b</I></B><I>c</I>"},
		{text(Style{Bold: true, Italic: true, Underline: true, Strike: true}, "x"), "<B><I><U><S>x</S></U></I></B>"},
		{text(Style{FG: rgb(0xff0000), BG: rgb(0x0a0b0c)}, "x"), "<FONT COLOR='#ff0000' BACK='#0a0b0c'>x</FONT>"},
		{text(mo, "x"), "<FONT FACE='Courier New'>x</FONT>"},
		{text(link("http://x/?a&b='c"), "t"), "<A HREF='http://x/?a&amp;b=&#39;c'>t</A>"},
		{text(link("u"), "a", Style{Bold: true, Link: "u"}, "b"), "<A HREF='u'>a<B>b</B></A>"},
	} {
		got := tc.in.HTML()
		if got != tc.want {
			t.Errorf("%q.HTML() = %q, want %q", tc.in, got, tc.want)
		}
		if n := HTMLSize(tc.in); n != len(got) {
			t.Errorf("HTMLSize(%q) = %d, want %d", tc.in, n, len(got))
		}
		if strings.Contains(got, `"`) {
			t.Errorf("%q: a double quote", got)
		}
		if back := ParseHTML(got); cmp.Diff(tc.in, back) != "" {
			t.Errorf("ParseHTML(%q) = %q, want %q", got, back, tc.in)
		}
	}
}

func TestEscapeEntities(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                 "",
		"plain <B>x</B>":   "plain <B>x</B>",
		"é":                "&#233;",
		"a<B>日</B>😀b":      "a<B>&#26085;</B>&#128512;b",
		"no\u00a0break":    "no&#160;break",
		"&amp; stays &lt;": "&amp; stays &lt;",
	} {
		got := EscapeEntities(in)
		if got != want {
			t.Errorf("EscapeEntities(%q) = %q, want %q", in, got, want)
		}
		if cmp.Diff(ParseHTML(in), ParseHTML(got)) != "" {
			t.Errorf("%q means something else than %q", got, in)
		}
	}
}

func TestCutAction(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want Text
		ok   bool
	}{
		{"/me waves", text("waves"), true},
		{"<HTML><BODY><FONT COLOR=red>/me <b>waves</b>", text(Style{Bold: true, FG: rgb(0xff0000)}, "waves"), true},
		{"<b>/m</b>e waves", text("waves"), true},
		{"/ME waves", text("waves"), true},
		{"/me ", nil, true},
		{"/me", text("/me"), false},
		{"/meow", text("/meow"), false},
		{" /me waves", text(" /me waves"), false},
		{"I /me waves", text("I /me waves"), false},
		{"", nil, false},
	} {
		in := ParseHTML(tc.in)
		got, ok := CutAction(in)
		if ok != tc.ok || cmp.Diff(tc.want, got) != "" {
			t.Errorf("CutAction(%q) = %q, %v; want %q, %v", tc.in, got, ok, tc.want, tc.ok)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want Text
	}{
		{"", nil},
		{"<b>&amp;", text("<b>&amp;")},
		{"a\r\nb\rc\nd\x00\x01\x7f\te", text("a\nb\nc\nd e")},
		{"\xff", text("\ufffd")},
		{"\x01", nil},
	} {
		if got := Plain(tc.in); cmp.Diff(tc.want, got) != "" {
			t.Errorf("Plain(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	linkBold := Style{Bold: true, Link: "u"}
	for _, tc := range []struct {
		in   Text
		want []Text
	}{
		{nil, nil},
		{text("a"), []Text{text("a")}},
		{text("a\nb"), []Text{text("a"), text("b")}},
		{text("\na\n\n"), []Text{nil, text("a"), nil, nil}},
		{text("a", bo, "b\nc", "d\n", it, "e"), []Text{text("a", bo, "b"), text(bo, "c", "d"), text(it, "e")}},
		{text(link("u"), "a\nb"), []Text{text("a"), text(link("u"), "b")}},
		{text(link("u"), "a", linkBold, "b\nc", link("u"), "d", "\ne"),
			[]Text{text("a", bo, "b"), text(linkBold, "c", link("u"), "d"), text("e")}},
		{text(link("u"), "a", link("v"), "b\nc"), []Text{text(link("u"), "a", "b"), text(link("v"), "c")}},
	} {
		if diff := cmp.Diff(tc.want, tc.in.Lines()); diff != "" {
			t.Errorf("%q.Lines(): -want +got\n%s", tc.in, diff)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	got := Join(text("a"), Plain("\n"), text("b", bo, "c"), nil, text(bo, "d", "e"))
	if diff := cmp.Diff(text("a\nb", bo, "cd", "e"), got); diff != "" {
		t.Error(diff)
	}
	if got := Join(); got != nil {
		t.Errorf("Join() = %q", got)
	}
}

// hostile are pieces of which a long row could cost more than linear time.
var hostile = []string{
	"<", "<b", "<b ", "<a \"", "<a \"'", "<a href='", "<a \"<a '", "<b><i>", "<b></b>x", "</b", "</x>", "<x>", "<!--", "<!a", "<!a'",
	"&", "&#", "&#1", "&a", "&amp", "&#55357;", "<font color=red>", "<font ect=x>", "<script>", "<title><style>", "</script", "<a href=x>",
	"<a href=x>y", "<a href=x>y<b>\n", "<p>", "<br>\n", "<li>", "<img src=http://x>", "x\u0301", "\u0301", "\u200d", "http://", "http://.",
	"www.-", "www.a", "(", "://", "\x03", "\x034,", "\x02x", "x\ny", "\r", "<title></title", "<a =", "<font \x00=", "<td>", " ", "\n", "\u00a0",
	"<q>", "</q><q>", "<x '<x \"<x '\"", "<x \"'\"<x '\"'",
}

// TestHostileLinear: no byte is looked at more than a few times in search of an end.
func TestHostileLinear(t *testing.T) {
	t.Parallel()
	looked := func(s string) int {
		p := &reader{src: s}
		p.run()
		return p.looked
	}
	for _, unit := range hostile {
		s := strings.Repeat(unit, 1<<16/len(unit))
		for _, s := range []string{s, s + ">", s + "'>", s + "\">", "<!--<title><style><script><font ect=x><a '" + s} {
			if n := looked(s); n > 10*len(s) {
				t.Errorf("a row of %q: looked at %d bytes of %d", unit, n, len(s))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"<a ", "<", `"`, "'", ">", "x", "</title>", "<title>"}), 1, 10).Draw(t, "unit"), "")
		s = strings.Repeat(s, 1<<12/len(s))
		if n := looked(s); n > 10*len(s) {
			t.Fatalf("looked at %d bytes of %d", n, len(s))
		}
	})
}

// TestHostileSize: what comes out is bounded, and splits.
func TestHostileSize(t *testing.T) {
	t.Parallel()
	const size = 1 << 16
	for _, unit := range hostile {
		t.Run(unit, func(t *testing.T) {
			t.Parallel()
			s := strings.Repeat(unit, size/len(unit))
			parsed := ParseHTML(s)
			if n := len(parsed.HTML()); n > 32*size {
				t.Errorf("%d bytes of HTML", n)
			}
			lines := 0
			for _, line := range parsed.Lines() {
				lines += len(line.IRC())
			}
			if lines > 8*size {
				t.Errorf("%d bytes of IRC", lines)
			}
			for _, p := range ParseIRC(s).Split(400, IRCSize) {
				if IRCSize(p) > 400 {
					t.Fatalf("a part of %d bytes", IRCSize(p))
				}
			}
		})
	}
}
