package bridge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// A lost link takes everybody along, and the next sign-on brings them back. Each is one event for a person, and is shown
// as one: all QUITs in a netsplit, all JOINs in a netjoin (ircv3.net/specs/batches/netsplit), for clients without batch
// in the form that they know from ordinary servers.

// stormMax is how many times Options.Gather arrivals are collected at most.
const stormMax = 12

// voicesAtOnce is how many +v one MODE has: with the longest nicks that is less than a line.
const voicesAtOnce = 10

// arrival is somebody who is to be shown in a room, or as a buddy in the & channels.
type arrival struct {
	c *contact
	r *room // nil: as a buddy
}

// storm collects who comes back after a sign-on.
type storm struct {
	arrivals []arrival
	pending  int // answers of the server until all can have come
	limit    *time.Timer
	quiet    *time.Timer // nil while answers are pending
}

func (st *storm) stop() {
	if st.limit != nil {
		st.limit.Stop()
	}
	if st.quiet != nil {
		st.quiet.Stop()
	}
}

// splitSides are the names of the two servers between which the link is, for netsplit and netjoin. AIM's is made up:
// where it really is is nobody's business, and clients know a split by two names with dots.
func (s *session) splitSides() []string { return []string{s.o.IRCName, "aim." + s.o.IRCName} }

// beginStorm starts collecting. It ends in the first quiet moment after calm was called for the fence and for each room,
// or when it lasts too long.
func (s *session) beginStorm(rooms int) {
	s.dropStorm()
	st := &storm{pending: 1 + rooms}
	s.storm = st
	limit := stormMax * s.o.Gather
	st.limit = s.endLater(st, limit)
	s.fence(limit, s.calm)
}

// crowdMin is how many who arrive at one moment are shown as one event.
const crowdMin = 5

// beginCrowd collects those who arrive in one piece of what the server says, if they are many: so they do after a sign-on
// that took its time, and when the privacy mode changes. It reports whether there are; then endStorm shows them.
func (s *session) beginCrowd(events []toc.Event) bool {
	if len(events) < crowdMin || s.storm != nil || s.state != online || len(s.clients) == 0 {
		return false
	}
	crowd := map[*contact]bool{} // the server repeats itself
	for _, e := range events {
		u, ok := e.(toc.BuddyUpdate)
		if !ok || !u.Online {
			continue
		}
		if c := s.roster.lookup(u.Name); c != nil && c.buddy() && !c.online {
			crowd[c] = true
		}
	}
	if len(crowd) < crowdMin {
		return false
	}
	s.storm = &storm{}
	return true
}

// endLater ends a storm after a while.
func (s *session) endLater(st *storm, d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		s.post(do(func(s *session) {
			if s.storm == st {
				s.endStorm()
			}
		}))
	})
}

// calm says that one of the answers has come.
func (s *session) calm() {
	if s.storm == nil {
		return
	}
	if s.storm.pending--; s.storm.pending == 0 {
		s.storm.quiet = s.endLater(s.storm, s.o.Gather)
	}
}

// collects takes an arrival in, if there is a storm.
func (s *session) collects(c *contact, r *room) bool {
	if s.storm == nil {
		return false
	}
	s.storm.arrivals = append(s.storm.arrivals, arrival{c, r})
	if s.storm.quiet != nil {
		s.storm.quiet.Reset(s.o.Gather)
	}
	return true
}

// collected reports whether somebody is still to be shown there; then what changes of them is shown with that.
func (s *session) collected(c *contact, r *room) bool {
	return s.storm != nil && slices.Contains(s.storm.arrivals, arrival{c, r})
}

// uncollect forgets an arrival: whoever it is, they are gone before they were shown. It reports whether there was one.
func (s *session) uncollect(c *contact, r *room) bool {
	if !s.collected(c, r) {
		return false
	}
	s.storm.arrivals = slices.DeleteFunc(s.storm.arrivals, func(a arrival) bool { return a == arrival{c, r} })
	return true
}

// dropStorm is for a link that is lost again.
func (s *session) dropStorm() {
	if s.storm != nil {
		s.storm.stop()
		s.storm = nil
	}
}

// endStorm shows all who were collected.
func (s *session) endStorm() {
	if s.storm == nil {
		return
	}
	arrivals := s.storm.arrivals
	s.dropStorm()
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return cmp.Compare(a.c.key, b.c.key) })
	s.showJoins(arrivals)
	s.showVoices(arrivals)
	s.showWhoIsAway(arrivals)
}

// placed is a message and the & channel, folded, whose members get it; with an empty one all clients.
type placed struct {
	channel string
	m       *ircd.Message
}

