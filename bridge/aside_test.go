package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestTypingOut: +typing reaches AIM when it is news; other tags, and other targets than people, do not.
func TestTypingOut(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t, ircdtest.Caps("message-tags"))
	other := r.attach("alice", ircdtest.Caps("message-tags", "echo-message"))
	seen(c)
	seen(other)
	end.take()
	for _, line := range []string{"@+typing=active TAGMSG BOB", "@+typing=active TAGMSG bob", "@+typing=what TAGMSG bob", "@+typing TAGMSG bob", "@+typing=paused TAGMSG bob",
		"@+typing=done TAGMSG bob", "@+react=x TAGMSG bob", "TAGMSG bob", "@+typing=active TAGMSG &buddies", "@+typing=active TAGMSG *aim"} {
		c.SendLine(line)
	}
	check(t, "at the sender", c)
	want := []toc.Command{toc.SendTyping{To: "bob", State: toc.TypingActive}, toc.SendTyping{To: "bob", State: toc.TypingPaused}, toc.SendTyping{To: "bob"}}
	if diff := cmp.Diff(want, end.take()); diff != "" {
		t.Errorf("to AIM (-want +got):\n%s", diff)
	}
	check(t, "at the other client, which sees the tags that are no typing", other, ":alice!alice@aim TAGMSG :bob")
	for _, tc := range []struct{ line, want string }{
		{"@+react=x TAGMSG #nowhere", ":irc.test 404 alice #nowhere :Cannot send to channel: you are not in it"},
		{"@+react=x TAGMSG #", ":irc.test 403 alice # :No such channel"},
		{"@+react=x TAGMSG 9lives", ":irc.test 401 alice 9lives :No such nick/channel"},
		{"@+react=x TAGMSG carol", ":irc.test 401 alice carol :No such nick/channel"},
		{"@+react=x TAGMSG", ":irc.test 411 alice :No recipient given (TAGMSG)"},
	} {
		c.SendLine(tc.line)
		check(t, tc.line, c, tc.want)
	}
	c.SendLine("@+react=x TAGMSG a1,a2,a3,a4")
	if got := seen(c); len(got) != maxTargets || !strings.Contains(got[3], "a4") {
		t.Errorf("four targets give %q", got)
	}
}

// TestTagsOfTheBlocked: who is blocked reaches us by no other way either.
func TestTagsOfTheBlocked(t *testing.T) {
	t.Parallel()
	_, alice, bob := pair(t, ircdtest.Caps("message-tags"))
	bob.SendLine("@+react=before TAGMSG alice")
	if m := alice.Expect(":bob!* TAGMSG alice"); m.Tags["+react"] != "before" {
		t.Errorf("tags %v", m.Tags)
	}
	alice.Send("MODE &buddies +b bob")
	alice.Expect("MODE &buddies +b bob!*@*")
	bob.SendLine("@+react=after TAGMSG alice")
	bob.SendLine("@+react=room TAGMSG #room")
	bob.Sync()
	for {
		m := alice.Expect(":bob!* TAGMSG ...")
		if m.Tags["+react"] == "after" {
			t.Fatal("the tags of somebody blocked arrived")
		}
		if m.Tags["+react"] == "room" { // a room is everybody's
			return
		}
	}
}

// TestAsideBelongsToItsMessage: an aside is found by sender, place and text, and once.
func TestAsideBelongsToItsMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var a asides
		var model []aside
		word := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
		for i := range rapid.IntRange(0, 40).Draw(t, "steps") {
			from, channel, text := word("from", "bob", "carol"), word("channel", "", "#r"), word("text", "x", "y")
			if rapid.Bool().Draw(t, "put") {
				e := aside{from: from, channel: channel, text: text, id: fmt.Sprint(i), at: time.Now()}
				a.put(e)
				model = append(model, e)
				continue
			}
			got, ok := a.take(from, channel, text)
			j := slices.IndexFunc(model, func(e aside) bool { return e.from == from && e.channel == channel && e.text == text })
			if ok != (j >= 0) || ok && got.id != model[j].id {
				t.Fatalf("take(%s, %s, %s) = %s, %v; waiting: %v", from, channel, text, got.id, ok, model)
			}
			if ok {
				model = slices.Delete(model, j, j+1)
			}
		}
		if n := int(a.waiting.Load()); n != len(model) || n != len(a.list) {
			t.Fatalf("%d said to wait, %d do, want %d", n, len(a.list), len(model))
		}
	})
}

