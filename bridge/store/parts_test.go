package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A queue keeps the order and counts right, whatever is taken, put back and
// dropped; and what waits is what is in it, was taken, or spilled.
func TestQueue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var want, gone []string // names of what is queued; of what is done with
		var out []*chunk
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				var ops []op
				for range rapid.IntRange(1, 5).Draw(t, "n") {
					name := fmt.Sprint(next)
					next++
					want = append(want, name)
					ops = append(ops, op{what: opPut, key: "a", kind: "k", name: name, value: strings.Repeat("x", rapid.IntRange(0, 30_000).Draw(t, "size"))})
				}
				records, c := q.add(ops)
				if len(records) == 0 || c.n < len(ops) {
					t.Fatalf("%d bytes in a chunk of %d", len(records), c.n)
				}
				c.unsafe = c.unsafe || rapid.IntRange(0, 9).Draw(t, "unsafe") == 0
			},
			"take": func(t *rapid.T) {
				if out == nil {
					out = q.take(rapid.IntRange(1, 300_000).Draw(t, "limit"))
				}
			},
			"done": func(t *rapid.T) {
				for _, c := range out {
					gone, want = append(gone, want[:c.n]...), want[c.n:]
				}
				q.done(out)
				out = nil
			},
			"put back": func(t *rapid.T) {
				q.putBack(out)
				out = nil
			},
			"shed": func(t *rapid.T) {
				if out != nil {
					return
				}
				before := len(q.chunks)
				dropped := 0
				limit := rapid.IntRange(0, 200_000).Draw(t, "limit")
				for _, c := range q.chunks {
					dropped += c.n
				}
				q.shed(limit)
				for _, c := range q.chunks {
					dropped -= c.n
				}
				if q.bytes > limit && len(q.chunks) > 1 || before > 0 && len(q.chunks) == 0 {
					t.Fatalf("%d bytes in %d chunks are left of %d", q.bytes, len(q.chunks), limit)
				}
				gone, want = append(gone, want[:dropped]...), want[dropped:]
			},
			"replayed": func(t *rapid.T) { q.replayed(q.spilled) },
			"": func(t *rapid.T) {
				checkQueue(t, &q, out, want)
				if q.waiting() != len(want)+q.spilled {
					t.Fatalf("%d wait, not %d and %d", q.waiting(), len(want), q.spilled)
				}
			},
		})
	})
}

// checkQueue compares what is in a queue, behind what was taken, with names.
func checkQueue(t *rapid.T, q *queue, out []*chunk, want []string) {
	t.Helper()
	bytes := 0
	for _, c := range append(append([]*chunk(nil), out...), q.chunks...) {
		bytes += len(c.buf)
		n := 0
		for rest := c.buf; len(rest) > 0; n++ {
			o, after, err := nextOp(rest)
			if err != nil {
				t.Fatal(err)
			}
			if len(want) == 0 || o.name != want[0] {
				t.Fatalf("record %s where %v are to come", o.name, want)
			}
			want, rest = want[1:], after
		}
		if n != c.n {
			t.Fatalf("a chunk of %d says %d", n, c.n)
		}
	}
	if bytes != q.bytes || len(want) > 0 {
		t.Fatalf("%d bytes, the queue says %d; %v are missing", bytes, q.bytes, want)
	}
}

// A time and the first id of it are two ways to say the same, for all times that
// an id can have.
func TestTimesAndIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(1, 1<<45-1).Draw(t, "ms")
		id := TimeID(time.UnixMilli(ms), "0000000042")
		if got, ok := timeOf(id); !ok || got != ms || len(id) != 19 {
			t.Fatalf("%d became %s, %d, %v", ms, id, got, ok)
		}
		if !(firstID(ms) <= id && id < firstID(ms+1) && firstID(ms-1) < firstID(ms)) {
			t.Fatalf("%s is not between those of %d and the next", id, ms)
		}
		other := rapid.Int64Range(-1<<45, 1<<45).Draw(t, "other")
		if got := skewOf(id, time.UnixMilli(other)); got != max(ms-other, other-ms) {
			t.Fatalf("skew %d of %d and %d", got, ms, other)
		}
	})
	for _, id := range []string{"", "12345678", "123456789", "A23456789", "12345678w", "x\xff3456789"} {
		ms, ok := timeOf(id)
		if want := id == "123456789"; ok != want || !ok && ms != 0 && skewOf(id, time.Time{}) != noSkew {
			t.Errorf("%q: %d, %v", id, ms, ok)
		}
	}
	for ms, want := range map[int64]string{-1: "", 0: "", 1 << 45: lastID, 1<<45 - 1: "vvvvvvvvv", 1: "000000001"} {
		if got := firstID(ms); got != want {
			t.Errorf("%d: %q, want %q", ms, got, want)
		}
	}
}

