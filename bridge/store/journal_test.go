package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func genText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\x00b", "\xff\xfe", "zwei\nZeilen", strings.Repeat("x", 300)}))
}

func genTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMilli(rapid.Int64Range(-1<<45, 1<<45).Draw(t, "ms")).UTC()
	})
}

func genOp() *rapid.Generator[op] {
	return rapid.Custom(func(t *rapid.T) op {
		text := func(name string) string { return genText().Draw(t, name) }
		o := op{what: rapid.SampledFrom([]byte{opEntry, opPut, opDelete, opWipe}).Draw(t, "what"), key: text("key")}
		switch o.what {
		case opEntry:
			o.entry = Entry{
				ID: text("id"), Time: genTime().Draw(t, "time"), Target: text("target"), Out: rapid.Bool().Draw(t, "out"),
				From: text("from"), Command: text("command"), Text: text("text"), Tags: text("tags"),
			}
		case opPut:
			o.kind, o.name, o.value = text("kind"), text("name"), text("value")
		case opDelete:
			o.kind, o.name = text("kind"), text("name")
		}
		return o
	})
}

func diffOps(a, b any) string { return cmp.Diff(a, b, cmp.AllowUnexported(op{})) }

// Records come back as they were, and no op is longer than was thought.
func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(genOp(), 1, 5).Draw(t, "ops")
		var b []byte
		for i := range want {
			before := len(b)
			b = appendOp(b, &want[i])
			if n := len(b) - before; n > sizeOf(&want[i]) {
				t.Fatalf("%d bytes, thought of %d", n, sizeOf(&want[i]))
			}
		}
		var got []op
		for len(b) > 0 {
			o, rest, err := nextOp(b)
			if err != nil {
				t.Fatal(err)
			}
			got, b = append(got, o), rest
		}
		if diff := diffOps(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Any byte changed, and any byte missing at the end, is noticed; what is before
// is still read.
func TestTornRecords(t *testing.T) {
	t.Parallel()
	first := op{what: opPut, key: "alice", kind: "cursor", name: "phone", value: "1"}
	second := op{what: opEntry, key: "alice", entry: benchEntry(7)}
	start := appendOp(nil, &first)
	whole := appendOp(bytes.Clone(start), &second)
	for cut := range len(whole) {
		c := wholeRecords(whole[:cut], 1<<20)
		if want := cut / len(start); c.n != min(want, 1) || len(c.buf) != c.n*len(start) {
			t.Errorf("cut at %d: %d records in %d bytes", cut, c.n, len(c.buf))
		}
	}
	for i := len(start); i < len(whole); i++ {
		for _, mask := range []byte{0x01, 0x80, 0xff} {
			broken := bytes.Clone(whole)
			broken[i] ^= mask
			if c := wholeRecords(broken, 1<<20); c.n != 1 {
				t.Errorf("byte %d ^ %#x: %d records", i, mask, c.n)
			}
		}
	}
	zeros := append(bytes.Clone(whole), make([]byte, 4096)...)
	if c := wholeRecords(zeros, 1<<20); c.n != 2 || len(c.buf) != len(whole) {
		t.Errorf("with zeros behind: %d records", c.n)
	}
}

// Payloads that have the right sum and make no sense: a later version's, or
// damage older than the sum.
func TestBadPayloads(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		"\x00", "\x05\x00", "\x01", "\x02\x01a", "\x04\x05abc", "\x04\x01ab",
		"\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x02\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01a",
	} {
		if o, err := decodeOp([]byte(payload)); !errors.Is(err, errTorn) {
			t.Errorf("%q: %+v, %v", payload, o, err)
		}
	}
}

