package bridge

import (
	"strings"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

// TOC has no away messages: the server carries the flag alone. What one's own client shows as somebody's away message is
// that somebody's automatic response to an IM, and %n, %d and %t in it stand for the reader, the date and the time (TOC2
// reference §5.2). The client has to send it, and to fill it in, so both is done here.

// filler puts values in place of %n, %d and %t.
func filler(reader string, now time.Time) *strings.Replacer {
	return strings.NewReplacer("%n", reader, "%d", now.Format("2006-01-02"), "%t", now.Format("15:04"))
}

func fillPlain(text, reader string, now time.Time) string {
	if !strings.Contains(text, "%") {
		return text
	}
	return filler(reader, now).Replace(text)
}

// fillIn is the text as its reader gets it.
func fillIn(t richtext.Text, reader string, now time.Time) richtext.Text {
	if !strings.Contains(t.String(), "%") {
		return t
	}
	fill := filler(richtext.Plain(reader).String(), now)
	out := make(richtext.Text, len(t))
	for i, span := range t {
		out[i] = richtext.Span{Text: fill.Replace(span.Text), Style: span.Style}
	}
	return out
}

// autoRespond answers an IM with the away message, once for each correspondent in an away period. It never waits, and so
// never takes the place of what the user says: where the speed limit would hold it up, the next IM is answered. Users of
// this bridge have been told with 301.
func (s *session) autoRespond(to *contact) {
	if s.awayText == "" || !s.o.AutoReply || to == s.self || s.state != online || s.blocked(to) || s.answered[to.key] || s.b.signedOn(toc.ScreenName(to.key)) {
		return
	}
	name := toc.ScreenName(to.key)
	parts := fillIn(richtext.ParseIRC(s.awayText), string(to.name), time.Now()).Split(toc.IMRoom(name, true), s.sizeFor(to))
	if len(parts) == 0 {
		return
	}
	im := toc.SendIM{To: name, Text: s.htmlFor(to, parts[0]), Auto: true}
	if len(s.queue.lanes[pace.Messages]) > 0 || !s.mayGo(time.Now(), pace.Messages, im) {
		return
	}
	s.answered[to.key] = s.submit(pace.Messages, queued{cmd: im})
}

// learnPresence takes from an IM what it tells of a sender whose presence the server does not.
func (s *session) learnPresence(from *contact, e toc.IMIn) {
	if from.tracked() || from == s.self || s.neighbour(from) != nil {
		return
	}
	away := e.Auto
	if e.Form == toc.IMEnc2 {
		away = e.Class.Away()
		from.class = e.Class
	}
	s.showAway(from, from.setAway(away))
}

// learnAway takes somebody's away message from an automatic response, and tells those who are told of AWAY.
func (s *session) learnAway(from *contact, text richtext.Text) {
	said := strings.Join(strings.Fields(text.String()), " ")
	if !from.away || said == "" || said == from.awayText {
		return
	}
	from.awayText = said
	m := s.message(from.prefix, "AWAY", said)
	s.tellSeers(from, m)
}
