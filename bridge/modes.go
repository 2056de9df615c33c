package bridge

import (
	"fmt"
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
	case r == nil && !isGroup && !s.roomElsewhere(folded):
		return noSuchChannel(channel)
	case r == nil && !isGroup && len(params) > 0:
		return notOnChannel(channel)
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
	mode             string
	entry, end, text string
	of               func(*roster) map[string]toc.ScreenName
	add, remove      func(toc.ScreenName) toc.Command
}

var (
	banList = listMode{"b", irc.RPL_BANLIST, irc.RPL_ENDOFBANLIST, "End of channel ban list",
		func(r *roster) map[string]toc.ScreenName { return r.deny },
		func(n toc.ScreenName) toc.Command { return toc.AddDeny{Names: []toc.ScreenName{n}} },
		func(n toc.ScreenName) toc.Command { return toc.RemoveDeny{Names: []toc.ScreenName{n}} }}
	exceptList = listMode{"e", irc.RPL_EXCEPTLIST, irc.RPL_ENDOFEXCEPTLIST, "End of channel exception list",
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
		if err := s.setListMode(c, channel, l, add, args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	return nil
}

// setListMode puts a name on a list or takes it off.
func (s *session) setListMode(c *client, channel string, l listMode, add bool, mask string) error {
	nick, _, _ := strings.Cut(mask, "!")
	name, ok := s.nicks.Name(nick)
	if !ok || name.Key() == s.key {
		return noSuchNick(mask)
	}
	ch := privacyChange{l, s.roster.contact(name), add}
	if why := s.changePrivacy(s.listed(c, ch), ch); why != "" {
		return ircd.Numeric(irc.ERR_CHANOPRIVSNEEDED, channel, why)
	}
	return nil
}

// listed says what changed only where that does not show: AIM refused, or it has no effect in this privacy mode.
func (s *session) listed(c *client, ch privacyChange) func(why string) {
	return func(why string) {
		switch {
		case s.byConn[c.conn] != c:
		case why != "":
			s.tell(c, "AIM refused the change: "+why)
		case ch.add && s.roster.denies(ch.who.key) && ch.list.mode == banList.mode && !s.blocked(ch.who):
			s.tell(c, s.blockedText(ch.who, false))
		}
	}
}

// privacyChange is a name to be put on the deny or permit list, or taken off.
type privacyChange struct {
	list listMode
	who  *contact
	add  bool
}

// changePrivacy makes changes of the lists on the server and in our picture, and shows them as MODE of &buddies; what is
// so already is left alone. The deny list acts in one mode only, so the first entry switches that on. done runs as that
// of order.
func (s *session) changePrivacy(done func(why string), changes ...privacyChange) (why string) {
	var cmds []toc.Command
	var made []privacyChange
	mode := s.roster.mode
	for _, ch := range changes {
		if _, on := ch.list.of(s.roster)[ch.who.key]; on != ch.add {
			made = append(made, ch)
			cmds = append(cmds, ch.command())
		}
		if ch.add && ch.list.mode == banList.mode && mode == toc.PermitAll {
			mode = toc.DenySome
			cmds = append(cmds, toc.SetPDMode{Mode: mode})
		}
	}
	if why := s.whyNot(); why != "" || len(cmds) == 0 {
		if why == "" {
			done("")
		}
		return why
	}
	before := s.roster.mode
	s.roster.mode = mode
	for _, ch := range made {
		s.showPrivacy(ch)
	}
	why = s.order(func(why string) {
		if why != "" {
			s.roster.mode = before
			for _, ch := range made {
				s.showPrivacy(privacyChange{ch.list, ch.who, !ch.add})
			}
		}
		done(why)
	}, cmds...)
	return why
}

func (ch privacyChange) command() toc.Command {
	if name := toc.ScreenName(ch.who.key); ch.add {
		return ch.list.add(name)
	} else {
		return ch.list.remove(name)
	}
}

// showPrivacy makes a change in our picture and shows it as MODE; what is so already is not shown.
func (s *session) showPrivacy(ch privacyChange) {
	names := ch.list.of(s.roster)
	if _, on := names[ch.who.key]; on == ch.add {
		return
	}
	sign := "-"
	if delete(names, ch.who.key); ch.add {
		sign, names[ch.who.key] = "+", ch.who.name
	}
	s.toMembers(buddiesChannel, s.message(s.self.prefix, "MODE", buddiesChannel, sign+ch.list.mode, ch.who.nick()+"!*@*"))
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
	if who == s.self {
		return false
	}
	switch s.roster.mode {
	case toc.DenyAll:
		return true
	case toc.PermitSome:
		return !s.roster.permits(who.key)
	case toc.DenySome:
		return s.roster.denies(who.key)
	case toc.PermitBuddies:
		return !who.buddy()
	}
	return false
}

// silenceMax is SILENCE of 005. AIM's own bound, if it has one, is higher.
const silenceMax = 1000

// silence is SILENCE, which blocks as +b of &buddies does: SILENCE +nick, SILENCE -nick, SILENCE alone to list (ircu's
// doc/readme.features; 271 and 272).
func (s *session) silence(c *client, m *irc.Message) error {
	if len(m.Params) == 0 || m.Params[0] == "" || strings.EqualFold(m.Params[0], s.Nick()) {
		for _, key := range sortedKeys(s.roster.deny) {
			c.conn.Reply(ircd.RPL_SILELIST, s.Nick(), s.nicks.Nick(s.roster.deny[key])+"!*@*")
		}
		c.conn.Reply(ircd.RPL_ENDOFSILELIST, s.Nick(), "End of silence list")
		return nil
	}
	for _, mask := range strings.Split(m.Params[0], ",") {
		c.report(s.silenceOne(c, mask))
	}
	return nil
}

func (s *session) silenceOne(c *client, mask string) error {
	add := !strings.HasPrefix(mask, "-")
	nick, _, _ := strings.Cut(strings.TrimLeft(mask, "+-"), "!")
	name, ok := s.nicks.Name(nick)
	if !ok || name.Key() == s.key {
		return noSuchNick(mask)
	}
	who := s.roster.contact(name)
	switch {
	case s.roster.denies(who.key) == add:
		return nil
	case add && len(s.roster.deny) >= silenceMax:
		return ircd.Numeric(ircd.ERR_SILELISTFULL, mask, "Your silence list is full")
	}
	ch := privacyChange{banList, who, add}
	if why := s.changePrivacy(s.listed(c, ch), ch); why != "" {
		return ircd.Numeric(irc.ERR_UNAVAILRESOURCE, mask, why)
	}
	sign := "-"
	if add {
		sign = "+"
	}
	c.conn.Send(s.message(s.self.prefix, "SILENCE", sign+who.nick()+"!*@*"))
	return nil
}
