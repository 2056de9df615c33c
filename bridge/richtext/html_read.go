package richtext

import (
	"strings"
	"unicode/utf8"
)

// ParseHTML reads AIM HTML, however broken: tags may overlap, lack their end or their start.
// What is not clearly markup is text. Invalid UTF-8 becomes U+FFFD.
func ParseHTML(s string) Text {
	if s == "" {
		return nil
	}
	if isPlainHTML(s) {
		return Text{{Text: s}}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	p := &reader{src: s}
	p.run()
	return p.b.text()
}

// isPlainHTML: no markup and nothing that needs care.
func isPlainHTML(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '<' || c == '&' || c >= 0x7f {
			return c >= 0x7f && strings.IndexAny(s, "<&") < 0 && isClean(s)
		}
	}
	return true
}

// reader walks over HTML and writes a Text.
type reader struct {
	src string
	pos int
	b   builder

	bold, italic, underline, strike, mono int // how deep inside such elements
	fonts                                 []font
	link                                  string
	linkText                              bool // the open link has text

	lineDue  bool // a block element began or ended: the next text starts a line
	eatSpace bool // behind a block tag, white space is layout
	eatLF    bool // behind <BR>, a line end is layout

	skip    string              // set by an element: leave out its content
	missing map[string]bool     // ends of comments and of skipped content known not to come
	ends    map[string]struct{} // names of all end tags; nil until needed
	unknown map[string]int      // elements not in the table that are open

	looked int // bytes looked at in search of an end: what could become quadratic
}

// font is what one FONT element changed, as seen inside it.
type font struct {
	fg, bg Color
	mono   bool
}

func (p *reader) run() {
	for p.pos < len(p.src) {
		p.step()
	}
	p.endLink()
}

// step reads text up to the next markup character, or one piece of markup.
func (p *reader) step() {
	rest := p.src[p.pos:]
	switch rest[0] {
	case '<':
		if n := p.markup(rest); n > 0 {
			p.pos += n
			return
		}
		p.pos++
		p.text("<")
	case '&':
		text, n := entity(rest)
		if n == 0 {
			text, n = "&", 1
		}
		p.pos += n
		p.entity(text)
	default:
		n := strings.IndexAny(rest, "<&")
		if n < 0 {
			n = len(rest)
		}
		p.pos += n
		p.text(rest[:n])
	}
}

// text writes text that stands in the source as such.
func (p *reader) text(s string) {
	if p.eatLF {
		p.eatLF = false
		if t := strings.TrimPrefix(s, "\r"); strings.HasPrefix(t, "\n") {
			s = t[1:]
		}
	}
	if p.eatSpace {
		s = strings.TrimLeft(s, " \t\r\n")
	}
	p.write(s)
}

// entity writes text that came out of a character reference: never layout.
func (p *reader) entity(s string) { p.write(s) }

func (p *reader) write(s string) {
	if s == "" {
		return
	}
	st := p.style()
	p.startLine(st)
	p.eatLF, p.eatSpace = false, false
	if p.link != "" && !p.linkText {
		p.linkText = strings.TrimSpace(s) != ""
	}
	p.b.writeString(st, s)
}

// startLine writes the line break that a block element left due.
func (p *reader) startLine(st Style) {
	if p.lineDue && p.b.last() != '\n' {
		p.b.writeRune(st, '\n')
	}
	p.lineDue = false
}

// block marks the start or end of a block element.
func (p *reader) block() { p.lineDue, p.eatSpace = true, true }

func (p *reader) lineBreak() {
	st := p.style()
	p.startLine(st)
	p.b.cr = false
	p.b.writeRune(st, '\n')
	p.eatLF, p.eatSpace = true, false
}

func (p *reader) style() Style {
	st := Style{
		Bold: p.bold > 0, Italic: p.italic > 0, Underline: p.underline > 0, Strike: p.strike > 0,
		Mono: p.mono > 0, Link: p.link,
	}
	if n := len(p.fonts); n > 0 {
		f := &p.fonts[n-1]
		st.FG, st.BG, st.Mono = f.fg, f.bg, st.Mono || f.mono
	}
	return st
}

// markup reads the tag or comment at the start of s and returns its length; 0 if it is text.
func (p *reader) markup(s string) int {
	if strings.HasPrefix(s, "<!") {
		return p.declaration(s)
	}
	name := 1
	closing := strings.HasPrefix(s, "</")
	if closing {
		name = 2
	}
	if len(s) <= name || !isLetter(s[name]) {
		return 0
	}
	end := name + 1
	for end < len(s) && isAlnum(s[end]) {
		end++
	}
	n, looked := tagLen(s)
	p.looked += looked
	if n == 0 || strings.IndexByte(" \t\r\n/>", s[end]) < 0 {
		return 0
	}
	attrs, selfClosed := cutSlash(strings.TrimRight(s[end:n-1], " \t\r\n"))
	if strings.HasPrefix(attrs, "/") { // <http://…>
		return 0
	}
	if !p.tag(s[name:end], attrs, closing, selfClosed) {
		return 0
	}
	return n + p.content(s[n:])
}

// tagLen is the length of the tag at the start of s up to and with its ">", which may not be
// inside quotes; 0 if there is none before the next "<". looked is how far it had to look.
//
// All calls together look at each byte of the source at most three times: of tags that begin
// in different places, no two unfinished ones are in the same state (outside quotes, in ',
// in ") at the same byte, because a quote character permutes the states, and a tag that is
// outside quotes ends where the next one begins.
func tagLen(s string) (n, looked int) {
	var quote byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1, i
		case c == '<':
			return 0, i
		case c == '"' || c == '\'':
			quote = c
		}
	}
	if i := strings.IndexAny(s[1:], "<>"); i >= 0 && s[i+1] == '>' { // a quote that is never closed is none
		return i + 2, len(s)
	}
	return 0, len(s)
}

// cutSlash removes the "/" of "<br/>", but not that of "<a href=http://x/>".
func cutSlash(attrs string) (string, bool) {
	rest, found := strings.CutSuffix(attrs, "/")
	if !found || rest != "" && strings.IndexByte(" \t\r\n\"'", rest[len(rest)-1]) < 0 {
		return attrs, false
	}
	return rest, true
}

// declaration skips "<!-- … -->" and "<!DOCTYPE …>".
func (p *reader) declaration(s string) int {
	if !strings.HasPrefix(s, "<!--") {
		if len(s) < 3 || !isLetter(s[2]) && s[2] != '[' {
			return 0
		}
		n, looked := tagLen(s)
		p.looked += looked
		return n
	}
	const end = "-->"
	if p.missing[end] {
		return 0
	}
	i := strings.Index(s, end)
	if i < 0 {
		p.looked += len(s)
		p.markMissing(end)
		return 0
	}
	return i + len(end)
}

// content is the length of what a tag told to leave out, s being what follows the tag: all
// up to the element's end tag, nothing if that does not come.
func (p *reader) content(s string) int {
	name := p.skip
	p.skip = ""
	if name == "" || p.missing[name] {
		return 0
	}
	for i := 0; ; i++ {
		j := strings.Index(s[i:], "</")
		if j < 0 {
			p.looked += len(s)
			p.markMissing(name)
			return 0
		}
		i += j
		if end := i + 2 + len(name); end < len(s) && strings.EqualFold(s[i+2:end], name) && !isAlnum(s[end]) {
			return i
		}
	}
}

func (p *reader) markMissing(end string) {
	if p.missing == nil {
		p.missing = make(map[string]bool)
	}
	p.missing[end] = true
}
