package bridge

import (
	"fmt"
	"slices"
	"strings"

	"tocbridge/bridge/nicks"
	"tocbridge/toc"
)

// groupActions are the words of the group command.
var groupActions = map[string]struct {
	min int // parameters
	run func(*session, *call, []string)
}{
	"list":   {0, (*session).groupList},
	"add":    {1, (*session).groupAdd},
	"del":    {1, (*session).groupDel},
	"remove": {1, (*session).groupDel},
	"rename": {2, (*session).groupRename},
}

func (s *session) controlGroup(k *call) {
	if len(k.args) == 0 {
		s.groupList(k, nil)
		return
	}
	action, ok := groupActions[strings.ToLower(k.args[0])]
	if !ok || len(k.args)-1 < action.min {
		k.usage()
		return
	}
	action.run(s, k, k.args[1:])
}

func (s *session) groupList(k *call, _ []string) {
	rows := [][]string{{"Group", "Channel", "Online", "Buddies"}}
	for _, g := range s.roster.groups {
		on := 0
		for _, c := range g.members {
			if c.online {
				on++
			}
		}
		rows = append(rows, []string{g.name, nicks.GroupChannel(g.name), fmt.Sprint(on), fmt.Sprint(len(g.members))})
	}
	if len(rows) > 1 {
		k.table(rows)
	}
	k.reply("%s", plural(len(s.roster.groups), "group", "groups"))
}

// table shows rows under a bold head.
func (k *call) table(rows [][]string) {
	for i, line := range table(rows) {
		if i == 0 {
			line = "\x02" + line + "\x02"
		}
		k.reply("%s", line)
	}
}

// groupOf finds a group by its name in any case, or by its channel, or says that there is none.
func (k *call) groupOf(name string) *group {
	if g := k.s.roster.find(k.s.groupSpelling(name)); g != nil {
		return g
	}
	if inner, ok := nicks.Group(name); ok {
		if g := k.s.roster.find(k.s.groupSpelling(inner)); g != nil {
			return g
		}
	}
	k.reply("You have no group %s; group list shows them.", name)
	return nil
}

func (s *session) groupAdd(k *call, args []string) {
	name := strings.Join(args, " ")
	if g := s.roster.find(s.groupSpelling(name)); g != nil {
		k.reply("You have a group %s already.", g.name)
		return
	}
	why := unfit(toc.Buddy{Name: "x"}, name)
	if why == "" {
		why = s.order(func(why string) {
			if why != "" {
				s.dropGroup(name)
				k.reply("Not added: %s", why)
				return
			}
			k.reply("Added the group %s: /join %s", name, nicks.GroupChannel(name))
		}, toc.NewGroup{Group: name})
	}
	if why != "" {
		k.reply("Not added: %s", why)
		return
	}
	s.roster.addGroup(name)
}

func (s *session) groupDel(k *call, args []string) {
	force := len(args) > 1 && args[len(args)-1] == "-all"
	if force {
		args = args[:len(args)-1]
	}
	g := k.groupOf(strings.Join(args, " "))
	if g == nil {
		return
	}
	var names []string
	var all []toc.ScreenName
	for _, c := range g.members {
		names, all = append(names, c.nick()), append(all, toc.ScreenName(c.key))
	}
	if len(names) > 0 && !force {
		k.reply("Not deleted: %s has %s (%s). Move them first, or take them off your list with it: group del %s -all",
			g.name, plural(len(names), "buddy", "buddies"), strings.Join(names, " "), quoteName(g.name))
		return
	}
	var cmds []toc.Command
	if len(all) > 0 { // AOL deleted empty groups only
		cmds = append(cmds, toc.RemoveBuddies{Names: all, Group: g.name})
	}
	text := fmt.Sprintf("Deleted the group %s.", g.name)
	if len(names) > 0 {
		text = fmt.Sprintf("Deleted the group %s with %s.", g.name, strings.Join(names, ", "))
	}
	why := s.order(func(why string) {
		if why != "" {
			k.reply("AIM refused: %s", why)
			return
		}
		k.reply("%s", text)
	}, append(cmds, toc.DelGroup{Group: g.name})...)
	if why != "" {
		k.reply("Not deleted: %s", why)
		return
	}
	s.dropGroup(g.name)
}

// groupRename makes a new group of the same entries: TOC cannot rename one.
func (s *session) groupRename(k *call, args []string) {
	g := k.groupOf(args[0])
	if g == nil {
		return
	}
	old, name := g.name, strings.Join(args[1:], " ")
	if taken := s.roster.find(s.groupSpelling(name)); taken != nil && taken != g {
		k.reply("Not renamed: you have a group %s already.", taken.name)
		return
	}
	if name == old {
		k.reply("It has that name already.")
		return
	}
	var moved []toc.Buddy
	var keys []toc.ScreenName
	for _, c := range g.members {
		moved, keys = append(moved, s.roster.entry(c, old)), append(keys, toc.ScreenName(c.key))
	}
	cmds := []toc.Command{toc.NewGroup{Group: name}}
	if len(moved) > 0 {
		cmds = append(cmds, entries(name, moved...), toc.RemoveBuddies{Names: keys, Group: old})
	}
	why := unfit(toc.Buddy{Name: "x"}, name)
	if why == "" {
		why = s.order(func(why string) {
			if why != "" {
				k.reply("AIM refused: %s", why)
				return
			}
			k.reply("The group %s is now %s.", old, name)
		}, append(cmds, toc.DelGroup{Group: old})...)
	}
	if why != "" {
		k.reply("Not renamed: %s", why)
		return
	}
	s.regroup(old, name, moved)
}

// regroup shows a group under its new name: who was in its channel is in the new one.
func (s *session) regroup(old, name string, moved []toc.Buddy) {
	from, to := groupFold(old), groupFold(name)
	oldChannel := s.channelName(from)
	s.roster.addGroup(name)
	in := slices.DeleteFunc(slices.Clone(s.clients), func(c *client) bool { return !c.in[from] || from == to })
	for _, c := range in {
		delete(c.in, from)
		c.conn.Send(s.message(s.self.prefix, "PART", oldChannel, "The group is now "+name))
	}
	for _, b := range moved {
		s.roster.add(b, name)
		s.roster.remove(b.Name, old)
	}
	s.roster.dropGroup(old)
	for _, c := range in {
		s.joinGroup(c, to)
	}
}
