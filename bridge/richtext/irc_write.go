package richtext

import "strings"

// IRC is the text with mIRC formatting codes, which begin anew on each line; line breaks stay
// "\n". A link is "text <url>", or only the URL where the text is just that. Colours are the
// nearest of the 99, always with two digits.
func (t Text) IRC() string {
	if len(t) == 0 {
		return ""
	}
	if len(t) == 1 && t[0].Style == (Style{}) {
		return t[0].Text
	}
	n := 0
	for _, sp := range t {
		n += len(sp.Text) + 16
	}
	return string(t.appendIRC(make([]byte, 0, n)))
}

// IRCSize is len(t.IRC()).
func IRCSize(t Text) int {
	if len(t) == 1 && t[0].Style == (Style{}) {
		return len(t[0].Text)
	}
	var buf [1024]byte
	return len(t.appendIRC(buf[:0]))
}

func (t Text) appendIRC(dst []byte) []byte {
	w := ircWriter{dst: dst}
	for i := 0; i < len(t); {
		link := t[i].Style.Link
		if link == "" {
			w.write(t[i].Style, t[i].Text)
			i++
			continue
		}
		end := t.linkEnd(i)
		w.link(t[i:end], link)
		i = end
	}
	w.codes(look{}, "")
	return w.dst
}

// linkEnd is the index behind the last span of the link that begins with span i.
func (t Text) linkEnd(i int) int {
	end := i + 1
	for end < len(t) && t[end].Style.Link == t[i].Style.Link {
		end++
	}
	return end
}

// look is what of a Style IRC can show.
type look struct {
	bold, italic, underline, strike, mono bool
	fg, bg                                int8 // mIRC colour numbers plus one; 0 is none
}

func lookOf(s *Style) look {
	l := look{bold: s.Bold, italic: s.Italic, underline: s.Underline, strike: s.Strike, mono: s.Mono}
	if s.FG.Set {
		l.fg = int8(mircNumber(s.FG)) + 1
	}
	if s.BG.Set {
		l.bg = int8(mircNumber(s.BG)) + 1
	}
	const ircWhite, ircBlack = 0 + 1, 1 + 1
	if l.bg == ircWhite && (l.fg == ircBlack || l.fg == 0) { // AIM's default, see the package comment
		l.bg = 0
	}
	if l.fg == ircBlack && l.bg == 0 {
		l.fg = 0
	}
	return l
}

// ircWriter appends text and the codes that lead from one look to the next.
type ircWriter struct {
	dst []byte
	cur look
}

func (w *ircWriter) write(st Style, s string) {
	l := lookOf(&st)
	for {
		line, rest, more := strings.Cut(s, "\n")
		if line != "" {
			w.codes(l, line)
			w.dst = append(w.dst, line...)
		}
		if !more {
			return
		}
		w.codes(look{}, "")
		w.dst = append(w.dst, '\n')
		s = rest
	}
}

// link writes the spans of one link, then its URL unless they show it.
func (w *ircWriter) link(spans Text, url string) {
	text, shown := shownAs(spans.String(), url)
	if shown && len(spans) == 1 {
		w.write(spans[0].Style, text)
		return
	}
	for _, sp := range spans {
		w.write(sp.Style, sp.Text)
	}
	if !shown {
		w.dst = append(w.dst, " <"...)
		w.dst = append(w.dst, url...)
		w.dst = append(w.dst, '>')
	}
}

// codes changes the look to l before text. The attributes are toggles; a colour is taken
// back by resetting everything, because a bare \x03 would swallow digits that follow.
func (w *ircWriter) codes(l look, text string) {
	if l == w.cur {
		return
	}
	if w.cur.fg != 0 && l.fg == 0 || w.cur.bg != 0 && l.bg == 0 {
		w.dst = append(w.dst, codeReset)
		w.cur = look{}
	}
	colored := l.fg != w.cur.fg || l.bg != w.cur.bg
	if colored {
		w.color(l)
	}
	n := len(w.dst)
	w.toggle(w.cur.bold != l.bold, codeBold)
	w.toggle(w.cur.italic != l.italic, codeItalic)
	w.toggle(w.cur.underline != l.underline, codeUnderline)
	w.toggle(w.cur.strike != l.strike, codeStrike)
	w.toggle(w.cur.mono != l.mono, codeMono)
	if colored && len(w.dst) == n && l.bg == 0 && len(text) > 1 && text[0] == ',' && isDigit(text[1]) {
		w.dst = append(w.dst, codeBold, codeBold) // or ",5" would be the background
	}
	w.cur = l
}

func (w *ircWriter) toggle(change bool, code byte) {
	if change {
		w.dst = append(w.dst, code)
	}
}

const defaultColor = 99

func (w *ircWriter) color(l look) {
	fg := int(l.fg) - 1
	if l.fg == 0 {
		fg = defaultColor
	}
	w.dst = append(w.dst, codeColor, byte('0'+fg/10), byte('0'+fg%10))
	if l.bg != 0 {
		bg := int(l.bg) - 1
		w.dst = append(w.dst, ',', byte('0'+bg/10), byte('0'+bg%10))
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
