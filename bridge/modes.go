package bridge

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// channelModes are the modes that every channel of ours has: nobody outside can speak or set the topic.
const channelModes = "+nt"

// modeCommand is MODE, of oneself or of a channel.
func (s *session) modeCommand(c *client, m *irc.Message) error {
	target := m.Params[0]
	if target[0] == '#' || target[0] == '&' {
		return s.channelMode(c, target, m.Params[1:])
	}
	if ircd.Fold(target) != ircd.Fold(s.Nick()) {
		name, ok := s.nicks.Name(target)
		if who := s.roster.lookup(name); !isControl(target) && (!ok || !s.there(who) && !s.b.signedOn(name)) {
			return noSuchNick(target)
		}
		return ircd.Numeric(irc.ERR_USERSDONTMATCH, "Can't change mode for other users")
	}
	return s.userMode(c, m.Params[1:])
}

// channelMode shows modes and lists, and changes the deny (b) and permit (e) lists in &buddies.
func (s *session) channelMode(c *client, channel string, params []string) error {
	folded := ircd.Fold(channel)
	r := s.room(channel)
	_, isGroup := s.membersOf(folded)
	switch {
	case r == nil && !isGroup:
		return noSuchChannel(channel)
	case len(params) == 0:
		return s.showModes(c, channel, r)
	case len(params) == 1 && strings.Trim(params[0], "+") == "b":
		s.showList(c, channel, folded, banList)
		return nil
	case len(params) == 1 && strings.Trim(params[0], "+") == "e":
		s.showList(c, channel, folded, exceptList)
		return nil
	case folded == buddiesChannel:
		return s.setModes(c, channel, params)
	}
	return s.modeRefused(channel, params)
}

func (s *session) showModes(c *client, channel string, r *room) error {
	c.conn.Reply(irc.RPL_CHANNELMODEIS, channel, channelModes)
	if r != nil {
		c.conn.Reply(ircd.RPL_CREATIONTIME, channel, fmt.Sprint(r.created.Unix()))
	}
	return nil
}

// listMode is a list that MODE shows, and the AIM list behind it.
type listMode struct {
	entry, end, text string
	of               func(*roster) map[string]toc.ScreenName
	add, remove      func(toc.ScreenName) toc.Command
}

var (
	banList = listMode{irc.RPL_BANLIST, irc.RPL_ENDOFBANLIST, "End of channel ban list",
		func(r *roster) map[string]toc.ScreenName { return r.deny },
		func(n toc.ScreenName) toc.Command { return toc.AddDeny{Names: []toc.ScreenName{n}} },
		func(n toc.ScreenName) toc.Command { return toc.RemoveDeny{Names: []toc.ScreenName{n}} }}
	exceptList = listMode{irc.RPL_EXCEPTLIST, irc.RPL_ENDOFEXCEPTLIST, "End of channel exception list",
		func(r *roster) map[string]toc.ScreenName { return r.permit },
		func(n toc.ScreenName) toc.Command { return toc.AddPermit{Names: []toc.ScreenName{n}} },
		func(n toc.ScreenName) toc.Command { return toc.RemovePermit{Names: []toc.ScreenName{n}} }}
)

// showList shows the deny or permit list in &buddies; other channels have none.
func (s *session) showList(c *client, channel, folded string, l listMode) {
	if folded == buddiesChannel {
		names := l.of(s.roster)
		for _, key := range sortedKeys(names) {
			c.conn.Reply(l.entry, channel, s.nicks.Nick(names[key])+"!*@*")
		}
	}
	c.conn.Reply(l.end, channel, l.text)
}

// setModes is MODE &buddies +b nick and the like.
func (s *session) setModes(c *client, channel string, params []string) error {
	lists := map[byte]listMode{'b': banList, 'e': exceptList}
	args, add := params[1:], true
	for i := range len(params[0]) {
		ch := params[0][i]
		if ch == '+' || ch == '-' {
			add = ch == '+'
			continue
		}
		l, ok := lists[ch]
		if !ok {
			return s.modeRefused(channel, params)
		}
		if len(args) == 0 {
			s.showList(c, channel, buddiesChannel, l)
			continue
		}
		if err := s.setListMode(channel, ch, l, add, args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	return nil
}

// setListMode puts a name on a list or takes it off, and shows that as MODE.
func (s *session) setListMode(channel string, mode byte, l listMode, add bool, mask string) error {
	nick, _, _ := strings.Cut(mask, "!")
	name, ok := s.nicks.Name(nick)
	if !ok || !ircd.ValidNick(nick) || name.Key() == s.key {
		return noSuchNick(mask)
	}
	sign := "+"
	if !add {
		sign = "-"
	}
	if !s.setPrivacy(l, name, add) {
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, s.noLinkText())
	}
	s.toMembers(buddiesChannel, s.message(s.self.prefix, "MODE", buddiesChannel, sign+string(mode), s.nicks.Nick(name)+"!*@*"))
	return nil
}

// setPrivacy puts a name on the deny or permit list or takes it off, on the server and in our picture. The deny list
// acts in one mode only, so the first entry switches that on.
func (s *session) setPrivacy(l listMode, name toc.ScreenName, add bool) bool {
	key := toc.ScreenName(name.Key())
	cmds := []toc.Command{l.remove(key)}
	if add {
		cmds[0] = l.add(key)
	}
	activate := add && l.entry == banList.entry && s.roster.mode == toc.PermitAll
	if activate {
		cmds = append(cmds, toc.SetPDMode{Mode: toc.DenySome})
	}
	if !s.send(cmds...) {
		return false
	}
	if activate {
		s.roster.mode = toc.DenySome
	}
	if add {
		l.of(s.roster)[name.Key()] = name
	} else {
		delete(l.of(s.roster), name.Key())
	}
	return true
}

// modeRefused says which modes do not exist here, and that the rest cannot be set.
func (s *session) modeRefused(channel string, params []string) error {
	known := "bentvo+-" // o: everybody knows it, nobody has it
	if i := strings.IndexFunc(params[0], func(r rune) bool { return !strings.ContainsRune(known, r) }); i >= 0 {
		char, _ := utf8.DecodeRuneInString(params[0][i:])
		return ircd.Numeric(irc.ERR_UNKNOWNMODE, string(char), "is unknown mode char to me")
	}
	return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, "AIM knows no channel modes; they cannot be changed")
}

// blocked reports whether our privacy settings keep somebody from seeing us.
func (s *session) blocked(who *contact) bool {
	_, denied := s.roster.deny[who.key]
	_, permitted := s.roster.permit[who.key]
	switch s.roster.mode {
	case toc.DenyAll:
		return who != s.self
	case toc.PermitSome:
		return !permitted && who != s.self
	case toc.DenySome:
		return denied
	case toc.PermitBuddies:
		return !slices.Contains(s.roster.buddies(), who) && who != s.self
	}
	return false
}
