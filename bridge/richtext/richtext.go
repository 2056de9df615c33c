// Package richtext turns AIM HTML into IRC formatting and back.
package richtext

// Color is a colour of text or background. The zero value is "not set".
type Color struct {
	Set     bool
	R, G, B uint8
}

// Style is how a span looks. Comparable; the zero value is plain text.
type Style struct {
	Bold, Italic, Underline, Strike, Mono bool
	FG, BG                                Color
	Link                                  string // where it leads; "" is no link
}

// Span is a piece of text of one style. A line break is "\n".
type Span struct {
	Text  string
	Style Style
}

// Text is formatted text: spans in order, no two neighbours of equal style, none empty.
type Text []Span

// ParseHTML reads AIM HTML, however broken.
func ParseHTML(s string) Text { return Plain(s) }

// ParseIRC reads text with mIRC formatting codes.
func ParseIRC(s string) Text { return Plain(s) }

// Plain is s without any formatting.
func Plain(s string) Text {
	if s == "" {
		return nil
	}
	return Text{{Text: s}}
}

// HTML is the text in minimal AIM HTML.
func (t Text) HTML() string { return t.String() }

// IRC is the text with mIRC formatting codes; line breaks stay "\n".
func (t Text) IRC() string { return t.String() }

// String is the text without formatting.
func (t Text) String() string {
	s := ""
	for _, sp := range t {
		s += sp.Text
	}
	return s
}

// Lines splits the text at its line breaks.
func (t Text) Lines() []Text { return []Text{t} }

// Split cuts the text into parts of at most max by size, at spaces when possible.
func (t Text) Split(max int, size func(Text) int) []Text { return []Text{t} }

// HTMLSize is len(t.HTML()).
func HTMLSize(t Text) int { return len(t.HTML()) }

// IRCSize is len(t.IRC()).
func IRCSize(t Text) int { return len(t.IRC()) }

// CutAction reports whether the text is an action and returns it without its "/me ".
func CutAction(t Text) (Text, bool) { return t, false }

// EscapeEntities writes every character beyond ASCII as &#NNN;.
func EscapeEntities(html string) string { return html }
