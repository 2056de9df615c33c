package bridge

import (
	"strings"
	"sync"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// A line of conversation gets a stamp, is kept, and only then shown: what a client saw can be asked for again, also
// after a crash. Its position orders it in the account's history; it is the message id, except where a message of
// another user of this bridge arrives after something that is younger: then the position is new and the id theirs.

// stamp is the place of a line in the history.
type stamp struct {
	pos string // greater than that of every line before it
	id  string // msgid, the same for all users of this bridge who see the message
	at  time.Time
}

// stamp gives the next line its place. The id and the time come with a message from this bridge; else they are new.
func (s *session) stamp(id string, at time.Time) stamp {
	now := s.now
	if at.IsZero() {
		at = now
	}
	if id == "" {
		id = s.b.nextID(now)
	}
	pos := id
	if pos <= s.lastPos {
		pos = s.b.nextID(now)
	}
	s.lastPos = pos
	return stamp{pos, id, at.Truncate(time.Millisecond)}
}

// msgidTag is the tag under which history keeps an id that is not the position.
const msgidTag = "msgid"

// keep puts a line into the history. It is safe from the death of this process before anything that was said after it
// leaves for a client or the server: see flushOut.
func (s *session) keep(st stamp, e store.Entry, tags irc.Tags) {
	if s.acct == nil {
		return
	}
	if st.id != st.pos {
		tags = withTag(tags, msgidTag, st.id)
	}
	e.ID, e.Time, e.Tags = st.pos, st.at, tagText(tags)
	if s.unsaved == nil {
		s.unsaved = unsavedLists.Get().(*[]store.Entry)
	}
	*s.unsaved = append(*s.unsaved, e)
	if e.Command == "PRIVMSG" || e.Command == "NOTICE" {
		s.lastLine = st.pos
	}
	s.missed.count(s, e)
}

// save hands what keep was given to the store, in one piece.
func (s *session) save() {
	if s.unsaved == nil {
		return
	}
	s.acct.Append(*s.unsaved...)
	clear(*s.unsaved)
	*s.unsaved = (*s.unsaved)[:0]
	unsavedLists.Put(s.unsaved)
	s.unsaved = nil
}

// unsavedLists are for sessions while they have something to save.
var unsavedLists = sync.Pool{New: func() any { return new([]store.Entry) }}

func withTag(tags irc.Tags, key, value string) irc.Tags {
	out := irc.Tags{key: value}
	for k, v := range tags {
		out[k] = v
	}
	return out
}

// tagText is the tags as on the wire, without the @.
func tagText(tags irc.Tags) string {
	if len(tags) == 0 {
		return ""
	}
	m := irc.Message{Tags: tags, Command: "X"}
	text, _, _ := strings.Cut(m.String(), " ")
	return text[1:]
}

// keptTags are tags from the history, and the msgid if they have one.
func keptTags(text string) (tags irc.Tags, id string) {
	if text == "" {
		return nil, ""
	}
	m, err := irc.ParseMessage("@" + text + " X")
	if err != nil {
		return nil, ""
	}
	id = m.Tags[msgidTag]
	delete(m.Tags, msgidTag)
	if len(m.Tags) == 0 {
		return nil, id
	}
	return m.Tags, id
}

// show sends the messages of one line of conversation to all clients.
func (s *session) show(st stamp, ms ...*ircd.Message) {
	for _, c := range s.clients {
		s.showTo(c, st, ms...)
	}
}

// showTo sends them to one client; one that is still being shown what it missed finds them there.
func (s *session) showTo(c *client, st stamp, ms ...*ircd.Message) {
	if c.replaying {
		c.hold(st.pos, ms)
		return
	}
	for _, m := range ms {
		c.conn.Send(m)
	}
	s.shown(c, st.pos)
}

// showOwn sends a client its own line, if it wants to see that.
func (s *session) showOwn(c *client, st stamp, ms ...*ircd.Message) {
	if c.conn.Has(ircd.CapEchoMessage) {
		for _, m := range ms {
			c.conn.Send(m)
		}
	}
	if c.replaying {
		c.own = append(c.own, st.pos)
		return
	}
	s.shown(c, st.pos)
}

// keptText is a text as history keeps it: IRC formatting, "\n" between lines.
func keptText(text richtext.Text, lines []ircd.Line, action bool) string {
	var b strings.Builder
	if action {
		b.WriteString(actionOpen)
	}
	if lines == nil {
		b.WriteString(text.IRC())
	}
	for i, l := range lines {
		if i > 0 && !l.Concat {
			b.WriteByte('\n')
		}
		b.WriteString(l.Text)
	}
	if action {
		b.WriteByte('\x01')
	}
	return b.String()
}

const actionOpen = "\x01ACTION "

// isChannel reports whether a conversation is a channel and no person.
func isChannel(target string) bool {
	return strings.HasPrefix(target, "#") || strings.HasPrefix(target, "&")
}

// conversationOf finds the conversation that a user means.
func (s *session) conversationOf(target string) (string, bool) {
	if isChannel(target) {
		if r := s.room(target); r != nil {
			return ircd.Fold(r.channel), true
		}
		return ircd.Fold(target), ircd.ValidChannel(target)
	}
	if isControl(target) {
		return buddiesChannel, true
	}
	name, ok := s.nicks.Name(target)
	if !ok || !ircd.ValidNick(target) {
		return "", false
	}
	return name.Key(), true
}

// titleOf is a conversation as IRC names it.
func (s *session) titleOf(target string) string {
	switch {
	case !isChannel(target):
		return s.nickOf(toc.ScreenName(target))
	case s.rooms[target] != nil:
		return s.rooms[target].channel
	}
	return target
}

// nickOf is the nick of somebody, who does not become a contact by being in the history.
func (s *session) nickOf(name toc.ScreenName) string { return s.prefixOf(name).Name }

func (s *session) prefixOf(name toc.ScreenName) *irc.Prefix {
	if name == controlNick {
		return s.controlPrefix()
	}
	if c := s.roster.lookup(name); c != nil {
		return c.prefix
	}
	return s.prefixFor(name)
}

// recall makes the messages of a kept line again.
func (s *session) recall(e store.Entry) []*ircd.Message {
	from := s.prefixOf(toc.ScreenName(e.From))
	target := s.titleOf(e.Target)
	if e.Out {
		from = s.self.prefix
	} else if !isChannel(e.Target) {
		target = s.Nick()
	}
	var ms []*ircd.Message
	switch e.Command {
	case "PRIVMSG", "NOTICE":
		ms = recallText(from, e.Command, target, e.Text)
	case "JOIN":
		ms = []*ircd.Message{ircd.NewJoin(from, target, toc.ScreenName(e.From).Key(), e.Text)}
	case "QUIT", "NICK":
		ms = []*ircd.Message{ircd.NewMessage(from, e.Command, e.Text)}
	case "TAGMSG":
		ms = []*ircd.Message{ircd.NewMessage(from, e.Command, target)}
	default:
		ms = []*ircd.Message{ircd.NewMessage(from, e.Command, target, e.Text)}
	}
	s.restamp(ms, e)
	if ms[0].Context != "" && !e.Out && e.Command != "TAGMSG" {
		plain := recallText(from, e.Command, target, inContext(ms[0].Context, e.Text))
		s.restamp(plain, e)
		ms = eitherWay(ms, plain)
	}
	return ms
}

// restamp gives messages made again what they had.
func (s *session) restamp(ms []*ircd.Message, e store.Entry) {
	tags, id := keptTags(e.Tags)
	if id == "" {
		id = e.ID
	}
	for i, m := range ms {
		m.Time, m.Bot = e.Time, e.From == controlNick
		if !m.Bot {
			m.Account = toc.ScreenName(e.From).Key()
		}
		if i == 0 {
			m.ID, m.Context = id, contextOf(tags)
			m.Tags = clientTags(tags)
			delete(m.Tags, "+draft/channel-context")
		}
	}
}

// recallText makes the lines of a kept text fit again.
func recallText(from *irc.Prefix, command, target, text string) (ms []*ircd.Message) {
	budget := ircd.TextBudget(from, command, target)
	inner, action := strings.CutPrefix(text, actionOpen)
	if !action {
		return []*ircd.Message{ircd.NewMultiline(from, command, target, fitText(text, budget))}
	}
	inner = strings.TrimSuffix(inner, "\x01")
	for _, l := range fitText(inner, budget-len(actionOpen)-1) {
		if l.Text != "" {
			ms = append(ms, ircd.NewMessage(from, command, target, actionOpen+l.Text+"\x01"))
		}
	}
	return ms
}

// fitText is a text in lines of at most budget bytes, formatting carried over.
func fitText(text string, budget int) []ircd.Line {
	if len(text) <= budget && !strings.Contains(text, "\n") {
		return []ircd.Line{{Text: text}}
	}
	var lines []ircd.Line
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) <= budget {
			lines = append(lines, ircd.Line{Text: line})
			continue
		}
		lines = append(lines, ircLines(richtext.ParseIRC(line), budget)...)
	}
	return lines
}

