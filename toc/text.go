package toc

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// windows1252 holds what bytes 0x80 to 0x9f mean; unassigned ones are U+FFFD.
var windows1252 = [32]rune{
	'€', '\uFFFD', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\uFFFD', 'Ž', '\uFFFD',
	'\uFFFD', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\uFFFD', 'ž', 'Ÿ',
}

// DecodeText gives the text of a message as valid UTF-8 without NUL (ref 4.2).
// The encoding letter of a message is always L and says nothing, so the bytes
// decide: UTF-8 if they are that, else Windows-1252. Chat text of OSCAR users
// comes unconverted; UTF-16BE is recognised by a byte order mark or by NULs
// that stand where high bytes do. Clean text is returned without allocation.
func DecodeText(s string) string {
	if isClean(s) {
		return s
	}
	if t, ok := decodeUTF16(s); ok {
		return t
	}
	return decodeBytes(s)
}

func isClean(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// decodeBytes is DecodeText for what cannot be UTF-16: names, groups, rooms.
func decodeBytes(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x80:
			b.WriteByte(c)
		case c < 0xa0:
			b.WriteRune(windows1252[c-0x80])
		default:
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// decodeUTF16 decodes s if it looks like UTF-16BE.
func decodeUTF16(s string) (string, bool) {
	bom := strings.HasPrefix(s, "\xfe\xff")
	if bom {
		s = s[2:]
	}
	if len(s)%2 != 0 || !bom && !highNULs(s) {
		return "", false
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i += 2 {
		r := unit(s, i)
		if utf16.IsSurrogate(r) {
			if i+4 > len(s) {
				return "", false
			}
			if r = utf16.DecodeRune(r, unit(s, i+2)); r == utf8.RuneError {
				return "", false
			}
			i += 2
		}
		if r != 0 {
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

func unit(s string, i int) rune { return rune(s[i])<<8 | rune(s[i+1]) }

// highNULs reports whether more NULs are high bytes than low bytes.
func highNULs(s string) bool {
	high, low := 0, 0
	for i := 0; i+1 < len(s); i += 2 {
		if s[i] == 0 {
			high++
		}
		if s[i+1] == 0 {
			low++
		}
	}
	return high > low
}
