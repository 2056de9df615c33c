package bridge

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestPause: after PAUSE nothing goes to AIM; what is said waits and goes out behind the set-up that the next SIGN_ON
// asks for. Who left meanwhile is gone.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol")}, Options{})
		defer shutdown()
		bob, carol := w.login("bob"), w.login("carol")
		alice := w.login("alice")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Send("PRIVMSG &buddies :add carol")
		alice.Expect(":carol!carol@aim JOIN &buddies")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		w.aim.Pause("alice")
		alice.Expect("NOTICE &buddies :AIM asks us to wait*")
		alice.Send("PRIVMSG bob :one")
		alice.Send("PRIVMSG bob :two")
		alice.Send("PRIVMSG &buddies :add dave")
		alice.Expect("PRIVMSG &buddies :Not added: AIM asked us to wait*")
		alice.Send("NICK ALICE")
		carol.Send("QUIT")
		carol.ExpectClosed()
		late := w.login("alice")
		late.Expect("NOTICE &buddies :AIM asked us to wait; what you say goes out when it goes on.")
		time.Sleep(10 * time.Second)
		bob.ExpectNot("PRIVMSG ...")
		w.aim.Resume("alice")
		alice.Expect("NOTICE &buddies :AIM goes on.")
		bob.Expect(":*!alice@aim PRIVMSG bob one")
		bob.Expect(":*!alice@aim PRIVMSG bob two")
		bob.Send("PRIVMSG alice :seen again")
		alice.Expect(":bob!bob@aim PRIVMSG ALICE :seen again")
		alice.ExpectNot(":bob!bob@aim QUIT ...")
	})
}

// TestPauseSetsUpAnew: what AIM hears after the SIGN_ON, before what waited; who is not named again has left.
func TestPauseSetsUpAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob", "carol"))
	c, end := r.login("alice")
	end.tell(here("bob", " U "), here("carol", " U "))
	c.Expect(":carol!carol@aim JOIN &buddies")
	c.Send("AWAY :lunch")
	c.Expect("306 ...")
	end.expect(toc.SetAway{Text: "lunch"})
	end.tell(toc.Pause{})
	c.Expect("NOTICE &buddies :AIM asks us to wait*")
	c.Send("PRIVMSG bob :hi")
	c.Send("PRIVMSG &buddies :remove bob")
	c.Expect("PRIVMSG &buddies :Not removed: AIM asked us to wait*")
	c.Sync()
	if got := end.take(); len(got) > 0 {
		t.Errorf("sent while paused: %v", got)
	}
	r.mu.Lock()
	cfg := r.conf["alice"]
	r.mu.Unlock()
	end.tell(toc.SignedOn{Version: "TOC2.0"}, toc.Nick{Name: "alice"}, cfg)
	for _, want := range []toc.Command{
		toc.AddBuddies{Names: []toc.ScreenName{"alice", "bob", "carol"}},
		toc.SetAway{Text: "lunch"},
		toc.InitDone{},
		imTo("bob", "hi"),
	} {
		end.expect(want)
	}
	end.tell(here("bob", " U "))
	c.Expect("NOTICE &buddies :AIM goes on.")
	c.Expect(":carol!carol@aim QUIT *")
	c.ExpectNot(":bob!bob@aim QUIT ...")
	end.tell(toc.SignedOn{Version: "TOC2.0"}) // without a PAUSE it means nothing
	c.Sync()
	if got := end.take(); len(got) > 0 {
		t.Errorf("sent after another SIGN_ON: %v", got)
	}
}

// TestPauseWithoutEnd: a PAUSE that no SIGN_ON follows is given up after a minute.
func TestPauseWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice")}, Options{})
		defer shutdown()
		alice := w.login("alice")
		w.aim.Pause("alice")
		w.aim.Pause("alice")
		alice.Expect("NOTICE &buddies :AIM asks us to wait*")
		time.Sleep(pauseTime + time.Second)
		alice.Expect("NOTICE &buddies :Not connected to AIM*")
		time.Sleep(time.Minute)
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
	})
}

