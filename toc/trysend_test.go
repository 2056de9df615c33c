package toc

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"tocbridge/toc/nowait"
)

// wired is a Client on one end of a TCP connection.
func wired(t *testing.T) (c *Client, far net.Conn) {
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
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	c = &Client{conn: near, now: nowait.New(near), login: Login{WriteTimeout: time.Minute}}
	t.Cleanup(func() {
		c.Close()
		far.Close()
	})
	return c, far
}

// expectFrames reads commands and wants them numbered without a gap.
func expectFrames(t *testing.T, r *FrameReader, from int, want ...string) {
	t.Helper()
	for i, line := range want {
		f, err := r.Next()
		if got := strings.TrimRight(string(f.Payload), "\x00"); err != nil || got != line || f.Seq != uint16(from+i) {
			t.Fatalf("frame %d is number %d, %.80q, %v; want %.80q", from+i, f.Seq, got, err, line)
		}
	}
}

func TestTrySend(t *testing.T) {
	t.Parallel()
	c, far := wired(t)
	r := NewFrameReader(far)
	if done, err := c.TrySend(InitDone{}, GetInfo{Name: "bob"}); !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	if err := c.Send(InitDone{}); err != nil {
		t.Fatal(err)
	}
	if done, err := c.TrySend(); !done || err != nil {
		t.Errorf("nothing: %v, %v", done, err)
	}
	expectFrames(t, r, 0, "toc_init_done", GetInfo{Name: "bob"}.Line(), "toc_init_done")
}

// What the network does not take waits for Send and goes first, whatever is tried meanwhile.
func TestTrySendFull(t *testing.T) {
	t.Parallel()
	c, far := wired(t)
	var want []string
	im := func() SendIM {
		cmd := SendIM{To: "bob", Text: fmt.Sprintf("%d %s", len(want), strings.Repeat("x", 1900))}
		want = append(want, cmd.Line())
		return cmd
	}
	for done := true; done; {
		var err error
		if done, err = c.TrySend(im(), im(), im()); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := c.TrySend(im()); done || err != nil {
		t.Fatalf("past what waits: %v, %v", done, err)
	}
	sent := make(chan error, 1)
	last := im()
	go func() { sent <- c.Send(last) }()
	expectFrames(t, NewFrameReader(far), 0, want...)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if done, err := c.TrySend(InitDone{}); !done || err != nil {
		t.Errorf("when all was read: %v, %v", done, err)
	}
}

// A Send of nothing writes what was left, and nothing else.
func TestSendOfNothing(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe() // cannot be tried
	c := &Client{conn: near, now: nowait.New(near), login: Login{WriteTimeout: time.Minute}}
	defer c.Close()
	defer far.Close()
	if err := c.Send(); err != nil {
		t.Error(err)
	}
	if done, err := c.TrySend(InitDone{}); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	sent := make(chan error, 1)
	go func() { sent <- c.Send() }()
	expectFrames(t, NewFrameReader(far), 0, "toc_init_done")
	if err := <-sent; err != nil || c.rest != nil {
		t.Errorf("%v, %d bytes are left", err, len(c.rest))
	}
}

// Of commands one of which is too long, none is sent.
func TestTrySendTooLong(t *testing.T) {
	t.Parallel()
	c, far := wired(t)
	long := SendIM{To: "bob", Text: strings.Repeat("x", MaxCommand)}
	if done, err := c.TrySend(InitDone{}, long); done || !errors.Is(err, ErrTooLong) {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := c.TrySend(GetInfo{Name: "bob"}); !done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	expectFrames(t, NewFrameReader(far), 0, GetInfo{Name: "bob"}.Line())
}

// The end of the connection shows in Send.
func TestTrySendClosed(t *testing.T) {
	t.Parallel()
	c, _ := wired(t)
	c.Close()
	if done, err := c.TrySend(InitDone{}); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	if err := c.Send(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A class that is kept does not keep its line, as long as it is one of those there are.
func TestKnownClass(t *testing.T) {
	for _, c := range []string{" U ", " UU", " O,", " OU", "A  ", " C", "   ", "xyz", "", "a very long one"} {
		if got := knownClass(c); string(got) != c {
			t.Errorf("%q is %q", c, got)
		}
	}
	line := strings.Repeat("x", 100) + " UU"
	if n := testing.AllocsPerRun(10, func() { knownClass(line[100:]) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
