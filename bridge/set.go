package bridge

import (
	"strings"
)

// userSetting is a row of the table of what set shows and changes.
type userSetting struct {
	name   string
	values string // what may be given
	brief  string
	long   []string
	value  func(*session) string
	set    func(*session, *call, string) // one of values; it answers
}

// userSettings is the table, in the order set shows it.
func userSettings() []userSetting {
	return []userSetting{
		{name: "always-on", values: "yes|no", brief: "stay signed on when you have no client here, over restarts of this server too",
			long: []string{"Your AIM password is stored for that, sealed with a key of this server's admin. Messages that come meanwhile are kept for you.",
				"no takes the password out of the store again."},
			value: (*session).alwaysOnValue, set: (*session).setAlwaysOn},
		{name: "outbox", values: "yes|no", brief: "keep what you write to somebody who is not signed on, and send it when they are",
			long:  []string{"outbox shows what is kept, and forgets it. At most 100 messages of 64 KiB in all are kept."},
			value: (*session).outboxValue, set: (*session).setOutbox},
		{name: "notices", values: "yes|no", brief: "tell in &buddies when buddies go away, come back or are idle",
			value: func(s *session) string { return yesNo(!s.quiet()) }, set: (*session).setNotices},
	}
}

func setCommands() []controlCommand {
	return []controlCommand{
		{name: "set", topic: "account", usage: "[NAME [VALUE]]", brief: "your settings: all, one, or a new value", run: (*session).controlSet,
			long: []string{"A setting stays as it is set, over restarts too."}},
	}
}

func (s *session) controlSet(k *call) {
	if len(k.args) == 0 {
		for _, one := range userSettings() {
			k.reply("\x02%s\x02 = %s  %s (%s)", one.name, one.value(s), one.brief, one.values)
		}
		return
	}
	one, problem := findSetting(k.args[0])
	switch {
	case one == nil:
		k.reply("%s", problem)
	case len(k.args) == 1:
		k.reply("\x02%s\x02 = %s  %s (%s)", one.name, one.value(s), one.brief, one.values)
		for _, line := range one.long {
			k.reply("%s", line)
		}
	default:
		value, ok := truth[strings.ToLower(k.args[1])]
		if !ok || len(k.args) > 2 {
			k.reply("%s takes %s.", one.name, strings.ReplaceAll(one.values, "|", " or "))
			return
		}
		one.set(s, k, value)
	}
}

// truth has the words for yes and no.
var truth = map[string]string{"yes": "yes", "on": "yes", "true": "yes", "1": "yes", "no": "no", "off": "no", "false": "no", "0": "no"}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// findSetting finds a setting by its name, or a beginning that is clear.
func findSetting(word string) (*userSetting, string) {
	word = strings.ToLower(word)
	var found []userSetting
	var names []string
	for _, one := range userSettings() {
		if one.name == word {
			return &one, ""
		}
		if strings.HasPrefix(one.name, word) {
			found = append(found, one)
		}
		names = append(names, one.name)
	}
	if len(found) == 1 {
		return &found[0], ""
	}
	return nil, "There is no setting " + word + ". There are: " + strings.Join(names, ", ")
}

func (s *session) setNotices(k *call, value string) {
	if value == "yes" {
		s.setSetting(settingNotices, "")
		k.reply("You will be told when buddies go away, come back, or are idle.")
		return
	}
	s.setSetting(settingNotices, "off")
	k.reply("No more notices about away and idle buddies. set notices yes brings them back.")
}

func (s *session) alwaysOnValue() string {
	if s.alwaysOn() && s.o.Key == nil {
		return "yes, but this server has no key at the moment"
	}
	return yesNo(s.alwaysOn())
}

// whyNotAlwaysOn says why the account cannot be always on, or "".
func (s *session) whyNotAlwaysOn() string {
	switch {
	case s.mac == nil:
		return "This account has no password, so it cannot be always on."
	case s.acct == nil:
		return "This server keeps nothing on disk, so no account can be always on. Its admin can change that: path under [store] in the configuration."
	case s.o.StoreTrouble != "":
		return s.o.StoreTrouble
	case s.o.Key == nil:
		return "Your AIM password would have to be stored, and this server has no key to seal it with. Its admin can make one: tocbridge keygen FILE, then key_file = \"FILE\" under [store] in the configuration, and a restart."
	}
	return ""
}

func (s *session) setAlwaysOn(k *call, value string) {
	if value == "no" {
		s.notAlwaysOn(k)
		return
	}
	if why := s.whyNotAlwaysOn(); why != "" {
		k.reply("%s", why)
		return
	}
	finish := k.c.conn.Defer()
	s.storePassword(func(err error) {
		finish(func() error {
			if err != nil {
				s.log.Warn("store a password", "err", err)
				s.forgetPassword()
				k.reply("Your password could not be stored; try again later.")
				return nil
			}
			k.reply("This account is always on now: you stay signed on when your clients leave, and are signed on again when this server restarts. Your AIM password is stored, sealed.")
			return nil
		})
	})
}

func (s *session) notAlwaysOn(k *call) {
	if !s.alwaysOn() {
		k.reply("This account is not always on.")
		return
	}
	s.forgetPassword()
	if s.o.Linger > 0 {
		k.reply("This account is not always on any more: it signs off %s after your last client has left. Your password is not stored any more.", shortDuration(s.o.Linger))
		return
	}
	k.reply("This account is not always on any more: it signs off when your last client leaves. Your password is not stored any more.")
}