// TestSignOffAndOn: the clients stay, AIM is left; nothing is tried before signon.
func TestSignOffAndOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!bob@aim JOIN &buddies")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		bob.Send("JOIN #room")
		alice.Expect(":bob!bob@aim JOIN #room")
		alice.Send("PRIVMSG *aim :signoff")
		alice.Expect(":bob!bob@aim QUIT :tocbridge aim.tocbridge")
		alice.Expect("PRIVMSG alice :" + signedOffText)
		bob.Expect(":alice!alice@aim PART #room")
		synctest.Wait()
		if n := w.aim.Sessions("alice"); n != 0 {
			t.Errorf("%d sessions on AIM after signoff", n)
		}
		time.Sleep(time.Minute)
		alice.Send("PRIVMSG bob :anybody?")
		alice.Expect("401 alice bob :Not sent: you are signed off from AIM, signon comes back")
		for line, want := range map[string]string{
			"signoff":   "You are signed off already; signon comes back.",
			"account":   "You are signed off from AIM; signon comes back.",
			"add carol": "Not added: you are signed off from AIM, signon comes back",
		} {
			alice.Send("PRIVMSG *aim :%s", line)
			alice.Expect("PRIVMSG alice :" + want)
		}
		late := w.login("alice")
		late.Expect("NOTICE &buddies :You are signed off from AIM; signon comes back.")
		alice.Send("PRIVMSG *aim :signon")
		alice.Expect("PRIVMSG alice :Signing on to aim.test:9898…")
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
		alice.Expect(":bob!bob@aim JOIN &buddies")
		bob.Expect(":alice!alice@aim JOIN #room")
		alice.Send("PRIVMSG *aim :signon")
		alice.Expect("PRIVMSG alice :You are signed on already, since *")
		alice.Send("PRIVMSG *aim :reconnect")
		alice.Expect(":bob!bob@aim QUIT *")
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
		alice.Send("PRIVMSG bob :still works")
		bob.Expect(":alice!alice@aim PRIVMSG bob :still works")
		synctest.Wait() // the old one is closed beside
		if n := w.aim.Sessions("alice"); n != 1 {
			t.Errorf("%d sessions on AIM, want one", n)
		}
	})
}

// TestSignOnAtOnce: who does not want to wait for the next attempt says signon; attempts do not pile up.
func TestSignOnAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Backoff: Backoff{Min: time.Hour, Max: time.Hour}})
	c, end := r.login("alice")
	r.refuse("alice", errors.New("down"))
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Send("PRIVMSG *aim :signon")
	c.Expect("PRIVMSG alice :Signing on to aim.test:9898…")
	c.Expect("NOTICE &buddies :Not connected to AIM: down*")
	r.refuse("alice", nil)
	c.Send("PRIVMSG *aim :reconnect\r\nPRIVMSG *aim :signon")
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	r.nextEnd()
	select {
	case <-r.came:
		t.Error("signed on twice")
	default:
	}
}

// TestSignOffDuringSignOn: an attempt that succeeds after all is not wanted any more.
func TestSignOffDuringSignOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Backoff: Backoff{Min: time.Hour, Max: time.Hour}})
	c, end := r.login("alice")
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Send("PRIVMSG *aim :signon\r\nPRIVMSG *aim :signoff\r\nPRIVMSG *aim :signon\r\nPRIVMSG *aim :signoff")
	c.Expect("PRIVMSG alice :" + signedOffText)
	c.Expect("PRIVMSG alice :" + signedOffText)
	for range len(r.came) {
		<-r.nextEnd().closed
	}
	c.Send("PRIVMSG *aim :account")
	c.Expect("PRIVMSG alice :You are signed off from AIM; signon comes back.")
}

// TestSignOffNamesWhatIsNotSent: what waits for the speed limit is named, not lost in silence.
func TestSignOffNamesWhatIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice := w.login("alice")
		w.login("bob")
		for range 4 {
			alice.Send("PRIVMSG bob,bob,bob,bob :once more")
		}
		alice.Send("PRIVMSG *aim :signoff")
		alice.Expect("NOTICE &buddies :Not sent to bob: once more*")
		alice.Expect("PRIVMSG alice :" + signedOffText)
	})
}

// TestLimitsAreLearned: a server that has refused a command for coming too fast has limits, on the next link too.
func TestLimitsAreLearned(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c, end := r.login("alice")
	end.tell(toc.ServerError{Code: toc.ErrRate})
	c.Expect("NOTICE &buddies :AIM's speed limit was hit*")
	end.Close()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	c.Send("PRIVMSG *aim :account")
	c.Expect("PRIVMSG alice :*AIM refused * for coming too fast*")
}
