package bridge

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// benchWorld is tocd, a bridge and an IRC server on loopback TCP.
type benchWorld struct {
	b        *testing.B
	aim, irc string
}

func newBenchWorld(b *testing.B, names ...string) *benchWorld {
	b.Helper()
	return newBenchWorldWith(b, Options{}, names...)
}

// withStore are options with a database.
func withStore(b *testing.B) Options {
	b.Helper()
	s, err := store.Open(context.Background(), filepath.Join(b.TempDir(), "test.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return Options{Store: s}
}

func newBenchWorldWith(b *testing.B, o Options, names ...string) *benchWorld {
	b.Helper()
	aim := tocd.New(tocd.Options{Accounts: accounts(names...)})
	w := &benchWorld{b: b, aim: listenAndServe(b, aim.Serve)}
	o.Server = w.aim
	br := New(o)
	limits := ircd.DefaultLimits()
	limits.Rate, limits.Burst, limits.PerAddr, limits.PerAddrUnregistered = 0, 0, 0, 0
	srv := &ircd.Server{Name: "irc.test", Backend: br, ISupport: br.ISupport(), Limits: limits}
	w.irc = listenAndServe(b, srv.Serve)
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		srv.Shutdown(ctx)
		br.Shutdown(ctx)
		aim.Close()
	})
	return w
}

func listenAndServe(b *testing.B, serve func(context.Context, net.Listener) error) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(context.Background(), ln)
	}()
	b.Cleanup(func() { <-done })
	return ln.Addr().String()
}

// wire is a bare IRC client: no parsing, so that the measured time is the bridge's.
type wire struct {
	b    *testing.B
	nc   net.Conn
	r    *bufio.Reader
	last string
}

func (w *benchWorld) connect(nick string) *wire {
	nc, err := net.Dial("tcp", w.irc)
	if err != nil {
		w.b.Fatal(err)
	}
	w.b.Cleanup(func() { nc.Close() })
	c := &wire{b: w.b, nc: nc, r: bufio.NewReaderSize(nc, 64<<10)}
	c.send("PASS pw-" + nick + "\r\nNICK " + nick + "\r\nUSER u 0 * :r\r\n")
	c.until(" 366 ")
	return c
}

func (c *wire) send(s string) {
	if _, err := c.nc.Write([]byte(s)); err != nil {
		c.b.Fatal(err)
	}
}

// until reads lines up to one that contains want.
func (c *wire) until(want string) string {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			c.b.Fatalf("waiting for %q: %v after %q", want, err, c.last)
		}
		c.last = string(line)
		if strings.Contains(string(line), want) {
			return string(line)
		}
	}
}

// BenchmarkOneWay is one message from an IRC client through both hops to another, one at a time.
func BenchmarkOneWay(b *testing.B) {
	w := newBenchWorld(b, "alice", "bob")
	alice, bob := w.connect("alice"), w.connect("bob")
	alice.send("PRIVMSG bob :warm up\r\n")
	bob.until("warm up")
	for b.Loop() {
		alice.send("PRIVMSG bob :hello there\r\n")
		bob.until("hello there")
	}
}

// BenchmarkDirect is the same between two TOC clients: what the bridge is measured against.
func BenchmarkDirect(b *testing.B) {
	w := newBenchWorld(b, "alice", "bob")
	alice, bob := w.direct("alice"), w.direct("bob")
	im := toc.SendIM{To: "bob", Text: "hello there"}
	for b.Loop() {
		if err := alice.Send(im); err != nil {
			b.Fatal(err)
		}
		for {
			e, err := bob.Recv()
			if err != nil {
				b.Fatal(err)
			}
			if _, ok := e.(toc.IMIn); ok {
				break
			}
		}
	}
}

func (w *benchWorld) direct(name toc.ScreenName) *toc.Client {
	c, err := toc.SignOn(context.Background(), w.aim, toc.Login{Name: name, Password: "pw-" + string(name)})
	if err != nil {
		w.b.Fatal(err)
	}
	w.b.Cleanup(func() { c.Close() })
	c.Send(toc.InitDone{}, toc.GetInfo{Name: name})
	for {
		e, err := c.Recv()
		if err != nil {
			w.b.Fatal(err)
		}
		if _, ok := e.(toc.GotoURL); ok {
			return c
		}
	}
}

// BenchmarkFlood is messages a second from one IRC client to another, none lost.
func BenchmarkFlood(b *testing.B) { benchFlood(b, newBenchWorld(b, "alice", "bob")) }

// BenchmarkFloodStored is the same with a database, in which each message is kept twice.
func BenchmarkFloodStored(b *testing.B) {
	benchFlood(b, newBenchWorldWith(b, withStore(b), "alice", "bob"))
}

func benchFlood(b *testing.B, w *benchWorld) {
	alice, bob := w.connect("alice"), w.connect("bob")
	alice.send("PRIVMSG bob :warm up\r\n")
	bob.until("warm up")
	b.ResetTimer()
	go func() {
		out := bufio.NewWriterSize(alice.nc, 16<<10)
		for i := range b.N {
			fmt.Fprintf(out, "PRIVMSG bob :%d\r\n", i)
		}
		out.Flush()
	}()
	for i := range b.N {
		if line := bob.until("PRIVMSG bob"); !strings.HasSuffix(line, fmt.Sprintf(":%d\r\n", i)) {
			b.Fatalf("message %d is %q", i, line)
		}
	}
}

// BenchmarkStalledClient is a burst of 50,000 lines to two clients of one account, one of which does not read: how long
// the other waits at worst between two lines, and what the process holds at most.
func BenchmarkStalledClient(b *testing.B) {
	const lines = 50_000
	for b.Loop() {
		w := newBenchWorld(b, "alice", "bob")
		alice, bob := w.connect("alice"), w.connect("bob")
		stalled := w.connect("bob")
		stalled.nc.(*net.TCPConn).SetReadBuffer(4096)
		alice.send("PRIVMSG bob :warm up\r\n")
		bob.until("warm up")
		go func() {
			out := bufio.NewWriterSize(alice.nc, 16<<10)
			for i := range lines {
				fmt.Fprintf(out, "PRIVMSG bob :line %d\r\n", i)
			}
			out.Flush()
		}()
		var worst time.Duration
		var peak, heap runtime.MemStats
		last := time.Now()
		for i := range lines {
			bob.until("PRIVMSG bob")
			now := time.Now()
			worst, last = max(worst, now.Sub(last)), now
			if i%10_000 == 0 {
				if runtime.ReadMemStats(&heap); heap.HeapInuse > peak.HeapInuse {
					peak = heap
				}
				last = time.Now()
			}
		}
		b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst-wait")
		b.ReportMetric(float64(peak.HeapInuse)/(1<<20), "MiB-heap")
		b.ReportMetric(0, "ns/op")
	}
}
