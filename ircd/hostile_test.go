package ircd_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// untilClosed waits until so many connections have ended for this reason, or one of these.
func (s *server) untilClosed(r ircd.Reason, n int, or ...ircd.Reason) {
	s.t.Helper()
	deadline := time.After(ircdtest.Timeout)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	closed := func() (sum int) {
		counts := s.Stats().Closed
		for _, reason := range append(or, r) {
			sum += counts[reason]
		}
		return sum
	}
	for closed() < n {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("want %d closed for %s, have %v", n, r, s.Stats().Closed)
		}
	}
}

// Trap 14: a client that does not read is dropped when its queue is full, at the bound and no later, with the reason
// sendq; another client of the same session gets everything and waits for nothing.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.SendQ, s.Limits.Rate = 256<<10, 0 })
	deaf := s.register("alice")
	if err := deaf.Conn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	good := s.register("alice")
	text := strings.Repeat("x", 400)
	const rounds, each = 400, 100 // 16 MB, more than any kernel keeps for the deaf one
	for range rounds {
		for i := range each {
			good.Send("PRIVMSG alice :%d %s", i, text)
		}
		for i := range each {
			good.ExpectNext(fmt.Sprintf("PRIVMSG alice :%d *", i))
		}
	}
	s.untilClosed(ircd.ReasonSendQ, 1)
	good.Sync()
}

// Two clients, one stalled, and 50,000 lines for both: what the server holds stays within SendQ and a small constant. Not
// parallel, so that nobody else's memory counts; how long the other waits is printed by the bridge's
// BenchmarkStalledClient.
func TestStalledClientMemory(t *testing.T) {
	const sendQ, small = 1 << 20, 2 << 20
	s := start(t, func(s *server) { s.Limits.SendQ, s.Limits.Rate = sendQ, 0 })
	stalled := s.register("alice")
	if err := stalled.Conn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	good := s.register("alice")
	out, in := good.Conn(), bufio.NewReader(good.Conn())
	before, most := heap(), int64(0)
	const rounds, each = 100, 500
	text := strings.Repeat("x", 300)
	for range rounds {
		lines := strings.Repeat("PRIVMSG alice :"+text+"\r\n", each)
		go func() { _, _ = io.WriteString(out, lines) }() // an error shows in the read
		_ = out.SetReadDeadline(time.Now().Add(2 * ircdtest.Timeout))
		for range each {
			if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, text) {
				t.Fatalf("%q, %v", line, err)
			}
		}
		most = max(most, heap()-before)
	}
	if most > sendQ+small {
		t.Errorf("%d KiB more at the most, SendQ is %d KiB", most>>10, sendQ>>10)
	}
	s.untilClosed(ircd.ReasonSendQ, 1)
}

// One connection's queue is bounded also against its own commands: it asks for more than it reads.
func TestOwnSendQ(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.SendQ = 4096 })
	c := s.register("alice")
	c.Send("SAY 1000 %s", strings.Repeat("x", 100))
	c.ExpectClosed()
	s.untilClosed(ircd.ReasonSendQ, 1)
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		limits ircd.Limits
		refuse string
		enough int
	}{
		{"all", ircd.Limits{Conns: 3}, "ERROR :This server is full*", 3},
		{"address", ircd.Limits{PerAddr: 3}, "ERROR :Too many connections from your address", 3},
		{"unregistered", ircd.Limits{PerAddrUnregistered: 2}, "ERROR :Too many connections from your address that have not logged in", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(s *server) { s.Limits = tt.limits })
			var open []*ircdtest.Client
			for i := range tt.enough {
				c := ircdtest.Dial(t, s.addr)
				c.Sync()
				if tt.name != "unregistered" {
					c.Register(fmt.Sprintf("n%d", i))
				}
				open = append(open, c)
			}
			c := ircdtest.Dial(t, s.addr)
			c.ExpectNext(tt.refuse)
			c.ExpectClosed()
			if n := s.Stats().Closed[ircd.ReasonLimit]; n != 1 {
				t.Errorf("%d refused", n)
			}
			open[0].Send("QUIT")
			open[0].ExpectClosed()
			ircdtest.Dial(t, s.addr).Sync()
		})
	}
}

