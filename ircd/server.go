package ircd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrServerClosed is what Serve returns after an orderly end.
var ErrServerClosed = errors.New("ircd: server closed")

// Server is an IRC server. Set the fields before the first Serve and leave them alone after.
type Server struct {
	Name    string // host name in the prefix of everything the server says
	Network string // NETWORK in 005
	Info    string // what the server is, in a few words: LINKS, WHOIS
	Version string // in 002, 004, VERSION, INFO

	MOTD         []string      // message of the day; empty: 422
	Admin        []string      // up to three lines of ADMIN; empty: 423
	ISupport     []string      // the backend's tokens for 005, e.g. "CHANTYPES=&#"; they win over ircd's own
	UserModes    string        // letters for 004; "i" when empty
	ChannelModes string        // letters for 004; "ov" when empty
	Caps         Cap           // capabilities offered; 0: DefaultCaps, as far as the Backend is Capable
	Count        func() Counts // for LUSERS; may be nil
	Commands     []Command     // the backend's commands, for HELP

	Backend Backend
	Limits  Limits
	STS     *STS         // nil: no policy
	Log     *slog.Logger // nil: none

	once     sync.Once
	commands map[string]command // fixed after once, as the following
	tokens   []string           // of 005
	started  time.Time
	batches  atomic.Uint64
	failed   failures
	wg       sync.WaitGroup // all connections' goroutines

	mu        sync.Mutex // guards the following
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*Conn]struct{}
	addrs     map[string]addrCount
	unknown   int             // connections not registered yet
	users     map[Session]int // registered connections by session
	maxUsers  int
	ended     map[Reason]int
}

type addrCount struct{ all, unregistered int }

// Counts is what LUSERS wants to know of the backend.
type Counts struct{ Invisible, Operators, Channels int }

// Stats is a snapshot of the server's connections.
type Stats struct {
	Conns, Unregistered, Users, MaxUsers int
	Closed                               map[Reason]int // connections ended, by reason
}

func (s *Server) init() {
	s.once.Do(func() {
		s.Name = orDefault(s.Name, "irc.local")
		s.Network = orDefault(s.Network, s.Name)
		s.Info = orDefault(s.Info, s.Network)
		s.Version = orDefault(s.Version, "ircd")
		s.UserModes = orDefault(s.UserModes, "i")
		s.ChannelModes = orDefault(s.ChannelModes, "ov")
		if s.Caps == 0 {
			s.Caps = DefaultCaps &^ backendCaps
			if b, ok := s.Backend.(Capable); ok {
				s.Caps |= b.Capabilities() & backendCaps
			}
		}
		if s.Log == nil {
			s.Log = slog.New(slog.DiscardHandler)
		}
		s.commands = ownCommands()
		s.tokens = s.isupportTokens()
		s.started = time.Now()
		s.mu.Lock() // for Stats, which may come before
		defer s.mu.Unlock()
		s.listeners = make(map[net.Listener]struct{})
		s.conns = make(map[*Conn]struct{})
		s.addrs = make(map[string]addrCount)
		s.users = make(map[Session]int)
		s.ended = make(map[Reason]int)
	})
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// Serve accepts connections until ctx ends, the listener is closed or the server is shut down, and then returns
// ErrServerClosed; any other error is the listener's. Several listeners may be served at once. Connections outlive
// Serve: Shutdown ends them.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serve(ctx, ln, &Way{})
}

func (s *Server) serve(ctx context.Context, ln net.Listener, way *Way) error {
	s.init()
	if !s.track(ln) {
		_ = ln.Close()
		return ErrServerClosed
	}
	defer s.untrack(ln)
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })()
	pause := time.Duration(0)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(context.WithoutCancel(ctx), nc, way)
		case ctx.Err() != nil || s.isClosed() || errors.Is(err, net.ErrClosed):
			return ErrServerClosed
		case !isTemporary(err):
			return fmt.Errorf("accept: %w", err)
		default: // out of file descriptors, most likely
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.Log.Warn("accept failed", "err", err, "retry", pause)
			sleep(ctx, pause)
		}
	}
}

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (s *Server) track(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[ln] = struct{}{}
	}
	return !s.closed
}

