package bridge

import (
	"fmt"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	vouchTime   = 15 * time.Minute // somebody not on the list who was there counts as there for so long
	missedTime  = time.Minute      // and who was not, as not there, where asking costs of the budget for messages
	maxTargets  = 4                // TARGMAX
	statusLimit = 3 * time.Second
)

// say is PRIVMSG and NOTICE. NOTICE never causes an error reply (RFC 2812 §3.3.2). AIM is first asked about those whom
// we know nothing of.
func (s *session) say(c *client, m *irc.Message) error {
	notice := m.Command == "NOTICE"
	if !strings.Contains(m.Params[0], ",") {
		if who := s.toAsk(m.Params[:1]); len(who) > 0 {
			s.resolve(c, who, func() { c.report(s.mute(notice, s.sayTo(c, m, m.Params[0], m.Params[1]))) })
			return nil
		}
		return s.mute(notice, s.sayTo(c, m, m.Params[0], m.Params[1]))
	}
	targets := strings.Split(m.Params[0], ",")
	if len(targets) > maxTargets {
		return s.mute(notice, tooManyTargets(m.Params[0]))
	}
	s.resolve(c, s.toAsk(targets), func() {
		for _, target := range targets {
			c.report(s.mute(notice, s.sayTo(c, m, target, m.Params[1])))
		}
	})
	return nil
}

func tooManyTargets(targets string) error {
	return ircd.Numeric(irc.ERR_TOOMANYTARGETS, targets, fmt.Sprintf("Too many targets; at most %d", maxTargets))
}

// toAsk are those among the targets of a message of whom we do not know whether they are there.
func (s *session) toAsk(targets []string) (out []*contact) {
	now := s.now
	limited := s.o.Pace != pace.Off
	for _, target := range targets {
		name, ok := s.nicks.Name(target)
		if !ok || target[0] == '#' || target[0] == '&' || isControl(target) {
			continue
		}
		who := s.roster.contact(name)
		switch {
		case who == s.self, who.tracked(), s.blocked(who):
		case now.Sub(who.heard) < vouchTime && (limited || s.stillVouched(who)):
		case limited && now.Sub(who.missed) < missedTime && !s.b.signedOn(name): // unless they came to this bridge meanwhile
		default:
			out = append(out, who)
		}
	}
	return out
}

// stillVouched reports whether nothing speaks against somebody who was there lately: whoever was on this bridge and is not
// any more may be gone.
func (s *session) stillVouched(who *contact) bool {
	if s.b.peer(who.key) != nil {
		who.local = true
	}
	return !who.local || s.b.peer(who.key) != nil
}

// resolve asks AIM about people, as far as the limits allow: a question counts as an IM. While the answers are waited
// for, the client's further commands wait too.
func (s *session) resolve(c *client, who []*contact, done func()) {
	if len(who) == 0 || s.state != online || s.paused || s.pacer.At(time.Now(), pace.Messages, len(who)+1).After(time.Now()) {
		done()
		return
	}
	finish, left := c.conn.Defer(), len(who)
	for _, w := range who {
		s.askStatus(w, func(bool) {
			if left--; left == 0 {
				finish(func() error {
					done()
					return nil
				})
			}
		})
	}
}

func (s *session) mute(notice bool, err error) error {
	if notice {
		return nil
	}
	return err
}

// sayTo sends a line to one target: a room, *aim, or a nick.
func (s *session) sayTo(c *client, m *irc.Message, target, text string) error {
	switch {
	case target == "":
		return ircd.Numeric(irc.ERR_NORECIPIENT, "No recipient given ("+m.Command+")")
	case target[0] == '#':
		return s.sayRoom(c, m, target, text)
	case target[0] == '&':
		return s.sayGroup(c, m, target, text)
	case isControl(target):
		if m.Command == "PRIVMSG" {
			s.control(c, "", text)
		}
		return nil
	}
	return s.sayNick(c, m, target, text)
}

// sayGroup is a line said in an & channel: "nick: text" is a message to nick, all else a command for *aim.
func (s *session) sayGroup(c *client, m *irc.Message, channel, text string) error {
	if err := s.mayTalk(c, channel); err != nil {
		return err
	}
	if nick, rest, quoted, ok := addressed(text); ok && (quoted || s.talkable(nick)) {
		return s.sayNick(c, &irc.Message{Command: "PRIVMSG"}, nick, rest)
	}
	if m.Command == "PRIVMSG" { // a NOTICE is never answered
		s.control(c, s.channelName(ircd.Fold(channel)), text)
	}
	return nil
}

