package bridge

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// The kinds of state kept for an account that have no file of their own.
const (
	kindSetting = "setting" // see settings.go
	kindRoom    = "room"    // folded channel -> exchange, channel and AIM's name
	kindAway    = "away"    // "text" -> what the user said with AWAY
)

// openAccount finds what the store keeps of the account. Called when AIM has accepted its password for the first time;
// that nobody is served yet makes it all right to wait for the disk here.
func (s *session) openAccount() {
	if s.o.Store == nil || s.acct != nil {
		return
	}
	acct, err := s.o.Store.Account(s.ctx, s.key)
	if err != nil {
		s.log.Error("history and settings of the account cannot be opened", "err", err)
		return
	}
	if s.mac == nil {
		acct.Wipe() // of who signed on under this name before: without a password nobody is the same person
	}
	s.acct = acct
	s.begun = acct.Latest()
	s.lastPos, s.lastLine = s.begun, s.begun
	state := acct.State()
	s.cursors, s.markers = state[kindCursor], state[kindRead]
	s.settings.values = state[kindSetting]
	s.awaySaid = state[kindAway]["text"]
	s.awayText = s.awaySaid
	s.reserveNicks(toc.Config{})
	s.loadRooms(state[kindRoom])
	s.loadOutbox(state[kindOutbox])
	s.loadPounces(state[kindNotify])
	s.loadMissed(state[kindMissed][missedSince])
}

// loadRooms plans to go into the rooms again that the account was in when this program ended.
func (s *session) loadRooms(rooms map[string]string) {
	for _, folded := range slices.Sorted(maps.Keys(rooms)) {
		exchange, rest, _ := strings.Cut(rooms[folded], " ")
		channel, name, ok := strings.Cut(rest, " ")
		n, err := strconv.Atoi(exchange)
		if !ok || err != nil || s.rooms[folded] != nil || ircd.Fold(channel) != folded {
			continue
		}
		if _, _, ok := nicks.Room(channel); !ok {
			continue
		}
		s.rooms[folded] = &room{channel: channel, name: name, exchange: n, created: time.Now(), members: map[string]*contact{}}
	}
}

func (s *session) saveRoom(r *room) {
	s.saveState(kindRoom, ircd.Fold(r.channel), strconv.Itoa(r.exchange)+" "+r.channel+" "+r.name)
}

func (s *session) unsaveRoom(r *room) {
	s.saveState(kindRoom, ircd.Fold(r.channel), "")
}

// saveState puts one piece of state into the store, or deletes it when it is "".
func (s *session) saveState(kind, name, value string) {
	switch {
	case s.acct == nil:
	case value == "":
		s.acct.Delete(kind, name)
	default:
		s.acct.Put(kind, name, value)
	}
}

// storing reports whether what is said is being kept.
func (s *session) storing() bool { return s.acct != nil }

// storeWords says in words for a user what is wrong with the store.
func storeWords(err error) string {
	for _, known := range []error{store.ErrFull, store.ErrReadOnly, store.ErrLocked, store.ErrCorrupt, store.ErrNewer} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the server's disk does not answer"
}

// forgetTrip is for an account that signs off because its user left: it comes back to no rooms, and not away.
func (s *session) forgetTrip() {
	if s.acct == nil {
		return
	}
	if s.mac == nil {
		s.save()
		s.acct.Wipe()
		return
	}
	for _, r := range s.rooms {
		s.unsaveRoom(r)
	}
	s.acct.Delete(kindAway, "text")
}
