package bridge

import (
	"slices"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// client is an attached IRC connection.
type client struct {
	conn *ircd.Conn
	run  func(*irc.Message) error // its commands
	in   map[string]bool          // the & channels it is in, folded; rooms are the account's

	first   bool           // it came when there was no other, and was not told yet what was missed
	absent  bool           // AWAY *: nobody sits at it (IRCv3 pre-away)
	fencing bool           // a PING of its waits for AIM, or the replay goes first
	later   []*irc.Message // what came after it
	typing  map[string]toc.TypingState
	track
}

// attached says that a client completed registration.
type attached struct{ c *ircd.Conn }

func (e attached) apply(s *session) {
	s.leaving = false
	if s.lingerT != nil {
		s.lingerT.Stop()
	}
	s.endStorm()
	c := &client{conn: e.c, in: map[string]bool{}, first: len(s.clients) == 0}
	c.run = func(m *irc.Message) error { return s.handle(c, m) }
	e.c.SetCork(&s.cork)
	s.clients = append(s.clients, c)
	s.byConn[e.c] = c
	s.adopt(c)
	s.here(c)
	s.welcome(c)
}

// adopt makes the client look like the account: one user@host for all clients of an account.
func (s *session) adopt(c *client) {
	if s.info.Load() == nil {
		s.info.Store(&persona{user: c.conn.User(), realname: c.conn.Realname(), away: s.awayText, anonymous: s.mac == nil})
		s.self.prefix = &irc.Prefix{Name: s.self.nick(), User: c.conn.User(), Host: s.o.hostFor(c.conn.User(), s.self.name)}
		s.tellNeighbours(func(p *session, us *contact) { p.refreshPrefix(us, p.inView(us)) })
	}
	c.conn.SetIdent(s.self.prefix.User, s.self.prefix.Host)
}

// welcome shows the client the account's channels as they are.
func (s *session) welcome(c *client) {
	s.joinGroup(c, buddiesChannel)
	for _, r := range s.sortedRooms() {
		if r.shown {
			s.showRoom(c, r)
		}
	}
	if text := s.downText(); text != "" {
		s.tell(c, text)
	}
	if s.awayText != "" {
		c.conn.Reply(irc.RPL_NOWAWAY, "You have been marked as being away")
	}
	for _, text := range []string{s.o.StoreTrouble, s.note} {
		if text != "" {
			s.tell(c, text)
		}
	}
	s.note = ""
	s.trackClient(c)
	if !c.replaying {
		s.digest(c)
	}
}

// detached says that a client is gone, or never got as far as to be attached.
type detached struct{ c *ircd.Conn }

func (e detached) apply(s *session) {
	c := s.byConn[e.c]
	if c == nil {
		return
	}
	delete(s.byConn, e.c)
	c.untrack()
	s.unwatchAll(e.c)
	defer s.refreshAway()
	s.lastWord = e.c.QuitMessage()
	s.clients = slices.DeleteFunc(s.clients, func(x *client) bool { return x == c })
	s.stopTyping(c)
}

// broadcast sends a message to all clients.
func (s *session) broadcast(m *ircd.Message) {
	for _, c := range s.clients {
		c.conn.Send(m)
	}
}

// toMembers sends a message to the clients that are in an & channel.
func (s *session) toMembers(channel string, m *ircd.Message) {
	for _, c := range s.clients {
		if c.in[channel] {
			c.conn.Send(m)
		}
	}
}

// message makes an event from a contact, stamped now.
func (s *session) message(from *irc.Prefix, command string, params ...string) *ircd.Message {
	m := ircd.NewMessage(from, command, params...)
	m.Time = time.Now()
	m.Bot = s.botPrefix(from)
	return m
}

// news tells all clients something in &buddies; clients that left it get it as a private notice.
func (s *session) news(text string) {
	st := s.stamp("", time.Time{})
	s.keepNews(st, text)
	in := s.fromControl("NOTICE", buddiesChannel, text)
	out := s.fromControl("NOTICE", s.Nick(), text)
	for _, m := range []*ircd.Message{in, out} {
		m.ID, m.Time = st.id, st.at
	}
	for _, c := range s.clients {
		if c.in[buddiesChannel] {
			s.showTo(c, st, in)
		} else {
			s.showTo(c, st, out)
		}
	}
}

// tell tells one client something in &buddies.
func (s *session) tell(c *client, text string) {
	target := s.Nick()
	if c.in[buddiesChannel] {
		target = buddiesChannel
	}
	c.conn.Send(s.fromControl("NOTICE", target, text))
}

// fromControl is a message from *aim.
func (s *session) fromControl(command, target, text string) *ircd.Message {
	lines := []ircd.Line{{Text: text}}
	if budget := ircd.TextBudget(s.controlPrefix(), command, target); len(text) > budget {
		lines = ircLines(richtext.ParseIRC(text), budget) // it may quote what somebody said
	}
	m := ircd.NewMultiline(s.controlPrefix(), command, target, lines)
	m.Time = time.Now()
	m.Bot = true
	return m
}
