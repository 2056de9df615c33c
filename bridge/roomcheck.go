package bridge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// The live server drops who talks too fast in a room and tells everybody but them: their text still reaches the others and
// comes back to them, but they hear nobody, and of nobody that comes or goes (TOC2 reference §5.4, trap 12). We keep
// within the limit, but another session of the account spends from it too. So we watch for what a member cannot see:
//
//   - the server refuses a line (903) and then takes a later one before it could have forgiven;
//   - somebody leaves AIM, the room does not say that they left it, and of all that is said only our own text comes back;
//   - another user of this bridge is told that we left.
//
// What helps is to leave and to join again.

const (
	forgiveTime = 100 * time.Second // the least that a limited room takes to be limited no more is 122 s
	silentTime  = 10 * time.Second  // for a room to say that somebody left it who left AIM
	gossipTime  = 3 * time.Second   // for somebody who is said to have left a room to be back: who joins again leaves first
	saidMax     = 2 * outboxMax     // own lines that a server may be late with; one that never sends them back must not cost memory
	mendPause   = 2 * time.Minute   // between attempts to get back into a room
)

// said is an own line in a room, shown already; the server sends it back, or refuses it.
type said struct {
	html, plain string
	by          *client
	at          time.Time // when it went out; zero while it waits for the speed limit
	refused     bool      // the server has refused it, and the user is told
	roll        bool      // "//roll", which the server answers in place of sending it back
}

// takeSaid finds the own line that comes back, which they do in order, and those before it, which will not.
func (r *room) takeSaid(html string) (line *said, skipped []*said) {
	i := slices.IndexFunc(r.said, func(own *said) bool { return own.html == html && !own.at.IsZero() })
	if i < 0 {
		return nil, nil
	}
	line, skipped = r.said[i], slices.DeleteFunc(slices.Clone(r.said[:i]), func(own *said) bool { return own.roll })
	r.said = slices.Delete(r.said, 0, i+1)
	return line, skipped
}

// heardOwn is an own line that came back.
func (s *session) heardOwn(r *room, line *said, skipped []*said) {
	r.echoed = time.Now()
	if len(skipped) == 0 {
		return
	}
	for _, lost := range skipped {
		if !lost.refused {
			lost.refused = true
			r.refused = append(r.refused, lost)
		}
	}
	if line.at.Sub(skipped[len(skipped)-1].at) < forgiveTime {
		s.mend(r)
	}
}

// heardOther is anything that only a member hears.
func (r *room) heardOther(from toc.ScreenName) {
	if from.Key() != rollHost {
		r.heard = time.Now()
		return
	}
	if i := slices.IndexFunc(r.said, func(own *said) bool { return own.roll && !own.at.IsZero() }); i >= 0 {
		r.said = slices.Delete(r.said, i, i+1)
	}
}

// rollHost is who answers //roll; to somebody who was dropped, too.
const rollHost = "onlinehost"

// isRoll reports whether the server rolls dice for a text.
func isRoll(plain string) bool { return strings.HasPrefix(plain, "//roll") }

// unanswered is the oldest line in any room that went out just now and did not come back yet: what a 903 that comes now
// is the answer to, for the server answers in order.
func (s *session) unanswered(now time.Time) (r *room, line *said) {
	for _, candidate := range s.rooms {
		for _, own := range candidate.said {
			if own.refused || own.roll || own.at.IsZero() || now.Sub(own.at) > recentTime {
				continue
			}
			if line == nil || own.at.Before(line.at) {
				r, line = candidate, own
			}
			break
		}
	}
	return r, line
}

// nameRefused tells of the lines that the server refused in what it said just now.
func (s *session) nameRefused() {
	for _, r := range s.rooms {
		if len(r.refused) > 0 {
			s.nameLost(r, r.refused)
			r.refused = nil
		}
	}
}

// nameLost tells of lines that the server refused, those of one client together.
func (s *session) nameLost(r *room, lines []*said) {
	for len(lines) > 0 {
		by := lines[0].by
		n := slices.IndexFunc(lines, func(line *said) bool { return line.by != by })
		if n < 0 {
			n = len(lines)
		}
		var texts []string
		for _, line := range lines[:n] {
			texts = append(texts, line.plain)
		}
		s.tellOf(by, fmt.Sprintf("AIM refused %s to %s because too much was said at once: %s", plural(n, "line", "lines"), r.channel, strings.Join(texts, " / ")))
		lines = lines[n:]
	}
}

// tellOf tells the client that said something, or everybody if it is gone.
func (s *session) tellOf(by *client, text string) {
	if by != nil && s.byConn[by.conn] == by {
		s.tell(by, text)
		return
	}
	s.news(text)
}

// mend leaves a room and joins it again.
func (s *session) mend(r *room) {
	now := time.Now()
	if !r.joined || s.state != online || now.Sub(r.mended) < mendPause {
		return
	}
	s.log.Info("dropped from a room, joining again", "room", r.name)
	r.mended, r.before = now, maps.Clone(r.members)
	r.joined = false
	r.said = slices.DeleteFunc(r.said, func(own *said) bool { return !own.at.IsZero() })
	clear(r.members)
	s.send(toc.ChatLeave{Room: r.id})
	s.pacer.Forget(r.id)
	s.ask(r, nil)
}

// backIn shows a room that was mended as it is now.
func (s *session) backIn(r *room) {
	before := r.before
	r.before = nil
	text := fmt.Sprintf("AIM had dropped you from %s without a word, as it does when too much is said at once. You are in it again; what others said meanwhile is lost.", r.channel)
	s.broadcast(s.fromControl("NOTICE", r.channel, text))
	for _, key := range sortedKeys(before) {
		if r.members[key] == nil {
			s.broadcast(s.message(before[key].prefix, "PART", r.channel))
		}
	}
	for _, c := range r.sorted() {
		if before[c.key] == nil {
			s.showMember(r, c)
		}
	}
	s.drain()
}

// expectLeaving watches whether the rooms say that somebody left who left AIM.
func (s *session) expectLeaving(c *contact) {
	for _, r := range s.rooms {
		if !r.joined || r.members[c.key] == nil {
			continue
		}
		if r.overdue == nil {
			r.overdue = map[string]time.Time{}
		}
		left, key := time.Now(), c.key
		r.overdue[key] = left
		time.AfterFunc(silentTime, func() {
			s.post(do(func(s *session) {
				if s.rooms[ircd.Fold(r.channel)] == r && r.overdue[key].Equal(left) {
					delete(r.overdue, key)
					s.checkSilence(r, left)
				}
			}))
		})
	}
}

// checkSilence mends a room in which, since somebody left without a word of it, only our own text was heard.
func (s *session) checkSilence(r *room, since time.Time) {
	if r.echoed.After(since) && !r.heard.After(since) {
		s.mend(r)
	}
}

// gossip tells a neighbour who is said to have left a room, and does not come back to it at once, that they did.
func (s *session) gossip(r *room, c *contact) {
	if s.b.peer(c.key) == nil {
		return
	}
	folded, key := ircd.Fold(r.channel), c.key
	time.AfterFunc(gossipTime, func() {
		s.post(do(func(s *session) {
			p := s.b.peer(key)
			if r := s.rooms[folded]; p == nil || r == nil || !r.joined || r.members[key] != nil {
				return
			}
			s.postTo(p, do(func(p *session) {
				if r := p.rooms[folded]; r != nil {
					p.mend(r)
				}
			}))
		}))
	})
}
