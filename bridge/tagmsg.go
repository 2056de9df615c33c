package bridge

import (
	"maps"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// typingStates are the values of +typing (IRCv3 typing) as AIM has them.
var typingStates = map[string]toc.TypingState{"active": toc.TypingActive, "paused": toc.TypingPaused, "done": toc.TypingNone}

// tagmsg is TAGMSG: AIM carries +typing to a person; the rest reaches who is on this bridge.
func (s *session) tagmsg(c *client, m *irc.Message) error {
	targets := strings.Split(m.Params[0], ",")
	if len(targets) > maxTargets {
		return tooManyTargets(m.Params[0])
	}
	for _, target := range targets {
		var err error
		switch {
		case strings.HasPrefix(target, "#"):
			err = s.tagRoom(c, target, m.Tags)
		case strings.HasPrefix(target, "&"):
			err = s.mayTalk(c, target) // *aim and AIM have no use for tags
		case !isControl(target):
			err = s.tagNick(c, target, m.Tags)
		}
		c.report(err)
	}
	return nil
}

// tagRoom sends tags to those in a room who are on this bridge.
func (s *session) tagRoom(c *client, channel string, tags irc.Tags) error {
	folded := ircd.Fold(channel)
	r := s.room(channel)
	if r == nil {
		if _, _, ok := nicks.Room(channel); !ok {
			return noSuchChannel(channel)
		}
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Cannot send to channel: you are not in it")
	}
	a := s.tagAside(folded, clientTags(tags))
	if typing, ok := tags["+typing"]; ok {
		if a.tags == nil {
			a.tags = irc.Tags{}
		}
		a.tags["+typing"] = typing
	}
	for _, p := range s.b.near.inRoom(folded, s) {
		s.postTo(p, a)
	}
	s.echoTags(c, r.channel, folded, a)
	return nil
}

// tagNick sends tags to somebody: typing through AIM, the others if they are on this bridge.
func (s *session) tagNick(c *client, nick string, tags irc.Tags) error {
	name, ok := s.nicks.Name(nick)
	if !ok {
		return noSuchNick(nick)
	}
	if state, ok := typingStates[tags["+typing"]]; ok && s.state == online {
		s.typingOut(c, name, state)
	}
	a := s.tagAside("", clientTags(tags))
	p := s.b.peer(name.Key())
	if who := s.roster.lookup(name); p == nil && (who == nil || !s.there(who)) {
		return noSuchNick(nick)
	}
	if p != nil && len(a.tags) > 0 {
		s.postTo(p, a)
	}
	a.tags = clientTags(tags)
	s.echoTags(c, nick, name.Key(), a)
	return nil
}

func (s *session) tagAside(channel string, tags irc.Tags) aside {
	now := time.Now()
	return aside{from: s.key, channel: channel, command: "TAGMSG", tags: tags, id: s.b.nextID(now), at: now}
}

// echoTags shows a TAGMSG to the account's other clients, and to its sender if it asked for that.
func (s *session) echoTags(from *client, target, conversation string, a aside) {
	if len(a.tags) == 0 {
		return
	}
	m := s.tagged(s.self, target, conversation, a)
	for _, c := range s.clients {
		if c != from || c.conn.Has(ircd.CapEchoMessage) {
			c.conn.Send(m)
		}
	}
}

// tagged is a TAGMSG, which is kept unless it is of the moment only.
func (s *session) tagged(from *contact, target, conversation string, a aside) *ircd.Message {
	m := s.message(from.prefix, "TAGMSG", target)
	m.Time, m.Tags, m.ID, m.Account, m.Need = a.at, a.tags, a.id, s.accountOf(from), ircd.CapMessageTags
	lasting := maps.Clone(a.tags)
	delete(lasting, "+typing")
	if len(lasting) > 0 {
		e := store.Entry{Target: conversation, Out: from == s.self, From: string(from.name), Command: "TAGMSG"}
		s.keep(s.stamp(a.id, a.at), e, lasting)
	}
	return m
}

// apply is a TAGMSG from somebody on this bridge.
func (a aside) apply(s *session) {
	from := s.roster.contacts[a.from]
	if a.channel == "" {
		if from == nil {
			from = s.roster.contact(toc.ScreenName(a.from))
			s.refreshPrefix(from, false)
		}
		if !s.blocked(from) {
			s.broadcast(s.tagged(from, s.Nick(), from.key, a))
		}
		return
	}
	if r := s.rooms[a.channel]; r != nil && r.joined && from != nil && r.members[from.key] != nil {
		s.broadcast(s.tagged(from, r.channel, a.channel, a))
	}
}
