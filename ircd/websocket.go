package ircd

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// WebSocket is how browsers come in: ircv3.net/specs/extensions/websocket.
type WebSocket struct {
	// Origins are the web pages that may connect, as "https://chat.example.org"; * and ? match any text and any
	// character. Clients that are no browsers send no Origin and are not asked for one. Pages of the same host are no
	// exception: whoever can give us a name of his own (DNS rebinding) would be one.
	Origins []string
}

// The subprotocols: what kind of message carries our lines. Without one it is text; both are taken from the client.
const (
	wsText   = "text.ircv3.net"
	wsBinary = "binary.ircv3.net"
)

const (
	wsHeader = 16 << 10 // bytes of the HTTP request, cookies and all
	wsBuffer = 1 << 10  // of HTTP request and WebSocket frames, each way
	wsPings  = 10       // pings a second that are answered at once
)

// wsConn is a WebSocket as a stream of lines: one message is one line. What comes in is read by a goroutine of its own,
// the pump, because a read of the library that times out ends the connection, and the reader's timeouts only mean that
// a PING is due. The pump hands it on through a pipe, whose reads may time out.
type wsConn struct {
	net.Conn          // what carries it
	origins  []string // that may connect
	head     []byte   // already read of the request, by open's caller; nil: nothing

	// Fixed once open has returned.
	wire   *cork
	ws     *websocket.Conn
	kind   websocket.MessageType
	recvQ  int
	reason func() Reason
	failed func(doing string, p any)
	near   net.Conn      // the reader's end of the pipe
	far    net.Conn      // the pump's
	done   chan struct{} // closed when the pump has ended

	mu     sync.Mutex // guards the following
	isOpen bool
	closed bool
	bad    error // why the pump ended, if the client is to blame

	rest  []byte // the beginning of a line whose end has not been written; the writer's
	pings bucket // the pump's
}

var (
	errNotOpen = errors.New("WebSocket not open")
	errNotHTTP = errors.New("not an HTTP request") // the library's error has the line, which may be PASS
	errWSText  = errors.New("a WebSocket text message that is not UTF-8")
)

// NetConn is the connection that carries the WebSocket.
func (w *wsConn) NetConn() net.Conn { return w.Conn }

// open reads the HTTP request and becomes a WebSocket, or answers with an HTTP error. The origin is what a proxy that
// speaks HTTP says of the client.
func (w *wsConn) open(recvQ int, reason func() Reason, failed func(string, any)) (from origin, err error) {
	in := &requestReader{r: io.MultiReader(bytes.NewReader(w.head), w.Conn), left: wsHeader}
	br := bufio.NewReaderSize(in, wsBuffer)
	r, err := http.ReadRequest(br)
	if err != nil {
		return from, fmt.Errorf("WebSocket: %w", cmp.Or(in.err, errNotHTTP))
	}
	w.wire = &cork{Conn: w.Conn}
	answer := &response{wire: w.wire, br: br, header: make(http.Header)}
	if w.head != nil {
		if from, err = forwarded(r); err != nil {
			return from, answer.refuse(http.StatusBadRequest, err)
		}
	}
	if err := w.checkOrigin(r); err != nil {
		return from, answer.refuse(http.StatusForbidden, err)
	}
	w.pings = newBucket(Limits{Burst: wsPings, Rate: wsPings}, time.Now())
	ws, err := websocket.Accept(answer, r, &websocket.AcceptOptions{
		Subprotocols: subprotocols(r), InsecureSkipVerify: true, OnPingReceived: w.pinged,
	})
	if err != nil {
		return from, errors.Join(err, answer.send())
	}
	w.start(ws, recvQ, reason, failed)
	return from, nil
}

func (w *wsConn) start(ws *websocket.Conn, recvQ int, reason func() Reason, failed func(string, any)) {
	ws.SetReadLimit(-1) // the pump has one of its own
	w.ws, w.recvQ, w.reason, w.failed = ws, recvQ, reason, failed
	w.kind = websocket.MessageText
	if strings.EqualFold(ws.Subprotocol(), wsBinary) {
		w.kind = websocket.MessageBinary
	}
	w.near, w.far = net.Pipe()
	w.done = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.Conn.SetReadDeadline(time.Time{}) // an error shows in the pump
	w.isOpen = true
	go w.pump()
}

// checkOrigin refuses web pages that are not listed.
func (w *wsConn) checkOrigin(r *http.Request) error {
	for _, origin := range r.Header.Values("Origin") {
		listed := false
		for _, mask := range w.origins {
			listed = listed || matchMask(mask, origin)
		}
		if !listed {
			return fmt.Errorf("origin %q may not connect", origin)
		}
	}
	return nil
}

// subprotocols has the first of the client's that we know: the specification wants its order of preference, the library
// would go by ours.
func subprotocols(r *http.Request) []string {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); strings.EqualFold(name, wsText) || strings.EqualFold(name, wsBinary) {
				return []string{name}
			}
		}
	}
	return nil
}

// forwarded is what a proxy says of its client: the last address, which is the proxy's own contribution.
func forwarded(r *http.Request) (origin, error) {
	all := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
	ip, err := netip.ParseAddr(last)
	if err != nil {
		return origin{}, fmt.Errorf("neither a PROXY header nor a good X-Forwarded-For (%q) from a proxy", last)
	}
	addr := net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip.WithZone(""), 0))
	return origin{addr: addr, secure: strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")}, nil
}

