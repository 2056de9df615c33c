package nowait

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connected is both ends of a connection through a listener.
func connected(t testing.TB, network, addr string) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial(network, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return a, b
}

func TestWriteArrives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ network, addr string }{{"tcp", "127.0.0.1:0"}, {"unix", filepath.Join(t.TempDir(), "s")}} {
		a, b := connected(t, c.network, c.addr)
		w := New(a)
		for _, text := range []string{"one ", "", "two"} {
			if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
				t.Errorf("%s: %d, %v", c.network, n, err)
			}
		}
		got := make([]byte, 7)
		if _, err := io.ReadFull(b, got); err != nil || string(got) != "one two" {
			t.Errorf("%s: %q, %v", c.network, got, err)
		}
	}
}

// What is not taken is told, and an ordinary write of it goes on where this one ended.
func TestFullSocket(t *testing.T) {
	t.Parallel()
	a, b := connected(t, "tcp", "127.0.0.1:0")
	w := New(a)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	n, err := w.Write(sent)
	if !errors.Is(err, syscall.EAGAIN) || n == 0 || n == len(sent) {
		t.Fatalf("%d of %d bytes, %v", n, len(sent), err)
	}
	if more, err := w.Write(sent[n:]); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("once more: %d, %v", more, err)
	} else {
		n += more
	}
	done := make(chan error, 1)
	go func() {
		_, err := a.Write(sent[n:])
		done <- err
		a.Close()
	}()
	got, err := io.ReadAll(b)
	if err := errors.Join(err, <-done); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d arrived: %v", len(got), len(sent), err)
	}
}

// A deadline that has passed stops this as it stops any write; setting another heals it.
func TestDeadline(t *testing.T) {
	t.Parallel()
	a, _ := connected(t, "tcp", "127.0.0.1:0")
	w := New(a)
	a.SetWriteDeadline(time.Unix(1, 0))
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("wrote after the deadline")
	}
	a.SetWriteDeadline(time.Time{})
	if n, err := w.Write([]byte("x")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestUnable(t *testing.T) {
	t.Parallel()
	p, q := net.Pipe()
	defer p.Close()
	defer q.Close()
	a, _ := connected(t, "tcp", "127.0.0.1:0")
	a.Close()
	var zero Writer
	for name, w := range map[string]*Writer{"pipe": New(p), "zero": &zero, "nil": nil} {
		if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, ErrUnable) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	if n, err := New(a).Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("closed: %d, %v", n, err)
	}
}

func TestWriteDoesNotAllocate(t *testing.T) {
	a, b := connected(t, "tcp", "127.0.0.1:0")
	go io.Copy(io.Discard, b)
	w, text := New(a), []byte("x")
	if n := testing.AllocsPerRun(100, func() { w.Write(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
