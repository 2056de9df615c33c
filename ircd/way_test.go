package ircd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// pair is a certificate for 127.0.0.1 and its key, made for a test.
type pair struct {
	cert, key string // files
	der       []byte
}

func (p pair) fingerprint() string {
	sum := sha256.Sum256(p.der)
	return hex.EncodeToString(sum[:])
}

func (p pair) pool() *x509.CertPool {
	leaf, err := x509.ParseCertificate(p.der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool
}

func (p pair) load(t testing.TB) tls.Certificate {
	t.Helper()
	c, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newPair writes a self-signed certificate into dir.
func newPair(t testing.TB, dir, name string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour * 24 * 365 * 100),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), der}
	writeCert(t, p.cert, der)
	write(t, p.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return p
}

func writeCert(t testing.TB, path string, der []byte) {
	t.Helper()
	write(t, path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// write replaces a file as a careful program does, in one step.
func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// tlsWay is a way in with TLS and a certificate of its own.
func tlsWay(t testing.TB) (ircd.Way, pair) {
	t.Helper()
	p := newPair(t, t.TempDir(), "irc.test")
	c, err := ircd.LoadCertificate(p.cert, p.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ircd.Way{TLS: c.Config()}, p
}

// startWay is start with another way in.
func startWay(t testing.TB, way ircd.Way, tweak func(*server)) *server {
	t.Helper()
	s := newServer(t, tweak)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.serveWay(ln, way)
	return s
}

func (s *server) serveWay(ln net.Listener, way ircd.Way) {
	done := make(chan error, 1)
	go func() { done <- s.ServeWay(context.Background(), ln, way) }()
	s.t.Cleanup(func() { s.stop(done) })
}

// raw is a connection without IRC around it.
func (s *server) raw() net.Conn {
	s.t.Helper()
	nc, err := net.DialTimeout("tcp", s.addr, ircdtest.Timeout)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(ircdtest.Timeout))
	return nc
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// The client that the proxy names is the one that counts: in its prefix, for the backend and for the limits.
func TestProxy(t *testing.T) {
	t.Parallel()
	s := startWay(t, ircd.Way{Proxies: loopback}, func(s *server) { s.Limits.PerAddr = 2 })
	dial := func(header string) *ircdtest.Client {
		t.Helper()
		c := s.dial()
		c.SendRaw(header)
		return c
	}
	const header = "PROXY TCP4 192.0.2.1 127.0.0.1 1234 6667\r\n"
	a := dial(header)
	a.Register("alice")
	a.Send("PRIVMSG alice :x")
	a.ExpectNext(":alice!alice@192.0.2.1 PRIVMSG alice x")
	if got := s.lastCred(); got.RemoteAddr.String() != "192.0.2.1:1234" || got.Secure {
		t.Errorf("got %+v", got)
	}
	dial(header).Sync()
	third := dial(header)
	third.ExpectNext("ERROR :Too many connections from your address")
	third.ExpectClosed()
	b := dial("PROXY TCP4 192.0.2.2 127.0.0.1 1234 6667\r\n")
	b.Register("bob")
	b.Send("PRIVMSG bob :x")
	b.ExpectNext(":bob!bob@192.0.2.2 PRIVMSG bob x")
	a.Send("QUIT")
	a.ExpectClosed()
	dial(header).Sync()
	own := dial("PROXY UNKNOWN\r\n") // a health check: the proxy itself
	own.Register("proxy")
	if got := s.lastCred(); !strings.HasPrefix(got.RemoteAddr.String(), "127.0.0.1:") {
		t.Errorf("got %+v", got)
	}
	six := dial("PROXY TCP6 2001:db8::1 ::1 1 2\r\n")
	six.Register("six")
	six.Send("PRIVMSG six :x")
	six.ExpectNext(":six!six@2001:db8::1 PRIVMSG six x")
}

// What a proxy says of TLS is what its client is told, and its policy.
func TestProxySecure(t *testing.T) {
	t.Parallel()
	s := startWay(t, ircd.Way{Proxies: loopback}, func(s *server) { s.STS = &ircd.STS{Port: 6697, Duration: time.Hour} })
	signature := "\r\n\r\n\x00\r\nQUIT\n"
	addresses := "\xc0\x00\x02\x01\x7f\x00\x00\x01\x04\xd2\x1a\x0b"
	for header, want := range map[string]string{
		signature + "\x21\x11\x00\x14" + addresses + "\x20\x00\x05\x01\x00\x00\x00\x00": "duration=3600",
		signature + "\x21\x11\x00\x0c" + addresses:                                      "port=6697",
	} {
		c := s.dial()
		c.SendRaw(header)
		c.Send("CAP LS 302")
		if m := c.ExpectNext("CAP * LS *"); !strings.HasSuffix(m.Trailing(), " sts="+want) {
			t.Errorf("want %s: %v", want, m)
		}
		c.Send("NICK a\r\nUSER a 0 * :a\r\nCAP END")
		c.Expect("376 ...")
		if got := s.lastCred(); got.Secure != (want == "duration=3600") || got.RemoteAddr.String() != "192.0.2.1:1234" {
			t.Errorf("%+v", got)
		}
	}
}

// A header in pieces, with the first line of IRC right behind it.
func TestProxyHeaderInPieces(t *testing.T) {
	t.Parallel()
	s := startWay(t, ircd.Way{Proxies: loopback}, nil)
	const text = "PROXY TCP4 192.0.2.1 127.0.0.1 1234 6667\r\nNICK alice\r\nUSER a 0 * :a\r\n"
	for _, cut := range []int{1, 5, 6, 11, 12, 13, 30, 41, 42, 43, 50} {
		c := s.dial()
		c.SendRaw(text[:cut])
		other := s.dial() // a round trip elsewhere, so that the first piece is read alone
		other.SendRaw("PROXY UNKNOWN\r\n")
		other.Sync()
		other.Close()
		c.SendRaw(text[cut:])
		c.Expect("376 ...")
	}
}

// Whoever has to send a header and does not is told so and refused; nothing of what it says is run.
func TestProxyHeaderMissing(t *testing.T) {
	t.Parallel()
	s := startWay(t, ircd.Way{Proxies: loopback}, nil)
	for i, text := range []string{"NICK alice\r\nUSER a 0 * :a\r\n", "PASS x\r\n", "\r\n\r\nNICK", "CAP LS 302\r\n"} {
		c := s.dial()
		c.SendRaw(text)
		c.ExpectNext("ERROR :Proxy error: no PROXY header*")
		c.ExpectClosed()
		s.untilClosed(ircd.ReasonHandshake, i+1)
	}
	for i, junk := range []string{"PROXY TCP4 1 2 3 4\r\n", "PROXY TCP4 192.0.2.1 " + strings.Repeat("1", 200), "\r\n\r\n\x00\r\nQUIT\n\x51\x11\x00\x00"} {
		c := s.dial()
		c.SendRaw(junk + "NICK alice\r\nUSER a 0 * :a\r\n")
		if got := c.ExpectClosed(); len(got) != 0 {
			t.Errorf("%q was answered: %v", junk, got)
		}
		s.untilClosed(ircd.ReasonHandshake, i+5)
	}
	if n := s.asked(); n != 0 {
		t.Errorf("%d logins", n)
	}
}

// From elsewhere a header is a line like any other: unknown, and nobody is taken for somebody else.
func TestProxyHeaderFromStrangers(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]ircd.Way{
		"nobody listed": {}, "others listed": {Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, ProxyUnix: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startWay(t, way, nil)
			c := s.dial()
			c.Send("PROXY TCP4 192.0.2.1 127.0.0.1 1234 6667")
			c.ExpectNext("451 * *")
			c.Register("alice")
			if got := s.lastCred(); !strings.HasPrefix(got.RemoteAddr.String(), "127.0.0.1:") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A header that does not end costs no more than the time to register, one that ends in a closed connection nothing.
func TestProxyHeaderNeverComes(t *testing.T) {
	t.Parallel()
	synctestWay(t, ircd.Way{ProxyUnix: true}, func(t *testing.T, s *server, p *pipes) {
		for i, text := range []string{"", "PROXY TCP4 192.0.2.1 "} {
			c := p.dial(t)
			c.SendRaw(text)
			time.Sleep(31 * time.Second)
			c.ExpectClosed()
			if n := s.Stats().Closed[ircd.ReasonRegister]; n != i+1 {
				t.Errorf("%q: %v", text, s.Stats().Closed)
			}
		}
		c := p.dial(t)
		c.SendRaw("PROXY TCP4")
		c.Close()
		synctest.Wait()
		if n := s.Stats().Closed[ircd.ReasonEOF]; n != 1 {
			t.Errorf("%v", s.Stats().Closed)
		}
	})
}

// serverGoroutines counts the goroutines that the server, or the WebSocket library, has started.
func serverGoroutines() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for one := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(one, "created by tocbridge/ircd.") || strings.Contains(one, "created by github.com/coder/websocket") {
			n++
		}
	}
	return n
}

// An idle connection has one goroutine, behind TLS and a PROXY header as well; a WebSocket has its pump besides. This
// test is not parallel: it counts all goroutines there are.
func TestGoroutines(t *testing.T) {
	withTLS, p := tlsWay(t)
	for _, tt := range []struct {
		name string
		way  ircd.Way
		dial func(*server) *ircdtest.Client
		each int
	}{
		{"plain", ircd.Way{}, (*server).dial, 1},
		{"proxy", ircd.Way{Proxies: loopback}, func(s *server) *ircdtest.Client {
			c := s.dial()
			c.SendRaw("PROXY UNKNOWN\r\n")
			return c
		}, 1},
		{"tls", withTLS, func(s *server) *ircdtest.Client { return s.dialTLS(&tls.Config{RootCAs: p.pool()}) }, 1},
		{"websocket", ircd.Way{WebSocket: &ircd.WebSocket{}}, func(s *server) *ircdtest.Client { return s.dialWS(wsOptions{}).Client }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startWay(t, tt.way, nil)
			const n = 20
			for i := range n {
				c := tt.dial(s)
				c.Register(fmt.Sprintf("idle%d", i))
				c.Sync()
			}
			deadline := time.Now().Add(ircdtest.Timeout)
			for serverGoroutines() != n*tt.each { // writers end when nothing waits
				if time.Now().After(deadline) {
					t.Fatalf("%d goroutines for %d connections, want %d", serverGoroutines(), n, n*tt.each)
				}
				runtime.Gosched()
			}
		})
	}
}
