package tocd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tocbridge/toc"
)

// ErrClosed is what Serve returns after an orderly end.
var ErrClosed = errors.New("tocd: server closed")

// maxSessions is how many sessions of one name the live server allows.
const maxSessions = 5

// Options says which accounts exist and how strict the server is. The zero
// value is a server without accounts and without limits.
type Options struct {
	// Accounts holds the passwords by screen name, formatted as the owner
	// likes to see it.
	Accounts map[string]string

	// AnyName is for the demo: whoever has a legal IRC nick (up to 32
	// characters) may sign on. The first password given to a name, up to 600
	// bytes, stays its password; a name without one is open to everybody, but
	// to one session at a time. Names in Accounts keep their rules.
	AnyName bool

	// PublicRooms are the rooms of exchange 5, which clients cannot create.
	PublicRooms []string

	RateLimits   bool // the live server's rate classes, exact to the message
	ConnectLimit bool // ten sign-ons and ten page fetches a minute from one address
	MaxSessions  int  // of one name at a time; 0 means 5
	AOL          AOLSwitches

	Log *slog.Logger     // nil: silent. Never sees passwords nor message texts
	Now func() time.Time // nil: time.Now
}

// AOLSwitches turns on what AOL's servers did and the live one does not, so
// that a client can be tested against both.
type AOLSwitches struct {
	KeepAlive      time.Duration // send a KEEP_ALIVE frame this often; 0: never
	OClass         bool          // user class " O," and " OU" instead of " U " and " UU"
	ShortCaps      bool          // four hex digits for capabilities that have a short form
	IM901          bool          // ERROR:901 for an IM to nobody
	ReverseConfig  bool          // CONFIG2 before NICK
	StrictSequence bool          // close on a gap in the client's sequence numbers
}

// Server is a TOC2 server. Its methods may be called from any goroutine.
type Server struct {
	o    Options // fixed
	log  *slog.Logger
	now  func() time.Time
	seal [32]byte      // signs the cookies of pages
	wake chan struct{} // tells a janitor that something is due earlier

	refused atomic.Int64 // ERROR:903 sent

	mu       sync.Mutex // guards what follows, and account, user, session, room
	accounts map[string]*account
	refs     map[string][]*account // by key: the accounts whose lists name it
	rooms    map[roomKey]*room
	signOns  addressLimit
	fetches  addressLimit
	dirty    []*conn // have output that no writer was told of
	servings map[*serving]struct{}
}

// New makes a server; it listens to nothing yet.
func New(o Options) *Server {
	s := &Server{
		o: o, log: o.Log, now: o.Now, wake: make(chan struct{}, 1),
		accounts: map[string]*account{}, refs: map[string][]*account{},
		rooms: map[roomKey]*room{}, servings: map[*serving]struct{}{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.o.MaxSessions == 0 {
		s.o.MaxSessions = maxSessions
	}
	rand.Read(s.seal[:])
	for name, password := range o.Accounts {
		a := newAccount(toc.ScreenName(name), password)
		s.accounts[a.key] = a
	}
	for _, name := range o.PublicRooms {
		s.openRoom(publicExchange, name)
	}
	return s
}

// serving is one listener with its connections.
type serving struct {
	srv  *Server
	ln   net.Listener
	quit chan struct{}  // closed by stop
	wg   sync.WaitGroup // connections, their writers, the janitor
	done chan struct{}  // closed when Serve is about to return

	// Guarded by Server.mu.
	conns   map[*conn]struct{}
	stopped bool
}

// Serve accepts connections until ctx ends or Close is called, then closes the
// listener and all its connections, waits for their goroutines and returns
// ErrClosed; any other error is the listener's. Several listeners may be served
// at once. Accounts, lists and rooms survive: to serve again is what clients
// see as the server coming back.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	v := &serving{srv: s, ln: ln, quit: make(chan struct{}), done: make(chan struct{}), conns: map[*conn]struct{}{}}
	defer close(v.done)
	s.mu.Lock()
	s.servings[v] = struct{}{}
	s.mu.Unlock()
	defer context.AfterFunc(ctx, v.stop)()
	v.wg.Go(v.janitor)

	err := v.accept()
	v.stop()
	v.wg.Wait()
	s.mu.Lock()
	delete(s.servings, v)
	s.mu.Unlock()
	return err
}

// Close ends all Serve calls and waits until they have cleaned up.
func (s *Server) Close() error {
	s.mu.Lock()
	all := make([]*serving, 0, len(s.servings))
	for v := range s.servings {
		all = append(all, v)
	}
	s.mu.Unlock()
	for _, v := range all {
		v.stop()
		<-v.done
	}
	return nil
}

// accept takes connections until the listener fails or is closed.
func (v *serving) accept() error {
	pause := 5 * time.Millisecond
	for {
		nc, err := v.ln.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			v.start(nc)
		case v.isStopped():
			return ErrClosed
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("tocd: accept: %w", err)
		default: // out of descriptors, usually: others may go on
			v.srv.log.Warn("accept failed", "err", err, "retry", pause)
			select {
			case <-v.quit:
				return ErrClosed
			case <-time.After(pause):
			}
			pause = min(2*pause, time.Second)
		}
	}
}

// start serves one connection on a goroutine of its own.
func (v *serving) start(nc net.Conn) {
	c := newConn(v, nc)
	v.srv.mu.Lock()
	stopped := v.stopped
	if !stopped {
		v.conns[c] = struct{}{}
		v.wg.Go(c.serve)
	}
	v.srv.mu.Unlock()
	if stopped {
		nc.Close()
	}
}

func (v *serving) isStopped() bool {
	v.srv.mu.Lock()
	defer v.srv.mu.Unlock()
	return v.stopped
}

// stop closes the listener and all connections; it does not wait.
func (v *serving) stop() {
	v.srv.mu.Lock()
	defer v.srv.mu.Unlock()
	if v.stopped {
		return
	}
	v.stopped = true
	close(v.quit)
	v.ln.Close()
	for c := range v.conns {
		c.cut()
	}
}

// janitor does what is due by the clock: keep-alives and the decay of warnings.
func (v *serving) janitor() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	alive := v.srv.now()
	for {
		timer.Reset(v.srv.untilDue(alive))
		select {
		case <-v.quit:
			return
		case <-v.srv.wake:
		case <-timer.C:
		}
		if now := v.srv.now(); v.srv.o.AOL.KeepAlive > 0 && now.Sub(alive) >= v.srv.o.AOL.KeepAlive {
			alive = now
			v.keepAlive()
		}
		v.srv.decayDue()
	}
}

// untilDue says how long a janitor may sleep, given when it last sent
// keep-alives.
func (s *Server) untilDue(alive time.Time) time.Duration {
	now, due := s.now(), time.Hour
	if s.o.AOL.KeepAlive > 0 {
		due = alive.Add(s.o.AOL.KeepAlive).Sub(now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.user != nil && !a.user.decayAt.IsZero() {
			due = min(due, a.user.decayAt.Sub(now))
		}
	}
	return max(due, time.Millisecond)
}

// keepAlive sends a KEEP_ALIVE frame to every session of this listener.
func (v *serving) keepAlive() {
	v.srv.mu.Lock()
	defer v.srv.mu.Unlock()
	for c := range v.conns {
		if c.session != nil {
			c.frame(toc.FrameKeepAlive, "")
			c.kick()
		}
	}
}
