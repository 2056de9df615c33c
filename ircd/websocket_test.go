package ircd_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// wsOptions are how a test's WebSocket is dialled.
type wsOptions struct {
	protocols []string
	origin    string
	header    http.Header
	tls       *tls.Config
}

// wsClient is a scripted IRC client in a WebSocket: what it sends in one write is one message, and so is each line it
// gets.
type wsClient struct {
	*ircdtest.Client
	ws *wsStream
}

// wsStream makes lines of messages, and wants them to be what the specification says.
type wsStream struct {
	net.Conn // nil: there are no deadlines but ctx's
	t        testing.TB
	ws       *websocket.Conn
	ctx      context.Context
	kind     websocket.MessageType
	line     []byte
	closed   error
}

func (w *wsStream) Read(p []byte) (int, error) {
	if len(w.line) == 0 {
		kind, line, err := w.ws.Read(w.ctx)
		if err != nil {
			w.closed = err
			return 0, io.EOF
		}
		if kind != w.kind || len(line) == 0 || strings.ContainsAny(string(line), "\r\n") {
			w.t.Errorf("a message of type %v: %q", kind, line)
		}
		w.line = append(line, "\r\n"...)
	}
	n := copy(p, w.line)
	w.line = w.line[n:]
	return n, nil
}

func (w *wsStream) Write(p []byte) (int, error) {
	line := strings.TrimSuffix(string(p), "\r\n")
	return len(p), w.ws.Write(w.ctx, w.kind, []byte(line))
}

func (w *wsStream) Close() error                     { return w.ws.CloseNow() }
func (w *wsStream) SetReadDeadline(time.Time) error  { return nil }
func (w *wsStream) SetWriteDeadline(time.Time) error { return nil }

func (s *server) tryWS(o wsOptions) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ircdtest.Timeout)
	defer cancel()
	scheme := "ws://"
	transport := &http.Transport{TLSClientConfig: o.tls}
	if o.tls != nil {
		scheme = "wss://"
	}
	defer transport.CloseIdleConnections()
	header := o.header
	if o.origin != "" {
		header = http.Header{"Origin": {o.origin}}
	}
	return websocket.Dial(ctx, scheme+s.addr+"/", &websocket.DialOptions{
		Subprotocols: o.protocols, HTTPHeader: header, HTTPClient: &http.Client{Transport: transport},
	})
}

func (s *server) dialWS(o wsOptions) *wsClient {
	s.t.Helper()
	ws, _, err := s.tryWS(o)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), ircdtest.Timeout)
	s.t.Cleanup(cancel)
	st := &wsStream{t: s.t, ws: ws, ctx: ctx, kind: websocket.MessageText}
	if ws.Subprotocol() == "binary.ircv3.net" {
		st.kind = websocket.MessageBinary
	}
	return &wsClient{ircdtest.New(s.t, st), st}
}

// expectCode wants the connection to end with a close frame of this code, and returns what came before.
func (c *wsClient) expectCode(code websocket.StatusCode) []string {
	c.ws.t.Helper()
	var before []string
	for _, m := range c.ExpectClosed() {
		before = append(before, m.String())
	}
	if got := websocket.CloseStatus(c.ws.closed); got != code {
		c.ws.t.Errorf("closed with %v (%v), want %v; before that: %q", got, c.ws.closed, code, before)
	}
	return before
}

func startWS(t testing.TB, tweak func(*server), origins ...string) *server {
	t.Helper()
	return startWay(t, ircd.Way{WebSocket: &ircd.WebSocket{Origins: origins}}, tweak)
}

