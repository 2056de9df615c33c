package toc

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCommand is the longest command the live server takes, in bytes without
// the closing NUL; after a longer one it closes the connection (ref 1).
const MaxCommand = 2048

// ErrTooLong is returned for a command over MaxCommand.
var ErrTooLong = errors.New("toc: command too long")

// What becomes of a byte of an argument.
const (
	plain  = iota
	escape // a backslash goes before it
	quote
	drop // control characters; TAB is text, LF may be
)

// style says how an argument is written so that the far side reads what was
// meant. Styles are not changed once made.
type style struct {
	quote     string    // what stands for a quote
	backslash bool      // the server deletes backslashes
	entities  bool      // a last white space can be an entity
	kinds     [256]byte // what becomes of each byte
	grows     [256]int8 // and how much longer that is
}

var (
	htmlStyle = newStyle("&quot;", true, true).withEntities()
	argStyle  = newStyle(`""`, true, false)
	passStyle = newStyle(`""`, true, true)
	rawStyle  = newStyle(`""`, false, false)
	listStyle = newStyle(`\"`, true, false) // toc2_new_buddies: no CSV reader
)

// newStyle makes a style; with lines, LF is text.
func newStyle(quoted string, backslash, lines bool) *style {
	st := &style{quote: quoted, backslash: backslash}
	for c := range byte(' ') {
		st.kinds[c] = drop
	}
	st.kinds['\t'], st.kinds[0x7f], st.kinds['"'] = plain, drop, quote
	if lines {
		st.kinds['\n'] = plain
	}
	if backslash {
		for _, c := range `\$(){}[]` { // only \ needs it on the live server, the others did on AOL's
			st.kinds[c] = escape
		}
	}
	for c, k := range st.kinds {
		st.grows[c] = [...]int8{plain: 0, escape: 1, quote: int8(len(quoted) - 1), drop: -1}[k]
	}
	return st
}

func (st *style) withEntities() *style {
	st.entities = true
	return st
}

// appendHTML appends a quoted HTML argument. `"` becomes `&quot;`, which every
// server leaves alone; the live one would cut the text at a `\"` and a space.
// White space at the ends, which it trims, is shielded by a backslash at the
// front and by an entity at the back.
func appendHTML(dst []byte, s string) []byte { return appendQuoted(dst, s, htmlStyle) }

func appendQuoted(dst []byte, s string, st *style) []byte {
	dst = append(dst, '"')
	dst = st.append(dst, s)
	return append(dst, '"')
}

// append appends s without the outer quotes.
func (st *style) append(dst []byte, s string) []byte {
	s = st.strip(s)
	core, last := st.ends(s)
	if _, ok := leadingSpace(core); ok && st.backslash {
		dst = append(dst, '\\')
	}
	for len(core) > 0 {
		i := st.run(core)
		dst = append(dst, core[:i]...)
		if i == len(core) {
			break
		}
		switch st.kinds[core[i]] {
		case escape:
			dst = append(dst, '\\', core[i])
		case quote:
			dst = append(dst, st.quote...)
		}
		core = core[i+1:]
	}
	if last >= 0 {
		dst = append(dst, "&#"...)
		dst = strconv.AppendInt(dst, int64(last), 10)
		dst = append(dst, ';')
	}
	return dst
}

// size is the length of what append appends.
func (st *style) size(s string) int {
	s = st.strip(s)
	core, last := st.ends(s)
	n := len(core)
	if _, ok := leadingSpace(core); ok && st.backslash {
		n++
	}
	for i := 0; i < len(core); i++ {
		n += int(st.grows[core[i]])
	}
	if last >= 0 {
		n += len("&#;") + digits(int(last))
	}
	return n
}

// run is the length of the plain part at the start of s.
func (st *style) run(s string) int {
	for i := 0; i < len(s); i++ {
		if st.kinds[s[i]] != plain {
			return i
		}
	}
	return len(s)
}

// nel is white space to the server; as an entity, HTML readers take it for an
// ellipsis of Windows-1252.
const nel = "\u0085"

// strip takes off dropped bytes at both ends, and all of them where they could
// hide a character between the bytes that make it.
func (st *style) strip(s string) string {
	if !utf8.ValidString(s) {
		s = st.dropAll(s)
	}
	for s != "" && st.kinds[s[0]] == drop {
		s = s[1:]
	}
	for s != "" {
		switch {
		case st.kinds[s[len(s)-1]] == drop:
			s = s[:len(s)-1]
		case st.entities && strings.HasSuffix(s, nel):
			s = s[:len(s)-len(nel)]
		default:
			return s
		}
	}
	return s
}

