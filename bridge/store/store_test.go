package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// open opens a store in a folder of its own.
func openAt(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// some is n, or a tenth of it under the race detector.
func some(n int) int {
	if raceEnabled {
		return n / 10
	}
	return n
}

func account(t *testing.T, s *Store, key string) *Account {
	t.Helper()
	a, err := s.Account(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	at := time.UnixMilli(1700000000123).UTC()
	e := Entry{ID: "1", Time: at, Target: "bob", Out: true, From: "Al Ice", Command: "PRIVMSG", Text: "hi \x02you\nsecond", Tags: "+reply=x"}
	s := openAt(t, path, Options{})
	a := account(t, s, "alice")
	a.Append(e)
	a.Append(e)
	a.Put("cursor", "phone", "1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, Options{})
	a = account(t, s, "alice")
	got, err := a.History(t.Context(), Range{Target: "bob"})
	if diff := cmp.Diff([]Entry{e}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, left, err := a.Since(t.Context(), "", 10, time.Time{}, nil)
	if diff := cmp.Diff([]Entry{e}, got); err != nil || diff != "" || left != 0 {
		t.Error(err, left, diff)
	}
	if v, _ := a.Get("cursor", "phone"); v != "1" || a.Latest() != "1" || s.LastID() != "1" {
		t.Error(v, a.Latest(), s.LastID())
	}
	got, err = a.Around(t.Context(), "bob", Point{ID: "1"}, 3, nil)
	if diff := cmp.Diff([]Entry{e}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	targets, err := a.Targets(t.Context(), at, at.Add(time.Hour), 5, []string{"PRIVMSG"})
	if err != nil || len(targets) != 0 {
		t.Error(targets, err)
	}
	targets, err = a.Targets(t.Context(), at.Add(-time.Second), at.Add(time.Hour), 5, []string{"PRIVMSG"})
	if err != nil || len(targets) != 1 {
		t.Error(targets, err)
	}
	got, err = a.Search(t.Context(), Query{Words: "second", From: "alice", Target: "bob"})
	if err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	having, err := s.Having(t.Context(), "cursor", "phone", "")
	if err != nil || len(having) != 1 {
		t.Error(having, err)
	}
	a.Wipe()
	if names, err := s.Conversations(t.Context(), "alice"); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
}
