package ircd

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"
)

const benchLine = "PRIVMSG CoolGuy :hi there, how are you today? This is a line of usual length."

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, line string }{
		{"plain", benchLine}, {"tags", "@label=abc;+typing=active;time=2026-11-22T19:30:00.000Z " + benchLine},
	} {
		line := []byte(bb.line)
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(line); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bb.name+"-irc.v4", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := irc.ParseMessage(bb.line); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchMessage() *Message {
	m := NewMessage(&irc.Prefix{Name: "alice", User: "alice", Host: "aim"}, "PRIVMSG", "CoolGuy", strings.TrimPrefix(benchLine, "PRIVMSG CoolGuy :"))
	m.Time, m.ID, m.Account = time.Unix(1e9, 0), "01abcdef", "alice"
	return m
}

func BenchmarkFormat(b *testing.B) {
	m := benchMessage()
	for _, bb := range []struct {
		name string
		caps Cap
	}{{"plain", 0}, {"tags", CapServerTime | CapMessageTags | CapAccountTag}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 1024)
			for b.Loop() {
				buf = m.append(buf[:0], "irc.test", bb.caps, reply{})
			}
		})
	}
	b.Run("plain-irc.v4", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = m.String()
		}
	})
}

// sink is a session that answers each message with itself.
type sink struct{ conns chan *Conn }

func (s sink) Authenticate(context.Context, Credentials) (Session, error) { return s, nil }
func (s sink) Nick() string                                               { return "alice" }
func (s sink) Attach(c *Conn)                                             { s.conns <- c }
func (s sink) Detach(*Conn)                                               {}
func (s sink) Handle(c *Conn, m *irc.Message) {
	c.Dispatch(m, func(m *irc.Message) error {
		c.Send(NewMessage(c.Prefix(), m.Command, m.Params...))
		return nil
	})
}

// benchConns is a server with n registered clients over loopback TCP, half of them with tags, whose output is counted.
func benchConns(b *testing.B, n int) (conns []*Conn, clients []net.Conn) {
	s := sink{make(chan *Conn)}
	srv := &Server{Backend: s, Limits: Limits{SendQ: 64 << 20}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(context.Background(), ln) }()
	for i := range n {
		nc, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		hello := "NICK alice\r\nUSER a 0 * :a\r\nPING sync\r\n"
		if i%2 == 1 {
			hello = "CAP REQ :server-time message-tags account-tag\r\nCAP END\r\n" + hello
		}
		if _, err := io.WriteString(nc, hello); err != nil {
			b.Fatal(err)
		}
		conns, clients = append(conns, <-s.conns), append(clients, nc)
		readUntil(b, nc, "PONG irc.local sync\r\n")
	}
	b.Cleanup(func() {
		for _, c := range clients {
			_ = c.Close()
		}
		if err := srv.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
		<-done
	})
	return conns, clients
}

func readUntil(b *testing.B, nc net.Conn, end string) {
	b.Helper()
	var got []byte
	buf := make([]byte, 64<<10)
	for !strings.HasSuffix(string(got), end) {
		n, err := nc.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		got = append(got, buf[:n]...)
		got = got[max(0, len(got)-len(end)):]
	}
}

// BenchmarkFanOut sends one message to ten clients; an operation is all ten deliveries, read by the clients.
func BenchmarkFanOut(b *testing.B) {
	conns, clients := benchConns(b, 10)
	read := make(chan struct{})
	for _, nc := range clients {
		go func() { readUntil(b, nc, "THE END\r\n"); read <- struct{}{} }()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		m := benchMessage()
		for _, c := range conns {
			c.Send(m)
		}
	}
	last := NewMessage(nil, "NOTICE", "alice", "THE END")
	for _, c := range conns {
		c.Send(last)
	}
	for range clients {
		<-read
	}
	b.ReportMetric(float64(b.N)*10/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkThrough is one message through the server and back, as many at once as the client likes.
func BenchmarkThrough(b *testing.B) {
	_, clients := benchConns(b, 1)
	read := make(chan struct{})
	go func() { readUntil(b, clients[0], "THE END\r\n"); close(read) }()
	batch := []byte(strings.Repeat(benchLine+"\r\n", 100))
	b.ReportAllocs()
	b.ResetTimer()
	for n := b.N; n > 0; n -= 100 {
		if _, err := clients[0].Write(batch[:min(n, 100)*(len(benchLine)+2)]); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := io.WriteString(clients[0], "NOTICE alice :THE END\r\n"); err != nil {
		b.Fatal(err)
	}
	<-read
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkRoundTrip is one message through and back with nothing else under way: latency.
func BenchmarkRoundTrip(b *testing.B) {
	_, clients := benchConns(b, 1)
	buf := make([]byte, 4096)
	line := []byte(benchLine + "\r\n")
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := clients[0].Write(line); err != nil {
			b.Fatal(err)
		}
		for {
			n, err := clients[0].Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			if buf[n-1] == '\n' {
				break
			}
		}
	}
}

// Not parallel: AllocsPerRun counts everybody's.
func TestAllocs(t *testing.T) {
	line, m, buf := []byte(benchLine), benchMessage(), make([]byte, 0, 1024)
	for name, tt := range map[string]struct {
		most float64
		f    func()
	}{
		"parse":  {3, func() { _, _ = parse(line) }},
		"format": {0, func() { buf = m.append(buf[:0], "irc.test", CapServerTime|CapMessageTags, reply{}) }},
		"cached": {0, func() { m.line("irc.test", CapServerTime) }},
		"fold":   {0, func() { Fold("already folded") }},
	} {
		if n := testing.AllocsPerRun(100, tt.f); n > tt.most {
			t.Errorf("%s: %v allocations, at most %v wanted", name, n, tt.most)
		}
	}
}

// Not parallel: it measures the whole process. An idle connection is to cost at most 10 KiB, the client's end in the
// same process included.
func TestIdleMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector needs memory of its own")
	}
	const n = 400
	s := sink{make(chan *Conn)}
	srv := &Server{Backend: s, Limits: Limits{SendQ: 1 << 20, RecvQ: 16 << 10, Ping: time.Minute, Pong: time.Minute}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(context.Background(), ln) }()
	before := memory()
	clients := make([]net.Conn, n)
	for i := range clients {
		if clients[i], err = net.Dial("tcp", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(clients[i], "NICK alice\r\nUSER a 0 * :a\r\n"); err != nil {
			t.Fatal(err)
		}
		<-s.conns
		readSome(t, clients[i], " 422 ")
	}
	each := (memory() - before) / n
	t.Logf("%d bytes each", each)
	if each > 10<<10 {
		t.Errorf("%d bytes for an idle connection", each)
	}
	for _, c := range clients {
		_ = c.Close()
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	<-done
}

func memory() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

func readSome(t *testing.T, nc net.Conn, want string) {
	t.Helper()
	buf := make([]byte, 4096)
	var got strings.Builder
	for !strings.Contains(got.String(), want) {
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(buf[:n])
	}
}
