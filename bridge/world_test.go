package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// pipeListener is a listener in memory, so that tests can run in fake time.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// world is the whole thing in memory: tocd, a bridge and an IRC server.
type world struct {
	t *testing.T

	bridge *Bridge
	aim    *tocd.Server
	irc    *pipeListener

	mu     sync.Mutex
	aimLn  *pipeListener
	served sync.WaitGroup
}

func newWorld(t *testing.T, far tocd.Options, o Options) (w *world, shutdown func()) {
	w = &world{t: t, aim: tocd.New(far), irc: newPipeListener()}
	w.startAIM()
	o.Server = "aim.test:9898"
	o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		w.mu.Lock()
		ln := w.aimLn
		w.mu.Unlock()
		return ln.dial(ctx)
	}
	if o.PingTime == 0 {
		o.PingTime = patience
	}
	b := New(o)
	w.bridge = b
	limits := ircd.DefaultLimits()
	limits.Rate, limits.Burst, limits.PerAddr, limits.PerAddrUnregistered = 0, 0, 0, 0
	srv := &ircd.Server{Name: "irc.test", Network: "AIM", Version: "test", Backend: b, ISupport: b.ISupport(), Limits: limits}
	w.served.Go(func() { _ = srv.Serve(context.Background(), w.irc) })
	return w, func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(srv.Shutdown(ctx), b.Shutdown(ctx), w.aim.Close()); err != nil {
			t.Errorf("shut down: %v", err)
		}
		w.served.Wait()
	}
}

// startAIM makes the AIM server listen (again).
func (w *world) startAIM() {
	ln := newPipeListener()
	w.mu.Lock()
	w.aimLn = ln
	w.mu.Unlock()
	w.served.Go(func() { _ = w.aim.Serve(context.Background(), ln) })
}

// readAhead puts room between a server that writes and a test that reads later: a pipe has none, and in fake time a
// write that waits runs into its deadline at once.
func readAhead(nc net.Conn) net.Conn {
	near, far := net.Pipe()
	lines := make(chan []byte, 4096)
	go func() { // ends when either side closes
		defer close(lines)
		for {
			buf := make([]byte, 4096)
			n, err := nc.Read(buf)
			if err != nil {
				return
			}
			lines <- buf[:n]
		}
	}()
	go func() {
		defer far.Close()
		for b := range lines {
			if _, err := far.Write(b); err != nil {
				nc.Close()
			}
		}
	}()
	go func() {
		io.Copy(nc, far)
		nc.Close()
	}()
	return near
}

// login attaches a client and reads its welcome.
func (w *world) login(nick string, opts ...ircdtest.Option) *ircdtest.Client {
	w.t.Helper()
	nc, err := w.irc.dial(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	c := ircdtest.New(w.t, readAhead(nc))
	c.Register(nick, append([]ircdtest.Option{ircdtest.Pass("pw-" + strings.ToLower(nick))}, opts...)...)
	c.Expect("366 * &buddies *")
	return c
}

func accounts(names ...string) map[string]string {
	m := map[string]string{}
	for _, n := range names {
		m[n] = "pw-" + strings.ToLower(n)
	}
	return m
}

// TestPasteIsPaced: thirty lines at once, a server with the real limits, fake time. Everything arrives, in order, and
// the server never says 903.
func TestPasteIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		const n = 30
		for i := range n {
			alice.Send("PRIVMSG bob :line %d of the paste", i)
		}
		for i := range n {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :line %d of the paste", i))
		}
		for i := range 20 { // and on, one every two seconds
			time.Sleep(2 * time.Second)
			alice.Send("PRIVMSG bob :more %d", i)
		}
		for i := range 20 {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :more %d", i))
		}
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestLongWaitIsTold: lines too long to be joined wait, and the user is told how long.
func TestLongWaitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		long := strings.Repeat("&", 380) // five times as long for AIM
		for i := range 12 {
			alice.Send("PRIVMSG bob :%d%s", i, long)
		}
		told := alice.Expect("NOTICE &buddies :AIM limits how fast one may talk: your message to bob goes out in about *")
		if !regexp.MustCompile(`in about \d+s`).MatchString(told.Trailing()) {
			t.Errorf("%q does not say how long", told.Trailing())
		}
		alice.ExpectNot("NOTICE &buddies :AIM limits*") // once a wait
		for i := range 12 {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :%d%s", i, long))
		}
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestTwoTargetsKeepTheirOrder: two conversations share the budget, each keeps its order.
func TestTwoTargetsKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob, carol := w.login("alice"), w.login("bob"), w.login("carol")
		for i := range 15 {
			alice.Send("PRIVMSG bob :b%d", i)
			alice.Send("PRIVMSG carol :c%d", i)
		}
		for i := range 15 {
			bob.Expect(fmt.Sprintf("PRIVMSG bob b%d", i))
			carol.Expect(fmt.Sprintf("PRIVMSG carol c%d", i))
		}
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestRoomFloodIsPaced: a room drops who talks too fast without telling; we never get there.
func TestRoomFloodIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		bob.Send("JOIN #room")
		bob.Expect("366 bob #room *")
		for i := range 150 {
			alice.Send("PRIVMSG #room :%d", i)
		}
		for i := range 150 {
			bob.Expect(fmt.Sprintf(":alice!* PRIVMSG #room %d", i))
		}
		bob.Send("PRIVMSG #room :all there")
		alice.Expect(":bob!* PRIVMSG #room :all there")
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestSiblingSpendsTheBudget: another session of the account, unseen by us, uses up the limit: a 903 comes. The user is
// told which text may be lost, and later text goes out.
func TestSiblingSpendsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		other := directSignOn(t, w, "alice")
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!bob@aim JOIN &buddies")
		for range 8 {
			if err := other.Send(imTo("bob", "from elsewhere")); err != nil {
				t.Fatal(err)
			}
		}
		bob.Expect("PRIVMSG bob :from elsewhere")
		alice.Send("PRIVMSG bob :too much")
		alice.Expect("NOTICE &buddies :AIM dropped a message * too much")
		alice.Expect("NOTICE &buddies :AIM's speed limit was hit*")
		time.Sleep(time.Minute)
		alice.Send("PRIVMSG bob :later")
		bob.Expect("PRIVMSG bob later")
	})
}

