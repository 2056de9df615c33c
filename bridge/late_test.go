package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestLateRooms: more rooms than AIM's limits let in at once. Those that have to wait are joined when their time has
// come, the client is told and not held up, and no room is left because an answer to a question not yet asked did not
// come.
func TestLateRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice := w.login("alice")
		const n = 45
		for i := range n {
			alice.Send("JOIN #r%d", i)
		}
		joined, refused, told := map[string]bool{}, 0, 0
		count := func() {
			for _, m := range alice.Sync() {
				switch {
				case m.Command == "JOIN":
					joined[m.Params[0]] = true
				case m.Command == "403" || m.Command == "PART":
					refused++
				case strings.HasPrefix(m.Trailing(), "AIM limits how fast one may talk: you get into #r"):
					told++
				}
			}
		}
		count()
		if len(joined) == 0 || len(joined) >= n {
			t.Errorf("%d rooms joined at once, want some", len(joined))
		}
		for range 60 {
			time.Sleep(5 * time.Second)
			count()
		}
		if len(joined) != n || refused != 0 || told == 0 {
			t.Errorf("%d of %d rooms joined, %d refused, told %d times to wait", len(joined), n, refused, told)
		}
		alice.Send("PRIVMSG #r%d :hello", n-1)
		alice.ExpectNot("403 ...")
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestLateProfile: the time for an answer runs from when the question goes out.
func TestLateProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		bob := directSignOn(t, w, "bob")
		if err := bob.Send(toc.SetInfo{Text: "I like trains"}); err != nil {
			t.Fatal(err)
		}
		alice := w.login("alice")
		for i := range 130 { // more than the class of cheap commands takes at once
			alice.Send("MODE &buddies +e x%d", i)
		}
		alice.Send("PRIVMSG &buddies :info bob")
		alice.Expect("NOTICE &buddies :AIM limits how fast one may talk: what you ask for comes in about *s. Nothing is lost.")
		alice.ExpectNot("PRIVMSG &buddies :| I like trains")
		time.Sleep(5 * time.Minute)
		alice.Expect("PRIVMSG &buddies :| I like trains")
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestQuestionsNotAsked: what waits to be asked when the link goes is answered with nothing, once.
func TestQuestionsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice := w.login("alice")
		var rooms []string
		for i := range 45 {
			rooms = append(rooms, fmt.Sprintf("#r%d", i))
		}
		alice.Send("JOIN %s", strings.Join(rooms, ","))
		alice.Expect("NOTICE &buddies :AIM limits how fast *")
		w.aim.Drop("alice")
		alice.Expect("NOTICE &buddies :You did not get into #r44: the connection to AIM was lost")
		alice.Expect("NOTICE &buddies :Not connected to AIM*")
		time.Sleep(time.Minute)
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
		alice.Send("JOIN #r44")
		alice.Expect(":alice!* JOIN #r44")
	})
}

// TestLeftBeforeJoined: the answer to a JOIN of a room that was left meanwhile takes the account out of it.
func TestLeftBeforeJoined(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	d, end := r.login("alice")
	c := r.attach("alice")
	c.Send("JOIN #gone")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "gone"})
	d.Send("PART #gone")
	d.Expect("442 alice #gone *")
	c.Expect("442 alice #gone *") // its JOIN is answered
	end.tell(toc.ChatJoined{Room: 7, Name: "gone"}, toc.ChatMembers{Room: 7, Here: true, Names: []toc.ScreenName{"alice"}})
	end.expect(toc.ChatLeave{Room: 7})
	d.ExpectNot("JOIN ...")
}

// TestPageOf: the address of a page says whose it is, on servers that tell.
func TestPageOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		event toc.Event
		want  bool
	}{
		{toc.GotoURL{Window: "profile", Path: "info?cookie=0&from=alice&user=bob"}, true},
		{toc.GotoURL{Window: "profile", Path: "info?user=B%20ob"}, true},
		{toc.GotoURL{Window: "profile", Path: "info?user=carol"}, false},
		{toc.GotoURL{Window: "TIC", Path: "info?x"}, true},
		{toc.GotoURL{Window: "TIC", Path: "info"}, true},
		{toc.GotoURL{Window: "TIC", Path: "info?%zz"}, true},
		{toc.ServerError{Code: 913}, false},
	} {
		if got := isPageOf("bob")(tc.event); got != tc.want {
			t.Errorf("%v: %v", tc.event, got)
		}
	}
}
