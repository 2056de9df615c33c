package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestComeback: after a night without the server, the first account that gets in takes all others along.
func TestComeback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 20 {
			names = append(names, fmt.Sprintf("user%d", i))
		}
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts(names...)}, Options{Linger: 24 * time.Hour, Backoff: Backoff{10 * time.Second, time.Hour}})
		defer shutdown()
		for _, name := range names {
			w.login(name)
		}
		if err := w.aim.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8*time.Hour + time.Minute)
		w.startAIM()
		there := func() (n int) {
			for _, name := range names {
				n += w.aim.Sessions(toc.ScreenName(name))
			}
			return n
		}
		for deadline := time.Now().Add(time.Hour); there() == 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nobody came back within the longest pause")
			}
		}
		time.Sleep(comebackTime + time.Second)
		if n := there(); n != len(names) {
			t.Errorf("%d of %d are there", n, len(names))
		}
	})
}

// doorkeeper lets accounts sign on, or not.
type doorkeeper struct {
	t *testing.T

	mu      sync.Mutex // guards the following
	down    bool       // the server is away
	refused map[toc.ScreenName]bool
	tries   map[toc.ScreenName]int
	ends    map[toc.ScreenName]*farEnd
}

func (d *doorkeeper) signOn(_ context.Context, name toc.ScreenName, _ string) (Uplink, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[name]++
	switch {
	case d.down:
		return nil, errors.New("connection refused")
	case d.refused[name]:
		return nil, toc.ServerError{Code: 983}
	}
	d.ends[name] = newFarEnd(d.t, name)
	return d.ends[name], nil
}

// set changes something and tells how often somebody has tried.
func (d *doorkeeper) set(name toc.ScreenName, change func()) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	return d.tries[name]
}

// TestComebackOfTheRefused: whom the server refused waits through the pause, whatever happens to others.
func TestComebackOfTheRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doorkeeper{t: t, refused: map[toc.ScreenName]bool{}, tries: map[toc.ScreenName]int{}, ends: map[toc.ScreenName]*farEnd{}}
		b := New(Options{Backoff: Backoff{10 * time.Second, time.Hour}, SignOn: d.signOn})
		for _, name := range []string{"alice", "bob"} {
			if _, err := b.Authenticate(t.Context(), ircd.Credentials{Account: name, Nick: name, Password: "pw"}); err != nil {
				t.Fatal(err)
			}
		}
		d.set("bob", func() {
			d.refused["bob"] = true
			d.ends["bob"].Close()
		})
		time.Sleep(20 * time.Second) // he has tried, and waits for 70 s at least
		d.set("alice", func() {
			d.down = true
			d.ends["alice"].Close()
		})
		time.Sleep(20 * time.Second)
		tries := d.set("bob", func() { d.down = false })
		alice := d.set("alice", func() {})
		b.peer("alice").post(do((*session).hurry))
		time.Sleep(comebackTime + time.Second)
		if n := d.set("alice", func() {}); n != alice+1 {
			t.Errorf("alice tried %d times, then %d", alice, n)
		}
		if n := d.set("bob", func() {}); n != tries || n != 2 {
			t.Errorf("bob tried %d times, then %d", tries, n)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestNoComebackWhereSignOnsAreLimited: there everybody has a time, and keeps to it.
func TestNoComebackWhereSignOnsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true},
			Options{Pace: pace.Oscar, Linger: 24 * time.Hour, Backoff: Backoff{10 * time.Second, time.Hour}})
		defer shutdown()
		w.login("alice")
		w.login("bob")
		if err := w.aim.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Hour)
		w.startAIM()
		var planned time.Time
		w.bridge.peer("bob").post(do(func(s *session) { planned = s.redial.at }))
		w.bridge.peer("alice").post(do((*session).hurry))
		time.Sleep(10 * time.Second)
		var now time.Time
		w.bridge.peer("bob").post(do(func(s *session) { now = s.redial.at }))
		if !now.Equal(planned) {
			t.Errorf("bob was to try at %v, now %v", planned, now)
		}
	})
}
