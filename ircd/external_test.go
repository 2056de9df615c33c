package ircd_test

import (
	"context"
	"crypto/tls"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// certBackend is a backend that knows whose certificates are whose.
type certBackend struct {
	*backend
	owners map[string]string // fingerprint to account

	mu   sync.Mutex
	told ircd.Credentials // by the last client
}

func (b *certBackend) Authenticate(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	b.mu.Lock()
	b.told = cred
	b.mu.Unlock()
	if cred.Mechanism == "EXTERNAL" {
		owner := b.owners[cred.CertFP]
		if owner == "" || cred.Account != "" && !ircd.EqualFold(owner, cred.Account) {
			return nil, ircd.Numeric(irc.ERR_PASSWDMISMATCH, "This certificate is not bound to that account")
		}
		cred.Account = owner
	}
	return b.backend.Authenticate(ctx, cred)
}

func (b *certBackend) last() ircd.Credentials {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.told
}

// startCerts is a TLS server where the certificate mine belongs to Cool Guy.
func startCerts(t *testing.T, tweak func(*server)) (s *server, b *certBackend, mine pair, client func(*pair) *tls.Config) {
	t.Helper()
	way, own := tlsWay(t)
	mine = newPair(t, t.TempDir(), "client.test")
	s = startWay(t, way, func(s *server) {
		b = &certBackend{backend: s.backend, owners: map[string]string{mine.fingerprint(): "Cool Guy"}}
		s.Server.Backend = b
		if tweak != nil {
			tweak(s)
		}
	})
	return s, b, mine, func(p *pair) *tls.Config {
		cfg := &tls.Config{RootCAs: own.pool()}
		if p != nil {
			cfg.Certificates = []tls.Certificate{p.load(t)}
		}
		return cfg
	}
}

// EXTERNAL is offered to whom it can help: a client that has shown a certificate.
func TestExternalOffered(t *testing.T) {
	t.Parallel()
	s, _, mine, client := startCerts(t, nil)
	for _, tt := range []struct {
		c    *ircdtest.Client
		want string
	}{
		{s.dialTLS(client(&mine)), "PLAIN,EXTERNAL"}, {s.dialTLS(client(nil)), "PLAIN"}, {start(t, nil).dial(), "PLAIN"},
	} {
		tt.c.Send("CAP LS")
		if m := tt.c.ExpectNext("CAP * LS *"); !strings.Contains(m.Trailing()+" ", " sasl ") {
			t.Errorf("%v", m)
		}
		tt.c.Send("CAP LS 302")
		if m := tt.c.ExpectNext("CAP * LS *"); !strings.Contains(m.Trailing()+" ", " sasl="+tt.want+" ") {
			t.Errorf("want %s: %v", tt.want, m)
		}
		tt.c.Send("AUTHENTICATE SCRAM-SHA-256")
		tt.c.ExpectNext("908 * " + tt.want + " *")
		tt.c.ExpectNext("904 * *")
		if tt.want == "PLAIN" {
			tt.c.Send("AUTHENTICATE EXTERNAL")
			tt.c.ExpectNext("908 * PLAIN *")
			tt.c.ExpectNext("904 * :*client certificate*")
		}
	}
}

func TestExternal(t *testing.T) {
	t.Parallel()
	s, b, mine, client := startCerts(t, func(s *server) { s.Limits.LoginFailures = 0 })
	const refused = "904 * :This certificate is not bound to that account"
	const malformed = "904 * :SASL authentication failed: malformed*"
	for _, tt := range []struct{ name, blob, account, device, fail string }{
		{"nobody named", "+", "", "", ""},
		{"named", b64("Cool Guy"), "Cool Guy", "", ""},
		{"another spelling", b64("cool guy"), "cool guy", "", ""},
		{"device", b64("Cool Guy@phone"), "Cool Guy", "phone", ""},
		{"somebody else", b64("bob"), "bob", "", refused},
		{"not base64", "!!!", "", "", malformed},
		{"NUL", b64("Cool Guy\x00"), "", "", malformed},
		{"line break", b64("Cool\nGuy"), "", "", malformed},
		{"bad UTF-8", b64("\xff"), "", "", malformed},
		{"blank", b64("   "), "", "", malformed},
		{"endless", b64(strings.Repeat("x", 100)), "", "", malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.dialTLS(client(&mine))
			c.Send("CAP REQ sasl")
			c.ExpectNext("CAP * ACK sasl")
			c.Send("AUTHENTICATE external")
			c.ExpectNext("AUTHENTICATE +")
			c.Send("AUTHENTICATE %s", tt.blob)
			if tt.fail != "" {
				c.ExpectNext(tt.fail)
				return
			}
			c.ExpectNext("900 * CoolGuy!*@127.0.0.1 * :You are now logged in as *")
			c.ExpectNext("903 * *")
			got := b.last()
			got.RemoteAddr = nil
			want := ircd.Credentials{Account: tt.account, Device: tt.device, Raw: got.Raw, Mechanism: "EXTERNAL", CertFP: mine.fingerprint(), Secure: true}
			if got != want {
				t.Errorf("got %+v", got)
			}
			c.Send("NICK x\r\nUSER x 0 * :x\r\nCAP END")
			c.Expect("001 CoolGuy *")
			c.Expect("376 ...")
			c.Send("AUTHENTICATE EXTERNAL")
			c.ExpectNext("907 ...")
		})
	}
	other := newPair(t, t.TempDir(), "other.test")
	c := s.dialTLS(client(&other))
	c.Send("AUTHENTICATE EXTERNAL")
	c.Send("AUTHENTICATE +")
	c.Expect(refused)
	c.Send("AUTHENTICATE EXTERNAL") // the rest of an exchange is not mixed up with the next
	c.ExpectNext("AUTHENTICATE +")
	c.Send("AUTHENTICATE *")
	c.ExpectNext("906 * *")
	c.Authenticate("bob", "pw")
	c.Expect("903 ...")
	if got := b.last(); got.CertFP != other.fingerprint() || got.Mechanism != "PLAIN" {
		t.Errorf("got %+v", got)
	}
}

