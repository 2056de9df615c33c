package bridge

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"
	"pgregory.net/rapid"

	"tocbridge/bridge/store"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// newStore opens a store in memory that the test closes after the bridge.
func newStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), ":memory:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return st
}

// bouncer is a rig that keeps history, and whose accounts stay signed on.
func bouncer(t *testing.T) *rig {
	return newRig(t, Options{Store: newStore(t), Linger: time.Hour, Replay: Replay{Lines: 1000}})
}

// device logs in as a device of alice; it answers no PING of the server on its own.
func (r *rig) device(name string, caps ...string) *ircdtest.Client {
	return r.attach("alice", ircdtest.SASL("alice@"+name, "secret"), ircdtest.Caps(caps...))
}

func im(from toc.ScreenName, text string) toc.IMIn { return toc.IMIn{From: from, Text: text} }

// texts are the texts of the messages among lines, and of notices if they are not *aim's.
func texts(lines []*irc.Message) (out []string) {
	for _, m := range lines {
		if m.Command == "PRIVMSG" || m.Command == "NOTICE" && m.Prefix != nil && m.Prefix.Name != controlNick {
			out = append(out, m.Trailing())
		}
	}
	return out
}

func wantTexts(t *testing.T, what string, lines []*irc.Message, want ...string) {
	t.Helper()
	if got := texts(lines); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A device gets what came while it was away, once, in order, with the right times and ids; another device gets its own.
func TestReplay(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	desk := r.device("desk", "server-time", "message-tags", "batch")
	end := r.nextEnd()
	end.tell(im("Bob", "one"))
	first := desk.Expect("PRIVMSG alice one")
	desk.Settle()
	phone := r.device("phone")
	if got := texts(phone.Sync()); len(got) != 0 {
		t.Errorf("a new device is shown what another has seen: %q", got)
	}
	desk.Close()
	end.tell(im("Bob", "two"), im("Carol", "<b>three</b>"), im("Bob", "/me waves"))
	phone.Expect("PRIVMSG alice :\x01ACTION*")
	phone.Settle()
	desk = r.device("desk", "server-time", "message-tags", "batch")
	lines := desk.Settle()
	wantTexts(t, "desk", lines, "two", "\x02three\x02", "\x01ACTION waves\x01")
	batches := map[string]string{}
	for _, m := range lines {
		switch {
		case m.Command == "BATCH" && m.Param(1) == "chathistory":
			batches[m.Param(0)[1:]] = m.Param(2)
		case m.Command == "PRIVMSG":
			if m.Tags["time"] < first.Tags["time"] || m.Tags["msgid"] <= first.Tags["msgid"] || batches[m.Tags["batch"]] != m.Prefix.Name {
				t.Errorf("%v in %v", m, batches)
			}
		}
	}
	desk.Close()
	if got := texts(r.device("desk").Sync()); len(got) != 0 {
		t.Errorf("shown twice: %q", got)
	}
	if got := texts(phone.Sync()); len(got) != 0 {
		t.Errorf("the phone, which was there, is shown %q", got)
	}
}

// The cursor moves with a proof and not before: what was sent into a connection that dies comes again.
func TestCursorNeedsProof(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk", "message-tags")
	end := r.nextEnd()
	end.tell(im("Bob", "one"))
	c.Expect("PRIVMSG alice one")
	c.Settle()
	end.tell(im("Bob", "two"), im("Bob", "three"))
	id := c.Expect("PRIVMSG alice two").Tags["msgid"]
	c.Expect("PRIVMSG alice three")
	c.Send("PONG seen-nonsense") // proves nothing
	c.Sync()
	c.Close()
	c = r.device("desk", "message-tags")
	if got := c.Expect("PRIVMSG alice :*two").Tags["msgid"]; got != id {
		t.Errorf("msgid %q at first, then %q", id, got)
	}
	c.Expect("PRIVMSG alice :*three")
}

// Without server-time the time is in the text; what one's other clients said reads as such.
func TestReplayForOldClients(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	r.config("alice", buddies("Bob"))
	old := r.device("old")
	end := r.nextEnd()
	end.tell(here("Bob", " O "))
	old.Expect("JOIN &buddies")
	old.Settle()
	old.Close()
	desk := r.device("desk")
	desk.Pongs = true
	desk.Send("PRIVMSG Bob :from my desk")
	end.expect(toc.SendIM{To: "bob", Text: "from my desk"})
	desk.Send("PRIVMSG Bob :\x01ACTION waves\x01")
	desk.Sync()
	end.tell(im("Bob", "hi<br>there"))
	desk.Expect("PRIVMSG alice there")
	desk.Settle()
	old = r.device("old")
	clock := `\[\d\d:\d\d:\d\d\] `
	got := texts(old.Sync())
	want := []string{"-> " + clock + "from my desk", `-> \* alice ` + clock + "waves", clock + "hi", "there"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !regexpMatch(want[i], got[i]) {
			t.Errorf("%q, want %s", got[i], want[i])
		}
	}
	modern := r.device("modern", "znc.in/self-message", "server-time")
	if got := texts(modern.Sync()); len(got) != 0 {
		t.Errorf("a device that was never here missed %q, which others saw", got)
	}
}

// More than the cap is left out, and said.
func TestReplayCap(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Store: newStore(t), Linger: time.Hour, Replay: Replay{Lines: 3}})
	c := r.device("desk")
	end := r.nextEnd()
	c.Close()
	phone := r.device("phone")
	for i := range 10 {
		end.tell(im("Bob", fmt.Sprint("line ", i)))
	}
	phone.Expect("PRIVMSG alice :line 9")
	desk := r.device("desk", "server-time")
	lines := desk.Sync()
	wantTexts(t, "the newest", lines, "line 7", "line 8", "line 9")
	said := ""
	for _, m := range lines {
		if m.Command == "NOTICE" && m.Prefix.Name == controlNick {
			said = m.Trailing()
		}
	}
	if !strings.HasPrefix(said, "7 messages are not shown that came before this.") {
		t.Errorf("said %q", said)
	}
}