func (st *style) dropAll(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if st.kinds[s[i]] != drop {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// ends separates white space at the end from what can be written plainly:
// with entities the last rune, which then shields the others, else all of it,
// as the server would not have taken it anyhow. The rune is -1 if there is none.
func (st *style) ends(s string) (core string, last rune) {
	r, n, ok := trailingSpace(s)
	switch {
	case !ok || !st.backslash && !st.entities:
		return s, -1
	case st.entities:
		return s[:len(s)-n], r
	}
	return strings.TrimRightFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r < utf8.RuneSelf && st.kinds[byte(r)] == drop
	}), -1
}

func digits(n int) int {
	d := 1
	for ; n > 9; n /= 10 {
		d++
	}
	return d
}

// appendName appends a screen name, normalised: bare if possible, in quotes
// where a bare one would be read as something else.
func appendName(dst []byte, n ScreenName) []byte {
	start := len(dst)
	dst = appendKey(dst, n)
	name := dst[start:]
	if len(name) > 0 && name[0] != '"' && !spaceAtEnds(name) {
		return dst
	}
	s := strings.TrimSpace(string(name))
	if s != "" && s[0] != '"' {
		return append(dst[:start], s...)
	}
	return appendQuoted(dst[:start], s, rawStyle)
}

// appendKey appends n.Key() without control characters.
func appendKey(dst []byte, n ScreenName) []byte {
	key := string(n)
	if i := strings.IndexFunc(key, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
		key = n.Key() // Unicode has a lower case of its own; else it is done on the way
	}
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c|0x20)
		case c > ' ' && c != 0x7f:
			dst = append(dst, c)
		}
	}
	return dst
}

func spaceAtEnds(b []byte) bool {
	first, _ := utf8.DecodeRune(b)
	last, _ := utf8.DecodeLastRune(b)
	return unicode.IsSpace(first) || unicode.IsSpace(last)
}

// CanSendPassword reports whether a server that reads ChangePassword would
// store exactly this password. White space at the end cannot be said, nor can
// control characters. (A sign-on can say any password.)
func CanSendPassword(password string) bool {
	args := splitArgs(nil, string(appendQuoted([]byte{' '}, password, passStyle)))
	return len(args) == 1 && unescape(strings.TrimSpace(args[0])) == password
}

// QuotedLen returns how many bytes an HTML text takes inside its quotes, in
// SendIM and all other commands with a Text of HTML. It does not allocate.
func QuotedLen(text string) int { return htmlStyle.size(text) }

// room is what MaxCommand leaves for the HTML in `verb name ""`.
func room(verb string, to ScreenName) int {
	var buf [64]byte
	return MaxCommand - len(verb) - len(appendName(buf[:0], to)) - len(`  ""`)
}

// IMRoom returns how many bytes one SendIM has for QuotedLen(Text).
func IMRoom(to ScreenName, auto bool) int {
	n := room("toc2_send_im", to)
	if auto {
		n -= len(" auto")
	}
	return n
}

// IMEncRoom is IMRoom for SendIMEnc.
func IMEncRoom(c SendIMEnc) int {
	c.Text = ""
	var buf [128]byte
	return MaxCommand - len(c.Append(buf[:0]))
}

// ChatRoom returns how many bytes one ChatSend has for QuotedLen(Text).
func ChatRoom(id int) int {
	var buf [64]byte
	return MaxCommand - len(ChatSend{Room: id}.Append(buf[:0]))
}

// WhisperRoom is ChatRoom for ChatWhisper.
func WhisperRoom(id int, to ScreenName) int {
	var buf [64]byte
	return MaxCommand - len(ChatWhisper{Room: id, To: to}.Append(buf[:0]))
}

// InviteRoom returns how many bytes one ChatInviteTo has for QuotedLen(Text).
func InviteRoom(id int, names ...ScreenName) int {
	var buf [256]byte
	return MaxCommand - len(ChatInviteTo{Room: id, Names: names}.Append(buf[:0]))
}

// AwayRoom returns how many bytes one SetAway has for QuotedLen(Text).
func AwayRoom() int { return MaxCommand - len(`toc_set_away ""`) }

// InfoRoom returns how many bytes one SetInfo has for QuotedLen(Text).
func InfoRoom() int { return MaxCommand - len(`toc_set_info ""`) }
