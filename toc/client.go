package toc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"tocbridge/toc/nowait"
)

// Login says who signs on and how. Name is required, the rest has defaults.
type Login struct {
	Name     ScreenName
	Password string
	Form     LoginForm
	Version  string // of the client; "TIC:tocbridge" if empty

	// Dial makes the connections, also those of Get; nil is a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// WriteTimeout bounds each Send; 30 s if 0.
	WriteTimeout time.Duration
	// Log hears of oddities of the server at debug level, never of texts;
	// may be nil.
	Log *slog.Logger
}

const (
	defaultVersion      = "TIC:tocbridge"
	defaultWriteTimeout = 30 * time.Second
	flapVersion         = 1
	nameTLV             = 1
	maxBatch            = 64       // events of one RecvBatch
	keptWriteBuffer     = 64 << 10 // a larger one is let go
)

// writeBuffers are for Clients while they write: one that is idle holds none.
var writeBuffers = sync.Pool{New: func() any { return new([]byte) }}

// Client is a session with a TOC server. One goroutine may call Recv and
// RecvBatch; any may call the other methods. After an error of Recv or a
// failed write it is dead and closed, but still wants no more than Close.
type Client struct {
	conn    net.Conn
	addr    string // as given to SignOn
	dialed  bool   // by a net.Dialer, so that conn's address is the server's
	login   Login  // without the password
	frames  FrameReader
	early   []Event // came before SIGN_ON; owned by Recv
	wantSeq uint16  // of the next frame; owned by Recv
	seen    bool    // wantSeq is known
	dead    error   // set once; owned by Recv
	fields  fields  // owned by Recv

	mu   sync.Mutex // guards the following, and writing to conn
	seq  uint16
	now  *nowait.Writer
	rest []byte // what TrySend could not write

	closing sync.Once
	closed  error // of conn.Close
}

// SignOn connects to addr (host:port), signs on and waits for SIGN_ON; NICK and
// CONFIG2 come from Recv. Until ctx is done, that is: give it a time limit, as
// the live server has none. A refusal is a ServerError for errors.As; that the
// server could not be reached, or ended the connection, is what the net package
// says about it, wrapped.
func SignOn(ctx context.Context, addr string, l Login) (*Client, error) {
	if l.Name.Key() == "" {
		return nil, fmt.Errorf("sign on at %s: %w: no screen name", addr, ErrMalformed)
	}
	own := l.Dial != nil
	if !own {
		l.Dial = new(net.Dialer).DialContext
	}
	if l.WriteTimeout == 0 {
		l.WriteTimeout = defaultWriteTimeout
	}
	if l.Version == "" {
		l.Version = defaultVersion
	}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	cmd := NewSignOn(l.Form, l.Name, l.Password, l.Version).Append(nil)
	if len(cmd) > MaxCommand {
		return nil, fmt.Errorf("sign on at %s: %w: name or password", addr, ErrTooLong)
	}
	conn, err := l.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	c := &Client{conn: conn, addr: addr, dialed: !own, frames: FrameReader{r: conn}, login: l, now: nowait.New(conn)}
	c.login.Password = ""
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err = c.handshake(cmd)
	if !stop() { // the deadline is, or is about to be, ruined
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("sign on as %s at %s: %w", l.Name, addr, err)
	}
	return c, nil
}

// handshake is everything from FLAPON to SIGN_ON (ref 1, 2).
func (c *Client) handshake(cmd []byte) error {
	if _, err := io.WriteString(c.conn, "FLAPON\r\n\r\n"); err != nil {
		return err
	}
	f, err := c.frames.Next()
	switch {
	case err != nil:
		return ended(err)
	case f.Type != FrameSignOn || len(f.Payload) < 4:
		return fmt.Errorf("%w: no sign-on frame first", ErrNotFLAP)
	}
	c.expect(f)
	key := c.login.Name.Key()
	p := binary.BigEndian.AppendUint32(nil, flapVersion)
	p = binary.BigEndian.AppendUint16(p, nameTLV)
	p = append(binary.BigEndian.AppendUint16(p, uint16(len(key))), key...)
	w := Frame{Type: FrameSignOn, Payload: p}.Append(nil)
	w = Frame{Type: FrameData, Seq: 1, Payload: append(cmd, 0)}.Append(w)
	c.seq = 2
	if _, err := c.conn.Write(w); err != nil {
		return err
	}
	return c.awaitSignOn()
}

// maxEarly bounds what a server may say before SIGN_ON.
const maxEarly = 16

func (c *Client) awaitSignOn() error {
	for range maxEarly {
		e, err := c.next()
		if err != nil {
			return ended(err)
		}
		switch e := e.(type) {
		case SignedOn:
			return nil
		case ServerError:
			return e
		}
		c.early = append(c.early, e)
	}
	return fmt.Errorf("%w: %d messages but no SIGN_ON", ErrMalformed, maxEarly)
}

// ended says what an EOF means.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection: %w", err)
	}
	return err
}

// RemoteAddr returns the server's address as connected.
func (c *Client) RemoteAddr() string { return c.conn.RemoteAddr().String() }

// Recv returns the next event. Empty frames and keep-alives are skipped. What
// cannot be made sense of comes as Unknown. An error means that the session is
// over; io.EOF is all one ever hears when the server ends it, be it that the
// name signed on elsewhere, or that we sent too fast (ref 2.4, 5.4).
func (c *Client) Recv() (Event, error) {
	if e := c.takeEarly(); e != nil {
		return e, nil
	}
	e, err := c.next()
	if err != nil {
		return nil, fmt.Errorf("receive from %s: %w", c.addr, err)
	}
	return e, nil
}

