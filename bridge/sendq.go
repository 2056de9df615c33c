package bridge

import (
	"fmt"
	"slices"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	laneMax    = 200             // commands waiting in one lane; more are refused
	tellAfter  = 2 * time.Second // the user is told of longer waits
	recentTime = 10 * time.Second
	recentMax  = 64
)

// queued is a command that waits for the server's rate limits to let it go.
type queued struct {
	cmd   toc.Command
	what  string  // for whom, as the user knows it; "" for what the user did not say
	text  string  // what the user said, to name it when it is lost
	by    *client // who said it
	merge string  // messages with the same key that is not empty are joined while they wait
	html  string
	task  string // what the user waits for where it is no message: "you get into #room"
	wait  *wait  // for the answer, from when it is sent
	line  *said  // in a room

	parcel *parcel // of the outbox: it stays there when it is not sent
}

// sent is a message that went out lately, to be named should a 903 come.
type sent struct {
	to     string // whose IM it was; "" for other messages
	what   string // as in queued, and so the others
	text   string
	by     *client
	at     time.Time
	parcel *parcel
}

// sendQueue holds what the server's rate classes do not let go yet: one lane per class and per room, each in order.
type sendQueue struct {
	lanes  map[pace.Class][]queued
	timer  *time.Timer
	recent []sent
	told   map[string]time.Time // the users were told of waiting for a target; when that wait ends
	silent time.Time            // until then nothing is sent, as the users were told
	held   []func(func() error) // clients held up because the link does not keep up
}

func (q *sendQueue) stop() {
	if q.timer != nil {
		q.timer.Stop()
	}
}

// classOf is the rate class of a command, and how many times it counts (TOC2 reference §3.2).
func classOf(cmd toc.Command) (cl pace.Class, times int) {
	switch cmd := cmd.(type) {
	case toc.SendIM, toc.SendIMEnc, toc.GetStatus, toc.RvousAccept, toc.RvousCancel:
		return pace.Messages, 1
	case toc.ChatInviteTo:
		return pace.Messages, len(cmd.Names)
	case toc.AddBuddies, toc.RemoveBuddiesV1, toc.AddPermitV1, toc.AddDenyV1, toc.ChatWhisper:
		return pace.Light, 1
	case toc.ChatJoin, toc.ChatAccept:
		return pace.General, 3
	case toc.ChatLeave:
		return pace.None, 1
	case toc.SetDir:
		return pace.Directory, 1
	}
	return pace.General, 1
}

// send hands commands that are not text of the user to the link, each as soon as its class allows it; false: there is
// no link, or it does not take any more.
func (s *session) send(cmds ...toc.Command) bool {
	for _, cmd := range cmds {
		cl, _ := classOf(cmd)
		if !s.submit(cl, queued{cmd: cmd}) {
			return false
		}
	}
	return true
}

// submit sends a command now, or when its class allows it. false: the queue is full or there is no link; the caller
// tells the user.
func (s *session) submit(cl pace.Class, q queued) bool {
	if s.link == nil {
		return false
	}
	now := s.now
	lane := s.queue.lanes[cl]
	if len(lane) == 0 && s.mayGo(now, cl, q.cmd) {
		return s.release(now, cl, q)
	}
	if s.mergeInto(lane, q) {
		s.tellWait(now, cl, q, len(lane))
		return true
	}
	if len(lane) >= laneMax {
		return false
	}
	if s.queue.lanes == nil {
		s.queue.lanes = map[pace.Class][]queued{}
	}
	s.queue.lanes[cl] = append(lane, q)
	s.tellWait(now, cl, q, len(lane)+1)
	s.arm(now)
	return true
}

// mergeInto joins a message to one that already waits for the same target, if both fit one command.
func (s *session) mergeInto(lane []queued, q queued) bool {
	if q.merge == "" {
		return false
	}
	for i := len(lane) - 1; i >= 0; i-- {
		if lane[i].merge != q.merge {
			continue
		}
		html := lane[i].html + "<BR>" + q.html
		cmd, ok := withText(q.cmd, html)
		if !ok {
			return false
		}
		lane[i].cmd, lane[i].html, lane[i].text = cmd, html, lane[i].text+" / "+q.text
		return true
	}
	return false
}