// TestServerDiesAndComesBack: both users see what happened and chat again without doing anything.
func TestServerDiesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!bob@aim JOIN &buddies")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		bob.Send("JOIN #room")
		bob.Expect("366 bob #room *")
		if err := w.aim.Close(); err != nil {
			t.Fatal(err)
		}
		alice.Expect(":bob!bob@aim QUIT :tocbridge aim.tocbridge")
		alice.Expect("NOTICE &buddies :Not connected to AIM*")
		bob.Expect("NOTICE &buddies :Not connected to AIM*")
		alice.Send("PRIVMSG bob :meanwhile")
		alice.Expect("401 alice bob :Not sent*")
		time.Sleep(20 * time.Second)
		w.startAIM()
		time.Sleep(time.Minute)
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
		bob.Expect("NOTICE &buddies :Signed on to AIM again.")
		alice.Send("PRIVMSG bob :again")
		bob.Expect(":alice!alice@aim PRIVMSG bob again")
		bob.Send("PRIVMSG #room :rooms too")
		alice.Expect(":bob!bob@aim PRIVMSG #room :rooms too")
	})
}

// directSignOn is another AIM client of an account.
func directSignOn(t *testing.T, w *world, name toc.ScreenName) *toc.Client {
	t.Helper()
	c := directDial(t, w, name)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := c.Recv(); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
	})
	return c
}

// directDial signs on, and leaves the reading to the caller.
func directDial(t *testing.T, w *world, name toc.ScreenName) *toc.Client {
	t.Helper()
	c, err := toc.SignOn(context.Background(), "aim.test:9898", toc.Login{Name: name, Password: "pw-" + string(name),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.aimLn.dial(ctx) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(toc.InitDone{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLastWordsArriveBeforeTheQuit: what was said just before leaving is sent, also what the speed limit held up.
func TestLastWordsArriveBeforeTheQuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		long := strings.Repeat("&", 380)
		for i := range 20 {
			alice.Send("PRIVMSG bob :%d%s", i, long)
		}
		alice.Send("QUIT :bye")
		alice.ExpectClosed()
		time.Sleep(time.Minute)
		for i := range 20 {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :%d%s", i, long))
		}
		synctest.Wait()
		if w.bridge.peer("alice") != nil {
			t.Error("all is sent, and alice is still signed on")
		}
	})
}

// TestShutdownNamesWhatIsNotSent: a server that stops cannot wait for the speed limit.
func TestShutdownNamesWhatIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG bob :first")
		bob.Expect("PRIVMSG bob first")
		long := strings.Repeat("&", 380)
		for i := range 20 {
			alice.Send("PRIVMSG bob :%d%s", i, long)
		}
		alice.Sync()
		w.bridge.cancel()
		for range 3 {
			alice.Expect("NOTICE &buddies :Not sent to bob: *")
		}
		alice.Expect("ERROR *")
		shutdown()
	})
}

// TestMessageThenQuit: without limits too, the last line before QUIT is sent.
func TestMessageThenQuit(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	defer shutdown()
	bob := w.login("bob")
	for i := range 5 {
		alice := w.login("alice")
		alice.SendRaw(fmt.Sprintf("PRIVMSG bob :last %d\r\nQUIT :x\r\n", i))
		alice.ExpectClosed()
		bob.Expect(fmt.Sprintf("PRIVMSG bob :last %d", i))
	}
}

func TestRoomNamesAsTheServerHasThem(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	defer shutdown()
	alice := w.login("alice")
	alice.Send("JOIN #a:b")
	channel := alice.Expect(":alice!* JOIN *").Params[0]
	alice.Expect("366 alice " + channel + " *")
	alice.Send("TOPIC #a:b :works")
	alice.Expect("TOPIC " + channel + " works")
	alice.Send("PART #a:b")
	alice.Expect("PART " + channel)
	alice.Send("JOIN #_x_")
	alice.Expect(":alice!* JOIN #x")
	alice.Send("JOIN #_")
	alice.Expect("403 alice #_ *")
}
