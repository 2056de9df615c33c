package bridge

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// room is an AIM chat room that the account is in, wants into, or was in when the link was lost.
type room struct {
	channel  string // as shown
	name     string // AIM's
	exchange int
	created  time.Time

	id      int // of this connection; valid while known
	known   bool
	joined  bool
	shown   bool // the clients are in it, also while the link is lost
	members map[string]*contact
	askers  []*joining // who waits for it
	topic   topic      // set by a user of this bridge
	said    []said     // own lines that the server will repeat to us
}

// said is an own line in a room, shown already; the server sends it back.
type said struct{ text string }

// invite is an invitation to a room.
type invite struct {
	id   int
	name string
	from *contact
}

// joining is a JOIN command that waits for its rooms.
type joining struct {
	c      *client
	finish func(func() error)
	left   int
	rooms  []*room
	errs   []error
}

func (r *room) sorted() []*contact {
	return slices.SortedFunc(maps.Values(r.members), func(a, b *contact) int { return cmp.Compare(a.key, b.key) })
}

func (s *session) sortedRooms() []*room {
	return slices.SortedFunc(maps.Values(s.rooms), func(a, b *room) int { return cmp.Compare(a.channel, b.channel) })
}

// inRoom reports whether a contact is in a room with us.
func (s *session) inRoom(c *contact) bool {
	for _, r := range s.rooms {
		if r.members[c.key] != nil {
			return true
		}
	}
	return false
}

// leaveRooms takes a contact out of all rooms, without telling anybody.
func (s *session) leaveRooms(c *contact) {
	for _, r := range s.rooms {
		delete(r.members, c.key)
	}
}

// joinRoom starts joining one room on behalf of j.
func (s *session) joinRoom(j *joining, channel string) error {
	exchange, name, ok := nicks.Room(channel)
	if !ok || !ircd.ValidChannel(channel) {
		return noSuchChannel(channel)
	}
	if s.state != online {
		return ircd.Numeric(irc.ERR_UNAVAILRESOURCE, channel, s.noLinkText())
	}
	folded := ircd.Fold(channel)
	r := s.rooms[folded]
	if r != nil && r.joined {
		return nil
	}
	if r == nil {
		r = &room{channel: channel, name: name, exchange: exchange, created: time.Now(), members: map[string]*contact{}}
		s.rooms[folded] = r
		s.ask(r)
	}
	j.left++
	r.askers = append(r.askers, j)
	return nil
}

// ask tells the server that we want into a room: by the invitation if there is one, which also works when the server
// cut the room's name (trap 12).
func (s *session) ask(r *room) {
	folded := ircd.Fold(r.channel)
	if inv, ok := s.invites[folded]; ok {
		delete(s.invites, folded)
		r.id, r.known = inv.id, true
		s.roomIDs[inv.id] = r
		s.send(toc.ChatAccept{Room: inv.id})
	} else {
		s.send(toc.ChatJoin{Exchange: r.exchange, Name: r.name})
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
	s.await(answerTime, match, func(e toc.Event) {
		if e, ok := e.(toc.ChatJoined); ok {
			s.entered(r, e)
			return
		}
		s.notEntered(r, e)
	})
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
	if channel := nicks.Channel(r.exchange, e.Name); ircd.Fold(channel) != ircd.Fold(r.channel) {
		delete(s.rooms, ircd.Fold(r.channel))
		r.channel, r.name = channel, e.Name
		s.rooms[ircd.Fold(channel)] = r
	}
	if len(r.members) > 0 {
		s.complete(r)
		return
	}
	isList := func(ev toc.Event) bool {
		m, ok := ev.(toc.ChatMembers)
		return ok && m.Room == r.id
	}
	s.await(answerTime, isList, func(toc.Event) {
		if s.rooms[ircd.Fold(r.channel)] == r {
			s.complete(r)
		}
	})
}

// complete shows a room to all clients and answers who asked for it.
func (s *session) complete(r *room) {
	r.joined = true
	r.topic = s.b.near.enter(ircd.Fold(r.channel), s)
	if r.shown {
		for _, c := range r.sorted() {
			s.broadcast(s.joinMessage(c, r.channel))
		}
		return
	}
	r.shown = true
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

// notEntered is a refusal, or no answer.
func (s *session) notEntered(r *room, e toc.Event) {
	text := "AIM does not answer; try again later"
	if e, ok := e.(toc.ServerError); ok {
		text = "AIM does not let you in: " + e.Error()
		if r.exchange == 5 {
			text = "There is no such public room on AIM"
		}
	}
	s.forgetRoom(r)
	if len(r.askers) == 0 {
		s.broadcast(s.message(s.self.prefix, "PART", r.channel, text))
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
			s.showRoom(j.c, r)
		}
		return nil
	})
}

