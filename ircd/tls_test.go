package ircd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// synctestWay is inBubble with another way in.
func synctestWay(t *testing.T, way ircd.Way, f func(t *testing.T, s *server, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		s := newServer(t, nil)
		s.serveWay(unixPipes{p}, way)
		f(t, s, p)
	})
}

// unixPipes are pipes that say they are unix sockets.
type unixPipes struct{ *pipes }

type unixPipe struct{ net.Conn }

func (unixPipe) RemoteAddr() net.Addr { return &net.UnixAddr{Name: "@", Net: "unix"} }

func (p unixPipes) Accept() (net.Conn, error) {
	nc, err := p.pipes.Accept()
	return unixPipe{nc}, err
}

func (s *server) dialTLS(cfg *tls.Config) *ircdtest.Client {
	s.t.Helper()
	nc := tls.Client(s.raw(), cfg)
	if cfg.ServerName == "" {
		cfg.ServerName = "localhost"
	}
	if err := nc.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	return ircdtest.New(s.t, nc)
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	s := startWay(t, way, nil)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := s.dialTLS(&tls.Config{RootCAs: p.pool(), MinVersion: version, MaxVersion: version})
		c.Register("alice")
		c.Send("PRIVMSG alice :x")
		c.ExpectNext(":alice!alice@127.0.0.1 PRIVMSG alice x")
		if got := s.lastCred(); !got.Secure || got.CertFP != "" {
			t.Errorf("got %+v", got)
		}
		c.Send("QUIT")
		c.ExpectNext("ERROR *")
		c.ExpectClosed()
	}
	old := tls.Client(s.raw(), &tls.Config{RootCAs: p.pool(), ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := old.Handshake(); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	s.untilClosed(ircd.ReasonHandshake, 1)
}

// What the reader does with deadlines leaves a TLS connection whole: the watch while the backend thinks, and PINGs.
func TestTLSDeadlines(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	client := &tls.Config{RootCAs: p.pool(), ServerName: "localhost", Time: time.Now}
	synctestWay(t, way, func(t *testing.T, s *server, pipes *pipes) {
		s.auth = func(ctx context.Context, _ ircd.Credentials) error { time.Sleep(20 * time.Second); return ctx.Err() }
		ours, theirs := net.Pipe()
		pipes.conns <- theirs
		c := ircdtest.New(t, tls.Client(ours, client))
		c.Send("PASS alice:x\r\nNICK alice\r\nUSER a 0 * :a")
		c.Send("PING early") // comes while the backend thinks
		time.Sleep(20 * time.Second)
		c.Expect("376 ...")
		c.ExpectNext("PONG irc.test early")
		for range 3 {
			time.Sleep(115 * time.Second)
			c.ExpectNext("PING irc.test")
			c.Send("PONG irc.test")
			c.Sync()
		}
		time.Sleep(115 * time.Second)
		c.ExpectNext("PING irc.test")
		time.Sleep(55 * time.Second)
		c.ExpectNext("ERROR :Ping timeout: 180 seconds")
		c.ExpectClosed()
	})
}

// The deadline of the handshakes' writes is gone after them, also where writes have no limit.
func TestHandshakeDeadlineEnds(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	client := &tls.Config{RootCAs: p.pool(), ServerName: "localhost", Time: time.Now}
	synctest.Test(t, func(t *testing.T) {
		pipes := newPipes()
		s := newServer(t, func(s *server) { s.Limits.Write = 0 })
		s.serveWay(pipes, way)
		ours, theirs := net.Pipe()
		pipes.conns <- theirs
		c := ircdtest.New(t, tls.Client(ours, client))
		c.Register("alice")
		time.Sleep(time.Minute)
		c.Sync()
	})
}

// Whoever talks plain text to a TLS port hears so in plain text, and a browser in HTTP.
func TestPlainTextOnTLSPort(t *testing.T) {
	t.Parallel()
	way, _ := tlsWay(t)
	s := startWay(t, way, nil)
	c := s.dial()
	c.Send("NICK alice")
	c.Send("USER a 0 * :a")
	c.ExpectNext("ERROR :This port takes TLS connections only: *")
	c.ExpectClosed()
	s.untilClosed(ircd.ReasonHandshake, 1)
	way.WebSocket = &ircd.WebSocket{}
	s = startWay(t, way, nil)
	nc := s.raw()
	if _, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(nc); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400 ") || !strings.Contains(string(got), "TLS") {
		t.Errorf("got %q, %v", got, err)
	}
	s.untilClosed(ircd.ReasonHandshake, 1)
}

// recording keeps what a handshake sends.
type recording struct {
	net.Conn
	sent bytes.Buffer
}

func (r *recording) Write(p []byte) (int, error) { r.sent.Write(p); return len(p), nil }

