package bridge

import (
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// joining is a JOIN command that waits for its rooms.
type joining struct {
	c      *client
	finish func(func() error)
	left   int
	rooms  []*room
	errs   []error
}

// spelling is the one channel of a room, as the user spelled it if that differs in case only.
func spelling(typed, channel string) string {
	if ircd.Fold(typed) == ircd.Fold(channel) {
		return typed
	}
	return channel
}

// room finds a room by what a user calls it.
func (s *session) room(channel string) *room {
	if r := s.rooms[ircd.Fold(channel)]; r != nil || !strings.HasPrefix(channel, "#") {
		return r
	}
	exchange, name, ok := nicks.Room(channel)
	if !ok {
		return nil
	}
	return s.rooms[ircd.Fold(nicks.Channel(exchange, strings.TrimSpace(name)))]
}

// joinRoom starts joining one room on behalf of j.
func (s *session) joinRoom(j *joining, channel string) error {
	exchange, name, ok := nicks.Room(channel)
	if !ok || !ircd.ValidChannel(channel) {
		return noSuchChannel(channel)
	}
	if s.state != online {
		return ircd.Numeric(irc.ERR_UNAVAILRESOURCE, channel, "Not joined: "+s.noLinkText())
	}
	name = strings.TrimSpace(name) // as the server does
	if name == "" {
		return noSuchChannel(channel)
	}
	channel = spelling(channel, nicks.Channel(exchange, name))
	folded := ircd.Fold(channel)
	r := s.rooms[folded]
	if r != nil && r.joined {
		return nil
	}
	if r == nil {
		r = &room{channel: channel, name: name, exchange: exchange, created: time.Now(), members: map[string]*contact{}}
		s.rooms[folded] = r
		if !s.ask(r, j.c) {
			return nil // it takes a while: the client need not wait, and is shown the room then
		}
	}
	if r.late {
		return nil
	}
	j.left++
	r.askers = append(r.askers, j)
	return nil
}

// ask tells the server that we want into a room: by the invitation if there is one, which also works when the server
// cut the room's name (trap 12). It reports whether that was said at once; by, who may be nil, is told if not.
func (s *session) ask(r *room, by *client) bool {
	folded := ircd.Fold(r.channel)
	q := queued{by: by, task: "you get into " + r.channel}
	if inv, ok := s.invites[folded]; ok {
		delete(s.invites, folded)
		r.id, r.known = inv.id, true
		s.roomIDs[inv.id] = r
		q.cmd = toc.ChatAccept{Room: inv.id}
	} else {
		q.cmd = toc.ChatJoin{Exchange: r.exchange, Name: r.name}
	}
	match := func(e toc.Event) bool {
		switch e := e.(type) {
		case toc.ChatJoined:
			return s.isRoom(r, e)
		case toc.ServerError:
			return e.Code == 913 || e.Code == 950 || e.Code == 951 || e.Code == 903
		}
		return false
	}
	w := s.question(q, answerTime, match, func(e toc.Event) {
		r.late = false
		joined, ok := e.(toc.ChatJoined)
		switch {
		case s.rooms[folded] != r: // left before it was joined
			if ok && s.rooms[folded] == nil {
				s.send(toc.ChatLeave{Room: joined.Room})
			}
		case ok:
			s.entered(r, joined)
		default:
			s.notEntered(r, e)
		}
	})
	if w == nil {
		s.notEntered(r, nil)
		return false
	}
	r.late = !w.sent()
	return w.sent()
}

// isRoom reports whether a CHAT_JOIN is the answer for a room: the same id, or the same name as IRC sees it.
func (s *session) isRoom(r *room, e toc.ChatJoined) bool {
	if r.known {
		return r.id == e.Room
	}
	return ircd.Fold(nicks.Channel(r.exchange, e.Name)) == ircd.Fold(r.channel)
}

// entered is CHAT_JOIN for a room we asked for. The members follow, in all joins seen; if they do not, we go on alone.
func (s *session) entered(r *room, e toc.ChatJoined) {
	r.id, r.known = e.Room, true
	s.roomIDs[e.Room] = r
	channel := nicks.Channel(r.exchange, e.Name)
	if ircd.Fold(channel) != ircd.Fold(r.channel) && !s.rechannel(r, channel, e.Name) {
		return
	}
	s.idNames[e.Room] = roomName{r.exchange, r.name}
	if len(r.members) > 0 {
		s.complete(r)
		return
	}
	isList := func(ev toc.Event) bool {
		m, ok := ev.(toc.ChatMembers)
		return ok && m.Room == r.id
	}
	s.await(answerTime, isList, func(toc.Event) {
		switch {
		case s.rooms[ircd.Fold(r.channel)] != r:
		case s.link == nil:
			s.notEntered(r, nil)
		default:
			s.complete(r)
		}
	})
}

// complete shows a room to all clients and answers who asked for it.
func (s *session) complete(r *room) {
	r.joined, r.spoke = true, time.Now()
	r.topic = s.b.near.enter(r.channel, s)
	defer s.returned(r)
	if r.before != nil {
		s.backIn(r)
		s.answer(r)
		return
	}
	if r.shown {
		for _, c := range r.sorted() {
			s.showMember(r, c)
		}
		s.answer(r)
		return
	}
	r.shown = true
	s.saveRoom(r)
	waiting := map[*client]bool{}
	for _, j := range r.askers {
		waiting[j.c] = true
		j.rooms = append(j.rooms, r)
	}
	for _, c := range s.clients {
		if !waiting[c] {
			s.showRoom(c, r)
		}
	}
	s.answer(r)
}

// returned counts a room that was joined again after a sign-on, or could not be.
func (s *session) returned(r *room) {
	if r.returning {
		r.returning = false
		s.calm()
	}
}

// notEntered is a refusal, or no answer.
func (s *session) notEntered(r *room, e toc.Event) {
	if s.link == nil && r.shown { // lost again: the next sign-on tries it again
		r.known, r.before = false, nil
		s.returned(r)
		s.answer(r)
		return
	}
	text := "AIM does not answer; try again later"
	if s.link == nil {
		text = "the connection to AIM was lost"
	}
	if e, ok := e.(toc.ServerError); ok {
		text = "AIM does not let you in: " + e.Error()
		if r.exchange == 5 {
			text = "There is no such public room on AIM"
		}
	}
	s.forgetRoom(r)
	s.unsaveRoom(r)
	s.returned(r)
	if r.shown {
		s.broadcast(s.message(s.self.prefix, "PART", r.channel, text))
	} else if len(r.askers) == 0 {
		s.news("You did not get into " + r.channel + ": " + text)
	}
	for _, j := range r.askers {
		j.errs = append(j.errs, ircd.Numeric(irc.ERR_NOSUCHCHANNEL, r.channel, text))
	}
	s.answer(r)
}

// answer finishes the JOIN commands whose last room this was.
func (s *session) answer(r *room) {
	askers := r.askers
	r.askers = nil
	for _, j := range askers {
		if j.left--; j.left == 0 {
			j.done(s)
		}
	}
}

func (j *joining) done(s *session) {
	j.finish(func() error {
		for _, err := range j.errs {
			j.c.report(err)
		}
		for _, r := range j.rooms {
			if r.asked != "" {
				j.c.conn.Reply(ircd.ERR_LINKCHANNEL, r.asked, r.channel, forwardedText)
			}
			s.showRoom(j.c, r)
		}
		return nil
	})
}

// showRoom is what a client gets when it comes into a room.
func (s *session) showRoom(c *client, r *room) {
	c.conn.Send(s.joinMessage(s.self, r.channel))
	s.showMarker(c, r.channel)
	s.showTopic(c, r, func() {})
	if !c.conn.Has(ircd.CapNoImplicitNames) {
		s.names(c, r.channel)
	}
}
