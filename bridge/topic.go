package bridge

import (
	"fmt"
	"time"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
)

// fullName is a room's AIM name and exchange.
func (r *room) fullName() string {
	return fmt.Sprintf("AIM chat room %q (exchange %d)", r.name, r.exchange)
}

// description is fullName where the channel does not say it as it is.
func (r *room) description() string {
	if r.exchange == nicks.Private && r.channel == "#"+r.name {
		return ""
	}
	return r.fullName()
}

// topicOf is the topic of a room: what a user of this bridge set, or its AIM name.
func (r *room) topicOf() string {
	if r.topic.text != "" {
		return r.topic.text
	}
	return r.description()
}

// showTopic is 332 and 333, or with none set the answer none gives.
func (s *session) showTopic(c *client, r *room, none func()) {
	text := r.topicOf()
	if text == "" {
		none()
		return
	}
	c.conn.Reply(irc.RPL_TOPIC, r.channel, text)
	by, at := s.controlPrefix().String(), r.created
	if r.topic.text != "" {
		by, at = r.topic.by, r.topic.at
	}
	c.conn.Reply(ircd.RPL_TOPICWHOTIME, r.channel, by, fmt.Sprint(at.Unix()))
}

// topicCommand is TOPIC. AIM rooms have no topics: one that is set is for the users of this bridge.
func (s *session) topicCommand(c *client, m *irc.Message) error {
	channel := m.Params[0]
	folded := ircd.Fold(channel)
	r := s.room(channel)
	_, isGroup := s.membersOf(folded)
	_, _, isRoom := nicks.Room(channel)
	setting := len(m.Params) > 1
	switch {
	case r == nil && !isGroup && !(isRoom && ircd.ValidChannel(channel)):
		return noSuchChannel(channel)
	case r == nil && !isGroup && !s.roomElsewhere(folded):
		return noSuchChannel(channel)
	case r == nil && !isGroup, isGroup && setting && !c.in[folded]:
		return notOnChannel(channel)
	case isGroup && setting:
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, "This topic is made by the bridge")
	case isGroup:
		c.conn.Reply(irc.RPL_TOPIC, s.channelName(folded), s.groupTopic(folded))
	case setting:
		s.setTopic(r, m.Params[1])
	default:
		s.showTopic(c, r, func() { c.conn.Reply(irc.RPL_NOTOPIC, r.channel, "No topic is set; "+r.fullName()) })
	}
	return nil
}

// roomElsewhere reports whether users of this bridge are in a room that we are not in.
func (s *session) roomElsewhere(folded string) bool { return len(s.b.near.inRoom(folded, s)) > 0 }

// textLen is TOPICLEN and AWAYLEN of 005, in bytes.
const textLen = 390

// cut shortens a text to textLen, between characters.
func cut(text string) string {
	if len(text) <= textLen {
		return text
	}
	n := textLen
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// setTopic sets a room's topic for the users of this bridge and shows it to those in the room.
func (s *session) setTopic(r *room, text string) {
	text = cut(text)
	t := topic{text: text, by: s.self.prefix.String(), at: time.Now()}
	if t.text == "" {
		t = topic{}
	}
	folded := ircd.Fold(r.channel)
	s.b.near.setTopic(folded, t)
	st := s.stamp("", time.Time{})
	s.topicSet(folded, s.self, text, t, st)
	for _, p := range s.b.near.inRoom(folded, s) {
		key := s.key
		s.postTo(p, do(func(p *session) {
			if who := p.roster.contacts[key]; who != nil {
				p.topicSet(folded, who, text, t, p.stamp(st.id, st.at))
			}
		}))
	}
}

// topicSet takes over a topic that somebody set.
func (s *session) topicSet(folded string, by *contact, text string, t topic, st stamp) {
	r := s.rooms[folded]
	if r == nil || !r.joined {
		return
	}
	r.topic = t
	s.keep(st, store.Entry{Target: folded, Out: by == s.self, From: string(by.name), Command: "TOPIC", Text: text}, nil)
	m := s.message(by.prefix, "TOPIC", r.channel, text)
	m.Time, m.ID, m.Account = st.at, st.id, s.accountOf(by)
	s.broadcast(m)
}