// clientHello is the beginning of a handshake.
func clientHello(t *testing.T) string {
	t.Helper()
	ours, theirs := net.Pipe()
	_ = theirs.Close()
	rec := &recording{Conn: ours}
	if err := tls.Client(rec, &tls.Config{ServerName: "localhost"}).Handshake(); err == nil {
		t.Fatal("no handshake without a server")
	}
	return rec.sent.String()
}

// A handshake that stops half-way costs the time to register and no more; one that hangs up, nothing.
func TestHalfTLSHandshake(t *testing.T) {
	t.Parallel()
	hello := clientHello(t)
	way, _ := tlsWay(t)
	synctestWay(t, way, func(t *testing.T, s *server, p *pipes) {
		for i, n := range []int{0, 1, 5, 6, 100, len(hello)} {
			ours, theirs := net.Pipe()
			p.conns <- theirs
			go func() { _, _ = io.Copy(io.Discard, ours) }() // the answer, which a pipe would wait with
			if _, err := io.WriteString(ours, hello[:n]); err != nil {
				t.Fatal(err)
			}
			time.Sleep(29 * time.Second)
			if st := s.Stats(); st.Conns != 1 || st.Unregistered != 1 {
				t.Errorf("%d bytes: %+v", n, st)
			}
			time.Sleep(2 * time.Second)
			if st := s.Stats(); st.Conns != 0 || st.Closed[ircd.ReasonRegister] != i+1 {
				t.Errorf("%d bytes: %+v", n, st)
			}
			_ = ours.Close()
		}
	})
	s := startWay(t, way, nil)
	for i, n := range []int{0, 1, 5, 6, 100} {
		nc := s.raw()
		if _, err := io.WriteString(nc, hello[:n]); err != nil {
			t.Fatal(err)
		}
		_ = nc.Close()
		s.untilClosed(ircd.ReasonEOF, i+1)
	}
	nc := s.raw()
	if _, err := io.WriteString(nc, hello[:20]+strings.Repeat("\xff", 5000)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, nc)
	s.untilClosed(ircd.ReasonHandshake, 1)
}

// Half handshakes are unregistered connections: their number is bounded, and shutdown does not wait for them.
func TestHalfHandshakesAreBoundedAndEnd(t *testing.T) {
	t.Parallel()
	withTLS, _ := tlsWay(t)
	for name, way := range map[string]ircd.Way{"TLS": withTLS, "WebSocket": {WebSocket: &ircd.WebSocket{}}, "PROXY": {Proxies: loopback}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startWay(t, way, func(s *server) { s.Limits.PerAddrUnregistered, s.Limits.Conns = 3, 3 })
			s.t = t
			var open []net.Conn
			for range 3 {
				open = append(open, s.raw())
			}
			refused := s.raw()
			s.untilClosed(ircd.ReasonLimit, 1)
			_ = refused.Close()
			ctx, cancel := context.WithTimeout(context.Background(), ircdtest.Timeout)
			defer cancel()
			if err := s.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			for _, nc := range open {
				if _, err := io.Copy(io.Discard, nc); err != nil && !isReset(err) {
					t.Error(err)
				}
			}
		})
	}
}

func isReset(err error) bool { return strings.Contains(err.Error(), "reset") }

// Too many connections are told so through TLS too.
func TestTurnedAwayThroughTLS(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	s := startWay(t, way, func(s *server) { s.Limits.PerAddr = 1 })
	s.dialTLS(&tls.Config{RootCAs: p.pool()}).Sync()
	c := s.dialTLS(&tls.Config{RootCAs: p.pool()})
	c.ExpectNext("ERROR :Too many connections from your address")
	c.ExpectClosed()
}

// A PROXY header comes before TLS.
func TestProxyThenTLS(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	way.Proxies = loopback
	s := startWay(t, way, nil)
	nc := s.raw()
	if _, err := io.WriteString(nc, "PROXY TCP4 192.0.2.1 127.0.0.1 1234 6697\r\n"); err != nil {
		t.Fatal(err)
	}
	tc := tls.Client(nc, &tls.Config{RootCAs: p.pool(), ServerName: "localhost"})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	ircdtest.New(t, tc).Register("alice")
	if got := s.lastCred(); got.RemoteAddr.String() != "192.0.2.1:1234" || !got.Secure {
		t.Errorf("got %+v", got)
	}
	direct := s.dial() // TLS without a header
	direct.SendRaw(clientHello(t))
	direct.ExpectClosed()
	s.untilClosed(ircd.ReasonHandshake, 1)
}

// logText collects a log.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), s)
}

