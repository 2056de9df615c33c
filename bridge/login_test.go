package bridge

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func TestLoginShowsBuddies(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob", "carol"))
	c := ircdtest.Dial(t, r.addr)
	c.Send("PASS alice:secret")
	c.Send("NICK whatever")
	c.Send("USER u 0 * :Real Name")
	c.Expect("001 alice *")
	end := r.nextEnd()
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"alice", "bob", "carol"}})
	end.expect(toc.InitDone{})
	c.Expect(":alice!u@alice.aim JOIN &buddies")
	c.Expect("332 alice &buddies *")
	c.Expect("353 alice = &buddies *")
	c.Expect("366 alice &buddies *")
}

func TestSignOnErrorsInWords(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		expect string
		text   string
	}{
		"wrong password": {toc.ServerError{Code: 980}, "464 * *", "password"},
		"too often":      {toc.ServerError{Code: 983}, "ERROR *", "Wait 10 minutes"},
		"unreachable":    {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "ERROR *", "aim.test:9898 cannot be reached: connection refused"},
		"silent":         {context.DeadlineExceeded, "ERROR *", "aim.test:9898 does not answer"},
		"closed":         {toc.ServerError{Code: 989, Arg: "17"}, "ERROR *", "refused the sign-on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{})
			r.refuse("alice", tc.err)
			c := ircdtest.Dial(t, r.addr)
			c.Send("PASS secret\r\nNICK alice\r\nUSER u 0 * :r")
			m := c.Expect(tc.expect)
			if !strings.Contains(m.Trailing(), tc.text) {
				t.Errorf("%q does not say %q", m.Trailing(), tc.text)
			}
			c.ExpectClosed()
		})
	}
}

func TestPasswordNeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c := ircdtest.Dial(t, r.addr)
	c.Send("NICK alice\r\nUSER u 0 * :r")
	if m := c.Expect("464 * *"); !strings.Contains(m.Trailing(), "PASS screenname:password") {
		t.Errorf("%q does not say what to do", m.Trailing())
	}
}

func TestSecondClientNeedsThePassword(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.login("alice")
	c := ircdtest.Dial(t, r.addr)
	c.Send("PASS guess\r\nNICK alice\r\nUSER u 0 * :r")
	c.Expect("464 * *")
	r.attach("Alice") // any spelling of the name
	select {
	case <-r.came:
		t.Error("a second client signed on to AIM again")
	default:
	}
}

func TestAnonymousIsNotShared(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Anonymous: true})
	c := ircdtest.Dial(t, r.addr)
	c.Register("alice")
	d := ircdtest.Dial(t, r.addr)
	d.Send("NICK alice\r\nUSER u 0 * :r")
	d.Expect("433 * alice *")
	d.Send("NICK bob")
	d.Expect("001 bob *")
	e := ircdtest.Dial(t, r.addr)
	e.Send("PASS secret\r\nNICK alice\r\nUSER u 0 * :r")
	e.Expect("433 * alice *")
}

func TestAnonymousMayNotEnterAProtectedAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Anonymous: true})
	r.login("alice")
	d := ircdtest.Dial(t, r.addr)
	d.Send("NICK alice\r\nUSER u 0 * :r")
	d.Expect("433 * alice *")
}

func TestSignOnIsSingleFlight(t *testing.T) {
	t.Parallel()
	dialing, proceed := make(chan struct{}, 8), make(chan struct{})
	var r *rig
	r = newRig(t, Options{SignOn: func(ctx context.Context, name toc.ScreenName, pw string) (Uplink, error) {
		dialing <- struct{}{}
		select {
		case <-proceed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return r.signOn(ctx, name, pw)
	}})
	good := make(chan error, 4)
	start := func(password string) {
		go func() {
			s, err := r.bridge.Authenticate(context.Background(), ircd.Credentials{Account: "alice", Password: password})
			if err == nil {
				defer s.Detach(nil)
			}
			good <- err
		}()
	}
	start("secret")
	<-dialing
	start("secret")
	start("secret")
	close(proceed)
	for range 3 {
		if err := <-good; err != nil {
			t.Errorf("login: %v", err)
		}
	}
}

// TestRefusedStarterDoesNotSpoilTheNext: a wrong password that came first must not lock the right one out.
func TestRefusedStarterDoesNotSpoilTheNext(t *testing.T) {
	t.Parallel()
	dialing, proceed := make(chan string, 8), make(chan struct{})
	var r *rig
	r = newRig(t, Options{SignOn: func(ctx context.Context, name toc.ScreenName, pw string) (Uplink, error) {
		dialing <- pw
		<-proceed
		return r.signOn(ctx, name, pw)
	}})
	var wg sync.WaitGroup
	results := make(map[string]error)
	var mu sync.Mutex
	login := func(pw string) {
		wg.Go(func() {
			s, err := r.bridge.Authenticate(context.Background(), ircd.Credentials{Account: "alice", Password: pw})
			if err == nil {
				defer s.Detach(nil)
			}
			mu.Lock()
			results[pw] = err
			mu.Unlock()
		})
	}
	login("wrong")
	<-dialing
	login("secret")
	close(proceed)
	wg.Wait()
	var refused *ircd.Reply
	if !errors.As(results["wrong"], &refused) || results["secret"] != nil {
		t.Errorf("wrong: %v, secret: %v", results["wrong"], results["secret"])
	}
}

func TestLastClientLeavesSignsOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c, end := r.login("alice")
	d := r.attach("alice")
	c.Send("QUIT :bye")
	c.ExpectClosed()
	d.Sync() // still there
	select {
	case <-end.closed:
		t.Fatal("signed off with a client attached")
	default:
	}
	d.Close()
	<-end.closed
	_, again := r.login("alice")
	again.expect(toc.InitDone{})
}

func TestLingerKeepsTheAccountOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Linger: time.Hour})
	c, end := r.login("alice")
	c.Close()
	d := r.attach("alice")
	d.Sync()
	select {
	case <-end.closed:
		t.Error("signed off in spite of linger")
	case <-r.came:
		t.Error("signed on twice")
	default:
	}
}

func TestPanicCostsOneSession(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c, end := r.login("alice")
	d, _ := r.login("bob")
	r.bridge.peer("alice").post(do(func(*session) { panic("test") }))
	c.Expect("ERROR *")
	<-end.closed
	d.Sync()
	c2, _ := r.login("alice")
	c2.Sync()
}

func TestShutdownClosesAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c, end := r.login("alice")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.bridge.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	<-end.closed
	c.Expect("ERROR *")
	if _, err := r.bridge.Authenticate(ctx, ircd.Credentials{Account: "bob", Password: "x"}); !errors.Is(err, errClosed) {
		t.Errorf("a login during shutdown gets %v", err)
	}
}
