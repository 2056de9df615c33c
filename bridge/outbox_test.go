package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tocbridge/bridge/pace"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// boxed is alice with a list and an outbox, bob on it and not there.
func (k *keeper) boxed() (*rig, *ircdtest.Client, *farEnd) {
	k.t.Helper()
	r := k.rig(func(o *Options) { o.Linger = time.Hour })
	r.config("alice", buddies("bob", "carol"))
	c, end := r.login("alice")
	end.tell(gone("bob"))
	want(k.t, ask(c, "set outbox yes"), "is kept from now on, and sent when they are there")
	return r, c, end
}

func sendIM(to toc.ScreenName, text string) toc.SendIM { return toc.SendIM{To: to, Text: text} }

// TestOutbox: what is said to who is not there is kept, shown as kept everywhere, sent in order when they come, and confirmed.
func TestOutbox(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	phone := r.attach("alice", ircdtest.SASL("alice@phone", "secret"), ircdtest.Caps("echo-message", "message-tags"))
	c.Send("PRIVMSG bob :one")
	c.Expect("301 alice bob :Not signed on. Your message is kept and goes out when bob is there")
	c.Expect("NOTICE &buddies :What you say to bob is kept and goes out when bob is there*")
	phone.Expect(":alice!* PRIVMSG bob one")
	phone.Expect("NOTICE &buddies :What you say to bob is kept*")
	c.Send("PRIVMSG bob :\x01ACTION waves\x01")
	c.Expect("301 alice bob *")
	c.ExpectNot("NOTICE &buddies :What you say*") // once
	c.Send("PRIVMSG bob :\x02three\x02")
	want(t, ask(c, "outbox"), "3. to bob, written at ")
	want(t, ask(c, "outbox"), ": three\n3 messages are kept.")
	if cmds := end.take(); strings.Contains(fmt.Sprint(cmds), "one") {
		t.Errorf("sent to nobody: %v", cmds)
	}
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "one"))
	end.expect(sendIM("bob", "/me waves"))
	end.expect(sendIM("bob", "<B>three</B>"))
	c.Expect("NOTICE &buddies :bob is there: 3 messages were sent that you wrote at *")
	want(t, ask(c, "outbox"), "Nothing is kept.")
	if kept := k.names(kindOutbox); len(kept) != 0 {
		t.Errorf("still in the store: %q", kept)
	}
	c.Send("PRIVMSG bob :live")
	end.expect(sendIM("bob", "live"))
}

// names are the names of a kind of alice's state.
func (k *keeper) names(kind string) []string {
	k.t.Helper()
	acct, err := k.st.Account(k.t.Context(), "alice")
	if err != nil {
		k.t.Fatal(err)
	}
	return acct.Names(kind)
}

// TestOutboxIsOptional: without the setting all is as before; a NOTICE, a blocked one and oneself are never kept.
func TestOutboxIsOptional(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	_, c, end := k.boxed()
	end.tell(gone("carol"))
	ask(c, "block carol")
	c.Send("PRIVMSG carol :x")
	c.Expect("401 alice carol :carol is blocked by you*")
	c.Send("NOTICE bob :x")
	c.Send("PRIVMSG bob :\x01VERSION\x01")
	c.Send("PRIVMSG bob :\x02\x02")
	c.Expect("412 ...")
	want(t, ask(c, "outbox"), "Nothing is kept.")
	want(t, ask(c, "set outbox no"), "is not kept any more")
	c.Send("PRIVMSG bob :x")
	c.Expect("401 alice bob :bob is not signed on. Not sent: x")
	want(t, ask(c, "outbox"), "set outbox yes keeps")
	if kept := k.names(kindOutbox); len(kept) != 0 {
		t.Errorf("kept: %q", kept)
	}
}

// TestOutboxOutlivesRestart: also for a stranger, who is watched until it is sent.
func TestOutboxOutlivesRestart(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	c.Send("PRIVMSG bob :for bob")
	c.Expect("301 alice bob *")
	c.Send("PRIVMSG Stranger :for a stranger")
	end.expect(toc.GetStatus{Name: "stranger"})
	end.tell(toc.ServerError{Code: 901, Arg: "stranger"})
	c.Expect("301 alice Stranger *")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"stranger"}})
	c.Close()
	r = k.restart(r)
	r.config("alice", buddies("bob", "carol"))
	c, end = r.login("alice")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"alice", "bob", "carol", "stranger"}})
	want(t, ask(c, "outbox"), "1. to bob, ")
	want(t, ask(c, "outbox"), "2. to Stranger, ")
	end.tell(here("Stranger", " U "))
	end.expect(sendIM("stranger", "for a stranger"))
	c.Expect("NOTICE &buddies :Stranger is there: 1 message was sent*")
	end.expect(toc.RemoveBuddiesV1{Names: []toc.ScreenName{"stranger"}})
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "for bob"))
	c.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
	if n := len(r.bridge.peer("alice").outbox.list); n != 0 {
		t.Errorf("%d left", n)
	}
}

