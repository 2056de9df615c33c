package ircd

import (
	"io"
	"net"
	"runtime/debug"
	"time"
)

// Reason names why a connection ended, for log and metric.
type Reason string

// The reasons.
const (
	ReasonQuit      Reason = "quit"             // QUIT
	ReasonEOF       Reason = "eof"              // the client closed without a word
	ReasonError     Reason = "error"            // a read failed
	ReasonWrite     Reason = "write_error"      // a write failed or took too long
	ReasonSendQ     Reason = "sendq"            // does not read
	ReasonRecvQ     Reason = "recvq"            // sends without a newline
	ReasonPing      Reason = "ping_timeout"     // answers no PING
	ReasonRegister  Reason = "register_timeout" // does not register
	ReasonLimit     Reason = "limit"            // too many connections
	ReasonLogin     Reason = "login"            // wrong password
	ReasonProtocol  Reason = "protocol"         // not IRC: HTTP, TLS
	ReasonHandshake Reason = "handshake"        // PROXY header, TLS or WebSocket: it did not get as far as IRC
	ReasonPanic     Reason = "panic"            // our fault
	ReasonBackend   Reason = "backend"          // the backend refused or ended it
	ReasonReplaced  Reason = "replaced"         // another connection took its place
	ReasonShutdown  Reason = "shutdown"         // the server ends
)

// lostLink tells whether the link ended rather than the session: what the client had sent before still counts.
func (r Reason) lostLink() bool {
	switch r {
	case ReasonEOF, ReasonError, ReasonWrite, ReasonSendQ, ReasonPing:
		return true
	}
	return false
}

const (
	flushTimeout = 5 * time.Second // for what waits when a connection closes
	lingerTime   = time.Second     // for the client to hang up after us
	lingerBytes  = 64 << 10
)

var past = time.Unix(1, 0)

// Close says ERROR :text, flushes and closes. Any goroutine; it does not block. Only the first call counts.
// The client sees its connection end only after Session.Detach has returned.
func (c *Conn) Close(reason Reason, text string) {
	if !c.end(reason, text) {
		return
	}
	c.flushLabel(NewMessage(nil, "ERROR", text))
	c.out.finish(flushTimeout)
	c.wake()
}

// drop ends the connection without a word: nobody listens there.
func (c *Conn) drop(reason Reason, text string) {
	if !c.end(reason, text) && reason != ReasonWrite {
		return
	}
	c.out.discard()
	if tcp, ok := layer[*net.TCPConn](c.nc); ok && reason == ReasonSendQ {
		_ = tcp.SetLinger(0) // what the kernel holds for it goes too
	}
	c.wake()
	_ = c.nc.SetDeadline(past)
}

// end records the first reason and reports whether this was it.
func (c *Conn) end(reason Reason, text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return false
	}
	c.reason = reason
	c.deaf.Store(!reason.lostLink())
	if c.said == "" {
		c.said = text
	}
	return true
}

// wake gets the reader out of whatever it waits in.
func (c *Conn) wake() {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.nc.SetReadDeadline(past)
}

// setReadDeadline does nothing once the connection is closing, so that wake is not undone.
func (c *Conn) setReadDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		_ = c.nc.SetReadDeadline(t) // an error shows in the read
	}
}

func (c *Conn) closing() bool { return c.CloseReason() != "" }

// leave is the reader's last duty towards others: the counts are right and the session knows, before the client can
// see its connection end.
func (c *Conn) leave() {
	c.srv.remove(c)
	if c.session == nil {
		return
	}
	defer c.recovered("detach")
	c.session.Detach(c)
}

// hangUp closes the socket: first our half, so that the client reads what was written (an unread input would turn the
// close into a reset that overtakes ERROR).
func (c *Conn) hangUp() {
	c.out.wait()
	defer c.nc.Close()
	defer c.in.release()
	if r := c.CloseReason(); !r.lostLink() && r != ReasonProtocol {
		linger(c.nc)
	}
}

func linger(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = nc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, nc, lingerBytes)
}

// recovered, deferred, turns a panic into the end of this connection only.
func (c *Conn) recovered(doing string) {
	if p := recover(); p != nil {
		c.panicked(doing, p)
	}
}

func (c *Conn) panicked(doing string, p any) {
	c.srv.Log.Error("panic", "doing", doing, "nick", c.Nick(), "remote", c.addr, "panic", p, "stack", string(debug.Stack()))
	c.Close(ReasonPanic, "Internal error")
}
