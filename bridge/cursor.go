package bridge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	// The kinds of state that package store keeps for an account, by name.
	kindCursor = "cursor" // device -> position up to which a client has certainly been shown everything

	deviceMax    = 64                    // devices of an account
	replayRound  = 5000                  // lines of one round of a replay, after the first
	heldMax      = 2000                  // lines that wait for a client during a replay
	replayTries  = 3                     // rounds in which nothing was found though something was said
	replayPause  = 20 * time.Millisecond // until a client has read some more
	replayHigh   = 256 << 10             // bytes waiting for a client at which a replay pauses
	lazyProof    = time.Second           // quiet time after which a client without a device name is asked for proof
	proofToken   = "seen-"
	readTime     = 10 * time.Second // for one question to the store
	clockNoDate  = "15:04:05"
	clockAndDate = "2006-01-02 15:04:05"
)

// track is how far an attached client is.
type track struct {
	device    string
	seen      string   // position of the last line sent
	proved    string   // position up to which it has certainly arrived
	asked     string   // what the PING on its way proves; "" none is
	replaying bool     // it is being shown what it missed; new lines wait in held for their turn
	held      []held   // nil when too many wait: then they are read from the history
	overflow  bool     // too many waited
	blind     bool     // it could not be shown what it missed: nothing proves that it has seen everything
	until     string   // position of the last line that has to come from the history
	own       []string // positions of its own lines said meanwhile
	lazy      *time.Timer
}

// held is a line that waits until a client has been shown what it missed.
type held struct {
	pos string
	ms  []*ircd.Message
}

// hold keeps a new line for a client that is being shown older ones.
func (c *client) hold(pos string, ms []*ircd.Message) {
	if c.overflow || len(c.held) >= heldMax {
		c.held, c.overflow = nil, true
		return
	}
	c.held = append(c.held, held{pos, ms})
}

// resumeFrom is where a client goes on: where its device left off; a new device misses what no client has seen.
func (s *session) resumeFrom(device string) string {
	if at, ok := s.cursors[device]; ok {
		return at
	}
	at := s.begun
	for _, other := range s.cursors {
		at = max(at, other)
	}
	return at
}

// trackClient begins to follow a client that has just been attached, and shows it what it missed, unless it asks for
// history itself.
func (s *session) trackClient(c *client) {
	if s.acct == nil {
		return
	}
	c.device = c.conn.Device()
	at := s.resumeFrom(c.device)
	c.seen, c.proved = at, at
	if _, known := s.cursors[c.device]; !known && s.mac != nil {
		s.moveCursor(c.device, at)
	}
	if at >= s.lastLine || c.conn.Has(ircd.CapChatHistory) || s.o.Replay.Lines == 0 {
		return
	}
	if s.b.storeDown.Load() {
		s.goBlind(c)
		return
	}
	c.replaying, c.fencing, c.until = true, true, s.lastLine
	s.fetchMissed(c, at, s.o.Replay.Lines, 0)
}

// goBlind is for a client that cannot be shown what it missed, because the disk is in trouble. It sees what is said from
// now on; its cursor stays, so that it is shown all of it when it comes back.
func (s *session) goBlind(c *client) {
	c.blind = true
	s.tell(c, "What you missed cannot be read from the history at the moment; you are shown it when you connect again later. What is said now you see.")
}

func (s *session) moveCursor(device, at string) {
	if s.cursors == nil {
		s.cursors = map[string]string{}
	}
	if _, known := s.cursors[device]; !known && len(s.cursors) >= deviceMax {
		s.forgetDevice()
	}
	s.cursors[device] = at
	s.acct.Put(kindCursor, device, at)
}

// forgetDevice makes room for another device: the one that is furthest behind goes, and is a new one should it return.
func (s *session) forgetDevice() {
	oldest := ""
	for _, device := range sortedKeys(s.cursors) {
		if oldest == "" || s.cursors[device] < s.cursors[oldest] {
			oldest = device
		}
	}
	delete(s.cursors, oldest)
	s.acct.Delete(kindCursor, oldest)
}

