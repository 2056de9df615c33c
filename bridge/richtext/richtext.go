// Package richtext turns AIM HTML into IRC formatting and back. In the middle stands
// Text, a list of spans, each with one Style; everything is a pure function of it.
//
//	html_read.go   ParseHTML: tag soup of twenty years of AIM clients -> Text
//	element.go     what each HTML element means
//	entity.go      character references, both ways
//	html_write.go  Text.HTML: minimal AIM HTML
//	irc_read.go    ParseIRC: mIRC formatting codes -> Text, URLs become links
//	irc_write.go   Text.IRC
//	link.go        finding and showing URLs
//	color.go       names, the 99 mIRC colours, nearest match
//	split.go       Text.Split, Text.Lines; cluster.go: where a cut would tear a character
//
// A Text that came from here, or is handed in, obeys: valid UTF-8, no control characters but
// "\n", no empty span, no two neighbours of equal style. ParseHTML(t.HTML()) gives t back;
// ParseIRC(t.IRC()) too for what IRC can express (mIRC palette colours, links that show
// their own URL).
//
// The HTML reader is our own and not x/net/html's tokenizer: that one drops everything
// behind an unfinished tag ("x <y"), takes "</3" for a comment, switches to raw text at
// <plaintext> or <textarea>, and decodes "&copy" in "?a=1&copy=2". Plain-text senders do not
// escape, so here a "<" or "&" that is not clearly markup is text. It visits each byte a
// bounded number of times: a hostile IM of 64 KiB costs linear time.
//
// AIM's default look, black on white, is no colour on IRC: written out it would be
// unreadable on a dark terminal.
package richtext

import "strings"

// Style is how a span looks. Comparable; the zero value is plain text.
type Style struct {
	Bold, Italic, Underline, Strike, Mono bool
	FG, BG                                Color
	Link                                  string // the URL it leads to; "" is no link
}

// Span is a piece of text of one style. A line break is "\n".
type Span struct {
	Text  string
	Style Style
}

// Text is formatted text: spans in order, no two neighbours of equal style, none empty.
type Text []Span

// Plain is s without any formatting. Control characters in it are dropped, CR LF and CR
// become "\n", a tab a space.
func Plain(s string) Text {
	if s == "" {
		return nil
	}
	if isClean(s) {
		return Text{{Text: s}}
	}
	var b builder
	b.writeString(Style{}, s)
	return b.text()
}

// Join puts texts behind one another, merging where styles meet.
func Join(parts ...Text) Text {
	var b builder
	for _, t := range parts {
		for _, sp := range t {
			b.raw(sp.Style, sp.Text)
		}
	}
	return b.text()
}

// String is the text without formatting. Of a link it is what is shown, without the URL.
func (t Text) String() string {
	if len(t) == 1 {
		return t[0].Text
	}
	var b strings.Builder
	for _, sp := range t {
		b.WriteString(sp.Text)
	}
	return b.String()
}

// Lines cuts the text at its line breaks; an empty line is an empty Text. A link that goes
// over several lines stays with the last of them, so that its URL is shown once.
func (t Text) Lines() []Text {
	if len(t) == 0 {
		return nil
	}
	if !t.contains('\n') {
		return []Text{t}
	}
	var lines []Text
	var b builder
	crosses := t.linksCrossing()
	for i, sp := range t {
		rest := sp.Text
		for {
			line, after, broken := strings.Cut(rest, "\n")
			st := sp.Style
			if broken || crosses[i] {
				st.Link = ""
			}
			b.raw(st, line)
			if !broken {
				break
			}
			lines, rest = append(lines, b.text()), after
		}
	}
	return append(lines, b.text())
}

// linksCrossing tells of each span whether its link goes on behind it and over a line break.
func (t Text) linksCrossing() []bool {
	crosses := make([]bool, len(t))
	for i := len(t) - 2; i >= 0; i-- {
		next := t[i+1]
		if link := t[i].Style.Link; link != "" && link == next.Style.Link {
			crosses[i] = crosses[i+1] || strings.IndexByte(next.Text, '\n') >= 0
		}
	}
	return crosses
}

func (t Text) contains(c byte) bool {
	for _, sp := range t {
		if strings.IndexByte(sp.Text, c) >= 0 {
			return true
		}
	}
	return false
}

// CutAction reports whether the text is an AIM action, "/me waves" (also with the "/me "
// inside tags), and returns it without the "/me ".
func CutAction(t Text) (Text, bool) {
	const me = "/me "
	rest := me
	for i, sp := range t {
		if len(sp.Text) >= len(rest) {
			if !strings.EqualFold(sp.Text[:len(rest)], rest) {
				return t, false
			}
			var b builder
			b.raw(sp.Style, sp.Text[len(rest):])
			for _, more := range t[i+1:] {
				b.raw(more.Style, more.Text)
			}
			return b.text(), true
		}
		if !strings.EqualFold(sp.Text, rest[:len(sp.Text)]) {
			return t, false
		}
		rest = rest[len(sp.Text):]
	}
	return t, false
}
