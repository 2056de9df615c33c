package ircd_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// flaky is a listener that fails now and then, as one does that is out of file descriptors.
type flaky struct {
	net.Listener
	failures atomic.Int32
}

type temporary struct{}

func (temporary) Error() string   { return "too many open files" }
func (temporary) Temporary() bool { return true }

func (f *flaky) Accept() (net.Conn, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, temporary{}
	}
	return f.Listener.Accept()
}

func TestAcceptGoesOnAfterTemporaryErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	f := &flaky{Listener: ln}
	f.failures.Store(3)
	s.serve(f)
	s.register("alice")
}

type broken struct{ net.Listener }

var errBroken = errors.New("broken")

func (broken) Accept() (net.Conn, error) { return nil, errBroken }

func TestServeReturnsTheListenersError(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(context.Background(), broken{ln}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// Several listeners at once; the end of one, or of its context, does not touch the connections.
func TestSeveralListeners(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	one := s.register("alice")
	two := ircdtest.Dial(t, ln.Addr().String())
	two.Register("alice")
	cancel()
	if err := <-done; !errors.Is(err, ircd.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
	two.Send("PRIVMSG alice hi")
	one.ExpectNext("PRIVMSG alice hi")
	two.ExpectNext("PRIVMSG alice hi")
}

// stuck is a session that never comes back from Handle.
type stuck struct{ quit chan struct{} }

func (s stuck) Authenticate(context.Context, ircd.Credentials) (ircd.Session, error) { return s, nil }
func (stuck) Nick() string                                                           { return "alice" }
func (stuck) Attach(*ircd.Conn)                                                      {}
func (s stuck) Handle(*ircd.Conn, *irc.Message)                                      { <-s.quit }
func (stuck) Detach(*ircd.Conn)                                                      {}

// A backend that hangs cannot make Shutdown hang.
func TestShutdownBudget(t *testing.T) {
	t.Parallel()
	b := stuck{make(chan struct{})}
	s := &ircd.Server{Backend: b}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background(), ln) }()
	c := ircdtest.Dial(t, ln.Addr().String())
	c.Register("alice")
	c.Send("ANYTHING")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	<-done
	close(b.quit)
	if err := s.Shutdown(context.Background()); err != nil { // and now it is over
		t.Errorf("second Shutdown: %v", err)
	}
}

// prone is a backend that panics where it is told to.
type prone struct{ where string }

func (p prone) hit(where string) {
	if p.where == where {
		panic(where)
	}
}

func (p prone) Authenticate(context.Context, ircd.Credentials) (ircd.Session, error) {
	p.hit("Authenticate")
	return p, nil
}
func (p prone) Nick() string                  { p.hit("Nick"); return "alice" }
func (p prone) Ident(string) (string, string) { p.hit("Ident"); return "al", "aim" }
func (p prone) Attach(*ircd.Conn)             { p.hit("Attach") }
func (p prone) Detach(*ircd.Conn)             { p.hit("Detach") }
func (p prone) Handle(c *ircd.Conn, m *irc.Message) {
	p.hit("Handle")
	c.Dispatch(m, func(*irc.Message) error { p.hit("Dispatch"); return nil })
}

// A panic anywhere in the backend costs that connection only, which is told so.
func TestPanicsInBackend(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"Authenticate", "Nick", "Ident", "Attach", "Handle", "Dispatch", "Detach", "nowhere"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := &ircd.Server{Name: "irc.test", Backend: prone{where}}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- s.Serve(context.Background(), ln) }()
			for range 2 {
				c := ircdtest.Dial(t, ln.Addr().String())
				c.SendRaw("NICK a\r\nUSER a 0 * :a\r\nANYTHING\r\nQUIT\r\n")
				want := "ERROR :Internal error"
				if where == "Detach" || where == "nowhere" {
					want = "ERROR :Client quit"
				}
				got := c.ExpectClosed()
				if why := ircdtest.Match(want, got[len(got)-1]); why != "" {
					t.Errorf("last: %v", got[len(got)-1])
				}
				if where == "nowhere" && got[0].Trailing() != "Welcome to the irc.test IRC network, alice!al@aim" {
					t.Errorf("first: %v", got[0])
				}
			}
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			<-done
			if st := s.Stats(); st.Conns != 0 || st.Unregistered != 0 || st.Users != 0 {
				t.Errorf("left behind: %+v", st)
			}
		})
	}
}

// What a Conn tells about its client.
func TestConn(t *testing.T) {
	t.Parallel()
	got := make(chan *ircd.Conn, 1)
	s := start(t, func(s *server) { s.hook = func(c *ircd.Conn) { got <- c } })
	before := time.Now()
	c := s.dial()
	c.Register("alice", ircdtest.SASL("Alice@phone", "pw"), ircdtest.User("al"), ircdtest.Realname("Alice A"))
	c.Send("HOOK")
	conn := <-got
	if conn.Nick() != "Alice" || conn.User() != "al" || conn.Realname() != "Alice A" || conn.Host() != "127.0.0.1" ||
		conn.Account() != "Alice" || conn.Device() != "phone" || conn.Secure() || conn.Prefix().String() != "Alice!al@127.0.0.1" {
		t.Errorf("%s %s %s %s %s %s", conn.Prefix(), conn.User(), conn.Realname(), conn.Host(), conn.Account(), conn.Device())
	}
	if conn.Since().Before(before) || conn.RemoteAddr().String() != c.Conn().LocalAddr().String() || !conn.Has(ircd.CapSASL) {
		t.Errorf("%v %v", conn.Since(), conn.RemoteAddr())
	}
	idle := conn.LastActive()
	c.Send("WHO x")
	c.Send("PONG x")
	c.Sync()
	if conn.LastActive() != idle {
		t.Error("WHO counts as activity")
	}
	c.Send("PRIVMSG alice x")
	c.Sync()
	if !conn.LastActive().After(idle) {
		t.Error("PRIVMSG does not count as activity")
	}
	conn.SetIdent("u", "h")
	conn.SetRealname("r")
	if conn.Prefix().String() != "Alice!u@h" || conn.Realname() != "r" || conn.CloseReason() != "" || conn.QuitMessage() != "" {
		t.Errorf("%s %s", conn.Prefix(), conn.Realname())
	}
}