// withText is the message with another text, if that fits.
func withText(cmd toc.Command, html string) (toc.Command, bool) {
	switch cmd := cmd.(type) {
	case toc.SendIM:
		cmd.Text = html
		return cmd, toc.QuotedLen(html) <= toc.IMRoom(cmd.To, cmd.Auto)
	case toc.ChatSend:
		cmd.Text = html
		return cmd, toc.QuotedLen(html) <= toc.ChatRoom(cmd.Room)
	}
	return nil, false
}

// mayGo reports whether the server's limits let a command go now.
func (s *session) mayGo(now time.Time, cl pace.Class, cmd toc.Command) bool {
	_, times := classOf(cmd)
	return !s.paused && !s.barred(cl) && !s.pacer.At(now, cl, times).After(now)
}

// barred reports whether a class is that of a room which we are just about to join again.
func (s *session) barred(cl pace.Class) bool {
	if cl >= 0 {
		return false
	}
	for _, r := range s.roomIDs {
		if s.pacer.Room(r.id) == cl {
			return r.before != nil
		}
	}
	return false
}

// release hands a command to the link and counts it.
func (s *session) release(now time.Time, cl pace.Class, q queued) bool {
	if !s.link.put(q.cmd) {
		return false
	}
	_, times := classOf(q.cmd)
	for range times {
		s.pacer.Sent(now, cl)
	}
	s.used(now, cl)
	if q.wait != nil {
		s.begin(q.wait)
	}
	if q.parcel != nil {
		s.parcelOut(q.parcel)
	}
	if q.line != nil {
		q.line.at = now
	} else if q.what != "" {
		m := sent{what: q.what, text: q.text, by: q.by, at: now, parcel: q.parcel}
		if im, ok := q.cmd.(toc.SendIM); ok && !im.Auto {
			m.to = im.To.Key()
		}
		s.queue.remember(m)
	}
	return true
}

func (q *sendQueue) remember(m sent) {
	old := 0
	for len(q.recent)-old >= recentMax || len(q.recent) > old && m.at.Sub(q.recent[old].at) > recentTime {
		old++
	}
	if q.recent = q.recent[old:]; len(q.recent) == cap(q.recent) && len(q.recent) > recentMax/2 {
		q.recent = append(make([]sent, 0, 4*recentMax), q.recent...) // so that one of many is moved
	}
	q.recent = append(q.recent, m)
}

// drain sends what may go now and arms the timer for the rest.
func (s *session) drain() {
	now := time.Now()
	for cl, lane := range s.queue.lanes {
		for len(lane) > 0 && s.link != nil && s.mayGo(now, cl, lane[0].cmd) {
			if !s.release(now, cl, lane[0]) {
				break
			}
			lane = lane[1:]
		}
		if len(lane) == 0 {
			delete(s.queue.lanes, cl)
		} else {
			s.queue.lanes[cl] = lane
		}
	}
	s.arm(now)
	s.followParcels()
	if s.leaving && len(s.queue.lanes) == 0 {
		s.lingerOver()
	}
}