func TestWiderSkew(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]int64{{0, 0, 0}, {1, 2, 2}, {2, 1, 2}, {noSkew, 5, noSkew}, {5, noSkew, noSkew}, {noSkew, noSkew, noSkew}} {
		if got := widerSkew(c[0], c[1]); got != c[2] {
			t.Errorf("%d and %d: %d", c[0], c[1], got)
		}
	}
}

// Bounds in time leave out no id that could be within, given the skew.
func TestSpans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(1, 1<<44).Draw(t, "time")
		skew := rapid.Int64Range(0, 1<<20).Draw(t, "skew")
		id := firstID(max(1, at+rapid.Int64Range(-skew, skew).Draw(t, "off"))) + "0000000001"
		ms, _ := timeOf(id)
		skew = max(skew, at-ms, ms-at)
		bound := at + rapid.Int64Range(-1<<21, 1<<21).Draw(t, "bound")
		p := everything()
		p.after(time.UnixMilli(bound), skew)
		if at > bound && !(id > p.afterID && at > p.afterTime) {
			t.Fatalf("%s of %d is not after %d: %+v", id, at, bound, p)
		}
		p = everything()
		p.before(time.UnixMilli(bound), skew)
		if at < bound && !(id < p.beforeID && at < p.beforeTime) {
			t.Fatalf("%s of %d is not before %d: %+v", id, at, bound, p)
		}
	})
}

func TestErrorsInWords(t *testing.T) {
	t.Parallel()
	plain := errors.New("the moon is full")
	for _, c := range []struct {
		err  error
		kind error
		want string
	}{
		{plain, nil, "/x.db: read: the moon is full"},
		{ErrNewer, ErrNewer, "/x.db: the database is from a newer tocbridge; install that version again, or give [store] path another name"},
		{fmt.Errorf("%w (schema 9)", ErrNewer), ErrNewer, "/x.db: the database is from a newer tocbridge (schema 9); install"},
		{syscall.ENOSPC, ErrFull, "/x.db: the disk is full; free some space (read: no space left on device)"},
		{&fs.PathError{Op: "open", Path: "/y", Err: syscall.EROFS}, ErrReadOnly, "/x.db: the database cannot be written; check the permissions of the file and its folder (read: open /y: read-only file system)"},
		{&fs.PathError{Op: "open", Path: "/y", Err: syscall.EACCES}, ErrReadOnly, "(read: open /y: permission denied)"},
		{&fs.PathError{Op: "open", Path: "/y", Err: syscall.ENOENT}, ErrUnreachable, "/x.db: the database cannot be reached; check the folder"},
		{ErrClosed, nil, "/x.db: read: the store is closed"},
	} {
		err := wrap("/x.db", "read", c.err)
		if !strings.HasPrefix(err.Error(), c.want) && !strings.HasSuffix(err.Error(), c.want) || !errors.Is(err, c.err) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	if wrap("/x.db", "read", nil) != nil {
		t.Error("an error of nothing")
	}
	for kind := range advice {
		if kindOf(kind) != kind || kindOf(fmt.Errorf("x: %w", kind)) != kind {
			t.Errorf("%v is not itself", kind)
		}
	}
}

// The name for the driver has the path in it as it is, whatever is in that, and
// only the writer's may change anything.
func TestDSN(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/a/b.db", "/a b/c?d#e%20&f=g.db", "C:/data/x.db"} {
		for _, writing := range []bool{true, false} {
			u, err := url.Parse(dsn(path, writing))
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme != "file" || u.Host != "" || strings.TrimPrefix(u.Path, "/") != strings.TrimPrefix(path, "/") {
				t.Errorf("%s became %s", path, u)
			}
			q := u.Query()
			if readOnly := q.Get("mode") == "ro"; readOnly == writing || (q.Get("_txlock") == "immediate") != writing {
				t.Errorf("writing %v: %s", writing, u)
			}
		}
	}
	if !strings.HasPrefix(dsn(Memory, true), "file::memory:?") {
		t.Error(dsn(Memory, true))
	}
}

// A lock is had by one, and by the next when it is given back.
func TestLockFile(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/lock"
	for range 3 {
		l, err := lockFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lockFile(path); !errors.Is(err, ErrLocked) {
			t.Errorf("a second one: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := lockFile(t.TempDir() + "/no/such/lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
}
