package bridge

import (
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// member is a contact as NAMES and WHO show it.
func (s *session) member(c *contact, prefix string) ircd.Member {
	m := ircd.Member{Nick: c.nick(), User: c.prefix.User, Host: c.prefix.Host, Realname: s.realnameOf(c),
		Account: c.key, Prefix: prefix, Away: c.away}
	if !c.idleSince.IsZero() {
		m.Idle = time.Since(c.idleSince)
	}
	if c == s.self {
		m.Away = s.awayText != ""
		m.Idle = time.Since(s.lastActive())
	}
	return m
}

// controlMember is *aim.
func (s *session) controlMember() ircd.Member {
	p := s.controlPrefix()
	return ircd.Member{Nick: p.Name, User: p.User, Host: p.Host, Realname: controlRealname, Prefix: "+", Bot: true}
}

// channelMembers lists who is in a channel as one client sees it; ok reports whether the client may know.
func (s *session) channelMembers(c *client, channel string) (list []ircd.Member, ok bool) {
	folded := ircd.Fold(channel)
	if r := s.rooms[folded]; r != nil && r.joined {
		list = append(list, s.member(s.self, ""))
		for _, who := range r.sorted() {
			list = append(list, s.member(who, ""))
		}
		return list, true
	}
	who, ok := s.membersOf(folded)
	if !ok {
		return nil, false
	}
	if c.in[folded] {
		list = append(list, s.member(s.self, ""))
	}
	if folded == buddiesChannel {
		list = append(list, s.controlMember())
	}
	for _, b := range who {
		list = append(list, s.member(b, s.voiceOf(c, b)))
	}
	return list, true
}

// voiceOf is the prefix of a buddy in & channels: clients with away-notify are told of AWAY and need none.
func (s *session) voiceOf(c *client, b *contact) string {
	if b.away || c.conn.Has(ircd.CapAwayNotify) {
		return ""
	}
	return "+"
}

// names answers NAMES for one channel; of an unknown one only the end.
func (s *session) names(c *client, channel string) {
	list, _ := s.channelMembers(c, channel)
	if r := s.rooms[ircd.Fold(channel)]; r != nil {
		channel = r.channel
	}
	c.conn.SendNames(channel, list)
}

func (s *session) namesCommand(c *client, m *irc.Message) error {
	if len(m.Params) == 0 || m.Params[0] == "" {
		c.conn.Reply(irc.RPL_ENDOFNAMES, "*", "End of /NAMES list")
		return nil
	}
	for _, channel := range strings.Split(m.Params[0], ",") {
		s.names(c, channel)
	}
	return nil
}

// list is LIST: the & channels and the rooms we are in; AIM cannot list its rooms.
func (s *session) list(c *client, m *irc.Message) error {
	c.conn.SendList(s.listItems())
	return nil
}

func (s *session) listItems() []ircd.ListItem {
	on, _ := s.membersOf(buddiesChannel)
	items := []ircd.ListItem{{Channel: buddiesChannel, Users: len(on) + 2, Topic: s.groupTopic(buddiesChannel)}}
	for _, g := range s.roster.groups {
		f := groupFold(g.name)
		on, _ := s.membersOf(f)
		items = append(items, ircd.ListItem{Channel: nicks.GroupChannel(g.name), Users: len(on), Topic: s.groupTopic(f)})
	}
	for _, r := range s.sortedRooms() {
		if r.joined {
			items = append(items, ircd.ListItem{Channel: r.channel, Users: len(r.members) + 1, Topic: r.topicOf()})
		}
	}
	return items
}

// who is WHO and WHOX: for a channel, a nick, or a mask.
func (s *session) who(c *client, m *irc.Message) error {
	mask, fields := "*", ""
	if len(m.Params) > 0 && m.Params[0] != "" {
		mask = m.Params[0]
	}
	if len(m.Params) > 1 {
		fields = m.Params[1]
	}
	if mask[0] == '#' || mask[0] == '&' {
		list, _ := s.channelMembers(c, mask)
		channel := mask
		if r := s.rooms[ircd.Fold(mask)]; r != nil {
			channel = r.channel
		}
		c.conn.SendWho(mask, fields, channel, list)
		return nil
	}
	if name, ok := s.nicks.Name(mask); ok && ircd.ValidNick(mask) {
		s.lookUp(c, name, func(who *contact) {
			c.conn.SendWho(mask, fields, "*", s.whoOne(c, mask, who))
		})
		return nil
	}
	c.conn.SendWho(mask, fields, "*", s.whoMask(c, mask))
	return nil
}

// whoOne is WHO of a nick, with a channel we share.
func (s *session) whoOne(c *client, nick string, who *contact) []ircd.Member {
	if isControl(nick) {
		return []ircd.Member{s.controlMember()}
	}
	if who == nil {
		return nil
	}
	m := s.member(who, "")
	if shared := s.sharedChannels(c, who); len(shared) > 0 {
		m.Channel = strings.TrimLeft(shared[0], "+")
	}
	return []ircd.Member{m}
}

// whoMask matches everybody we can see.
func (s *session) whoMask(c *client, mask string) []ircd.Member {
	var out []ircd.Member
	for _, who := range s.visible() {
		m := s.member(who, "")
		if mask == "0" || glob(mask, m.Nick) || glob(mask, m.User) || glob(mask, m.Host) || glob(mask, m.Realname) {
			if shared := s.sharedChannels(c, who); len(shared) > 0 {
				m.Channel = strings.TrimLeft(shared[0], "+")
			}
			out = append(out, m)
		}
	}
	return out
}

// visible is everybody in our channels, ourselves first.
func (s *session) visible() []*contact {
	out := append([]*contact{s.self}, s.roster.online()...)
	for _, r := range s.sortedRooms() {
		for _, who := range r.sorted() {
			if !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

// sharedChannels are the channels a client shares with somebody, with prefixes.
func (s *session) sharedChannels(c *client, who *contact) []string {
	var out []string
	if who.online && who.buddy() || who == s.self {
		folded := channelsOf(who)
		if who == s.self {
			folded = sortedKeys(c.in)
		}
		for _, f := range folded {
			if c.in[f] {
				prefix := ""
				if who != s.self {
					prefix = s.voiceOf(c, who)
				}
				out = append(out, prefix+s.channelName(f))
			}
		}
	}
	for _, r := range s.sortedRooms() {
		if r.joined && (who == s.self || r.members[who.key] != nil) {
			out = append(out, r.channel)
		}
	}
	return out
}

// there reports whether we know that somebody is signed on.
func (s *session) there(who *contact) bool {
	return who != nil && (who == s.self || who.online || s.inRoom(who))
}

// lookUp finds somebody who is signed on: from the picture, or by asking AIM about who is on no list. done gets nil for
// nobody; it may run later, while the client's further commands wait.
func (s *session) lookUp(c *client, name toc.ScreenName, done func(*contact)) {
	who := s.roster.lookup(name)
	switch {
	case isControl(string(name)) || s.there(who) && (who.buddy() || who == s.self || s.inRoom(who)):
		done(who)
	case who != nil && who.buddy() && who.known, !s.mayAsk():
		done(nil)
	default:
		who = s.roster.contact(name)
		finish := c.conn.Defer()
		s.askStatus(who, func(bool) {
			finish(func() error {
				if who.online {
					done(who)
				} else {
					done(nil)
				}
				return nil
			})
		})
	}
}

// mayAsk reports whether a question about somebody's presence can go out at once: it counts as an IM.
func (s *session) mayAsk() bool {
	now := time.Now()
	return s.state == online && s.link != nil && !s.pacer.At(now, pace.Messages, 2).After(now)
}

// ison answers from the picture: it asks AIM nothing, because clients repeat it every minute.
func (s *session) ison(c *client, m *irc.Message) error {
	var on []string
	for _, p := range m.Params {
		for _, nick := range strings.Fields(p) {
			if name, ok := s.nicks.Name(nick); ok && s.present(nick, name) {
				on = append(on, nick)
			}
		}
	}
	c.conn.Reply(irc.RPL_ISON, strings.Join(on, " "))
	return nil
}

func (s *session) present(nick string, name toc.ScreenName) bool {
	return isControl(nick) || s.there(s.roster.lookup(name)) || s.b.signedOn(name)
}

// userhost is USERHOST, of at most five nicks.
func (s *session) userhost(c *client, m *irc.Message) error {
	var out []string
	var nicks []string
	for _, p := range m.Params {
		nicks = append(nicks, strings.Fields(p)...)
	}
	for _, nick := range nicks[:min(len(nicks), 5)] {
		name, ok := s.nicks.Name(nick)
		who := s.roster.lookup(name)
		if !ok || !s.there(who) {
			continue
		}
		here := "+"
		if s.member(who, "").Away {
			here = "-"
		}
		out = append(out, who.nick()+"="+here+who.prefix.User+"@"+who.prefix.Host)
	}
	c.conn.Reply(irc.RPL_USERHOST, strings.Join(out, " "))
	return nil
}
