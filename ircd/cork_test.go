package ircd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"tocbridge/toc/nowait"
)

// corked is a queue on one end of a TCP connection, under a cork.
func corked(t *testing.T) (q *queue, k *Cork, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	k = &Cork{}
	return &queue{nc: near, now: nowait.New(near), cork: k, timeout: time.Minute, failed: func(error) {}}, k, far
}

// state is what the queue does.
func (q *queue) state() (waiting, size int, running bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.size, q.running
}

// What is put while the cork is closed goes out when it is released, by whoever releases it.
func TestCorkHoldsBack(t *testing.T) {
	t.Parallel()
	q, k, far := corked(t)
	for round := range 3 {
		k.Hold()
		q.put([]byte("one "))
		q.put([]byte("two "))
		if waiting, size, running := q.state(); waiting != 1 || size != 8 || running {
			t.Fatalf("round %d: %d chunks, %d bytes, writer: %v", round, waiting, size, running)
		}
		k.Release()
		if waiting, size, running := q.state(); waiting != 0 || size != 0 || running {
			t.Fatalf("round %d, after the release: %d chunks, %d bytes, writer: %v", round, waiting, size, running)
		}
		q.put([]byte("three"))
		got := make([]byte, len("one two three"))
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "one two three" {
			t.Fatalf("round %d: %q, %v", round, got, err)
		}
		q.wait()
	}
}

// A client that does not read is left to a writer, and misses nothing when it reads on.
func TestCorkFullSocket(t *testing.T) {
	t.Parallel()
	q, k, far := corked(t)
	var want bytes.Buffer
	for i := 0; ; i++ {
		k.Hold()
		line := fmt.Appendf(nil, "line %d %s\r\n", i, bytes.Repeat([]byte("x"), 4000))
		want.Write(line)
		q.put(line)
		k.Release()
		if _, _, running := q.state(); running {
			break
		}
	}
	k.Hold()
	q.put([]byte("the last"))
	want.WriteString("the last")
	k.Release()
	done := make(chan error, 1)
	go func() {
		q.wait()
		done <- q.nc.Close()
	}()
	got, err := io.ReadAll(far)
	if err := errors.Join(err, <-done); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d bytes of %d: %v", len(got), want.Len(), err)
	}
	if _, size, _ := q.state(); size != 0 {
		t.Errorf("%d bytes are left", size)
	}
}

// Much at once is a writer's work.
func TestCorkMuch(t *testing.T) {
	t.Parallel()
	q, k, far := corked(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 4*chunkSize/16)
	k.Hold()
	q.put(want)
	k.Release()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v", err)
	}
	q.wait()
}

// A connection that closes says its last words without waiting for the cork.
func TestCorkFinish(t *testing.T) {
	t.Parallel()
	q, k, far := corked(t)
	k.Hold()
	q.put([]byte("ERROR :bye"))
	q.finish(time.Minute)
	q.wait()
	q.nc.Close()
	if got, err := io.ReadAll(far); err != nil || string(got) != "ERROR :bye" {
		t.Errorf("%q, %v", got, err)
	}
	k.Release()
}

// What is thrown away does not come back with the release.
func TestCorkDiscard(t *testing.T) {
	t.Parallel()
	q, k, far := corked(t)
	k.Hold()
	q.put([]byte("unheard"))
	q.discard()
	k.Release()
	q.nc.Close()
	if got, err := io.ReadAll(far); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
}

// A connection that is broken is the writer's to find out.
func TestCorkBroken(t *testing.T) {
	t.Parallel()
	q, k, _ := corked(t)
	failed := make(chan error, 1)
	q.failed = func(err error) { failed <- err }
	q.nc.Close()
	k.Hold()
	q.put([]byte("x"))
	k.Release()
	q.wait()
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
