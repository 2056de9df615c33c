package main

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Memory is given back once each time the program has become quiet after it had much to do.
func TestTunerIsDue(t *testing.T) {
	t.Parallel()
	u := newTuner()
	const mb = 1 << 20
	for i, c := range []struct {
		allocated uint64
		want      bool
	}{
		{4 * mb, false},       // began with that
		{4*mb + 1, false},     // quiet, but there is nothing to give back
		{40 * mb, false},      // busy
		{60 * mb, false},      // still
		{60*mb + 5_000, true}, // quiet
		{61 * mb, false},      // and remains so
		{61*mb + 9, false},
		{70 * mb, false},
		{70*mb + 9, true},
	} {
		if got := u.due(c.allocated); got != c.want {
			t.Errorf("step %d, %d bytes: %v", i, c.allocated, got)
		}
	}
}

func TestTunerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			newTuner().run(ctx)
		}()
		time.Sleep(3 * houseTime)
		cancel()
		<-done
	})
}

// The ballast counts for the collector's pace, and is not in memory.
func TestTunerLeavesRoom(t *testing.T) {
	u := newTuner()
	runtime.GC()
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.NextGC < ballastSize {
		t.Errorf("the next collection comes at %d bytes", m.NextGC)
	}
	runtime.KeepAlive(u)
}
