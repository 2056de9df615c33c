package bridge

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

// What this file keeps lets two users of one bridge be to each other what they would be on an IRC server. Everything
// they say goes through AIM; but AIM has no topics, no reasons for leaving, no NOTICE and no tags, so these travel
// beside it. Nothing here is needed for a message to arrive.

// persona is what IRC shows of an account's user and AIM does not carry. A value is never changed, only replaced.
type persona struct {
	user, realname string
	away           string // the text of AWAY; AIM carries only the flag
	anonymous      bool   // signed on without a password
}

const (
	farewellTime = 30 * time.Second // how long a reason is kept for those who hear of the leaving through AIM
	asideTime    = 30 * time.Second
	asideMax     = 128
	pastMax      = 500 // WHOWAS
)

// neighbour is the persona of a contact who is on this bridge too, or nil.
func (s *session) neighbour(c *contact) *persona {
	if c == s.self {
		return s.info.Load()
	}
	if p := s.b.peer(c.key); p != nil {
		return p.info.Load()
	}
	return nil
}

// accountOf is the account of a contact: its screen name, which AIM vouches for, unless it signed on to this bridge
// without a password.
func (s *session) accountOf(c *contact) string {
	if info := s.neighbour(c); info != nil && info.anonymous {
		return ""
	}
	return c.key
}

// isAway reports whether a contact is away. Of somebody on this bridge we know at once, of others what AIM told last.
func (s *session) isAway(c *contact) bool {
	if info := s.neighbour(c); info != nil {
		return info.away != ""
	}
	return c.away
}

// tellNeighbours runs f in the sessions of this bridge that see us in a room or, as far as we know, on their list.
func (s *session) tellNeighbours(f func(p *session, us *contact)) {
	seen := map[*session]bool{s: true}
	tell := func(p *session) {
		if p == nil || seen[p] {
			return
		}
		seen[p] = true
		key := s.key
		s.postTo(p, do(func(p *session) {
			if us := p.roster.contacts[key]; us != nil {
				f(p, us)
			}
		}))
	}
	for folded := range s.rooms {
		for _, p := range s.b.near.inRoom(folded, s) {
			tell(p)
		}
	}
	for _, c := range s.roster.online() {
		tell(s.b.peer(c.key))
	}
}

// farewell is what somebody said when leaving.
type farewell struct {
	quit  string
	left  bool              // quit is set, perhaps to nothing
	rooms map[string]string // PART reasons by folded channel
	at    time.Time
}

// past is somebody who was here, for WHOWAS.
type past struct {
	nick, user, host, realname string
	at                         time.Time
}

// commonRoom is a room in which sessions of this bridge are.
type commonRoom struct {
	sessions map[*session]struct{}
	topic    topic
}

// topic is a topic that a user of this bridge set.
type topic struct {
	text, by string
	at       time.Time
}

// neighbourhood is what the sessions of a bridge share.
type neighbourhood struct {
	mu        sync.Mutex // guards the following fields
	farewells map[string]*farewell
	past      []past
	rooms     map[string]*commonRoom
}

func newNeighbourhood() *neighbourhood {
	return &neighbourhood{farewells: map[string]*farewell{}, rooms: map[string]*commonRoom{}}
}

// partReason records why somebody leaves a room.
func (n *neighbourhood) partReason(key, channel, reason string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.farewell(key)
	if f.rooms == nil {
		f.rooms = map[string]string{}
	}
	f.rooms[channel] = reason
}

// quitReason records why somebody leaves altogether, and that they were here.
func (n *neighbourhood) quitReason(key, reason string, who past) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.farewell(key)
	f.quit, f.left = reason, true
	n.past = append(n.past, who)
	n.past = n.past[max(0, len(n.past)-pastMax):]
}

// farewell finds or makes the entry of a name; old ones go.
func (n *neighbourhood) farewell(key string) *farewell {
	now := time.Now()
	for k, f := range n.farewells {
		if now.Sub(f.at) > farewellTime {
			delete(n.farewells, k)
		}
	}
	f := n.farewells[key]
	if f == nil {
		f = &farewell{}
		n.farewells[key] = f
	}
	f.at = now
	return f
}

// whyLeft tells what is known of somebody leaving a room: a PART reason, or that they quit.
func (n *neighbourhood) whyLeft(key, channel string) (reason string, quit bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.farewells[key]
	switch {
	case f == nil || time.Since(f.at) > farewellTime:
		return "", false
	case f.left:
		return f.quit, true
	}
	return f.rooms[channel], false
}

// whyQuit is the reason of somebody who signed off, or "Signed off".
func (n *neighbourhood) whyQuit(key string) string {
	if reason, quit := n.whyLeft(key, ""); quit && reason != "" {
		return reason
	}
	return "Signed off"
}

// welcome forgets what a name said when it left last.
func (n *neighbourhood) welcome(key string) {
	n.mu.Lock()
	delete(n.farewells, key)
	n.mu.Unlock()
}

