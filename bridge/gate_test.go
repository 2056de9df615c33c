package bridge

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tocbridge/bridge/pace"
)

// TestGateKeepsTheLimit: whatever is asked for in whatever order, no window has more than our share, nothing goes before it
// was asked for, and what users wait for counts.
func TestGateKeepsTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := newGate(pace.Oscar)
		now := time.Unix(1_795_368_676, 0)
		var all, noted []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "sign-ons") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "pause")) * time.Millisecond)
			if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
				g.note(now)
				noted = append(noted, now)
				continue
			}
			at := now.Add(time.Duration(rapid.IntRange(-5_000, 300_000).Draw(t, "delay")) * time.Millisecond)
			got := g.reserve(now, at)
			if got.Before(at) || got.Before(now) {
				t.Fatalf("asked for %v at %v, got %v", at, now, got)
			}
			all = append(all, got)
		}
		slices.SortFunc(all, time.Time.Compare)
		for i := gateShare; i < len(all); i++ {
			if d := all[i].Sub(all[i-gateShare]); d < gateWindow {
				t.Fatalf("%d sign-ons within %v", gateShare+1, d)
			}
		}
	})
}

// TestGateIsSoon: who asks first is not made to wait, and the next window is used.
func TestGateIsSoon(t *testing.T) {
	t.Parallel()
	g := newGate(pace.Oscar)
	now := time.Unix(1_795_368_676, 0)
	for i := range 3 * gateShare {
		want := now.Add(time.Duration(i/gateShare) * gateWindow)
		if got := g.reserve(now, now); !got.Equal(want) {
			t.Errorf("%d: in %v, want %v", i, got.Sub(now), want.Sub(now))
		}
	}
	if got := g.reserve(now, now.Add(time.Hour)); !got.Equal(now.Add(time.Hour)) {
		t.Errorf("later: in %v", got.Sub(now))
	}
	if later := now.Add(2 * time.Hour); !g.reserve(later, later).Equal(later) || len(g.taken) != 1 {
		t.Errorf("%d old sign-ons are remembered", len(g.taken)-1)
	}
}

func TestGateCountsUsers(t *testing.T) {
	t.Parallel()
	g := newGate(pace.Oscar)
	now := time.Unix(1_795_368_676, 0)
	for range gateShare {
		g.note(now)
	}
	if got := g.reserve(now, now); !got.Equal(now.Add(gateWindow)) {
		t.Errorf("in %v", got.Sub(now))
	}
}

func TestGateWithoutLimits(t *testing.T) {
	t.Parallel()
	g := newGate(pace.Off)
	now := time.Unix(1_795_368_676, 0)
	for range 1000 {
		if got := g.reserve(now, now.Add(-time.Second)); !got.Equal(now) {
			t.Fatalf("in %v", got.Sub(now))
		}
	}
	if len(g.taken) != 0 {
		t.Errorf("%d are remembered", len(g.taken))
	}
}

// TestGateBoundsConcurrency: of those that nobody waits for.
func TestGateBoundsConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(pace.Off)
		ctx, cancel := context.WithCancel(t.Context())
		var leave []func()
		for range gateMax {
			leave = append(leave, g.enter(ctx, false))
		}
		in := make(chan func(), 3)
		for range 3 {
			go func() { in <- g.enter(ctx, false) }()
		}
		g.enter(ctx, true)() // does not wait
		synctest.Wait()
		if len(in) != 0 {
			t.Fatal("one too many")
		}
		leave[0]()
		synctest.Wait()
		if len(in) != 1 {
			t.Fatalf("%d came in for one that left", len(in))
		}
		cancel()
		synctest.Wait()
		if len(in) != 3 {
			t.Fatal("they wait for ever")
		}
		for range 3 {
			(<-in)()
		}
		for _, f := range leave[1:] {
			f()
		}
		if len(g.under) != 0 {
			t.Errorf("%d are still under way", len(g.under))
		}
	})
}
