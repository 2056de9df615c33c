package bridge

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocbridge/bridge/seal"
	"tocbridge/bridge/store"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// logged is a log that a test reads.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newKey is a key like no other.
func newKey(t *testing.T) *seal.Key {
	t.Helper()
	k, err := seal.Create(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keeper is what outlives a bridge in these tests.
type keeper struct {
	t   *testing.T
	st  *store.Store
	key *seal.Key
	log logged
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	return &keeper{t: t, st: newStore(t), key: newKey(t)}
}

// rig starts a bridge with what is kept. Hashing is cheap.
func (k *keeper) rig(change ...func(*Options)) *rig {
	k.t.Helper()
	o := Options{Store: k.st, Key: k.key, Log: k.log.logger(), Replay: Replay{Lines: 100}}
	for _, f := range change {
		f(&o)
	}
	r := newRig(k.t, o)
	r.bridge.hasher = seal.NewHasher(seal.Cost{Memory: 8, Time: 1, Threads: 1}, 2)
	return r
}

// restart ends a bridge and starts the next one, which signs on who is always on.
func (k *keeper) restart(r *rig, change ...func(*Options)) *rig {
	k.t.Helper()
	r.stop()
	next := k.rig(change...)
	if err := next.bridge.Start(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	return next
}

// state is what the store has for alice.
func (k *keeper) state(kind, name string) string {
	k.t.Helper()
	acct, err := k.st.Account(k.t.Context(), "alice")
	if err != nil {
		k.t.Fatal(err)
	}
	v, _ := acct.Get(kind, name)
	return v
}

// alwaysOn is alice on a new bridge, always on.
func (k *keeper) alwaysOn() (*rig, *ircdtest.Client, *farEnd) {
	k.t.Helper()
	r := k.rig()
	c, end := r.login("alice")
	want(k.t, ask(c, "set always-on yes"), "This account is always on now")
	return r, c, end
}

func want(t *testing.T, got, part string) {
	t.Helper()
	if !strings.Contains(got, part) {
		t.Errorf("got %q, want %q in it", got, part)
	}
}

func TestAlwaysOn(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.alwaysOn()
	password, err := k.key.Open("alice", k.state(kindSecret, secretPassword))
	if err != nil || password.Reveal() != "secret" {
		t.Errorf("sealed: %v", err)
	}
	if ok, err := r.bridge.hasher.Verify(t.Context(), k.state(kindSecret, secretHash), seal.NewSecret("secret")); !ok || err != nil {
		t.Errorf("hash: %v, %v", ok, err)
	}
	want(t, ask(c, "set always"), "always-on\x02 = yes")
	c.Send("QUIT")
	c.ExpectClosed()
	r = k.restart(r)
	end := r.nextEnd()
	if end.name.Key() != "alice" {
		t.Errorf("%s signed on", end.name)
	}
	end.tell(im("Bob", "while you were away"))
	c = r.attach("alice")
	c.Expect("PRIVMSG alice :*while you were away")
	want(t, ask(c, "set always-on no"), "signs off when your last client leaves. Your password is not stored any more.")
	for _, name := range []string{secretPassword, secretHash, secretRefused} {
		if v := k.state(kindSecret, name); v != "" {
			t.Errorf("%s is still there: %q", name, v)
		}
	}
	r = k.restart(r)
	if s := r.bridge.peer("alice"); s != nil {
		t.Error("signed on again")
	}
}

// TestAlwaysOnNeedsAKey: without one nothing is stored, and the user learns who can do what about it.
func TestAlwaysOnNeedsAKey(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.key = nil
	c, _ := k.rig().login("alice")
	want(t, ask(c, "set always-on yes"), `no key to seal it with. Its admin can make one: tocbridge keygen FILE, then key_file = "FILE" under [store]`)
	if v := k.state(kindSecret, secretPassword); v != "" {
		t.Errorf("stored %q", v)
	}
	want(t, ask(c, "set"), "always-on\x02 = no")
}

func TestAlwaysOnNeedsAPassword(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r := k.rig(func(o *Options) { o.Anonymous = true })
	c := ircdtest.Dial(t, r.addr)
	c.Register("guest")
	c.Expect("366 * &buddies *")
	want(t, ask(c, "set always-on yes"), "This account has no password")
}

// TestAlwaysOnNeverLingersOut: others do.
func TestAlwaysOnNeverLingersOut(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.alwaysOn()
	bob, bobEnd := r.login("bob")
	for _, one := range []*ircdtest.Client{c, bob} {
		one.Send("QUIT")
		one.ExpectClosed()
	}
	select {
	case <-bobEnd.closed:
	case <-time.After(patience):
		t.Fatal("bob is still signed on")
	}
	end.tell(im("Bob", "still there?"))
	c = r.attach("alice")
	c.Expect("PRIVMSG alice :*still there?")
}

// TestLoginWhileAlwaysOnWaits: AIM is away when the bridge starts. The right password lets in at once, a wrong one does not.
func TestLoginWhileAlwaysOnWaits(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, end := k.alwaysOn()
	end.tell(im("Bob", "before"))
	r = k.restart(r, func(o *Options) {
		o.SignOn = func(context.Context, toc.ScreenName, string) (Uplink, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
	})
	c := r.attach("alice")
	c.Send("PRIVMSG &buddies :account")
	c.Expect(":*aim!* PRIVMSG &buddies :Not connected to AIM: * Trying again in *")
	wrong := ircdtest.Dial(t, r.addr)
	wrong.Send("PASS wrong\r\nNICK alice\r\nUSER alice 0 * :x")
	wrong.Expect("464 * :Wrong password*")
}

// TestStartRefused: AIM does not take the stored password. It is tried once; the user learns of it with the next login, which
// makes the account always on again with the password that AIM takes.
func TestStartRefused(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, _ := k.alwaysOn()
	var mu sync.Mutex
	var tried []string
	asked := make(chan struct{}, 16)
	refuse := func(o *Options) {
		o.SignOn = func(_ context.Context, name toc.ScreenName, password string) (Uplink, error) {
			mu.Lock()
			defer mu.Unlock()
			tried = append(tried, password)
			asked <- struct{}{}
			if password != "new" {
				return nil, toc.ServerError{Code: toc.ErrWrongPassword}
			}
			f := newFarEnd(t, name)
			f.tell(toc.Nick{Name: name}, toc.Config{V2: true})
			return f, nil
		}
	}
	r = k.restart(r, refuse)
	<-asked
	r.ended("alice")
	if k.state(kindSecret, secretRefused) == "" {
		t.Error("the refusal is not remembered")
	}
	want(t, k.log.String(), "AIM refuses the stored password of an account that is always on")
	r = k.restart(r, refuse)
	r = k.restart(r, refuse)
	mu.Lock()
	if len(tried) != 1 {
		t.Errorf("tried %d times", len(tried))
	}
	mu.Unlock()
	c := ircdtest.Dial(t, r.addr)
	c.Register("alice", ircdtest.Pass("new"))
	c.Expect("NOTICE &buddies :AIM refused the password that was stored here*always on again.")
	want(t, ask(c, "set always-on"), "= yes")
	untilTrue(c, func() bool { return k.state(kindSecret, secretHash) != "" })
	password, err := k.key.Open("alice", k.state(kindSecret, secretPassword))
	if err != nil || password.Reveal() != "new" || k.state(kindSecret, secretRefused) != "" {
		t.Errorf("not stored anew: %v", err)
	}
	if c := ircdtest.Dial(t, r.addr); true {
		c.Register("alice", ircdtest.Pass("new"))
		c.ExpectNot("NOTICE &buddies :AIM refused*") // told once
	}
}

// untilTrue waits for something that no client is told of; each look is a round trip of one.
func untilTrue(c *ircdtest.Client, ok func() bool) {
	for deadline := time.Now().Add(patience); !ok() && time.Now().Before(deadline); {
		c.Sync()
	}
}

// ended waits until the session of an account is over.
func (r *rig) ended(key string) {
	r.t.Helper()
	if s := r.bridge.peer(key); s != nil {
		select {
		case <-s.done:
		case <-time.After(patience):
			r.t.Fatalf("the session of %s goes on", key)
		}
	}
}

// TestSignedOffStaysSo: who signed off is not signed on by a restart, but by signon and by a login.
func TestSignedOffStaysSo(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.alwaysOn()
	want(t, ask(c, "signoff"), "You are signed off from AIM")
	r.stop()
	r = k.rig()
	r.bridge.wake("alice")
	if r.bridge.peer("alice") != nil {
		t.Error("signed on")
	}
	want(t, k.log.String(), "was signed off by its user")
	c, _ = r.login("alice")
	ask(c, "signoff")
	c.Send("PRIVMSG &buddies :signon")
	r.nextEnd()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	r = k.restart(r)
	r.nextEnd()
}

// TestWrongPasswordsDoNotDial: who tries passwords on an account that waits for AIM does not make it try more often.
func TestWrongPasswordsDoNotDial(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r := k.rig(func(o *Options) { o.Backoff = Backoff{Min: time.Hour, Max: time.Hour} })
	_, end := r.login("alice")
	end.Close()
	r.attach("alice").Expect("NOTICE &buddies :Not connected to AIM: * Trying again in *")
	for range 5 {
		want(t, r.refused("wrong"), "Wrong password")
	}
	if len(r.came) != 0 {
		t.Error("signed on before the time")
	}
}
