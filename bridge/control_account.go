package bridge

import (
	"strings"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

func privacyCommands() []controlCommand {
	return []controlCommand{
		{name: "block", topic: "privacy", usage: "[NICK]", brief: "let somebody not see or reach you; alone: who is blocked", run: (*session).controlBlock,
			long: []string{"Also: /mode &buddies +b NICK"}},
		{name: "allow", topic: "privacy", also: []string{"unblock"}, usage: "[NICK]", brief: "the opposite of block; alone: who is explicitly allowed", run: (*session).controlAllow,
			long: []string{"Also: /mode &buddies -b NICK"}},
	}
}

func accountCommands() []controlCommand {
	return []controlCommand{
		{name: "account", topic: "account", also: []string{"status"}, brief: "the link to AIM", run: (*session).controlAccount},
		{name: "notices", topic: "account", usage: "on|off", min: 1, brief: "tell in &buddies when buddies go away, come back or are idle", run: (*session).controlNotices},
		{name: "certfp", topic: "account", usage: "list | add [FINGERPRINT] | del FINGERPRINT", min: 1, brief: "TLS certificates that let you in without a password", run: (*session).controlCertFP,
			long: []string{"add alone takes the certificate you are connected with. AIM takes none: the account has to be signed on."}},
	}
}

func (s *session) controlBlock(k *call) {
	if len(k.args) == 0 {
		k.showNames("Blocked", s.roster.deny)
		return
	}
	name := s.nameOf(k.args[0])
	if name.Key() == s.key {
		k.reply("You cannot block yourself.")
		return
	}
	if _, ok := s.roster.deny[name.Key()]; ok && s.roster.mode == toc.DenySome {
		k.reply("%s is blocked already.", s.nicks.Nick(name))
		return
	}
	_, permitted := s.roster.permit[name.Key()]
	if !s.setPrivacy(banList, name, true) || permitted && !s.setPrivacy(exceptList, name, false) {
		k.reply("Not blocked: %s", s.noLinkText())
		return
	}
	k.reply("Blocked %s: cannot see you or write to you any more.", s.nicks.Nick(name))
}

func (s *session) controlAllow(k *call) {
	if len(k.args) == 0 {
		k.showNames("Explicitly allowed", s.roster.permit)
		return
	}
	name := s.nameOf(k.args[0])
	if !s.setPrivacy(banList, name, false) || s.roster.mode == toc.PermitSome && !s.setPrivacy(exceptList, name, true) {
		k.reply("Not changed: %s", s.noLinkText())
		return
	}
	k.reply("%s may see you and write to you.", s.nicks.Nick(name))
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

func (s *session) controlNotices(k *call) {
	switch strings.ToLower(k.args[0]) {
	case "on":
		s.setSetting(settingNotices, "")
		k.reply("You will be told when buddies go away, come back, or are idle.")
	case "off":
		s.setSetting(settingNotices, "off")
		k.reply("No more notices about away and idle buddies. notices on brings them back.")
	default:
		k.reply("Usage: notices on|off")
	}
}

func (s *session) controlAccount(k *call) {
	k.reply("Screen name %s, server %s", s.self.name, s.o.Server)
	switch s.state {
	case online:
		k.reply("Signed on since %s (%s)", s.link.began.Local().Format("Mon 2 Jan 15:04"), shortDuration(time.Since(s.link.began)))
	default:
		k.reply("%s", s.waitingText())
	}
	if s.awayText != "" {
		k.reply("Away: %s", s.awayText)
	}
	k.reply("%s attached, warning level %d%%, %s", plural(len(s.clients), "IRC client", "IRC clients"), s.self.warning, s.paceText())
}

// paceText says what waits because of the server's speed limit.
func (s *session) paceText() string {
	if s.o.Pace == pace.Off {
		return "no speed limit"
	}
	n := 0
	for _, lane := range s.queue.lanes {
		n += len(lane)
	}
	if n == 0 {
		return "nothing waits to be sent"
	}
	return plural(n, "message waits", "messages wait") + " for AIM's speed limit"
}