// Whatever is in the file, it is read without harm, and what is taken from it
// is what would be written for it.
func FuzzRecords(f *testing.F) {
	ops := []op{
		{what: opPut, key: "alice", kind: "cursor", name: "phone", value: "1"}, {what: opDelete, key: "a", kind: "k", name: "n"},
		{what: opEntry, key: "alice", entry: benchEntry(7)}, {what: opWipe, key: "x"},
	}
	var all []byte
	for i := range ops {
		all = appendOp(all, &ops[i])
		f.Add(appendOp(nil, &ops[i])[recordHead:])
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c := wholeRecords(b, 1<<20); len(c.buf) > len(b) || (c.n == 0) != (len(c.buf) == 0) {
			t.Fatalf("%d records in %d bytes", c.n, len(c.buf))
		}
		if len(b) == 0 {
			return
		}
		o, err := decodeOp(b)
		if err != nil {
			return
		}
		again, rest, err := nextOp(appendOp(nil, &o))
		if err != nil || len(rest) != 0 || diffOps(o, again) != "" {
			t.Fatalf("%+v, %v, %s", again, err, diffOps(o, again))
		}
	})
}

// A journal cut at any byte gives what is whole in it, and the store works.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var whole []byte
	var ends []int
	for n := range 3 {
		whole = appendOp(whole, &op{what: opEntry, key: "alice", entry: benchEntry(4 * n)})
		ends = append(ends, len(whole))
	}
	step := 5
	if raceEnabled {
		step = 29
	}
	for cut := 0; cut <= len(whole); cut += step + cut%3 {
		path := filepath.Join(dir, fmt.Sprint(cut, ".db"))
		if err := os.WriteFile(path+"-pending", whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		for want < len(ends) && ends[want] <= cut {
			want++
		}
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		a := account(t, s, "alice")
		got, err := a.History(t.Context(), Range{Target: "bob"})
		if err != nil || len(got) != want {
			t.Errorf("cut at %d: %d entries instead of %d, %v", cut, len(got), want, err)
		}
		if want > 0 && (a.Latest() != benchEntry(4*(want-1)).ID || s.LastID() != a.Latest()) {
			t.Errorf("cut at %d: the latest is %q, %q", cut, a.Latest(), s.LastID())
		}
		a.Append(benchEntry(400))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path + "-pending"); err != nil || info.Size() != 0 {
			t.Errorf("cut at %d: the journal is left with %v, %v", cut, info.Size(), err)
		}
	}
}

