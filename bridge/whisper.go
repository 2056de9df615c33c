package bridge

import (
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// contextOf is the channel that a private message belongs to (IRCv3 channel-context), or "".
func contextOf(tags irc.Tags) string {
	if channel, ok := tags["+channel-context"]; ok {
		return channel
	}
	return tags["+draft/channel-context"]
}

// whisper says something to one member of a room, as AIM does it. The live server marks whispers as public text where
// they arrive (trap 12), so that only old servers let the other side see what it is. To somebody on this bridge we say
// so ourselves.
func (s *session) whisper(c *client, m *irc.Message, r *room, who *contact, text string, body richtext.Text) error {
	to := toc.ScreenName(who.key)
	st, tags := s.stamp("", time.Time{}), clientTags(m.Tags)
	for i, part := range body.Split(toc.WhisperRoom(r.id, to), s.sizeFor(who)) {
		html := s.htmlFor(who, part)
		a := aside{text: html, command: m.Command, context: r.channel, from: s.key, channel: ircd.Fold(r.channel), at: st.at}
		if i == 0 {
			a.id, a.tags = st.id, tags
		}
		if p := s.b.peer(who.key); p != nil {
			p.asides.put(a)
		}
		q := queued{cmd: toc.ChatWhisper{Room: r.id, To: to, Text: html}, what: who.nick(), text: part.String(), by: c}
		if !s.submit(s.pacer.Room(r.id), q) {
			return ircd.Numeric(irc.ERR_NOSUCHNICK, who.nick(), "AIM does not keep up, too much waits already. Not sent: "+part.String())
		}
	}
	s.keep(st, store.Entry{Target: who.key, Out: true, From: string(s.self.name), Command: m.Command, Text: text}, tags)
	s.echo(outgoing{m: m, c: c, command: m.Command, who: who, raw: text, tags: tags}, st)
	s.relieve(c)
	return nil
}

// whisperIn keeps a whisper and shows it.
func (s *session) whisperIn(from *contact, r *room, text richtext.Text, with aside) {
	if with.command == "" {
		with.command = "PRIVMSG"
	}
	st := s.stamp(with.id, with.at)
	with.id, with.at, with.context = st.id, st.at, r.channel
	text0 := kept(text, with)
	s.keepSaid(st, from, s.Nick(), text0, with)
	plain := recallText(from.prefix, with.command, s.Nick(), inContext(r.channel, text0))
	for _, m := range plain {
		s.said(m, from, aside{at: with.at})
	}
	s.show(st, eitherWay(s.received(from, s.Nick(), text, with), plain)...)
}

// eitherWay is what belongs to a channel, for clients that know channel-context, and the same in words for the others.
func eitherWay(tagged, plain []*ircd.Message) []*ircd.Message {
	for _, m := range tagged {
		m.Need |= ircd.CapMessageTags
	}
	for _, m := range plain {
		m.Context, m.Unless = "", m.Unless|ircd.CapMessageTags
	}
	return append(tagged, plain...)
}

// inContext says of a private text which channel it belongs to.
func inContext(channel, text string) string {
	if inner, ok := strings.CutPrefix(text, actionOpen); ok {
		return actionOpen + "[" + channel + "] " + inner
	}
	return "[" + channel + "] " + text
}

func roomCommands() []controlCommand {
	return []controlCommand{
		{name: "whisper", topic: "rooms", usage: "#ROOM NICK TEXT", min: 3, brief: "say something in a chat room that only one person there reads", run: (*session).controlWhisper,
			long: []string{"Clients that know +draft/channel-context need no command: a private message with it is a whisper.",
				"What others whisper to you shows as a private message; where your client has no tags it begins with the room: [#room] text"}},
	}
}

func (s *session) controlWhisper(k *call) {
	r := s.room(k.args[0])
	name := s.nameOf(k.args[1])
	who := s.roster.lookup(name)
	text := k.after(3)
	switch {
	case r == nil:
		k.reply("You are not in a room %s.", k.args[0])
	case !r.joined || s.state != online:
		k.reply("Not said: %s", s.noRoomText(r))
	case who == nil || r.members[who.key] == nil:
		k.reply("%s is not in %s.", k.args[1], r.channel)
	case strings.TrimSpace(text.String()) == "":
		k.usage()
	default:
		m := &irc.Message{Command: "PRIVMSG", Params: []string{who.nick(), text.IRC()}}
		if err := s.whisper(k.c, m, r, who, text.IRC(), text); err != nil {
			k.c.report(err)
			return
		}
		k.reply("Whispered to %s in %s: %s", who.nick(), r.channel, text.IRC())
	}
}
