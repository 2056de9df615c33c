package bridge

import (
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// invite is an invitation to a room.
type invite struct {
	id   int
	name string
	from *contact
}

// chatInvite is an invitation.
func (s *session) chatInvite(e toc.ChatInvite) {
	from := s.metAside(e.From)
	from.heard = time.Now()
	exchange, name := s.trueRoom(from, e)
	channel := nicks.Channel(exchange, name)
	s.invites[ircd.Fold(channel)] = invite{id: e.Room, name: name, from: from}
	m := s.message(from.prefix, "INVITE", s.Nick(), channel)
	m.Account = s.accountOf(from)
	s.broadcast(m)
	text := strings.TrimSpace(richtext.ParseHTML(e.Text).String())
	if text != "" && !strings.HasPrefix(text, inviteText) {
		s.deliverIn(from, s.Nick(), richtext.Plain("invites you to "+channel+": "+text), aside{command: "NOTICE"})
	}
}

// trueRoom is the room that an invitation means. The live server cuts its name at the first hyphen (trap 12), so what else
// is known of it is better: the room that has the id, which a room keeps as long as the connection lasts; what a neighbour
// says who invites us; the name in the text, which is there if a bridge like this one wrote it. Failing these, JOIN of the
// name as cut leads to the room all the same, and shows its name.
func (s *session) trueRoom(from *contact, e toc.ChatInvite) (exchange int, name string) {
	if known, ok := s.idNames[e.Room]; ok {
		return known.exchange, known.name
	}
	if a, ok := s.asides.take(from.key, inviteAside, e.Text); ok {
		if exchange, name, ok := nicks.Room(a.context); ok && cutName(name) == e.Name {
			return exchange, name
		}
	}
	if name, ok := strings.CutPrefix(richtext.ParseHTML(e.Text).String(), inviteText); ok && cutName(name) == e.Name {
		return nicks.Private, name
	}
	if e.Name == "" {
		return nicks.Private, "-" // it begins with a hyphen
	}
	return nicks.Private, e.Name
}

// inviteAside stands in for the channel of what is told beside an invitation.
const inviteAside = "INVITE"

// cutName is a room's name as it is in an invitation.
func cutName(name string) string {
	name, _, _ = strings.Cut(name, "-")
	return name
}

// roomName is what a room id of this connection stands for.
type roomName struct {
	exchange int
	name     string
}

// forwarded is a JOIN of one channel that led into another (470).
const forwardedText = "Forwarding to another channel: that is the room's whole name"

// rechannel gives a room the name that it turned out to have. false: we are in the room of that name already.
func (s *session) rechannel(r *room, channel, name string) bool {
	delete(s.rooms, ircd.Fold(r.channel))
	other := s.rooms[ircd.Fold(channel)]
	if other == nil {
		r.asked, r.channel, r.name = r.channel, channel, name
		s.rooms[ircd.Fold(channel)] = r
		return true
	}
	other.id, other.known = r.id, true
	s.roomIDs[r.id] = other
	for _, j := range r.askers {
		j.errs = append(j.errs, ircd.Numeric(ircd.ERR_LINKCHANNEL, r.channel, other.channel, forwardedText))
	}
	s.answer(r)
	return false
}

// inviteToRoom is INVITE nick #room.
func (s *session) inviteToRoom(c *client, nick string, name toc.ScreenName, channel string) error {
	r := s.room(channel)
	switch {
	case r == nil:
		return notOnChannel(channel)
	case r.members[name.Key()] != nil || name.Key() == s.key:
		return ircd.Numeric(irc.ERR_USERONCHANNEL, nick, r.channel, "is already on channel")
	case s.state != online || !r.joined:
		return ircd.Numeric(irc.ERR_NOSUCHCHANNEL, channel, s.noRoomText(r))
	case s.blocked(s.roster.contact(name)):
		return ircd.Numeric(irc.ERR_NOSUCHNICK, nick, "Not invited: you block "+string(name))
	}
	s.resolve(c, s.toAsk([]string{nick}), func() { c.report(s.sendInvitation(c, r, s.roster.contact(name))) })
	return nil
}

func (s *session) sendInvitation(c *client, r *room, who *contact) error {
	if who.tracked() && !who.online || !who.tracked() && who.known && !who.online && time.Since(who.heard) > vouchTime {
		return noSuchNick(who.nick())
	}
	if s.rooms[ircd.Fold(r.channel)] != r || !r.joined {
		return notOnChannel(r.channel)
	}
	cmd := toc.ChatInviteTo{Room: r.id, Text: inviteText + richtext.Plain(r.name).HTML(), Names: []toc.ScreenName{toc.ScreenName(who.key)}}
	if p := s.b.peer(who.key); p != nil {
		p.asides.put(aside{from: s.key, channel: inviteAside, text: cmd.Text, context: nicks.Channel(r.exchange, r.name), at: time.Now()})
	}
	if !s.submit(pace.Messages, queued{cmd: cmd, what: who.nick(), text: "invitation to " + r.channel, by: c}) {
		return ircd.Numeric(irc.ERR_NOSUCHNICK, who.nick(), "AIM does not keep up; not invited")
	}
	c.conn.Reply(irc.RPL_INVITING, who.nick(), r.channel)
	s.tellOfInvitation(c, r, who)
	if s.isAway(who) {
		c.conn.Reply(irc.RPL_AWAY, who.nick(), s.awayTextOf(who))
	}
	return nil
}

// tellOfInvitation tells those in the room whom one of them invited (IRCv3 invite-notify): the account's other clients, and
// who else of this bridge is there. AIM tells the others nothing.
func (s *session) tellOfInvitation(c *client, r *room, who *contact) {
	tell := func(s *session, from *contact, nick, channel string, but *client) {
		m := s.message(from.prefix, "INVITE", nick, channel)
		m.Need, m.Account = ircd.CapInviteNotify, s.accountOf(from)
		for _, cl := range s.clients {
			if cl != but {
				cl.conn.Send(m)
			}
		}
	}
	tell(s, s.self, who.nick(), r.channel, c)
	folded, by, guest := ircd.Fold(r.channel), s.key, who.name
	for _, p := range s.b.near.inRoom(folded, s) {
		s.postTo(p, do(func(p *session) {
			if r, from := p.rooms[folded], p.roster.contacts[by]; r != nil && r.joined && from != nil {
				tell(p, from, p.nicks.Nick(guest), r.channel, nil)
			}
		}))
	}
}
