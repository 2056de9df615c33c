package richtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemes that make a word in plain text a link.
var schemes = [...]string{"http://", "https://", "ftp://", "ircs://", "irc://"}

// hasScheme reports whether s begins with one of schemes and goes on.
func hasScheme(s string) bool {
	for _, scheme := range schemes {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

const www = "www."

func hasWWW(s string) bool {
	return len(s) > len(www) && strings.EqualFold(s[:len(www)], www) && isAlnum(s[len(www)])
}

// linkOf is the URL that a word of plain text leads to, "" if it is none.
func linkOf(word string) string {
	switch {
	case hasScheme(word):
		return word
	case hasWWW(word):
		return "http://" + word
	}
	return ""
}

// mayHaveURL is a quick look before the search.
func mayHaveURL(s string) bool {
	return strings.Contains(s, "://") || strings.Contains(s, ".") && containsFold(s, www)
}

func containsFold(s, lower string) bool {
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == lower[0] && strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

// nextURL finds the first URL in s; from == to if there is none. It ends at white space, at
// a quote or bracket that cannot be part of it, and before punctuation that ends a sentence.
// (What begins like a URL and is none, "http://...", has only punctuation up to the next
// space: nothing is looked at twice.)
func nextURL(s string) (from, to int) {
	prev := ' '
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if startsURL(s[i:]) && !unicode.IsLetter(prev) && !unicode.IsDigit(prev) {
			n := urlLen(s[i:])
			if linkOf(s[i:i+n]) != "" {
				return i, i + n
			}
		}
		prev = r
		i += size
	}
	return 0, 0
}

func startsURL(s string) bool {
	switch s[0] | 0x20 {
	case 'h', 'f', 'i':
		return hasScheme(s)
	case 'w':
		return hasWWW(s)
	}
	return false
}

func urlLen(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || isControl(r) || strings.ContainsRune("<>\"`|", r)
	})
	if n < 0 {
		n = len(s)
	}
	var excess [len(brackets)]int // of closing brackets over opening ones
	for i := 0; i < n; i++ {
		countBracket(&excess, s[i], 1)
	}
	for n > 0 {
		last := s[n-1]
		if strings.IndexByte(".,;:!?'", last) < 0 && !inExcess(&excess, last) {
			break
		}
		countBracket(&excess, last, -1)
		n--
	}
	return n
}

var brackets = [...]string{"()", "[]", "{}"}

func countBracket(excess *[len(brackets)]int, c byte, sign int) {
	for i, b := range brackets {
		switch c {
		case b[0]:
			excess[i] -= sign
		case b[1]:
			excess[i] += sign
		}
	}
}

func inExcess(excess *[len(brackets)]int, c byte) bool {
	for i, b := range brackets {
		if c == b[1] && excess[i] > 0 {
			return true
		}
	}
	return false
}

// linkify turns the URLs in unlinked spans into links.
func linkify(t Text) Text {
	found := false
	for _, sp := range t {
		found = found || mayHaveURL(sp.Text)
	}
	if !found {
		return t
	}
	out := make(Text, 0, len(t)+2)
	for _, sp := range t {
		rest := sp.Text
		for sp.Style.Link == "" {
			from, to := nextURL(rest)
			if from == to {
				break
			}
			if from > 0 {
				out = append(out, Span{rest[:from], sp.Style})
			}
			st := sp.Style
			st.Link = cleanLink(linkOf(rest[from:to]))
			out = append(out, Span{rest[from:to], st})
			rest = rest[to:]
		}
		if rest != "" {
			out = append(out, Span{rest, sp.Style})
		}
	}
	return out
}

// cleanLink makes a URL from outside one that may stand between "<" and ">" in a line:
// valid, without control characters, white space and such brackets.
func cleanLink(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isControl(r) })
	if strings.IndexFunc(s, func(r rune) bool { return badInLink(r) || r >= utf8.RuneSelf }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case isControl(r) || r == '\u2028' || r == '\u2029':
		case r == '<':
			b.WriteString("%3C")
		case r == '>':
			b.WriteString("%3E")
		case r == '"':
			b.WriteString("%22")
		case unicode.IsSpace(r):
			b.WriteString("%20")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func badInLink(r rune) bool {
	return isControl(r) || r == '<' || r == '>' || r == '"' || unicode.IsSpace(r)
}

// shownAs reports whether text shows where the link leads, so that the URL need not stand
// beside it, and what to show then.
func shownAs(text, link string) (string, bool) {
	if linkOf(text) == link || strings.Contains(text, link) {
		return text, true
	}
	if bareURL(text) == bareURL(link) {
		return link, true
	}
	return "", false
}

// bareURL is a URL less what does not count in a comparison.
func bareURL(s string) string {
	s = strings.TrimSpace(s)
	for _, prefix := range [...]string{"http://", "https://", "mailto:"} {
		if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			s = s[len(prefix):]
			break
		}
	}
	return strings.TrimSuffix(s, "/")
}