// mayTalk reports, as an error, that a client may not send to an & channel.
func (s *session) mayTalk(c *client, channel string) error {
	folded := ircd.Fold(channel)
	if _, ok := s.membersOf(folded); !ok {
		return noSuchChannel(channel)
	}
	if !c.in[folded] {
		return ircd.Numeric(irc.ERR_CANNOTSENDTOCHAN, channel, "Cannot send to channel: you are not in it")
	}
	return nil
}

// sayNick sends an IM, once it is known that there is somebody to get it.
func (s *session) sayNick(c *client, m *irc.Message, nick, text string) error {
	name, ok := s.nicks.Name(nick)
	if !ok {
		return ircd.Numeric(irc.ERR_NOSUCHNICK, nick, "No such nick/channel")
	}
	if later, err := s.saidLater(c, m, name, text); later {
		return err
	}
	if s.state != online {
		s.tell(c, "Not sent to "+nick+": "+s.noLinkText())
		return ircd.Numeric(irc.ERR_NOSUCHNICK, nick, "Not sent: "+s.noLinkText())
	}
	body, kind := parseSaid(text)
	if kind == ctcpOther {
		return s.ctcp(c, m.Command, nick, name, text)
	}
	if body.String() == "" {
		return noText(text)
	}
	who := s.roster.contact(name)
	if r := s.room(contextOf(m.Tags)); r != nil && r.joined && r.members[who.key] != nil {
		return s.whisper(c, m, r, who, text, body)
	}
	im := outgoing{m: m, c: c, command: m.Command, who: who, raw: text, body: body, tags: clientTags(m.Tags)}
	if s.blocked(who) && who != s.self {
		return s.notHere(im)
	}
	if s.notThere(who) {
		return s.notHere(im)
	}
	return s.deliver(im)
}

// noText answers a line of which nothing is left for AIM: formatting around no text, or control characters.
func noText(line string) error {
	if strings.HasPrefix(line, "\x01") {
		return ircd.Numeric(irc.ERR_NOTEXTTOSEND, "No text to send")
	}
	return ircd.Numeric(irc.ERR_NOTEXTTOSEND, "No text to send: there are only control characters in it, which AIM cannot carry")
}

// outgoing is a line on its way to somebody.
type outgoing struct {
	m       *irc.Message
	c       *client
	command string
	who     *contact
	raw     string // as typed
	body    richtext.Text
	tags    irc.Tags // of the client, for who is on this bridge too
}

// numericText is what of a text surely fits a numeric, in bytes.
const numericText = 300

// notHere answers who writes to somebody offline, with the text, so that it is not lost. Some clients show of 401 only
// that it came, so a buddy's absence is told in &buddies as well.
func (s *session) notHere(im outgoing) error {
	why := "is not signed on"
	if s.blocked(im.who) {
		why = "is blocked by you"
	}
	text := fmt.Sprintf("%s %s. Not sent: %s", im.who.name, why, im.body.String())
	if im.who.buddy() || len(text) > numericText {
		s.tell(im.c, text)
	}
	return ircd.Numeric(irc.ERR_NOSUCHNICK, im.who.nick(), text)
}

// deliver cuts a line into IMs, sends them and shows them to the account's other clients.
func (s *session) deliver(im outgoing) error {
	to := toc.ScreenName(im.who.key)
	parts := im.body.Split(toc.IMRoom(to, false), s.sizeFor(im.who))
	st := s.stamp("", time.Time{})
	s.asideIM(im, aside{text: s.htmlFor(im.who, parts[0]), command: im.command, lines: saidLines(im.m, im.raw, len(parts)), tags: im.tags, id: st.id, at: st.at})
	for _, part := range parts {
		html := s.htmlFor(im.who, part)
		q := queued{cmd: toc.SendIM{To: to, Text: html}, what: im.who.nick(), text: part.String(), by: im.c, merge: im.who.key, html: html}
		if !s.submit(pace.Messages, q) {
			return ircd.Numeric(irc.ERR_NOSUCHNICK, im.who.nick(), "AIM does not keep up, too much waits already. Not sent: "+part.String())
		}
	}
	s.keep(st, store.Entry{Target: im.who.key, Out: true, From: string(s.self.name), Command: im.command, Text: im.raw}, im.tags)
	delete(im.c.typing, im.who.key) // a message ends typing, at AIM too
	delete(s.typing, im.who.key)
	s.echo(im, st)
	if im.command == "PRIVMSG" {
		s.tellAway(im.c, im.who)
	}
	s.relieve(im.c)
	return nil
}