// shown notes the position up to which a client was sent everything, and asks it for proof.
func (s *session) shown(c *client, pos string) {
	if s.acct == nil || s.mac == nil || c.blind { // nobody comes back to an account without a password
		return
	}
	c.seen = pos
	if c.asked != "" || c.seen <= c.proved {
		return
	}
	if c.device != "" {
		s.askProof(c)
		return
	}
	if c.lazy == nil {
		c.lazy = time.AfterFunc(lazyProof, func() { s.post(do(func(s *session) { s.askLazily(c) })) })
	}
}

// askLazily is for clients without a device name: they get a PING when a second has passed, not at once.
func (s *session) askLazily(c *client) {
	c.lazy = nil
	if s.byConn[c.conn] == c && c.asked == "" && c.seen > c.proved {
		s.askProof(c)
	}
}

// askProof sends a PING behind what was sent: its answer proves that all of it arrived.
func (s *session) askProof(c *client) {
	c.asked = c.seen
	c.conn.Send(ircd.NewMessage(nil, "PING", proofToken+c.asked))
}

// proof is a PONG.
func (s *session) proof(c *client, token string) {
	if c.asked == "" || token != proofToken+c.asked {
		return
	}
	c.proved, c.asked = c.asked, ""
	if c.proved > s.cursors[c.device] {
		s.moveCursor(c.device, c.proved)
	}
	if c.seen > c.proved && !c.replaying {
		s.shown(c, c.seen)
	}
}

// untrack ends following a client that is gone. Its cursor stays where proof came for.
func (c *client) untrack() {
	if c.lazy != nil {
		c.lazy.Stop()
	}
}

// replayed are the commands that are replayed unasked: what somebody said.
var replayed = []string{"PRIVMSG", "NOTICE"}

// fetchMissed reads what a client missed since a position, the newest lines up to limit.
func (s *session) fetchMissed(c *client, since string, limit, empty int) {
	var notBefore time.Time
	if s.o.Replay.Age > 0 {
		notBefore = time.Now().Add(-s.o.Replay.Age)
	}
	s.read(func(ctx context.Context) event {
		entries, left, err := s.acct.Since(ctx, since, limit, notBefore, replayed)
		if len(entries) > 0 {
			empty = 0
		}
		return &replay{c: c, since: since, entries: entries, left: left, err: err, empty: empty}
	})
}

// read asks the store something on a goroutine that may wait, and posts what comes of it.
func (s *session) read(ask func(context.Context) event) {
	s.save()
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		ctx, cancel := context.WithTimeout(s.ctx, readTime)
		defer cancel()
		s.post(ask(ctx))
	}()
}

// replay is a round of what a client missed.
type replay struct {
	c       *client
	since   string
	entries []store.Entry
	left    int // older ones that are left out
	err     error
	empty   int               // rounds in a row before this one that found nothing
	refs    map[string]string // open batches by conversation
}

// apply sends as much as the client can take, and comes back for the rest.
func (r *replay) apply(s *session) {
	c := r.c
	if s.byConn[c.conn] != c {
		return
	}
	if r.err != nil {
		s.log.Warn("replay", "err", r.err)
		s.tell(c, "What you missed cannot be read from the history at the moment; say: history")
		s.endReplay(r)
		return
	}
	if r.left > 0 {
		s.tell(c, fmt.Sprintf("%s before this. history NICK or history #ROOM shows more.", plural(r.left, "message is not shown that came", "messages are not shown that came")))
		r.left = 0
	}
	for len(r.entries) > 0 && c.conn.Queued() < replayHigh {
		s.replayLine(r, r.entries[0])
		r.since = r.entries[0].ID
		r.entries = r.entries[1:]
	}
	if len(r.entries) > 0 {
		c.lazy = time.AfterFunc(replayPause, func() { s.post(r) })
		return
	}
	s.nextRound(r)
}

