package bridge

import (
	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// absentText is the away message when nobody sits at any client.
const absentText = "Nobody is at the keyboard"

// away is AWAY: shown on AIM, and to all clients of the account. AWAY * says that nobody sits at this client (IRCv3
// pre-away); the account is away by that only if it is so of all its clients.
func (s *session) away(c *client, m *irc.Message) error {
	text := m.Param(0)
	if text == "*" {
		c.absent = true
		s.refreshAway()
		c.conn.Reply(irc.RPL_NOWAWAY, "You have been marked as being away")
		return nil
	}
	c.absent, s.awaySaid = false, cut(text)
	s.refreshAway()
	for _, cl := range s.clients {
		if text == "" {
			cl.conn.Reply(irc.RPL_UNAWAY, "You are no longer marked as being away")
		} else {
			cl.conn.Reply(irc.RPL_NOWAWAY, "You have been marked as being away")
		}
	}
	return nil
}

// refreshAway makes the account away, or not, as the user said and the clients are.
func (s *session) refreshAway() {
	text := s.awaySaid
	if text == "" && s.nobodyHere() {
		text = absentText
	}
	if text == s.awayText {
		return
	}
	s.awayText = text
	if info := s.info.Load(); info != nil {
		now := *info
		now.away = text
		s.info.Store(&now)
		s.tellNeighbours(func(p *session, us *contact) { p.neighbourAway(us, text) })
	}
	s.send(s.awayCommand())
}

func (s *session) nobodyHere() bool {
	for _, c := range s.clients {
		if !c.absent {
			return false
		}
	}
	return len(s.clients) > 0
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
	if !c.conn.Has(ircd.CapPreAway) {
		s.refreshAway()
	}
}