// pinged slows a client down that sends nothing but pings, which no other limit sees.
func (w *wsConn) pinged(ctx context.Context, _ []byte) bool {
	sleep(ctx, w.pings.take(time.Now()))
	return true
}

// pump reads messages until the connection ends.
func (w *wsConn) pump() {
	defer close(w.done)
	defer w.far.Close()
	defer func() {
		if p := recover(); p != nil {
			w.failed("read WebSocket", p)
		}
	}()
	for {
		if err := w.message(); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			if errors.Is(err, errRecvQ) || errors.Is(err, errWSText) {
				w.bad = err
			}
			return
		}
	}
}

// message hands one message on as a line. Of one that is too long for any line as much comes through as makes the
// reader say so.
func (w *wsConn) message() error {
	kind, r, err := w.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	buf := largeBufs.Get().(*[largeBuf]byte)
	defer largeBufs.Put(buf)
	n, err := io.ReadFull(r, buf[:largeBuf-1])
	switch {
	case err == nil:
		if err = w.skip(r, n); err != nil {
			return err
		}
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case kind == websocket.MessageText && !utf8.Valid(buf[:n]):
		return errWSText // RFC 6455 §8.1: the connection has to fail. In binary ones it is only the line that is refused
	}
	line := bytes.TrimRight(buf[:n], "\r\n") // some clients send it all the same
	for i, c := range line {
		if c == '\n' {
			line[i] = '\r' // one message is one line: so the guard refuses it
		}
	}
	_, err = w.far.Write(append(line, '\n'))
	return err
}

// skip reads the rest of a message of which n bytes are there, within RecvQ.
func (w *wsConn) skip(r io.Reader, n int) error {
	if w.recvQ > 0 {
		r = io.LimitReader(r, int64(max(w.recvQ-n, 0)+1))
	}
	more, err := io.Copy(io.Discard, r)
	if err == nil && w.recvQ > 0 && n+int(more) > w.recvQ {
		err = errRecvQ
	}
	return err
}

// Read reads lines.
func (w *wsConn) Read(p []byte) (int, error) {
	if !w.opened() {
		return 0, errNotOpen
	}
	n, err := w.near.Read(p)
	if errors.Is(err, io.EOF) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.bad != nil {
			err = w.bad
		}
	}
	return n, err
}

// Write sends each line that p ends as a message, and all of them at once.
func (w *wsConn) Write(p []byte) (int, error) {
	if !w.opened() {
		return 0, errNotOpen
	}
	w.wire.hold()
	rest := p
	for {
		line, after, ends := bytes.Cut(rest, []byte{'\n'})
		if !ends {
			break
		}
		if len(w.rest) > 0 {
			line = append(w.rest, line...)
			w.rest = w.rest[:0]
		}
		if err := w.ws.Write(context.Background(), w.kind, trimCR(line)); err != nil {
			return w.wrote(p, errors.Join(err, w.wire.release()))
		}
		rest = after
	}
	w.rest = append(w.rest, rest...)
	if len(w.rest) == 0 {
		w.rest = nil
	}
	return w.wrote(p, w.wire.release())
}

// wrote is the end of a Write. After a goodbye nothing can be written and nobody is at fault: the reader knows best why
// the connection ends.
func (w *wsConn) wrote(p []byte, err error) (int, error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return 0, err
	}
	return len(p), nil
}

func (w *wsConn) opened() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.isOpen
}

// SetReadDeadline is that of the pipe, and of the connection itself as long as open reads from it.
func (w *wsConn) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isOpen {
		return w.near.SetReadDeadline(t)
	}
	return w.Conn.SetReadDeadline(t)
}

// SetDeadline sets both deadlines.
func (w *wsConn) SetDeadline(t time.Time) error {
	return errors.Join(w.SetReadDeadline(t), w.Conn.SetWriteDeadline(t))
}

// CloseWrite says goodbye and waits a moment for the answer; after that both directions are closed.
func (w *wsConn) CloseWrite() error {
	if w.opened() {
		w.goodbye()
		return nil
	}
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errNotOpen
}

// closeCodes are those of RFC 6455 §7.4.1; other reasons are a normal closure.
var closeCodes = map[Reason]websocket.StatusCode{
	ReasonShutdown: websocket.StatusGoingAway,
	ReasonRecvQ:    websocket.StatusMessageTooBig,
	ReasonPanic:    websocket.StatusInternalError,
	ReasonLimit:    websocket.StatusTryAgainLater,
}

func (w *wsConn) goodbye() {
	w.mu.Lock()
	bad := w.bad
	w.mu.Unlock()
	code, ok := closeCodes[w.reason()]
	switch {
	case errors.Is(bad, errWSText):
		code = websocket.StatusInvalidFramePayloadData
	case !ok:
		code = websocket.StatusNormalClosure
	}
	_ = w.near.Close() // the pump does not wait for a reader any more
	if w.Conn.SetDeadline(time.Now().Add(lingerTime)) == nil {
		_ = w.ws.Close(code, "") // the client may be gone
	}
}

// Close closes the connection and waits for the pump.
func (w *wsConn) Close() error {
	w.mu.Lock()
	first, isOpen, bad := !w.closed, w.isOpen, w.bad
	w.closed = true
	w.mu.Unlock()
	if !isOpen {
		return w.Conn.Close()
	}
	if first && bad != nil {
		w.goodbye() // else with the client's own goodbye, or with none
	}
	err := w.Conn.Close()
	_ = w.near.Close()
	_ = w.ws.CloseNow() // the connection is closed already
	<-w.done
	return err
}
