package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc/tocd"
)

// webSocket is a WebSocket as a connection of lines: each message is one, without its end.
type webSocket struct {
	net.Conn // nil: ctx is its only deadline
	t        *testing.T
	ctx      context.Context
	ws       *websocket.Conn
	kind     websocket.MessageType
	rest     []byte
}

func (w *webSocket) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		kind, line, err := w.ws.Read(w.ctx)
		if err != nil {
			return 0, io.EOF
		}
		if kind != w.kind || strings.ContainsAny(string(line), "\r\n") {
			w.t.Errorf("a message of type %v: %q", kind, line)
		}
		w.rest = append(line, "\r\n"...)
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *webSocket) Write(p []byte) (int, error) {
	return len(p), w.ws.Write(w.ctx, w.kind, []byte(strings.TrimSuffix(string(p), "\r\n")))
}

func (w *webSocket) Close() error                     { return w.ws.CloseNow() }
func (w *webSocket) SetReadDeadline(time.Time) error  { return nil }
func (w *webSocket) SetWriteDeadline(time.Time) error { return nil }

// dialWeb connects as a page of that origin does, offering a subprotocol.
func dialWeb(t *testing.T, url, origin, protocol string) (*ircdtest.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*processTime)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
	})
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: http.Header{"Origin": {origin}}, Subprotocols: []string{protocol},
	})
	if err != nil {
		return nil, err
	}
	if got := ws.Subprotocol(); got != protocol {
		t.Errorf("subprotocol %q, asked for %q", got, protocol)
	}
	kind := websocket.MessageText
	if protocol == "binary.ircv3.net" {
		kind = websocket.MessageBinary
	}
	return ircdtest.New(t, &webSocket{t: t, ctx: ctx, ws: ws, kind: kind}), nil
}

// startWays runs the program with listeners of the named kinds and returns their addresses.
func startWays(t *testing.T, aim *aimServer, kinds ...string) (addr map[string]string, cert string) {
	t.Helper()
	cert, key := newCertificate(t, t.TempDir(), "localhost")
	text := "[irc]\nlisten = []\n"
	for _, kind := range kinds {
		text += fmt.Sprintf("listen_%s = '127.0.0.1:0'\n", kind)
	}
	text += fmt.Sprintf("[tls]\ncertificate = %q\nkey = %q\n[websocket]\norigins = 'https://chat.example.org'\n[toc]\nserver = %q\n", cert, key, aim.addr)
	p := start(t, "serve", "--config", writeFile(t, "c.toml", text))
	p.find("msg=bridging ")
	addr = make(map[string]string)
	for line := range strings.Lines(p.output.String()) {
		if _, rest, ok := strings.Cut(line, "msg=listening address="); ok {
			where, way, _ := strings.Cut(strings.TrimSpace(rest), " way=")
			addr[way] = where
		}
	}
	for _, kind := range kinds {
		if addr[kind] == "" {
			t.Fatalf("no %s among %v", kind, addr)
		}
	}
	return addr, cert
}

// Web clients, in both subprotocols, with TLS and without: from the login to a
// talk with each other. A page from elsewhere gets nothing.
func TestRealClientsWebSocket(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, twoAccounts())
	addr, _ := startWays(t, aim, "ws", "wss")
	const page = "https://chat.example.org"
	for room, url := range map[string]string{"#ws": "ws://" + addr["ws"], "#wss": "wss://" + addr["wss"]} {
		for _, origin := range []string{"https://evil.test", "http://chat.example.org", "null", "https://chat.example.org.evil.test"} {
			if _, err := dialWeb(t, url, origin, "text.ircv3.net"); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("%s from %s: %v", url, origin, err)
			}
		}
		alice, err := dialWeb(t, url, page, "text.ircv3.net")
		if err != nil {
			t.Fatal(err)
		}
		bob, err := dialWeb(t, url, page, "binary.ircv3.net")
		if err != nil {
			t.Fatal(err)
		}
		alice.Register("AliceSmith", ircdtest.SASL("Alice Smith", "pwalice"), ircdtest.Caps("message-tags", "server-time"))
		bob.Register("bob", ircdtest.SASL("bob", "pwbob"), ircdtest.Caps("echo-message"))
		alice.Send("WHOIS AliceSmith")
		alice.Expect("318 AliceSmith AliceSmith *")
		for _, c := range []*ircdtest.Client{alice, bob} {
			c.Send("JOIN %s", room)
			c.Expect("366 * " + room + " *")
		}
		alice.Expect(":bob!* JOIN " + room)
		alice.Send("PRIVMSG bob :Grüße 世界 🦜")
		bob.Expect(":AliceSmith!* PRIVMSG bob :Grüße 世界 🦜")
		bob.Send("PRIVMSG %s :from the web", room)
		bob.Expect(":bob!* PRIVMSG " + room + " :from the web")
		if m := alice.Expect(":bob!* PRIVMSG " + room + " :from the web"); m.Tags["time"] == "" || m.Tags["msgid"] == "" {
			t.Errorf("tags %v", m.Tags)
		}
		for _, c := range []*ircdtest.Client{alice, bob} {
			c.Send("QUIT :bye")
			c.Expect("ERROR :Quit: bye")
			c.ExpectClosed()
		}
	}
}

