package bridge

import (
	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// absentText is the away message when nobody sits at any client and the options have none.
const absentText = "Nobody is at the keyboard"

// away is AWAY: shown on AIM, and to all clients of the account. AWAY * says that nobody sits at this client (IRCv3
// pre-away); the account is away by that only if it is so of all its clients.
func (s *session) away(c *client, m *irc.Message) error {
	text := m.Param(0)
	if text == "*" {
		c.absent = true
		s.refreshAway()
		if s.absence() != "" {
			s.beginAbsence()
		}
		c.conn.Reply(irc.RPL_NOWAWAY, "You have been marked as being away")
		return nil
	}
	c.absent, s.awaySaid = false, cut(text)
	s.saveState(kindAway, "text", s.awaySaid)
	s.refreshAway()
	for _, cl := range s.clients {
		if text == "" {
			cl.conn.Reply(irc.RPL_UNAWAY, "You are no longer marked as being away")
		} else {
			cl.conn.Reply(irc.RPL_NOWAWAY, "You have been marked as being away")
		}
	}
	if text == "" {
		s.tellMissed(c)
	} else {
		s.beginAbsence()
	}
	return nil
}

// refreshAway makes the account away, or not, as the user said and the clients are. Another text is another away period.
func (s *session) refreshAway() {
	text := s.awaySaid
	if text == "" {
		text = s.absence()
	}
	if text == s.awayText {
		return
	}
	s.awayText = text
	clear(s.answered)
	if info := s.info.Load(); info != nil {
		now := *info
		now.away = text
		s.info.Store(&now)
		s.tellNeighbours(func(p *session, us *contact) { p.neighbourAway(us, text) })
	}
	s.send(s.awayCommand())
}

// absence is the away message for when nobody is there: at none of the clients, or with no client left while the account
// stays on. "" says that somebody is, or that this is not to be told.
func (s *session) absence() string {
	if len(s.clients) == 0 {
		if s.alone {
			return s.o.AwayText
		}
		return ""
	}
	for _, c := range s.clients {
		if !c.absent {
			return ""
		}
	}
	if s.o.AwayText == "" {
		return absentText
	}
	return s.o.AwayText
}

// leaveAlone says that the account stays on without a client.
func (s *session) leaveAlone() {
	s.alone = true
	s.refreshAway()
	s.beginAbsence()
}

// awayCommand is the away text as AIM gets it, cut to what fits.
func (s *session) awayCommand() toc.Command {
	parts := richtext.ParseIRC(s.awayText).Split(toc.AwayRoom(), quotedSize)
	if len(parts) == 0 {
		return toc.SetAway{}
	}
	return toc.SetAway{Text: parts[0].HTML()}
}

// here is for a client that came: unless it may still say that nobody sits at it, somebody does.
func (s *session) here(c *client) {
	s.alone = false
	if !c.conn.Has(ircd.CapPreAway) {
		s.refreshAway()
	}
}
