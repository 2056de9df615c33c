package bridge

import (
	"strconv"
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/ircd"
)

// list is LIST: the rooms we are in, those of others on this bridge, and the & channels; AIM
// cannot list its rooms. Filters are those of ELIST=MNU.
func (s *session) list(c *client, m *irc.Message) error {
	items := s.listItems()
	if len(m.Params) > 0 && m.Params[0] != "" {
		items = filterList(items, strings.Split(m.Params[0], ","))
	}
	c.conn.SendList(items)
	return nil
}

// filterList keeps what the conditions of a LIST ask for: names and masks widen, all others narrow.
func filterList(items []ircd.ListItem, conditions []string) (out []ircd.ListItem) {
	named := false
	for _, cond := range conditions {
		named = named || !strings.ContainsAny(cond[:min(1, len(cond))], "<>!") && cond != ""
	}
	for _, item := range items {
		keep := !named
		for _, cond := range conditions {
			if matched, narrows := listCondition(item, cond); narrows && !matched {
				keep = false
				break
			} else if !narrows && matched {
				keep = true
			}
		}
		if keep {
			out = append(out, item)
		}
	}
	return out
}

// listCondition tests one condition: >n and <n (U), !mask (N), a name or mask (M).
func listCondition(item ircd.ListItem, cond string) (matched, narrows bool) {
	if cond == "" {
		return false, false
	}
	switch cond[0] {
	case '>', '<':
		n, err := strconv.Atoi(cond[1:])
		return err == nil && (cond[0] == '>' && item.Users > n || cond[0] == '<' && item.Users < n), true
	case '!':
		return !glob(cond[1:], item.Channel), true
	}
	return glob(cond, item.Channel), false
}

func (s *session) listItems() []ircd.ListItem {
	var items []ircd.ListItem
	for _, r := range s.sortedRooms() {
		if r.joined {
			items = append(items, ircd.ListItem{Channel: r.channel, Users: len(r.members) + 1, Topic: r.topicOf()})
		}
	}
	for _, item := range s.b.near.list() {
		if s.room(item.Channel) == nil {
			items = append(items, item)
		}
	}
	on, _ := s.membersOf(buddiesChannel)
	items = append(items, ircd.ListItem{Channel: buddiesChannel, Users: len(on) + 2, Topic: s.groupTopic(buddiesChannel)})
	for _, g := range s.roster.groups {
		f := groupFold(g.name)
		on, _ := s.membersOf(f)
		items = append(items, ircd.ListItem{Channel: nicks.GroupChannel(g.name), Users: len(on), Topic: s.groupTopic(f)})
	}
	return items
}
