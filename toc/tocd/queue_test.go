package tocd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tocbridge/toc"
)

// gate is a connection whose writes wait until they are let through.
type gate struct {
	net.Conn // nil: only what is used
	mu       sync.Mutex
	writes   [][]byte
	open     chan struct{} // one token lets one write through; closed: all
	gone     chan struct{}
	once     sync.Once
}

func newGate() *gate { return &gate{open: make(chan struct{}, 100), gone: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	select {
	case <-g.open:
	case <-g.gone:
		return 0, net.ErrClosed
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes = append(g.writes, bytes.Clone(p))
	return len(p), nil
}

func (g *gate) Close() error                     { g.once.Do(func() { close(g.gone) }); return nil }
func (g *gate) SetWriteDeadline(time.Time) error { return nil }
func (g *gate) SetReadDeadline(time.Time) error  { return nil }

func (g *gate) closed() bool {
	select {
	case <-g.gone:
		return true
	default:
		return false
	}
}

// TestOneWriteTakesAll that waits.
func TestOneWriteTakesAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		g := newGate()
		q := queue{nc: g, wg: &wg}
		q.line([]byte("first"))
		q.kick()
		synctest.Wait() // the writer is in Write
		for range 99 {
			q.line([]byte("more"))
			q.kick()
		}
		g.open <- struct{}{}
		g.open <- struct{}{}
		wg.Wait()
		if len(g.writes) != 2 || len(g.writes[0]) != 11 || len(g.writes[1]) != 99*10 {
			t.Fatalf("%d writes", len(g.writes))
		}
		frames := toc.NewFrameReader(bytes.NewReader(bytes.Join(g.writes, nil)))
		for i := range 100 {
			f, err := frames.Next()
			if err != nil || f.Seq != uint16(i) || f.Type != toc.FrameData {
				t.Fatalf("frame %d: %+v, %v", i, f, err)
			}
		}
	})
}

func TestSequenceWraps(t *testing.T) {
	t.Parallel()
	q := queue{nc: newGate(), wg: new(sync.WaitGroup), seq: 65535}
	q.frame(toc.FrameKeepAlive, "")
	q.frame(toc.FrameKeepAlive, "")
	if got := *q.buf; got[2] != 0xff || got[3] != 0xff || got[8] != 0 || got[9] != 0 {
		t.Errorf("% x", got)
	}
}

// TestQueueBound: who does not read is cut off when a mebibyte waits.
func TestQueueBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		g := newGate()
		q := queue{nc: g, wg: &wg}
		line := bytes.Repeat([]byte("x"), 1018) // a kibibyte with its header
		for i := range 1024 {
			q.line(line)
			q.kick()
			if g.closed() {
				t.Fatalf("closed after %d KiB", i+1)
			}
			if i == 0 {
				synctest.Wait() // the first is being written
			}
		}
		q.line(line)
		if g.closed() {
			t.Fatal("closed at exactly 1 MiB of waiting lines")
		}
		q.line(line)
		if !g.closed() {
			t.Error("not closed over 1 MiB")
		}
		q.line(line) // no more is taken, nothing panics
		wg.Wait()
		if q.buf != nil {
			t.Error("the lines are kept")
		}
	})
}

// TestTooLongForAFrame: such a message ends the connection, as on the live server.
func TestTooLongForAFrame(t *testing.T) {
	t.Parallel()
	g := newGate()
	q := queue{nc: g, wg: new(sync.WaitGroup)}
	q.line(make([]byte, 65535))
	if g.closed() {
		t.Error("closed for 65,535 bytes")
	}
	q.line(make([]byte, 65536))
	if !g.closed() {
		t.Error("65,536 bytes fit into a frame")
	}
}

func TestFinishWritesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		g := newGate()
		q := queue{nc: g, wg: &wg}
		q.line([]byte("last words"))
		q.finish()
		q.line([]byte("too late"))
		synctest.Wait()
		if g.closed() {
			t.Error("closed before the line was written")
		}
		close(g.open)
		wg.Wait()
		if !g.closed() || len(g.writes) != 1 || !strings.HasSuffix(string(g.writes[0]), "last words") {
			t.Errorf("closed %v, wrote %q", g.closed(), g.writes)
		}
		q.finish() // again does nothing
		q.cut()
	})
}

func TestFinishOfAnIdleQueue(t *testing.T) {
	t.Parallel()
	g := newGate()
	q := queue{nc: g, wg: new(sync.WaitGroup)}
	q.finish()
	if !g.closed() {
		t.Error("not closed")
	}
}

// halfCloser closes its write side only.
type halfCloser struct {
	*gate
	half bool
}

func (h *halfCloser) CloseWrite() error { h.half = true; return nil }

func TestFinishClosesTheWriteSide(t *testing.T) {
	t.Parallel()
	h := &halfCloser{gate: newGate()}
	q := queue{nc: h, wg: new(sync.WaitGroup)}
	q.finish()
	if !h.half || h.closed() {
		t.Errorf("write side closed %v, all closed %v", h.half, h.closed())
	}
}