// The client's order of preference counts; what nobody knows is not agreed on; without one it is text.
func TestWebSocketSubprotocols(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	for _, tt := range []struct {
		ask  []string
		want string
	}{
		{nil, ""}, {[]string{"text.ircv3.net"}, "text.ircv3.net"}, {[]string{"binary.ircv3.net"}, "binary.ircv3.net"},
		{[]string{"binary.ircv3.net", "text.ircv3.net"}, "binary.ircv3.net"}, {[]string{"text.ircv3.net", "binary.ircv3.net"}, "text.ircv3.net"},
		{[]string{"mqtt", "binary.ircv3.net"}, "binary.ircv3.net"}, {[]string{"mqtt"}, ""},
	} {
		t.Run(strings.Join(tt.ask, " "), func(t *testing.T) {
			c := s.dialWS(wsOptions{protocols: tt.ask})
			if got := c.ws.ws.Subprotocol(); got != tt.want {
				t.Errorf("agreed on %q, want %q", got, tt.want)
			}
			c.Register("alice", ircdtest.Caps("message-tags", "server-time"))
			c.Send("@+x=y PRIVMSG alice :héllo 世界 %s", strings.Repeat("x", 300))
			c.ExpectNext("@+x=y :alice!alice@127.0.0.1 PRIVMSG alice :héllo 世界 *")
			if got := s.lastCred(); got.Secure || !strings.HasPrefix(got.RemoteAddr.String(), "127.0.0.1:") {
				t.Errorf("got %+v", got)
			}
			c.Send("QUIT :bye")
			if got := c.expectCode(websocket.StatusNormalClosure); len(got) != 1 || !strings.HasSuffix(got[0], " ERROR :Quit: bye") {
				t.Errorf("before the end: %q", got)
			}
		})
	}
}

// Many lines, some across the bounds of what is written at once, come one by one, whole and in order.
func TestWebSocketBurst(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	c := s.dialWS(wsOptions{})
	c.Register("alice")
	for _, size := range []int{1, 37, 400} {
		text := strings.Repeat("x", size)
		c.Send("SAY 500 %s", text)
		for range 500 {
			c.ExpectNext("NOTICE alice " + text)
		}
	}
	c.Sync()
}

