package bridge

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestLateSignOnIsClosed: a sign-on that completes as the session ends must not leave the account signed on unread.
func TestLateSignOnIsClosed(t *testing.T) {
	t.Parallel()
	for range 20 {
		dialing, proceed := make(chan struct{}, 1), make(chan struct{})
		late := newFarEnd(t, "alice")
		b := New(Options{Server: "aim.test:9898", SignOn: func(context.Context, toc.ScreenName, string) (Uplink, error) {
			dialing <- struct{}{}
			<-proceed
			return late, nil
		}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if s, err := b.Authenticate(ctx, ircd.Credentials{Account: "alice", Password: "x"}); err == nil {
				s.Detach(nil)
			}
		}()
		<-dialing
		cancel()
		close(proceed)
		<-done
		if err := b.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-late.closed
	}
}

// TestPartNamesWhatWaited: text that waits for a room's pace is named when the room is left, and not sent behind it.
func TestPartNamesWhatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice := w.login("alice")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		for i := range 130 {
			alice.Send("PRIVMSG #room :%d", i)
		}
		alice.Send("PART #room")
		alice.Expect("NOTICE &buddies :Not sent to #room, which you left: 129")
		alice.Expect(":alice!* PART #room")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestRemovedBuddyStaysInTheRoom: who is taken off the list is still where we see them.
func TestRemovedBuddyStaysInTheRoom(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	end.tell(toc.Deleted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"})
	c.Expect(":bob!* PART &buddies :Removed from your list")
	c.Send("NAMES #My_Room")
	c.Expect("353 alice = #My_Room :alice bob")
	end.tell(toc.ChatIn{Room: 0, From: "bob", Text: "here"})
	c.Expect(":bob!* PRIVMSG #My_Room here")
}

// TestRemovedBuddyIsStillMonitored: the server tells us of them as of anybody else we watch.
func TestRemovedBuddyIsStillMonitored(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("MONITOR + bob")
	c.Expect("730 alice :bob!bob@aim")
	c.Send("KICK &buddies bob")
	c.Expect("731 alice bob")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"bob"}})
	end.tell(here("bob", " U "))
	c.Expect("730 alice :bob!bob@aim")
}

// TestOddModesAndTyping: what is not UTF-8 cut in half, and states of typing that there are not.
func TestOddModesAndTyping(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("MODE &buddies é")
	c.Expect("472 alice é *")
	end.tell(toc.Typing{From: "bob", State: 7})
	for _, m := range c.Sync() {
		if m.Command == "TAGMSG" {
			t.Errorf("shown: %s", fmt.Sprint(m))
		}
	}
}