// arm sets the timer for the next moment at which something may go.
func (s *session) arm(now time.Time) {
	s.queue.stop()
	if s.link == nil || s.paused || len(s.queue.lanes) == 0 {
		return
	}
	var next time.Time
	for cl, lane := range s.queue.lanes {
		if s.barred(cl) { // drained when we are back in
			continue
		}
		_, times := classOf(lane[0].cmd)
		if at := s.pacer.At(now, cl, times); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if next.IsZero() {
		return
	}
	d := max(next.Sub(now), 10*time.Millisecond)
	s.queue.timer = time.AfterFunc(d, func() { s.post(do((*session).drain)) })
}

// tellWait tells the user how long a message will wait, once per wait of a target.
func (s *session) tellWait(now time.Time, cl pace.Class, q queued, place int) {
	d := s.pacer.Delay(now, cl, place)
	task := q.task
	if task == "" && q.what != "" {
		task = "your message to " + q.what + " goes out"
	}
	if task == "" || q.by == nil || d <= tellAfter || now.Before(s.queue.told[task]) {
		return
	}
	if s.queue.told == nil {
		s.queue.told = map[string]time.Time{}
	}
	s.queue.told[task] = now.Add(d)
	s.tell(q.by, fmt.Sprintf("AIM limits how fast one may talk: %s in about %s. Nothing is lost.", task, d.Round(time.Second)))
}

// tooFast is a 903 that came in spite of the pacing, for example because another session of the account talks too.
// The server does not say what it dropped (trap 4).
func (s *session) tooFast() {
	now := time.Now()
	until := s.pacer.Refused(now)
	s.refusedAt = now
	s.arm(now)
	pause := until.Sub(now).Round(time.Second)
	if r, line := s.unanswered(now); line != nil {
		line.refused = true
		r.refused = append(r.refused, line)
	} else if n := len(s.queue.recent); n > 0 {
		m := s.queue.recent[n-1]
		s.queue.recent = s.queue.recent[:n-1]
		s.tellLost(m, fmt.Sprintf("AIM dropped a message because this account talks too fast, most likely this one to %s: %s", m.what, m.text))
	}
	if now.After(s.queue.silent) { // one notice for a burst
		s.queue.silent = until
		s.news(fmt.Sprintf("AIM's speed limit was hit; the next message goes out in %s.", pause))
	}
}

// undelivered is an ERROR that names somebody to whom a message went out just now. AOL's servers answer so who writes to
// somebody offline, or too fast; the live one does not. The text goes back to who said it.
func (s *session) undelivered(e toc.ServerError) bool {
	if e.Code != toc.ErrNotAvailable && e.Code != errTooFastTo {
		return false
	}
	key := toc.ScreenName(e.Arg).Key()
	for i, m := range slices.Backward(s.queue.recent) {
		if m.to == "" || m.to != key {
			continue
		}
		s.queue.recent = slices.Delete(s.queue.recent, i, i+1)
		text := fmt.Sprintf("%s Not sent: %s", e.Error(), m.text)
		s.tellLost(m, text)
		if m.by != nil && s.byConn[m.by.conn] == m.by {
			m.by.report(ircd.Numeric(irc.ERR_NOSUCHNICK, m.what, text))
		}
		return true
	}
	return false
}

// errTooFastTo is 960: sending too fast to somebody.
const errTooFastTo = 960

// returnUnsent names what a lost link leaves unsent: commands it had not written yet, and what still waited.
func (s *session) returnUnsent(rest []toc.Command) {
	if n := countMessages(rest); n > 0 {
		s.news(fmt.Sprintf("%s may not have been sent before the connection was lost.", plural(n, "message", "messages")))
	}
	s.nameUnsent()
	lanes := s.queue.lanes
	s.queue.lanes, s.queue.recent, s.queue.told, s.queue.silent = nil, nil, nil, time.Time{}
	s.queue.stop()
	for _, lane := range lanes {
		unasked(lane)
	}
}

// unasked gives up the questions that will not be sent any more.
func unasked(lane []queued) {
	for _, q := range lane {
		if q.wait != nil {
			q.wait.done(nil)
		}
	}
}

// nameUnsent tells what still waits and will not be sent.
func (s *session) nameUnsent() {
	for _, lane := range s.queue.lanes {
		for _, q := range lane {
			if q.what != "" && q.parcel == nil {
				s.news(fmt.Sprintf("Not sent to %s: %s", q.what, q.text))
			}
		}
	}
}

// dropLane names what waited for a room that is left, and forgets it.
func (s *session) dropLane(r *room) {
	if s.pacer == nil {
		return
	}
	cl := s.pacer.Room(r.id)
	for _, q := range s.queue.lanes[cl] {
		s.news(fmt.Sprintf("Not sent to %s, which you left: %s", q.what, q.text))
	}
	delete(s.queue.lanes, cl)
}

func countMessages(cmds []toc.Command) (n int) {
	for _, c := range cmds {
		switch c.(type) {
		case toc.SendIM, toc.ChatSend:
			n++
		}
	}
	return n
}

// relieve holds a client up while the link does not keep up with it: TCP slows the client, nothing is refused or lost,
// and the account's other clients are not delayed. Called by handlers that may be flooded, as the last thing.
func (s *session) relieve(c *client) {
	if s.link != nil && s.link.full() {
		s.queue.held = append(s.queue.held, c.conn.Defer())
	}
}

// resume lets the clients that were held up go on.
func (s *session) resume() {
	held := s.queue.held
	s.queue.held = nil
	for _, finish := range held {
		finish(func() error { return nil })
	}
}
