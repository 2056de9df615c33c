package bridge

import (
	"context"
	"slices"
	"sync"
	"time"

	"tocbridge/bridge/pace"
)

const (
	gateWindow = 61 * time.Second      // the server forgets after 60 s how often an address has signed on (TOC2 reference §2.4)
	gateShare  = 8                     // of the ten sign-ons that it takes from one address in that time; users get the rest
	gateJitter = 50 * time.Millisecond // so that those of a start do not march in step
	gateMax    = 64                    // sign-ons under way at the same time
)

// gate spreads the sign-ons that nobody waits for, so that the server's limit per address holds and users can still log in.
type gate struct {
	limited bool
	under   chan struct{} // one for each sign-on under way

	mu    sync.Mutex
	taken []time.Time // sorted: when sign-ons have been, or will be
}

func newGate(m pace.Model) *gate {
	return &gate{limited: m != pace.Off, under: make(chan struct{}, gateMax)}
}

// enter lets a sign-on begin: at once when somebody waits for it, else when fewer than gateMax are under way, or ctx ends.
func (g *gate) enter(ctx context.Context, awaited bool) (leave func()) {
	if awaited {
		g.note(time.Now())
		return func() {}
	}
	select {
	case g.under <- struct{}{}:
		return func() { <-g.under }
	case <-ctx.Done():
		return func() {}
	}
}

// note counts a sign-on that was not reserved.
func (g *gate) note(now time.Time) {
	if g.limited {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.take(now, now)
	}
}

// reserve is the first moment from at on at which a sign-on may go; it is counted for then.
func (g *gate) reserve(now, at time.Time) time.Time {
	if at.Before(now) {
		at = now
	}
	if !g.limited {
		return at
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.free(at) {
		at = g.next(at)
	}
	g.take(now, at)
	return at
}

// take counts a sign-on and forgets those that do not matter any more.
func (g *gate) take(now, at time.Time) {
	old, _ := slices.BinarySearchFunc(g.taken, now.Add(-gateWindow), time.Time.Compare)
	g.taken = slices.Delete(g.taken, 0, old)
	i, _ := slices.BinarySearchFunc(g.taken, at, time.Time.Compare)
	g.taken = slices.Insert(g.taken, i, at)
}

// free reports whether one more at that moment leaves no window with more than our share.
func (g *gate) free(at time.Time) bool {
	from, _ := slices.BinarySearchFunc(g.taken, at.Add(-gateWindow+1), time.Time.Compare)
	to, _ := slices.BinarySearchFunc(g.taken, at.Add(gateWindow), time.Time.Compare)
	near := g.taken[from:to]
	if len(near) < gateShare {
		return true
	}
	for i := range len(near) - gateShare + 1 { // gateShare others that fit one window with it
		first, last := near[i], near[i+gateShare-1]
		if at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
		if last.Sub(first) < gateWindow {
			return false
		}
	}
	return true
}

// next is the next moment after at that might be free: when one of those before it is a window old.
func (g *gate) next(at time.Time) time.Time {
	i, _ := slices.BinarySearchFunc(g.taken, at.Add(-gateWindow+1), time.Time.Compare)
	return g.taken[i].Add(gateWindow)
}