// TestSlowReaderDelaysNobody, on a real network.
func TestSlowReaderDelaysNobody(t *testing.T) {
	t.Parallel()
	s, addr := serveTCP(t, Options{Accounts: people})
	bob := signOn(t, addr, toc.Login{Name: "bob", Password: "pwbob"})
	carol := signOn(t, addr, toc.Login{Name: "carol", Password: "pwcarol"})
	stuck, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	awaitStatus(t, carol, "carol", true)
	l := link{nc: stuck}
	l.hello()
	l.command(toc.NewSignOn(toc.Login2, "davejones", "pwdave", "TIC:x").Line())
	l.command("toc_init_done") // and never reads
	awaitStatus(t, bob, "davejones", true)

	text := strings.Repeat("x", 1900)
	for i := 0; s.Sessions("davejones") > 0; i++ {
		if i > 100_000 {
			t.Fatal("200 MB and still not cut off")
		}
		if err := bob.Send(toc.SendIM{To: "davejones", Text: text}, toc.SendIM{To: "carol", Text: "between"}); err != nil {
			t.Fatal(err)
		}
		if e, err := carol.Recv(); err != nil {
			t.Fatal(err)
		} else if _, ok := e.(toc.IMIn); !ok {
			t.Fatalf("carol got %q", e.Line())
		}
	}
	awaitStatus(t, bob, "davejones", false)
}

// awaitStatus asks until a name is there, or gone.
func awaitStatus(t testing.TB, c *toc.Client, name toc.ScreenName, online bool) {
	t.Helper()
	for range 10_000 {
		if err := c.Send(toc.GetStatus{Name: name}); err != nil {
			t.Fatal(err)
		}
		for answered := false; !answered; {
			e, err := c.Recv()
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case toc.BuddyUpdate:
				if online && e.Online {
					return
				}
				answered = true
			case toc.ServerError:
				if !online {
					return
				}
				answered = true
			}
		}
	}
	t.Fatalf("%s: online is never %v", name, online)
}

func TestReaderFrames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []toc.Frame
		for i := range rapid.IntRange(1, 30).Draw(t, "frames") {
			size := rapid.SampledFrom([]int{0, 1, 40, 500, 506, 507, 2049, 32762, 32763, 65535}).Draw(t, "size")
			f := toc.Frame{Type: toc.FrameType(i), Seq: uint16(i), Payload: bytes.Repeat([]byte{byte(i)}, size)}
			stream = f.Append(stream)
			want = append(want, f)
		}
		var src io.Reader = bytes.NewReader(stream)
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			src = iotest.OneByteReader(src)
		case 1:
			src = iotest.HalfReader(src)
		case 2:
			src = iotest.DataErrReader(src)
		}
		var r reader
		r.init(src)
		for i, w := range want {
			f, err := r.next()
			if err != nil || f.Type != w.Type || f.Seq != w.Seq || !bytes.Equal(f.Payload, w.Payload) {
				t.Fatalf("frame %d of %d bytes: %d bytes, %v", i, len(w.Payload), len(f.Payload), err)
			}
		}
		if _, err := r.next(); err != io.EOF {
			t.Fatalf("at the end: %v", err)
		}
		r.release()
	})
}

func TestReaderTorn(t *testing.T) {
	t.Parallel()
	whole := toc.Frame{Type: toc.FrameData, Payload: []byte("hello")}.Append(nil)
	for n := 1; n < len(whole); n++ {
		var r reader
		r.init(bytes.NewReader(whole[:n]))
		if _, err := r.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// TestReaderIsSmallAtRest: a big buffer is given back when little comes.
func TestReaderIsSmallAtRest(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	var r reader
	r.init(server)
	big := toc.Frame{Type: toc.FrameData, Payload: make([]byte, 60000)}.Append(nil)
	small := toc.Frame{Type: toc.FrameData, Payload: []byte("x")}.Append(nil)
	go func() {
		client.Write(big)
		for range 5 {
			client.Write(small)
		}
	}()
	for range 6 {
		if _, err := r.next(); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.buf) != smallBuf || r.big != nil {
		t.Errorf("holds %d bytes at rest", len(r.buf))
	}
}

// TestReaderBatches: when much waits, one read takes much.
func TestReaderBatches(t *testing.T) {
	t.Parallel()
	small := toc.Frame{Type: toc.FrameData, Payload: []byte("0123456789")}.Append(nil)
	src := &countReader{r: bytes.NewReader(bytes.Repeat(small, 10_000))}
	var r reader
	r.init(src)
	ready := 0
	for {
		if _, err := r.next(); err != nil {
			break
		}
		if r.ready() {
			ready++
		}
	}
	if src.n > 10 || ready < 9_980 {
		t.Errorf("%d reads for 160 kB, %d frames were ready", src.n, ready)
	}
}

type countReader struct {
	r io.Reader
	n int
}

func (c *countReader) Read(p []byte) (int, error) { c.n++; return c.r.Read(p) }
