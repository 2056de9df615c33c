package tocd

import (
	"errors"
	"slices"
	"strings"

	"tocbridge/toc"
)

// siblings tells the other visible TOC2 sessions of the user that the stored
// list has changed.
func (s *session) siblings(events ...toc.Event) {
	for _, o := range s.user.sessions {
		if o == s || !o.live || !o.toc2() {
			continue
		}
		for _, e := range events {
			o.send(e)
		}
	}
}

// groupChanged is told for a new group and for any change in a known one. The
// nameless group is the one that holds the order of the others.
func groupChanged(name string) toc.Event {
	return toc.Inserted{Kind: toc.ListGroup, Group: name}
}

func newGroup(s *session, c toc.NewGroup) error {
	l := &s.user.acct.list
	if c.Group == "" {
		return errProcessing
	}
	if l.group(c.Group) == nil {
		l.groups = append(l.groups, &group{name: strings.Clone(c.Group)})
		s.siblings(groupChanged(""), groupChanged(c.Group))
	}
	return nil
}

// delGroup takes the group's buddies along. By the time their removal is told
// the group has no name any more, and the server invents one.
func delGroup(s *session, c toc.DelGroup) error {
	a := s.user.acct
	g := a.list.group(c.Group)
	if g == nil {
		return errProcessing
	}
	a.list.groups = slices.DeleteFunc(a.list.groups, func(o *group) bool { return o == g })
	told := []toc.Event{toc.Deleted{Kind: toc.ListGroup, Group: g.name}}
	var keys []string
	for _, e := range g.entries {
		s.srv.relate(a, e.key, func(r *relation) { r.stored-- })
		keys = append(keys, e.key)
		told = append(told, toc.Deleted{Kind: toc.ListBuddy, Name: toc.ScreenName(e.key), Group: "Buddies"})
	}
	s.siblings(told...)
	s.srv.visibility(s.user, keys, true) // of an empty group: with everybody
	s.siblings(groupChanged(""))
	return nil
}

// addition is what toc2_new_buddies does to one group.
type addition struct {
	group   *group
	created bool
	grown   bool
	told    []toc.Event // to siblings
	keys    []string    // of entries that are new or changed
}

// newBuddies adds entries, group by group in the order of the groups' names.
// Groups without new entries are not stored, unless another group has some.
func newBuddies(s *session, c toc.NewBuddies) error {
	groups := slices.Clone(c.Groups)
	slices.SortStableFunc(groups, func(a, b toc.Group) int { return strings.Compare(a.Name, b.Name) })
	l := &s.user.acct.list
	before := len(l.groups)
	var done []*addition
	var replies []toc.Event
	changed := false
	for _, g := range groups {
		add := s.addition(&done, g.Name)
		for _, b := range g.Buddies {
			if b.Name == "" {
				continue
			}
			ch, added := s.addBuddy(add, b)
			changed = changed || ch
			if added {
				replies = append(replies, toc.NewBuddyReply{Name: b.Name, Status: "added"})
			}
		}
	}
	if !changed {
		l.groups = l.groups[:before]
		return nil
	}
	for _, r := range replies {
		s.send(r)
	}
	s.tellAdditions(done)
	return nil
}

// addition finds or makes the entry for a group in done.
func (s *session) addition(done *[]*addition, name string) *addition {
	for _, a := range *done {
		if a.group.name == name {
			return a
		}
	}
	l := &s.user.acct.list
	add := &addition{group: l.group(name)}
	if add.group == nil {
		add.group, add.created = &group{name: strings.Clone(name)}, true
		l.groups = append(l.groups, add.group)
	}
	*done = append(*done, add)
	return add
}

func (s *session) addBuddy(add *addition, b toc.Buddy) (changed, added bool) {
	e := entry{key: b.Name.Key(), alias: b.Alias, note: b.Note}
	changed, added = s.srv.put(s.user.acct, add.group, e)
	add.grown = add.grown || added
	if changed {
		ev := toc.Inserted{Kind: toc.ListBuddy, Name: toc.ScreenName(e.key), Group: add.group.name, Alias: e.alias}
		if i := slices.Index(add.keys, e.key); i >= 0 {
			add.told[i] = ev
		} else {
			add.keys, add.told = append(add.keys, e.key), append(add.told, ev)
		}
	}
	return changed, added
}

