package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

const benchEpoch = 1_700_000_000_000

// benchID is an id as the bridge makes them.
func benchID(ms int64, n int) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var b [10]byte
	for i := 9; i >= 0; i-- {
		b[i], n = digits[n&31], n>>5
	}
	return firstID(ms) + string(b[:])
}

func benchEntry(n int) Entry {
	ms := int64(benchEpoch + n)
	return Entry{
		ID: benchID(ms, n), Time: time.UnixMilli(ms), Target: [...]string{"bob", "#room", "carol", "dave"}[n%4],
		From: "Cool Guy", Command: "PRIVMSG", Text: fmt.Sprintf("message %d of a flood, with a few words more", n),
	}
}

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "tocbridge.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func benchAccount(b *testing.B, s *Store, key string) *Account {
	b.Helper()
	a, err := s.Account(b.Context(), key)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// BenchmarkAppend is a burst of one caller: what a session waits for a message.
func BenchmarkAppend(b *testing.B) {
	const burst = 20_000 // about what fits into the queue
	s := openBench(b)
	a := benchAccount(b, s, "alice")
	list := make([]Entry, burst)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%burst == 0 {
			b.StopTimer()
			for i := range list {
				list[i] = benchEntry(n + i)
			}
			if err := s.settle(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		a.Append(list[n%burst])
	}
}

// BenchmarkAppendSustained is a flood until it is committed.
func BenchmarkAppendSustained(b *testing.B) {
	for _, accounts := range []int{1, 100} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			s := openBench(b)
			var list []*Account
			for i := range accounts {
				list = append(list, benchAccount(b, s, fmt.Sprint("user", i)))
			}
			b.ReportAllocs()
			n := 0
			for ; b.Loop(); n++ {
				list[n%accounts].Append(benchEntry(n))
			}
			if err := s.settle(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

const benchRows = 100_000

func benchFilled(b *testing.B) *Account {
	s := openBench(b)
	a := benchAccount(b, s, "alice")
	for n := range benchRows {
		a.Append(benchEntry(n))
	}
	if err := s.settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	return a
}

func BenchmarkLatest50(b *testing.B) {
	a := benchFilled(b)
	b.ReportAllocs()
	for b.Loop() {
		if list, err := a.History(b.Context(), Range{Target: "bob", Limit: 50, Newest: true}); err != nil || len(list) != 50 {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkBefore50 pages back by time, from the middle of a conversation.
func BenchmarkBefore50(b *testing.B) {
	a := benchFilled(b)
	r := Range{Target: "bob", Limit: 50, Newest: true, Before: Point{Time: time.UnixMilli(benchEpoch + benchRows/2)}}
	for b.Loop() {
		if list, err := a.History(b.Context(), r); err != nil || len(list) != 50 {
			b.Fatal(len(list), err)
		}
	}
}

func BenchmarkSince(b *testing.B) {
	a := benchFilled(b)
	id := benchEntry(benchRows - 1000).ID
	for b.Loop() {
		list, left, err := a.Since(b.Context(), id, 500, time.Time{}, []string{"PRIVMSG", "NOTICE"})
		if err != nil || len(list) != 500 || left != 499 {
			b.Fatal(len(list), left, err)
		}
	}
}

// BenchmarkSearch: a word that is in one message, one that is in all of them,
// and the filters alone.
func BenchmarkSearch(b *testing.B) {
	a := benchFilled(b)
	if err := a.s.indexAll(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]Query{
		"rare":    {Words: "50123", Limit: 50},
		"common":  {Words: "flood words", Limit: 50},
		"target":  {Words: "flood", Target: "bob", Limit: 50},
		"filters": {From: "coolguy", Target: "#room", Limit: 50},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if list, err := a.Search(b.Context(), q); err != nil || len(list) == 0 {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}

// BenchmarkIndex is how fast the words of messages get into the index.
func BenchmarkIndex(b *testing.B) {
	a := benchFilled(b)
	b.ResetTimer()
	start := time.Now()
	if err := a.s.indexAll(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(benchRows/time.Since(start).Seconds(), "entries/s")
}

// BenchmarkAccount loads an account with some state.
func BenchmarkAccount(b *testing.B) {
	s := openBench(b)
	for i := range 1000 {
		a := benchAccount(b, s, fmt.Sprint("user", i))
		a.Put("cursor", "phone", "1")
		a.Put("set", "always-on", "yes")
	}
	for n := 0; b.Loop(); n++ {
		if _, err := s.load(b.Context(), fmt.Sprint("user", n%1000)); err != nil {
			b.Fatal(err)
		}
	}
}
