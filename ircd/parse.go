package ircd

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"
)

// maxParams is RFC 1459 §2.3: fifteen, the last of which takes what is left.
const maxParams = 15

var (
	errEmpty   = errors.New("empty line")
	errControl = errors.New("a NUL or a carriage return inside the line")
	errUTF8    = errors.New("not UTF-8")
	errCommand = errors.New("not a command")
)

// parse reads one line as a client may send it. It closes the traps of irc.ParseMessage: a tag section and nothing
// else (1, which panics there), invalid UTF-8 (6), commands that only Unicode upper-casing makes into known ones (7),
// NUL and CR inside (8), more than fifteen parameters (9). The prefix a client gives is dropped: nobody may speak for
// others. With errUTF8 the message is there all the same, mended, so that the refusal can name it.
//
// Prefix is never nil; Tags is nil when there are none. Two allocations for a message without tags.
func parse(line []byte) (*irc.Message, error) {
	if len(line) == 0 {
		return nil, errEmpty
	}
	if bytes.IndexByte(line, 0) >= 0 || bytes.IndexByte(line, '\r') >= 0 {
		return nil, errControl
	}
	s := string(line)
	var bad error
	if !utf8.ValidString(s) {
		s, bad = strings.ToValidUTF8(s, "\ufffd"), errUTF8
	}
	m, err := parseText(s)
	if err != nil {
		return nil, err
	}
	return m, bad
}

// parsed keeps what nearly every message needs in one allocation.
type parsed struct {
	msg    irc.Message
	prefix irc.Prefix
	params [4]string
}

func parseText(s string) (*irc.Message, error) {
	var tags irc.Tags
	if s != "" && s[0] == '@' {
		var raw string
		raw, s, _ = strings.Cut(s[1:], " ")
		tags = parseTags(raw)
	}
	s = strings.TrimLeft(s, " ")
	if s != "" && s[0] == ':' {
		_, s, _ = strings.Cut(s, " ")
		s = strings.TrimLeft(s, " ")
	}
	command, rest, _ := strings.Cut(s, " ")
	if command == "" {
		return nil, errEmpty
	}
	command, ok := upper(command)
	if !ok {
		return nil, errCommand
	}
	p := &parsed{}
	p.msg = irc.Message{Tags: tags, Prefix: &p.prefix, Command: command, Params: parseParams(p.params[:0], rest)}
	return &p.msg, nil
}

func parseParams(params []string, s string) []string {
	for {
		s = strings.TrimLeft(s, " ")
		if s == "" {
			return params
		}
		if s[0] == ':' {
			return append(params, s[1:])
		}
		if len(params) == maxParams-1 {
			return append(params, s)
		}
		var one string
		one, s, _ = strings.Cut(s, " ")
		params = append(params, one)
	}
}

// upper is the command in ASCII capitals; not ok when it holds anything but ASCII letters and digits (and the
// underscore of some clients' inventions, which then is an unknown command).
func upper(s string) (string, bool) {
	low := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			low = true
		} else if !isLetter(c) && !isDigit(c) && c != '_' {
			return "", false
		}
	}
	if low {
		s = strings.ToUpper(s)
	}
	return s, true
}

// parseTags reads the tag section, which ends at the first space. Keys that no specification allows are dropped.
func parseTags(s string) irc.Tags {
	var tags irc.Tags
	for s != "" {
		var one string
		one, s, _ = strings.Cut(s, ";")
		key, value, _ := strings.Cut(one, "=")
		if !validTagKey(key) {
			continue
		}
		if tags == nil {
			tags = make(irc.Tags, 4)
		}
		tags[key] = unescapeTag(value)
	}
	return tags
}

// validTagKey: ircv3.net/specs/extensions/message-tags#format.
func validTagKey(k string) bool {
	k = strings.TrimPrefix(k, "+")
	for i := 0; i < len(k); i++ {
		if c := k[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '.' && c != '/' && c != '_' {
			return false
		}
	}
	return k != ""
}

func unescapeTag(v string) string {
	i := strings.IndexByte(v, '\\')
	if i < 0 {
		return v
	}
	b := append(make([]byte, 0, len(v)), v[:i]...)
	for ; i < len(v); i++ {
		c := v[i]
		if c == '\\' {
			if i++; i == len(v) {
				break // a lone backslash at the end is dropped
			}
			c = tagUnescape(v[i])
		}
		b = append(b, c)
	}
	return string(b)
}

func tagUnescape(c byte) byte {
	switch c {
	case ':':
		return ';'
	case 's':
		return ' '
	case 'r':
		return '\r'
	case 'n':
		return '\n'
	}
	return c
}
