package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A fault makes a database fail in a real way and returns what heals it.
type fault struct {
	name string
	want error
	harm func(t *testing.T, s *Store) (heal func())
}

func pragma(t *testing.T, s *Store, text string) {
	t.Helper()
	if _, err := s.writing.Exec(`PRAGMA ` + text); err != nil {
		t.Fatal(err)
	}
}

var faults = []fault{
	{"disk full", ErrFull, func(t *testing.T, s *Store) func() {
		var pages int
		if err := s.writing.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
			t.Fatal(err)
		}
		pragma(t, s, "max_page_count="+itoa(pages))
		return func() { pragma(t, s, "max_page_count=1000000") }
	}},
	{"read-only", ErrReadOnly, func(t *testing.T, s *Store) func() {
		pragma(t, s, "query_only=1")
		return func() { pragma(t, s, "query_only=0") }
	}},
	{"locked", ErrLocked, func(t *testing.T, s *Store) func() {
		pragma(t, s, "busy_timeout=1")
		other, err := sql.Open(driverName, dsn(s.path, true))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := other.Begin()
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := errors.Join(tx.Rollback(), other.Close()); err != nil {
				t.Error(err)
			}
		}
	}},
}

// While writing fails, everything that is appended is taken at once, what was
// there can be read, users are told once; and when it works again nothing is
// missing, neither for those who read nor in the file.
func TestTroubleComesAndGoes(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tocbridge.db")
			synctest.Test(t, func(t *testing.T) { troubleComesAndGoes(t, path, f) })
		})
	}
}

func troubleComesAndGoes(t *testing.T, path string, f fault) {
	told := make(troubles, 9)
	s := openAt(t, path, Options{Trouble: told.told})
	a := account(t, s, "alice")
	a.Append(benchEntry(0))
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	heal := f.harm(t, s)
	n := some(2000)
	for i := 1; i < n; i++ {
		a.Append(benchEntry(i))
	}
	a.Put("cursor", "phone", "7")
	err := told.next(t)
	if !errors.Is(err, f.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), advice[f.want]) {
		t.Errorf("told %v", err)
	}
	got, err := a.History(t.Context(), Range{Target: "bob"})
	if err != nil || len(got) != 1 {
		t.Errorf("meanwhile %d entries, %v", len(got), err)
	}
	if _, err := a.Search(t.Context(), Query{Words: "flood"}); err != nil {
		t.Errorf("search meanwhile: %v", err)
	}
	if a.Latest() != benchEntry(n-1).ID {
		t.Errorf("the latest is %s", a.Latest())
	}
	time.Sleep(5 * time.Minute)
	if len(told) > 0 {
		t.Errorf("told again: %v", <-told)
	}
	heal()
	if err := told.next(t); err != nil {
		t.Errorf("told %v", err)
	}
	got, left, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
	if err != nil || len(got) != n || left != 0 {
		t.Errorf("%d entries, %d left, %v", len(got), left, err)
	}
	if having, err := s.Having(t.Context(), "cursor", "phone", "7"); err != nil || len(having) != 1 {
		t.Errorf("%v, %v", having, err)
	}
	integrity(t, s.writing)
}

// Closed or killed in trouble, a store has everything again when it is opened on
// a disk that works.
func TestClosedInTrouble(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tocbridge.db")
			synctest.Test(t, func(t *testing.T) {
				s, err := Open(t.Context(), path, Options{})
				if err != nil {
					t.Fatal(err)
				}
				a := account(t, s, "alice")
				heal := f.harm(t, s)
				for i := range 100 {
					a.Append(benchEntry(i))
				}
				time.Sleep(time.Minute)
				err = s.Close()
				if !errors.Is(err, f.want) || !strings.Contains(err.Error(), "100 changes wait in "+path+"-pending") {
					t.Errorf("closed with %v", err)
				}
				if f.want == ErrLocked {
					heal()
				}
			})
			s := openAt(t, path, Options{})
			if _, left, err := account(t, s, "alice").Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != 99 {
				t.Errorf("%d left, %v", left, err)
			}
		})
	}
}

// What does not fit into memory comes from the journal; what is in neither is
// lost, counted, and does not stop anything.
func TestMoreThanTheQueue(t *testing.T) {
	t.Parallel()
	for _, journal := range []bool{true, false} {
		t.Run(map[bool]string{true: "journal", false: "none"}[journal], func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tocbridge.db")
			synctest.Test(t, func(t *testing.T) { moreThanTheQueue(t, path, journal) })
		})
	}
}

