package bridge

import (
	"fmt"
	"slices"
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// inviteText is what an invitation says; it says no more than INVITE does.
const inviteText = "Join me in "

// inviteCommand is INVITE nick #room, and INVITE nick &group, which adds a buddy.
func (s *session) inviteCommand(c *client, m *irc.Message) error {
	nick, channel := m.Params[0], m.Params[1]
	if isControl(nick) {
		return ircd.Numeric(irc.ERR_USERONCHANNEL, nick, channel, "is already on channel")
	}
	name, ok := s.nicks.Name(nick)
	if !ok {
		return noSuchNick(nick)
	}
	if strings.HasPrefix(channel, "&") {
		return s.inviteToGroup(c, name, channel)
	}
	return s.inviteToRoom(c, nick, name, channel)
}

// inviteToGroup adds a buddy to the group of an & channel, or moves one there.
func (s *session) inviteToGroup(c *client, name toc.ScreenName, channel string) error {
	group, named := s.groupForNew(), ircd.Fold(channel) != buddiesChannel
	if named {
		g, ok := nicks.Group(channel)
		if !ok {
			return noSuchChannel(channel)
		}
		group = s.groupSpelling(g)
	}
	who, why := s.roster.contact(name), ""
	switch {
	case who.buddy() && (!named || slices.Contains(who.groups, group)):
		return ircd.Numeric(irc.ERR_USERONCHANNEL, who.nick(), channel, "is already on channel")
	case who.buddy():
		from := strings.Join(who.groups, ", ")
		why = s.moveBuddy(who, group, s.orTell(c, fmt.Sprintf("Moved %s from %s to %s.", who.nick(), from, group)))
	default:
		why = s.addBuddy(toc.Buddy{Name: name}, group, func(why string) {
			s.orTell(c, s.addedText(who, group))(why)
		})
	}
	if why != "" {
		return ircd.Numeric(irc.ERR_NOSUCHCHANNEL, channel, why)
	}
	c.conn.Reply(irc.RPL_INVITING, who.nick(), channel)
	return nil
}

// orTell tells a client what was done, or that AIM refused it.
func (s *session) orTell(c *client, text string) func(why string) {
	return func(why string) {
		switch {
		case s.byConn[c.conn] != c:
		case why != "":
			s.tell(c, "AIM refused the change: "+why)
		default:
			s.tell(c, text)
		}
	}
}

// kick is KICK: of a group it removes the buddy; of a room nobody can throw anybody out on AIM.
func (s *session) kick(c *client, m *irc.Message) error {
	channel, nick := m.Params[0], m.Params[1]
	folded := ircd.Fold(channel)
	name, ok := s.nicks.Name(nick)
	r := s.room(channel)
	_, isGroup := s.membersOf(folded)
	switch {
	case r == nil && !isGroup && !s.roomElsewhere(folded):
		return noSuchChannel(channel)
	case r == nil && !c.in[folded]:
		return notOnChannel(channel)
	case isControl(nick):
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, "*aim stays")
	case !ok:
		return noSuchNick(nick)
	case r != nil && r.members[name.Key()] == nil && name.Key() != s.key:
		return ircd.Numeric(irc.ERR_USERNOTINCHANNEL, nick, channel, "They aren't on that channel")
	case r != nil:
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, "AIM rooms have no operators; nobody can be thrown out")
	}
	who := s.roster.lookup(name)
	if who == nil || !who.buddy() {
		return ircd.Numeric(irc.ERR_USERNOTINCHANNEL, nick, channel, "They aren't on that channel")
	}
	return s.kickBuddy(c, who, folded)
}

// kickBuddy removes a buddy from the group of a channel, or from all if it is &buddies.
func (s *session) kickBuddy(c *client, who *contact, folded string) error {
	from := slices.DeleteFunc(slices.Clone(who.groups), func(g string) bool { return folded != buddiesChannel && groupFold(g) != folded })
	if len(from) == 0 {
		return ircd.Numeric(irc.ERR_USERNOTINCHANNEL, who.nick(), s.channelName(folded), "They aren't on that channel")
	}
	text := fmt.Sprintf("Removed %s from your buddy list.", who.title())
	if len(from) < len(who.groups) {
		text = fmt.Sprintf("Removed %s from your %s %s.", who.title(), groupWord(from), strings.Join(from, ", "))
	}
	if why := s.removeBuddy(who, from, s.orTell(c, text)); why != "" {
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, s.channelName(folded), why)
	}
	return nil
}
