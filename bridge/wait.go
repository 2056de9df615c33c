package bridge

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"tocbridge/toc"
)

// answerTime is how long an answer of the AIM server is waited for.
const answerTime = 5 * time.Second

// wait is an answer that comes later. TOC numbers nothing: an answer is known by its kind and name, and the server
// answers in the order it was asked, so the oldest wait that matches takes it.
type wait struct {
	match func(toc.Event) bool
	done  func(toc.Event) // nil: no answer came, or the link was lost
	limit time.Duration
	timer *time.Timer // nil: the question waits to be sent
}

// await registers a wait. done runs once, on the session's goroutine.
func (s *session) await(limit time.Duration, match func(toc.Event) bool, done func(toc.Event)) {
	s.begin(&wait{match: match, done: done, limit: limit})
}

// begin lets the time of a wait run.
func (s *session) begin(w *wait) {
	w.timer = time.AfterFunc(w.limit, func() { s.post(do(func(s *session) { s.expire(w) })) })
	s.waits = append(s.waits, w)
}

// question submits a command that has an answer, in the command's own class. Time and order count from when it is sent,
// which the server's rate limits may put off. done runs once, on the session's goroutine. nil: the command was not taken;
// done does not run.
func (s *session) question(q queued, limit time.Duration, match func(toc.Event) bool, done func(toc.Event)) *wait {
	q.wait = &wait{match: match, done: done, limit: limit}
	cl, _ := classOf(q.cmd)
	if !s.submit(cl, q) {
		return nil
	}
	return q.wait
}

// sent reports whether the question has gone out.
func (w *wait) sent() bool { return w.timer != nil }

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
	self := toc.ScreenName(s.key)
	if s.question(queued{cmd: toc.GetInfo{Name: self}}, limit, isPageOf(self), func(toc.Event) { done() }) == nil {
		done()
	}
}

// isPageOf matches the address of a page about somebody. The live server repeats in it who was asked for, so that an
// answer is not taken for another's when the server dropped a question.
func isPageOf(name toc.ScreenName) func(toc.Event) bool {
	return func(e toc.Event) bool {
		u, ok := e.(toc.GotoURL)
		if !ok {
			return false
		}
		_, query, _ := strings.Cut(u.Path, "?")
		values, err := url.ParseQuery(query)
		return err != nil || !values.Has("user") || toc.ScreenName(values.Get("user")).Key() == name.Key()
	}
}

// askStatus asks the server whether somebody is there. No answer counts as yes.
func (s *session) askStatus(who *contact, done func(there bool)) {
	match := func(e toc.Event) bool {
		switch e := e.(type) {
		case toc.BuddyUpdate:
			return e.Name.Key() == who.key
		case toc.ServerError:
			return e.Code == 901 && toc.ScreenName(e.Arg).Key() == who.key
		}
		return false
	}
	w := s.question(queued{cmd: toc.GetStatus{Name: toc.ScreenName(who.key)}}, statusLimit, match, func(e toc.Event) {
		_, missing := e.(toc.ServerError)
		if missing {
			who.known, who.missed = true, time.Now()
			s.showChange(who, who.signOff())
		} else if e != nil {
			who.local = false
		}
		done(!missing)
	})
	if w == nil {
		done(s.link != nil)
	}
}
