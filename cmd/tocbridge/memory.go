package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	gcPercent   = 50       // what a heap may grow by between two collections: sparse memory costs more than processor time
	ballastSize = 64 << 20 // counts as heap, so that a small one may grow by 32 MiB
	houseTime   = 5 * time.Second
	houseQuiet  = 1 << 20 // bytes allocated in that time: less is quiet
	houseWanted = 8 << 20 // and so much since the last time, or cleaning up is not worth it
)

// A tuner keeps the garbage collector from running more often than it has to when the heap is small: most of what a
// flood of messages costs would be that. Only the address space of the ballast is taken, never its memory.
type tuner struct {
	ballast []byte
	cleaned uint64 // allocated in all when memory was last given back
	last    uint64 // allocated in all a houseTime ago
	sample  []metrics.Sample
}

func newTuner() *tuner {
	return &tuner{ballast: make([]byte, ballastSize), sample: []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}}
}

// run gives memory back to the system each time the program has become quiet, until ctx ends.
func (u *tuner) run(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	}
	tick := time.NewTicker(houseTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			metrics.Read(u.sample)
			if u.due(u.sample[0].Value.Uint64()) {
				debug.FreeOSMemory()
			}
		case <-ctx.Done():
			clear(u.ballast[:1]) // which keeps it alive until here
			return
		}
	}
}

// due is told how much was ever allocated, once every houseTime.
func (u *tuner) due(allocated uint64) bool {
	quiet := allocated-u.last < houseQuiet
	u.last = allocated
	if !quiet || allocated-u.cleaned < houseWanted {
		return false
	}
	u.cleaned = allocated
	return true
}