// enter and leave keep who of this bridge is in a room. The topic goes with the last.
func (n *neighbourhood) enter(channel string, s *session) topic {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.rooms[channel]
	if r == nil {
		r = &commonRoom{sessions: map[*session]struct{}{}}
		n.rooms[channel] = r
	}
	r.sessions[s] = struct{}{}
	if f := n.farewells[s.key]; f != nil {
		delete(f.rooms, channel)
	}
	return r.topic
}

func (n *neighbourhood) leave(channel string, s *session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.rooms[channel]; r != nil {
		delete(r.sessions, s)
		if len(r.sessions) == 0 {
			delete(n.rooms, channel)
		}
	}
}

// setTopic sets the topic of a room.
func (n *neighbourhood) setTopic(channel string, t topic) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.rooms[channel]; r != nil {
		r.topic = t
	}
}

// inRoom are the other sessions of this bridge in a room.
func (n *neighbourhood) inRoom(channel string, but *session) []*session {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.rooms[channel]
	if r == nil || len(r.sessions) == 1 {
		return nil
	}
	var out []*session
	for s := range r.sessions {
		if s != but {
			out = append(out, s)
		}
	}
	return out
}

// whowas finds those who were here under a nick or mask, the latest first.
func (n *neighbourhood) whowas(mask string, most int) []past {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []past
	for _, p := range slices.Backward(n.past) {
		if glob(mask, p.nick) && (most <= 0 || len(out) < most) {
			out = append(out, p)
		}
	}
	return out
}

// aside is what belongs to a message on its way to us through AIM and does not fit into one there.
type aside struct {
	from    string // key
	channel string // folded; "" for an IM
	text    string // HTML, by which the message is known when it arrives
	command string
	tags    irc.Tags
	id      string
	context string // the channel that a whisper belongs to
	at      time.Time
}

// asides wait for their messages.
type asides struct {
	waiting atomic.Int32 // so that nobody takes the lock for nothing

	mu   sync.Mutex // guards list
	list []aside
}

func (a *asides) put(e aside) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.list) >= asideMax {
		a.list = a.list[1:]
	}
	a.list = append(a.list, e)
	a.waiting.Store(int32(len(a.list)))
}

// take finds what belongs to a message. What is older than it from the same sender will not come any more.
func (a *asides) take(from, channel, text string) (e aside, ok bool) {
	if a.waiting.Load() == 0 {
		return e, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.list, func(e aside) bool { return e.from == from && e.channel == channel && e.text == text })
	if i >= 0 {
		e, ok = a.list[i], true
		a.list = slices.Delete(a.list, i, i+1)
	}
	now := time.Now()
	a.list = slices.DeleteFunc(a.list, func(e aside) bool { return now.Sub(e.at) > asideTime })
	a.waiting.Store(int32(len(a.list)))
	return e, ok
}

// postTo posts to another session. It never waits on this goroutine: two sessions that wait for each other would.
func (s *session) postTo(p *session, e event) {
	select {
	case p.inbox <- e:
		return
	default:
	}
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		p.post(e)
	}()
}

// clientTags are the tags that clients send each other, without typing, which AIM knows.
func clientTags(tags irc.Tags) irc.Tags {
	var out irc.Tags
	for k, v := range tags {
		if strings.HasPrefix(k, "+") && k != "+typing" {
			if out == nil {
				out = irc.Tags{}
			}
			out[k] = v
		}
	}
	return out
}

// neighbourAway is AWAY of somebody on this bridge, with its text, before AIM tells of it or when only the text is new.
func (s *session) neighbourAway(c *contact, text string) {
	ch := c.setAway(text != "")
	if ch == 0 && text != "" {
		ch = wentAway
	}
	s.showAway(c, ch)
	if c.buddy() && c.online && !s.quiet {
		for _, line := range s.changeTexts(c, ch) {
			s.buddyNews(c, line)
		}
	}
}

// setname is SETNAME: the real name, which only users of this bridge see.
func (s *session) setname(c *client, m *irc.Message) error {
	info := s.info.Load()
	if info == nil {
		return nil
	}
	name := m.Params[0]
	if len(name) > nameLen {
		c.conn.Fail("SETNAME", "INVALID_REALNAME", "Real name is too long")
		return nil
	}
	now := *info
	now.realname = name
	s.info.Store(&now)
	for _, cl := range s.clients {
		cl.conn.SetRealname(name)
	}
	s.showSetname(s.self, name)
	s.tellNeighbours(func(p *session, us *contact) { p.showSetname(us, name) })
	return nil
}

// nameLen is NAMELEN of 005.
const nameLen = 150

// showSetname is SETNAME for those who see the contact.
func (s *session) showSetname(c *contact, name string) {
	m := s.message(c.prefix, "SETNAME", name)
	m.Need = ircd.CapSetname
	s.tellSeers(c, m)
}
