package richtext

// The formatting codes of modern.ircdocs.horse/formatting.
const (
	codeBold      = 0x02
	codeColor     = 0x03
	codeHexColor  = 0x04
	codeReset     = 0x0f
	codeMono      = 0x11
	codeReverse   = 0x16
	codeItalic    = 0x1d
	codeStrike    = 0x1e
	codeUnderline = 0x1f
)

// ParseIRC reads text with mIRC formatting codes. URLs become links. Formatting ends with
// the line, as it does on IRC. Other control characters are dropped.
func ParseIRC(s string) Text {
	if isClean(s) {
		return linkify(Plain(s))
	}
	var b builder
	var f format
	for s != "" {
		n := plainLen(s)
		if n > 0 {
			b.writeString(f.style(), s[:n])
			s = s[n:]
			continue
		}
		if s[0] == '\n' || s[0] == '\r' {
			f = format{}
			b.writeString(Style{}, s[:1])
			s = s[1:]
			continue
		}
		s = s[f.code(s):]
	}
	return linkify(b.text())
}

// plainLen is the length of the text before the next control character.
func plainLen(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 && s[i] != '\t' {
			return i
		}
	}
	return len(s)
}

// format is what the codes have switched on so far.
type format struct {
	st      Style
	reverse bool
}

// style resolves reverse video: AIM has only colours, black on white by default.
func (f *format) style() Style {
	st := f.st
	if f.reverse {
		st.FG, st.BG = orElse(st.BG, white), orElse(st.FG, black)
	}
	return st
}

// code obeys the code at the start of s and returns its length.
func (f *format) code(s string) int {
	switch s[0] {
	case codeBold:
		f.st.Bold = !f.st.Bold
	case codeItalic:
		f.st.Italic = !f.st.Italic
	case codeUnderline:
		f.st.Underline = !f.st.Underline
	case codeStrike:
		f.st.Strike = !f.st.Strike
	case codeMono:
		f.st.Mono = !f.st.Mono
	case codeReverse:
		f.reverse = !f.reverse
	case codeReset:
		*f = format{}
	case codeColor:
		return f.color(s, ircColor)
	case codeHexColor:
		return f.color(s, ircHexColor)
	}
	return 1
}

// color obeys "\x03", "\x03FG" and "\x03FG,BG", with the colours read by parse, which returns
// how long the colour is.
func (f *format) color(s string, parse func(string) (Color, int)) int {
	n := 1
	fg, size := parse(s[n:])
	if size == 0 {
		f.st.FG, f.st.BG = Color{}, Color{}
		return n
	}
	f.st.FG = fg
	n += size
	if n < len(s) && s[n] == ',' {
		if bg, size := parse(s[n+1:]); size > 0 {
			f.st.BG = bg
			n += 1 + size
		}
	}
	return n
}

// ircColor reads one or two digits.
func ircColor(s string) (Color, int) {
	n, size := 0, 0
	for size < 2 && size < len(s) && isDigit(s[size]) {
		n = n*10 + int(s[size]-'0')
		size++
	}
	if size == 0 {
		return Color{}, 0
	}
	return mircColor(n), size
}

// ircHexColor reads six hexadecimal digits.
func ircHexColor(s string) (Color, int) {
	if len(s) < 6 {
		return Color{}, 0
	}
	v, ok := parseHex(s[:6])
	if !ok {
		return Color{}, 0
	}
	return rgb(v), 6
}
