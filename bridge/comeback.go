package bridge

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"tocbridge/toc"
)

// When the AIM server was away for long, all accounts wait through long pauses. The first that gets in again tells the
// others, as far as they could not reach the server when they last tried. Those wait on whom the server has refused, or
// thrown out: they have reasons of their own. Nobody is told where the server limits how often one may sign on: the gate
// has given everybody a time.

// comebackTime is within which all that were told try.
const comebackTime = time.Second

// unreached notes how an attempt to sign on again has failed.
func (s *session) unreached(err error) {
	var refused toc.ServerError
	s.redial.unreached = err != nil && !errors.As(err, &refused)
	if s.redial.unreached {
		s.b.unreached.Store(true)
	}
}

// reached is called when an account is signed on again.
func (s *session) reached() {
	s.redial.unreached = false
	if s.b.gate.limited || !s.b.unreached.CompareAndSwap(true, false) {
		return
	}
	s.b.mu.Lock()
	all := slices.Collect(maps.Values(s.b.sessions))
	s.b.mu.Unlock()
	for _, p := range all {
		if p != s {
			s.postTo(p, do((*session).comeAlong))
		}
	}
}

// comeAlong is for who waits and might get in now.
func (s *session) comeAlong() {
	if s.state == waiting && s.redial.unreached && s.redial.timer != nil && s.redial.timer.Stop() {
		s.dialAt(time.Now().Add(rand.N(comebackTime)))
	}
}
