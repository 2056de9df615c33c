package tocd

import (
	"time"

	"tocbridge/toc"
)

const (
	warnStep     = 100 // per mille
	warnStepAnon = 30
	warnMax      = 1000
	decayStep    = 50
	decayEvery   = 5 * time.Minute
	talkWindow   = time.Hour
)

// recent holds the times of the last three of something, for an hour from the
// first.
type recent struct {
	since time.Time
	last  [3]time.Time
	next  int
}

func (r *recent) note(now time.Time) {
	if r.since.IsZero() || now.Sub(r.since) > talkWindow {
		*r = recent{since: now}
	}
	r.last[r.next] = now
	r.next = (r.next + 1) % len(r.last)
}

func (r *recent) count(now time.Time) (n int) {
	if now.Sub(r.since) > talkWindow {
		return 0
	}
	for _, t := range r.last {
		if t.After(now.Add(-talkWindow)) {
			n++
		}
	}
	return n
}

// talk is what somebody sent to somebody of late, and was warned for.
type talk struct{ messages, warnings recent }

// talked notes a message: each is good for one warning.
func (s *Server) talked(from, to *account) {
	now := s.now()
	t := from.talks[to]
	if t == nil {
		if from.talks == nil {
			from.talks = map[*account]*talk{}
		}
		from.sweepTalks(now)
		t = &talk{}
		from.talks[to] = t
	}
	t.messages.note(now)
}

// sweepTalks forgets old conversations now and then, when there are many.
func (a *account) sweepTalks(now time.Time) {
	if n := len(a.talks); n < 64 || n&(n-1) != 0 {
		return
	}
	for to, t := range a.talks {
		if t.messages.count(now) == 0 && t.warnings.count(now) == 0 {
			delete(a.talks, to)
		}
	}
}

// warn raises somebody's warning level. It takes an IM from them, one for each
// warning, and at most three an hour.
func warn(s *session, c toc.Warn) error {
	they := s.route(c.Name)
	if they == nil || they == s.user {
		return errCannotWarn
	}
	now := s.srv.now()
	t := they.acct.talks[s.user.acct]
	if t == nil || t.messages.count(now) <= t.warnings.count(now) {
		return errCannotWarn
	}
	t.warnings.note(now)
	step, by := warnStep, s.user.acct.name
	if c.Anon {
		step, by = warnStepAnon, ""
	}
	if !s.srv.changeWarning(they, step) {
		return errCannotWarn
	}
	for _, r := range they.sessions {
		if r.live {
			r.send(toc.Evil{Level: they.warning / 10, By: by})
		}
	}
	s.srv.announce(they)
	return nil
}

// changeWarning moves a warning level and with it the rate class of IMs. It
// starts the decay, and ends it at zero.
func (s *Server) changeWarning(u *user, step int) bool {
	if u.warning+step > warnMax {
		return false
	}
	u.warning = max(u.warning+step, 0)
	u.acct.warning, u.acct.warnedAt = u.warning, s.now()
	if u.rates != nil {
		u.rates[imClass-1].tighten(step, imClass)
	}
	switch {
	case u.warning == 0:
		u.decayAt = time.Time{}
	case u.decayAt.IsZero():
		s.decayIn(u, decayEvery)
	}
	return true
}

func (s *Server) decayIn(u *user, d time.Duration) {
	u.decayAt = s.now().Add(d)
	select {
	case s.wake <- struct{}{}:
	default: // a janitor will look anyhow
	}
}

// restoreWarning gives a user who signs on the level of last time, less what
// has decayed. Watchers hear of it at once.
func (s *Server) restoreWarning(u *user) {
	a := u.acct
	if a.warning == 0 {
		return
	}
	since := s.now().Sub(a.warnedAt)
	level := a.warning - int(since/decayEvery)*decayStep
	s.changeWarning(u, level)
	if u.warning > 0 {
		s.decayIn(u, decayEvery-since%decayEvery)
	}
	s.announce(u)
}

// decayDue lowers the warning levels whose time has come.
func (s *Server) decayDue() {
	s.mu.Lock()
	now := s.now()
	for _, a := range s.accounts {
		u := a.user
		if u == nil || u.decayAt.IsZero() || u.decayAt.After(now) {
			continue
		}
		u.decayAt = u.decayAt.Add(decayEvery)
		s.changeWarning(u, -decayStep)
		s.announce(u)
	}
	s.mu.Unlock()
	s.flush(nil)
}