// showRoom is what a client gets when it comes into a room.
func (s *session) showRoom(c *client, r *room) {
	c.conn.Send(s.joinMessage(s.self, r.channel))
	s.showTopic(c, r, func() {})
	if !c.conn.Has(ircd.CapNoImplicitNames) {
		s.names(c, r.channel)
	}
}

func (s *session) forgetRoom(r *room) {
	s.b.near.leave(ircd.Fold(r.channel), s)
	delete(s.rooms, ircd.Fold(r.channel))
	if r.known {
		delete(s.roomIDs, r.id)
		if s.pacer != nil {
			s.pacer.Forget(r.id)
		}
	}
}

// lostRooms forgets what belongs to a lost connection; the rooms stay, to be joined again.
func (s *session) lostRooms() {
	for _, r := range s.rooms {
		r.known, r.joined, r.said = false, false, nil
		clear(r.members)
	}
	clear(s.roomIDs)
	clear(s.invites)
}

// rejoin goes back into a room after a lost link; clients never left it.
func (s *session) rejoin(r *room) { s.ask(r) }

// chatJoined is a CHAT_JOIN that nobody waited for, or that was just handled: another session does not cause it.
func (s *session) chatJoined(e toc.ChatJoined) {
	s.log.Debug("in room", "room", e.Name, "id", e.Room)
}

// chatLeft is the answer to our leave; the clients know already.
func (s *session) chatLeft(e toc.ChatLeft) {
	if r := s.roomIDs[e.Room]; r != nil && r.joined {
		s.forgetRoom(r)
		s.broadcast(s.message(s.self.prefix, "PART", r.channel, "AIM took you out of the room"))
	}
}

// chatMembers is CHAT_UPDATE_BUDDY: the first lists all who are there, later ones who came or went.
func (s *session) chatMembers(e toc.ChatMembers) {
	r := s.roomIDs[e.Room]
	if r == nil {
		s.log.Debug("members of an unknown room", "id", e.Room)
		return
	}
	for _, name := range e.Names {
		if name.Key() == s.key {
			continue
		}
		if c := s.roster.contact(name); e.Here {
			s.memberIn(r, c, name)
		} else {
			s.memberOut(r, c)
		}
	}
}

func (s *session) memberIn(r *room, c *contact, name toc.ScreenName) {
	if r.members[c.key] != nil {
		return
	}
	r.members[c.key] = c
	c.heard = time.Now()
	if name != c.name {
		c.name = name
		s.renick(c)
	}
	s.refreshPrefix(c)
	if r.joined {
		s.broadcast(s.joinMessage(c, r.channel))
	}
}

func (s *session) memberOut(r *room, c *contact) {
	if r.members[c.key] == nil {
		return
	}
	reason, quit := s.b.near.whyLeft(c.key, ircd.Fold(r.channel))
	switch {
	case !r.joined:
		delete(r.members, c.key)
	case quit:
		s.showDeparture(c, c.groups, reason)
		c.signOff()
	case reason != "":
		delete(r.members, c.key)
		s.broadcast(s.message(c.prefix, "PART", r.channel, reason))
	default:
		delete(r.members, c.key)
		s.broadcast(s.message(c.prefix, "PART", r.channel))
	}
}

