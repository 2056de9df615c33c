package bridge

import (
	"slices"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

// answerTime is how long an answer of the AIM server is waited for.
const answerTime = 5 * time.Second

// wait is an answer that comes later. TOC numbers nothing: an answer is known by its kind and name, and the server
// answers in the order it was asked, so the oldest wait that matches takes it.
type wait struct {
	match func(toc.Event) bool
	done  func(toc.Event) // nil: no answer came, or the link was lost
	timer *time.Timer
}

// await registers a wait. done runs once, on the session's goroutine.
func (s *session) await(limit time.Duration, match func(toc.Event) bool, done func(toc.Event)) {
	w := &wait{match: match, done: done}
	w.timer = time.AfterFunc(limit, func() { s.post(do(func(s *session) { s.expire(w) })) })
	s.waits = append(s.waits, w)
}

func (s *session) expire(w *wait) {
	if i := slices.Index(s.waits, w); i >= 0 {
		s.waits = slices.Delete(s.waits, i, i+1)
		w.done(nil)
	}
}

// takeWait takes the wait that an event answers, or nil.
func (s *session) takeWait(e toc.Event) *wait {
	for i, w := range s.waits {
		if w.match(e) {
			w.timer.Stop()
			s.waits = slices.Delete(s.waits, i, i+1)
			return w
		}
	}
	return nil
}

// giveUpWaits is for a lost link.
func (s *session) giveUpWaits() {
	waits := s.waits
	s.waits = nil
	for _, w := range waits {
		w.timer.Stop()
		w.done(nil)
	}
}

// fence runs done when the server has answered a cheap question, and thus everything asked before; or after limit.
func (s *session) fence(limit time.Duration, done func()) {
	if !s.submit(pace.General, queued{cmd: toc.GetInfo{Name: toc.ScreenName(s.key)}}) {
		done()
		return
	}
	s.await(limit, isURL, func(toc.Event) { done() })
}

func isURL(e toc.Event) bool {
	_, ok := e.(toc.GotoURL)
	return ok
}
