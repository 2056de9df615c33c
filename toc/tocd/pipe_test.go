package tocd

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"

	"tocbridge/toc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeNet is a listener without a network, for fake time.
type pipeNet struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeNet() *pipeNet {
	return &pipeNet{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *pipeNet) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *pipeNet) Close() error   { n.once.Do(func() { close(n.closed) }); return nil }
func (n *pipeNet) Addr() net.Addr { return pipeAddr("pipe") }

type pipeAddr string

func (a pipeAddr) Network() string { return "tcp" }
func (a pipeAddr) String() string  { return string(a) }

// pipeConn is the server's end, with the address the client claims.
type pipeConn struct {
	net.Conn
	from pipeAddr
}

func (c pipeConn) RemoteAddr() net.Addr { return c.from }

// dial connects from an address.
func (n *pipeNet) dial(t testing.TB, from string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	select {
	case n.conns <- pipeConn{server, pipeAddr(from)}:
	case <-n.closed:
		t.Fatal("dial: the server is closed")
	}
	return client
}

// get fetches a page from an address.
func (n *pipeNet) get(t testing.TB, from, path string) (*http.Response, string) {
	t.Helper()
	tr := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return n.dial(t, from), nil },
	}
	resp, err := (&http.Client{Transport: tr}).Get("http://tocd" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// link is a client that only moves frames. Its reader never stops reading.
type link struct {
	nc  net.Conn
	raw bool // records frames as hex
	seq uint16

	mu      sync.Mutex
	lines   []string // what came, in the transcripts' form; "EOF" closes it
	lastURL string   // the last GOTO_URL
	over    bool     // the server closed it, or we did
}

func newLink(nc net.Conn, raw bool) *link {
	l := &link{nc: nc, raw: raw}
	go l.read()
	return l
}

func (l *link) read() {
	var head [6]byte
	for {
		n, err := io.ReadFull(l.nc, head[:])
		if err != nil {
			l.note("EOF", true)
			return
		}
		if head[0] != '*' {
			rest, _ := io.ReadAll(l.nc)
			l.note(string(head[:n])+string(rest), true)
			return
		}
		payload := make([]byte, int(head[4])<<8|int(head[5]))
		if _, err := io.ReadFull(l.nc, payload); err != nil {
			l.note("EOF", true)
			return
		}
		switch {
		case l.raw:
			l.note("< "+hex.EncodeToString(head[:])+hex.EncodeToString(payload), false)
		case head[1] == byte(toc.FrameData):
			l.note(escape(string(payload)), false)
		default:
			l.note(fmt.Sprintf("F%d %x", head[1], payload), false)
		}
	}
}

func (l *link) note(line string, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return // dropped
	}
	l.lines = append(l.lines, line)
	l.over = over
	if strings.HasPrefix(line, "GOTO_URL") {
		l.lastURL = line
	}
}

// take returns what came since the last take.
func (l *link) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// url is the last GOTO_URL.
func (l *link) url() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastURL
}

// ended reports whether the server closed the connection.
func (l *link) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *link) write(p []byte) { l.nc.Write(p) } // an error shows as EOF

func (l *link) frame(t toc.FrameType, payload string) {
	l.seq++
	l.write(toc.Frame{Type: t, Seq: l.seq, Payload: []byte(payload)}.Append(nil))
}

// hello does what comes before the sign-on command.
func (l *link) hello() {
	l.write([]byte("FLAPON\r\n\r\n"))
	l.frame(toc.FrameSignOn, "\x00\x00\x00\x01")
}

func (l *link) command(line string) { l.frame(toc.FrameData, line+"\x00") }

// drop closes our end; what the server then says of it is not taken.
func (l *link) drop() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.nc.Close()
}

// escape writes a payload as the transcripts do.
func escape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && !strings.ContainsRune("\n\r\t", r), r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\\' || r < ' ':
			b.WriteString(strings.Trim(strconv.Quote(string(r)), `"`))
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// unescape undoes escape.
func unescape(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for s != "" {
		r, multi, rest, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if multi {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, byte(r))
		}
		s = rest
	}
	return out
}