// A new certificate is used from the next handshake on, a bad one never; connections that are there go on.
func TestCertificateChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := newPair(t, dir, "first.test")
	var log logText
	cert, err := ircd.LoadCertificate(first.cert, first.key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s := startWay(t, ircd.Way{TLS: cert.Config()}, nil)
	shown := func() string {
		t.Helper()
		nc := tls.Client(s.raw(), &tls.Config{InsecureSkipVerify: true})
		if err := nc.Handshake(); err != nil {
			t.Fatal(err)
		}
		return nc.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	want := func(name string, errors int) {
		t.Helper()
		for range 2 { // an error is logged once, not at every handshake
			if got := shown(); got != name {
				t.Errorf("%s is shown, want %s", got, name)
			}
		}
		if n := log.count("level=ERROR"); n != errors {
			t.Errorf("%d errors logged, want %d:\n%s", n, errors, &log.b)
		}
	}
	want("first.test", 0)
	open := s.dialTLS(&tls.Config{RootCAs: first.pool()})
	open.Register("alice")
	newPair(t, dir, "second.test")
	want("second.test", 0)
	write(t, first.cert, []byte("not a certificate"))
	want("second.test", 1)
	other := newPair(t, t.TempDir(), "other.test")
	text, err := os.ReadFile(other.cert)
	if err != nil {
		t.Fatal(err)
	}
	write(t, first.cert, text) // its key has not come yet
	want("second.test", 2)
	if text, err = os.ReadFile(other.key); err != nil {
		t.Fatal(err)
	}
	write(t, first.key, text)
	want("other.test", 2)
	if err := os.Remove(first.key); err != nil {
		t.Fatal(err)
	}
	want("other.test", 3)
	if err := cert.Reload(); err == nil { // SIGHUP
		t.Error("reloaded without a key")
	}
	want("other.test", 4)
	newPair(t, dir, "third.test")
	if err := cert.Reload(); err != nil {
		t.Error(err)
	}
	want("third.test", 4)
	open.Sync()
}

func TestLoadCertificate(t *testing.T) {
	t.Parallel()
	a, b := newPair(t, t.TempDir(), "a.test"), newPair(t, t.TempDir(), "b.test")
	for _, files := range [][2]string{{a.cert, b.key}, {a.cert, a.cert}, {a.key, a.key}, {"", a.key}, {a.cert, a.cert + ".none"}} {
		if _, err := ircd.LoadCertificate(files[0], files[1], nil); err == nil || !strings.Contains(err.Error(), "load certificate "+files[0]) {
			t.Errorf("%s with %s: %v", files[0], files[1], err)
		}
	}
}

// The policy of STS: the port in plain text, the duration with TLS, never as a capability, and only to those to whom a
// value means something.
func TestSTS(t *testing.T) {
	t.Parallel()
	way, p := tlsWay(t)
	policy := func(s *server) { s.STS = &ircd.STS{Port: 6697, Duration: 30 * 24 * time.Hour} }
	plain, secure := start(t, policy), startWay(t, way, policy)
	c, d := plain.dial(), secure.dialTLS(&tls.Config{RootCAs: p.pool()})
	for _, tt := range []struct {
		c    *ircdtest.Client
		want string
	}{{c, "sts=port=6697"}, {d, "sts=duration=2592000"}} {
		tt.c.Send("CAP LS")
		if m := tt.c.ExpectNext("CAP * LS *"); strings.Contains(m.Trailing(), "sts") {
			t.Errorf("without 302: %v", m)
		}
		tt.c.Send("CAP LS 302")
		if m := tt.c.ExpectNext("CAP * LS *"); !strings.HasSuffix(m.Trailing(), " "+tt.want) {
			t.Errorf("want %s: %v", tt.want, m)
		}
		tt.c.Send("CAP REQ sts")
		tt.c.ExpectNext("CAP * NAK sts")
		tt.c.Send("CAP LIST")
		if m := tt.c.ExpectNext("CAP * LIST *"); strings.Contains(m.Trailing(), "sts") {
			t.Errorf("in LIST: %v", m)
		}
	}
	web := startWay(t, ircd.Way{WebSocket: &ircd.WebSocket{}}, policy)
	unix := startUnix(t, policy)
	none := start(t, nil)
	for _, c := range []*ircdtest.Client{web.dialWS(wsOptions{}).Client, unix.dial(), none.dial()} {
		c.Send("CAP LS 302")
		if m := c.ExpectNext("CAP * LS *"); strings.Contains(m.Trailing(), "sts") {
			t.Errorf("a policy: %v", m)
		}
	}
	revoked := start(t, func(s *server) { s.STS = &ircd.STS{Port: 1} })
	e := revoked.dial()
	e.Send("CAP LS 302")
	if m := e.ExpectNext("CAP * LS *"); !strings.HasSuffix(m.Trailing(), " sts=port=1") {
		t.Errorf("%v", m)
	}
}
