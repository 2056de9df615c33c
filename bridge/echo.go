package bridge

import (
	"strings"
	"tocbridge/ircd"

	irc "gopkg.in/irc.v4"
)

// echo shows what one client said to the others of the account, and to itself if it asked for that.
func (s *session) echo(im outgoing, st stamp) {
	from := im.c
	if from != nil && len(s.clients) == 1 && !from.conn.Has(ircd.CapEchoMessage) {
		s.showOwn(from, st)
		return
	}
	with := aside{id: st.id, at: st.at, tags: im.tags}
	m := s.said(s.own(im.m, im.command, im.who.nick(), im.raw), s.self, with)
	var plain *ircd.Message
	for _, c := range s.clients {
		switch {
		case c == from:
			s.showOwn(c, st, m)
		case c.conn.Has(ircd.CapEchoMessage) || c.conn.Has(ircd.CapSelfMessage):
			s.showTo(c, st, m)
		default:
			if plain == nil {
				plain = s.said(ircd.NewMultiline(im.who.prefix, "NOTICE", s.Nick(), readable(s.Nick(), im.raw)), s.self, with)
			}
			s.showTo(c, st, plain)
		}
	}
}

// own is what one client said, as the others see it: in the lines in which it was said.
func (s *session) own(m *irc.Message, command, target, text string) *ircd.Message {
	if strings.Contains(text, "\n") {
		return ircd.NewMultiline(s.self.prefix, command, target, ircd.Lines(m))
	}
	return ircd.NewMessage(s.self.prefix, command, target, text)
}

// readable is what was said for a client that cannot show it as our own.
func readable(nick, text string) (lines []ircd.Line) {
	if inner, ok := strings.CutPrefix(text, "\x01ACTION "); ok {
		text = "* " + nick + " " + strings.TrimSuffix(inner, "\x01")
	}
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, ircd.Line{Text: "-> " + line})
	}
	return lines
}
