package ircd_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// pipes is a listener of net.Pipe connections: sockets do not work in fake time, pipes do.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(t testing.TB) *ircdtest.Client {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ircdtest.New(t, ours)
}

// inBubble runs f in fake time with a server on pipes. A client's ten-second deadline is fake as well: f must not wait
// for what comes later than that without sleeping first.
func inBubble(t *testing.T, tweak func(*server), f func(t *testing.T, s *server, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		s := newServer(t, tweak)
		s.serve(p)
		f(t, s, p)
	})
}

func TestRegistrationTimeout(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		begin := time.Now()
		c.Send("NICK alice") // does not buy time
		time.Sleep(29 * time.Second)
		c.Send("NICK bob")
		c.ExpectNext("ERROR :Registration timeout: 30 seconds")
		c.ExpectClosed()
		if d := time.Since(begin); d.Round(time.Second) != 30*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// The time the backend takes is not the client's.
func TestSlowBackendIsNotAClientsFault(t *testing.T) {
	t.Parallel()
	slow := func(s *server) {
		s.auth = func(ctx context.Context, cred ircd.Credentials) error {
			time.Sleep(20 * time.Second)
			return passwords(map[string]string{"alice": "right"})(ctx, cred)
		}
	}
	inBubble(t, slow, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		for _, pw := range []string{"wrong", "wrong", "right"} { // a minute of thinking
			c.Send("AUTHENTICATE PLAIN")
			c.Expect("AUTHENTICATE +")
			c.Send("AUTHENTICATE %s", b64("\x00alice\x00"+pw))
			time.Sleep(20 * time.Second)
			c.ExpectNext(map[string]string{"wrong": "904 ...", "right": "900 ..."}[pw])
		}
		c.Expect("903 ...")
		c.Send("NICK alice")
		c.Send("USER a 0 * :a")
		c.Expect("376 ...")
	})
}

func TestPingTimeout(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		c.Register("alice")
		for range 3 { // answered, all is well
			time.Sleep(115 * time.Second)
			c.ExpectNext("PING irc.test")
			c.Send("PONG irc.test")
			c.Sync()
		}
		for range 10 { // whoever talks is not asked
			time.Sleep(100 * time.Second)
			if got := c.Sync(); len(got) > 0 {
				t.Errorf("got %v", got)
			}
		}
		begin := time.Now()
		time.Sleep(115 * time.Second)
		c.ExpectNext("PING irc.test")
		time.Sleep(55 * time.Second)
		c.ExpectNext("ERROR :Ping timeout: 180 seconds")
		c.ExpectClosed()
		if d := time.Since(begin); d.Round(time.Second) != 3*time.Minute {
			t.Errorf("after %v", d)
		}
		if n := s.Stats().Closed[ircd.ReasonPing]; n != 1 {
			t.Errorf("closed: %v", s.Stats().Closed)
		}
	})
}

// All limits off: nobody is timed out, nothing is slowed.
func TestNoLimits(t *testing.T) {
	t.Parallel()
	inBubble(t, func(s *server) { s.Limits = ircd.Limits{} }, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		time.Sleep(time.Hour)
		c.Register("alice")
		time.Sleep(24 * time.Hour)
		begin := time.Now()
		for range 3000 {
			c.Send("PONG x")
		}
		if got := c.Sync(); len(got) > 0 || time.Since(begin) > 0 {
			t.Errorf("got %v after %v", got, time.Since(begin))
		}
	})
}

// Fakelag: the burst at once, the rest at the rate; nothing is lost and nobody disconnected.
func TestFakelag(t *testing.T) {
	t.Parallel()
	inBubble(t, func(s *server) { s.Limits.Burst, s.Limits.Rate = 20, 10 }, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		c.Register("alice")
		time.Sleep(10 * time.Second)
		begin := time.Now()
		for range 19 {
			c.Send("SAY 1 x")
		}
		if got := c.Sync(); len(got) != 19 || time.Since(begin) > 0 {
			t.Errorf("burst: %d after %v", len(got), time.Since(begin))
		}
		for range 49 {
			c.Send("SAY 1 x")
		}
		got := c.Sync()
		if d := time.Since(begin).Round(time.Millisecond); len(got) != 49 || d != 5*time.Second {
			t.Errorf("then: %d after %v", len(got), d)
		}
	})
}

// A client that stops reading with little to read is dropped when a write takes too long.
func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, s *server, p *pipes) {
		c := p.dial(t)
		c.Register("alice")
		c.Send("SAY 10 x")
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if st := s.Stats(); st.Conns != 0 || st.Closed[ircd.ReasonWrite] != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// Ten failed logins a minute, then nobody is asked any more; a minute later all is forgotten.
func TestLoginFailures(t *testing.T) {
	t.Parallel()
	auth := func(s *server) { s.auth = passwords(map[string]string{"alice": "right", "bob": "right"}) }
	inBubble(t, auth, func(t *testing.T, s *server, p *pipes) {
		for range 10 {
			c := p.dial(t)
			c.Authenticate("alice", "wrong")
			c.ExpectNext("904 * :Wrong screen name or password")
			c.Close()
		}
		c := p.dial(t)
		c.Authenticate("Alice", "right")
		c.ExpectNext("904 * :Too many failed logins*")
		c.Close()
		c = p.dial(t)
		c.Send("PASS alice:right")
		c.Send("NICK alice")
		c.Send("USER a 0 * :a")
		c.ExpectNext("464 * :Too many failed logins*")
		c.ExpectNext("ERROR *")
		c.Close()
		if n := s.asked(); n != 10 {
			t.Errorf("the backend was asked %d times", n)
		}
		p.dial(t).Register("bob", ircdtest.SASL("bob", "right")) // pipes have no address; another account may
		time.Sleep(time.Minute)
		p.dial(t).Register("alice", ircdtest.SASL("alice", "right"))
	})
}

// Shutdown says ERROR to everybody, registered or not, flushes and ends in time, also with a client that does not read
// and one that does not hang up.
func TestShutdown(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, s *server, p *pipes) {
		registered, early, deaf := p.dial(t), p.dial(t), p.dial(t)
		registered.Register("alice")
		early.Send("NICK bob")
		deaf.Register("carol")
		deaf.Send("SAY 100 x")
		done := make(chan error, 1)
		begin := time.Now()
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			done <- s.Shutdown(ctx)
		}()
		for _, c := range []*ircdtest.Client{registered, early} {
			c.ExpectNext("ERROR :Server is shutting down")
			c.ExpectClosed()
		}
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("after %v", d)
		}
		if err := s.Serve(context.Background(), newPipes()); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Serve after Shutdown: %v", err)
		}
	})
}