// tellAdditions tells siblings of all groups, then of their buddies, and those
// concerned of each other.
func (s *session) tellAdditions(done []*addition) {
	root := false
	for _, add := range done {
		if add.created && !root {
			root = true
			s.siblings(groupChanged(""))
		}
		if add.created || add.grown {
			s.siblings(groupChanged(add.group.name))
		}
	}
	for _, add := range done {
		add.group.entries = slices.Clone(add.group.entries) // without the slack of growing
		if len(add.keys) > 0 {
			s.siblings(add.told...)
			s.srv.visibility(s.user, add.keys, true)
		}
	}
}

// removeBuddies removes names from one group, or from all if it is "*". No
// departure is told for who is no longer listed.
func removeBuddies(s *session, c toc.RemoveBuddies) error {
	a := s.user.acct
	groups := a.list.groups
	if c.Group != "*" {
		g := a.list.group(c.Group)
		if g == nil {
			return errProcessing
		}
		groups = []*group{g}
	}
	var told, touched []toc.Event
	var keys []string
	for _, name := range c.Names {
		for _, g := range groups {
			key := name.Key()
			if !s.srv.take(a, g, key) {
				continue
			}
			keys = append(keys, key)
			told = append(told, toc.Deleted{Kind: toc.ListBuddy, Name: toc.ScreenName(key), Group: g.name})
			if ev := groupChanged(g.name); !slices.Contains(touched, ev) {
				touched = append(touched, ev)
			}
		}
	}
	if len(keys) > 0 {
		s.siblings(told...)
		s.srv.visibility(s.user, keys, true)
		s.siblings(touched...)
	}
	return nil
}

// setPDMode sets the privacy mode; siblings are not told.
func setPDMode(s *session, c toc.SetPDMode) error {
	l := &s.user.acct.list
	if c.Mode < toc.PermitAll || c.Mode > toc.PermitBuddies {
		return errProcessing
	}
	if l.mode != c.Mode {
		l.mode = c.Mode
		s.srv.visibility(s.user, nil, true)
	}
	return nil
}

// nameList is one of the two stored name lists.
type nameList struct {
	kind toc.ListKind
	of   func(*list) *[]string
	mark func(*relation, bool)
}

var (
	permitList = nameList{
		toc.ListPermit, func(l *list) *[]string { return &l.permit }, func(r *relation, on bool) { r.permit = on },
	}
	denyList = nameList{
		toc.ListDeny, func(l *list) *[]string { return &l.deny }, func(r *relation, on bool) { r.deny = on },
	}
)

func addPermit(s *session, c toc.AddPermit) error       { return s.addNames(permitList, c.Names) }
func removePermit(s *session, c toc.RemovePermit) error { return s.removeNames(permitList, c.Names) }
func removeDeny(s *session, c toc.RemoveDeny) error     { return s.removeNames(denyList, c.Names) }

// addDeny ignores the whole command if it would deny the user itself.
func addDeny(s *session, c toc.AddDeny) error {
	own := s.user.acct.key
	listed := slices.Contains(s.user.acct.list.deny, own)
	if !listed && slices.ContainsFunc(c.Names, func(n toc.ScreenName) bool { return n.Key() == own }) {
		return nil
	}
	return s.addNames(denyList, c.Names)
}

var errNoNames = errors.New("no names")

func (s *session) addNames(nl nameList, names []toc.ScreenName) error {
	if len(names) == 0 {
		return errNoNames
	}
	a := s.user.acct
	stored := nl.of(&a.list)
	var keys []string
	var told []toc.Event
	for _, n := range names {
		key := s.srv.intern(n.Key())
		if slices.Contains(*stored, key) {
			continue
		}
		*stored = append(*stored, key)
		s.srv.relate(a, key, func(r *relation) { nl.mark(r, true) })
		keys, told = append(keys, key), append(told, toc.Inserted{Kind: nl.kind, Name: toc.ScreenName(key)})
	}
	s.namesChanged(keys, told)
	return nil
}

func (s *session) removeNames(nl nameList, names []toc.ScreenName) error {
	if len(names) == 0 {
		return errNoNames
	}
	a := s.user.acct
	stored := nl.of(&a.list)
	var keys []string
	var told []toc.Event
	for _, n := range names {
		key := n.Key()
		i := slices.Index(*stored, key)
		if i < 0 {
			continue
		}
		*stored = slices.Delete(*stored, i, i+1)
		s.srv.relate(a, key, func(r *relation) { nl.mark(r, false) })
		keys, told = append(keys, key), append(told, toc.Deleted{Kind: nl.kind, Name: toc.ScreenName(key)})
	}
	s.namesChanged(keys, told)
	return nil
}

func (s *session) namesChanged(keys []string, told []toc.Event) {
	if len(keys) > 0 {
		s.siblings(told...)
		s.srv.visibility(s.user, keys, true)
	}
}