// TestAwayTextAndCommand: the away text goes to AIM when it changes, cut to what fits, and again after a reconnect.
func TestAwayTextAndCommand(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	awayOf := func(end *farEnd) (texts []string) {
		for _, cmd := range end.take() {
			if away, ok := cmd.(toc.SetAway); ok {
				texts = append(texts, away.Text)
			}
		}
		return texts
	}
	seen(c)
	for _, line := range []string{"AWAY :lunch", "AWAY :lunch", "AWAY :tea", "AWAY", "AWAY", "AWAY :"} {
		c.Send("%s", line)
	}
	const gone, back = ":irc.test 306 alice :You have been marked as being away", ":irc.test 305 alice :You are no longer marked as being away"
	check(t, "answers", c, gone, gone, gone, back, back, back)
	if diff := cmp.Diff([]string{"lunch", "tea", ""}, awayOf(end)); diff != "" {
		t.Errorf("to AIM (-want +got):\n%s", diff)
	}
	c.Send("AWAY :%s", strings.Repeat(`"`, 390))
	c.Sync()
	texts := awayOf(end)
	if len(texts) != 1 || len(texts[0]) > toc.AwayRoom() || len(texts[0]) < toc.AwayRoom()-len("&quot;") || strings.ReplaceAll(texts[0], "&quot;", "") != "" {
		t.Errorf("a long text goes out as %q", texts)
	}
	end.Close()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	end = r.nextEnd()
	c.Sync()
	if again := awayOf(end); len(again) != 1 || again[0] != texts[0] {
		t.Errorf("after the reconnect AIM got %q", again)
	}
}

// TestPreAway: a client that can say it is nobody's does not bring the account back by coming.
func TestPreAway(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	c.Send("AWAY *")
	end.expect(toc.SetAway{Text: absentText})
	d := ircdtest.Dial(t, r.addr)
	d.Register("alice", ircdtest.Pass("secret"), ircdtest.Caps("draft/pre-away"))
	d.Expect("366 * &buddies *")
	d.Expect("306 alice *")
	d.Send("AWAY *")
	d.Expect("306 alice *")
	d.Sync()
	for _, cmd := range end.take() {
		if away, ok := cmd.(toc.SetAway); ok {
			t.Errorf("AIM was told %q", away.Text)
		}
	}
	d.Send("AWAY :really")
	end.expect(toc.SetAway{Text: "really"})
	c.Expect("306 alice *")
}

