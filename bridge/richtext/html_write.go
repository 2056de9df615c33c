package richtext

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// monoFace is how fixed width is written: AIM knows FONT FACE, not TT.
const monoFace = "Courier New"

// HTML is the text in minimal AIM HTML (TOC2 reference §5.1): upper-case tags, single-quoted
// attributes, <BR> for a line break, "&", "<", ">" and the double quote as entities. White
// space at either end is an entity too, because the server trims what it is sent.
func (t Text) HTML() string {
	if len(t) == 0 {
		return ""
	}
	if s := t[0].Text; len(t) == 1 && t[0].Style == (Style{}) && !needsEscape(s) {
		return s
	}
	n := 0
	for _, sp := range t {
		n += len(sp.Text) + 32
	}
	return string(t.appendHTML(make([]byte, 0, n)))
}

// HTMLSize is len(t.HTML()).
func HTMLSize(t Text) int {
	if len(t) == 1 && t[0].Style == (Style{}) && !needsEscape(t[0].Text) {
		return len(t[0].Text)
	}
	var buf [1024]byte
	return len(t.appendHTML(buf[:0]))
}

func needsEscape(s string) bool {
	if firstSpace(s) > 0 || lastSpace(s) > 0 {
		return true
	}
	for i := 0; i < len(s); i++ {
		if needsEntity[s[i]] {
			return true
		}
	}
	return false
}

// needsEntity: the bytes that text cannot hold as they are.
var needsEntity = [256]bool{'&': true, '<': true, '>': true, '"': true, '\n': true}

func (t Text) appendHTML(dst []byte) []byte {
	var open Style
	for _, sp := range t {
		dst = appendTags(dst, open, sp.Style)
		open = sp.Style
		dst = appendEscaped(dst, sp.Text)
	}
	dst = appendTags(dst, open, Style{})
	if n := lastSpace(dst); n > 0 {
		r, _ := utf8.DecodeLastRune(dst)
		dst = appendSpace(dst[:len(dst)-n], r)
	}
	return dst
}

// firstSpace is the length of the white space character s begins with, 0 if it does not.
func firstSpace(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if !unicode.IsSpace(r) {
		return 0
	}
	return n
}

// lastSpace is the length of the white space character s ends with, 0 if it does not.
func lastSpace[T string | []byte](s T) int {
	if len(s) == 0 {
		return 0
	}
	if c := s[len(s)-1]; c < utf8.RuneSelf && c != ' ' {
		return 0
	}
	r, n := utf8.DecodeLastRuneInString(string(s[max(0, len(s)-utf8.UTFMax):]))
	if !unicode.IsSpace(r) {
		return 0
	}
	return n
}

func appendSpace(dst []byte, r rune) []byte {
	if r == ' ' {
		return append(dst, "&nbsp;"...)
	}
	dst = strconv.AppendInt(append(dst, "&#"...), int64(r), 10)
	return append(dst, ';')
}

// appendEscaped adds text; white space at the very start of dst becomes an entity.
func appendEscaped(dst []byte, s string) []byte {
	if len(dst) == 0 && s != "" && s[0] != '\n' {
		if n := firstSpace(s); n > 0 {
			r, _ := utf8.DecodeRuneInString(s)
			dst, s = appendSpace(dst, r), s[n:]
		}
	}
	from := 0
	for i := 0; i < len(s); i++ {
		if !needsEntity[s[i]] {
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, entityOf(s[i])...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}

func entityOf(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	}
	return "<BR>"
}

// appendAttr adds text for a single-quoted attribute.
func appendAttr(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			dst = append(dst, "&#39;"...)
		case c != '\n' && needsEntity[c]:
			dst = append(dst, entityOf(c)...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// markup: the elements we write, outermost first. A change to one closes and reopens all
// those inside it, so that the tags always nest.
var markup = [...]string{"A", "FONT", "B", "I", "U", "S"}

// aspect is the part of a style that one of markup stands for, the zero Style if absent.
func aspect(s Style, element int) Style {
	switch element {
	case 0:
		return Style{Link: s.Link}
	case 1:
		return Style{FG: s.FG, BG: s.BG, Mono: s.Mono}
	case 2:
		return Style{Bold: s.Bold}
	case 3:
		return Style{Italic: s.Italic}
	case 4:
		return Style{Underline: s.Underline}
	}
	return Style{Strike: s.Strike}
}

// appendTags adds the end and start tags that lead from one style to the next.
func appendTags(dst []byte, from, to Style) []byte {
	if from == to {
		return dst
	}
	first := 0
	for first < len(markup) && aspect(from, first) == aspect(to, first) {
		first++
	}
	for i := len(markup) - 1; i >= first; i-- {
		if aspect(from, i) != (Style{}) {
			dst = append(dst, "</"...)
			dst = append(dst, markup[i]...)
			dst = append(dst, '>')
		}
	}
	for i := first; i < len(markup); i++ {
		if aspect(to, i) != (Style{}) {
			dst = append(dst, '<')
			dst = append(dst, markup[i]...)
			dst = appendAttrs(dst, markup[i], &to)
			dst = append(dst, '>')
		}
	}
	return dst
}

func appendAttrs(dst []byte, name string, s *Style) []byte {
	switch name {
	case "A":
		dst = append(dst, " HREF='"...)
		dst = append(appendAttr(dst, s.Link), '\'')
	case "FONT":
		if s.Mono {
			dst = append(dst, " FACE='"+monoFace+"'"...)
		}
		dst = appendColorAttr(dst, " COLOR='", s.FG)
		dst = appendColorAttr(dst, " BACK='", s.BG)
	}
	return dst
}

func appendColorAttr(dst []byte, attr string, c Color) []byte {
	if !c.Set {
		return dst
	}
	return append(c.appendHex(append(dst, attr...)), '\'')
}