// What clients say is shown to the others, live and later, once; their own echo is not replayed.
func TestReplayOfOwnLines(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	r.config("alice", buddies("Bob"))
	caps := []string{"echo-message", "message-tags", "server-time"}
	desk := r.device("desk", caps...)
	end := r.nextEnd()
	end.tell(here("Bob", " O "))
	phone := r.device("phone", caps...)
	desk.Send("PRIVMSG Bob :hello")
	id := desk.Expect("PRIVMSG Bob hello").Tags["msgid"]
	if got := phone.Expect("PRIVMSG Bob hello").Tags["msgid"]; got != id {
		t.Errorf("msgid %q and %q", id, got)
	}
	desk.Settle()
	phone.Close() // without a proof
	desk.Close()
	if m := r.device("phone", caps...).Expect(":alice!* PRIVMSG Bob hello"); m.Tags["msgid"] != id {
		t.Errorf("later %v", m)
	}
	wantTexts(t, "its sender", r.device("desk", caps...).Sync())
}

// Commands of a client that comes back wait until it has been shown what it missed.
func TestReplayComesFirst(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk")
	end := r.nextEnd()
	c.Close()
	phone := r.device("phone")
	for i := range 500 {
		end.tell(im("Bob", fmt.Sprint("line ", i)))
	}
	phone.Expect("PRIVMSG alice :line 499")
	desk := r.device("desk", "server-time")
	if got := texts(desk.Sync()); len(got) != 500 || got[499] != "line 499" {
		t.Errorf("%d lines before the PONG: %v", len(got), got)
	}
}

// A client without a device name is asked for a proof too, after a moment.
func TestLazyProof(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c, end := r.login("alice")
	end.tell(im("Bob", "one"))
	c.Expect("PRIVMSG alice one")
	c.Send("PONG %s", c.Expect("PING seen-*").Trailing())
	c.Sync()
	c.Close()
	wantTexts(t, "the next client", r.attach("alice").Sync())
}

// Ids stay in order though clocks go back, and say their time.
func TestNextID(t *testing.T) {
	t.Parallel()
	b := New(Options{})
	defer b.Shutdown(context.Background())
	rapid.Check(t, func(t *rapid.T) {
		last := ""
		for _, ms := range rapid.SliceOfN(rapid.Int64Range(1, 1<<44), 1, 50).Draw(t, "times") {
			id := b.nextID(time.UnixMilli(ms))
			if id <= last || idTime(id).UnixMilli() < ms {
				t.Fatalf("%q after %q", id, last)
			}
			last = id
		}
	})
	if !idTime("nonsense").IsZero() {
		t.Error("nonsense has a time")
	}
}

// A message of a neighbour that arrives after something younger keeps its id, and gets a place after that.
func TestStamp(t *testing.T) {
	t.Parallel()
	b := New(Options{})
	defer b.Shutdown(context.Background())
	s := &session{b: b}
	early := b.nextID(time.Now())
	mine := s.stamp("", time.Time{})
	theirs := s.stamp(early, time.UnixMilli(5))
	if theirs.id != early || theirs.pos <= mine.pos || theirs.at.UnixMilli() != 5 || mine.id != mine.pos {
		t.Errorf("%+v after %+v", theirs, mine)
	}
	next := b.nextID(time.Now())
	if st := s.stamp(next, time.Time{}); st.pos != next || st.id != next {
		t.Errorf("%+v of %s", st, next)
	}
}

// Tags survive the history.
func TestKeptTags(t *testing.T) {
	t.Parallel()
	tags, id := keptTags(tagText(withTag(irc.Tags{"+draft/reply": "a; b\\ c"}, msgidTag, "x y")))
	if id != "x y" || len(tags) != 1 || tags["+draft/reply"] != "a; b\\ c" {
		t.Errorf("%q %v", id, tags)
	}
	if tags, id := keptTags(""); tags != nil || id != "" {
		t.Errorf("%q %v", id, tags)
	}
}

