package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// rest lets the store do its chores, in a bubble.
func rest(t *testing.T) {
	t.Helper()
	time.Sleep(3 * restTime)
	synctest.Wait()
}

func rows(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	if err := s.writing.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What is more than MaxEntries goes, the oldest first, whatever conversation it
// is in, and the words with it; other accounts keep theirs.
func TestTooMany(t *testing.T) {
	t.Parallel()
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "tocbridge.db")} {
		synctest.Test(t, func(t *testing.T) {
			most, n := some(1600), some(5000)
			s := openAt(t, path, Options{MaxEntries: most})
			a, b := account(t, s, "alice"), account(t, s, "bob")
			for i := range n {
				a.Append(benchEntry(i))
			}
			for i := range 100 {
				b.Append(benchEntry(i))
			}
			if got, err := a.Search(t.Context(), Query{Words: fmt.Sprint("message ", n-1)}); err != nil || len(got) != 1 {
				t.Errorf("%v, %v", got, err)
			}
			rest(t)
			got, _, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
			if err != nil || len(got) < most || len(got) > most+most/slack || got[0].ID != benchEntry(n-len(got)).ID {
				t.Errorf("%d entries from %s, %v", len(got), got[0].ID, err)
			}
			if _, left, err := b.Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != 99 {
				t.Errorf("the other account has %d left, %v", left, err)
			}
			if got, err := a.Search(t.Context(), Query{Words: "message 17"}); err != nil || len(got) != 0 {
				t.Errorf("found what is gone: %v, %v", got, err)
			}
			if words := rows(t, s, "words"); words != len(got)+100 {
				t.Errorf("words of %d messages instead of %d", words, len(got)+100)
			}
			integrity(t, s.writing)
		})
	}
}

// What is older than MaxAge goes, within about an hour, and conversations that
// have nothing left with it.
func TestTooOld(t *testing.T) {
	t.Parallel()
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "tocbridge.db")} {
		synctest.Test(t, func(t *testing.T) {
			s := openAt(t, path, Options{MaxAge: 24 * time.Hour})
			a := account(t, s, "alice")
			start := time.Now()
			n := some(3000)
			minute := time.Minute * time.Duration(3000/n)
			for i := range n { // a minute each: two days and two hours
				at := start.Add(time.Duration(i-n+1) * minute)
				a.Append(Entry{ID: benchID(at.UnixMilli(), i), Time: at, Target: []string{"bob", "carol"}[i%2], Command: "PRIVMSG", Text: "tick"})
			}
			at := start.Add(-48 * time.Hour)
			a.Append(Entry{ID: benchID(at.UnixMilli(), n), Time: at, Target: "dave", Command: "PRIVMSG", Text: "old"})
			rest(t)
			count := func() int {
				got, _, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
				if err != nil {
					t.Fatal(err)
				}
				return len(got)
			}
			if got := count(); got < some(1430) || got > some(1450) {
				t.Errorf("%d entries", got)
			}
			if names, err := s.Conversations(t.Context(), "alice"); err != nil || len(names) != 2 || rows(t, s, "conversations") != 2 {
				t.Errorf("conversations %v, %v", names, err)
			}
			time.Sleep(12 * time.Hour)
			if got := count(); got < some(710) || got > some(730+60) {
				t.Errorf("%d entries 12 hours later", got)
			}
			time.Sleep(14 * time.Hour)
			if got, conversations := count(), rows(t, s, "conversations"); got != 0 || conversations != 0 {
				t.Errorf("%d entries in %d conversations after all", got, conversations)
			}
			if a.Latest() == "" || s.LastID() == "" {
				t.Error("the latest id is forgotten")
			}
			a.Append(Entry{ID: benchID(time.Now().UnixMilli(), 1), Time: time.Now(), Target: "bob", Command: "PRIVMSG", Text: "again"})
			if got := count(); got != 1 {
				t.Errorf("%d entries", got)
			}
			integrity(t, s.writing)
		})
	}
}

// Wiped, an account has nothing at once; the rows go bit by bit, and the file
// shrinks. What is appended then is all there is.
func TestWipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, Options{})
		a := account(t, s, "alice")
		n := some(20_000)
		for i := range n {
			a.Append(benchEntry(i))
		}
		a.Put("cursor", "phone", "1")
		if got, err := a.Search(t.Context(), Query{Words: "message 17"}); err != nil || len(got) != 1 {
			t.Errorf("%v, %v", got, err)
		}
		pages := rowsOf(t, s, `PRAGMA page_count`)
		a.Wipe()
		if a.Latest() != "" || len(a.State()) != 0 || s.LastID() != benchEntry(n-1).ID {
			t.Error("something is remembered, or too much forgotten", a.Latest(), s.LastID())
		}
		if list, err := s.Accounts(t.Context()); err != nil || len(list) != 0 {
			t.Error(list, err)
		}
		a.Append(benchEntry(17))
		a.Put("cursor", "phone", "2")
		got, _, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
		if err != nil || len(got) != 1 {
			t.Errorf("%d entries, %v", len(got), err)
		}
		if got, err := a.Search(t.Context(), Query{Words: "message"}); err != nil || len(got) != 1 {
			t.Errorf("found %d, %v", len(got), err)
		}
		rest(t)
		if m, w, c := rows(t, s, "messages"), rows(t, s, "words"), rows(t, s, "conversations"); m != 1 || w != 1 || c != 1 {
			t.Errorf("%d messages, %d words, %d conversations", m, w, c)
		}
		if now := rowsOf(t, s, `PRAGMA page_count`); now > pages/4 && !raceEnabled { // fewer are not worth it
			t.Errorf("%d pages, %d before", now, pages)
		}
		integrity(t, s.writing)
	})
}

func rowsOf(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	if err := s.writing.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// An idle store sleeps: nothing is due once the chores are done, but for age.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Memory, Options{})
		w, err := s.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go w.run()
		a := account(t, s, "alice")
		a.Append(benchEntry(1))
		rest(t)
		if s.Close(); !w.chore.due.IsZero() {
			t.Errorf("something is due at %v", w.chore.due)
		}
	})
}

// The words get into the index when there is time, without anybody searching.
func TestIndexedAtRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, Memory, Options{})
		a := account(t, s, "alice")
		for i := range 3 * indexStep {
			a.Append(benchEntry(i))
		}
		rest(t)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.indexed != s.seq || s.seq != 3*indexStep {
			t.Errorf("indexed up to %d of %d", s.indexed, s.seq)
		}
	})
}
