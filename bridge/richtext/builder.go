package richtext

import (
	"strings"
	"unicode/utf8"
)

// builder makes a Text from pieces. A change of style takes effect with the next text, so
// that "<b></b>" leaves no trace and spans never need to be merged afterwards.
type builder struct {
	out Text
	buf []byte // text of the span being built
	cur Style  // style of buf
	cr  bool   // the last character was CR: an LF that follows belongs to it
}

// raw adds text that is known to be clean.
func (b *builder) raw(st Style, s string) {
	if s == "" {
		return
	}
	b.style(st)
	b.buf = append(b.buf, s...)
}

func (b *builder) style(st Style) {
	if len(b.buf) > 0 && st != b.cur {
		b.flush()
	}
	b.cur = st
}

func (b *builder) flush() {
	if len(b.buf) > 0 {
		b.out = append(b.out, Span{string(b.buf), b.cur})
		b.buf = b.buf[:0]
	}
}

// text is what was built; the builder is empty afterwards.
func (b *builder) text() Text {
	b.flush()
	t := b.out
	*b = builder{buf: b.buf}
	return t
}

// last is the last byte written, or "\n" at the very start.
func (b *builder) last() byte {
	switch {
	case len(b.buf) > 0:
		return b.buf[len(b.buf)-1]
	case len(b.out) > 0:
		s := b.out[len(b.out)-1].Text
		return s[len(s)-1]
	}
	return '\n'
}

// writeString adds text from outside, cleaned.
func (b *builder) writeString(st Style, s string) {
	for i := 0; i < len(s); {
		n := cleanASCII(s[i:])
		if n > 0 {
			b.raw(st, s[i:i+n])
			b.cr = false
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		b.writeRune(st, r)
		i += size
	}
}

// writeRune adds one character from outside. Line ends become "\n", a tab a space; other
// control characters vanish, whatever they came from.
func (b *builder) writeRune(st Style, r rune) {
	wasCR := b.cr
	b.cr = r == '\r'
	switch {
	case r == '\n' && wasCR:
		return
	case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
		r = '\n'
	case r == '\t':
		r = ' '
	case isControl(r):
		b.cr = wasCR
		return
	}
	b.style(st)
	b.buf = utf8.AppendRune(b.buf, r) // a surrogate or invalid rune becomes U+FFFD
}

// isControl: C0, DEL and C1.
func isControl(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 }

// cleanASCII is the length of the printable ASCII at the start of s.
func cleanASCII(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return i
		}
	}
	return len(s)
}

// isClean reports whether s may stand in a Span as it is.
func isClean(s string) bool {
	n := cleanASCII(s)
	if n == len(s) {
		return true
	}
	s = s[n:]
	return utf8.ValidString(s) && strings.IndexFunc(s, isDirty) < 0
}

func isDirty(r rune) bool {
	return isControl(r) && r != '\n' || r == '\u2028' || r == '\u2029'
}