// TestOutboxWithoutALink: what is said while AIM is away is kept too.
func TestOutboxWithoutALink(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	end.tell(here("bob", " U "))
	c.Expect(":bob!* JOIN &buddies")
	r.refuse("alice", errNoAIM)
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Send("PRIVMSG bob :meanwhile")
	c.Expect("301 alice bob *")
	r.refuse("alice", nil)
	end = r.nextEnd()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "meanwhile"))
	c.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
}

// TestOutboxLinkLostOnTheWay: what was handed to a link that dies without an answer stays kept.
func TestOutboxLinkLostOnTheWay(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.boxed()
	c.Send("PRIVMSG bob :once more")
	c.Expect("301 alice bob *")
	c.Sync()
	end.muted(true)
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "once more"))
	if kept := k.names(kindOutbox); len(kept) != 1 {
		t.Fatalf("kept: %q", kept)
	}
	end.Close()
	end = r.nextEnd()
	end.tell(here("bob", " U "))
	end.expect(sendIM("bob", "once more"))
	c.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
	if kept := k.names(kindOutbox); len(kept) != 0 {
		t.Errorf("kept: %q", kept)
	}
}

func TestOutboxCancel(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	_, c, end := k.boxed()
	end.tell(gone("carol"))
	for _, line := range []string{"bob one", "bob two", "carol three", "bob four"} {
		to, text, _ := strings.Cut(line, " ")
		c.Send("PRIVMSG %s :%s", to, text)
	}
	for _, step := range []struct{ say, want string }{
		{"outbox cancel 2", "1 message is forgotten, and will not be sent."},
		{"outbox", ": one\n2. to carol, "},
		{"outbox cancel 9", "There is no such message in your outbox."},
		{"outbox cancel nobody", "There is no such message in your outbox."},
		{"outbox cancel 0", "There is no such message in your outbox."},
		{"outbox cancel BOB", "2 messages are forgotten, and will not be sent."},
		{"outbox cancel", "Usage: outbox"},
		{"outbox burn", "Usage: outbox"},
		{"outbox list", "1 message is kept."},
		{"set outbox no", "1 message that is kept still waits to be sent"},
		{"outbox cancel all", "1 message is forgotten, and will not be sent."},
		{"outbox", "Nothing is kept."},
	} {
		want(t, ask(c, step.say), step.want)
	}
	end.take()
	end.tell(here("bob", " U "), here("carol", " U "))
	c.Expect(":carol!* JOIN &buddies")
	c.Sync()
	for _, cmd := range end.take() {
		if im, ok := cmd.(toc.SendIM); ok {
			t.Errorf("sent: %v", im)
		}
	}
	if kept := k.names(kindOutbox); len(kept) != 0 {
		t.Errorf("kept: %q", kept)
	}
}

// TestOutboxIsBounded: in number, and in bytes.
func TestOutboxIsBounded(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.boxed()
	for i := range boxMax {
		c.Send("PRIVMSG bob :%d", i)
	}
	c.Send("PRIVMSG bob :too much")
	m := c.Expect("401 alice bob :Your outbox is full (100 messages, 0 of 64 KiB). Not sent to bob: too much")
	if m == nil || len(r.bridge.peer("alice").outbox.list) != boxMax {
		t.Error("more is kept")
	}
	o := outbox{list: []*parcel{{text: strings.Repeat("x", boxBytes-10)}}}
	if o.bytes() != boxBytes-10 {
		t.Errorf("%d bytes", o.bytes())
	}
}

// TestOutboxInAnyOrder: whatever was kept comes out in the order it went in, for each addressee.
func TestOutboxInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var o outbox
		who := []*contact{{key: "a"}, {key: "b"}, {key: "c"}}
		model := map[*contact][]string{}
		for i := range rapid.IntRange(0, 30).Draw(t, "messages") {
			to := who[rapid.IntRange(0, 2).Draw(t, "to")]
			id := formatID(int64(i), uint64(i))
			o.list = append(o.list, &parcel{id: id, to: to})
			model[to] = append(model[to], id)
		}
		for _, to := range who {
			var got []string
			for _, p := range o.to(to) {
				got = append(got, p.id)
			}
			if strings.Join(got, " ") != strings.Join(model[to], " ") {
				t.Fatalf("%v, want %v", got, model[to])
			}
		}
	})
}

