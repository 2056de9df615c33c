package richtext

import (
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthNonJoiner = 0x200c
	zeroWidthJoiner    = 0x200d
)

// maxCluster bounds what is taken for one character, in bytes: a family of four with skin
// tones has 41. Letters with hundreds of marks on them may be torn.
const maxCluster = 128

// clusterLen is the length of the first character of s as a person sees it: a base with its
// combining marks, an emoji with variation selector, skin tone and what is joined to it, a
// flag. An approximation of Unicode's grapheme clusters (UAX #29) that takes these from the
// general categories; Hangul written in single letters may be torn.
func clusterLen(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if n < len(s) && s[n] < utf8.RuneSelf { // whatever r is, ASCII begins a new one
		return n
	}
	flag := isRegional(r)
	for n < len(s) && n < maxCluster {
		next, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case extends(next):
		case r == zeroWidthJoiner && unicode.Is(unicode.So, next): // an emoji
		case flag && isRegional(next):
			flag = false // a third one begins a new flag
		default:
			return n
		}
		r = next
		n += size
	}
	return n
}

// extends reports whether r belongs to the character before it.
func extends(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
		return true
	case 0x1f3fb <= r && r <= 0x1f3ff: // skin tones
		return true
	case 0xe0020 <= r && r <= 0xe007f: // tags: the flags of Wales, Scotland …
		return true
	}
	return unicode.Is(unicode.M, r) // marks, among them variation selectors and keycaps
}

func isRegional(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }
