package nicks

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocbridge/toc"
)

// tick begins and ends an escape.
const tick = '`'

// escapes names the ASCII punctuation that no nick can hold, and tick itself.
var escapes = [128]string{
	'!': "bang", '"': "quote", '#': "hash", '$': "dollar", '%': "percent", '&': "and", '\'': "apos", '(': "lpar",
	')': "rpar", '*': "star", '+': "plus", ',': "comma", '.': "dot", '/': "slash", ':': "colon", ';': "semi",
	'<': "lt", '=': "eq", '>': "gt", '?': "ask", '@': "at", '~': "tilde", tick: "tick",
}

var unescapes = func() map[string]rune {
	m := make(map[string]rune)
	for r, name := range escapes {
		if name != "" {
			m[name] = rune(r)
		}
	}
	return m
}()

// noName is the nick of the empty screen name, which only a broken server can send.
const noName = "`none`"

// Valid reports whether s is a legal nick: ASCII letters, digits, []\`_^{}| and "-", not
// beginning with a digit or "-", at most MaxLen.
func Valid(s string) bool {
	if s == "" || len(s) > MaxLen || !startsNick(s[0]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !inNick(s[i]) {
			return false
		}
	}
	return true
}

func startsNick(c byte) bool { // from "[" to "}" are []\^_` the lower case letters and {|}
	return 'A' <= c && c <= '}'
}

func inNick(c byte) bool { return startsNick(c) || '0' <= c && c <= '9' || c == '-' }

// encode is the nick of a screen name that can be read back, "" if there is none.
func encode(n toc.ScreenName) string {
	if Valid(string(n)) && strings.IndexByte(string(n), tick) < 0 {
		return string(n)
	}
	if nick := readable(n); nick != "" {
		return nick
	}
	return compact(n.Key())
}

// readable is the escaped form, "" if that is too long. Backquotes stay as they are, unless
// that would be read as something else.
func readable(n toc.ScreenName) string {
	key := n.Key()
	for _, ticks := range [...]bool{false, true} {
		nick := escape(string(n), ticks)
		if !Valid(nick) {
			continue
		}
		if back, ok := decode(nick); ok && back.Key() == key || key == "" {
			return nick
		}
	}
	return ""
}

func escape(name string, ticks bool) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(name, " ", "") { // bytes first, as Key does
		if r >= utf8.RuneSelf {
			r = unicode.ToLower(r) // as Key does; some become ASCII
		}
		switch {
		case r == tick && !ticks:
			b.WriteByte(tick)
		case r < utf8.RuneSelf && escapes[r] != "":
			b.WriteString("`" + escapes[r] + "`")
		case r < utf8.RuneSelf && inNick(byte(r)):
			if b.Len() == 0 && !startsNick(byte(r)) {
				b.WriteByte(tick)
			}
			b.WriteByte(byte(r))
		default:
			b.WriteString("`u" + strconv.FormatInt(int64(r), 16) + "`")
		}
	}
	if b.Len() == 0 {
		return noName
	}
	return b.String()
}

// decode is the screen name that a nick stands for. What is no legal nick stands for itself,
// if somebody can have meant a screen name by it.
func decode(nick string) (toc.ScreenName, bool) {
	if !Valid(nick) {
		return toc.ScreenName(nick), plausible(nick)
	}
	first := strings.IndexByte(nick, tick)
	if first < 0 {
		return toc.ScreenName(nick), true
	}
	if strings.EqualFold(nick, noName) {
		return "", false
	}
	if key, ok := expand(nick); ok {
		return toc.ScreenName(key), true
	}
	if first == 0 && len(nick) > 1 && !startsNick(nick[1]) {
		nick = nick[1:]
	}
	return toc.ScreenName(unescape(nick)), true
}

func unescape(nick string) string {
	var b strings.Builder
	for nick != "" {
		if nick[0] == tick {
			if r, n := escaped(nick); n > 0 {
				b.WriteRune(r)
				nick = nick[n:]
				continue
			}
		}
		b.WriteByte(nick[0])
		nick = nick[1:]
	}
	return b.String()
}

// escaped reads the escape at the start of s, which begins with a tick; n is 0 if it is none.
// Only what escape writes is one.
func escaped(s string) (r rune, n int) {
	end := strings.IndexByte(s[1:], tick)
	if end < 1 {
		return 0, 0
	}
	name := fold(s[1 : 1+end])
	n = end + 2
	if r, ok := unescapes[name]; ok {
		return r, n
	}
	if name[0] != 'u' || len(name) < 2 || name[1] == '0' && len(name) > 2 {
		return 0, 0
	}
	v, err := strconv.ParseUint(name[1:], 16, 32)
	r = rune(v)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(r) || unicode.ToLower(r) != r || 0x20 <= r && r < 0x7f {
		return 0, 0
	}
	return r, n
}

// plausible reports whether s, which is no legal nick, may be a screen name somebody typed.
func plausible(s string) bool {
	if s == "" || len(s) > 100 || !utf8.ValidString(s) || strings.ContainsAny(s, " ,*?!:#&%$\"<>") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) < 0
}

var base = base32.HexEncoding.WithPadding(base32.NoPadding)

// compact is the nick of a key whose escaped form is too long, "" if this is too.
func compact(key string) string {
	nick := "``" + strings.ToLower(base.EncodeToString([]byte(key)))
	if len(nick) > MaxLen {
		return ""
	}
	return nick
}

// expand undoes compact.
func expand(nick string) (key string, ok bool) {
	text, ok := strings.CutPrefix(nick, "``")
	if !ok {
		return "", false
	}
	b, err := base.DecodeString(strings.ToUpper(text))
	key = string(b)
	if err != nil || !utf8.ValidString(key) || toc.ScreenName(key).Key() != key || compact(key) != fold(nick) {
		return "", false
	}
	return key, readable(toc.ScreenName(key)) == ""
}

// minHash is how many characters of a hash are enough at first, maxHash how many there are.
const (
	minHash = 6
	maxHash = 30
)

// hashed is a nick for a name that has no other: the readable part of it and size characters of
// a hash of its Key. It is the same after a restart.
func hashed(n toc.ScreenName, size int) string {
	sum := sha256.Sum256([]byte(n.Key()))
	size = min(size, maxHash)
	head := make([]byte, 0, MaxLen)
	for _, r := range string(n) {
		if len(head) == MaxLen-len("``")-size {
			break
		}
		if r >= utf8.RuneSelf || r == tick || !inNick(byte(r)) {
			continue
		}
		if len(head) > 0 || startsNick(byte(r)) {
			head = append(head, byte(r))
		}
	}
	return string(head) + "``" + strings.ToLower(base.EncodeToString(sum[:]))[:size]
}

// fold is s under CASEMAPPING=ascii.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return foldCopy(s)
		}
	}
	return s
}

func foldCopy(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// foldsTo reports whether fold(s) == folded.
func foldsTo(s, folded string) bool {
	if len(s) != len(folded) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != folded[i] {
			return false
		}
	}
	return true
}
