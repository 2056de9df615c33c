package bridge

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestUserModes: what MODE of oneself answers, and nothing else.
func TestUserModes(t *testing.T) {
	t.Parallel()
	r, c, _ := talk(t)
	d := r.attach("alice")
	c.Expect("MODE &buddies +v bob")
	d.Sync()
	for _, tc := range []struct {
		line   string
		want   []string
		others []string // what another client of the account sees
	}{
		{"MODE alice", []string{":irc.test 221 alice +i"}, nil},
		{"MODE alice +i", []string{":alice!alice@aim MODE alice +i"}, nil},
		{"MODE alice i", []string{":alice!alice@aim MODE alice +i"}, nil},
		{"MODE alice -i", []string{":irc.test 221 alice +i"}, nil},
		{"MODE alice -B", nil, nil},
		{"MODE ALICE +B", []string{":alice!alice@aim MODE alice +B"}, []string{":alice!alice@aim MODE alice +B"}},
		{"MODE alice +B", nil, nil},
		{"MODE alice", []string{":irc.test 221 alice +Bi"}, nil},
		{"MODE alice +w-Bx", []string{":alice!alice@aim MODE alice -B", ":irc.test 501 alice :Unknown MODE flag"}, []string{":alice!alice@aim MODE alice -B"}},
		{"MODE alice", []string{":irc.test 221 alice +i"}, nil},
		{"MODE bob +B", []string{":irc.test 502 alice :Can't change mode for other users"}, nil},
	} {
		c.Send("%s", tc.line)
		for _, x := range []struct {
			c    *ircdtest.Client
			want []string
		}{{c, tc.want}, {d, tc.others}} {
			var got []string
			for _, m := range x.c.Sync() {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.line, diff)
			}
		}
	}
}

// TestBot: a user who says so is a bot to the others on the bridge: in the tag, in WHO and in WHOIS.
func TestBot(t *testing.T) {
	synctest.Test(t, testBot)
}

func testBot(t *testing.T) {
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	defer shutdown()
	alice, bob := w.login("alice"), w.login("bob", ircdtest.Caps("message-tags"))
	for _, c := range []*ircdtest.Client{alice, bob} {
		c.Send("JOIN #room")
		c.Expect("366 * #room *")
	}
	alice.Expect(":bob!* JOIN #room")
	isBot := func(pattern string, want bool) {
		t.Helper()
		m := bob.Expect(pattern)
		if _, got := m.Tags["bot"]; got != want {
			t.Errorf("bot tag %v on %s", got, m)
		}
	}
	whoFlag := func(want string) {
		t.Helper()
		bob.Send("WHO alice")
		bob.Expect("352 bob * * * * alice " + want + " *")
	}
	alice.Send("PRIVMSG #room :I am a person")
	isBot(":alice!* PRIVMSG #room *", false)
	whoFlag("H")
	alice.Send("MODE alice +B")
	alice.Send("PRIVMSG #room :beep")
	isBot(":alice!* PRIVMSG #room beep", true)
	alice.Send("PRIVMSG bob :beep")
	isBot(":alice!* PRIVMSG bob beep", true)
	alice.Send("TOPIC #room :beeping")
	isBot(":alice!* TOPIC #room beeping", true)
	whoFlag("HB")
	bob.Send("WHOIS alice")
	bob.Expect("335 bob alice :is a bot on *")
	bob.Send("PRIVMSG #room :no bot")
	alice.Expect(":bob!* PRIVMSG #room *")
	alice.Send("PART #room")
	isBot(":alice!* PART #room", true)
	alice.Send("MODE alice -B")
	alice.Send("PRIVMSG bob :hello")
	isBot(":alice!* PRIVMSG bob hello", false)
	whoFlag("H")
	alice.Send("MODE alice +B")
	alice.Sync()
	if n := w.bridge.bots.Load(); n != 1 {
		t.Errorf("%d bots", n)
	}
	alice.Send("QUIT")
	alice.ExpectClosed()
	again := w.login("alice")
	again.Send("MODE alice")
	again.Expect("221 alice +i")
	if n := w.bridge.bots.Load(); n != 0 {
		t.Errorf("%d bots, the only one has left", n)
	}
}

// TestNothingButTags: an IM without any text is no line on IRC; one of a space is.
func TestNothingButTags(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	end.tell(imFrom("bob", "<HTML><BODY></BODY></HTML>"), imFrom("bob", ""), imFrom("bob", "<BR>"))
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	end.tell(imFrom("bob", "<b> </b>"))
	c.Expect(":bob!* PRIVMSG alice *")
}

// TestTooManyTargets: more than TARGMAX says is refused whole, in each of the three commands.
func TestTooManyTargets(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t, ircdtest.Caps("message-tags"))
	c.Send("PRIVMSG bob,bob,bob,bob,bob :x")
	c.ExpectNext("407 alice bob,bob,bob,bob,bob :Too many targets; at most 4")
	c.Send("@+x=y TAGMSG bob,bob,bob,bob,bob")
	c.ExpectNext("407 alice bob,bob,bob,bob,bob :Too many targets; at most 4")
	c.Send("NOTICE bob,bob,bob,bob,bob :x")
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("NOTICE: %v", got)
	}
	for _, cmd := range end.take() {
		if sent, ok := cmd.(toc.SendIM); ok {
			t.Errorf("sent %v", sent)
		}
	}
}

// TestWhoisServer: WHOIS of a server takes this one, by its name, a mask of it, or somebody on it.
func TestWhoisServer(t *testing.T) {
	t.Parallel()
	_, c, _ := talk(t)
	c.Expect("MODE &buddies +v bob")
	for _, line := range []string{"WHOIS irc.test bob", "WHOIS *.test bob", "WHOIS bob bob", "WHOIS BOB bob", "WHOIS alice bob", "WHOIS *aim bob", "WHOIS bob :"} {
		c.Send("%s", line)
		c.ExpectNext("311 alice bob ...")
		c.Expect("318 alice bob *")
	}
	c.Send("WHOIS elsewhere.test bob")
	c.ExpectNext("402 alice elsewhere.test :No such server")
	c.ExpectNot("318 ...")
}
