package bridge

import (
	"slices"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// inserted is a change of the list made by another session of the account, told as oddly as trap 17 says.
func (s *session) inserted(e toc.Inserted) {
	switch e.Kind {
	case toc.ListGroup:
		s.roster.addGroup(e.Group)
	case toc.ListBuddy, toc.ListICQ:
		s.addToList(toc.Buddy{Name: e.Name, Alias: e.Alias}, e.Group)
	case toc.ListDeny:
		s.roster.deny[e.Name.Key()] = e.Name
	case toc.ListPermit:
		s.roster.permit[e.Name.Key()] = e.Name
	}
}

func (s *session) deleted(e toc.Deleted) {
	switch e.Kind {
	case toc.ListGroup:
		for _, c := range s.roster.dropGroup(e.Group) {
			s.offList(c, []string{e.Group})
		}
	case toc.ListBuddy, toc.ListICQ:
		s.removeFromList(e.Name, e.Group)
	case toc.ListDeny:
		delete(s.roster.deny, e.Name.Key())
	case toc.ListPermit:
		delete(s.roster.permit, e.Name.Key())
	}
}

// addToList puts a buddy into a group of our picture and shows it where it appears.
func (s *session) addToList(b toc.Buddy, groupName string) {
	before := s.roster.lookup(b.Name)
	wasIn := before != nil && slices.Contains(before.groups, groupName)
	c, fresh := s.roster.add(b, groupName)
	s.useAlias(c)
	if !c.online {
		return
	}
	if fresh {
		s.showArrival(c)
	} else if !wasIn && c != s.self {
		f := groupFold(groupName)
		s.showJoin(c, f, s.channelName(f))
	}
}

// useAlias makes an alias that could be a nick the nick: that is where rename keeps it, and what other AIM clients of the
// account show. An alias that could not be one is part of the real name.
func (s *session) useAlias(c *contact) {
	if c == s.self || c.alias == "" || c.alias == c.nick() || !ircd.ValidNick(c.alias) || isControl(c.alias) {
		return
	}
	if toc.ScreenName(c.alias).Key() == c.key || s.nicks.Rename(c.name, c.alias) != nil {
		return
	}
	s.changeNick(c, c.nick(), c.alias)
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
