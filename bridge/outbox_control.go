package bridge

import (
	"slices"
	"strconv"
	"strings"

	"tocbridge/bridge/richtext"
)

func outboxCommands() []controlCommand {
	return []controlCommand{
		{name: "outbox", topic: "messages", usage: "[cancel N|NICK|all]", brief: "messages that are kept for who is not signed on", run: (*session).controlOutbox,
			long: []string{"set outbox yes keeps what you write to somebody who is not signed on, and sends it when they are. It stays kept over restarts.",
				"outbox alone lists what is kept; cancel forgets one by its number, all to somebody, or all."}},
	}
}

func (s *session) controlOutbox(k *call) {
	switch {
	case len(k.args) == 0:
		s.listOutbox(k)
	case strings.EqualFold(k.args[0], "list"):
		s.listOutbox(k)
	case strings.EqualFold(k.args[0], "cancel") && len(k.args) == 2:
		s.cancelParcels(k, k.args[1])
	default:
		k.usage()
	}
}

// shownText is how much of a message a list shows, in characters.
const shownText = 60

func (s *session) listOutbox(k *call) {
	for i, p := range s.outbox.list {
		state := ""
		if p.underway(s) {
			state = " (on its way)"
		}
		text, _ := parseSaid(p.text)
		k.reply("%d. to %s, written %s%s: %s", i+1, p.to.nick(), s.whenWritten(p.id), state, brief(text))
	}
	switch {
	case len(s.outbox.list) > 0:
		k.reply("%s kept.", plural(len(s.outbox.list), "message is", "messages are"))
	case s.setting(settingOutbox) == "yes":
		k.reply("Nothing is kept.")
	default:
		k.reply("Nothing is kept. set outbox yes keeps what you write to somebody who is not signed on.")
	}
}

// brief is the beginning of a text on one line.
func brief(text richtext.Text) string {
	words := []rune(strings.Join(strings.Fields(text.String()), " "))
	if len(words) > shownText {
		return string(words[:shownText-1]) + "…"
	}
	return string(words)
}

// cancelParcels forgets a message by its number, those to somebody, or all.
func (s *session) cancelParcels(k *call, which string) {
	found := slices.Clone(s.outbox.list)
	if n, err := strconv.Atoi(which); err == nil && s.outbox.numbered(n) {
		found = found[n-1 : n]
	} else if !strings.EqualFold(which, "all") {
		who := s.roster.lookup(s.nameOf(which))
		found = slices.DeleteFunc(found, func(p *parcel) bool { return p.to != who })
	}
	out := 0
	for _, p := range found {
		if p.underway(s) {
			out++
			continue
		}
		s.dropParcel(p)
	}
	switch n := len(found) - out; {
	case len(found) == 0:
		k.reply("There is no such message in your outbox. outbox shows what is kept.")
	case out > 0:
		k.reply("%s forgotten, %s.", plural(n, "message is", "messages are"), plural(out, "is on its way already", "are on their way already"))
	default:
		k.reply("%s forgotten, and will not be sent.", plural(n, "message is", "messages are"))
	}
}

func (o *outbox) numbered(n int) bool { return n >= 1 && n <= len(o.list) }

func (s *session) outboxValue() string { return yesNo(s.setting(settingOutbox) == "yes") }

func (s *session) setOutbox(k *call, value string) {
	switch {
	case value == "no":
		s.setSetting(settingOutbox, "")
		if n := len(s.outbox.list); n > 0 {
			k.reply("Nothing more is kept. %s still waits to be sent; outbox cancel all forgets them.", plural(n, "message that is kept", "messages that are kept"))
			return
		}
		k.reply("What you write to somebody who is not signed on is not kept any more.")
	case s.mac == nil || !s.storing():
		k.reply("Nothing can be kept for this account: it has no password, or this server keeps nothing.")
	default:
		s.setSetting(settingOutbox, value)
		k.reply("What you write to somebody who is not signed on is kept from now on, and sent when they are there. outbox shows what waits.")
	}
}
