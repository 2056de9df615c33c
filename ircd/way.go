package ircd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

// Way is how clients come in through a listener, from the wire inwards: a PROXY header, TLS, WebSocket. The zero Way is
// IRC in plain text.
type Way struct {
	Proxies   []netip.Prefix // connections from there begin with a PROXY header, and count as those of the client it names
	ProxyUnix bool           // so do those of a unix socket
	TLS       *tls.Config    // nil: not encrypted
	WebSocket *WebSocket     // nil: lines, not messages
}

// STS tells clients that come in plain text where to find TLS, and those with TLS for how long to insist on it:
// ircv3.net/specs/extensions/sts. It goes to clients of TCP that speak IRC, not to browsers and unix sockets.
type STS struct {
	Port     int           // of the TLS listener, as clients reach it
	Duration time.Duration // 0 takes back what was said before
}

// ServeWay is Serve for clients that do not just begin to speak IRC. What they have to do before counts against the
// time to register, and they count as connections from the first byte.
func (s *Server) ServeWay(ctx context.Context, ln net.Listener, w Way) error {
	return s.serve(ctx, ln, &w)
}

// wrap puts the layers around an accepted connection; their handshakes are enter's.
func (w *Way) wrap(nc net.Conn) net.Conn {
	if w.TLS != nil {
		nc = tls.Server(nc, w.TLS)
	}
	if w.WebSocket != nil {
		nc = &wsConn{Conn: nc, origins: w.WebSocket.Origins}
	}
	return nc
}

// proxied tells whether connections from addr begin with a PROXY header.
func (w *Way) proxied(addr net.Addr) bool {
	if _, ok := addr.(*net.UnixAddr); ok {
		return w.ProxyUnix
	}
	if len(w.Proxies) == 0 {
		return false
	}
	ip, ok := addrOf(addr)
	for _, p := range w.Proxies {
		if ok && p.Contains(ip) {
			return true
		}
	}
	return false
}

// inner is the next layer of a connection, nil at the socket.
func inner(nc net.Conn) net.Conn {
	if l, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return l.NetConn()
	}
	return nil
}

// layer finds the layer of a connection that is a T.
func layer[T net.Conn](nc net.Conn) (found T, ok bool) {
	for nc != nil && !ok {
		found, ok = nc.(T)
		nc = inner(nc)
	}
	return found, ok
}

// socket is a connection without its layers.
func socket(nc net.Conn) net.Conn {
	for next := inner(nc); next != nil; next = inner(nc) {
		nc = next
	}
	return nc
}

// plain tells whether a connection of this way has nothing to do before its first line.
func (c *Conn) plain() bool { return socket(c.nc) == c.nc && !c.proxied }

// enter does what comes before the first line. false: the connection ends here.
func (c *Conn) enter() bool {
	if c.plain() {
		return true
	}
	c.setReadDeadline(c.reg.deadline)
	c.setWriteDeadline(c.reg.deadline)
	from, err := c.open()
	if err != nil {
		c.enterFailed(err)
		return false
	}
	c.setWriteDeadline(time.Time{})
	if from.addr == nil {
		return true
	}
	if refusal := c.srv.moved(c, from.addr); refusal != "" {
		c.Close(ReasonLimit, refusal)
		return false
	}
	c.srv.Log.Debug("connection through a proxy", "remote", c.addr, "proxy", c.nc.RemoteAddr())
	return true
}

// setWriteDeadline is for the handshakes, which the reader writes; afterwards the queue sets its own.
func (c *Conn) setWriteDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		_ = c.nc.SetWriteDeadline(t) // an error shows in the write
	}
}

var errOpenPanic = errors.New("internal error")

// open goes through the layers from the wire inwards and returns whom a proxy speaks for.
func (c *Conn) open() (from origin, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.panicked("open", p)
			err = errOpenPanic
		}
	}()
	ws, isWS := layer[*wsConn](c.nc)
	if c.proxied {
		var head []byte
		from, head, err = readProxy(socket(c.nc))
		if errors.Is(err, errNoProxy) && isWS && inner(ws) == socket(c.nc) {
			ws.head, err = head, nil // a proxy that speaks HTTP tells the address there
		}
	}
	if t, ok := layer[*tls.Conn](c.nc); ok && err == nil {
		if err = t.Handshake(); err == nil {
			c.certFP = fingerprint(t.ConnectionState())
		}
	}
	if isWS && err == nil {
		var told origin
		if told, err = ws.open(c.srv.Limits.RecvQ, c.CloseReason, c.panicked); told.addr != nil {
			from = told
		}
	}
	c.secure = c.secure || from.secure
	return from, err
}

// enterFailed ends a connection that did not get as far as IRC. It is told why where that can be done in plain text.
func (c *Conn) enterFailed(err error) {
	var notTLS tls.RecordHeaderError
	c.srv.Log.Info("handshake failed", "remote", c.addr, "err", err)
	switch {
	case c.closing():
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.drop(ReasonRegister, errRegisterTime.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		c.drop(ReasonEOF, "Connection closed")
	case errors.Is(err, errNoProxy) && inner(c.nc) == nil:
		c.Close(ReasonHandshake, fmt.Sprintf("Proxy error: %v", err))
	case errors.As(err, &notTLS) && notTLS.Conn != nil:
		c.notTLS(notTLS.Conn)
		c.drop(ReasonHandshake, err.Error())
	default:
		c.drop(ReasonHandshake, err.Error())
	}
}

// notTLS answers a client that speaks plain text on a TLS port, and would else wait for an answer for ever.
func (c *Conn) notTLS(nc net.Conn) {
	answer := "ERROR :This port takes TLS connections only: switch TLS on in your client\r\n"
	if _, ok := c.nc.(*wsConn); ok {
		answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis port takes TLS connections only.\n"
	}
	if nc.SetWriteDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	if _, err := io.WriteString(nc, answer); err == nil {
		linger(nc)
	}
}
