package ircd

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/toc/nowait"
)

// Conn is one client's connection. The reader goroutine owns it; it ends when the connection does.
type Conn struct {
	srv    *Server
	nc     net.Conn
	since  time.Time
	ctx    context.Context // ends when the connection starts to close
	cancel context.CancelFunc

	// Fixed once enter has returned.
	way     *Way
	proxied bool     // begins with a PROXY header
	remote  net.Addr // the client's, though a proxy may stand between
	addr    string   // what limits count by
	secure  bool
	certFP  string // of the client's certificate; "" when it has shown none

	caps   atomic.Uint64            // Cap; written by whoever runs the client's commands
	who    atomic.Pointer[identity] // replaced, never changed
	active atomic.Int64             // unix ns of the last command a person gave
	out    queue
	label  capture
	deaf   atomic.Bool // closed by its own command or by us: nothing more of it is run

	mu     sync.Mutex // guards the following
	reason Reason     // "" while open
	said   string     // QUIT text, or why it ended

	// Owned by the reader.
	in      lineReader
	reg     *registration // nil once registered
	session Session       // nil until logged in
	owed    bool          // the session was handed something since its last Flush
	lag     bucket
	greeted bool      // the first line has come
	pinged  bool      // PING sent, nothing heard since
	armed   time.Time // when the read deadline was set

	// Owned by whoever runs the client's commands: the reader while registering, the session's goroutine after.
	cap302    bool
	mechanism string // how the client logged in
	turn      turn
	monitors  monitors
	batches   clientBatches
}

// identity is how a client is known. It is immutable.
type identity struct {
	realname, account, device string
	prefix                    irc.Prefix
}

func newConn(ctx context.Context, s *Server, nc net.Conn, way *Way) *Conn {
	nc = way.wrap(nc)
	c := &Conn{srv: s, nc: nc, way: way, remote: nc.RemoteAddr(), since: time.Now()}
	if c.proxied = way.proxied(c.remote); !c.proxied {
		c.addr = addrKey(c.remote)
	}
	_, c.secure = layer[*tls.Conn](nc)
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.who.Store(&identity{prefix: irc.Prefix{Name: "*", Host: hostOf(c.remote)}})
	c.active.Store(c.since.UnixNano())
	c.in.r, c.in.max = nc, s.Limits.RecvQ
	c.lag = newBucket(s.Limits, c.since)
	c.reg = &registration{}
	if d := s.Limits.Register; d > 0 {
		c.reg.deadline = c.since.Add(d)
	}
	c.out.now = nowait.New(nc)
	c.out.nc, c.out.max, c.out.timeout = nc, s.Limits.SendQ, s.Limits.Write
	c.out.failed = func(error) { c.drop(ReasonWrite, "Write error") }
	return c
}

// Has tells whether the client asked for all of these capabilities.
func (c *Conn) Has(caps Cap) bool { return Cap(c.caps.Load())&caps == caps }

// Server is the server the client is connected to.
func (c *Conn) Server() *Server { return c.srv }

// Nick is the client's nick as it knows it; "*" before registration.
func (c *Conn) Nick() string { return c.who.Load().prefix.Name }

// User, Realname and Host are what USER said, or what Identity or the setters put in their place.
func (c *Conn) User() string { return c.who.Load().prefix.User }

// Realname is the real name of USER or SETNAME.
func (c *Conn) Realname() string { return c.who.Load().realname }

// Host is the host part of the client's prefix; its address unless the session's Identity says otherwise.
func (c *Conn) Host() string { return c.who.Load().prefix.Host }

// Account is the name the client logged in with, without its device; "" when it gave no password.
func (c *Conn) Account() string { return c.who.Load().account }

// Device is the suffix of name@device; "" when none was given.
func (c *Conn) Device() string { return c.who.Load().device }

// Prefix is nick!user@host. It must not be changed.
func (c *Conn) Prefix() *irc.Prefix { return &c.who.Load().prefix }

// SetNick tells that the backend has renamed the client. Like the other setters, for the session's goroutine; the
// NICK message is the caller's.
func (c *Conn) SetNick(nick string) { c.change(func(i *identity) { i.prefix.Name = nick }) }

// SetRealname replaces the real name.
func (c *Conn) SetRealname(name string) { c.change(func(i *identity) { i.realname = name }) }

// SetIdent replaces the user and host parts of the prefix.
func (c *Conn) SetIdent(user, host string) {
	c.change(func(i *identity) { i.prefix.User, i.prefix.Host = user, host })
}

func (c *Conn) change(f func(*identity)) {
	next := *c.who.Load()
	f(&next)
	c.who.Store(&next)
}

// RemoteAddr is where the client connects from, which a proxy that we trust may have told.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// Secure tells whether the connection is encrypted.
func (c *Conn) Secure() bool { return c.secure }

// CertFP is the SHA-256 fingerprint of the certificate that the client showed in its TLS handshake: 64 hex digits, lower
// case; "" without one.
func (c *Conn) CertFP() string { return c.certFP }

// Since is when the client connected.
func (c *Conn) Since() time.Time { return c.since }

// LastActive is when the client last sent something a person does: a message, a join, a nick. Not PING, not the
// WHO and MODE that clients send on their own.
func (c *Conn) LastActive() time.Time { return time.Unix(0, c.active.Load()) }

// QuitMessage is the client's own QUIT text, or why the connection ended. "" while it lasts. For Detach.
func (c *Conn) QuitMessage() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// CloseReason is why the connection ended; "" while it lasts.
func (c *Conn) CloseReason() Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}