// nextRound goes on with what was said during this one, until the client is up to date. That waits in memory, or if it
// is too much, in the store; should it not get there because the disk is in trouble, nobody waits for it.
func (s *session) nextRound(r *replay) {
	s.closeBatches(r)
	c := r.c
	c.seen = max(r.since, c.seen)
	if c.overflow {
		c.overflow, c.until = false, s.lastLine
	}
	switch behind := c.until > c.seen; {
	case behind && r.empty < replayTries && !s.b.storeDown.Load():
		s.fetchMissed(c, c.seen, replayRound, r.empty+1)
		return
	case behind:
		s.goBlind(c)
	}
	for _, h := range c.held {
		if h.pos > c.seen {
			for _, m := range h.ms {
				c.conn.Send(m)
			}
		}
	}
	s.endReplay(r)
}

func (s *session) endReplay(r *replay) {
	c := r.c
	c.replaying, c.overflow, c.held, c.own, c.lazy = false, false, nil, nil, nil
	s.shown(c, max(c.seen, r.since, s.lastPos))
	s.digest(c)
	s.unfence(c)
}

// replayLine sends one kept line in a form that the client shows as an old one.
func (s *session) replayLine(r *replay, e store.Entry) {
	c := r.c
	if len(c.own) > 0 && c.own[0] == e.ID { // said by this client while the replay ran: it has that
		c.own = c.own[1:]
		return
	}
	for _, m := range s.replayForm(c, e) {
		m.Batch = s.batchFor(r, e)
		c.conn.Send(m)
	}
}

// replayForm is a kept line for a client that did not ask: with the time in the text if it knows no other way.
func (s *session) replayForm(c *client, e store.Entry) []*ircd.Message {
	if !c.conn.Has(ircd.CapServerTime) && isOld(c, e) {
		e.Text = withClock(e.Text, e.Time)
	}
	if e.Out && !isChannel(e.Target) && !c.conn.Has(ircd.CapEchoMessage) && !c.conn.Has(ircd.CapSelfMessage) {
		from := s.prefixOf(toc.ScreenName(e.Target))
		ms := []*ircd.Message{ircd.NewMultiline(from, "NOTICE", s.Nick(), readable(s.Nick(), e.Text))}
		s.restamp(ms, e)
		return ms
	}
	return s.recall(e)
}

// isOld reports whether a line was said before the client connected. What was said since is no history to its user.
func isOld(c *client, e store.Entry) bool { return e.Time.Before(c.conn.Since()) }

// withClock puts the time before a text; the date too if it is not today's.
func withClock(text string, at time.Time) string {
	at = at.Local()
	layout := clockNoDate
	if y, m, d := time.Now().Date(); at.Year() != y || at.Month() != m || at.Day() != d {
		layout = clockAndDate
	}
	clock := "[" + at.Format(layout) + "] "
	if inner, ok := strings.CutPrefix(text, actionOpen); ok {
		return actionOpen + clock + inner
	}
	return clock + text
}

// batchFor is the open batch of a conversation. Those of several are open side by side: the order of all lines stays.
func (s *session) batchFor(r *replay, e store.Entry) string {
	if !r.c.conn.Has(ircd.CapBatch) || !isOld(r.c, e) {
		return ""
	}
	ref := r.refs[e.Target]
	if ref == "" {
		ref = r.c.conn.Server().BatchRef()
		if r.refs == nil {
			r.refs = map[string]string{}
		}
		r.refs[e.Target] = ref
		start, _ := ircd.NewBatch(ref, "chathistory", s.titleOf(e.Target))
		r.c.conn.Send(start)
	}
	return ref
}

func (s *session) closeBatches(r *replay) {
	for _, target := range sortedKeys(r.refs) {
		_, end := ircd.NewBatch(r.refs[target], "")
		r.c.conn.Send(end)
	}
	r.refs = nil
}
