package bridge

import (
	"fmt"
	"strconv"
	"strings"

	"tocbridge/toc"
)

func privacyCommands() []controlCommand {
	return []controlCommand{
		{name: "block", topic: "privacy", also: []string{"ignore"}, usage: "[NICK]", brief: "let somebody not see or reach you; alone: who is blocked", run: (*session).controlBlock,
			long: []string{"Also: /mode &buddies +b NICK, or /silence +NICK"}},
		{name: "allow", topic: "privacy", also: []string{"unblock", "permit"}, usage: "[NICK]", brief: "the opposite of block; alone: who is explicitly allowed", run: (*session).controlAllow,
			long: []string{"Also: /mode &buddies -b NICK, or /silence -NICK; /mode &buddies +e NICK puts on the allow list alone"}},
		{name: "privacy", topic: "privacy", usage: "[all|none|permit|deny|buddies]", brief: "who may see you and write to you at all", run: (*session).controlPrivacy,
			long: []string{"all: everybody. none: nobody. permit: only who is allowed. deny: all but who is blocked. buddies: only who is on your list.",
				"Alone it shows what is set, and both lists."}},
	}
}

// privacyWay is a privacy mode in words.
type privacyWay struct{ word, means string }

var privacyWays = map[toc.PDMode]privacyWay{
	toc.PermitAll:     {"all", "everybody may see you and write to you"},
	toc.DenyAll:       {"none", "nobody may see you or write to you"},
	toc.PermitSome:    {"permit", "only who is allowed may see you and write to you"},
	toc.DenySome:      {"deny", "all but who is blocked may see you and write to you"},
	toc.PermitBuddies: {"buddies", "only who is on your buddy list may see you and write to you"},
}

func (s *session) controlPrivacy(k *call) {
	if len(k.args) == 0 {
		way := privacyWays[s.roster.mode]
		k.reply("\x02privacy %s\x02: %s.", way.word, way.means)
		k.showNames("Blocked", s.roster.deny)
		k.showNames("Explicitly allowed", s.roster.permit)
		return
	}
	for mode, way := range privacyWays {
		if way.word == strings.ToLower(k.args[0]) {
			s.setPrivacyMode(k, mode)
			return
		}
	}
	k.usage()
}

func (s *session) setPrivacyMode(k *call, mode toc.PDMode) {
	way := privacyWays[mode]
	if mode == s.roster.mode && s.whyNot() == "" && s.setting(settingPrivacy) != "" {
		k.reply("It is so already: %s.", way.means)
		return
	}
	before := s.roster.mode
	why := s.order(func(why string) {
		if why != "" {
			s.roster.mode = before
			k.reply("Not changed: %s", why)
			return
		}
		s.setSetting(settingPrivacy, strconv.Itoa(int(mode)))
		text := "From now on " + way.means + "."
		if mode == toc.PermitSome && len(s.roster.permit) == 0 {
			text += " Nobody is allowed so far: allow NICK."
		}
		k.reply("%s", text)
	}, toc.SetPDMode{Mode: mode})
	if why != "" {
		k.reply("Not changed: %s", why)
		return
	}
	s.roster.mode = mode
}

func (s *session) controlBlock(k *call) {
	if len(k.args) == 0 {
		k.showNames("Blocked", s.roster.deny)
		return
	}
	who, ok := k.somebody(k.args[0])
	switch {
	case !ok:
		return
	case who == s.self:
		k.reply("You cannot block yourself.")
		return
	case s.roster.denies(who.key) && s.roster.mode == toc.DenySome:
		k.reply("%s is blocked already.", who.nick())
		return
	}
	permitted := s.roster.permits(who.key)
	why := s.changePrivacy(func(why string) {
		if why != "" {
			k.reply("Not blocked: %s", why)
			return
		}
		k.reply("%s", s.blockedText(who, permitted))
	}, privacyChange{banList, who, true}, privacyChange{exceptList, who, false})
	if why != "" {
		k.reply("Not blocked: %s", why)
	}
}

// blockedText says what blocking somebody has done, which depends on the privacy mode.
func (s *session) blockedText(who *contact, permitted bool) string {
	moved := ""
	if permitted {
		moved = " (moved from the allow list to the block list)"
	}
	switch {
	case s.blocked(who) && s.roster.mode == toc.DenyAll:
		return fmt.Sprintf("%s is on the block list%s. privacy none keeps everybody out anyway.", who.nick(), moved)
	case s.blocked(who):
		return fmt.Sprintf("Blocked %s%s: cannot see you or write to you any more.", who.nick(), moved)
	}
	if s.roster.mode == toc.PermitSome {
		return fmt.Sprintf("%s is on the block list, but with privacy permit the allow list alone counts, and it has %s: /mode &buddies -e %s", who.nick(), who.nick(), who.nick())
	}
	return fmt.Sprintf("%s is on the block list%s, but with privacy buddies only your buddy list counts. remove %s, or say privacy deny.", who.nick(), moved, who.nick())
}

func (s *session) controlAllow(k *call) {
	if len(k.args) == 0 {
		k.showNames("Explicitly allowed", s.roster.permit)
		return
	}
	who, ok := k.somebody(k.args[0])
	if !ok {
		return
	}
	changes := []privacyChange{{banList, who, false}}
	if s.roster.mode == toc.PermitSome || s.roster.mode == toc.DenyAll {
		changes = append(changes, privacyChange{exceptList, who, true})
	}
	why := s.changePrivacy(func(why string) {
		if why != "" {
			k.reply("Not changed: %s", why)
			return
		}
		k.reply("%s", s.allowedText(who))
	}, changes...)
	if why != "" {
		k.reply("Not changed: %s", why)
	}
}

// allowedText says what allowing somebody has done, which depends on the privacy mode.
func (s *session) allowedText(who *contact) string {
	switch {
	case !s.blocked(who):
		return who.nick() + " may see you and write to you."
	case s.roster.mode == toc.PermitBuddies:
		return fmt.Sprintf("%s is not blocked, but with privacy buddies only your buddy list counts: add %s, or say privacy all.", who.nick(), quoteName(string(who.name)))
	}
	return fmt.Sprintf("%s is on the allow list, but privacy none keeps everybody out; privacy permit lets in who is on it.", who.nick())
}

func (k *call) showNames(what string, names map[string]toc.ScreenName) {
	if len(names) == 0 {
		k.reply("%s: nobody.", what)
		return
	}
	var nicks []string
	for _, key := range sortedKeys(names) {
		nicks = append(nicks, k.s.nicks.Nick(names[key]))
	}
	k.reply("%s: %s", what, strings.Join(nicks, " "))
}

// somebody is the contact that a user means, on any list or on none; false: the word can be nobody's name.
func (k *call) somebody(word string) (*contact, bool) {
	name := k.s.nameOf(word)
	if name.Key() == "" || len(name) > nameMax || isControl(word) || strings.ContainsAny(string(name), "\r\n{}:") {
		k.reply("%s cannot be a screen name.", quoteName(word))
		return nil, false
	}
	return k.s.roster.contact(name), true
}
