package pace

import "time"

// rates are the parameters of a class (TOC2 reference §5.4); all but window in milliseconds.
type rates struct {
	window     int // weight of the past is window-1 of window
	limit      int // an average below is refused ...
	clear      int // ... until it has come up to here
	disconnect int // below, all sessions of the user are closed
	max        int // the average starts here and never gets above
}

var oscar = map[Class]rates{
	General:   {80, 1500, 2500, 800, 6000},
	Light:     {80, 1500, 3000, 1000, 6000},
	Messages:  {20, 4000, 5100, 3000, 6000},
	Directory: {20, 4200, 5500, 3000, 8000},
}

// warnedMargin is how far below max the limits of somebody warned to 100 % stay.
const warnedMargin = 150

// warned raises limit and clear towards max by a warning level in percent.
func (r rates) warned(level int) rates {
	top := r.max - warnedMargin
	r.limit += ceilDiv((top-r.limit)*level, 100)
	r.clear += ceilDiv((top-r.clear)*level, 100)
	return r
}

// next is the average after one more command.
func (r *rates) next(avg, gap int) int {
	return min(r.max, (avg*(r.window-1)+gap)/r.window)
}

// gapTo is the smallest gap that brings the average from avg up to want; want <= max.
func (r *rates) gapTo(avg, want int) int {
	return max(0, want*r.window-avg*(r.window-1))
}

// before is the smallest average that is at least want after n commands without a gap, but
// at most max.
func (r *rates) before(want, n int) int {
	for range n {
		if want >= r.max {
			return r.max
		}
		want = ceilDiv(want*r.window, r.window-1)
	}
	return min(want, r.max)
}

// burstEnd is the first average below the limit in a burst from rest: 3977 for IMs.
func (r *rates) burstEnd() int {
	avg := r.max
	for avg >= r.limit {
		avg = r.next(avg, 0)
	}
	return avg
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// meter is one class as the server is thought to see it.
type meter struct {
	rates
	avg      int       // what the server's average is taken to be; it is not below, siblings apart
	low      int       // the least it can be, if a refusal has shown avg to be wrong; else avg
	last     time.Time // what the next gap is counted from
	lastSent time.Time // zero: never
	limited  bool      // the server refuses until its average has reached clear
	quiet    time.Time // nothing goes before
}

// at is the earliest moment, not before now, for n commands together.
func (m *meter) at(now time.Time, n int) time.Time {
	want := m.before(m.limit, n-1)
	if m.limited {
		want = max(want, m.clear)
	}
	t := now
	if gap := m.gapTo(m.avg, want); gap > 0 {
		t = later(t, m.last.Add(time.Duration(gap)*time.Millisecond+Jitter))
	}
	return later(t, m.quiet)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// sent counts a command.
func (m *meter) sent(now time.Time) {
	gap := 0
	if d := now.Sub(m.last) - Jitter; d > 0 {
		gap = int(min(d.Milliseconds(), int64(m.max*m.window)))
	}
	m.avg, m.low = m.next(m.avg, gap), m.next(m.low, gap)
	if m.limited {
		m.limited = m.avg < m.clear
	} else {
		m.limited = m.avg < m.limit
	}
	m.last, m.lastSent = now, now
}

// refused takes in that the server has dropped a command of this class. The first time, its
// average has just passed the limit. Each further 903 before we send again answers another
// command that was on its way. If the first command after the silence is refused, the
// average had been lower than thought: take the worst, that of somebody not yet disconnected.
func (m *meter) refused(now time.Time) {
	switch {
	case m.limited:
		m.avg = max(m.disconnect, m.next(m.avg, 0))
		m.low = m.disconnect
	case m.low < m.avg:
		m.avg = m.low
	default:
		m.avg = min(m.avg, m.burstEnd())
		m.low = m.disconnect
	}
	m.limited = true
	m.last = later(m.last, now)
	silence := time.Duration(m.gapTo(m.avg, m.clear))*time.Millisecond + Jitter
	m.quiet = later(m.quiet, now.Add(ceilSecond(silence)))
}

func ceilSecond(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
