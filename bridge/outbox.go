package bridge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	kindOutbox    = "outbox"    // position of the line in the history -> screen name, line feed, the line as it was typed
	settingOutbox = "outbox"    // "yes": messages to who is offline are kept
	boxMax        = 100         // messages
	boxBytes      = 64 << 10    // of text in all of them
	boxPause      = time.Minute // after which a message that AIM dropped is tried again
)

// outbox has the messages to people who were not there, oldest first. Each stays in it, and on disk, until the AIM server has
// answered a question that was asked behind it, with its addressee still there: a crash may send one twice, but loses none.
type outbox struct {
	list  []*parcel
	out   []*parcel // handed to the link, to be followed by a question
	sent  []*parcel // taken by AIM, while others to the same addressee still wait
	retry *time.Timer
}

// parcel is a message in the outbox.
type parcel struct {
	id   string // its name in the state
	to   *contact
	text string // as typed

	link   *link // on which it is on its way; another or none: it is not
	left   int   // parts that wait for the server's limits
	failed bool  // AIM said that it dropped something
}

func (p *parcel) underway(s *session) bool { return p.link != nil && p.link == s.link }

func (o *outbox) bytes() (n int) {
	for _, p := range o.list {
		n += len(p.text)
	}
	return n
}

// to are the messages to somebody.
func (o *outbox) to(who *contact) (list []*parcel) {
	for _, p := range o.list {
		if p.to == who {
			list = append(list, p)
		}
	}
	return list
}

func (o *outbox) stop() {
	if o.retry != nil {
		o.retry.Stop()
	}
}

// loadOutbox takes over what was kept when this program ended.
func (s *session) loadOutbox(kept map[string]string) {
	for _, id := range sortedKeys(kept) {
		name, text, ok := strings.Cut(kept[id], "\n")
		if to := toc.ScreenName(name); ok && text != "" && to.Key() != "" {
			s.addParcel(&parcel{id: id, to: s.roster.contact(to), text: text})
		}
	}
}

// addParcel adds a message. Its addressee is watched, so that we hear of its coming though it be on no list.
func (s *session) addParcel(p *parcel) {
	s.outbox.list = append(s.outbox.list, p)
	s.watch(p.to)
}

func (s *session) dropParcel(p *parcel) {
	i := slices.Index(s.outbox.list, p)
	if i < 0 {
		return
	}
	s.outbox.list = slices.Delete(s.outbox.list, i, i+1)
	s.saveState(kindOutbox, p.id, "")
	s.unwatch(p.to)
}

// tellLost tells that a message was dropped on its way. One of the outbox is tried again.
func (s *session) tellLost(m sent, text string) {
	if m.parcel != nil {
		m.parcel.failed = true
		return
	}
	s.tellOf(m.by, text)
}

// saidLater keeps what was said to somebody who is not there, if the user wants that; false: it is not kept.
func (s *session) saidLater(c *client, m *irc.Message, name toc.ScreenName, text string) (bool, error) {
	if s.setting(settingOutbox) != "yes" || m.Command != "PRIVMSG" || !s.storing() || contextOf(m.Tags) != "" {
		return false, nil
	}
	body, kind := parseSaid(text)
	if kind == ctcpOther || body.String() == "" {
		return false, nil
	}
	im := outgoing{m: m, c: c, command: m.Command, who: s.roster.contact(name), raw: text, body: body, tags: clientTags(m.Tags)}
	if !s.putsOff(im) {
		return false, nil
	}
	return true, s.putOff(im)
}

// putsOff reports whether a line is kept for later: its addressee is not there, or older lines to it are still on their way.
func (s *session) putsOff(im outgoing) bool {
	if im.who == s.self || s.blocked(im.who) {
		return false
	}
	return s.state != online || s.notThere(im.who) || len(s.outbox.to(im.who)) > 0
}

// putOff keeps a line until its addressee is there.
func (s *session) putOff(im outgoing) error {
	box := &s.outbox
	waiting := len(box.to(im.who))
	if len(box.list) >= boxMax || box.bytes()+len(im.raw) > boxBytes {
		text := fmt.Sprintf("Your outbox is full (%d messages, %d of %d KiB). Not sent to %s: %s", len(box.list), box.bytes()>>10, boxBytes>>10, im.who.nick(), im.body.String())
		s.tell(im.c, text)
		return ircd.Numeric(irc.ERR_NOSUCHNICK, im.who.nick(), cut(text))
	}
	st := s.stamp("", time.Time{})
	s.keep(st, store.Entry{Target: im.who.key, Out: true, From: string(s.self.name), Command: im.command, Text: im.raw}, im.tags)
	s.save()
	s.acct.Put(kindOutbox, st.pos, string(im.who.name)+"\n"+im.raw)
	s.addParcel(&parcel{id: st.pos, to: im.who, text: im.raw})
	s.echo(im, st)
	im.c.conn.Reply(irc.RPL_AWAY, im.who.nick(), "Not signed on. Your message is kept and goes out when "+im.who.nick()+" is there")
	if waiting == 0 {
		s.news(fmt.Sprintf("What you say to %s is kept and goes out when %s is there. outbox shows what waits, outbox cancel %s forgets it.", im.who.nick(), im.who.nick(), quoteName(im.who.nick())))
	}
	return nil
}