// openssl as the client: it checks our certificate, logs in with a password,
// binds its own certificate, and comes back with that alone.
func TestRealClientsOpenSSL(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, tocd.Options{Accounts: map[string]string{"Cool Guy": "secret"}})
	addr, ca := startWays(t, aim, "tls")
	cert, key := newCertificate(t, t.TempDir(), "coolguy")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := fmt.Sprintf("%x", sha256.Sum256(pair.Certificate[0]))
	verify := []string{"-CAfile", ca, "-verify_return_error", "-verify_hostname", "localhost"}
	own := append(verify, "-cert", cert, "-key", key)

	first := ircdtest.OpenSSL(t, addr["tls"], own...)
	first.Register("CoolGuy", ircdtest.SASL("Cool Guy", "secret"))
	first.Expect("366 CoolGuy &buddies *")
	first.Send("PRIVMSG &buddies :certfp add")
	first.Expect("PRIVMSG &buddies :*" + fingerprint + "*")
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		c := ircdtest.OpenSSL(t, addr["tls"], append(own, version)...)
		c.Send("CAP LS 302")
		offered := ""
		for m := c.Expect("CAP * LS ..."); ; m = c.ExpectNext("CAP * LS ...") {
			if offered += " " + m.Trailing(); len(m.Params) == 3 {
				break // the last line of the list
			}
		}
		if !strings.Contains(offered, "sasl=PLAIN,EXTERNAL") {
			t.Errorf("offered: %s", offered)
		}
		c.Send("CAP REQ sasl")
		c.Expect("CAP * ACK sasl")
		c.Send("AUTHENTICATE EXTERNAL")
		c.Expect("AUTHENTICATE +")
		c.Send("AUTHENTICATE +")
		c.ExpectNext("900 * CoolGuy!*@127.0.0.1 * :You are now logged in as *")
		c.ExpectNext("903 * *")
		c.Send("NICK CoolGuy\r\nUSER x 0 * :x\r\nCAP END")
		c.Expect("001 CoolGuy *")
		c.Send("WHOIS CoolGuy")
		c.Expect("671 CoolGuy CoolGuy *")
		c.Expect("276 CoolGuy CoolGuy :*" + fingerprint)
		c.Expect("318 CoolGuy CoolGuy *")
		c.Send("QUIT")
		c.Expect("ERROR :Client quit")
		c.ExpectClosed()
	}
	for name, args := range map[string][]string{"without a certificate": verify, "with another": func() []string {
		cert, key := newCertificate(t, t.TempDir(), "somebody")
		return append(verify, "-cert", cert, "-key", key)
	}()} {
		c := ircdtest.OpenSSL(t, addr["tls"], args...)
		c.Send("CAP REQ sasl")
		c.Expect("CAP * ACK sasl")
		c.Send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +")
		if m := c.Expect("904 * *"); len(m.Trailing()) < 20 {
			t.Errorf("%s: %v", name, m)
		}
	}
	if closed := ircdtest.OpenSSL(t, addr["tls"], "-tls1_1", "-cipher", "ALL:@SECLEVEL=0").ExpectClosed(); len(closed) != 0 {
		t.Errorf("TLS 1.1: %v", closed)
	}
	first.Sync()
}
