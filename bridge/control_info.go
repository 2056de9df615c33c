package bridge

import (
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/toc"
)

func personCommands() []controlCommand {
	return []controlCommand{
		{name: "msg", topic: "messages", also: []string{"im", "tell"}, usage: "NAME TEXT", min: 2, brief: "write to somebody", run: (*session).controlMsg,
			long: []string{"It works for any screen name; one with spaces stands in quotes: msg \"Cool Guy\" hello"}},
		{name: "info", topic: "profile", also: []string{"whois"}, usage: "NICK", min: 1, brief: "what is known of somebody, and their profile", run: (*session).controlInfo},
		{name: "profile", topic: "profile", usage: "[show | set TEXT | add TEXT | clear]", brief: "your own profile", run: (*session).controlProfile, lines: true,
			long: []string{"set replaces it, add adds a line. Formatting is kept. AIM forgets a profile at sign-off; it is sent again at each sign-on."}},
		{name: "dir", topic: "profile", usage: "get NICK | search FIELD=VALUE… | set FIELD=VALUE… | clear", min: 1, brief: "AIM's directory of people", run: (*session).controlDir,
			long: []string{"Fields: first, middle, last, maiden, city, state, country, email, web. A value with spaces stands in quotes: dir search last=Smith city=\"New York\"",
				"set replaces the whole entry, and everybody can read it. A search needs first, last or email."}},
		{name: "warn", topic: "privacy", also: []string{"evil"}, usage: "NICK [anon]", min: 1, brief: "warn somebody who wrote to you; anon does not say who did", run: (*session).controlWarn,
			long: []string{"It takes a message from them that you have not warned them for. A high warning level makes them wait between messages."}},
	}
}

func (s *session) controlInfo(k *call) {
	name := s.nameOf(k.args[0])
	s.lookUp(k.c, name, func(who *contact) {
		if who == nil {
			who = s.roster.contact(name)
		}
		k.reply("\x02%s\x02: %s", who.title(), s.stateOf(who))
		if !who.signOn.IsZero() && who.online {
			k.reply("Signed on since %s", who.signOn.Local().Format("Mon 2 Jan 15:04"))
		}
		for _, line := range s.remarks(who) {
			k.reply("%s %s", who.nick(), line)
		}
		if who.class.Unconfirmed() {
			k.reply("%s has an AIM account that is not confirmed", who.nick())
		}
		if !who.buddy() && who != s.self {
			k.reply("%s is not on your buddy list", who.nick())
		}
		s.profile(k.c, who, func(why string) { k.showProfile(who, why) })
	})
}

func (s *session) stateOf(who *contact) string {
	if who == s.self {
		return "that is you"
	}
	if !who.online && !who.buddy() && !s.there(who) {
		return "not signed on, or there is no such name"
	}
	return who.state()
}

// controlMsg writes to any screen name.
func (s *session) controlMsg(k *call) {
	nick := strings.ReplaceAll(k.args[0], " ", "")
	text := k.after(2).IRC()
	m := &irc.Message{Command: "PRIVMSG", Params: []string{nick, text}}
	s.resolve(k.c, s.toAsk([]string{nick}), func() {
		if strings.ContainsAny(nick[:min(1, len(nick))], "#&") || isControl(nick) {
			k.reply("%s is no person.", k.args[0])
			return
		}
		if err := s.sayTo(k.c, m, nick, text); err != nil {
			k.reply("%s", lastWords(err))
			return
		}
		k.reply("To %s: %s", s.nicks.Nick(s.nameOf(nick)), text)
	})
}

func (s *session) controlWarn(k *call) {
	anon := len(k.args) > 1 && strings.HasPrefix("anonymously", strings.ToLower(k.args[1]))
	if len(k.args) > 1 && !anon {
		k.usage()
		return
	}
	who, ok := k.somebody(k.args[0])
	switch {
	case !ok:
		return
	case who == s.self:
		k.reply("You cannot warn yourself.")
		return
	}
	before := who.warning
	why := s.order(func(why string) {
		how := ""
		if anon {
			how = " anonymously"
		}
		switch {
		case why != "":
			k.reply("Not warned: %s", why)
		case who.warning != before:
			k.reply("Warned %s%s, whose warning level is %d%% now.", who.nick(), how, who.warning)
		default:
			k.reply("Warned %s%s.", who.nick(), how)
		}
	}, toc.Warn{Name: toc.ScreenName(who.key), Anon: anon})
	if why != "" {
		k.reply("Not warned: %s", why)
	}
}
