package bridge

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for an event in these tests.
const patience = 30 * time.Second

// farEnd is a TOC server of one account, played by the test.
type farEnd struct {
	t      testing.TB
	name   toc.ScreenName
	events chan []toc.Event
	page   string // what Get returns

	mu       sync.Mutex
	sent     []toc.Command
	more     chan struct{}
	closed   chan struct{}
	once     sync.Once
	mute     bool // questions are not answered
	busy     bool // all other questions are answered too, with a no
	hold     bool // see holdAnswers
	heldBack int
	statuses bool          // everybody is there when asked for
	told     int           // batches
	read     int           // calls of RecvBatch
	came     chan struct{} // closed and replaced at each
}

func newFarEnd(t testing.TB, name toc.ScreenName) *farEnd {
	return &farEnd{t: t, name: name, events: make(chan []toc.Event, 64), more: make(chan struct{}, 1), closed: make(chan struct{}), came: make(chan struct{})}
}

func (f *farEnd) RecvBatch(dst []toc.Event) ([]toc.Event, error) {
	f.passedOn()
	select {
	case e := <-f.events:
		return append(dst, e...), nil
	default:
	}
	select {
	case e := <-f.events:
		return append(dst, e...), nil
	case <-f.closed:
		return dst, io.EOF
	}
}

// passedOn is called when the reader comes back: the batch before is on its way to the session, ahead of all that comes.
func (f *farEnd) passedOn() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read++
	close(f.came)
	f.came = make(chan struct{})
}

// quiet waits until all that was told has been passed on to the session. With a PING behind it, all of it has been dealt
// with, also where the bridge may not ask AIM for the PONG.
func (f *farEnd) quiet() {
	f.t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		done, came := f.read > f.told, f.came
		f.mu.Unlock()
		if done {
			return
		}
		select {
		case <-came:
		case <-f.closed:
			return
		case <-deadline:
			f.t.Fatal("the bridge does not read")
		}
	}
}

// Send records commands; it answers a question about oneself, which the bridge uses as a fence, as the server does.
func (f *farEnd) Send(cmds ...toc.Command) error {
	for _, cmd := range cmds {
		if q, ok := cmd.(toc.GetInfo); ok && q.Name.Key() == f.name.Key() && !f.isMute() {
			if f.holds() {
				continue
			}
			f.tell(toc.GotoURL{Window: "profile", Path: "info?x"})
			continue
		}
		f.mu.Lock()
		busy, statuses := f.busy, f.statuses
		f.mu.Unlock()
		if q, ok := cmd.(toc.GetStatus); ok && statuses {
			f.tell(here(q.Name, " U "))
			continue
		}
		if busy {
			f.answer(cmd)
			continue
		}
		f.mu.Lock()
		f.sent = append(f.sent, cmd)
		f.mu.Unlock()
	}
	select {
	case f.more <- struct{}{}:
	default:
	}
	return nil
}

func (f *farEnd) isMute() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mute
}

// answer says no to whatever has an answer.
func (f *farEnd) answer(cmd toc.Command) {
	switch cmd := cmd.(type) {
	case toc.GetStatus:
		f.tell(toc.ServerError{Code: 901, Arg: string(cmd.Name)})
	case toc.GetInfo:
		f.tell(toc.GotoURL{Window: "profile", Path: "info?x"})
	case toc.ChatJoin, toc.ChatAccept, toc.FormatNick:
		f.tell(toc.ServerError{Code: 913})
	}
}

func (f *farEnd) Get(context.Context, toc.GotoURL) (string, error) { return f.page, nil }

func (f *farEnd) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// tell sends events to the bridge.
func (f *farEnd) tell(events ...toc.Event) {
	f.mu.Lock()
	f.told++
	f.mu.Unlock()
	select {
	case f.events <- events:
	case <-f.closed:
	}
}

// holdAnswers makes questions about oneself wait, which the bridge asks to know that all before has been dealt with.
func (f *farEnd) holdAnswers(hold bool) {
	f.mu.Lock()
	n := f.heldBack
	f.hold = hold
	if !hold {
		f.heldBack = 0
	}
	f.mu.Unlock()
	for range n {
		if !hold {
			f.tell(toc.GotoURL{Window: "profile", Path: "info?x"})
		}
	}
}

// holds reports whether an answer is to wait.
func (f *farEnd) holds() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hold {
		f.heldBack++
	}
	return f.hold
}

