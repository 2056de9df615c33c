package richtext

import "strings"

// element is what a start or end tag does.
type element func(p *reader, attrs string, closing bool)

// elements: those of AIM (TOC2 reference §5.1) and what else turns up in profiles and in
// text pasted from elsewhere. Those not here are handled by strange.
var elements = map[string]element{
	"b": bold, "strong": bold, "i": italic, "em": italic, "cite": italic, "u": underline, "ins": underline,
	"s": strike, "strike": strike, "del": strike, "tt": mono, "code": mono, "kbd": mono, "samp": mono,
	"a": anchor, "font": fontElement, "br": lineBreak, "hr": rule, "img": image, "pre": pre, "li": item,
	"p": block, "div": block, "center": block, "blockquote": block, "table": block, "tr": block, "ul": block,
	"ol": block, "dl": block, "dt": block, "dd": block, "td": cell, "th": cell,
	"h1": heading, "h2": heading, "h3": heading, "h4": heading, "h5": heading, "h6": heading,
	"html": page, "head": page, "body": page, "title": hidden("title"), "style": hidden("style"),
	"script": hidden("script"), "binary": hidden("binary"),
	"sub": ignored, "sup": ignored, "big": ignored, "small": ignored, "span": ignored, "nobr": ignored,
	"wbr": ignored, "tbody": ignored, "thead": ignored, "tfoot": ignored,
}

// maxElementName is that of "blockquote".
const maxElementName = 10

// tag handles a tag; false if it is text after all.
func (p *reader) tag(name, attrs string, closing, selfClosed bool) bool {
	if len(name) == 1 && attrs != "" && strings.IndexByte(attrs, '=') < 0 { // "x <a lot, y> z"
		return false
	}
	var buf [maxElementName]byte
	if len(name) <= len(buf) {
		for i := 0; i < len(name); i++ {
			c := name[i]
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			buf[i] = c
		}
		if e := elements[string(buf[:len(name)])]; e != nil {
			e(p, attrs, closing)
			if selfClosed && !closing {
				e(p, "", true)
			}
			return true
		}
	}
	return p.strange(strings.ToLower(name), attrs, closing, selfClosed)
}

// strange decides on an element we do not know: "<bob> hi" pasted from IRC and "</rant>" are
// text; what has attributes, or both a start and an end, is markup and left out.
func (p *reader) strange(name, attrs string, closing, selfClosed bool) bool {
	if closing {
		if p.unknown[name] == 0 {
			return false
		}
		p.unknown[name]--
		return true
	}
	if selfClosed || strings.IndexByte(attrs, '=') >= 0 && !p.hasEnd(name) {
		return true
	}
	if !p.hasEnd(name) {
		return false
	}
	if p.unknown == nil {
		p.unknown = make(map[string]int)
	}
	p.unknown[name]++
	return true
}

// hasEnd reports whether an end tag of that name is anywhere in the source.
func (p *reader) hasEnd(name string) bool {
	if p.ends == nil {
		p.ends = make(map[string]struct{})
		for s := p.src; ; {
			i := strings.Index(s, "</")
			if i < 0 {
				break
			}
			s = s[i+2:]
			n := 0
			for n < len(s) && isAlnum(s[n]) {
				n++
			}
			p.ends[strings.ToLower(s[:n])] = struct{}{}
		}
	}
	_, ok := p.ends[name]
	return ok
}

// count notes one more, or one less, enclosing element.
func count(n *int, closing bool) {
	switch {
	case !closing:
		*n++
	case *n > 0:
		*n--
	}
}

func bold(p *reader, _ string, closing bool)      { count(&p.bold, closing) }
func italic(p *reader, _ string, closing bool)    { count(&p.italic, closing) }
func underline(p *reader, _ string, closing bool) { count(&p.underline, closing) }
func strike(p *reader, _ string, closing bool)    { count(&p.strike, closing) }
func mono(p *reader, _ string, closing bool)      { count(&p.mono, closing) }
func block(p *reader, _ string, _ bool)           { p.block() }
func ignored(*reader, string, bool)               {}

// page: its line ends are layout, but a space at the start of a message may be meant.
func page(p *reader, _ string, _ bool) { p.eatLF = true }

func hidden(name string) element {
	return func(p *reader, _ string, closing bool) {
		if !closing {
			p.skip = name
		}
	}
}