// sayRoom sends a line to a room.
func (s *session) sayRoom(c *client, m *irc.Message, channel, text string) error {
	r := s.rooms[ircd.Fold(channel)]
	switch {
	case r == nil:
		if _, _, ok := nicks.Room(channel); !ok {
			return ircd.Numeric(irc.ERR_NOSUCHNICK, channel, "No such nick/channel")
		}
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Cannot send to channel: you are not in it")
	case s.state != online || !r.joined:
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Not sent: "+s.noLinkText())
	}
	body, kind := parseSaid(text)
	if kind == ctcpOther {
		return nil // nobody in an AIM room can answer it
	}
	parts := body.Split(toc.ChatRoom(r.id), quotedSize)
	tags := clientTags(m.Tags)
	id := s.b.nextID(time.Now())
	s.asideRoom(c, r, aside{text: parts[0].HTML(), command: m.Command, tags: tags, id: id})
	for _, part := range parts {
		html := part.HTML()
		q := queued{cmd: toc.ChatSend{Room: r.id, Text: html}, what: r.channel, text: part.String(), by: c, html: html}
		if !s.submit(s.pacer.Room(r.id), q) {
			return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "AIM does not keep up, too much waits already. Not sent: "+part.String())
		}
		r.said = append(r.said, said{html})
	}
	s.echoRoom(c, r, m.Command, text, tags, id)
	s.relieve(c)
	return nil
}

// echoRoom shows an own line in a room to the other clients, and to its sender if it asked for that.
func (s *session) echoRoom(from *client, r *room, command, text string, tags irc.Tags, id string) {
	if len(s.clients) == 1 && !from.conn.Has(ircd.CapEchoMessage) {
		return
	}
	m := s.chat(s.self, command, r.channel, text)
	m.ID, m.Tags = id, tags
	for _, c := range s.clients {
		if c != from || c.conn.Has(ircd.CapEchoMessage) {
			c.conn.Send(m)
		}
	}
}

// chatIn is a line in a room. Our own come back; those that another AIM session of the account said are news.
func (s *session) chatIn(e toc.ChatIn) {
	r := s.roomIDs[e.Room]
	if r == nil || !r.joined {
		return
	}
	if e.From.Key() == s.key && r.takeSaid(e.Text) {
		return
	}
	from := s.roster.contact(e.From)
	with, ok := s.asides.take(from.key, ircd.Fold(r.channel), e.Text)
	if !ok {
		with.command = "PRIVMSG"
	}
	s.deliverIn(from, r.channel, richtext.ParseHTML(e.Text), with)
}

// asideRoom sends what AIM does not carry to those in the room who are on this bridge.
func (s *session) asideRoom(c *client, r *room, a aside) {
	if !a.needed(c) {
		return
	}
	a.from, a.channel, a.at = s.key, ircd.Fold(r.channel), time.Now()
	for _, p := range s.b.near.inRoom(a.channel, s) {
		p.asides.put(a)
	}
}

// takeSaid reports whether a text is one of our own lines coming back, which it does in order.
func (r *room) takeSaid(text string) bool {
	for i, own := range r.said {
		if own.text == text {
			r.said = slices.Delete(r.said, 0, i+1)
			return true
		}
	}
	return false
}

// chatInvite is an invitation.
func (s *session) chatInvite(e toc.ChatInvite) {
	from := s.roster.contact(e.From)
	from.heard = time.Now()
	channel := nicks.Channel(4, e.Name)
	s.invites[ircd.Fold(channel)] = invite{id: e.Room, name: e.Name, from: from}
	s.broadcast(s.message(from.prefix, "INVITE", s.Nick(), channel))
	text := strings.TrimSpace(richtext.ParseHTML(e.Text).String())
	if text != "" {
		s.deliverIn(from, s.Nick(), richtext.Plain("invites you to "+channel+": "+text), aside{command: "NOTICE"})
	}
}