func moreThanTheQueue(t *testing.T, path string, journal bool) {
	told := make(troubles, 9)
	s := openAt(t, path, Options{Trouble: told.told, QueueBytes: 2 * chunkSize})
	a := account(t, s, "alice")
	if !journal {
		s.mu.Lock()
		s.journal.close()
		s.journal.path, s.journal.f = "", nil
		s.mu.Unlock()
	}
	heal := faults[1].harm(t, s)
	a.Put("k", "first", "x")
	if err := told.next(t); err == nil {
		t.Fatal("no trouble")
	}
	n := 5000
	if raceEnabled {
		n = 2000 // still more than the queue takes
	}
	for i := range n {
		a.Append(benchEntry(i))
	}
	s.mu.Lock()
	spilled, lost, bytes := s.queue.spilled, s.queue.lost, s.queue.bytes
	s.mu.Unlock()
	if bytes > 2*chunkSize || (spilled > 0) != journal || (lost > 0) == journal {
		t.Errorf("%d bytes, %d spilled, %d lost", bytes, spilled, lost)
	}
	heal()
	if err := told.next(t); err != nil {
		t.Errorf("told %v", err)
	}
	got, _, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
	if want := n + 1 - lost; err != nil || (journal && len(got) != n) || (!journal && len(got) != want) {
		t.Errorf("%d entries, %d lost, %v", len(got), lost, err)
	}
	if last := got[len(got)-1]; last.ID != benchEntry(n-1).ID {
		t.Errorf("the newest is %s", last.ID)
	}
	a.Append(benchEntry(n))
	if _, left, err := a.Since(t.Context(), got[len(got)-1].ID, 0, time.Time{}, nil); err != nil || left != 0 {
		t.Error(left, err)
	}
	integrity(t, s.writing)
}

// A journal that is as long as it may be takes no more; what is only in memory
// comes after what is in it.
func TestJournalFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	synctest.Test(t, func(t *testing.T) {
		told := make(troubles, 9)
		s := openAt(t, path, Options{Trouble: told.told, QueueBytes: 4 * chunkSize})
		s.mu.Lock()
		s.journal.limit = 2 * chunkSize
		s.mu.Unlock()
		a := account(t, s, "alice")
		heal := faults[1].harm(t, s)
		a.Put("k", "first", "x")
		if err := told.next(t); err == nil {
			t.Fatal("no trouble")
		}
		const n = 6000
		for i := range n {
			a.Append(benchEntry(i))
		}
		s.mu.Lock()
		spilled, lost, size := s.queue.spilled, s.queue.lost, s.journal.size
		s.mu.Unlock()
		if size > 2*chunkSize || spilled == 0 || lost == 0 {
			t.Errorf("%d bytes, %d spilled, %d lost", size, spilled, lost)
		}
		heal()
		if err := told.next(t); err != nil {
			t.Errorf("told %v", err)
		}
		got, _, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
		if err != nil || len(got) < n-lost || got[0].ID != benchEntry(0).ID || got[len(got)-1].ID != benchEntry(n-1).ID {
			t.Errorf("%d entries, %d lost, %v", len(got), lost, err)
		}
		rest(t)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.journal.err != nil || s.journal.size != 0 {
			t.Errorf("the journal has %d bytes, %v", s.journal.size, s.journal.err)
		}
		integrity(t, s.writing)
	})
}