// tellAway answers who writes to somebody away with 301, once in an away period.
func (s *session) tellAway(c *client, who *contact) {
	away := s.isAway(who)
	if away && !who.toldAway {
		c.conn.Reply(irc.RPL_AWAY, who.nick(), s.awayTextOf(who))
	}
	who.toldAway = away
}

// quotedSize is what a text takes in a command.
func quotedSize(t richtext.Text) int { return toc.QuotedLen(t.HTML()) }

// imIn is an IM from AIM.
func (s *session) imIn(e toc.IMIn) {
	from := s.met(e.From)
	from.heard = s.now
	s.learnPresence(from, e)
	html := e.Text
	with, ok := s.asides.take(from.key, "", e.Text)
	if !ok {
		with.command, html = "PRIVMSG", mendEmoji(e.Text)
	}
	text := richtext.ParseHTML(html)
	if e.Auto {
		with.command = "NOTICE"
		text = fillIn(text, string(s.self.name), time.Now())
		s.learnAway(from, text)
	}
	s.deliverIn(from, s.Nick(), text, with)
	if !e.Auto {
		s.autoRespond(from)
	}
}

// deliverIn keeps a received text and sends it to all clients, as lines that fit, in order.
func (s *session) deliverIn(from *contact, target string, text richtext.Text, with aside) {
	if with.lines == nil && strings.Trim(text.String(), "\n") == "" { // nothing but tags: IRC has no message without a text
		return
	}
	st := s.stamp(with.id, with.at)
	with.id, with.at = st.id, st.at
	s.keepSaid(st, from, target, kept(text, with), with)
	s.show(st, s.received(from, target, text, with)...)
}

// kept is a received text as history keeps it.
func kept(text richtext.Text, with aside) string {
	text, action := richtext.CutAction(text)
	return keptText(text, with.lines, action)
}

// received are the messages of a received text. What came beside it belongs to the first.
func (s *session) received(from *contact, target string, text richtext.Text, with aside) (ms []*ircd.Message) {
	text, action := richtext.CutAction(text)
	budget := ircd.TextBudget(from.prefix, with.command, target)
	if action {
		budget -= len(actionOpen) + 1
	}
	lines := with.lines
	if lines == nil {
		lines = ircLines(text, budget)
	}
	if !action {
		return []*ircd.Message{s.said(ircd.NewMultiline(from.prefix, with.command, target, lines), from, with)}
	}
	for _, line := range lines {
		m := ircd.NewMessage(from.prefix, with.command, target, actionOpen+line.Text+"\x01")
		ms = append(ms, s.said(m, from, with))
		with = aside{command: with.command, at: with.at, context: with.context}
	}
	return ms
}

// said gives a message what a said line carries, and what came beside it.
func (s *session) said(m *ircd.Message, from *contact, with aside) *ircd.Message {
	m.Time, m.ID, m.Tags, m.Context = with.at, with.id, with.tags, with.context
	m.Account = s.accountOf(from)
	m.Bot = s.botPrefix(from.prefix)
	return m
}

// ircLines are the lines of a text, those too long cut with their formatting. Where a cut took the place of a space,
// the space stays at the end, so that who puts the pieces together again gets the text.
func ircLines(text richtext.Text, budget int) []ircd.Line {
	if len(text) == 1 && !strings.Contains(text[0].Text, "\n") && richtext.IRCSize(text) <= budget { // most are so
		return []ircd.Line{{Text: text.IRC()}}
	}
	var lines []ircd.Line
	for _, line := range text.Lines() {
		if richtext.IRCSize(line) <= budget {
			lines = append(lines, ircd.Line{Text: line.IRC()})
			continue
		}
		rest := line.String()
		for i, part := range line.Split(budget-1, richtext.IRCSize) {
			piece, plain := part.IRC(), part.String()
			rest = strings.TrimPrefix(rest, plain)
			if after, space := strings.CutPrefix(rest, " "); space {
				piece, rest = piece+" ", after
			}
			lines = append(lines, ircd.Line{Text: piece, Concat: i > 0})
		}
	}
	return lines
}
