package ircd

import (
	"strings"

	irc "gopkg.in/irc.v4"
)

// NickLen and ChannelLen are the longest nick (NICKLEN in 005) and channel name in bytes.
const (
	NickLen    = 32
	ChannelLen = 200
	userLen    = 20
	hostLen    = 63
)

// Fold is the identity of a nick or channel name: CASEMAPPING=ascii. It does not allocate when s is folded already.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			return foldFrom(s, i)
		}
	}
	return s
}

func foldFrom(s string, from int) string {
	b := []byte(s)
	for i := from; i < len(b); i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// EqualFold tells whether a and b are the same nick or channel.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// ValidNick tells whether s may be a nick: RFC 2812 §2.3.1, at most NickLen bytes.
func ValidNick(s string) bool {
	if s == "" || len(s) > NickLen || isDigit(s[0]) || s[0] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("-[]\\`_^{|}", c) < 0 {
			return false
		}
	}
	return true
}

// ValidChannel tells whether s may be a channel name: one of "&#+!" first, then no space, comma, BEL or other control
// character; at most ChannelLen bytes.
func ValidChannel(s string) bool {
	if len(s) < 2 || len(s) > ChannelLen || strings.IndexByte("&#+!", s[0]) < 0 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == ',' || c == 0x7f {
			return false
		}
	}
	return true
}

// TextBudget is how many bytes of text fit one message "prefix command target :text" of 512 bytes.
func TextBudget(prefix *irc.Prefix, command, target string) int {
	n := maxLine - 2 - len(command) - len(target) - len("  :")
	if prefix != nil {
		n -= prefixLen(prefix) + len(": ")
	}
	return n
}

func prefixLen(p *irc.Prefix) int {
	n := len(p.Name)
	if p.User != "" {
		n += 1 + len(p.User)
	}
	if p.Host != "" {
		n += 1 + len(p.Host)
	}
	return n
}

// cleanUser makes of the user name of USER one that fits a prefix.
func cleanUser(s string) string {
	b := make([]byte, 0, userLen)
	for i := 0; i < len(s) && len(b) < userLen; i++ {
		if c := s[i]; isLetter(c) || isDigit(c) || c == '-' || c == '_' || c == '.' && len(b) > 0 {
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return "user"
	}
	return string(b)
}

// splitDevice cuts the device suffix off a name: "name@phone". What stands before the last @ must be a plausible
// name, and a device has no dot, so that user@mac.com stays whole.
func splitDevice(s string) (name, device string) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || !validDevice(s[i+1:]) || !plausibleName(s[:i]) {
		return s, ""
	}
	return s[:i], s[i+1:]
}

func validDevice(s string) bool {
	if s == "" || len(s) > NickLen {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// plausibleName tells whether somebody may log in as s: printable, not blank, not endless.
func plausibleName(s string) bool {
	if len(s) > 64 || strings.TrimSpace(s) == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f || s[i] == ':' {
			return false
		}
	}
	return true
}

// matchMask matches s against an IRC mask with * and ?, in ASCII case folding.
func matchMask(mask, s string) bool {
	star, next := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(mask) && mask[i] == '*':
			star, next = i, j
			i++
		case i < len(mask) && (mask[i] == '?' || lower(mask[i]) == lower(s[j])):
			i, j = i+1, j+1
		case star >= 0:
			next++
			i, j = star+1, next
		default:
			return false
		}
	}
	for i < len(mask) && mask[i] == '*' {
		i++
	}
	return i == len(mask)
}