// A browser, or a TLS client on the plain port, is hung up on without an answer and without its lines being run.
func TestNotIRC(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for i, raw := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.0\r\n\r\nNICK x\r\nUSER a 0 * :b\r\n", "OPTIONS * HTTP/1.1\r\n",
		"POST /" + strings.Repeat("x", 1000) + " HTTP/1.1\r\nNICK x\r\n", "PUT /" + strings.Repeat("x", 10000) + " HTTP/1.1\r\n", "BREW /pot HTTP/1.1\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		c := s.dial()
		c.SendRaw(raw)
		if got := c.ExpectClosed(); len(got) != 0 {
			t.Errorf("%q was answered: %v", raw, got)
		}
		s.untilClosed(ircd.ReasonProtocol, i+1)
	}
	c := s.register("alice") // later it is only text
	c.Send("GET / HTTP/1.1")
	c.ExpectNext("421 alice GET *")
}

// What was sent before the end counts: the text of a QUIT, and a message, though the socket closes right behind it.
// What comes behind a QUIT does not.
func TestLastWords(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	other := s.register("alice")
	for _, tt := range []struct{ send, said string }{
		{"PRIVMSG alice :one\r\n", "Connection closed"},
		{"PRIVMSG alice :one\r\nQUIT :so long\r\n", "so long"},
		{"PRIVMSG alice :one\r\nQUIT :so long\r\nPRIVMSG alice :two\r\n", "so long"},
		{"PRIVMSG alice :one\r\nQUIT\r\n", "Client quit"},
	} {
		c := s.register("alice")
		said := s.nextDetach()
		c.SendRaw(tt.send)
		c.Close()
		if got := <-said; got != tt.said {
			t.Errorf("%q: %q", tt.send, got)
		}
		other.ExpectNext("PRIVMSG alice one")
		other.ExpectNot("PRIVMSG ...")
	}
}

// A client that closes its sending half still gets what it asked for.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.register("alice")
	c.SendRaw("SAY 3 x\r\nPING y\r\n")
	if err := c.Conn().(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := c.ExpectClosed(); len(got) != 5 || got[3].Command != "PONG" || got[4].Command != "ERROR" {
		t.Errorf("got %v", got)
	}
}

// Junk at full speed, with every kind of line in it: the server lives, and serves others.
func TestJunk(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate, s.Limits.RecvQ = 0, 0 })
	good := s.register("alice")
	junk := make([]byte, 1<<20)
	for _, registered := range []bool{false, true} {
		c := s.dial()
		if registered {
			c.Register("bob")
		}
		go func() { // reads what comes, so that nothing stalls
			buf := make([]byte, 64<<10)
			for {
				if _, err := c.Conn().Read(buf); err != nil {
					return
				}
			}
		}()
		for range 8 {
			if _, err := rand.Read(junk); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Conn().Write(bytes.ReplaceAll(junk, []byte("\x16\x03"), []byte("xx"))); err != nil {
				break // cut off is fine
			}
		}
		good.Sync()
		c.Close()
	}
}

// NUL, CR, invalid UTF-8, emptiness and length in every parameter of every command of the table.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	evil := []string{"\x00", "\r", "\xff", "", ":", "*", "\x01", strings.Repeat("x", 400), "%s%n", "\u202e", "a b", "ÿ"}
	for _, registered := range []bool{false, true} {
		commands := []string{"PRIVMSG", "JOIN", "WHO", "NAMES"}
		for _, cmd := range new(ircd.Server).CommandList() {
			commands = append(commands, cmd.Name)
		}
		for _, cmd := range commands {
			if cmd == "QUIT" {
				continue
			}
			c := s.dial()
			if registered {
				c.Register("alice")
			}
			for n := range 4 {
				for _, e := range evil {
					params := []string{"a", "b", "c", "d"}
					params[n] = e
					c.Send("%s %s", cmd, strings.Join(params[:n+1], " "))
					c.Send("%s %s :%s", cmd, strings.Join(params[:n], " "), e)
				}
			}
			c.Send("CAP END")
			if cmd == "NICK" && registered {
				c.Send("NICK alice")
			}
			c.Sync()
			c.Close()
		}
	}
	if n := s.Stats().Closed[ircd.ReasonPanic]; n != 0 {
		t.Errorf("%d panics", n)
	}
}

func TestUnixSocketHasNoAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(s *server) { s.Limits.PerAddr = 1 })
	s.addr = filepath.Join(t.TempDir(), "irc.sock")
	ln, err := net.Listen("unix", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.serve(ln)
	s.register("alice")
	c := s.register("bob")
	c.Send("PRIVMSG bob x")
	c.ExpectNext(":bob!bob@localhost PRIVMSG bob x")
}

// Over TLS everything is the same, and Secure says so. The end is orderly: close_notify, not a reset.
func TestTLS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"irc.test"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, nil)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.serve(ln)
	nc, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c := ircdtest.New(t, nc)
	c.Register("alice", ircdtest.SASL("alice", "pw"))
	if !s.lastCred().Secure {
		t.Error("Secure is false")
	}
	c.Send("SAY 500 %s", strings.Repeat("x", 400))
	for range 500 {
		c.ExpectNext("NOTICE ...")
	}
	c.Send("QUIT")
	c.ExpectNext("ERROR ...")
	c.ExpectClosed()
}

// FuzzServer throws any bytes at a live server, registered and not. Whatever happens to that connection, there is no
// panic, what the server says parses, and the next client is served.
func FuzzServer(f *testing.F) {
	f.Add([]byte("NICK a\r\nUSER a 0 * :b\r\nJOIN #c\r\nQUIT\r\n"), false)
	f.Add([]byte("CAP LS 302\r\nCAP REQ :batch labeled-response message-tags\r\nCAP END\r\n@label=1 SAY 3 x\r\n"), true)
	f.Add([]byte("@a=b \r\n@ \r\n\x00\xff\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AGEAYg==\r\n"), false)
	f.Add([]byte("CAP REQ :labeled-response batch\r\n@label=x LATER\r\n@label=y PING z\r\nPANIC\r\n"), true)
	f.Add([]byte("WHO a %tcuihsnfdlaor,1\r\nWHOIS full\r\nNAMES #a 99\r\nHELP\r\nSTATS u\r\n"), true)
	f.Add([]byte("CAP REQ :batch draft/multiline message-tags\r\nBATCH +a draft/multiline #c\r\n@batch=a PRIVMSG #c x\r\n"+
		"@batch=a;draft/multiline-concat PRIVMSG #c y\r\nBATCH -a\r\nBATCH +b draft/multiline #c\r\n@batch=b PRIVMSG #c \xff\r\n"), true)
	f.Add([]byte("CAP REQ :draft/pre-away extended-monitor\r\nAWAY *\r\nNICK a\r\nUSER a 0 * :b\r\nCAP END\r\nMONITOR + a,b\r\nMONITOR S\r\nABOUT b\r\nMONITOR C\r\n"), false)
	s := start(f, func(s *server) {
		s.Limits.Rate, s.Limits.PerAddr, s.Limits.PerAddrUnregistered = 0, 0, 0
		s.hook = func(*ircd.Conn) {}
		s.tame = true
	})
	f.Fuzz(func(t *testing.T, input []byte, registered bool) {
		c := ircdtest.Dial(t, s.addr)
		if registered {
			c.Register("alice")
		}
		_ = c.Conn().SetDeadline(time.Now().Add(ircdtest.Timeout))
		if _, err := c.Conn().Write(append(input, "\r\nQUIT\r\n"...)); err == nil {
			_ = c.Conn().(*net.TCPConn).CloseWrite()
		}
		for _, m := range c.ExpectClosed() {
			if m.Command == "" || strings.ContainsAny(m.String(), "\r\n\x00") {
				t.Errorf("bad message %q", m)
			}
		}
		if n := s.Stats().Closed[ircd.ReasonPanic]; n != 0 {
			t.Fatalf("%d panics", n)
		}
	})
}