// Whoever tries certificates is stopped like whoever tries passwords: one certificate's failures do not count for
// another's, those of the address do.
func TestExternalFailures(t *testing.T) {
	t.Parallel()
	s, b, mine, client := startCerts(t, func(s *server) { s.Limits.LoginFailures = 3 })
	other := newPair(t, t.TempDir(), "other.test")
	for range 3 {
		c := s.dialTLS(client(&other))
		c.Send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +")
		c.Expect("904 * :This certificate is not bound*")
	}
	c := s.dialTLS(client(&mine))
	c.Send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +")
	c.Expect("904 * :Too many failed logins*")
	if got := b.last(); got.CertFP != other.fingerprint() {
		t.Errorf("the backend was asked: %+v", got)
	}
	path := filepath.Join(t.TempDir(), "irc.sock") // where nobody has an address
	ln, err := ircd.Listen(t.Context(), "unix:"+path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	way, own := tlsWay(t)
	u := newServer(t, func(u *server) {
		u.Server.Backend = &certBackend{backend: u.backend, owners: b.owners}
		u.Limits.LoginFailures = 3
	})
	u.serveWay(ln, way)
	try := func(p pair, want string) {
		t.Helper()
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c := ircdtest.New(t, tls.Client(nc, &tls.Config{RootCAs: own.pool(), ServerName: "localhost", Certificates: []tls.Certificate{p.load(t)}}))
		c.Send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +")
		c.ExpectNext("AUTHENTICATE +")
		c.ExpectNext(want)
	}
	for range 3 {
		try(other, "904 * :This certificate is not bound*")
	}
	try(other, "904 * :Too many failed logins*")
	try(mine, "900 * CoolGuy!*@localhost CoolGuy *")
}

// A certificate alone logs nobody in, but the backend hears of it, and so does WHOIS.
func TestCertFP(t *testing.T) {
	t.Parallel()
	s, b, mine, client := startCerts(t, func(s *server) {
		s.hook = func(c *ircd.Conn) {
			c.SendWhois(ircd.Whois{Member: ircd.Member{Nick: c.Nick(), User: "u", Host: "h", Realname: "r"}, Secure: c.Secure(), CertFP: c.CertFP()})
		}
	})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := client(&mine)
		cfg.MaxVersion, cfg.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
		cfg.ServerName = "localhost"
		for range 2 { // the second time resumed
			nc := tls.Client(s.raw(), cfg)
			c := ircdtest.New(t, nc)
			c.Register("alice", ircdtest.Pass("alice:pw"))
			if got := b.last(); got.CertFP != mine.fingerprint() || got.Mechanism != "PASS" {
				t.Errorf("got %+v", got)
			}
			c.Send("HOOK")
			c.Expect("671 alice alice *")
			c.ExpectNext("276 alice alice :has client certificate fingerprint " + mine.fingerprint())
			c.ExpectNext("318 ...")
			c.Close()
		}
	}
	c := s.dialTLS(client(nil))
	c.Register("bob")
	c.Send("HOOK")
	c.Expect("671 bob bob *")
	c.ExpectNext("318 ...")
	if got := b.last(); got.CertFP != "" {
		t.Errorf("got %+v", got)
	}
}

// OpenSSL checks our certificate, speaks both versions, logs in with its own certificate, and reads our goodbye.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	s, b, mine, _ := startCerts(t, nil)
	ca := newPair(t, t.TempDir(), "unused.test")
	own, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	writeCert(t, ca.cert, own.ConnectionState().PeerCertificates[0].Raw)
	_ = own.Close()
	check := []string{"-CAfile", ca.cert, "-verify_return_error", "-verify_hostname", "localhost"}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		c := ircdtest.OpenSSL(t, s.addr, append(check, version, "-cert", mine.cert, "-key", mine.key)...)
		c.Send("CAP LS 302")
		if m := c.ExpectNext("CAP * LS *"); !strings.Contains(m.Trailing(), "sasl=PLAIN,EXTERNAL") {
			t.Errorf("%v", m)
		}
		c.Send("CAP REQ sasl")
		c.ExpectNext("CAP * ACK sasl")
		c.Send("AUTHENTICATE EXTERNAL")
		c.ExpectNext("AUTHENTICATE +")
		c.Send("AUTHENTICATE +")
		c.ExpectNext("900 * CoolGuy!*@127.0.0.1 CoolGuy *")
		c.ExpectNext("903 * *")
		c.Send("NICK x\r\nUSER x 0 * :x\r\nCAP END")
		c.Expect("376 CoolGuy *")
		c.Send("SAY 200 %s", strings.Repeat("x", 300))
		for range 200 {
			c.ExpectNext("NOTICE CoolGuy *")
		}
		c.Send("QUIT :bye")
		c.ExpectNext("ERROR :Quit: bye")
		c.ExpectClosed()
		if got := b.last(); got.CertFP != mine.fingerprint() {
			t.Errorf("got %+v", got)
		}
	}
	before := s.Stats().Closed[ircd.ReasonHandshake]
	ircdtest.OpenSSL(t, s.addr, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0").ExpectClosed()
	s.untilClosed(ircd.ReasonHandshake, before+1)
}
