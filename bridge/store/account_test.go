package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	s := openAt(t, path, Options{})
	a := account(t, s, "alice")
	if a.Key() != "alice" || len(a.State()) != 0 || a.Names("k") != nil {
		t.Error("a new account has a state")
	}
	a.Put("set", "b", "1")
	a.Put("set", "a", "2")
	a.Put("set", "a", "3")
	a.Put("set", "gone", "x")
	a.Delete("set", "gone")
	a.Delete("set", "never there")
	a.Put("cursor", "", "")
	want := map[string]map[string]string{"set": {"a": "3", "b": "1"}, "cursor": {"": ""}}
	for range 2 {
		if diff := cmp.Diff(want, a.State()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"a", "b"}, a.Names("set")); diff != "" {
			t.Error(diff)
		}
		if v, ok := a.Get("cursor", ""); v != "" || !ok {
			t.Error(v, ok)
		}
		if _, ok := a.Get("set", "gone"); ok {
			t.Error("what was deleted is there")
		}
		a.State()["set"]["a"] = "changed"
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, path, Options{})
		a = account(t, s, "alice")
	}
}

// What is put twice with the same value is written once.
func TestPutOfTheSame(t *testing.T) {
	t.Parallel()
	s := openAt(t, Memory, Options{})
	a := account(t, s, "alice")
	for range 10 {
		a.Put("cursor", "phone", "1")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.appended != 1 {
		t.Errorf("%d records", s.queue.appended)
	}
}

func TestAccountsAndHaving(t *testing.T) {
	t.Parallel()
	s := openAt(t, Memory, Options{})
	for i, key := range []string{"carol", "alice", "bob"} {
		account(t, s, key).Put("set", "always-on", []string{"yes", "no", "yes"}[i])
	}
	account(t, s, "dave") // nothing is kept
	account(t, s, "erin").Append(benchEntry(0))
	names := func(list []string, err error) string {
		if err != nil {
			t.Error(err)
		}
		return strings.Join(list, " ")
	}
	for got, want := range map[string]string{
		names(s.Accounts(t.Context())):                          "alice bob carol erin",
		names(s.Having(t.Context(), "set", "always-on", "yes")): "bob carol",
		names(s.Having(t.Context(), "set", "always-on", "")):    "alice bob carol",
		names(s.Having(t.Context(), "set", "never", "")):        "",
		names(s.Conversations(t.Context(), "erin")):             "bob",
		names(s.Conversations(t.Context(), "nobody")) + "-":     "-",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// There is one handle of an account for as long as somebody has it, and none
// after: what is loaded then is what was put.
func TestHandles(t *testing.T) {
	t.Parallel()
	s := openAt(t, Memory, Options{})
	a := account(t, s, "alice")
	a.Put("k", "n", "v")
	if account(t, s, "alice") != a {
		t.Error("two handles")
	}
	runtime.KeepAlive(a)
	a = nil
	for s.handle("alice") != nil {
		runtime.GC()
		runtime.Gosched()
	}
	if v, _ := account(t, s, "alice").Get("k", "n"); v != "v" {
		t.Errorf("loaded %q", v)
	}
	for range 1000 {
		account(t, s, "alice")
	}
}

// A handle that nobody uses costs little.
func TestHandlesAreSmall(t *testing.T) {
	n := some(5000)
	s := openAt(t, Memory, Options{})
	for i := range n {
		a := account(t, s, fmt.Sprint("user", i))
		a.Put("set", "always-on", "yes")
		a.Append(benchEntry(i))
	}
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	list := make([]*Account, n)
	for i := range list {
		list[i] = account(t, s, fmt.Sprint("user", i))
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if per := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(n); per > 1024 {
		t.Errorf("%d bytes each", per)
	} else {
		t.Logf("%d bytes each", per)
	}
	runtime.KeepAlive(list)
}

// An Append of one entry allocates next to nothing in its caller.
func TestAppendAllocates(t *testing.T) {
	s := newStore(filepath.Join(t.TempDir(), "tocbridge.db"), Options{})
	if _, err := s.open(t.Context()); err != nil { // nobody writes: all of it is the caller's
		t.Fatal(err)
	}
	defer s.closeFiles()
	a := &Account{s: s, key: "alice"}
	n := 0
	e := benchEntry(0)
	if per := testing.AllocsPerRun(1000, func() {
		n++
		a.Append(e)
	}); per > 2 {
		t.Errorf("%v allocations", per)
	}
	if s.queue.appended < 1000 {
		t.Error("nothing was appended")
	}
}

// Files are for nobody else's eyes, whatever the umask.
func TestFileModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "state")
	s := openAt(t, filepath.Join(dir, "tocbridge.db"), Options{})
	a := account(t, s, "alice")
	a.Append(benchEntry(0))
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) < 4 {
		t.Fatal(list, err)
	}
	for _, f := range list {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// Paths with characters that mean something in a URI.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "#1.db", "ümlaut.db", "a&b=c.db"} {
		s := openAt(t, filepath.Join(dir, name), Options{})
		account(t, s, "alice").Append(benchEntry(0))
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A path without a folder is below the current one.
func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openAt(t, "tocbridge.db", Options{})
	account(t, s, "alice").Append(benchEntry(0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, "tocbridge.db", Options{})
	if s.LastID() != benchEntry(0).ID {
		t.Errorf("the last id is %q", s.LastID())
	}
}

// Closed, a store takes nothing and gives nothing, and says so.
func TestClosed(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tocbridge.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := account(t, s, "alice")
	for range 3 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	a.Append(benchEntry(0))
	a.Put("k", "n", "v")
	a.Delete("k", "n")
	a.Wipe()
	_, err1 := a.History(t.Context(), Range{Target: "bob"})
	_, err2 := s.Accounts(t.Context())
	_, err3 := s.Account(t.Context(), "bob")
	_, err4 := a.Search(t.Context(), Query{Words: "x"})
	for _, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

// Each reads page by page and lets fn use the store.
func TestEach(t *testing.T) {
	t.Parallel()
	s := openAt(t, Memory, Options{})
	a := account(t, s, "alice")
	const n = 3*eachPage + 7
	for i := range n {
		e := benchEntry(i)
		e.Target = "bob"
		a.Append(e)
	}
	got := 0
	err := a.Each(t.Context(), "bob", func(e Entry) error {
		if e.ID != benchEntry(got).ID {
			t.Fatalf("entry %d is %s", got, e.ID)
		}
		if got++; got%500 == 0 {
			_, err := a.History(t.Context(), Range{Target: "bob", Limit: 1})
			return err
		}
		return nil
	})
	if err != nil || got != n {
		t.Errorf("%d, %v", got, err)
	}
	stop := errors.New("enough")
	if err := a.Each(t.Context(), "bob", func(Entry) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// Append waits while more is queued than may be, and no longer.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	s := openAt(t, path, Options{QueueBytes: chunkSize})
	a := account(t, s, "alice")
	largest := 0
	for i := range some(10_000) {
		a.Append(benchEntry(i))
		s.mu.Lock()
		largest = max(largest, s.queue.bytes)
		s.mu.Unlock()
	}
	if largest > 2*chunkSize {
		t.Errorf("%d bytes were queued", largest)
	}
	if _, left, err := a.Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != some(10_000)-1 {
		t.Error(left, err)
	}
}

// A trickle is gathered into few transactions; who reads does not wait for that.
func TestGather(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, Memory, Options{})
		a := account(t, s, "alice")
		start := time.Now()
		a.Append(benchEntry(0))
		synctest.Wait()
		s.mu.Lock()
		waiting := s.queue.waiting()
		s.mu.Unlock()
		if waiting != 1 {
			t.Error("written at once")
		}
		if got, err := a.History(t.Context(), Range{Target: "bob"}); err != nil || len(got) != 1 || time.Since(start) > 0 {
			t.Errorf("%v, %v, after %v", got, err, time.Since(start))
		}
		a.Append(benchEntry(4))
		time.Sleep(gatherTime)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.queue.waiting() != 0 {
			t.Error("not written")
		}
	})
}

// Many at once, under the race detector: everything is there, in each
// account's order.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "tocbridge.db")} {
		s := openAt(t, path, Options{QueueBytes: 256 << 10, MaxAge: time.Hour * 24 * 36500, MaxEntries: 1 << 40})
		accounts, each := 8, some(400)
		var all sync.WaitGroup
		for i := range accounts {
			all.Go(func() { appendAndRead(t.Context(), t, s, fmt.Sprint("user", i), each) })
			all.Go(func() {
				for range some(20) {
					if _, err := s.Accounts(t.Context()); err != nil {
						t.Error(err)
					}
					s.LastID()
				}
			})
		}
		all.Wait()
		list, err := s.Accounts(t.Context())
		if err != nil || len(list) != accounts {
			t.Errorf("%v, %v", list, err)
		}
		integrity(t, s.writing)
	}
}

func appendAndRead(ctx context.Context, t *testing.T, s *Store, key string, n int) {
	a, err := s.Account(ctx, key)
	if err != nil {
		t.Error(err)
		return
	}
	for i := range n {
		a.Append(benchEntry(i))
		a.Put("cursor", "phone", fmt.Sprint(i))
		if i%20 != 0 {
			continue
		}
		got, left, err := a.Since(ctx, "", 10, time.Time{}, nil)
		if err != nil || len(got)+left != i+1 || a.Latest() != benchEntry(i).ID {
			t.Errorf("%d: %d and %d, %v", i, len(got), left, err)
		}
		found, err := a.Search(ctx, Query{Words: fmt.Sprint("message ", i)})
		if err != nil || len(found) != 1 {
			t.Errorf("%d: found %d, %v", i, len(found), err)
		}
	}
}
