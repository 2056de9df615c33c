package ircd

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"
)

// reply is what labeled-response adds to a message on its way to the client who asked.
type reply struct {
	label  string
	batch  string
	concat bool // the line goes on where the one before ended (draft/multiline)
}

// append adds m as a client with these capabilities gets it, CRLF included. Whatever the fields hold, what comes out
// is one line that parses back into the same number of parameters (traps 3, 4, 5 and 10 of irc.v4), is valid UTF-8,
// and has at most 512 bytes beside its tags; text that is too long ends at a rune.
func (m *Message) append(dst []byte, server string, have Cap, r reply) []byte {
	dst = m.appendTags(dst, have, r)
	body := len(dst)
	dst = m.appendSource(dst, server)
	dst = appendMiddle(dst, clip(m.Command))
	params := m.Params
	if m.Ext != 0 && have&m.Ext == m.Ext {
		params = m.ExtParams
	}
	if len(params) > maxParams {
		params = params[:maxParams]
	}
	for i, p := range params {
		dst = append(dst, ' ')
		if i < len(params)-1 {
			dst = appendMiddle(dst, p)
		} else {
			dst = appendLast(dst, p, isText(m.Command, len(params)))
		}
	}
	if len(dst)-body > maxLine-2 {
		dst = cutAtRune(dst, body+maxLine-2)
	}
	return append(dst, '\r', '\n')
}

// appendSource adds ":prefix " and, for what only the server at the other end of the wire can say, nothing.
func (m *Message) appendSource(dst []byte, server string) []byte {
	switch {
	case m.Prefix != nil && m.Prefix.Name != "":
		dst = appendPrefix(append(dst, ':'), m.Prefix)
	case m.Command == "ERROR" || m.Command == "PING" || m.Command == "AUTHENTICATE":
		return dst
	default:
		dst = append(append(dst, ':'), server...)
	}
	return append(dst, ' ')
}

// clip bounds what comes before the parameters, so that these always have room.
func clip(s string) string {
	if len(s) <= hostLen {
		return s
	}
	return string(cutAtRune([]byte(s), hostLen))
}

func cutAtRune(b []byte, n int) []byte {
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

func appendPrefix(dst []byte, p *irc.Prefix) []byte {
	dst = appendMiddle(dst, clip(p.Name))
	if p.User != "" {
		dst = append(dst, '!')
		dst = appendMiddle(dst, clip(p.User))
	}
	if p.Host != "" {
		dst = append(dst, '@')
		dst = appendMiddle(dst, clip(p.Host))
	}
	return dst
}

// appendMiddle adds a parameter that must not be empty, begin with a colon or hold a space.
func appendMiddle(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '*')
	}
	if s[0] == ':' {
		dst = append(dst, '_')
		s = s[1:]
	}
	return appendClean(dst, s, '_')
}

// isText tells whether the last of n parameters is text that always gets its colon: simple clients (ii) look for it.
func isText(command string, n int) bool {
	switch command {
	case "PRIVMSG", "NOTICE", "TOPIC", "PART", "ERROR",
		irc.RPL_NAMREPLY, irc.RPL_WHOISCHANNELS, irc.RPL_TOPIC, irc.RPL_AWAY, irc.RPL_MOTD, irc.RPL_INFO,
		irc.RPL_USERHOST, irc.RPL_ISON, irc.RPL_WHOISUSER, irc.RPL_LIST:
		return n > 1 || command == "ERROR"
	case "QUIT", "AWAY", "SETNAME":
		return true
	case "KICK":
		return n > 2
	}
	return false
}

func appendLast(dst []byte, s string, text bool) []byte {
	if text || s == "" || s[0] == ':' || strings.IndexByte(s, ' ') >= 0 {
		dst = append(dst, ':')
		return appendClean(dst, s, ' ')
	}
	// No space in it: none may come out of the cleaning either.
	return appendClean(dst, s, '_')
}

