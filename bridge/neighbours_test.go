package bridge

import (
	"fmt"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc/tocd"
)

// pair is two users of one bridge in #room.
func pair(t *testing.T, opts ...ircdtest.Option) (w *world, alice, bob *ircdtest.Client) {
	t.Helper()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol")}, Options{})
	t.Cleanup(shutdown)
	alice, bob = w.login("alice", opts...), w.login("bob", opts...)
	for _, c := range []*ircdtest.Client{alice, bob} {
		c.Send("JOIN #room")
		c.Expect("366 * #room *")
	}
	alice.Expect(":bob!* JOIN #room")
	return w, alice, bob
}

func TestPartAndQuitReasonsReachNeighbours(t *testing.T) {
	t.Parallel()
	_, alice, bob := pair(t)
	bob.Send("PART #room :bye everyone")
	alice.Expect(":bob!* PART #room :bye everyone")
	bob.Send("JOIN #room")
	alice.Expect(":bob!* JOIN #room")
	bob.Send("PART #room")
	if m := alice.Expect(":bob!* PART ..."); len(m.Params) != 1 {
		t.Errorf("an old reason again: %s", m)
	}
	bob.Send("JOIN #room")
	bob.Expect("366 * #room *")
	bob.Send("QUIT :so long")
	alice.Expect(":bob!* QUIT :*so long")
	alice.Sync()
	alice.Send("WHOWAS bob")
	alice.Expect("314 alice bob bob aim * bob")
	alice.Expect("369 alice bob *")
}

func TestTopicsAmongNeighbours(t *testing.T) {
	t.Parallel()
	w, alice, bob := pair(t)
	alice.Send("TOPIC #room")
	alice.Expect("331 alice #room *")
	alice.Send("TOPIC #room :what we talk about")
	alice.Expect(":alice!* TOPIC #room :what we talk about")
	bob.Expect(":alice!* TOPIC #room :what we talk about")
	bob.Send("TOPIC #room")
	bob.Expect("332 bob #room :what we talk about")
	bob.Expect("333 bob #room alice!alice@aim *")
	bob.Send("PART #room\r\nJOIN #room")
	bob.Expect("332 bob #room :what we talk about")
	second := w.login("bob")
	second.Expect("332 bob #room :what we talk about")
	alice.Send("TOPIC #room :")
	bob.Expect(":alice!* TOPIC #room :")
	bob.Send("TOPIC #room")
	bob.Expect("331 bob #room *")
}

func TestNoticesAndTagsAmongNeighbours(t *testing.T) {
	t.Parallel()
	_, alice, bob := pair(t, ircdtest.Caps("message-tags", "echo-message"))
	for _, target := range []string{"bob", "#room"} {
		alice.Send("@+draft/reply=123 NOTICE %s :hello", target)
		sent := alice.Expect(fmt.Sprintf("NOTICE %s hello", target))
		got := bob.Expect(fmt.Sprintf(":alice!* NOTICE %s hello", target))
		if got.Tags["+draft/reply"] != "123" || got.Tags["msgid"] == "" || got.Tags["msgid"] != sent.Tags["msgid"] {
			t.Errorf("%s: sent with %v, arrived with %v", target, sent.Tags, got.Tags)
		}
		alice.Send("@+react=x TAGMSG %s", target)
		if m := bob.Expect(fmt.Sprintf(":alice!* TAGMSG %s", target)); m.Tags["+react"] != "x" {
			t.Errorf("TAGMSG arrived with %v", m.Tags)
		}
		alice.Expect(fmt.Sprintf(":alice!* TAGMSG %s", target))
	}
	alice.Send("@+typing=active TAGMSG #room")
	if m := bob.Expect(":alice!* TAGMSG #room"); m.Tags["+typing"] != "active" {
		t.Errorf("TAGMSG arrived with %v", m.Tags)
	}
	alice.Send("@+typing=active TAGMSG bob")
	if m := bob.Expect(":alice!* TAGMSG bob"); m.Tags["+typing"] != "active" {
		t.Errorf("TAGMSG arrived with %v", m.Tags)
	}
	for _, m := range bob.Sync() {
		t.Errorf("more than was said: %s", m)
	}
}

