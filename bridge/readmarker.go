package bridge

import (
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

// markerMax bounds the conversations with a read marker.
const markerMax = 10_000

// kindRead is the kind of state of read markers: conversation -> time as in MARKREAD.
const kindRead = "read"

// markread is MARKREAD (ircv3.net/specs/extensions/read-marker): asks how far the user has read, or says it.
func (s *session) markread(c *client, m *irc.Message) error {
	fail := func(code string, rest ...string) error {
		c.conn.FailFor(ircd.CapReadMarker, "MARKREAD", code, rest...)
		return nil
	}
	if m.Param(0) == "" {
		return fail("NEED_MORE_PARAMS", "Missing parameters")
	}
	target := m.Params[0]
	key, ok := s.conversationOf(target)
	if !ok {
		return fail("INVALID_PARAMS", target, "Invalid parameters")
	}
	if len(m.Params) < 2 {
		c.conn.Send(s.markerMessage(key, target))
		return nil
	}
	value, ok := strings.CutPrefix(m.Params[1], "timestamp=")
	at, err := time.Parse(serverTime, value)
	if !ok || err != nil {
		return fail("INVALID_PARAMS", orStar(m.Params[1]), "Invalid parameters")
	}
	if now := time.Now().UTC(); at.After(now) {
		at = now
	}
	value = at.Format(serverTime)
	if value <= s.markers[key] {
		c.conn.Send(s.markerMessage(key, target))
		return nil
	}
	if _, known := s.markers[key]; !known && len(s.markers) >= markerMax {
		return fail("INTERNAL_ERROR", target, "The read timestamp could not be set: there are too many")
	}
	s.setMarker(key, value)
	for _, cl := range s.clients {
		cl.conn.Send(s.markerMessage(key, target))
	}
	return nil
}

func (s *session) setMarker(key, value string) {
	if s.markers == nil {
		s.markers = map[string]string{}
	}
	s.markers[key] = value
	s.saveState(kindRead, key, value)
}

func (s *session) markerMessage(key, title string) *ircd.Message {
	value := "*"
	if at := s.markers[key]; at != "" {
		value = "timestamp=" + at
	}
	return ircd.NewMessage(nil, "MARKREAD", title, value)
}

// showMarker follows the JOIN of a channel, before the end of its names.
func (s *session) showMarker(c *client, channel string) {
	if c.conn.Has(ircd.CapReadMarker) {
		c.conn.Send(s.markerMessage(ircd.Fold(channel), channel))
	}
}
