package bridge

import (
	"slices"
	"strings"

	"tocbridge/toc"
)

// nameMax bounds the names we put on a list, in bytes. AIM's own are at most 16; other servers allow addresses.
const nameMax = 64

// unfit says why something cannot be written into a list, or "".
func unfit(b toc.Buddy, group string) string {
	switch {
	case b.Name.Key() == "" || len(b.Name) > nameMax:
		return "a screen name has 1 to 64 characters"
	case group == "":
		return "a group needs a name"
	case len(group) > nameMax || len(b.Alias) > nameMax:
		return "groups and aliases have at most 64 characters"
	case strings.ContainsAny(string(b.Name)+group+b.Alias, "\r\n{}:"):
		return "names and groups cannot have colons or braces on AIM"
	}
	return ""
}

// entries is the command that writes entries of one group.
func entries(group string, buddies ...toc.Buddy) toc.Command {
	return toc.NewBuddies{Groups: []toc.Group{{Name: group, Buddies: buddies}}}
}

// addBuddy puts a buddy into a group, on the server and in our picture. What it returns, and done, are as of order.
func (s *session) addBuddy(b toc.Buddy, group string, done func(why string)) (why string) {
	if why := unfit(b, group); why != "" {
		return why
	}
	stored := b
	stored.Name = toc.ScreenName(b.Name.Key())
	why = s.order(func(why string) {
		if c := s.roster.contact(b.Name); why != "" {
			s.removeFromList(b.Name, group)
		} else if c.buddy() && s.state == online {
			c.known = true // of who is not there the server says nothing
		}
		done(why)
	}, entries(group, stored))
	if why == "" {
		s.addToList(b, group)
	}
	return why
}

// removeBuddy takes a buddy out of groups, on the server and in our picture.
func (s *session) removeBuddy(c *contact, groups []string, done func(why string)) (why string) {
	groups = slices.Clone(groups)
	var had []toc.Buddy
	var cmds []toc.Command
	for _, g := range groups {
		had = append(had, s.roster.entry(c, g))
		cmds = append(cmds, toc.RemoveBuddies{Names: []toc.ScreenName{toc.ScreenName(c.key)}, Group: g})
	}
	why = s.order(func(why string) {
		for i, g := range groups {
			if why != "" {
				s.addToList(had[i], g)
			}
		}
		done(why)
	}, cmds...)
	if why != "" {
		return why
	}
	for _, g := range groups {
		s.removeFromList(c.name, g)
	}
	if !c.buddy() && c.watched == 0 && c != s.self { // or AIM goes on telling this connection about them
		s.send(toc.RemoveBuddiesV1{Names: []toc.ScreenName{toc.ScreenName(c.key)}})
	}
	return ""
}

// moveBuddy makes a group the only one a buddy is in; alias and note go along.
func (s *session) moveBuddy(c *contact, group string, done func(why string)) (why string) {
	b := s.roster.entry(c, c.groups[0])
	if slices.Contains(c.groups, group) {
		b = s.roster.entry(c, group)
	}
	if b.Alias == "" {
		b.Alias = c.alias
	}
	if why := unfit(b, group); why != "" {
		return why
	}
	from := slices.DeleteFunc(slices.Clone(c.groups), func(g string) bool { return g == group })
	cmds := []toc.Command{entries(group, b)}
	for _, g := range from {
		cmds = append(cmds, toc.RemoveBuddies{Names: []toc.ScreenName{toc.ScreenName(c.key)}, Group: g})
	}
	if why := s.order(done, cmds...); why != "" {
		return why
	}
	s.addToList(b, group)
	for _, g := range from {
		s.removeFromList(c.name, g)
	}
	return ""
}

// setAlias keeps an alias on the server, in every group the buddy is in.
func (s *session) setAlias(c *contact, alias string, done func(why string)) (why string) {
	var cmds []toc.Command
	for _, g := range c.groups {
		b := s.roster.entry(c, g)
		b.Alias = alias
		cmds = append(cmds, entries(g, b))
	}
	if len(cmds) == 0 {
		done("")
		return ""
	}
	if why := s.order(done, cmds...); why != "" {
		return why
	}
	for _, g := range slices.Clone(c.groups) {
		b := s.roster.entry(c, g)
		b.Alias = alias
		s.addToList(b, g)
	}
	return ""
}
