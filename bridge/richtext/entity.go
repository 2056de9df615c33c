package richtext

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxEntity is longer than the longest name HTML knows ("CounterClockwiseContourIntegral").
const maxEntity = 34

// entity reads the character reference at the start of s, which begins with "&". n is its
// length in s, 0 if it is none: then the "&" is text. Names need their ";" (plain-text
// senders write "?a=1&copy=2"), numbers do not, as in HTML.
func entity(s string) (text string, n int) {
	if len(s) > 2 && s[1] == '#' {
		return numericEntity(s)
	}
	for _, e := range commonEntities {
		if strings.HasPrefix(s, e.ref) {
			return e.text, len(e.ref)
		}
	}
	end := 1
	for end < len(s) && end < maxEntity && isAlnum(s[end]) {
		end++
	}
	if end == len(s) || s[end] != ';' {
		return "", 0
	}
	end++
	text = html.UnescapeString(s[:end])
	if text == s[:end] || len(text) > 1 && strings.HasSuffix(text, ";") { // unknown, or only a prefix of it known
		return "", 0
	}
	return text, end
}

// commonEntities: &nbsp; is how AIM writes a second space, so it is one. (A no-break space
// that is meant comes as itself or as &#160;.)
var commonEntities = [...]struct{ ref, text string }{
	{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&nbsp;", " "}, {"&apos;", "'"},
	{"&AMP;", "&"}, {"&LT;", "<"}, {"&GT;", ">"}, {"&QUOT;", `"`}, {"&NBSP;", " "},
}

func numericEntity(s string) (string, int) {
	r, n := codePoint(s)
	if n == 0 {
		return "", 0
	}
	switch {
	case 0xd800 <= r && r < 0xdc00: // half an emoji: old clients write both halves
		low, m := codePoint(s[n:])
		if m > 0 && 0xdc00 <= low && low < 0xe000 {
			return string((r-0xd800)<<10 | (low - 0xdc00) + 0x10000), n + m
		}
		r = utf8.RuneError
	case 0x80 <= r && r < 0xa0: // meant as Windows-1252; HTML says so too
		r, _ = utf8.DecodeRuneInString(html.UnescapeString("&#" + strconv.Itoa(int(r)) + ";"))
	}
	return string(r), n // what is no character becomes U+FFFD
}

// codePoint reads "&#123;" or "&#x7b;".
func codePoint(s string) (r rune, n int) {
	if len(s) < 3 || s[0] != '&' || s[1] != '#' {
		return 0, 0
	}
	base, i := rune(10), 2
	if s[2] == 'x' || s[2] == 'X' {
		base, i = 16, 3
	}
	first := i
	for ; i < len(s); i++ {
		d := rune(hexDigit(s[i]))
		if d < 0 || d >= base {
			break
		}
		if r <= utf8.MaxRune {
			r = r*base + d
		}
	}
	if i == first {
		return 0, 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return r, i
}

func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// unescape replaces the character references in an attribute.
func unescape(s string) string {
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return s
	}
	var b strings.Builder
	for amp >= 0 {
		b.WriteString(s[:amp])
		s = s[amp:]
		text, n := entity(s)
		if n == 0 {
			text, n = "&", 1
		}
		b.WriteString(text)
		s = s[n:]
		amp = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// EscapeEntities writes every character beyond ASCII as &#NNN;, for native AIM clients, which
// take the bytes of a TOC message for Latin-1.
func EscapeEntities(html string) string {
	n := cleanHighBit(html)
	if n == len(html) {
		return html
	}
	buf := make([]byte, 0, 2*len(html))
	buf = append(buf, html[:n]...)
	for _, r := range html[n:] {
		if r < utf8.RuneSelf {
			buf = append(buf, byte(r))
			continue
		}
		buf = append(buf, "&#"...)
		buf = strconv.AppendInt(buf, int64(r), 10)
		buf = append(buf, ';')
	}
	return string(buf)
}

// cleanHighBit is the length of the ASCII at the start of s.
func cleanHighBit(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return i
		}
	}
	return len(s)
}
