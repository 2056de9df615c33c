package bridge

import (
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/toc"
)

var (
	_ ircd.Watcher  = (*session)(nil)
	_ ircd.Capable  = (*Bridge)(nil)
	_ ircd.Identity = (*session)(nil)
)

// Capabilities implements ircd.Capable.
func (b *Bridge) Capabilities() ircd.Cap {
	return ircd.CapMultiline | ircd.CapExtendedMonitor | ircd.CapChatHistory | ircd.CapEventPlayback | ircd.CapReadMarker |
		ircd.CapSearch | ircd.CapNetworks | ircd.CapNetworksNotify
}

// Monitor implements ircd.Watcher. AIM tells the presence of buddies only, so somebody else who is watched becomes a
// buddy of this connection to AIM alone, which no list shows.
func (s *session) Monitor(_ *ircd.Conn, added, removed []string) {
	for _, nick := range added {
		if name, ok := s.nicks.Name(nick); ok {
			s.watch(s.roster.contact(name))
		}
	}
	for _, nick := range removed {
		if name, ok := s.nicks.Name(nick); ok {
			s.unwatch(s.roster.contact(name))
		}
	}
}

func (s *session) watch(c *contact) {
	c.watched++
	s.b.near.watch(c.key, s)
	if c.watched > 1 || c.buddy() || c == s.self {
		return
	}
	s.send(toc.AddBuddies{Names: []toc.ScreenName{toc.ScreenName(c.key)}})
	if s.mayFence() { // of who is not there the server says nothing
		s.fence(answerTime, func() {
			if !c.known {
				c.known = true
				s.tellMonitors(c, departed)
			}
		})
	}
}

func (s *session) unwatch(c *contact) {
	if c.watched == 0 {
		return
	}
	c.watched--
	if c.watched == 0 {
		s.b.near.unwatch(c.key, s)
	}
	if c.watched == 0 && !c.buddy() && c != s.self {
		s.send(toc.RemoveBuddiesV1{Names: []toc.ScreenName{toc.ScreenName(c.key)}})
		c.known = false
	}
}

// unwatchAll is for a client that is gone.
func (s *session) unwatchAll(c *ircd.Conn) {
	s.Monitor(c, nil, c.Monitored())
}

// Online implements ircd.Watcher.
func (s *session) Online(nick string) *irc.Prefix {
	name, ok := s.nicks.Name(nick)
	switch {
	case isControl(nick):
		return s.controlPrefix()
	case !ok:
		return nil
	}
	who := s.roster.contact(name)
	if s.there(who) || !who.known && s.b.signedOn(name) {
		s.refreshPrefix(who, s.inView(who))
		return who.prefix
	}
	return nil
}

// tellMonitors tells the clients that watch somebody.
func (s *session) tellMonitors(c *contact, ch change) {
	for _, cl := range s.clients {
		if ch.has(arrived) {
			cl.conn.MonitorOnline(c.prefix)
		}
		if ch.has(departed) {
			cl.conn.MonitorOffline(c.nick())
		}
	}
}

// tellSeers sends a message about somebody to the clients that see it in a channel, or watch it.
func (s *session) tellSeers(c *contact, m *ircd.Message) {
	for _, cl := range s.clients {
		if c == s.self || s.sees(cl, c) {
			cl.conn.Send(m)
		} else {
			cl.conn.SendMonitored(m)
		}
	}
}
