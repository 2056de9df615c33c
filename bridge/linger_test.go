package bridge

import (
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc/tocd"
)

// TestLinger: an account stays signed on for a while when its last client leaves; one without a password does not, because
// its name is free for the next.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{AnyName: true}, Options{Linger: time.Hour, Anonymous: true})
		defer shutdown()
		alice, guest := w.login("alice"), w.login("guest", ircdtest.Pass(""))
		alice.Close()
		guest.Close()
		synctest.Wait()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if w.bridge.peer("alice") == nil {
			t.Error("alice is signed off too early")
		}
		if w.bridge.peer("guest") != nil {
			t.Error("a name without a password is still taken")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w.bridge.peer("alice") != nil {
			t.Error("alice is still signed on")
		}
	})
}

// TestLingerStartsAnew: whoever comes back in time finds the account as it was, and the time counts from the next leaving.
func TestLingerStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice")}, Options{Linger: time.Hour})
		defer shutdown()
		alice := w.login("alice")
		first := w.bridge.peer("alice")
		for range 3 {
			alice.Close()
			time.Sleep(45 * time.Minute)
			alice = w.login("alice")
		}
		if w.bridge.peer("alice") != first {
			t.Error("the account was signed off in between")
		}
	})
}