// One message is one line: a line break inside is refused, one at the end forgiven, nothing at all ignored.
func TestWebSocketOneMessageOneLine(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	c := s.dialWS(wsOptions{})
	c.Register("alice")
	send := func(message string) {
		t.Helper()
		if err := c.ws.ws.Write(c.ws.ctx, c.ws.kind, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	for _, message := range []string{"PRIVMSG alice :a\r\nPRIVMSG alice :b", "PRIVMSG alice :a\nPRIVMSG alice :b\r\n", "PRIVMSG alice :a\rb", "PRIVMSG alice :a\x00b"} {
		send(message)
		c.ExpectNext("400 alice * :Line refused: *")
	}
	for _, message := range []string{"PING x", "PING x\r\n", "PING x\n"} {
		send(message)
		c.ExpectNext("PONG irc.test x")
	}
	for _, message := range []string{"", "\r\n", "\n\n"} {
		send(message)
	}
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// RFC 6455 §8.1: text that is not UTF-8 fails the connection. In a binary message it is a line like any other that
// UTF8ONLY refuses.
func TestWebSocketUTF8(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	const bad = "PRIVMSG alice :\xe4h"
	b := s.dialWS(wsOptions{protocols: []string{"binary.ircv3.net"}})
	b.Register("bob")
	b.Send(bad)
	b.ExpectNext("FAIL PRIVMSG INVALID_UTF8 *")
	b.Sync()
	c := s.dialWS(wsOptions{})
	c.Register("alice")
	c.Send(bad)
	c.expectCode(websocket.StatusInvalidFramePayloadData)
	s.untilClosed(ircd.ReasonError, 1)
	d := s.dialWS(wsOptions{}) // without a subprotocol both kinds are taken
	if err := d.ws.ws.Write(d.ws.ctx, websocket.MessageBinary, []byte("PING x")); err != nil {
		t.Fatal(err)
	}
	d.ExpectNext("PONG irc.test x")
}

// The bounds are those of a line, tags and all; 417 and the next message is fine, up to RecvQ.
func TestWebSocketTooLong(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	c := s.dialWS(wsOptions{})
	c.Register("alice", ircdtest.Caps("message-tags"))
	fits := "PING :" + strings.Repeat("x", 510-6)
	c.Send("%s", fits)
	c.Expect("PONG ...")
	c.Send("@+x=%s %s", strings.Repeat("y", 4096-5), fits)
	c.ExpectNext("PONG ...")
	for _, n := range []int{505, 4000, 5000, 5111, 5112, 5120, 5121, 16000} {
		c.Send("PING :%s", strings.Repeat("x", n))
		c.ExpectNext("417 alice *")
		c.Sync()
	}
	c.Send("PING :%s", strings.Repeat("x", 20000))
	if got := c.expectCode(websocket.StatusMessageTooBig); len(got) != 1 || !strings.Contains(got[0], "RecvQ exceeded") {
		t.Errorf("before the end: %q", got)
	}
	s.untilClosed(ircd.ReasonRecvQ, 1)
	off := startWS(t, func(s *server) { s.Limits.RecvQ = 0 })
	e := off.dialWS(wsOptions{})
	e.Send("PING :%s", strings.Repeat("x", 1<<20))
	e.ExpectNext("417 * *")
	e.Sync()
	small := startWS(t, func(s *server) { s.Limits.RecvQ = 1000 })
	f := small.dialWS(wsOptions{})
	f.Send("PING :%s", strings.Repeat("x", 1000))
	f.expectCode(websocket.StatusMessageTooBig)
}

// A message may come in many frames, parted anywhere, with a ping between them.
func TestWebSocketFragments(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	c := s.dialWS(wsOptions{})
	c.Register("alice")
	const line = "PRIVMSG alice :é世x"
	for size := 1; size <= 8; size++ {
		w, err := c.ws.ws.Writer(c.ws.ctx, websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(line); i += size {
			if _, err := io.WriteString(w, line[i:min(i+size, len(line))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c.ExpectNext("PRIVMSG alice :é世x")
	}
	c.Send("SAY 3 x") // so that something comes for Ping's reader to wait with
	done := make(chan error, 1)
	go func() { done <- c.ws.ws.Ping(c.ws.ctx) }()
	for range 3 {
		c.ExpectNext("NOTICE ...")
	}
	c.Sync()
	c.Sync()
	if err := <-done; err != nil {
		t.Errorf("ping: %v", err)
	}
}

func TestWebSocketOrigins(t *testing.T) {
	t.Parallel()
	listed := startWS(t, nil, "https://chat.example.org", "https://*.example.net", "http://[::1]:8000")
	all, none := startWS(t, nil, "*"), startWS(t, nil)
	for _, tt := range []struct {
		s      *server
		origin string
		ok     bool
	}{
		{listed, "", true}, {none, "", true}, // no browser
		{listed, "https://chat.example.org", true}, {listed, "HTTPS://Chat.Example.org", true}, {listed, "https://a.b.example.net", true}, {listed, "http://[::1]:8000", true},
		{listed, "http://chat.example.org", false}, {listed, "https://chat.example.org:8443", false}, {listed, "https://chat.example.org.evil.test", false},
		{listed, "https://example.net", false}, {listed, "null", false}, {listed, "http://" + listed.addr, false},
		{none, "http://" + none.addr, false}, // DNS rebinding has the same host
		{all, "https://anything.test", true}, {all, "null", true},
	} {
		ws, r, err := tt.s.tryWS(wsOptions{origin: tt.origin})
		if tt.ok != (err == nil) {
			t.Errorf("%q: %v", tt.origin, err)
		}
		if err == nil {
			_ = ws.CloseNow()
		} else if r == nil || r.StatusCode != http.StatusForbidden {
			t.Errorf("%q: %v", tt.origin, r)
		}
	}
	two := http.Header{"Origin": {"https://chat.example.org", "https://evil.test"}}
	if _, _, err := listed.tryWS(wsOptions{header: two}); err == nil {
		t.Error("two origins, one of them listed")
	}
}

// What is not a WebSocket's request is answered in HTTP and ends.
func TestWebSocketNotOne(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	upgrade := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	for i, tt := range []struct{ send, want string }{
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 "},
		{strings.Replace(upgrade, "GET", "POST", 1) + "\r\n", "HTTP/1.1 405 "},
		{strings.Replace(upgrade, "13", "12", 1) + "\r\n", "HTTP/1.1 400 "},
		{upgrade + "\r\n", "HTTP/1.1 400 "}, // no key
		{upgrade + "Sec-WebSocket-Key: short\r\n\r\n", "HTTP/1.1 400 "},
		{strings.Replace(upgrade, "HTTP/1.1", "HTTP/1.0", 1) + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "HTTP/1.1 426 "},
		{"NICK alice\r\nUSER a 0 * :a\r\n", ""},
		{"\x16\x03\x01\x02\x00\x01\x00\n", ""},
		{upgrade + "Cookie: " + strings.Repeat("x", 20000) + "\r\n\r\n", ""},
		{upgrade + strings.Repeat("X: y\r\n", 5000) + "\r\n", ""},
	} {
		nc := s.raw()
		if _, err := io.WriteString(nc, tt.send); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(nc)
		if err != nil && !isReset(err) || !strings.HasPrefix(string(got), tt.want) || tt.want == "" && len(got) > 0 {
			t.Errorf("%.40q: got %q, %v", tt.send, got, err)
		}
		s.untilClosed(ircd.ReasonHandshake, i+1)
	}
	nc := s.raw() // cookies, as browsers have them, fit
	if _, err := io.WriteString(nc, upgrade+"Cookie: "+strings.Repeat("x", 8000)+"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 12)
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != "HTTP/1.1 101" {
		t.Errorf("got %q, %v", got, err)
	}
}

// A client that takes the port for one of plain IRC has its password in the first line: no log may have it.
func TestWebSocketLogsNoPassword(t *testing.T) {
	t.Parallel()
	var log logText
	s := startWS(t, func(s *server) {
		s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	c := s.dial()
	c.Send("PASS hunter2")
	c.Send("NICK alice")
	c.ExpectClosed()
	s.untilClosed(ircd.ReasonHandshake, 1)
	if log.count("not an HTTP request") != 1 || log.count("hunter2") != 0 {
		t.Errorf("the log has:\n%s", &log.b)
	}
}

// upgraded is a connection past the HTTP request, for frames that no library sends.
func (s *server) upgraded() net.Conn {
	s.t.Helper()
	nc := s.raw()
	upgrade(s.t, nc)
	return nc
}

func upgrade(t testing.TB, nc net.Conn) {
	t.Helper()
	_, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(got), "\r\n\r\n"); got = append(got, one...) {
		if _, err := nc.Read(one); err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if !strings.Contains(string(got), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") { // RFC 6455 §1.3
		t.Errorf("got %q", got)
	}
}

// frame is a masked frame (with a mask of zeros).
func frame(head byte, payload string) string {
	switch n := len(payload); {
	case n < 126:
		return string([]byte{head, 0x80 | byte(n), 0, 0, 0, 0}) + payload
	default:
		return string([]byte{head, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
	}
}

// Broken frames end their connection, and only that.
func TestWebSocketBrokenFrames(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	witness := s.dialWS(wsOptions{})
	witness.Register("witness")
	for name, bytes := range map[string]string{
		"not masked":                  "\x81\x04PING",
		"reserved bit":                frame(0xc1, "PING x"),
		"unknown opcode":              frame(0x83, "PING x"),
		"continues nothing":           frame(0x80, "PING x"),
		"text inside text":            frame(0x01, "PING") + frame(0x81, "PING x"),
		"fragmented ping":             frame(0x09, "x"),
		"long ping":                   frame(0x89, strings.Repeat("x", 126)),
		"negative length":             "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"9 exabytes":                  "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00" + strings.Repeat("x", 20000),
		"one byte of a close code":    frame(0x88, "\x03"),
		"a close code nobody may use": frame(0x88, "\x03\xed"),
		"many small frames":           frame(0x01, "x") + strings.Repeat(frame(0x00, "x"), 20000),
		"HTTP after all":              "GET / HTTP/1.1\r\n\r\n",
	} {
		nc := s.upgraded()
		if _, err := io.WriteString(nc, bytes); err != nil && !isReset(err) && !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := io.Copy(io.Discard, nc); err != nil && !isReset(err) {
			t.Errorf("%s: %v", name, err)
		}
		_ = nc.Close()
	}
	witness.Sync()
}

// A client that hangs up, in the middle of a frame or with a close frame, leaves nothing behind; what it sent before
// still counts.
func TestWebSocketEnds(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	other := s.dialWS(wsOptions{})
	other.Register("alice")
	for i, end := range []string{"", "\x81", frame(0x81, "PRIVMSG")[:10], frame(0x01, "PRIVMSG alice :no"), frame(0x88, "\x03\xe8"), frame(0x88, "")} {
		nc := s.upgraded()
		if _, err := io.WriteString(nc, frame(0x81, "NICK alice")+frame(0x81, "USER a 0 * :a")+frame(0x81, "PRIVMSG alice :last words")+end); err != nil {
			t.Fatal(err)
		}
		other.ExpectNext("PRIVMSG alice :last words")
		if !strings.HasPrefix(end, "\x88") {
			_ = nc.Close()
		} else if got, err := io.ReadAll(nc); err != nil || !strings.Contains(string(got), "\x88") {
			t.Errorf("a close frame was answered with %q, %v", got, err)
		}
		// Where we were just writing to who hung up, that fails first.
		s.untilClosed(ircd.ReasonEOF, i+1, ircd.ReasonWrite, ircd.ReasonError)
	}
	if got := other.Sync(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	c := s.dialWS(wsOptions{})
	c.Register("alice")
	if err := c.ws.ws.Close(websocket.StatusGoingAway, "tab closed"); err != nil {
		t.Errorf("close: %v", err)
	}
	s.untilClosed(ircd.ReasonEOF, 7, ircd.ReasonWrite, ircd.ReasonError)
}

func TestWebSocketShutdown(t *testing.T) {
	t.Parallel()
	s := startWS(t, nil)
	c, d := s.dialWS(wsOptions{}), s.upgraded() // d answers nothing
	c.Register("alice")
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), ircdtest.Timeout)
		defer cancel()
		done <- s.Shutdown(ctx)
	}()
	if got := c.expectCode(websocket.StatusGoingAway); len(got) != 1 || !strings.Contains(got[0], "shutting down") {
		t.Errorf("before the end: %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(d); err != nil || !strings.Contains(string(got), "\x88\x02\x03\xe9") {
		t.Errorf("got %q, %v", got, err)
	}
}

// Too many connections, and one that does not read.
func TestWebSocketLimits(t *testing.T) {
	t.Parallel()
	s := startWS(t, func(s *server) { s.Limits.PerAddr, s.Limits.SendQ = 2, 64<<10 })
	s.dialWS(wsOptions{}).Register("alice")
	deaf := s.upgraded()
	c := s.dialWS(wsOptions{})
	if got := c.expectCode(websocket.StatusTryAgainLater); len(got) != 1 || !strings.Contains(got[0], "Too many connections") {
		t.Errorf("before the end: %q", got)
	}
	if _, err := io.WriteString(deaf, frame(0x81, "NICK bob")+frame(0x81, "USER b 0 * :b")+frame(0x81, "SAY 100000 "+strings.Repeat("x", 400))); err != nil {
		t.Fatal(err)
	}
	s.untilClosed(ircd.ReasonSendQ, 1)
}

// In fake time: PINGs of IRC, their timeout, the time to register, half a request, a backend that thinks, and a client
// that does nothing but ping the WebSocket's way.
func TestWebSocketTimeouts(t *testing.T) {
	t.Parallel()
	synctestWay(t, ircd.Way{WebSocket: &ircd.WebSocket{}}, func(t *testing.T, s *server, p *pipes) {
		open := func() net.Conn {
			ours, theirs := net.Pipe()
			t.Cleanup(func() { _ = ours.Close() })
			p.conns <- theirs
			return ours
		}
		s.auth = func(ctx context.Context, _ ircd.Credentials) error { time.Sleep(20 * time.Second); return ctx.Err() }
		for i, part := range []string{"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"} {
			nc := open()
			if _, err := io.WriteString(nc, part); err != nil {
				t.Fatal(err)
			}
			time.Sleep(29 * time.Second)
			if st := s.Stats(); st.Conns != 1 {
				t.Errorf("%q: %+v", part, st)
			}
			time.Sleep(2 * time.Second)
			if st := s.Stats(); st.Conns != 0 || st.Closed[ircd.ReasonRegister] != i+1 {
				t.Errorf("%q: %+v", part, st)
			}
		}
		nc := open()
		upgrade(t, nc)
		r := framesOf(nc)
		send := func(lines ...string) {
			t.Helper()
			for _, l := range lines {
				if _, err := io.WriteString(nc, frame(0x81, l)); err != nil {
					t.Fatal(err)
				}
			}
		}
		send("NICK alice", "USER a 0 * :a", "PING early")
		r.expect(t, "376 alice", "PONG irc.test early")
		for range 3 {
			r.expect(t, "PING irc.test")
			send("PONG irc.test")
		}
		begin := time.Now()
		r.expect(t, "PING irc.test", "Ping timeout: 180 seconds")
		if d := time.Since(begin).Round(time.Second); d != 3*time.Minute {
			t.Errorf("after %v", d)
		}
		begin = time.Now()
		quiet := open()
		upgrade(t, quiet)
		framesOf(quiet).expect(t, "Registration timeout: 30 seconds")
		if d := time.Since(begin).Round(time.Second); d != 30*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// A client that sends nothing but pings is slowed down.
func TestWebSocketPingFlood(t *testing.T) {
	t.Parallel()
	synctestWay(t, ircd.Way{WebSocket: &ircd.WebSocket{}}, func(t *testing.T, s *server, p *pipes) {
		ours, theirs := net.Pipe()
		p.conns <- theirs
		upgrade(t, ours)
		r := framesOf(ours)
		begin := time.Now()
		go func() {
			for range 110 {
				if _, err := io.WriteString(ours, frame(0x89, "x")); err != nil {
					return
				}
			}
		}()
		for range 110 {
			r.expect(t, "\x8a\x01x")
		}
		if d := time.Since(begin).Round(time.Second); d != 10*time.Second {
			t.Errorf("110 pings in %v", d)
		}
		_ = ours.Close()
	})
}

// frames are what a server sends, with their heads.
type frames chan string

// framesOf reads frames until the end, which closes the channel.
func framesOf(nc net.Conn) frames {
	c := make(frames, 100)
	go func() {
		defer close(c)
		for {
			head := make([]byte, 2, 4)
			if _, err := io.ReadFull(nc, head); err != nil {
				return
			}
			n := int(head[1])
			if n == 126 {
				if _, err := io.ReadFull(nc, head[2:4]); err != nil {
					return
				}
				n = int(head[2:4][0])<<8 | int(head[2:4][1])
			}
			body := make([]byte, n)
			if _, err := io.ReadFull(nc, body); err != nil {
				return
			}
			c <- string(head) + string(body)
		}
	}()
	return c
}

// expect waits for frames that contain these, one after the other; others are passed over.
func (f frames) expect(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		for {
			got, ok := <-f
			if !ok {
				t.Fatalf("the connection ended before %q", part)
			}
			if strings.Contains(got, part) {
				break
			}
		}
	}
}

func TestWebSocketTLS(t *testing.T) {
	t.Parallel()
	p := newPair(t, t.TempDir(), "irc.test")
	cert, err := ircd.LoadCertificate(p.cert, p.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := startWay(t, ircd.Way{TLS: cert.WebConfig(), WebSocket: &ircd.WebSocket{}}, nil)
	mine := newPair(t, t.TempDir(), "client.test")
	asked := false
	cfg := &tls.Config{RootCAs: p.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		c := mine.load(t)
		return &c, nil
	}}
	c := s.dialWS(wsOptions{tls: cfg, protocols: []string{"binary.ircv3.net"}})
	c.Register("alice")
	if got := s.lastCred(); !got.Secure || asked {
		t.Errorf("got %+v; a browser would be asked for a certificate: %v", got, asked)
	}
	c.Send("SAY 1000 %s", strings.Repeat("x", 300))
	for range 1000 {
		c.ExpectNext("NOTICE ...")
	}
	c.Send("QUIT")
	c.expectCode(websocket.StatusNormalClosure)
}

// Behind a proxy: one that speaks HTTP names the client there, others in a PROXY header. Neither counts from others.
func TestWebSocketProxies(t *testing.T) {
	t.Parallel()
	s := startWay(t, ircd.Way{WebSocket: &ircd.WebSocket{}, Proxies: loopback}, nil)
	last := func(want string, secure bool) {
		t.Helper()
		if got := s.lastCred(); !strings.HasPrefix(got.RemoteAddr.String(), want) || got.Secure != secure {
			t.Errorf("want %s, got %+v", want, got)
		}
	}
	s.dialWS(wsOptions{header: http.Header{"X-Forwarded-For": {"203.0.113.9", "203.0.113.8, 192.0.2.1"}, "X-Forwarded-Proto": {"https"}}}).Register("a")
	last("192.0.2.1:", true)
	s.dialWS(wsOptions{header: http.Header{"X-Forwarded-For": {"2001:db8::1"}}}).Register("b")
	last("[2001:db8::1]:", false)
	for _, bad := range []http.Header{nil, {"X-Forwarded-For": {"unknown"}}, {"X-Forwarded-For": {"192.0.2.1,"}}} {
		if _, r, err := s.tryWS(wsOptions{header: bad}); err == nil || r == nil || r.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %v, %v", bad, r, err)
		}
	}
	nc := s.raw()
	if _, err := io.WriteString(nc, "PROXY TCP4 192.0.2.7 127.0.0.1 1234 80\r\n"); err != nil {
		t.Fatal(err)
	}
	upgrade(t, nc)
	if _, err := io.WriteString(nc, frame(0x81, "NICK c")+frame(0x81, "USER c 0 * :c")); err != nil {
		t.Fatal(err)
	}
	framesOf(nc).expect(t, "376 c")
	last("192.0.2.7:1234", false)
	open := startWS(t, nil)
	open.dialWS(wsOptions{header: http.Header{"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https"}}}).Register("d")
	if got := open.lastCred(); !strings.HasPrefix(got.RemoteAddr.String(), "127.0.0.1:") || got.Secure {
		t.Errorf("a stranger is believed: %+v", got)
	}
}

// Bytes that are anything but a WebSocket do no harm to the server.
func FuzzWebSocket(f *testing.F) {
	s := startWS(f, func(s *server) { s.Limits.PerAddr, s.Limits.PerAddrUnregistered = 0, 0; s.Limits.Rate = 0 })
	f.Add(frame(0x81, "NICK a")+frame(0x81, "USER a 0 * :a")+frame(0x81, "PRIVMSG a :x"), true)
	f.Add(frame(0x01, "NICK")+frame(0x89, "x")+frame(0x80, " a")+frame(0x88, "\x03\xe8"), true)
	f.Add("GET / HTTP/1.1\r\n\r\n", false)
	f.Fuzz(func(t *testing.T, text string, past bool) {
		nc, err := net.DialTimeout("tcp", s.addr, ircdtest.Timeout)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(ircdtest.Timeout))
		if past {
			upgrade(t, nc)
		}
		if _, err := io.WriteString(nc, text); err != nil {
			return
		}
		if half, ok := nc.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		if _, err := io.Copy(io.Discard, nc); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("%q: the connection does not end: %v", text, err)
		}
	})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
