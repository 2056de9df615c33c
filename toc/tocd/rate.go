package tocd

import "time"

// classes is how many rate classes a user's commands count in, numbered from 1.
const classes = 4

// rateClass holds the levels of a moving average of the gap between commands,
// in milliseconds (reference 5.4, taken by the live server from AIM).
type rateClass struct{ window, limit, clear, disconnect, max int64 }

var rateClasses = [classes]rateClass{
	{window: 80, limit: 1500, clear: 2500, disconnect: 800, max: 6000},
	{window: 80, limit: 1500, clear: 3000, disconnect: 1000, max: 6000},
	{window: 20, limit: 4000, clear: 5100, disconnect: 3000, max: 6000},
	{window: 20, limit: 4200, clear: 5500, disconnect: 3000, max: 8000},
}

const (
	imClass   = 3 // of IMs, which warnings tighten
	roomClass = 2 // of chat text, for each room by itself
	joinClass = 1
)

// verdict is what a limiter says of an attempt.
type verdict int

const (
	pass verdict = iota
	refuse
	disconnect
)

// limiter is the state of one rate class.
type limiter struct {
	rateClass // limit and clear as warnings left them
	average   int64
	last      time.Time
	limited   bool
}

func newLimiter(class int, now time.Time) limiter {
	c := rateClasses[class-1]
	return limiter{rateClass: c, average: c.max, last: now}
}

func newLimiters(now time.Time) *[classes]limiter {
	var all [classes]limiter
	for i := range all {
		all[i] = newLimiter(i+1, now)
	}
	return &all
}

// attempt counts a command, whether it passes or not. Like the live server it
// counts in 32 bits: a silence of 24.8 days comes out negative, and ends in a
// disconnection.
func (l *limiter) attempt(now time.Time) verdict {
	gap := int32(now.Sub(l.last).Milliseconds())
	l.last = now
	l.average = min(l.max, int64((int32(l.average)*int32(l.window-1)+gap)/int32(l.window)))
	switch {
	case l.average < l.disconnect:
		l.limited = false
		return disconnect
	case l.limited && l.average < l.clear, l.average < l.limit:
		l.limited = true
		return refuse
	}
	l.limited = false
	return pass
}

// tighten moves limit and clear by a change of the warning level, in per mille:
// at 1000 they are 150 below the maximum.
func (l *limiter) tighten(change int, class int) {
	base := rateClasses[class-1]
	move := func(level, from int64) int64 {
		step := int64(float32(base.max-150-from) * (float32(change) / 1000))
		return min(max(level+step, from), base.max)
	}
	l.limit, l.clear = move(l.limit, base.limit), move(l.clear, base.clear)
}

// charge counts a command of a user. All sessions of the user share the
// classes, and all are closed when one overflows.
func (s *Server) charge(u *user, class int) error {
	if u.rates == nil {
		return nil
	}
	switch u.rates[class-1].attempt(s.now()) {
	case refuse:
		return errLimited
	case disconnect:
		s.log.Debug("disconnected for its rate", "name", u.acct.key, "class", class)
		s.signOut(u)
		return errSignedOut
	}
	return nil
}

// addressLimit allows ten events a minute per address; an address is forgotten
// a minute after it was first seen.
type addressLimit map[string]*window

type window struct {
	since time.Time
	count int
}

const (
	perWindow  = 10
	windowSize = time.Minute
)

// admit counts an event of an address.
func (s *Server) admit(l *addressLimit, ip string) bool {
	if !s.o.ConnectLimit {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if *l == nil {
		*l = addressLimit{}
	}
	w := (*l)[ip]
	if w == nil || now.Sub(w.since) > windowSize {
		l.sweep(now)
		w = &window{since: now}
		(*l)[ip] = w
	}
	w.count++
	return w.count <= perWindow
}

// sweep forgets old addresses when there are many.
func (l addressLimit) sweep(now time.Time) {
	if len(l) < 1024 {
		return
	}
	for ip, w := range l {
		if now.Sub(w.since) > windowSize {
			delete(l, ip)
		}
	}
}