func (s *Server) untrack(ln net.Listener) {
	s.mu.Lock()
	delete(s.listeners, ln)
	s.mu.Unlock()
	_ = ln.Close()
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// admit starts a connection, or turns it away.
func (s *Server) admit(ctx context.Context, nc net.Conn, way *Way) {
	c := newConn(ctx, s, nc, way)
	refusal, err := s.add(c)
	s.Log.Debug("connection", "remote", c.addr, "refused", refusal, "err", err)
	switch {
	case err == nil && refusal == "":
		go c.serve()
		return
	case err == nil:
		go s.turnAway(c, refusal)
	default:
		_ = c.nc.Close()
	}
	c.cancel()
}

// turnAway tells a client why it may not connect.
func (s *Server) turnAway(c *Conn, why string) {
	defer s.wg.Done()
	defer c.nc.Close()
	c.end(ReasonLimit, why)
	until := time.Now().Add(lingerTime)
	if c.nc.SetDeadline(until) != nil {
		return
	}
	if !c.plain() {
		if _, err := c.open(); err != nil || c.nc.SetDeadline(until) != nil {
			return
		}
	}
	if _, err := c.nc.Write([]byte("ERROR :" + why + "\r\n")); err == nil {
		linger(c.nc)
	}
}

// add registers c, or says why not. Either way one goroutine is accounted for in wg; not so with an error, which
// means that the server has closed.
func (s *Server) add(c *Conn) (refusal string, err error) {
	l := &s.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", ErrServerClosed
	}
	s.wg.Add(1)
	n := s.addrs[c.addr]
	refusal = l.full(c.addr, n)
	if l.Conns > 0 && len(s.conns) >= l.Conns {
		refusal = "This server is full, try again later"
	}
	if refusal != "" {
		s.ended[ReasonLimit]++
		return refusal, nil
	}
	s.conns[c] = struct{}{}
	s.addrs[c.addr] = addrCount{n.all + 1, n.unregistered + 1}
	s.unknown++
	return "", nil
}

// moved counts c, which is not registered, under the address that its proxy names, or says why not.
func (s *Server) moved(c *Conn, addr net.Addr) (refusal string) {
	key := addrKey(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.addrs[key]
	if refusal = s.Limits.full(key, n); refusal != "" {
		return refusal
	}
	s.forget(c.addr, addrCount{1, 1})
	n = s.addrs[key]
	s.addrs[key] = addrCount{n.all + 1, n.unregistered + 1}
	c.addr, c.remote = key, addr
	c.change(func(i *identity) { i.prefix.Host = hostOf(addr) })
	return ""
}

// forget takes connections off an address's count. With mu.
func (s *Server) forget(addr string, less addrCount) {
	n := s.addrs[addr]
	n.all, n.unregistered = n.all-less.all, n.unregistered-less.unregistered
	s.addrs[addr] = n
	if n.all == 0 {
		delete(s.addrs, addr)
	}
}

// registered counts c as a user.
func (s *Server) registered(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.addrs[c.addr]
	n.unregistered--
	s.addrs[c.addr] = n
	s.unknown--
	s.users[c.session]++
	s.maxUsers = max(s.maxUsers, len(s.users))
}

// remove undoes add and registered.
func (s *Server) remove(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.ended[c.CloseReason()]++
	less := addrCount{all: 1}
	if c.reg != nil {
		less.unregistered = 1
		s.unknown--
	} else if s.users[c.session]--; s.users[c.session] == 0 {
		delete(s.users, c.session)
	}
	s.forget(c.addr, less)
}

// Stats is a snapshot for metrics. Any goroutine.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Conns: len(s.conns), Unregistered: s.unknown, Users: len(s.users), MaxUsers: s.maxUsers, Closed: make(map[Reason]int)}
	for r, n := range s.ended {
		st.Closed[r] = n
	}
	return st
}

// Shutdown closes the listeners, says ERROR to all clients, flushes and waits for all goroutines. When ctx ends first
// the connections are cut and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	for _, c := range s.shut() {
		c.Close(ReasonShutdown, "Server is shutting down")
	}
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.cut()
		return fmt.Errorf("ircd: shutdown: %w", ctx.Err())
	}
}

// shut refuses all that is new and returns what is left.
func (s *Server) shut() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for ln := range s.listeners {
		_ = ln.Close()
	}
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

func (s *Server) cut() {
	for _, c := range s.shut() {
		_ = c.nc.Close()
	}
}