// keepSaid keeps what somebody else said.
func (s *session) keepSaid(st stamp, from *contact, target, text string, with aside) {
	tags := with.tags
	if with.context != "" {
		tags = withTag(tags, "+draft/channel-context", with.context)
	}
	if !isChannel(target) {
		target = from.key
	}
	if from == s.self && st.id != st.pos {
		return // what we said to ourselves, come back
	}
	s.keep(st, store.Entry{Target: ircd.Fold(target), From: string(from.name), Command: with.command, Text: text}, tags)
}

// keepNews keeps what *aim told all clients.
func (s *session) keepNews(st stamp, text string) {
	s.keep(st, store.Entry{Target: buddiesChannel, From: controlNick, Command: "NOTICE", Text: text}, nil)
}

// keepRoom keeps that somebody came into a room, left it or changed its topic.
func (s *session) keepRoom(r *room, c *contact, command, text string) {
	e := store.Entry{Target: ircd.Fold(r.channel), Out: c == s.self, From: string(c.name), Command: command, Text: text}
	s.keep(s.stamp("", time.Time{}), e, nil)
}

// keepPresence keeps that a buddy came or went, once a user was there to see it: not the arrivals of every sign-on.
func (s *session) keepPresence(c *contact, command, text string) {
	if c.buddy() && s.info.Load() != nil {
		s.keep(s.stamp("", time.Time{}), store.Entry{Target: buddiesChannel, From: string(c.name), Command: command, Text: text}, nil)
	}
}
