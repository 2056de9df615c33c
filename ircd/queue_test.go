package ircd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

var t0 = context.Background()

// tap is a net.Conn whose writes are counted and can be held back.
type tap struct {
	net.Conn
	entered chan struct{} // each Write gives one; may be nil
	gate    chan struct{} // and takes one; nil: open
	writes  int
	got     bytes.Buffer
	err     error
}

func (c *tap) SetWriteDeadline(time.Time) error { return nil }
func (c *tap) Write(b []byte) (int, error) {
	if c.entered != nil {
		c.entered <- struct{}{}
	}
	if c.gate != nil {
		<-c.gate
	}
	if c.err != nil {
		return 0, c.err
	}
	c.writes++
	return c.got.Write(b)
}

// What waits goes out together and in order, across chunks; the writer ends when nothing waits.
func TestQueueJoins(t *testing.T) {
	t.Parallel()
	c := &tap{gate: make(chan struct{}, 100)}
	q := &queue{nc: c, max: 1 << 20}
	var want strings.Builder
	for i := range 500 {
		line := fmt.Sprintf("line %d %s\r\n", i, strings.Repeat("x", i%90))
		want.WriteString(line)
		if !q.put([]byte(line)) {
			t.Fatal("full")
		}
	}
	for range cap(c.gate) {
		c.gate <- struct{}{}
	}
	q.wait()
	if c.got.String() != want.String() {
		t.Error("what came out is not what went in")
	}
	if limit := 2 + want.Len()/chunkSize + 1; c.writes > limit {
		t.Errorf("%d writes for %d bytes", c.writes, want.Len())
	}
	if q.size != 0 || q.waiting != nil || q.running {
		t.Errorf("left behind: %d bytes, %d chunks, running %v", q.size, len(q.waiting), q.running)
	}
	q.wait() // of an idle queue returns at once
}

// The bound counts what waits and what is being written, to the byte; over it nothing more is taken.
func TestQueueBound(t *testing.T) {
	t.Parallel()
	c := &tap{gate: make(chan struct{})}
	q := &queue{nc: c, max: 1000}
	ten := []byte("123456789\n")
	for i := range 100 {
		if !q.put(ten) {
			t.Fatalf("full after %d", i)
		}
	}
	if q.put(ten[:1]) {
		t.Error("one byte too many is taken")
	}
	if !q.put(ten) { // closed is closed; only the first is told
		t.Error("told twice")
	}
	close(c.gate)
	q.wait()
	if c.got.Len() != 1000 {
		t.Errorf("%d bytes", c.got.Len())
	}
}

func TestQueueUnbounded(t *testing.T) {
	t.Parallel()
	c := &tap{gate: make(chan struct{})}
	q := &queue{nc: c}
	for range 1000 {
		if !q.put(make([]byte, 10000)) {
			t.Fatal("full")
		}
	}
	close(c.gate)
	q.wait()
	if c.got.Len() != 1e7 {
		t.Errorf("%d bytes", c.got.Len())
	}
}

// A failed write ends the queue, and is told once.
func TestQueueWriteError(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 2)
	q := &queue{nc: &tap{err: io.ErrClosedPipe}, failed: func(err error) { failed <- err }}
	q.put([]byte("x"))
	if err := <-failed; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	q.wait()
	q.put([]byte("y"))
	q.wait()
	if len(failed) != 0 || q.waiting != nil {
		t.Error("the queue lives on")
	}
}

// finish lets what waits go out and takes nothing more; discard throws it away.
func TestQueueFinishAndDiscard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(*queue)
		want string
	}{
		"finish":  {func(q *queue) { q.finish(time.Second) }, "ab"},
		"discard": {(*queue).discard, "a"},
	} {
		c := &tap{entered: make(chan struct{}, 9), gate: make(chan struct{})}
		q := &queue{nc: c}
		q.put([]byte("a"))
		<-c.entered // a is in flight
		q.put([]byte("b"))
		tt.end(q)
		q.put([]byte("c"))
		close(c.gate)
		q.wait()
		if got := c.got.String(); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