// next reads frames until one is an event.
func (c *Client) next() (Event, error) {
	for c.dead == nil {
		f, err := c.frames.Next()
		if err != nil {
			c.dead = err
			c.Close()
			break
		}
		if e := c.event(f); e != nil {
			return e, nil
		}
	}
	return nil, c.dead
}

// RecvBatch waits for an event, then appends it and what else has arrived,
// together at most 64, to dst.
func (c *Client) RecvBatch(dst []Event) ([]Event, error) {
	e, err := c.Recv()
	if err != nil {
		return dst, err
	}
	dst = append(dst, e)
	for n := 1; n < maxBatch; n++ {
		if e := c.takeEarly(); e != nil {
			dst = append(dst, e)
			continue
		}
		if c.dead != nil || !c.frames.Ready() {
			break
		}
		f, err := c.frames.Next()
		if err != nil {
			break // Recv will get it again
		}
		if e := c.event(f); e != nil {
			dst = append(dst, e)
		}
	}
	return dst, nil
}

func (c *Client) takeEarly() Event {
	if len(c.early) == 0 {
		return nil
	}
	e := c.early[0]
	if c.early = c.early[1:]; len(c.early) == 0 {
		c.early = nil
	}
	return e
}

// event turns a frame into an event, or into nothing.
func (c *Client) event(f Frame) Event {
	c.expect(f)
	switch {
	case f.Type == FrameSignOff: // no server does, but that is what it would mean
		c.dead = io.EOF
		c.Close()
		return nil
	case f.Type != FrameData || len(f.Payload) == 0: // empty: of a rendezvous that TOC has no words for
		return nil
	}
	e, err := c.fields.event(string(f.Payload))
	if err != nil {
		c.login.Log.Debug("malformed TOC message", "error", err)
	}
	return e
}

// expect notes gaps in the server's numbers; they do no harm.
func (c *Client) expect(f Frame) {
	if c.seen && f.Seq != c.wantSeq {
		c.login.Log.Debug("gap in FLAP sequence", "want", c.wantSeq, "got", f.Seq)
	}
	c.wantSeq, c.seen = f.Seq+1, true
}

// Send sends commands in one write, in order. If one is over MaxCommand nothing
// is sent and the error is ErrTooLong. It does not wait for the server to react:
// answers, if there are any, come from Recv.
func (c *Client) Send(cmds ...Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(cmds) == 0 && len(c.rest) == 0 {
		return nil
	}
	buf := writeBuffers.Get().(*[]byte)
	defer giveBack(buf)
	if err := c.encode(buf, cmds); err != nil {
		return err
	}
	return c.write(*buf)
}

// TrySend is Send that does not wait for the network either. When it takes less than all at once, the rest is kept,
// done is false, and a Send, of nothing or of more commands, has to follow: it writes the rest first.
func (c *Client) TrySend(cmds ...Command) (done bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	buf := writeBuffers.Get().(*[]byte)
	defer giveBack(buf)
	if err := c.encode(buf, cmds); err != nil {
		return false, err
	}
	n := 0
	if len(c.rest) == 0 {
		n, _ = c.now.Write(*buf) // an error comes again, to Send
	}
	if n == len(*buf) {
		return true, nil
	}
	c.rest = append(c.rest, (*buf)[n:]...)
	return false, nil
}

func giveBack(buf *[]byte) {
	if cap(*buf) <= keptWriteBuffer {
		*buf = (*buf)[:0]
		writeBuffers.Put(buf)
	}
}

// encode appends commands as frames and counts them, or does neither. The caller holds mu.
func (c *Client) encode(dst *[]byte, cmds []Command) error {
	buf, seq := *dst, c.seq
	for _, cmd := range cmds {
		start := len(buf)
		buf = cmd.Append(beginFrame(buf, FrameData, seq))
		if n := len(buf) - start - headerSize; n > MaxCommand {
			return fmt.Errorf("%w: %s of %d bytes", ErrTooLong, CommandName(string(buf[start+headerSize:][:32])), n)
		}
		buf = append(buf, 0)
		endFrame(buf, start)
		seq++
	}
	*dst, c.seq = buf, seq
	return nil
}

// KeepAlive sends an empty frame. Nobody answers it; it shows a dead link.
func (c *Client) KeepAlive() error { return c.bare(FrameKeepAlive) }

// SignOff tells the server that we go, and closes.
func (c *Client) SignOff() error { return errors.Join(c.bare(FrameSignOff), c.Close()) }

func (c *Client) bare(t FrameType) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return c.write(beginFrame(nil, t, c.seq-1))
}

// write sends what TrySend has left, then frames. The caller holds mu.
func (c *Client) write(buf []byte) error {
	if len(c.rest) > 0 {
		buf = append(c.rest, buf...)
		c.rest = nil
	}
	err := c.conn.SetWriteDeadline(time.Now().Add(c.login.WriteTimeout))
	if err == nil {
		_, err = c.conn.Write(buf)
	}
	if err != nil {
		c.Close()
		return fmt.Errorf("send to %s: %w", c.addr, err)
	}
	return nil
}

// Close closes the connection; Recv then returns an error that is
// net.ErrClosed. It may be called more than once.
func (c *Client) Close() error {
	c.closing.Do(func() { c.closed = c.conn.Close() })
	return c.closed
}