// Done again in order, ops change nothing: what a kill between the commit and
// the emptying of the journal leaves is good.
func TestReplayTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	var journal []byte
	add := func(o op) { journal = appendOp(journal, &o) }
	for n := range 10 {
		add(op{what: opEntry, key: "alice", entry: benchEntry(n)})
	}
	add(op{what: opPut, key: "alice", kind: "k", name: "gone", value: "1"})
	add(op{what: opPut, key: "alice", kind: "k", name: "stays", value: "1"})
	add(op{what: opDelete, key: "alice", kind: "k", name: "gone"})
	add(op{what: opEntry, key: "bob", entry: benchEntry(1)})
	add(op{what: opWipe, key: "bob"})
	add(op{what: opEntry, key: "bob", entry: benchEntry(2)})
	for range 3 {
		if err := os.WriteFile(path+"-pending", journal, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		alice, bob := account(t, s, "alice"), account(t, s, "bob")
		mine, _, err := alice.Since(t.Context(), "", 0, time.Time{}, nil)
		if err != nil || len(mine) != 10 {
			t.Errorf("%d entries, %v", len(mine), err)
		}
		his, _, err := bob.Since(t.Context(), "", 0, time.Time{}, nil)
		if err != nil || len(his) != 1 || his[0].ID != benchEntry(2).ID {
			t.Errorf("%v, %v", his, err)
		}
		if diff := cmp.Diff(map[string]map[string]string{"k": {"stays": "1"}}, alice.State()); diff != "" {
			t.Error(diff)
		}
		integrity(t, s.writing)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A faultyFile writes half of what it is given and fails while the disk is full.
type faultyFile struct {
	journalFile
	full *bool
}

func (f faultyFile) Write(b []byte) (int, error) {
	if *f.full {
		n, _ := f.journalFile.Write(b[:len(b)/2])
		return n, syscall.ENOSPC
	}
	return f.journalFile.Write(b)
}

// troubles collects what Options.Trouble was told.
type troubles chan error

func (c troubles) told(err error) { c <- err }

// next is the next thing told.
func (c troubles) next(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(time.Hour): // of the bubble
		t.Fatal("nothing told")
		return nil
	}
}

// A journal that cannot be written is told of, costs nothing while the database
// works, and is used again when it can be.
func TestJournalCannotBeWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	synctest.Test(t, func(t *testing.T) {
		told := make(troubles, 9)
		s := openAt(t, path, Options{Trouble: told.told})
		a := account(t, s, "alice")
		full := false
		s.mu.Lock()
		s.journal.f = faultyFile{s.journal.f, &full}
		reallyOpen := s.journal.open
		s.journal.open = func(path string, flag int) (journalFile, error) {
			if full {
				return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
			}
			return reallyOpen(path, flag)
		}
		s.mu.Unlock()
		a.Append(benchEntry(0))
		s.mu.Lock()
		full = true
		s.mu.Unlock()
		a.Append(benchEntry(1))
		synctest.Wait()
		s.mu.Lock()
		err, size := s.journal.err, s.journal.size
		s.mu.Unlock()
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the journal says %v", err)
		}
		if info, err := os.Stat(path + "-pending"); err != nil || info.Size() != size {
			t.Errorf("half a record was left: %d instead of %d, %v", info.Size(), size, err)
		}
		// Truncating works on a full disk, so the journal heals with the next commit.
		if got, err := a.History(t.Context(), Range{Target: "#room"}); err != nil || len(got) != 1 {
			t.Errorf("%v, %v", got, err)
		}
		a.Append(benchEntry(2))
		s.mu.Lock()
		s.journal.close()
		s.journal.f = nil
		s.journal.err = syscall.EIO
		s.mu.Unlock()
		a.Append(benchEntry(3))
		if err := told.next(t); !errors.Is(err, ErrFull) && !errors.Is(err, syscall.EIO) {
			t.Errorf("told %v", err)
		}
		s.mu.Lock()
		full = false
		s.mu.Unlock()
		a.Append(benchEntry(4))
		if err := told.next(t); err != nil {
			t.Errorf("told %v", err)
		}
		if got, left, err := a.Since(t.Context(), "", 0, time.Time{}, nil); err != nil || len(got) != 5 || left != 0 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// The journal does not grow with what passes through it.
func TestJournalStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	s := openAt(t, path, Options{QueueBytes: 1 << 20})
	a := account(t, s, "alice")
	text := strings.Repeat("long ", 2000)
	largest := int64(0)
	n := some(3 * rewriteJournal / 20_000)
	for i := range n {
		e := benchEntry(i)
		e.Text = text
		a.Append(e)
		s.mu.Lock()
		largest = max(largest, s.journal.size)
		s.mu.Unlock()
	}
	if largest > rewriteJournal+2<<20 {
		t.Errorf("the journal grew to %d bytes", largest)
	}
	if _, left, err := a.Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != n-1 {
		t.Errorf("%d left, %v", left, err)
	}
	if _, err := os.Stat(path + "-pending-new"); !os.IsNotExist(err) {
		t.Errorf("a new journal is left: %v", err)
	}
}

// Emptied when there is time, so that no text stays in it for long.
func TestJournalIsEmptied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, Options{})
		a := account(t, s, "alice")
		size := func() int64 {
			info, err := os.Stat(path + "-pending")
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		a.Append(benchEntry(0))
		if size() == 0 {
			t.Error("nothing in the journal")
		}
		time.Sleep(2 * restTime)
		synctest.Wait()
		if n := size(); n != 0 {
			t.Errorf("%d bytes are still in it", n)
		}
	})
}
