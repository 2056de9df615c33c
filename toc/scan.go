package toc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitArgs takes arguments apart as the live server does (ref 3.1): one record
// of a CSV reader whose separator is a space, with lazy quotes and leading white
// space trimmed. It appends the fields to dst. Fields are parts of s where
// possible. What follows the record's end of line is lost, as it is there.
//
// An argument that begins with `"` ends at the first `"` before a space or the
// end of a line; inside it `""` is a quote, and so is a `"` before anything
// else. Any other argument ends at the first space. CR LF counts as LF, and a
// CR at the very end is dropped.
func splitArgs(dst []string, s string) []string {
	for strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "\r\n") { // empty lines are no record
		s = strings.TrimPrefix(s[strings.IndexByte(s, '\n'):], "\n")
	}
	s = strings.TrimSuffix(s, "\r")
	if s == "" {
		return dst
	}
	for more := true; more; {
		var field string
		s = trimLeadingSpace(s)
		if strings.HasPrefix(s, `"`) {
			field, s, more = quotedField(s[1:])
		} else {
			field, s, more = bareField(s)
		}
		dst = append(dst, field)
	}
	return dst
}

// trimLeadingSpace trims white space up to the end of the line.
func trimLeadingSpace(s string) string {
	for i, r := range s {
		if r == '\n' || !unicode.IsSpace(r) {
			return s[i:]
		}
	}
	return ""
}

func bareField(s string) (field, rest string, more bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
			return s[:i], s[i+1:], true
		case '\n':
			return strings.TrimSuffix(s[:i], "\r"), "", false
		}
	}
	return s, "", false
}

// quotedField reads a field whose opening quote has been read.
func quotedField(s string) (field, rest string, more bool) {
	var b []byte // what came before s, once that is more than one piece
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return join(b, s), "", false
		}
		after := s[i+1:]
		switch {
		case after == "" || after[0] == '\n' || strings.HasPrefix(after, "\r\n"):
			return join(b, s[:i]), "", false
		case after[0] == ' ':
			return join(b, s[:i]), after[1:], true
		case after[0] == '"':
			b = append(b, foldCRLF(s[:i+1])...)
			s = after[1:]
		default: // a quote that is not closed here is text
			b = append(b, foldCRLF(s[:i+1])...)
			s = after
		}
	}
}

func join(b []byte, s string) string {
	s = foldCRLF(s)
	if b == nil {
		return s
	}
	return string(append(b, s...))
}

func foldCRLF(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// unescape deletes backslashes: `\x` becomes x, whatever x is, and a last
// lone one vanishes.
func unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i >= 0 {
		b = append(b, s[:i]...)
		s = s[i+1:]
		if s == "" {
			break
		}
		b = append(b, s[0])
		s = s[1:]
		i = strings.IndexByte(s, '\\')
	}
	return string(append(b, s...))
}

// leadingSpace and trailingSpace tell of the first and the last rune of an
// argument, whether the server would trim it.
func leadingSpace(s string) (size int, ok bool) {
	r, n := utf8.DecodeRuneInString(s)
	return n, n > 0 && unicode.IsSpace(r)
}

func trailingSpace(s string) (r rune, size int, ok bool) {
	r, n := utf8.DecodeLastRuneInString(s)
	return r, n, n > 0 && unicode.IsSpace(r)
}
