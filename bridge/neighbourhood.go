package bridge

import (
	"maps"
	"slices"
	"sync"
	"time"
	"tocbridge/ircd"
)

const (
	farewellTime = 30 * time.Second // how long a reason is kept for those who hear of the leaving through AIM
	asideTime    = 30 * time.Second
	asideMax     = 128
	pastMax      = 500 // WHOWAS
)

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
	channel  string // as the first spelled it
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
	watchers  map[string]map[*session]struct{} // by the key of whom they MONITOR
}

func newNeighbourhood() *neighbourhood {
	return &neighbourhood{farewells: map[string]*farewell{}, rooms: map[string]*commonRoom{}, watchers: map[string]map[*session]struct{}{}}
}

// watch and unwatch keep which sessions MONITOR a name.
func (n *neighbourhood) watch(key string, s *session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watchers[key] == nil {
		n.watchers[key] = map[*session]struct{}{}
	}
	n.watchers[key][s] = struct{}{}
}

func (n *neighbourhood) unwatch(key string, s *session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.watchers[key], s)
	if len(n.watchers[key]) == 0 {
		delete(n.watchers, key)
	}
}

func (n *neighbourhood) watching(key string) []*session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.watchers[key]))
}

// list are the rooms in which users of this bridge are, with how many of them and the topic they set.
func (n *neighbourhood) list() (items []ircd.ListItem) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, folded := range sortedKeys(n.rooms) {
		r := n.rooms[folded]
		items = append(items, ircd.ListItem{Channel: r.channel, Users: len(r.sessions), Topic: r.topic.text})
	}
	return items
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
	r := n.rooms[ircd.Fold(channel)]
	if r == nil {
		r = &commonRoom{channel: channel, sessions: map[*session]struct{}{}}
		n.rooms[ircd.Fold(channel)] = r
	}
	r.sessions[s] = struct{}{}
	if f := n.farewells[s.key]; f != nil {
		delete(f.rooms, ircd.Fold(channel))
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
	if r == nil {
		return nil
	}
	if _, us := r.sessions[but]; us && len(r.sessions) == 1 {
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
