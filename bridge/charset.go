package bridge

import (
	"slices"
	"strings"

	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

// Entities says whose text beyond ASCII goes out as numeric entities (&#233;). The live server hands the bytes of a TOC
// client to AIM's own clients as if they were ASCII, so that UTF-8 shows there as nonsense; entities are understood by
// everything that reads HTML (TOC2 reference §4.2).
type Entities int

// The ways of Entities.
const (
	EntitiesAuto   Entities = iota // in IMs to those whose capabilities are those of AIM's own clients
	EntitiesAlways                 // everywhere
	EntitiesNever
)

// aimFamily begins and ends the capabilities that AIM gave its own clients: 0946XXXX-4c7f-11d1-8222-444553540000.
const aimFamily, aimFamilyEnd = "0946", "-4c7f-11d1-8222-444553540000"

// native reports whether somebody's capabilities are those of an AIM client of its own protocol. All that TOC clients get
// from the live server unasked is the one for chat, which is of no family.
func (c *contact) native() bool {
	return slices.ContainsFunc(c.caps, func(id string) bool {
		return strings.HasPrefix(id, aimFamily) && strings.HasSuffix(id, aimFamilyEnd)
	})
}

// entitiesFor reports whether text to somebody, or to a room (nil), has to be ASCII.
func (s *session) entitiesFor(to *contact) bool {
	switch s.o.Entities {
	case EntitiesAlways:
		return true
	case EntitiesAuto:
		return to != nil && to.native() && s.b.peer(to.key) == nil
	}
	return false
}

// htmlFor is a text as it is sent to somebody, or to a room (nil).
func (s *session) htmlFor(to *contact, t richtext.Text) string {
	if s.entitiesFor(to) {
		return richtext.EscapeEntities(t.HTML())
	}
	return t.HTML()
}

// sizeFor measures a text as it is sent.
func (s *session) sizeFor(to *contact) func(richtext.Text) int {
	if !s.entitiesFor(to) {
		return quotedSize
	}
	return func(t richtext.Text) int { return toc.QuotedLen(richtext.EscapeEntities(t.HTML())) }
}

// mendEmoji makes one U+FFFD of two: the live server turns each half of a character beyond U+FFFF, as OSCAR clients write
// them, into one (trap 7).
func mendEmoji(text string) string {
	return strings.ReplaceAll(text, "\uFFFD\uFFFD", "\uFFFD")
}
