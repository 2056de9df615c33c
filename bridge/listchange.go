package bridge

import (
	"slices"
	"time"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// inserted is a change of the list made by another session of the account, told as oddly as trap 17 says.
func (s *session) inserted(e toc.Inserted) {
	s.siblingDid("changed your list")
	switch e.Kind {
	case toc.ListGroup:
		s.roster.addGroup(e.Group)
	case toc.ListBuddy, toc.ListICQ:
		s.addToList(toc.Buddy{Name: e.Name, Alias: e.Alias}, e.Group)
	default:
		s.privacyTold(e.Kind, e.Name, true)
	}
	s.roster.orphans = nil
}

func (s *session) deleted(e toc.Deleted) {
	s.siblingDid("changed your list")
	switch e.Kind {
	case toc.ListGroup:
		s.roster.orphan(e.Group)
		s.dropGroup(e.Group)
	case toc.ListBuddy, toc.ListICQ:
		if key := e.Name.Key(); e.Group == madeUpGroup && s.roster.orphans[key] {
			delete(s.roster.orphans, key)
			return
		}
		s.removeFromList(e.Name, e.Group)
	default:
		s.privacyTold(e.Kind, e.Name, false)
	}
}

// madeUpGroup is what the server calls a group that it has just deleted, when it tells of the members. Somebody may have a
// group of that name, which is not meant.
const madeUpGroup = "Buddies"

// privacyTold is a change of the deny or permit list by another session. That it may have changed the privacy mode too,
// the server does not tell.
func (s *session) privacyTold(kind toc.ListKind, name toc.ScreenName, add bool) {
	lists := map[toc.ListKind]listMode{toc.ListDeny: banList, toc.ListPermit: exceptList}
	if l, ok := lists[kind]; ok && name.Key() != "" {
		s.showPrivacy(privacyChange{l, s.roster.contact(name), add})
	}
}

// dropGroup takes a group off our picture, with its members; its channel is left by who is in it.
func (s *session) dropGroup(name string) {
	g := s.roster.find(name)
	if g == nil {
		return
	}
	folded := groupFold(name)
	channel := s.channelName(folded)
	for _, c := range slices.Clone(g.members) {
		s.removeFromList(c.name, name)
	}
	s.roster.dropGroup(name)
	if _, still := s.membersOf(folded); still {
		return
	}
	for _, c := range s.clients {
		if c.in[folded] {
			delete(c.in, folded)
			c.conn.Send(s.message(s.self.prefix, "PART", channel, "The group was deleted"))
		}
	}
}

// addToList puts a buddy into a group of our picture and shows it where it appears.
func (s *session) addToList(b toc.Buddy, groupName string) {
	if groupName == "" || b.Name.Key() == "" {
		return
	}
	before := s.roster.contact(b.Name)
	if !before.tracked() && time.Since(before.heard) > vouchTime && before != s.self {
		before.signOff() // that was long ago
	}
	wasIn, was, had := slices.Contains(before.groups, groupName), s.realnameOf(before), before.alias
	c, fresh := s.roster.add(b, groupName)
	if had != "" && c.alias == "" && s.setting(settingNick+c.key) == had {
		s.setSetting(settingNick+c.key, "") // taken back elsewhere
	}
	s.useAlias(c)
	if !c.online {
		return
	}
	if fresh {
		s.showArrival(c)
		return
	}
	if now := s.realnameOf(c); now != was && c != s.self {
		s.showSetname(c, now)
	}
	if !wasIn && c != s.self {
		f := groupFold(groupName)
		s.showJoin(c, f, s.channelName(f))
	}
}

// useAlias makes an alias that could be a nick the nick: that is where rename keeps it, and what other AIM clients of the
// account show. An alias that could not be one is part of the real name. Without one, the nick last given here stays.
func (s *session) useAlias(c *contact) {
	if c == s.self {
		return
	}
	want := c.alias
	if !ircd.ValidNick(want) || isControl(want) || toc.ScreenName(want).Key() == c.key {
		want = s.setting(settingNick + c.key)
	}
	old, nick := c.nick(), want
	if want == "" {
		nick = s.nicks.Reset(c.name)
	} else if s.nicks.Rename(c.name, want) != nil {
		return
	}
	if nick != old {
		s.changeNick(c, old, nick)
	}
}

// removeFromList takes a buddy out of a group of our picture. No offline message follows from the server (trap 13).
func (s *session) removeFromList(name toc.ScreenName, groupName string) {
	c := s.roster.lookup(name)
	if c == nil || !slices.Contains(c.groups, groupName) {
		return
	}
	if s.roster.remove(name, groupName) {
		s.offList(c, []string{groupName})
		return
	}
	if c.online && c != s.self {
		f := groupFold(groupName)
		s.toMembers(f, s.message(c.prefix, "PART", s.channelName(f), "Removed from this group"))
	}
}

// offList shows that somebody who was online in these groups is no buddy any more.
func (s *session) offList(c *contact, groups []string) {
	const reason = "Removed from your list"
	switch {
	case c == s.self || !c.online:
	case s.inRoom(c):
		s.partGroups(c, groups, reason)
	default:
		s.showDeparture(c, groups, reason)
	}
	if c == s.self {
		return
	}
	c.signOff()
	c.known = false
	if c.watched > 0 { // as somebody on no list, from now on
		s.tellMonitors(c, departed)
		s.send(toc.AddBuddies{Names: []toc.ScreenName{toc.ScreenName(c.key)}})
	}
}
