package tocd

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocbridge/toc"
)

// serveTCP serves on a port of the kernel's choice until the test ends.
func serveTCP(t testing.TB, o Options) (*Server, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != ErrClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, ln.Addr().String()
}

// signOn signs a client on and asks to make it visible; awaitStatus of oneself
// waits until it is.
func signOn(t testing.TB, addr string, l toc.Login) *toc.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := toc.SignOn(ctx, addr, l)
	if err != nil {
		t.Fatalf("sign-on of %s: %v", l.Name, err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Send(toc.InitDone{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// runAhead is how far a sender runs ahead of its receiver: further than the
// server's patience with the receiver it must not.
const runAhead = 4096

// flood sends n IMs from one client to another, in batches, and waits until
// all are there.
func flood(from, to *toc.Client, name toc.ScreenName, n int) error {
	var got atomic.Int64
	more := make(chan struct{}, 1)
	failed := make(chan error, 1)
	go func() { failed <- receive(to, n, &got, more) }()
	batch := make([]toc.Command, 64)
	for i := range batch {
		batch[i] = toc.SendIM{To: name, Text: "a short message, as people write"}
	}
	for sent := 0; sent < n; {
		for sent-int(got.Load()) > runAhead {
			select {
			case <-more:
			case err := <-failed:
				return fmt.Errorf("after %d of %d: %w", got.Load(), n, err)
			}
		}
		k := min(len(batch), n-sent)
		if err := from.Send(batch[:k]...); err != nil {
			return err
		}
		sent += k
	}
	return <-failed
}

func receive(c *toc.Client, want int, got *atomic.Int64, more chan<- struct{}) error {
	var events []toc.Event
	var err error
	for got.Load() < int64(want) {
		if events, err = c.RecvBatch(events[:0]); err != nil {
			return err
		}
		n := 0
		for _, e := range events {
			if _, ok := e.(toc.IMIn); ok {
				n++
			}
		}
		got.Add(int64(n))
		select {
		case more <- struct{}{}:
		default:
		}
	}
	return nil
}

// BenchmarkIM moves short IMs from one user to another over TCP: the direct
// exchange that the bridge is measured against.
func BenchmarkIM(b *testing.B) {
	_, addr := serveTCP(b, Options{Accounts: map[string]string{"alice": "pwalice", "bob": "pwbob"}})
	alice := signOn(b, addr, toc.Login{Name: "alice", Password: "pwalice"})
	bob := signOn(b, addr, toc.Login{Name: "bob", Password: "pwbob"})
	awaitStatus(b, bob, "bob", true)
	b.ReportAllocs()
	b.ResetTimer()
	if err := flood(alice, bob, "bob", b.N); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "IMs/s")
}

// BenchmarkIMPairs does it for four pairs at once.
func BenchmarkIMPairs(b *testing.B) {
	const pairs = 4
	accounts := map[string]string{}
	for i := range 2 * pairs {
		accounts[fmt.Sprintf("user%d", i)] = "password"
	}
	_, addr := serveTCP(b, Options{Accounts: accounts})
	var clients []*toc.Client
	for i := range 2 * pairs {
		clients = append(clients, signOn(b, addr, toc.Login{Name: toc.ScreenName(fmt.Sprintf("user%d", i)), Password: "password"}))
	}
	for i, c := range clients {
		awaitStatus(b, c, toc.ScreenName(fmt.Sprintf("user%d", i)), true)
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range pairs {
		wg.Go(func() {
			to := toc.ScreenName(fmt.Sprintf("user%d", 2*i+1))
			if err := flood(clients[2*i], clients[2*i+1], to, b.N/pairs+1); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "IMs/s")
}

// BenchmarkIMLatency sends an IM there and one back, one at a time.
func BenchmarkIMLatency(b *testing.B) {
	_, addr := serveTCP(b, Options{Accounts: map[string]string{"alice": "pwalice"}})
	alice := signOn(b, addr, toc.Login{Name: "alice", Password: "pwalice"})
	for b.Loop() {
		if err := alice.Send(toc.SendIM{To: "alice", Text: "echo"}); err != nil {
			b.Fatal(err)
		}
		for {
			e, err := alice.Recv()
			if err != nil {
				b.Fatal(err)
			}
			if _, ok := e.(toc.IMIn); ok {
				break
			}
		}
	}
}

// crowd signs on n users over TCP who list twenty others each.
func crowd(t testing.TB, n int) (conns []net.Conn) {
	accounts := map[string]string{}
	for i := range n {
		accounts[fmt.Sprintf("user%d", i)] = "password"
	}
	s, addr := serveTCP(t, Options{Accounts: accounts})
	for i := range n {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		conns = append(conns, nc)
		g := toc.Group{Name: "Buddies"}
		for k := range 20 {
			g.Buddies = append(g.Buddies, toc.Buddy{Name: toc.ScreenName(fmt.Sprintf("user%d", (i+k*37+1)%n))})
		}
		l := link{nc: nc}
		l.hello()
		name := toc.ScreenName(fmt.Sprintf("user%d", i))
		l.command(toc.NewSignOn(toc.Login2, name, "password", "TIC:x").Line())
		l.command(toc.NewBuddies{Groups: []toc.Group{g}}.Line())
		l.command("toc_init_done")
	}
	for i, nc := range conns {
		drain(t, s, nc, fmt.Sprintf("user%d", i))
	}
	return conns
}

// drain reads all that a connection got up to a message of our own.
func drain(t testing.TB, s *Server, nc net.Conn, name string) {
	t.Helper()
	frames := toc.NewFrameReader(nc)
	nc.SetReadDeadline(time.Now().Add(20 * time.Second))
	for sent := false; ; {
		f, err := frames.Next()
		switch {
		case err != nil:
			t.Fatalf("%s: %v", name, err)
		case string(f.Payload) == "drained":
			return
		case !sent && string(f.Payload) == "SIGN_ON:TOC2.0":
			sent = true
			s.InjectRaw(toc.ScreenName(name), []byte("drained"))
		}
	}
}

// sessionMemory is what one idle session with twenty buddies costs, the
// client's end of the connection included, in KiB.
func sessionMemory(t testing.TB, n int) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := crowd(t, n)
	for range 4 { // a collection halves a stack at most
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(conns)
	used := after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse
	return float64(used) / float64(n) / 1024
}

func TestSessionMemory(t *testing.T) { // not parallel: it measures the process
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	if kib := sessionMemory(t, 1000); kib > 15 {
		t.Errorf("an idle session takes %.1f KiB, want at most 15", kib)
	}
}

// BenchmarkIdleSessions reports the memory of 5,000 idle sessions.
func BenchmarkIdleSessions(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(sessionMemory(b, 5000), "KiB/session")
	}
}

// BenchmarkSignOn signs on and off, with twenty buddies who are watching.
func BenchmarkSignOn(b *testing.B) {
	accounts := map[string]string{"zed": "password"}
	for i := range 20 {
		accounts[fmt.Sprintf("user%d", i)] = "password"
	}
	s, addr := serveTCP(b, Options{Accounts: accounts})
	for i := range 20 {
		name := toc.ScreenName(fmt.Sprintf("user%d", i))
		c := signOn(b, addr, toc.Login{Name: name, Password: "password"})
		if err := c.Send(toc.AddBuddies{Names: []toc.ScreenName{"zed"}}); err != nil {
			b.Fatal(err)
		}
		awaitStatus(b, c, name, true)
		go func() {
			for {
				if _, err := c.RecvBatch(nil); err != nil {
					return
				}
			}
		}()
	}
	for b.Loop() {
		c, err := toc.SignOn(context.Background(), addr, toc.Login{Name: "zed", Password: "password"})
		if err != nil {
			b.Fatal(err)
		}
		awaitStatus(b, c, "zed", true)
		s.Drop("zed")
		c.Close()
		for s.Sessions("zed") > 0 {
			runtime.Gosched()
		}
	}
}