// lineBreak: "</br>" is one too, unless it is the end of a "<br>".
func lineBreak(p *reader, _ string, closing bool) {
	if !closing || !p.eatLF {
		p.lineBreak()
	}
}

func heading(p *reader, _ string, closing bool) {
	p.block()
	count(&p.bold, closing)
}

func pre(p *reader, _ string, closing bool) {
	p.block()
	p.eatSpace, p.eatLF = closing, !closing
	count(&p.mono, closing)
}

func item(p *reader, _ string, closing bool) {
	p.block()
	if !closing {
		p.write("* ")
		p.eatSpace = true
	}
}

func cell(p *reader, _ string, closing bool) {
	if last := p.b.last(); !closing && !p.lineDue && last != ' ' && last != '\n' {
		p.write(" ")
	}
	p.eatSpace = true
}

func rule(p *reader, _ string, closing bool) {
	if closing {
		return
	}
	p.block()
	p.write("--------")
	p.block()
}

// image shows the text that stands for it, leading to the picture if that is on the web.
func image(p *reader, attrs string, closing bool) {
	if closing {
		return
	}
	alt, _ := attr(attrs, "alt")
	if strings.TrimSpace(alt) == "" {
		alt = "[image]"
	}
	if src, _ := attr(attrs, "src"); p.link == "" && hasScheme(src) {
		p.link = cleanLink(src)
		p.write(alt)
		p.link = ""
		return
	}
	p.write(alt)
}

func anchor(p *reader, attrs string, closing bool) {
	p.endLink()
	if closing {
		return
	}
	if href, ok := attr(attrs, "href"); ok {
		p.link, p.linkText = cleanLink(href), false
	}
}

// endLink closes the open link. One without text shows its URL.
func (p *reader) endLink() {
	if p.link != "" && !p.linkText {
		p.write(p.link)
	}
	p.link = ""
}

// fontElement: COLOR, AIM's BACK, FACE as far as it is a fixed-width one; what is not named
// stays as around it. ECT is how naim hides requests to programs: not for people.
func fontElement(p *reader, attrs string, closing bool) {
	if closing {
		if n := len(p.fonts); n > 0 {
			p.fonts = p.fonts[:n-1]
		}
		return
	}
	var f font
	if n := len(p.fonts); n > 0 {
		f = p.fonts[n-1]
	}
	eachAttr(attrs, func(name, value string) bool {
		switch {
		case strings.EqualFold(name, "color"):
			f.fg = orElse(parseColor(value), f.fg)
		case strings.EqualFold(name, "back"):
			f.bg = orElse(parseColor(value), f.bg)
		case strings.EqualFold(name, "face"):
			f.mono = isMonoFace(value)
		case strings.EqualFold(name, "ect"):
			p.skip = "font"
		}
		return true
	})
	p.fonts = append(p.fonts, f)
}

func orElse(c, other Color) Color {
	if c.Set {
		return c
	}
	return other
}

func isMonoFace(face string) bool {
	if len(face) > 100 {
		return false
	}
	face = strings.ToLower(face)
	for _, f := range [...]string{"courier", "mono", "consol", "fixed", "terminal", "typewriter", "menlo"} {
		if strings.Contains(face, f) {
			return true
		}
	}
	return false
}

// attr is the value of an attribute, unescaped.
func attr(attrs, name string) (value string, ok bool) {
	eachAttr(attrs, func(n, v string) bool {
		if strings.EqualFold(n, name) {
			value, ok = v, true
		}
		return !ok
	})
	return value, ok
}

// eachAttr calls f with the attributes in order, values unescaped, until it returns false.
func eachAttr(s string, f func(name, value string) bool) {
	const space = " \t\r\n"
	for {
		s = strings.TrimLeft(s, space+"/=\"'")
		n := strings.IndexAny(s, space+"=")
		if n < 0 {
			return // a name without a value means nothing to us
		}
		name := s[:n]
		s = strings.TrimLeft(s[n:], space)
		if !strings.HasPrefix(s, "=") {
			continue
		}
		var value string
		value, s = attrValue(strings.TrimLeft(s[1:], space))
		if !f(name, unescape(value)) {
			return
		}
	}
}

// attrValue cuts the value off the start of s.
func attrValue(s string) (value, rest string) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, rest, _ = strings.Cut(s[1:], s[:1])
		return value, rest
	}
	n := strings.IndexAny(s, " \t\r\n")
	if n < 0 {
		n = len(s)
	}
	return s[:n], s[n:]
}
