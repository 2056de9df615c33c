package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocbridge/bridge/store"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// TestNotify: told each time, at every client, buddy or not, over restarts too, until it is ended.
func TestNotify(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	phone := r.attach("alice", ircdtest.SASL("alice@phone", "secret"))
	want(t, ask(c, "notify"), "You wait for nobody.")
	want(t, ask(c, `notify "Some Stranger"`), "You will be told when SomeStranger signs on.")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"somestranger"}})
	want(t, ask(c, "notify bob"), "You will be told when bob signs on.")
	now := time.Now()
	for i := range 2 {
		end.tell(came("Some Stranger", now.Add(time.Duration(i)*time.Second)))
		for _, one := range []*ircdtest.Client{c, phone} {
			one.Expect(":*aim!* NOTICE alice :Some Stranger (nick SomeStranger) has signed on.")
		}
		end.tell(gone("Some Stranger"))
	}
	c.Close()
	phone.Close()
	r = k.restart(r, func(o *Options) { o.Linger = time.Hour })
	c, end = r.login("alice")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"alice", "bob", "somestranger"}})
	want(t, ask(c, "notify"), "bob\nSome Stranger (nick SomeStranger)\nYou wait for 2 people.")
	c.Close()
	end.tell(came("Some Stranger", now.Add(2*time.Second))) // nobody is there to be told: it is in the history
	c = r.attach("alice")
	c.Expect("NOTICE &buddies :*SomeStranger) has signed on.")
	want(t, ask(c, "notify del SomeStranger"), "You will not be told any more")
	end.expect(toc.RemoveBuddiesV1{Names: []toc.ScreenName{"somestranger"}})
	want(t, ask(c, "notify del SomeStranger"), "You do not wait for SomeStranger.")
	want(t, ask(c, "notify DEL bob"), "You will not be told any more when bob signs on.")
	if kept := k.names(kindNotify); len(kept) != 0 {
		t.Errorf("kept: %q", kept)
	}
}

// came is somebody who signed on at that time.
func came(name toc.ScreenName, at time.Time) toc.BuddyUpdate {
	return toc.BuddyUpdate{Name: name, Online: true, Class: " U ", SignOn: at}
}

// TestNotifyOncePerSignOn: neither our own link nor a restart makes somebody come who was there all the time.
func TestNotifyOncePerSignOn(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	ask(c, "notify bob")
	at := time.Now().Add(-time.Hour)
	end.tell(came("bob", at))
	c.Expect("NOTICE alice :bob is signed on, since *")
	end.Close()
	end = r.nextEnd()
	end.tell(came("bob", at))
	c.Expect(":bob!* JOIN &buddies")
	c.ExpectNot("NOTICE alice :bob *")
	ask(c, "set always-on yes")
	r = k.restart(r)
	r.nextEnd().tell(came("bob", at), im("Bob", "hello"))
	r.attach("alice").Expect("PRIVMSG alice :*hello")
	acct, err := k.st.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	list, err := acct.Search(t.Context(), store.Query{Words: "bob signed since", Limit: 10})
	if err != nil || len(list) != 1 {
		t.Errorf("told %d times: %v, %v", len(list), list, err)
	}
}

// TestPounceText: what is kept comes back, and nothing else is taken.
func TestPounceText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := pounce{toc.ScreenName(rapid.StringMatching(`[^\n]{0,16}`).Draw(t, "name")), rapid.Int64().Draw(t, "told"), rapid.String().Draw(t, "text")}
		if got, ok := parsePounce(p.String()); !ok || got != p {
			t.Fatalf("%+v came back as %+v, %v", p, got, ok)
		}
	})
	for _, bad := range []string{"", "bob", "bob\n", "bob\nx\n", "bob\n1"} {
		if p, ok := parsePounce(bad); ok {
			t.Errorf("%q is %+v", bad, p)
		}
	}
}

// TestNotifySays: once, with a text that the other one gets.
func TestNotifySays(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.boxed()
	want(t, ask(c, "notify bob call me, \x02please\x02"), "When bob signs on the next time, your text is sent and you are told.")
	want(t, ask(c, "notify"), "bob, once, and sends: call me, please\nYou wait for 1 person.")
	r = k.restart(r)
	r.config("alice", buddies("bob"))
	c = r.attach("alice", ircdtest.Caps("echo-message"))
	end := r.nextEnd()
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "call me, <B>please</B>"))
	c.Expect(":alice!* PRIVMSG bob :call me, \x02please\x02")
	c.Expect("NOTICE alice :bob is signed on, since *, and gets what you left: call me, please")
	c.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
	end.tell(gone("bob"), came("bob", time.Now()))
	c.Expect(":bob!* JOIN &buddies")
	c.ExpectNot("NOTICE alice :bob has signed on*")
	want(t, ask(c, "notify"), "You wait for nobody.")
	if cmds := fmt.Sprint(end.take()); strings.Contains(cmds, "call me") {
		t.Errorf("said again: %v", cmds)
	}
	if kept := append(k.names(kindNotify), k.names(kindOutbox)...); len(kept) != 0 {
		t.Errorf("kept: %q", kept)
	}
}

func TestNotifyRefuses(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	_, c, end := k.boxed()
	end.tell(here("bob", " U "))
	c.Expect(":bob!* JOIN &buddies")
	for _, step := range []struct{ say, want string }{
		{"notify alice", "Give the nick or screen name of somebody else."},
		{"notify *aim", "Give the nick or screen name of somebody else."},
		{`notify " "`, "Give the nick or screen name of somebody else."},
		{"notify bob hello", "bob is signed on now: just write."},
		{"notify bob", "You will be told when bob signs on the next time; bob is here now."},
		{"notify del", "You will be told when del signs on."},
		{"notify del del", "You will not be told any more when del signs on."},
		{"notify del nobody", "You do not wait for nobody."},
	} {
		want(t, ask(c, step.say), step.want)
	}
}

func TestNotifyIsBounded(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.boxed()
	r.bridge.peer("alice").post(do(func(s *session) {
		for i := range pounceMax {
			who := s.roster.contact(toc.ScreenName(fmt.Sprintf("n%d", i)))
			s.setPounce(who, pounce{name: who.name})
		}
	}))
	want(t, ask(c, "notify onemore"), "You wait for 200 people already, which is the most.")
	want(t, ask(c, "notify bob"), "You wait for 200 people already")
	want(t, ask(c, "notify n7"), "You will be told when n7 signs on.")
}