// Open says what is wrong in words, and whose it is with errors.Is; it changes
// nothing of what it refuses.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	exec := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open(driverName, path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, path string)
		want  error
		words string
	}{
		{"not a database", write(strings.Repeat("Dear diary, today ", 500)), ErrCorrupt, "the database is damaged; stop tocbridge, move the file away"},
		{"half a header", write("SQLite format 3\x00" + strings.Repeat("\xff", 4096)), ErrCorrupt, "damaged"},
		{"another program's", exec(`CREATE TABLE cookies (name)`), ErrForeign, "that is not a database of tocbridge; give [store] path another name"},
		{"another program's with our table", exec(`CREATE TABLE meta (name, value); INSERT INTO meta VALUES ('version', 'x')`), ErrForeign, "not a database of tocbridge"},
		{"newer", exec(`CREATE TABLE meta (name, value); INSERT INTO meta VALUES ('schema', '99')`), ErrNewer, "the database is from a newer tocbridge (schema 99, this one knows 2); install that version again"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, ErrUnreachable, "cannot be reached; check the folder"},
		{"a broken table", func(t *testing.T, path string) { breakTables(t, path) }, ErrCorrupt, "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tocbridge.db")
			c.make(t, path)
			before, _ := os.ReadFile(path)
			for _, o := range []Options{{}, {ReadOnly: true}} {
				s, err := Open(t.Context(), path, o)
				if err == nil {
					s.Close()
				}
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.words) {
					t.Errorf("read-only %v: %v", o.ReadOnly, err)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// breakTables makes a store and writes over all pages but the first.
func breakTables(t *testing.T, path string) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := account(t, s, "alice")
	for i := range 1000 {
		a.Append(benchEntry(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	scribble(t, path)
}

func scribble(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	copy(text[page:], bytes.Repeat([]byte("scribble"), len(text)/8))
	if err := os.WriteFile(path, text[:len(text)/page*page], 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that breaks while it is in use is told of, by the writer and by those
// who read, and chat goes on.
func TestBrokenInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	synctest.Test(t, func(t *testing.T) {
		told := make(troubles, 9)
		s, err := Open(t.Context(), path, Options{Trouble: told.told})
		if err != nil {
			t.Fatal(err)
		}
		a := account(t, s, "alice")
		for i := range 1000 {
			a.Append(benchEntry(i))
		}
		if err := s.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		var busy, frames, done int
		if err := s.writing.QueryRow(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil || busy != 0 {
			t.Fatal(busy, err)
		}
		scribble(t, path)
		pragma(t, s, "shrink_memory") // what is in the page cache is whole
		s.reading.SetMaxIdleConns(0)
		s.reading.SetMaxIdleConns(2)
		for i := range 1000 {
			a.Append(benchEntry(2000 + i))
		}
		if err := told.next(t); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Errorf("told %v", err)
		}
		if _, err := a.History(t.Context(), Range{Target: "bob"}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("read with %v", err)
		}
		for i := range 1000 {
			a.Append(benchEntry(3000 + i))
		}
		if err := s.Close(); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "2000 changes wait in") {
			t.Errorf("closed with %v", err)
		}
	})
}

// One store at a time, in this process or another; who only reads may share.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	s := openAt(t, path, Options{})
	a := account(t, s, "alice")
	a.Append(benchEntry(0))
	a.Put("k", "n", "v")
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "another tocbridge") {
		t.Errorf("a second one: %v", err)
	}
	r := openAt(t, path, Options{ReadOnly: true})
	b := account(t, r, "alice")
	b.Append(benchEntry(1))
	b.Put("k", "n", "w")
	b.Wipe()
	got, err := account(t, r, "alice").History(t.Context(), Range{Target: "bob"})
	if diff := cmp.Diff([]string{benchEntry(0).ID}, ids(got)); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if _, err := b.Search(t.Context(), Query{Words: "flood"}); err != nil {
		t.Error(err)
	}
	if err := errors.Join(r.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, Options{})
	if v, _ := account(t, s, "alice").Get("k", "n"); v != "v" {
		t.Errorf("the reader wrote %q", v)
	}
}

func TestReadOnlyNeedsADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	if _, err := Open(t.Context(), path, Options{ReadOnly: true}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("opened with %v", err)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 0 {
		t.Errorf("made %v, %v", list, err)
	}
}

// Readers that are told to stop do, and leave the store whole: also one in
// memory, which lives in its only connection.
func TestReadersThatGiveUp(t *testing.T) {
	t.Parallel()
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "tocbridge.db")} {
		s := openAt(t, path, Options{})
		a := account(t, s, "alice")
		n := some(20_000)
		for i := range n {
			a.Append(benchEntry(i))
		}
		for i := range 30 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
			if _, _, err := a.Since(ctx, "", 0, time.Time{}, nil); err != nil && !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "interrupt") {
				t.Errorf("%s: %v", path, err)
			}
			cancel()
		}
		if _, left, err := a.Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != n-1 {
			t.Errorf("%s: %d left, %v", path, left, err)
		}
	}
}

func ids(list []Entry) []string {
	var all []string
	for _, e := range list {
		all = append(all, e.ID)
	}
	return all
}