func TestLinesAndListsAmongNeighbours(t *testing.T) {
	t.Parallel()
	w, alice, bob := pair(t, ircdtest.Caps("message-tags", "batch", "draft/multiline", "setname", "extended-monitor"))
	for _, line := range []string{"BATCH +1 draft/multiline #room", "@batch=1 PRIVMSG #room :how is ", "@batch=1;draft/multiline-concat PRIVMSG #room everyone?", "@batch=1 PRIVMSG #room :", "@batch=1 PRIVMSG #room bye", "BATCH -1"} {
		alice.SendLine(line)
	}
	bob.Expect(":alice!* BATCH * draft/multiline #room")
	for _, want := range []string{"how is ", "everyone?", "", "bye"} {
		if m := bob.Expect("PRIVMSG #room *"); m.Trailing() != want {
			t.Errorf("line %q, want %q", m.Trailing(), want)
		}
	}
	carol := w.login("carol", ircdtest.Caps("setname", "extended-monitor"))
	carol.Send("LIST #*")
	carol.Expect("322 carol #room 2 :")
	carol.Expect("323 carol *")
	carol.Send("MONITOR + bob")
	carol.Expect("730 carol :bob!bob@aim")
	bob.Send("SETNAME :Robert the Bob")
	carol.Expect(":bob!bob@aim SETNAME :Robert the Bob")
	alice.Expect(":bob!bob@aim SETNAME :Robert the Bob")
}

func TestAwayTextOfNeighbours(t *testing.T) {
	t.Parallel()
	_, alice, bob := pair(t)
	alice.Send("AWAY :gone to lunch")
	alice.Expect("306 alice *")
	bob.Send("WHOIS alice")
	bob.Expect("318 bob alice *")
	bob.Send("PRIVMSG alice :hungry?")
	bob.Sync()
	alice.Expect(":bob!* PRIVMSG alice hungry?")
	bob.Send("PRIVMSG &buddies :add alice")
	bob.Expect("NOTICE &buddies :alice is away: gone to lunch")
	bob.Send("WHOIS alice")
	bob.Expect("301 bob alice :gone to lunch")
}

func TestAsidesAreBoundedAndExpire(t *testing.T) {
	t.Parallel()
	var a asides
	for i := range 3 * asideMax {
		a.put(aside{from: "bob", text: fmt.Sprint(i), at: time.Now()})
	}
	if len(a.list) != asideMax {
		t.Errorf("%d wait, want at most %d", len(a.list), asideMax)
	}
	if _, ok := a.take("bob", "", "0"); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := a.take("bob", "#room", fmt.Sprint(3*asideMax-1)); ok {
		t.Error("one for an IM was taken for a room")
	}
	if _, ok := a.take("bob", "", fmt.Sprint(3*asideMax-1)); !ok {
		t.Error("the latest is missing")
	}
	a.put(aside{from: "bob", text: "old", at: time.Now().Add(-2 * asideTime)})
	a.take("x", "", "")
	if _, ok := a.take("bob", "", "old"); ok {
		t.Error("an expired one was taken")
	}
}

func TestFarewellsAreForgotten(t *testing.T) {
	t.Parallel()
	n := newNeighbourhood()
	n.quitReason("old", "x", past{nick: "old"})
	n.farewells["old"].at = time.Now().Add(-2 * farewellTime)
	if n.whyQuit("old") != "Signed off" {
		t.Error("an old reason is still told")
	}
	n.partReason("new", "#a", "r")
	if len(n.farewells) != 1 {
		t.Errorf("%d farewells kept", len(n.farewells))
	}
	for i := range 2 * pastMax {
		n.quitReason("k", "", past{nick: fmt.Sprint(i)})
	}
	if len(n.past) != pastMax {
		t.Errorf("%d kept for WHOWAS", len(n.past))
	}
	if got := clientTags(irc.Tags{"+a": "1", "+typing": "active", "label": "x"}); len(got) != 1 || got["+a"] != "1" {
		t.Errorf("client tags %v", got)
	}
}

// TestAwayToNeighbours: who of this bridge writes to somebody away is told once, with 301; not by an automatic response
// as well, which is for those who use AIM otherwise.
func TestAwayToNeighbours(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{AutoReply: true})
	t.Cleanup(shutdown)
	alice, bob := w.login("alice"), w.login("bob")
	bob.Send("AWAY :gone for tea")
	bob.Expect("306 bob *")
	alice.Send("PRIVMSG bob :one")
	bob.Expect(":alice!* PRIVMSG bob one")
	alice.Send("PRIVMSG bob :two")
	bob.Expect(":alice!* PRIVMSG bob two")
	bob.Sync()
	told := 0
	for _, m := range alice.Sync() {
		if m.Command == "301" && m.Trailing() == "gone for tea" {
			told++
		} else if m.Command == "NOTICE" {
			t.Errorf("and %v", m)
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