// showJoins is one netjoin for each client.
func (s *session) showJoins(arrivals []arrival) {
	var joins []placed
	for _, a := range arrivals {
		if a.r != nil {
			joins = append(joins, placed{"", s.joinMessage(a.c, a.r.channel)})
			continue
		}
		for _, folded := range channelsOf(a.c) {
			joins = append(joins, placed{folded, s.joinMessage(a.c, s.channelName(folded))})
		}
	}
	ref := s.batchRef()
	for _, c := range s.clients {
		var batch []*ircd.Message
		for _, j := range joins {
			if j.channel == "" || c.in[j.channel] {
				j.m.Batch = ref
				batch = append(batch, j.m)
			}
		}
		s.sendBatch(c, ref, "netjoin", batch)
	}
}

// showVoices gives those who are available their voices, many in one MODE.
func (s *session) showVoices(arrivals []arrival) {
	here := map[string][]string{} // nicks by folded channel
	for _, a := range arrivals {
		if a.r == nil && !a.c.away {
			for _, folded := range channelsOf(a.c) {
				here[folded] = append(here[folded], a.c.nick())
			}
		}
	}
	for _, folded := range sortedKeys(here) {
		for nicks := range slices.Chunk(here[folded], voicesAtOnce) {
			params := append([]string{s.channelName(folded), "+" + strings.Repeat("v", len(nicks))}, nicks...)
			m := s.message(s.controlPrefix(), "MODE", params...)
			m.Unless = ircd.CapAwayNotify
			s.toMembers(folded, m)
		}
	}
}

// showWhoIsAway is AWAY of each, and one notice of all buddies in place of one for each.
func (s *session) showWhoIsAway(arrivals []arrival) {
	var buddies []string
	told := map[*contact]bool{}
	for _, a := range arrivals {
		if !s.isAway(a.c) {
			continue
		}
		if !told[a.c] {
			told[a.c] = true
			m := s.message(a.c.prefix, "AWAY", s.awayTextOf(a.c))
			m.Need = ircd.CapAwayNotify
			s.tellSeers(a.c, m)
		}
		if a.r == nil {
			buddies = append(buddies, a.c.nick())
		}
	}
	if len(buddies) == 0 || s.quiet() {
		return
	}
	const most = 20 // more names are no news for a person
	if rest := len(buddies) - most; rest > 0 {
		buddies = append(buddies[:most], fmt.Sprintf("and %d more", rest))
	}
	s.toMembers(buddiesChannel, s.fromControl("NOTICE", buddiesChannel, "Away: "+strings.Join(buddies, ", ")))
}

// batchRef is a reference for a batch, "" when there is no client to send it to.
func (s *session) batchRef() string {
	if len(s.clients) == 0 {
		return ""
	}
	return s.clients[0].conn.Server().BatchRef()
}

// sendBatch sends a client messages that carry ref as one batch of this kind. Who has no batch gets them alone.
func (s *session) sendBatch(c *client, ref, kind string, messages []*ircd.Message) {
	if len(messages) == 0 {
		return
	}
	start, end := ircd.NewBatch(ref, kind, s.splitSides()...)
	c.conn.Send(start)
	for _, m := range messages {
		c.conn.Send(m)
	}
	c.conn.Send(end)
}

// everybodyGone is for a lost link: all online buddies and all members of rooms leave.
func (s *session) everybodyGone() {
	seen, online := map[*contact]bool{s.self: true}, map[*contact]bool{}
	var leaving []*contact
	add := func(c *contact) {
		if !seen[c] {
			seen[c] = true
			s.tellMonitors(c, departed)
			leaving = append(leaving, c)
		}
	}
	for _, c := range s.roster.forgetPresence() {
		online[c] = true
		add(c)
	}
	for _, r := range s.sortedRooms() {
		for _, c := range r.sorted() {
			add(c)
		}
	}
	s.showSplit(leaving, online)
	s.dropStorm()
	s.lostRooms()
}

// showSplit is one netsplit for each client, of those whom it saw in a room or, if they were online, as buddies.
func (s *session) showSplit(leaving []*contact, online map[*contact]bool) {
	ref := s.batchRef()
	quits := make([]*ircd.Message, len(leaving))
	inRoom := make([]bool, len(leaving))
	for i, c := range leaving {
		quits[i] = s.message(c.prefix, "QUIT", strings.Join(s.splitSides(), " "))
		quits[i].Batch = ref
		inRoom[i] = s.shownInRoom(c)
	}
	for _, cl := range s.clients {
		var batch []*ircd.Message
		for i, c := range leaving {
			if inRoom[i] || online[c] && !s.collected(c, nil) && s.inGroups(cl, c.groups) {
				batch = append(batch, quits[i])
			}
		}
		s.sendBatch(cl, ref, "netsplit", batch)
	}
}

// shownInRoom reports whether the clients see somebody in a room.
func (s *session) shownInRoom(c *contact) bool {
	for _, r := range s.rooms {
		if r.shown && r.members[c.key] != nil && !s.collected(c, r) {
			return true
		}
	}
	return false
}

// inGroups reports whether a client is in a channel that shows buddies of these groups.
func (s *session) inGroups(cl *client, groups []string) bool {
	return len(groups) > 0 && cl.in[buddiesChannel] || slices.ContainsFunc(groups, func(g string) bool { return cl.in[groupFold(g)] })
}