// TestNeighbourhoodRooms: rooms, their topics and who is in them, kept as long as anybody is.
func TestNeighbourhoodRooms(t *testing.T) {
	t.Parallel()
	n := newNeighbourhood()
	a, b := &session{key: "a"}, &session{key: "b"}
	if got := n.enter("#Room", a); got.text != "" {
		t.Errorf("a new room has the topic %q", got.text)
	}
	n.setTopic("#room", topic{text: "hello", by: "a"})
	n.setTopic("#elsewhere", topic{text: "lost"})
	if got := n.enter("#ROOM", b); got.text != "hello" {
		t.Errorf("who comes later gets the topic %q", got.text)
	}
	want := []ircd.ListItem{{Channel: "#Room", Users: 2, Topic: "hello"}}
	if diff := cmp.Diff(want, n.list()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if got := n.inRoom("#room", a); len(got) != 1 || got[0] != b {
		t.Errorf("beside a are %v", got)
	}
	n.leave("#room", b)
	n.leave("#room", b)
	n.leave("#elsewhere", b)
	if got := n.inRoom("#room", a); got != nil {
		t.Errorf("alone, yet with %v", got)
	}
	n.leave("#room", a)
	if got := n.enter("#room", b); got.text != "" {
		t.Errorf("the topic %q outlived the room", got.text)
	}
}

// TestNeighbourhoodWatchers: a name is watched by each session once, and forgotten with the last.
func TestNeighbourhoodWatchers(t *testing.T) {
	t.Parallel()
	n := newNeighbourhood()
	a, b := &session{key: "a"}, &session{key: "b"}
	for range 2 {
		n.watch("zoe", a)
	}
	n.watch("zoe", b)
	if got := n.watching("zoe"); len(got) != 2 {
		t.Errorf("%d watch, want 2", len(got))
	}
	n.unwatch("zoe", a)
	n.unwatch("yves", a)
	if got := n.watching("zoe"); len(got) != 1 || got[0] != b {
		t.Errorf("%v watch, want b", got)
	}
	n.unwatch("zoe", b)
	if len(n.watchers) != 0 {
		t.Errorf("%d names are kept for nothing", len(n.watchers))
	}
}

// TestReasonsForLeaving: a PART reason is of its room, a QUIT reason of all, and coming back forgets them.
func TestReasonsForLeaving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNeighbourhood()
		why := func(want string, wantQuit bool) {
			t.Helper()
			if got, quit := n.whyLeft("bob", "#r"); got != want || quit != wantQuit {
				t.Errorf("why: %q %v, want %q %v", got, quit, want, wantQuit)
			}
		}
		why("", false)
		n.partReason("bob", "#r", "tea")
		n.partReason("bob", "#s", "other")
		why("tea", false)
		if got := n.whyQuit("bob"); got != "Signed off" {
			t.Errorf("who only left a room: %q", got)
		}
		n.enter("#R", &session{key: "bob"})
		why("", false)
		n.quitReason("bob", "bye", past{nick: "Bob"})
		why("bye", true)
		n.quitReason("bob", "", past{nick: "Bob"})
		if got := n.whyQuit("bob"); got != "Signed off" {
			t.Errorf("who left without a word: %q", got)
		}
		n.welcome("bob")
		why("", false)
		n.quitReason("bob", "again", past{nick: "Bob"})
		time.Sleep(farewellTime) // fake time
		why("again", true)
		time.Sleep(time.Nanosecond)
		why("", false)
		n.partReason("carol", "#r", "x") // makes room
		if len(n.farewells) != 1 {
			t.Errorf("%d farewells are kept, want 1", len(n.farewells))
		}
	})
}

// TestWhowasIsBounded: the latest come first, as many as asked for, and not more than so many are kept.
func TestWhowasIsBounded(t *testing.T) {
	t.Parallel()
	n := newNeighbourhood()
	for i := range pastMax + 10 {
		n.quitReason("x", "", past{nick: fmt.Sprintf("Nick%d", i)})
	}
	if got := n.whowas("*", 0); len(got) != pastMax || got[0].nick != fmt.Sprintf("Nick%d", pastMax+9) || got[pastMax-1].nick != "Nick10" {
		t.Errorf("%d kept, from %q", len(got), got[0].nick)
	}
	if got := n.whowas("nick1?", 3); len(got) != 3 || got[0].nick != "Nick19" || got[2].nick != "Nick17" {
		t.Errorf("masked: %v", got)
	}
	if got := n.whowas("nick9", 0); got != nil {
		t.Errorf("older than all that is kept: %v", got)
	}
}

