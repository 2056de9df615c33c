package tocd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime/debug"

	"tocbridge/toc"
)

// Why a connection ends, for the log. The client is never told.
var (
	errHandshake  = errors.New("no FLAPON")
	errSignOn     = errors.New("sign-on refused")
	errSignOff    = errors.New("signed off")
	errFrameType  = errors.New("unexpected frame type")
	errEmpty      = errors.New("empty command")
	errLength     = errors.New("command over 2048 bytes")
	errSequence   = errors.New("gap in the sequence numbers")
	errSignedOut  = errors.New("signed out by the server")
	errPageServed = errors.New("pages served")
)

// conn is one TCP connection.
type conn struct {
	queue // output: any goroutine
	srv   *Server
	v     *serving
	ip    string

	// Owned by serve.
	in      reader
	lastSeq uint16
	begun   bool // lastSeq is set

	// Guarded by Server.mu.
	session *session // nil until signed on
	dirty   bool     // in Server.dirty
}

func newConn(v *serving, nc net.Conn) *conn {
	c := &conn{srv: v.srv, v: v, ip: addressOf(nc)}
	c.queue.nc, c.queue.wg = nc, &v.wg
	c.in.init(nc)
	return c
}

// addressOf gives the remote address without the port.
func addressOf(nc net.Conn) string {
	addr := nc.RemoteAddr().String()
	if ip, _, err := net.SplitHostPort(addr); err == nil {
		return ip
	}
	return addr
}

// serve is the connection's reader, from the first byte to the last.
func (c *conn) serve() {
	err := c.run()
	c.srv.leave(c)
	c.srv.flush(nil)
	c.srv.log.Debug("connection ended", "addr", c.ip, "why", err)
	c.finish()
	if !errors.As(err, new(readError)) {
		c.discard()
	}
	c.nc.Close()
	c.in.release()
	c.srv.forget(c)
}

// discard throws input away until the client has read our last words and
// closes, or its time is up. See queue.hangUp.
func (c *conn) discard() {
	for {
		if _, err := c.nc.Read(c.in.small[:]); err != nil {
			return
		}
	}
}

// readError is an error of the connection itself: no use reading on.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// run says why the connection ended. A panic ends this connection only.
func (c *conn) run() (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.srv.log.Error("panic", "addr", c.ip, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	head, err := c.in.peek(4)
	if err != nil {
		return readError{err}
	}
	if string(head) != "FLAP" {
		c.servePages()
		return errPageServed
	}
	if err := c.handshake(); err != nil {
		return err
	}
	s, err := c.signOn()
	if err != nil {
		return err
	}
	return c.commands(s)
}

// handshake exchanges FLAPON and the sign-on frames. Both endings of FLAPON
// are good, a mixture of them is not.
func (c *conn) handshake() error {
	head, err := c.in.take(8)
	if err != nil {
		return readError{err}
	}
	switch string(head) {
	case "FLAPON\n\n":
	case "FLAPON\r\n":
		if head, err = c.in.take(2); err != nil {
			return readError{err}
		} else if string(head) != "\r\n" {
			return errHandshake
		}
	default:
		return errHandshake
	}
	c.frame(toc.FrameSignOn, "\x00\x00\x00\x01")
	c.kick()
	f, err := c.next()
	if err != nil {
		return err
	}
	return checkSignOnFrame(f.Payload)
}

// checkSignOnFrame wants a FLAP version and whole TLVs behind it; it looks
// neither at the frame's type nor at the name.
func checkSignOnFrame(p []byte) error {
	if len(p) < 4 {
		return errHandshake
	}
	for p = p[4:]; len(p) > 0; {
		if len(p) < 4 {
			return errHandshake
		}
		n := 4 + int(binary.BigEndian.Uint16(p[2:]))
		if len(p) < n {
			return errHandshake
		}
		p = p[n:]
	}
	return nil
}

// next reads a frame.
func (c *conn) next() (toc.Frame, error) {
	f, err := c.in.next()
	if err != nil {
		return f, readError{err}
	}
	if c.srv.o.AOL.StrictSequence && c.begun && f.Seq != c.lastSeq+1 {
		return f, errSequence
	}
	c.lastSeq, c.begun = f.Seq, true
	return f, nil
}

// signOn reads the sign-on command, whatever the type of its frame, and
// answers it.
func (c *conn) signOn() (*session, error) {
	if !c.srv.admit(&c.srv.signOns, c.ip) {
		c.frame(toc.FrameData, toc.ServerError{Code: codeTooOften}.Line())
		return nil, errSignOn
	}
	f, err := c.next()
	if err != nil {
		return nil, err
	}
	s, err := c.srv.signOn(c, f.Payload)
	c.srv.flush(nil)
	if err != nil {
		c.line(refusal(err))
		return nil, errors.Join(errSignOn, err)
	}
	return s, nil
}

// commands runs what the client sends until something ends the session.
func (c *conn) commands(s *session) error {
	var scratch []*conn
	for {
		f, err := c.next()
		if err == nil {
			err = c.take(s, f)
		}
		if err != nil {
			return err
		}
		if !c.in.ready() {
			scratch = c.srv.flush(scratch)
		}
	}
}

// take runs one frame. Its error ends the connection.
func (c *conn) take(s *session, f toc.Frame) error {
	switch f.Type {
	case toc.FrameData:
	case toc.FrameKeepAlive:
		return nil
	case toc.FrameSignOff:
		return errSignOff
	default:
		return fmt.Errorf("%w: %d", errFrameType, f.Type)
	}
	line := bytes.TrimRight(f.Payload, "\x00")
	switch {
	case len(line) == 0:
		return errEmpty
	case len(line) > toc.MaxCommand:
		return errLength
	}
	return c.srv.run(s, line)
}

// touch notes that c has output. Called with mu held; flush tells the writers.
func (s *Server) touch(c *conn) {
	if !c.dirty {
		c.dirty = true
		s.dirty = append(s.dirty, c)
	}
}

// flush starts the writers of all connections that got output since the last
// flush: once per batch of commands, so that each write carries a batch too.
// It returns scratch for the next call.
func (s *Server) flush(scratch []*conn) []*conn {
	s.mu.Lock()
	scratch = append(scratch[:0], s.dirty...)
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	for _, c := range scratch {
		c.dirty = false
	}
	s.mu.Unlock()
	for _, c := range scratch {
		c.kick()
	}
	clear(scratch)
	return scratch
}

// leave ends the session of a connection that is going away.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.session != nil {
		s.remove(c.session)
	}
}

// forget drops the last reference to a connection.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(c.v.conns, c)
}
