package bridge

import (
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
	if !ok || !ircd.ValidNick(nick) {
		return noSuchNick(nick)
	}
	if strings.HasPrefix(channel, "&") {
		return s.inviteToGroup(c, name, channel)
	}
	return s.inviteToRoom(c, nick, name, channel)
}

// inviteToGroup adds a buddy to the group of an & channel.
func (s *session) inviteToGroup(c *client, name toc.ScreenName, channel string) error {
	group := s.groupForNew()
	if ircd.Fold(channel) != buddiesChannel {
		g, ok := nicks.Group(channel)
		if !ok {
			return noSuchChannel(channel)
		}
		group = s.groupSpelling(g)
	}
	if c := s.roster.lookup(name); c != nil && slices.Contains(c.groups, group) {
		return ircd.Numeric(irc.ERR_USERONCHANNEL, c.nick(), channel, "is already on channel")
	}
	if err := s.addBuddy(toc.Buddy{Name: name}, group); err != nil {
		return ircd.Numeric(irc.ERR_NOSUCHCHANNEL, channel, err.Error())
	}
	c.conn.Reply(irc.RPL_INVITING, s.roster.contact(name).nick(), channel)
	return nil
}

// kick is KICK: of a group it removes the buddy; of a room nobody can throw anybody out on AIM.
func (s *session) kick(c *client, m *irc.Message) error {
	channel, nick := m.Params[0], m.Params[1]
	folded := ircd.Fold(channel)
	name, ok := s.nicks.Name(nick)
	r := s.room(channel)
	_, isGroup := s.membersOf(folded)
	switch {
	case r == nil && !isGroup:
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
	return s.kickBuddy(who, folded)
}

// kickBuddy removes a buddy from the group of a channel, or from all if it is &buddies.
func (s *session) kickBuddy(who *contact, folded string) error {
	for _, g := range slices.Clone(who.groups) {
		if folded == buddiesChannel || groupFold(g) == folded {
			if err := s.removeBuddy(who, g); err != nil {
				return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, folded, err.Error())
			}
		}
	}
	return nil
}
