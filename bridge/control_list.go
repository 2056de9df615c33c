package bridge

import (
	"fmt"
	"slices"
	"strings"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// defaultGroup takes buddies for whom no group was named, when the list has none yet.
const defaultGroup = "Buddies"

func listCommands() []controlCommand {
	return []controlCommand{
		{name: "blist", topic: "buddies", also: []string{"list", "ls"}, usage: "[all|online|away|offline] [pattern]", brief: "your buddy list", run: (*session).controlBlist,
			long: []string{"Shows online buddies unless told otherwise. The pattern is part of a name, or has * and ?."}},
		{name: "add", topic: "buddies", usage: "[-group GROUP] NAME [ALIAS]", min: 1, brief: "put somebody on your buddy list", run: (*session).controlAdd,
			long: []string{"A name with spaces is written in quotes: add \"Cool Guy\". The alias may have spaces.",
				"Somebody who is on your list already gets into one more group that way; move takes out of the others. Also: /invite NICK &buddies"}},
		{name: "remove", topic: "buddies", also: []string{"del", "delete"}, usage: "NICK", min: 1, brief: "take somebody off your buddy list", run: (*session).controlRemove,
			long: []string{"Also: /kick NICK in &buddies"}},
		{name: "move", topic: "buddies", usage: "NICK GROUP", min: 2, brief: "put a buddy into another group, and take it out of those it is in", run: (*session).controlMove,
			long: []string{"The nick and the alias stay. Also: /invite NICK &Group"}},
		{name: "group", topic: "buddies", also: []string{"groups"}, usage: "list | add GROUP | del GROUP | rename GROUP NEWNAME", brief: "the groups of your list", run: (*session).controlGroup,
			long: []string{"Names with spaces are written in quotes. del takes an empty group; del GROUP -all takes its buddies off the list with it."}},
		{name: "rename", topic: "buddies", usage: "NICK NEWNICK", min: 2, brief: "give a buddy another nick", run: (*session).controlRename,
			long: []string{"The new nick is also the buddy's alias on the AIM server. rename -del NICK takes it back."}},
	}
}

// groupSpelling is the name of a group as the list spells it, or the name given.
func (s *session) groupSpelling(name string) string {
	for _, g := range s.roster.groups {
		if groupFold(g.name) == groupFold(name) {
			return g.name
		}
	}
	return name
}

// groupForNew is where a buddy goes for whom no group was named: the default group, or the first.
func (s *session) groupForNew() string {
	if len(s.roster.groups) > 0 && s.roster.find(defaultGroup) == nil {
		return s.roster.groups[0].name
	}
	return defaultGroup
}

func (s *session) controlAdd(k *call) {
	args, group, named := k.args, s.groupForNew(), false
	if i := slices.Index(args, "-group"); i >= 0 && i+1 < len(args) {
		group, named = s.groupSpelling(args[i+1]), true
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		k.usage()
		return
	}
	b := toc.Buddy{Name: s.nameOf(args[0]), Alias: strings.Join(args[1:], " ")}
	if c := s.roster.lookup(b.Name); c != nil && c.buddy() {
		if !named {
			group = c.groups[0]
		}
		if slices.Contains(c.groups, group) && (b.Alias == "" || b.Alias == s.roster.entry(c, group).Alias) {
			k.reply("%s is in your %s %s already, and %s.", c.nick(), groupWord(c.groups), strings.Join(c.groups, ", "), c.state())
			return
		}
	}
	why := s.addBuddy(b, group, func(why string) {
		if why != "" {
			k.reply("Not added: %s", why)
			return
		}
		k.reply("%s", s.addedText(s.roster.contact(b.Name), group))
	})
	if why != "" {
		k.reply("Not added: %s", why)
	}
}

// addedText says what became of adding somebody, once AIM has told whether they are there.
func (s *session) addedText(c *contact, group string) string {
	switch {
	case c == s.self:
		return fmt.Sprintf("Added yourself to your group %s; you are not shown twice.", group)
	case s.blocked(c):
		return fmt.Sprintf("Added %s to your group %s, who is blocked by you: allow %s.", c.nick(), group, c.nick())
	case c.online:
		return fmt.Sprintf("Added %s to your group %s: %s.", c.nick(), group, c.state())
	}
	return fmt.Sprintf("Added %s to your group %s; shows up in %s when signed on.", c.nick(), group, buddiesChannel)
}

// nameOf is the screen name that a user means: a nick, or a name typed with its spaces.
func (s *session) nameOf(word string) toc.ScreenName {
	if !strings.Contains(word, " ") {
		if name, ok := s.nicks.Name(word); ok {
			return name
		}
	}
	return toc.ScreenName(word)
}

// buddyOf finds a buddy by nick or name, or says that there is none.
func (k *call) buddyOf(word string) *contact {
	c := k.s.roster.lookup(k.s.nameOf(word))
	if c == nil || !c.buddy() {
		k.reply("%s is not on your buddy list.", word)
		return nil
	}
	return c
}

func (s *session) controlRemove(k *call) {
	c := k.buddyOf(k.args[0])
	if c == nil {
		return
	}
	title := c.title()
	why := s.removeBuddy(c, c.groups, func(why string) {
		if why != "" {
			k.reply("Not removed: %s", why)
			return
		}
		k.reply("Removed %s from your buddy list.", title)
	})
	if why != "" {
		k.reply("Not removed: %s", why)
	}
}

func (s *session) controlMove(k *call) {
	c := k.buddyOf(k.args[0])
	if c == nil {
		return
	}
	group := s.groupSpelling(strings.Join(k.args[1:], " "))
	if len(c.groups) == 1 && c.groups[0] == group {
		k.reply("%s is in your group %s already.", c.nick(), group)
		return
	}
	from := strings.Join(c.groups, ", ")
	why := s.moveBuddy(c, group, func(why string) {
		if why != "" {
			k.reply("Not moved: %s", why)
			return
		}
		k.reply("Moved %s from %s to %s.", c.nick(), from, group)
	})
	if why != "" {
		k.reply("Not moved: %s", why)
	}
}

func (s *session) controlRename(k *call) {
	if k.args[0] == "-del" {
		if c := k.metOf(k.args[1]); c != nil {
			s.giveNick(k, c, "")
		}
		return
	}
	c, nick := k.metOf(k.args[0]), k.args[1]
	switch {
	case c == nil:
	case c == s.self:
		k.reply("Your own nick is your screen name; nick changes how it is written.")
	case !ircd.ValidNick(nick) || isControl(nick):
		k.reply("%s is not a legal nick: letters, digits and []\\`_^{|}- only, no digit in front.", nick)
	case s.nicks.Rename(c.name, nick) != nil:
		k.reply("%s is taken by somebody else.", nick)
	default:
		s.giveNick(k, c, nick)
	}
}

// metOf finds a buddy, or somebody met otherwise, by nick or name, or says that there is none.
func (k *call) metOf(word string) *contact {
	c := k.s.roster.lookup(k.s.nameOf(word))
	if c != nil && !c.buddy() && (!c.heard.IsZero() || k.s.inRoom(c)) {
		return c
	}
	return k.buddyOf(word)
}

// giveNick gives somebody a nick, or with "" takes it back, and keeps the alias on the server in step.
func (s *session) giveNick(k *call, c *contact, nick string) {
	old, alias := c.nick(), nick
	if nick == "" {
		nick = s.nicks.Reset(c.name)
	}
	if old == nick && c.alias == alias {
		k.reply("%s has that nick already.", nick)
		return
	}
	s.setSetting(settingNick+c.key, alias)
	if old != nick {
		s.changeNick(c, old, nick)
	}
	why := s.setAlias(c, alias, func(why string) {
		switch {
		case why != "":
			k.reply("%s is now %s, but not as alias on AIM: %s", old, nick, why)
		case old == nick:
			k.reply("%s has that nick already; now it is the alias on AIM too.", nick)
		case !c.buddy():
			k.reply("%s is now %s, here only: nobody not on your list has an alias on AIM.", old, nick)
		default:
			k.reply("%s is now %s.", old, nick)
		}
	})
	if why != "" {
		k.reply("%s is now %s, but not as alias on AIM: %s", old, nick, why)
	}
}