// expect waits for a command and drops it and what came before it.
func (f *farEnd) expect(want toc.Command) {
	f.t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		for i, got := range f.sent {
			if reflect.DeepEqual(got, want) {
				f.sent = f.sent[i+1:]
				f.mu.Unlock()
				return
			}
		}
		seen := append([]toc.Command(nil), f.sent...)
		f.mu.Unlock()
		select {
		case <-f.more:
		case <-deadline:
			f.t.Fatalf("no %#v from the bridge; it sent %#v", want, seen)
		}
	}
}

// commands are what was sent and not yet expected.
func (f *farEnd) commands() []toc.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]toc.Command(nil), f.sent...)
}

// take returns what was sent and not yet expected, and drops it.
func (f *farEnd) take() []toc.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.sent
	f.sent = nil
	return out
}

// rig is a bridge behind a real IRC server, with far ends played by the test.
type rig struct {
	t      *testing.T
	addr   string
	bridge *Bridge
	stop   func() // ends it all before the test's end

	mu   sync.Mutex
	ends map[string][]*farEnd // by screen name, in order of sign-on
	conf map[string]toc.Config
	fail map[string]error
	came chan *farEnd
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, ends: map[string][]*farEnd{}, conf: map[string]toc.Config{}, fail: map[string]error{}, came: make(chan *farEnd, 16)}
	o.Server = "aim.test:9898"
	if o.SignOn == nil {
		o.SignOn = r.signOn
	}
	if o.Backoff == (Backoff{}) {
		o.Backoff = Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
	}
	if o.PingTime == 0 {
		o.PingTime = patience // Sync is the fence of these tests, on a slow machine too
	}
	r.bridge = New(o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = ln.Addr().String()
	limits := ircd.DefaultLimits()
	limits.Rate, limits.Burst = 0, 0
	srv := &ircd.Server{Name: "irc.test", Network: "AIM", Version: "test", Backend: r.bridge, ISupport: r.bridge.ISupport(), Limits: limits}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background(), ln) }()
	r.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(srv.Shutdown(ctx), r.bridge.Shutdown(ctx)); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-served; !errors.Is(err, ircd.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) signOn(_ context.Context, name toc.ScreenName, password string) (Uplink, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fail[name.Key()]; err != nil {
		return nil, err
	}
	if password == "wrong" {
		return nil, toc.ServerError{Code: 980}
	}
	f := newFarEnd(r.t, name)
	f.tell(toc.Nick{Name: name}, r.conf[name.Key()])
	r.ends[name.Key()] = append(r.ends[name.Key()], f)
	r.came <- f
	return f, nil
}

// config sets the list that the next sign-on of a name gets.
func (r *rig) config(name toc.ScreenName, groups ...toc.Group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conf[name.Key()] = toc.Config{V2: true, Groups: groups}
}

// refuse makes sign-ons of a name fail; nil lets them in again.
func (r *rig) refuse(name toc.ScreenName, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail[name.Key()] = err
}

// nextEnd waits for a sign-on.
func (r *rig) nextEnd() *farEnd {
	r.t.Helper()
	select {
	case f := <-r.came:
		return f
	case <-time.After(patience):
		r.t.Fatal("nobody signed on")
		return nil
	}
}

// login attaches a client and returns it with the far end of its account, for the first client of an account.
func (r *rig) login(nick string, opts ...ircdtest.Option) (*ircdtest.Client, *farEnd) {
	r.t.Helper()
	c := r.attach(nick, opts...)
	return c, r.nextEnd()
}

// attach attaches a client to an account and reads its welcome.
func (r *rig) attach(nick string, opts ...ircdtest.Option) *ircdtest.Client {
	r.t.Helper()
	c := ircdtest.Dial(r.t, r.addr)
	c.Register(nick, append([]ircdtest.Option{ircdtest.Pass("secret")}, opts...)...)
	c.Expect("366 * &buddies *")
	return c
}

func buddies(names ...toc.ScreenName) toc.Group {
	g := toc.Group{Name: "Buddies"}
	for _, n := range names {
		g.Buddies = append(g.Buddies, toc.Buddy{Name: n})
	}
	return g
}

// here is an UPDATE_BUDDY2 of somebody online; class " U " or " UU" for away.
func here(name toc.ScreenName, class toc.Class) toc.BuddyUpdate {
	return toc.BuddyUpdate{Name: name, Online: true, Class: class, SignOn: time.Unix(1_795_368_676, 0)}
}

func gone(name toc.ScreenName) toc.BuddyUpdate {
	return toc.BuddyUpdate{Name: name, Class: "   "}
}
