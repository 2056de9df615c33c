// Package pace knows when the next command may go so that the TOC server never limits us.
// It is a model of open-oscar-server's rate classes (TOC2 reference §5.4), without clock,
// goroutine or timer: time is given, answers are times. Its owner is one goroutine.
//
//	pace.go    Pacer: the classes of one link
//	meter.go   one class: the moving average, and what a refusal tells about it
//
// The server keeps for each class a moving average of the gap between commands in
// milliseconds and refuses (ERROR:903) what brings it under a limit. Pacer keeps the same
// average, but takes each gap for Jitter shorter than it was, because commands may come
// closer together at the server than they left us. The server's formula rises with the
// average and with the gap, so ours is never above the server's: who sends at the times
// that At returns is never refused. In the class of IMs that means eight at once after a
// rest (seven right after sign-on), then one every 4.2 s.
//
// One fault of the server cannot be paced away: it counts gaps in 32 bits of milliseconds, so
// the first command of a class after 24.8 silent days closes all sessions of the user. Who
// is signed on for so long has to use each class now and then.
//
// Other sessions of the same user spend from the same classes, unseen. So a 903 may come all
// the same; see Refused.
package pace

import "time"

// Jitter is how much closer together two commands may arrive than they were sent.
const Jitter = 200 * time.Millisecond

// Class is a rate class of the server, or that of one chat room (see Pacer.Room).
type Class int

// The classes by what they are used for; the reference's §3.2 has the class of each command.
// None is for the commands that are not counted.
const (
	None      Class = iota
	General         // lists, away, profile, typing, joining a room (which counts three times)
	Light           // session-only buddies; chat text has such a class for each room
	Messages        // IMs, get_status, each name invited, rendezvous
	Directory       // toc_set_dir
)

// Model says which server is modelled.
type Model int

// The models.
const (
	Off   Model = iota // a server without limits: everything may go at once
	Oscar              // open-oscar-server
)

// Pacer keeps the averages of one link.
type Pacer struct {
	model   Model
	warning int
	meters  map[Class]*meter
	start   time.Time
}

// New is the Pacer of a link whose sign-on was answered at now.
func New(m Model, now time.Time) *Pacer {
	return &Pacer{model: m, start: now}
}

// Room is the class of what is said in the chat room with that id:
//
//	p.At(now, p.Room(id), 1)
func (p *Pacer) Room(id int) Class { return -1 - Class(id) }

// Forget drops what is known of a room; the server does so too when it is left.
func (p *Pacer) Forget(id int) { delete(p.meters, p.Room(id)) }

// At is the earliest moment, not before now, when n commands of the class may go together. If
// n is more than may ever go together, it is the moment when as many as possible may.
func (p *Pacer) At(now time.Time, cl Class, n int) time.Time {
	m := p.meter(now, cl)
	if m == nil || n <= 0 {
		return now
	}
	return m.at(now, n)
}

// Delay is how long from now the n-th of n commands in a queue has to wait, if nothing else of
// its class is sent and each goes as soon as it may.
func (p *Pacer) Delay(now time.Time, cl Class, n int) time.Duration {
	m := p.meter(now, cl)
	if m == nil || n <= 0 {
		return 0
	}
	sim := *m
	t := now
	for range n {
		t = sim.at(t, 1)
		sim.sent(t)
	}
	return t.Sub(now)
}

// Sent says that a command of the class goes out at now.
func (p *Pacer) Sent(now time.Time, cl Class) {
	if m := p.track(now, cl); m != nil {
		m.sent(now)
	}
}

// recent is how long ago a command may have been sent that a 903 is the answer to.
const recent = 10 * time.Second

// Refused says that an ERROR:903 came at now. It does not tell which command was dropped: all
// classes that can be meant fall silent, IMs for 27 s, the others longer, and longer again
// if the 903s go on. Refused returns when the silence ends; At obeys it by itself. On a link
// without limits it means that there are some, so from now on they are modelled.
func (p *Pacer) Refused(now time.Time) time.Time {
	p.model = Oscar
	until := now
	for _, m := range p.suspects(now) {
		m.refused(now)
		if t := m.at(now, 1); t.After(until) {
			until = t
		}
	}
	return until
}

// suspects are the classes that a 903 can be about: of those used just now, IMs and any that
// is well spent; failing that all used just now; failing that IMs, which siblings share.
func (p *Pacer) suspects(now time.Time) []*meter {
	var used, spent []*meter
	for cl, m := range p.meters {
		if m.lastSent.IsZero() || now.Sub(m.lastSent) > recent {
			continue
		}
		used = append(used, m)
		if cl == Messages || m.limited || m.avg < m.clear {
			spent = append(spent, m)
		}
	}
	switch {
	case len(spent) > 0:
		return spent
	case len(used) > 0:
		return used
	}
	return []*meter{p.meter(now, Messages)}
}

// SetWarning tells one's own warning level, 0 to 100 percent. It makes the limits of IMs
// tighter, up to one in 6 s.
func (p *Pacer) SetWarning(level int) {
	p.warning = min(max(level, 0), 100)
	if m := p.meters[Messages]; m != nil {
		m.rates = oscar[Messages].warned(p.warning)
	}
}

// Warning is the level last told with SetWarning.
func (p *Pacer) Warning() int { return p.warning }

// meter is the state of a class; nil if it has no limits.
func (p *Pacer) meter(now time.Time, cl Class) *meter {
	if p.model == Off {
		return nil
	}
	return p.track(now, cl)
}

// track is the state of a class, kept where there are no limits too: there may be some after all.
func (p *Pacer) track(now time.Time, cl Class) *meter {
	if m := p.meters[cl]; m != nil {
		return m
	}
	kind, start := cl, p.start
	if cl < 0 { // a room; its average starts when it is joined, at the latest now
		kind, start = Light, now
	}
	r, ok := oscar[kind]
	if !ok {
		return nil
	}
	if kind == Messages {
		r = r.warned(p.warning)
	}
	if p.meters == nil {
		p.meters = make(map[Class]*meter)
	}
	m := &meter{rates: r, avg: r.max, low: r.max, last: start}
	p.meters[cl] = m
	return m
}