// meanwhile says what becomes of what is said while there is no link.
func (s *session) meanwhile() string {
	if s.setting(settingOutbox) == "yes" {
		return "kept if it is to a person, and not sent to rooms"
	}
	return "not sent"
}

// notThere reports whether somebody is known not to be signed on.
func (s *session) notThere(who *contact) bool {
	return who != s.self && who.known && !who.online && s.now.Sub(who.heard) > vouchTime || who.tracked() && !who.online
}

// sendParcels sends what is kept for somebody who is there, one message after the other, each as the server's limits allow.
func (s *session) sendParcels(who *contact) {
	if s.link == nil || s.state != online || !who.online {
		return
	}
	for _, p := range s.outbox.to(who) {
		switch {
		case p.underway(s) && p.left > 0:
			return // the next follows when this one is out
		case !p.underway(s):
			if !s.submitParcel(p) {
				s.retryParcels()
				return
			}
		}
	}
}

// submitParcel hands a message to the queue; false: that is full.
func (s *session) submitParcel(p *parcel) bool {
	body, _ := parseSaid(p.text)
	parts := body.Split(toc.IMRoom(toc.ScreenName(p.to.key), false), s.sizeFor(p.to))
	if len(parts) == 0 {
		s.dropParcel(p)
		return true
	}
	if len(s.queue.lanes[pace.Messages])+len(parts) > laneMax {
		return false
	}
	p.link, p.left, p.failed = s.link, len(parts), false
	for _, part := range parts {
		q := queued{cmd: toc.SendIM{To: toc.ScreenName(p.to.key), Text: s.htmlFor(p.to, part)}, what: p.to.nick(), text: part.String(), parcel: p}
		if !s.submit(pace.Messages, q) {
			p.link = nil
			return false
		}
	}
	s.followParcels()
	return true
}

// retryParcels tries again later.
func (s *session) retryParcels() {
	s.outbox.stop()
	s.outbox.retry = time.AfterFunc(boxPause, func() {
		s.post(do(func(s *session) {
			for _, p := range slices.Clone(s.outbox.list) {
				s.sendParcels(p.to)
			}
		}))
	})
}

// parcelOut counts a part that was handed to the link.
func (s *session) parcelOut(p *parcel) {
	if p.left--; p.left == 0 {
		s.outbox.out = append(s.outbox.out, p)
	}
}

// followParcels asks a question behind each message that is out, and sends the next ones.
func (s *session) followParcels() {
	out := s.outbox.out
	s.outbox.out = nil
	for _, p := range out {
		s.confirmParcel(p)
		s.sendParcels(p.to)
	}
}

// confirmParcel asks the server something of which the answer says that it has taken the message.
func (s *session) confirmParcel(p *parcel) {
	self := toc.ScreenName(s.key)
	done := func(e toc.Event) {
		switch {
		case !p.underway(s): // the link was lost: it stays for the next
		case e == nil:
			s.confirmParcel(p)
		case p.failed:
			p.link = nil
			s.retryParcels()
		case !p.to.online: // it left; whether before or after, nobody says
			p.link = nil
		default:
			s.parcelTaken(p)
		}
	}
	if p.underway(s) && s.question(queued{cmd: toc.GetInfo{Name: self}}, answerTime, isPageOf(self), done) == nil {
		p.link = nil
		s.retryParcels()
	}
}

// parcelTaken is for a message that has arrived. The last one of somebody is told.
func (s *session) parcelTaken(p *parcel) {
	s.dropParcel(p)
	s.outbox.sent = append(s.outbox.sent, p)
	if len(s.outbox.to(p.to)) > 0 {
		return
	}
	n, since := 0, p.id
	s.outbox.sent = slices.DeleteFunc(s.outbox.sent, func(q *parcel) bool {
		if q.to != p.to {
			return false
		}
		n, since = n+1, min(since, q.id)
		return true
	})
	s.news(fmt.Sprintf("%s is there: %s sent that you wrote %s.", p.to.nick(), plural(n, "message was", "messages were"), s.whenWritten(since)))
}

// whenWritten says when a line was written.
func (s *session) whenWritten(id string) string {
	at := idTime(id).Local()
	if time.Since(at) < 20*time.Hour {
		return "at " + at.Format("15:04")
	}
	return "on " + at.Format("Mon 2 Jan 15:04")
}