func regexpMatch(pattern, got string) bool {
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

// One types as long as one does at any client.
func TestTypingOfSeveralClients(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	r.config("alice", buddies("Bob"))
	desk := r.device("desk", "message-tags")
	end := r.nextEnd()
	end.tell(here("Bob", " O "))
	desk.Expect("JOIN &buddies")
	phone := r.device("phone", "message-tags")
	say := func(c *ircdtest.Client, state string) {
		c.Send("@+typing=%s TAGMSG Bob", state)
		c.Sync()
	}
	say(desk, "active")
	say(phone, "paused")
	say(phone, "done")
	say(phone, "paused")
	say(desk, "done")
	phone.Close()
	var got []toc.TypingState
	for len(got) < 3 || got[len(got)-1] != toc.TypingNone {
		desk.Sync()
		for _, cmd := range end.take() {
			if typing, ok := cmd.(toc.SendTyping); ok && typing.To == "bob" {
				got = append(got, typing.State)
			}
		}
	}
	if want := []toc.TypingState{toc.TypingActive, toc.TypingPaused, toc.TypingNone}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// An account has so many devices; the one that is furthest behind goes.
func TestDevicesAreBounded(t *testing.T) {
	t.Parallel()
	st := newStore(t)
	acct, err := st.Account(context.Background(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	s := &session{acct: acct}
	for i := range deviceMax + 3 {
		s.moveCursor(fmt.Sprint("device", i), fmt.Sprintf("%019d", i))
	}
	kept := acct.State()[kindCursor]
	if len(s.cursors) != deviceMax || len(kept) != deviceMax || kept["device2"] != "" || kept["device3"] == "" {
		t.Errorf("%d devices, %d of them stored", len(s.cursors), len(kept))
	}
}

// A store that does not give back what was said holds nobody up: what waits in memory is shown, and if that was too much
// the client is told, and goes on.
func TestReplayOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk", "server-time")
	c.Pongs = true
	end := r.nextEnd()
	again := func(overflow bool) {
		r.bridge.peer("alice").post(do(func(s *session) {
			c := s.clients[0]
			c.replaying, c.fencing, c.overflow = true, true, overflow
			before := s.lastPos
			s.imIn(im("Bob", "meanwhile"))
			s.fetchMissed(c, before, 10, 0)
			s.lastLine = "vvvvvvvvvvvvvvvvvvv" // which the store does not have
			c.until = before
		}))
	}
	again(false)
	c.Expect("PRIVMSG alice meanwhile")
	again(true)
	c.Expect("NOTICE &buddies :What you missed cannot be read *")
	end.tell(im("Bob", "two"))
	c.Expect("PRIVMSG alice two")
}

// Only so much waits in memory.
func TestHold(t *testing.T) {
	t.Parallel()
	c := &client{}
	for i := range heldMax + 2 {
		if c.hold(fmt.Sprint(i), nil); c.overflow != (i >= heldMax) || c.overflow && c.held != nil {
			t.Fatalf("line %d: overflow %v, %d held", i, c.overflow, len(c.held))
		}
	}
}

// While the disk is in trouble a client that comes back sees what is said, and later what it missed.
func TestReplayWithTheStoreDown(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	desk := r.device("desk", "server-time")
	end := r.nextEnd()
	desk.Close()
	phone := r.device("phone")
	end.tell(im("Bob", "one"))
	phone.Expect("PRIVMSG alice one")
	r.bridge.StoreTrouble(store.ErrFull)
	phone.Expect("NOTICE &buddies :What is said is not kept at the moment: *")
	desk = r.device("desk", "server-time")
	desk.Expect("NOTICE &buddies :What you missed cannot be read *")
	end.tell(im("Bob", "two"))
	desk.Expect("PRIVMSG alice two")
	desk.Settle()
	desk.Close()
	r.bridge.StoreTrouble(nil)
	phone.Expect("NOTICE &buddies :The server's database works again: *")
	wantTexts(t, "later", r.device("desk", "server-time").Settle(), "one", "two")
}

// What arrives while a client is still logging in is new to its user, and looks like that.
func TestReplayOfWhatIsNew(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := ircdtest.Dial(t, r.addr)
	c.Send("CAP REQ batch")
	c.Expect("CAP * ACK batch")
	phone := r.device("phone")
	for began := time.Now(); time.Since(began) < 2*time.Millisecond; { // times are kept in milliseconds
		phone.Sync()
	}
	r.nextEnd().tell(im("Bob", "hello"))
	phone.Expect("PRIVMSG alice hello")
	c.Register("alice", ircdtest.SASL("alice@desk", "secret"))
	if m := c.Expect("PRIVMSG alice *"); m.Trailing() != "hello" || m.Tags["batch"] != "" {
		t.Errorf("%v", m)
	}
}