// appendClean adds s with CR, LF and NUL replaced, and spaces too when the replacement is no space; invalid UTF-8
// becomes U+FFFD.
func appendClean(dst []byte, s string, replacement byte) []byte {
	floor := byte(' ')
	if replacement == ' ' {
		floor = 0
	}
	ascii, clean := true, true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == 0 || c == '\r' || c == '\n' || c == floor:
			clean = false
		}
	}
	if !ascii && !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	if clean {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == 0 || c == '\r' || c == '\n' || c == floor {
			c = replacement
		}
		dst = append(dst, c)
	}
	return dst
}

// tagWriter joins tags with '@' before the first and a space after the last.
type tagWriter struct {
	b   []byte
	any bool
}

func (w *tagWriter) add(key, value string) {
	if w.any {
		w.b = append(w.b, ';')
	} else {
		w.b = append(w.b, '@')
		w.any = true
	}
	w.b = append(w.b, key...)
	if value != "" {
		w.b = append(w.b, '=')
		w.b = appendTagValue(w.b, value)
	}
}

func (m *Message) appendTags(dst []byte, have Cap, r reply) []byte {
	w := tagWriter{b: dst}
	if r.label != "" {
		w.add("label", r.label)
	}
	if batch := m.batchTag(have, r); batch != "" {
		w.add("batch", batch)
	}
	if r.concat {
		w.add(concatTag, "")
	}
	if have&CapServerTime != 0 && !m.Time.IsZero() {
		w.add("time", "")
		w.b = appendTime(append(w.b, '='), m.Time)
	}
	if have&CapAccountTag != 0 && m.Account != "" {
		w.add("account", m.Account)
	}
	if have&CapMessageTags != 0 {
		m.appendMessageTags(&w)
	}
	if w.any {
		w.b = append(w.b, ' ')
	}
	return w.b
}

func (m *Message) batchTag(have Cap, r reply) string {
	switch {
	case have&CapBatch == 0:
		return ""
	case m.Batch != "":
		return m.Batch
	}
	return r.batch
}

// ircv3.net/specs/client-tags/channel-context, and as clients of before 2025 know it.
const (
	contextTag      = "+channel-context"
	contextTagDraft = "+draft/channel-context"
)

func (m *Message) appendMessageTags(w *tagWriter) {
	if m.ID != "" {
		w.add("msgid", m.ID)
	}
	if m.Bot {
		w.add("bot", "")
	}
	context := m.Context != "" && ValidChannel(m.Context)
	if context {
		w.add(contextTag, m.Context)
		w.add(contextTagDraft, m.Context)
	}
	if len(m.Tags) == 0 {
		return
	}
	budget := maxTags - 2
	for _, k := range slices.Sorted(maps.Keys(m.Tags)) {
		if !strings.HasPrefix(k, "+") || !validTagKey(k) || context && (k == contextTag || k == contextTagDraft) {
			continue
		}
		before := *w
		w.add(k, m.Tags[k])
		if budget -= len(w.b) - len(before.b); budget < -1 { // -1: the ';' or '@' before the first
			*w = before
			return
		}
	}
}

// appendTagValue escapes: ircv3.net/specs/extensions/message-tags#escaping-values.
func appendTagValue(dst []byte, v string) []byte {
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "\ufffd")
	}
	for i := 0; i < len(v); i++ {
		switch c := v[i]; c {
		case ';':
			dst = append(dst, '\\', ':')
		case ' ':
			dst = append(dst, '\\', 's')
		case '\\':
			dst = append(dst, '\\', '\\')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\n':
			dst = append(dst, '\\', 'n')
		case 0:
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendTime adds t as ircv3.net/specs/extensions/server-time wants it: 2026-11-22T19:30:00.123Z.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	dst = appendDigits(append(dst, '.'), t.Nanosecond()/1e6, 3)
	return append(dst, 'Z')
}

func appendDigits(dst []byte, n, width int) []byte {
	for i := range width {
		d := n
		for range width - 1 - i {
			d /= 10
		}
		dst = append(dst, byte('0'+d%10))
	}
	return dst
}
