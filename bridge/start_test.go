package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/seal"
	"tocbridge/bridge/store"
	"tocbridge/toc/tocd"
)

// alwaysOnIn makes accounts that are always on in a store.
func alwaysOnIn(t *testing.T, st *store.Store, key *seal.Key, names ...string) {
	t.Helper()
	for _, name := range names {
		acct, err := st.Account(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := key.Seal(name, seal.NewSecret("pw-"+name))
		if err != nil {
			t.Fatal(err)
		}
		acct.Put(kindSecret, secretPassword, sealed)
	}
}

func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	return names
}

// onlineNow counts the accounts that are signed on.
func (w *world) onlineNow(names []string) (n int) {
	for _, name := range names {
		if s := w.bridge.peer(name); s != nil {
			on := make(chan bool, 1)
			s.post(do(func(s *session) { on <- s.state == online }))
			if <-on {
				n++
			}
		}
	}
	return n
}

// TestStartKeepsTheServersLimit: thirty accounts and a server that lets ten a minute sign on from one address. It never has to
// refuse one, a user who logs in meanwhile is let in, and all are on as soon as they may be.
func TestStartKeepsTheServersLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names, st, key := numbered(30), newStore(t), newKey(t)
		alwaysOnIn(t, st, key, names...)
		var log logged
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts(append(names, "alice")...), RateLimits: true, ConnectLimit: true},
			Options{Pace: pace.Oscar, Store: st, Key: key, Log: log.logger()})
		defer shutdown()
		if err := w.bridge.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if n := w.onlineNow(names); n != gateShare {
			t.Errorf("%d are on after ten seconds", n)
		}
		w.login("alice")
		for i := range 3 {
			time.Sleep(gateWindow)
			if n, least := w.onlineNow(names), min(gateShare*(i+2)-1, len(names)); n < least {
				t.Errorf("%d are on after %d windows", n, i+1)
			}
		}
		time.Sleep(gateWindow)
		if n := w.onlineNow(names); n != len(names) {
			t.Errorf("%d are on in the end", n)
		}
		if got := log.String(); containsAny(got, "sign-on failed", "too often") {
			t.Errorf("the server refused:\n%s", got)
		}
	})
}

// TestStartWithoutLimits: hundreds of accounts are back at once where nothing limits them.
func TestStartWithoutLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names, st, key := numbered(300), newStore(t), newKey(t)
		alwaysOnIn(t, st, key, names...)
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts(names...)}, Options{Store: st, Key: key})
		defer shutdown()
		w.bridge.hasher = seal.NewHasher(seal.Cost{Memory: 8, Time: 1, Threads: 1}, 2)
		if err := w.bridge.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if n := w.onlineNow(names); n != len(names) {
			t.Errorf("%d of %d are on", n, len(names))
		}
	})
}

// TestStartWhileAIMIsAway: they go on trying, and are on when it is back.
func TestStartWhileAIMIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names, st, key := numbered(5), newStore(t), newKey(t)
		alwaysOnIn(t, st, key, names...)
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts(names...)}, Options{Store: st, Key: key})
		defer shutdown()
		w.bridge.hasher = seal.NewHasher(seal.Cost{Memory: 8, Time: 1, Threads: 1}, 2)
		synctest.Wait() // until it listens
		if err := w.aim.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.bridge.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := w.onlineNow(names); n != 0 {
			t.Errorf("%d are on", n)
		}
		w.startAIM()
		time.Sleep(6 * time.Minute)
		if n := w.onlineNow(names); n != len(names) {
			t.Errorf("%d are on", n)
		}
	})
}

func TestStartWithNothingToDo(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Store: newStore(t)}, {Store: newStore(t), Key: newKey(t)}} {
		b := New(o)
		if err := b.Start(t.Context()); err != nil {
			t.Error(err)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	st, key := newStore(t), newKey(t)
	alwaysOnIn(t, st, key, "alice")
	b := New(Options{Store: st, Key: key})
	if err := b.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Start(t.Context()); err != errClosed {
		t.Errorf("after the end: %v", err)
	}
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
