package bridge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocbridge/bridge/store"
)

// kindMissed is the state of an account whose user is not there: "since" -> position of the last line before.
const (
	kindMissed  = "missed"
	missedSince = "since"
)

const (
	digestMax  = 10     // conversations that are named
	recountMax = 50_000 // lines that are counted again after a restart
)

// missed counts what others say while the user is not there: without a client, or away by AWAY.
type missed struct {
	since    string         // position at which that began; "": the user is there
	counts   map[string]int // conversation -> messages
	counting bool           // those before a restart are being counted
	teller   *client        // to be told when they are
}

// beginAbsence is for a user who goes away.
func (s *session) beginAbsence() {
	if s.missed.since != "" || s.acct == nil {
		return
	}
	s.missed.since = max(s.lastPos, formatID(0, 0))
	s.saveState(kindMissed, missedSince, s.missed.since)
}

// count counts a kept line.
func (m *missed) count(_ *session, e store.Entry) {
	if m.since == "" || e.Out || e.Command != "PRIVMSG" {
		return
	}
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[e.Target]++
}

// loadMissed counts again what came before a restart, while the user was not there.
func (s *session) loadMissed(since string) {
	if since == "" {
		return
	}
	s.missed.since, s.missed.counting = since, true
	until := s.begun
	s.read(func(ctx context.Context) event {
		entries, _, err := s.acct.Since(ctx, since, recountMax, time.Time{}, []string{"PRIVMSG"})
		return do(func(s *session) {
			if err != nil {
				s.log.Warn("count what was missed", "err", err)
			}
			for _, e := range entries {
				if e.ID <= until { // later ones were counted as they came
					s.missed.count(s, e)
				}
			}
			s.missed.counting = false
			if c := s.missed.teller; c != nil && s.byConn[c.conn] == c {
				s.tellMissed(c)
			}
			s.missed.teller = nil
		})
	})
}

// digest tells a client what came meanwhile, if it is the one with which its user came back.
func (s *session) digest(c *client) {
	if c.first && !c.absent {
		c.first = false
		s.tellMissed(c)
	}
}

// tellMissed says how much came from whom, in one line, and begins to count anew.
func (s *session) tellMissed(c *client) {
	m := &s.missed
	switch {
	case m.since == "":
		return
	case m.counting:
		m.teller = c
		return
	}
	if text := s.missedText(); text != "" {
		s.tell(c, "While you were away: "+text)
	}
	m.since, m.counts = "", nil
	s.saveState(kindMissed, missedSince, "")
	if s.awaySaid != "" {
		s.beginAbsence()
	}
}

// missedText is "CoolGuy 12, Bob 3, #room 40": people first, the most talkative first.
func (s *session) missedText() string {
	counts := s.missed.counts
	order := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if isChannel(a) != isChannel(b) {
			return map[bool]int{true: 1, false: -1}[isChannel(a)]
		}
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for i, target := range order {
		if i == digestMax && len(order) > digestMax+1 {
			parts = append(parts, fmt.Sprintf("and %d more", len(order)-digestMax))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %d", s.titleOf(target), counts[target]))
	}
	return strings.Join(parts, ", ")
}
