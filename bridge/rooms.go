package bridge

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
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
	late    bool // the question to be let in waits for AIM's speed limit
	shown   bool // the clients are in it, also while the link is lost
	members map[string]*contact
	askers  []*joining // who waits for it

	returning bool // joined again after a sign-on, see storm

	asked string // the channel that was joined, where that was not its whole name

	topic topic   // set by a user of this bridge
	said  []*said // own lines that the server will repeat to us

	refused []*said // of them, those of which the user is still to be told

	// See roomcheck.go.
	heard   time.Time            // when what only members hear was heard last
	echoed  time.Time            // when own text came back last
	spoke   time.Time            // when a command of the room's class went out last, or it was joined
	mended  time.Time            // when we left and joined again
	before  map[string]*contact  // the members before that; nil: not being mended
	overdue map[string]time.Time // members who left AIM, and whose leaving is not told yet
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
		s.uncollect(c, r)
		delete(r.members, c.key)
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
		r.known, r.joined, r.said, r.before, r.overdue = false, false, nil, nil, nil
		clear(r.members)
	}
	clear(s.roomIDs)
	clear(s.idNames)
	clear(s.invites)
}

// chatJoined is a CHAT_JOIN that nobody waited for, or that was just handled: another session does not cause it.
func (s *session) chatJoined(e toc.ChatJoined) {
	s.log.Debug("in room", "room", e.Name, "id", e.Room)
}

// chatLeft is the answer to our leave; the clients know already.
func (s *session) chatLeft(e toc.ChatLeft) {
	if r := s.roomIDs[e.Room]; r != nil && r.joined {
		s.forgetRoom(r)
		s.unsaveRoom(r)
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
	if !slices.Equal(e.Names, []toc.ScreenName{s.self.name}) {
		r.heard = time.Now()
	}
	for _, name := range e.Names {
		delete(r.overdue, name.Key())
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
	s.met(name) // before anybody is shown them there
	s.refreshPrefix(c, s.inView(c))
	r.members[c.key] = c
	c.heard = time.Now()
	if r.joined {
		s.showMember(r, c)
	}
}

// showMember is JOIN of a member, and AWAY.
func (s *session) showMember(r *room, c *contact) {
	if s.collects(c, r) {
		return
	}
	s.keepRoom(r, c, "JOIN", s.realnameOf(c))
	s.broadcast(s.joinMessage(c, r.channel))
	if s.isAway(c) {
		m := s.message(c.prefix, "AWAY", s.awayTextOf(c))
		m.Need = ircd.CapAwayNotify
		s.broadcast(m)
	}
}

func (s *session) memberOut(r *room, c *contact) {
	if r.members[c.key] == nil {
		return
	}
	reason, quit := s.b.near.whyLeft(c.key, ircd.Fold(r.channel))
	if r.joined {
		s.keepRoom(r, c, map[bool]string{true: "QUIT", false: "PART"}[quit], reason)
	}
	switch {
	case !r.joined || s.uncollect(c, r):
		delete(r.members, c.key)
	case !quit && reason == "":
		delete(r.members, c.key)
		s.broadcast(s.message(c.prefix, "PART", r.channel))
		s.gossip(r, c)
	case quit:
		s.showDeparture(c, c.groups, reason)
		c.signOff()
	default:
		delete(r.members, c.key)
		s.broadcast(s.message(c.prefix, "PART", r.channel, reason))
	}
}

// slashRoll matches the command that rolls dice, less its first slash.
var slashRoll = regexp.MustCompile(`^/roll(-(dice|sides)[0-9]{1,3}){0,2}$`)

// noRoomText says why nothing can be said in a room that we seem to be in.
func (s *session) noRoomText(r *room) string {
	if s.state == online {
		return "AIM is asked to let you into " + r.channel + " again; say it in a moment"
	}
	return s.noLinkText()
}

// sayRoom sends a line to a room.
func (s *session) sayRoom(c *client, m *irc.Message, channel, text string) error {
	r := s.room(channel)
	switch {
	case r == nil:
		if _, _, ok := nicks.Room(channel); !ok {
			return ircd.Numeric(irc.ERR_NOSUCHNICK, channel, "No such nick/channel")
		}
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Cannot send to channel: you are not in it")
	case s.state != online || !r.joined:
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Not sent: "+s.noRoomText(r))
	}
	if slashRoll.MatchString(text) { // what some clients make of //roll
		text = "/" + text
	}
	body, kind := parseSaid(text)
	if kind == ctcpOther {
		return nil // nobody in an AIM room can answer it
	}
	if body.String() == "" {
		return noText(text)
	}
	parts := body.Split(toc.ChatRoom(r.id), s.sizeFor(nil))
	tags := clientTags(m.Tags)
	st := s.stamp("", time.Time{})
	s.asideRoom(c, r, aside{text: s.htmlFor(nil, parts[0]), command: m.Command, lines: saidLines(m, text, len(parts)), tags: tags, id: st.id, at: st.at})
	for _, part := range parts {
		html := s.htmlFor(nil, part)
		line := &said{html: html, plain: part.String(), by: c, roll: isRoll(part.String())}
		q := queued{cmd: toc.ChatSend{Room: r.id, Text: html}, what: r.channel, text: line.plain, by: c, html: html, line: line}
		if !s.submit(s.pacer.Room(r.id), q) {
			return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "AIM does not keep up, too much waits already. Not sent: "+part.String())
		}
		if r.said = append(r.said, line); len(r.said) > saidMax {
			r.said = r.said[1:]
		}
	}
	s.keep(st, store.Entry{Target: ircd.Fold(r.channel), Out: true, From: string(s.self.name), Command: m.Command, Text: text}, tags)
	s.echoRoom(c, st, s.said(s.own(m, m.Command, r.channel, text), s.self, aside{id: st.id, at: st.at, tags: tags}))
	s.relieve(c)
	return nil
}

// echoRoom shows an own line in a room to the other clients, and to its sender if it asked for that.
func (s *session) echoRoom(from *client, st stamp, m *ircd.Message) {
	for _, c := range s.clients {
		if c == from {
			s.showOwn(c, st, m)
		} else {
			s.showTo(c, st, m)
		}
	}
}

// chatIn is a line in a room. Our own come back; those that another AIM session of the account said are news.
func (s *session) chatIn(e toc.ChatIn) {
	r := s.roomIDs[e.Room]
	if r == nil || !r.joined {
		return
	}
	if e.From.Key() == s.key {
		if line, skipped := r.takeSaid(e.Text); line != nil {
			s.heardOwn(r, line, skipped)
			return
		}
	}
	r.heardOther(e.From)
	from := s.metAside(e.From)
	text := richtext.ParseHTML(e.Text)
	with, ok := s.asides.take(from.key, ircd.Fold(r.channel), e.Text)
	switch {
	case e.Whisper || with.context != "":
		s.whisperIn(from, r, text, with)
		return
	case !ok:
		with.command = "PRIVMSG"
	}
	s.deliverIn(from, r.channel, text, with)
}

// asideRoom sends what AIM does not carry to those in the room who are on this bridge.
func (s *session) asideRoom(c *client, r *room, a aside) {
	if !a.needed(c) {
		return
	}
	a.from, a.channel = s.key, ircd.Fold(r.channel)
	for _, p := range s.b.near.inRoom(a.channel, s) {
		p.asides.put(a)
	}
}