// TestTopicRules: who may ask for a topic or set it, and who is told.
func TestTopicRules(t *testing.T) {
	t.Parallel()
	w, alice, bob := pair(t)
	carol := w.login("carol")
	second := w.login("alice")
	second.Expect("366 alice #room *")
	seen(alice)
	for _, tc := range []struct{ send, want string }{
		{"TOPIC #room", ":irc.test 442 carol #room :You're not on that channel"},
		{"TOPIC #room :mine", ":irc.test 442 carol #room :You're not on that channel"},
		{"TOPIC #empty", ":irc.test 403 carol #empty :No such channel"},
		{"TOPIC nothing", ":irc.test 403 carol nothing :No such channel"},
		{"TOPIC &none :x", ":irc.test 403 carol &none :No such channel"},
		{"TOPIC", ":irc.test 461 carol TOPIC :Not enough parameters"},
	} {
		carol.Send("%s", tc.send)
		check(t, tc.send, carol, tc.want)
	}
	alice.Send("TOPIC #ROOM :\x02new\x02")
	const set = ":alice!alice@aim TOPIC #room :\x02new\x02"
	check(t, "who sets it", alice, set)
	second.Expect("TOPIC #room :\x02new\x02")
	if got := shown(bob.Expect("TOPIC #room *")); got != set {
		t.Errorf("bob sees %q", got)
	}
	check(t, "who is not in the room", carol)
	carol.Send("LIST #room")
	carol.Expect("322 carol #room 2 :\x02new\x02")
	bob.Send("PART #room")
	bob.Expect("PART #room")
	alice.Send("PART #room")
	alice.Expect("PART #room")
	second.Expect("PART #room")
	alice.Sync()
	carol.Send("LIST #room")
	if m := carol.Next(); m.Command != "323" && m.Command != "321" {
		t.Errorf("an empty room is listed: %s", m)
	}
}

// TestNameOfARoomAsTopic: where the channel does not say the AIM name of the room, the topic does.
func TestNameOfARoomAsTopic(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		room room
		want string
	}{
		{room{channel: "#plain", name: "plain", exchange: 4}, ""},
		{room{channel: "#A_B", name: "A B", exchange: 4}, `AIM chat room "A B" (exchange 4)`},
		{room{channel: "##five", name: "five", exchange: 5}, `AIM chat room "five" (exchange 5)`},
		{room{channel: "#A_B", name: "A B", exchange: 4, topic: topic{text: "set"}}, "set"},
	} {
		if got := tc.room.topicOf(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.room.channel, got, tc.want)
		}
	}
}

// TestSetname: the new name shows to who asked for SETNAME and sees us, and to all in WHOIS; one too long does not.
func TestSetname(t *testing.T) {
	t.Parallel()
	w, alice, bob := pair(t, ircdtest.Caps("setname", "standard-replies"))
	deaf := w.login("bob")
	carol := w.login("carol", ircdtest.Caps("setname"))
	deaf.Expect("366 * #room *")
	seen(bob)
	alice.Send("SETNAME :%s", strings.Repeat("x", nameLen+1))
	alice.Expect("FAIL SETNAME INVALID_REALNAME *")
	alice.Send("SETNAME :Alice A.")
	check(t, "the user", alice, ":alice!alice@aim SETNAME :Alice A.")
	check(t, "in the same room", bob, ":alice!alice@aim SETNAME :Alice A.")
	check(t, "in no room with her", carol)
	check(t, "without the capability", deaf)
	deaf.Send("WHOIS alice")
	deaf.Expect("311 bob alice alice aim * :Alice A.")
}

// TestNewAwayTextOfANeighbour: a second AWAY has the text at once, though for AIM nothing changed; then it ends.
func TestNewAwayTextOfANeighbour(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	t.Cleanup(shutdown)
	alice, bob := w.login("alice"), w.login("bob", ircdtest.Caps("away-notify"))
	bob.Send("MONITOR + alice")
	bob.Expect("730 bob :alice!alice@aim")
	alice.Send("PRIVMSG &buddies :add bob")
	alice.Expect(":bob!bob@aim JOIN &buddies")
	bob.Send("PRIVMSG &buddies :add alice")
	bob.Expect(":alice!alice@aim JOIN &buddies")
	for _, text := range []string{"lunch", "tea"} {
		alice.Send("AWAY :%s", text)
		bob.Expect(":alice!alice@aim AWAY " + text)
		bob.Expect("NOTICE &buddies :alice is away: " + text)
	}
	alice.Send("AWAY")
	if m := bob.Expect(":alice!alice@aim AWAY ..."); len(m.Params) != 0 {
		t.Errorf("back, yet %s", m)
	}
	bob.Expect("NOTICE &buddies :alice is back")
}