// TestOutboxIsPaced: a full outbox goes out within the limits of the server, in order, and before what is said meanwhile.
func TestOutboxIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar, Store: newStore(t), Replay: Replay{Lines: 100}})
		defer shutdown()
		alice := w.login("alice")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect("PRIVMSG &buddies :Added bob*")
		alice.Send("PRIVMSG &buddies :set outbox yes")
		alice.Expect("PRIVMSG &buddies :What you write*")
		const n = 40
		for i := range n {
			alice.Send("PRIVMSG bob :kept %d", i)
			alice.Expect("301 alice bob *")
		}
		bob := w.login("bob")
		alice.Expect(":bob!* JOIN &buddies")
		alice.Send("PRIVMSG bob :and live")
		for i := range n {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :*kept %d", i)) // the first may have come before the client
		}
		bob.Expect("PRIVMSG bob :and live")
		alice.Expect(fmt.Sprintf("NOTICE &buddies :bob is there: %d messages were sent*", n+1))
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// muted makes the far end answer no question by itself, or all again.
func (f *farEnd) muted(mute bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mute = mute
}

// TestOutboxUncertain: a message stays kept when its addressee left before the server's answer, or the server dropped something.
func TestOutboxUncertain(t *testing.T) {
	t.Parallel()
	answer := toc.GotoURL{Window: "profile", Path: "info?x"}
	for name, events := range map[string][]toc.Event{
		"left":        {gone("bob"), answer},
		"not there":   {toc.ServerError{Code: toc.ErrNotAvailable, Arg: "bob"}, answer},
		"too fast":    {toc.ServerError{Code: toc.ErrRate}, answer},
		"too fast to": {toc.ServerError{Code: errTooFastTo, Arg: "bob"}, answer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			_, c, end := k.boxed()
			c.Send("PRIVMSG bob :one")
			c.Expect("301 alice bob *")
			c.Sync()
			end.muted(true) // so that a PING waits too
			end.tell(here("bob", " U "))
			end.expect(sendIM("bob", "one"))
			c.Send("PRIVMSG &buddies :outbox")
			c.Expect("PRIVMSG &buddies :1. to bob, * (on its way): one")
			c.Send("PRIVMSG &buddies :outbox cancel 1")
			c.Expect("PRIVMSG &buddies :0 messages are forgotten, 1 is on its way already.")
			end.muted(false)
			end.tell(events...)
			end.tell(here("carol", " U "))
			c.Expect(":carol!* JOIN &buddies")
			if got := ask(c, "outbox"); strings.Contains(got, "on its way") || !strings.Contains(got, "1. to bob") {
				t.Errorf("outbox: %q", got)
			}
			if kept := k.names(kindOutbox); len(kept) != 1 {
				t.Errorf("kept: %q", kept)
			}
		})
	}
}

// TestOutboxTriesAgain: what the server dropped goes out again by itself.
func TestOutboxTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{Store: newStore(t)})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!* JOIN &buddies")
		s := w.bridge.peer("alice")
		s.post(do(func(s *session) {
			who := s.roster.contact("bob")
			s.addParcel(&parcel{id: s.stamp("", time.Time{}).pos, to: who, text: "again"})
			s.retryParcels()
		}))
		bob.ExpectNot("PRIVMSG bob :again")
		time.Sleep(boxPause)
		bob.Expect("PRIVMSG bob :again")
		alice.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
	})
}

// TestOutboxLongMessage: a message of several parts is one in the outbox, and confirmed once.
func TestOutboxLongMessage(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	_, c, end := k.boxed()
	long := strings.Repeat("&", 400) // five bytes each on AIM
	c.Send("PRIVMSG bob :%s", long)
	c.Expect("301 alice bob *")
	c.Sync()
	end.take()
	end.tell(here("bob", " U "))
	c.Expect("NOTICE &buddies :bob is there: 1 message was sent*")
	text := ""
	for _, cmd := range end.take() {
		if im, ok := cmd.(toc.SendIM); ok {
			text += im.Text
		}
	}
	if text != strings.Repeat("&amp;", 400) {
		t.Errorf("sent %q", text)
	}
}
