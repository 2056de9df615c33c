package bridge

import (
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

// What this file keeps lets two users of one bridge be to each other what they would be on an IRC server. Everything
// they say goes through AIM; but AIM has no topics, no reasons for leaving, no NOTICE and no tags, so these travel
// beside it. Nothing here is needed for a message to arrive.

// persona is what IRC shows of an account's user and AIM does not carry. A value is never changed, only replaced.
type persona struct {
	user, realname string
	away           string // the text of AWAY; AIM carries only the flag
	anonymous      bool   // signed on without a password
	bot            bool   // user mode B
}

// neighbour is the persona of a contact who is on this bridge too, or nil.
func (s *session) neighbour(c *contact) *persona {
	if c == s.self {
		return s.info.Load()
	}
	if p := s.b.peer(c.key); p != nil {
		return p.info.Load()
	}
	return nil
}

// accountOf is the account of a contact: its screen name, which AIM vouches for, unless it signed on to this bridge
// without a password.
func (s *session) accountOf(c *contact) string {
	if info := s.neighbour(c); info != nil && info.anonymous {
		return ""
	}
	return c.key
}

// isAway reports whether a contact is away. Of somebody on this bridge we know at once, of others what AIM told last.
func (s *session) isAway(c *contact) bool {
	if info := s.neighbour(c); info != nil {
		return info.away != ""
	}
	return c.away
}

// tellNeighbours runs f in the sessions of this bridge that see us in a room, watch us or, as far as we know, have us on
// their list.
func (s *session) tellNeighbours(f func(p *session, us *contact)) {
	seen := map[*session]bool{s: true}
	tell := func(p *session) {
		if p == nil || seen[p] {
			return
		}
		seen[p] = true
		key := s.key
		s.postTo(p, do(func(p *session) {
			if us := p.roster.contacts[key]; us != nil {
				f(p, us)
			}
		}))
	}
	for folded := range s.rooms {
		for _, p := range s.b.near.inRoom(folded, s) {
			tell(p)
		}
	}
	for _, c := range s.roster.online() {
		tell(s.b.peer(c.key))
	}
	for _, p := range s.b.near.watching(s.key) {
		tell(p)
	}
}

// clientTags are the tags that clients send each other, without typing, which AIM knows.
func clientTags(tags irc.Tags) irc.Tags {
	var out irc.Tags
	for k, v := range tags {
		if strings.HasPrefix(k, "+") && k != "+typing" {
			if out == nil {
				out = irc.Tags{}
			}
			out[k] = v
		}
	}
	return out
}

// neighbourAway is AWAY of somebody on this bridge, with its text, before AIM tells of it or when only the text is new.
func (s *session) neighbourAway(c *contact, text string) {
	ch := c.setAway(text != "")
	if ch == 0 && text != "" {
		ch, c.toldAway = wentAway, false
	}
	s.showAway(c, ch)
	if c.buddy() && c.online && !s.quiet() {
		for _, line := range s.changeTexts(c, ch) {
			s.buddyNews(c, line)
		}
	}
}

// setname is SETNAME: the real name, which only users of this bridge see.
func (s *session) setname(c *client, m *irc.Message) error {
	info := s.info.Load()
	if info == nil {
		return nil
	}
	name := m.Params[0]
	if len(name) > nameLen {
		c.conn.Fail("SETNAME", "INVALID_REALNAME", "Real name is too long")
		return nil
	}
	now := *info
	now.realname = name
	s.info.Store(&now)
	for _, cl := range s.clients {
		cl.conn.SetRealname(name)
	}
	s.showSetname(s.self, name)
	s.tellNeighbours(func(p *session, us *contact) { p.showSetname(us, name) })
	return nil
}

// nameLen is NAMELEN of 005.
const nameLen = 150

// showSetname is SETNAME for those who see the contact.
func (s *session) showSetname(c *contact, name string) {
	m := s.message(c.prefix, "SETNAME", name)
	m.Need = ircd.CapSetname
	s.tellSeers(c, m)
}
