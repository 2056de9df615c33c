package nicks

import (
	"strings"
	"unicode/utf8"
)

// Buddies is the channel of the whole buddy list, which is no group's.
const Buddies = "&buddies"

// Exchanges of chat rooms. TOC knows no other; they are taken for Private.
const (
	Private = 4 // created by who joins first
	Public  = 5 // existing rooms only
)

// Channel is the IRC channel of an AIM chat room: "#name" on exchange 4, "##name" on 5. A space
// is "_". What a channel name cannot hold, and "_" itself, is %XX as in URLs. It has no bound:
// a room name of 300 bytes makes a channel that long or longer.
func Channel(exchange int, room string) string {
	if exchange == Public {
		return "##" + quote(room)
	}
	name := quote(room)
	if strings.HasPrefix(name, "#") { // or it would be the public room
		name = "%23" + name[1:]
	}
	return "#" + name
}

// Room is the room behind a channel. ok is false if it is no channel of a room: not "#", no name,
// or with characters that a channel cannot have. Several channels may stand for a room ("#a:b"
// for that of "#a%3Ab"); Channel of the result is the one to use.
func Room(channel string) (exchange int, room string, ok bool) {
	name, ok := strings.CutPrefix(channel, "#")
	if !ok {
		return 0, "", false
	}
	exchange = Private
	if public, ok := strings.CutPrefix(name, "#"); ok {
		exchange, name = Public, public
	}
	if room, ok = unquote(name); !ok {
		return 0, "", false
	}
	return exchange, room, true
}

// GroupChannel is the channel of a group of the buddy list, "&name", escaped as a room. AIM's
// standard group "Buddies" would be the channel of the whole list: it is "&&Buddies". Names of
// groups that differ only in case make the same channel on IRC.
func GroupChannel(group string) string {
	name := quote(group)
	switch {
	case foldsTo("&"+name, Buddies):
		return "&&" + name
	case strings.HasPrefix(name, "&"):
		return "&%26" + name[1:]
	}
	return "&" + name
}

// Group is the group behind a channel. ok is false for Buddies and for what is no channel of a
// group.
func Group(channel string) (group string, ok bool) {
	name, ok := strings.CutPrefix(channel, "&")
	if !ok || foldsTo(channel, Buddies) {
		return "", false
	}
	if foldsTo(name, Buddies) {
		name = name[1:]
	}
	return unquote(name)
}

// noRoom is the channel name of an empty room name, which only a broken server can send.
const noRoom = "%-"

// quote makes a name fit for a channel. A "%" stays as it is, unless that would be read as an
// escape.
func quote(name string) string {
	if name == "" {
		return noRoom
	}
	for _, percent := range [...]bool{false, true} {
		quoted := escapeBytes(name, percent)
		if back, ok := unquote(quoted); percent || ok && back == name {
			return quoted
		}
	}
	return ""
}

func escapeBytes(name string, percent bool) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == ' ':
			b.WriteByte('_')
		case r == '%' && !percent:
			b.WriteByte('%')
		case r == utf8.RuneError && n == 1, mustQuote(r):
			for _, c := range []byte(name[i : i+n]) {
				b.WriteByte('%')
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// mustQuote: control characters, what has a meaning in channel names (RFC 2812 §2.3.1) or in our
// escapes, and separators of lines.
func mustQuote(r rune) bool {
	switch r {
	case '_', ',', ':', '%', 0x7f, 0x2028, 0x2029:
		return true
	}
	return r < 0x20 || 0x80 <= r && r < 0xa0
}

// unquote undoes quote. It leaves alone a "%XX" that quote would not write.
func unquote(quoted string) (string, bool) {
	if quoted == noRoom || quoted == "" || !utf8.ValidString(quoted) {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		c := quoted[i]
		if c == '_' {
			c = ' '
		} else if c == '%' && i+2 < len(quoted) {
			if v, ok := hexByte(quoted[i+1], quoted[i+2]); ok {
				c = v
				i += 2
			}
		} else if c == ' ' || c == ',' || c < 0x20 || c == 0x7f {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// hexByte reads two digits of an escape that stands for a byte that is quoted: "#" and "&" are
// at the start of a name, bytes of UTF-8 in control characters or if they are broken.
func hexByte(hi, lo byte) (byte, bool) {
	h := strings.IndexByte(hexDigits, upper(hi))
	l := strings.IndexByte(hexDigits, upper(lo))
	if h < 0 || l < 0 {
		return 0, false
	}
	v := byte(h<<4 | l)
	return v, v >= utf8.RuneSelf || v == '#' || v == '&' || mustQuote(rune(v))
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c &^ 0x20
	}
	return c
}
