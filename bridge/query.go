package bridge

import (
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// member is a contact as NAMES and WHO show it.
func (s *session) member(c *contact, prefix string) ircd.Member {
	m := ircd.Member{Nick: c.nick(), User: c.prefix.User, Host: c.prefix.Host, Realname: s.realnameOf(c),
		Account: s.accountOf(c), Prefix: prefix, Away: s.isAway(c), Bot: s.botPrefix(c.prefix)}
	if !c.idleSince.IsZero() {
		m.Idle = time.Since(c.idleSince)
	}
	if c == s.self {
		m.Idle = time.Since(s.idle.seen)
	}
	return m
}

// controlMember is *aim.
func (s *session) controlMember() ircd.Member {
	p := s.controlPrefix()
	return ircd.Member{Nick: p.Name, User: p.User, Host: p.Host, Realname: controlRealname, Prefix: "@", Bot: true}
}

// channelMembers lists who is in a channel as one client sees it; ok reports whether the client may know.
func (s *session) channelMembers(c *client, channel string) (list []ircd.Member, ok bool) {
	folded := ircd.Fold(channel)
	if r := s.room(channel); r != nil && r.joined {
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
	if r := s.room(channel); r != nil {
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
		if r := s.room(mask); r != nil {
			channel = r.channel
		}
		c.conn.SendWho(mask, fields, channel, list)
		return nil
	}
	if isControl(mask) {
		c.conn.SendWho(mask, fields, "*", []ircd.Member{s.controlMember()})
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
	return who != nil && (who == s.self || s.inRoom(who) || who.online && (who.tracked() || time.Since(who.heard) < vouchTime))
}

// lookUp finds somebody who is signed on: from the picture, or by asking AIM about who is on no list. done gets nil for
// nobody; it may run later, while the client's further commands wait.
func (s *session) lookUp(c *client, name toc.ScreenName, done func(*contact)) {
	if isControl(string(name)) {
		done(nil)
		return
	}
	s.resolve(c, s.unsure(name), func() {
		if who := s.roster.lookup(name); s.there(who) {
			done(who)
		} else {
			done(nil)
		}
	})
}

// unsure are those of the names about whom only AIM can tell whether they are there now.
func (s *session) unsure(names ...toc.ScreenName) (out []*contact) {
	for _, name := range names {
		who := s.roster.contact(name)
		if who != s.self && !s.inRoom(who) && !who.tracked() {
			out = append(out, who)
		}
	}
	return out
}

// found are the people behind nicks who are signed on. On a server with limits only the picture is asked: clients repeat
// ISON every minute, and each question would count as an IM.
func (s *session) found(c *client, nicks []string, done func(map[string]*contact)) {
	var names []toc.ScreenName
	for _, nick := range nicks {
		if name, ok := s.nicks.Name(nick); ok {
			names = append(names, name)
		}
	}
	var ask []*contact
	if s.o.Pace == pace.Off {
		ask = s.unsure(names...)
	}
	s.resolve(c, ask, func() {
		out := map[string]*contact{}
		for _, nick := range nicks {
			name, _ := s.nicks.Name(nick)
			if who := s.roster.lookup(name); s.there(who) {
				out[nick] = who
			}
		}
		done(out)
	})
}

// nickList splits the parameters of ISON and USERHOST, at most so many nicks.
func nickList(params []string, most int) []string {
	var out []string
	for _, p := range params {
		out = append(out, strings.Fields(p)...)
	}
	return out[:min(len(out), most)]
}

const (
	isonMax     = 32
	userhostMax = 5 // RFC 2812 §4.8
)

func (s *session) ison(c *client, m *irc.Message) error {
	nicks := nickList(m.Params, isonMax)
	s.found(c, nicks, func(there map[string]*contact) {
		var on []string
		for _, nick := range nicks {
			if there[nick] != nil || isControl(nick) {
				on = append(on, nick)
			}
		}
		c.conn.Reply(irc.RPL_ISON, strings.Join(on, " "))
	})
	return nil
}

// userhost is USERHOST: nick=±user@host, with - for away.
func (s *session) userhost(c *client, m *irc.Message) error {
	nicks := nickList(m.Params, userhostMax)
	s.found(c, nicks, func(there map[string]*contact) {
		var out []string
		for _, nick := range nicks {
			who := there[nick]
			if who == nil {
				continue
			}
			here := "+"
			if s.isAway(who) {
				here = "-"
			}
			out = append(out, who.nick()+"="+here+who.prefix.User+"@"+who.prefix.Host)
		}
		c.conn.Reply(irc.RPL_USERHOST, strings.Join(out, " "))
	})
	return nil
}
