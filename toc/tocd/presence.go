package tocd

import (
	"slices"

	"tocbridge/toc"
)

// notice is what watchers of a user are told, printed once for all of them.
type notice struct{ v1, v2, caps []byte }

// class is the user class: all accounts are unconfirmed, as fresh accounts of
// the live server are.
func (s *Server) class(u *user) toc.Class {
	away := u.away()
	switch {
	case len(u.sessions) == 0:
		return "   "
	case s.o.AOL.OClass && away:
		return " OU"
	case s.o.AOL.OClass:
		return " O,"
	case away:
		return " UU"
	}
	return " U "
}

// status is a user's presence.
func (s *Server) status(u *user) toc.BuddyUpdate {
	up := toc.BuddyUpdate{
		Name: u.acct.name, Online: true, Warning: u.warning / 10,
		SignOn: u.signOn, Class: s.class(u),
	}
	if t, ok := u.idleSince(); ok {
		up.Idle = int(uint16(s.now().Sub(t).Minutes())) // as wide as OSCAR has it
	}
	return up
}

// arrival prints the presence of a user who is there.
func (s *Server) arrival(u *user) notice {
	up := s.status(u)
	n := notice{v2: up.Append(nil)}
	up.V1 = true
	n.v1 = up.Append(nil)
	n.caps = toc.BuddyCaps{Name: up.Name, Caps: u.caps(s.o.AOL.ShortCaps)}.Append(nil)
	return n
}

// departure prints that a user is gone; the name is the normalised one.
func departure(u *user) notice {
	up := toc.BuddyUpdate{Name: toc.ScreenName(u.acct.key), Class: "   "}
	n := notice{v2: up.Append(nil)}
	up.V1 = true
	n.v1 = up.Append(nil)
	return n
}

// tell sends a notice to all visible sessions of a user.
func (s *Server) tell(to *user, n notice) {
	for _, sess := range to.sessions {
		switch {
		case !sess.live:
		case !sess.toc2():
			sess.sendLine(n.v1)
		default:
			sess.sendLine(n.v2)
			if n.caps != nil {
				sess.sendLine(n.caps)
			}
		}
	}
}

// announce tells all who watch a user how it looks now.
func (s *Server) announce(u *user) { s.broadcast(u, s.arrival) }

// announceDeparture tells them that it is gone.
func (s *Server) announceDeparture(u *user) { s.broadcast(u, departure) }

func (s *Server) broadcast(u *user, print func(*user) notice) {
	var n notice
	for _, a := range s.refs[u.acct.key] {
		if a.user == nil {
			continue
		}
		if t, _ := tied(u, a.user); t.youBlock || t.theyBlock || !t.onTheirs {
			continue
		}
		if n.v2 == nil {
			n = print(u)
		}
		s.tell(a.user, n)
	}
}

// visibility tells a user and those it is tied to what they may see of each
// other: names only, or all if there are none. That somebody is blocked is
// told, as a departure, if departures is set. Who blocks the user hears and
// shows nothing.
func (s *Server) visibility(u *user, names []string, departures bool) {
	yours := s.arrival(u)
	for _, they := range s.tiedTo(u, names) {
		t, ok := tied(u, they)
		if !ok || t.theyBlock || !they.live() {
			continue
		}
		switch {
		case !t.youBlock:
			s.exchange(u, they, t, yours, s.arrival)
		case departures:
			s.exchange(u, they, t, departure(u), departure)
		}
	}
}

// exchange tells each of the two who lists the other.
func (s *Server) exchange(u, they *user, t tie, yours notice, print func(*user) notice) {
	if t.onTheirs {
		s.tell(they, yours)
	}
	if t.onYours {
		s.tell(u, print(they))
	}
}

// tiedTo lists the users who may be tied to u, each once.
func (s *Server) tiedTo(u *user, names []string) []*user {
	var all []*user
	add := func(a *account) {
		if a != nil && a.user != nil {
			all = append(all, a.user)
		}
	}
	if len(names) > 0 {
		names = slices.Clone(names)
		slices.Sort(names)
		for _, key := range slices.Compact(names) {
			add(s.accounts[key])
		}
		return all
	}
	for key := range u.acct.rel {
		add(s.accounts[key])
	}
	for _, a := range s.refs[u.acct.key] {
		if _, mutual := u.acct.rel[a.key]; !mutual {
			add(a)
		}
	}
	return all
}

// getStatus answers with a presence line. It works for oneself, even before
// toc_init_done.
func getStatus(s *session, c toc.GetStatus) error {
	they := s.user
	if c.Name.Key() != s.user.acct.key {
		they = s.srv.online(c.Name)
	}
	if they == nil || they != s.user && blocked(s.user, they) {
		return unavailable(c.Name)
	}
	up := s.srv.status(they)
	up.V1 = !s.toc2()
	s.send(up)
	return nil
}

// setAway sets or, without text, unsets the away flag. The text itself goes
// nowhere: TOC has no message for it.
func setAway(s *session, c toc.SetAway) error {
	s.away = c.Text != ""
	if s.live {
		s.srv.announce(s.user)
	}
	return nil
}

// setIdle says since when the user has been idle.
func setIdle(s *session, c toc.SetIdle) error {
	s.idle = c.Seconds != 0
	s.idleFrom = s.srv.now().Add(-seconds(uint32(c.Seconds)))
	s.srv.announce(s.user) // even before toc_init_done
	return nil
}

// setCaps sets the session's capabilities.
func setCaps(s *session, c toc.SetCaps) error {
	s.caps = parseCaps(c.Caps)
	if s.live {
		s.srv.announce(s.user)
	}
	return nil
}
