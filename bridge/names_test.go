package bridge

import (
	"strings"
	"testing"
	"testing/synctest"

	"tocbridge/bridge/pace"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestRespelledAside: a new spelling that typing, an invitation or a room shows is NICK, and SETNAME where only the spaces
// changed; nobody leaves and comes back.
func TestRespelledAside(t *testing.T) {
	t.Parallel()
	invite := func(from toc.ScreenName) toc.Event {
		return toc.ChatInvite{Name: "den", Room: 3, From: from, Text: "come"}
	}
	typing := func(from toc.ScreenName) toc.Event { return toc.Typing{From: from, State: toc.TypingActive} }
	im := func(from toc.ScreenName) toc.Event { return imFrom(from, "hi") }
	for name, tell := range map[string]func(toc.ScreenName) toc.Event{"typing": typing, "invitation": invite, "IM": im} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{})
			r.config("alice", buddies("coolguy"))
			c, end := r.login("alice", ircdtest.Caps("setname", "message-tags"))
			end.tell(here("coolguy", " U "))
			c.Expect(":coolguy!coolguy@aim JOIN &buddies")
			end.tell(tell("CoolGuy"))
			c.Expect(":coolguy!coolguy@aim NICK CoolGuy")
			c.Expect(":CoolGuy!coolguy@aim SETNAME CoolGuy")
			end.tell(tell("Cool Guy"))
			c.Expect(":CoolGuy!coolguy@aim SETNAME :Cool Guy")
			c.ExpectNot("NICK ...")
			end.tell(tell("Cool Guy"), typing("coolguy")) // no news; a plain form aside says nothing
			for _, m := range c.Sync() {
				if m.Command == "NICK" || m.Command == "SETNAME" || m.Command == "QUIT" {
					t.Errorf("%s", m)
				}
			}
			c.Send("WHOIS coolguy")
			c.Expect("311 alice CoolGuy coolguy aim * :Cool Guy")
		})
	}
}

// TestRespelledInRoom: a line in a room shows it too.
func TestRespelledInRoom(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	end.tell(toc.ChatIn{Enc: true, From: "BOB", Text: "now in capitals"})
	c.Expect(":bob!bob@aim NICK BOB")
	c.Expect(":BOB!bob@aim PRIVMSG #My_Room :now in capitals")
}

// TestAnyScreenName: a message to any legal screen name arrives there, as a nick, as the name itself, or quoted.
func TestAnyScreenName(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c, end := r.login("alice")
	end.mu.Lock()
	end.statuses = true
	end.mu.Unlock()
	for _, tc := range []struct {
		key   toc.ScreenName
		lines []string
	}{
		{"coolguy", []string{"PRIVMSG CoolGuy :x", `PRIVMSG "Cool :Guy" x`, `PRIVMSG "CoolGuy" :x`, `PRIVMSG &buddies :"Cool Guy": x`, `PRIVMSG &buddies :msg "Cool Guy" x`, "PRIVMSG *aim :im coolguy x", `PRIVMSG &buddies :"cool guy", x`}},
		{"123456789", []string{"PRIVMSG 123456789 :x", "PRIVMSG `123456789 :x", `PRIVMSG &buddies :"123456789": x`, "PRIVMSG &buddies :msg 123456789 x"}},
		{"user@mac.com", []string{"PRIVMSG user@mac.com :x", "PRIVMSG user`at`mac`dot`com :x", "PRIVMSG &buddies :msg user@mac.com x"}},
		{"+15551234567", []string{"PRIVMSG +15551234567 :x", "PRIVMSG `plus`15551234567 :x"}},
		{"strangesort", []string{"PRIVMSG STRANGESORT :x"}},
		{"日本", []string{"PRIVMSG 日本 :x", "PRIVMSG `u65e5``u672c` :x"}},
	} {
		for _, line := range tc.lines {
			c.Send("%s", line)
			end.expect(imTo(tc.key, "x"))
		}
	}
	c.Sync()
	for _, line := range []string{`PRIVMSG "Cool :Guy x`, `PRIVMSG "" :x`, `PRIVMSG "Cool Guy"`, "PRIVMSG a*b :x", "PRIVMSG a!b@c :x"} {
		c.Send("%s", line)
		if m := c.Next(); m.Command != "401" && m.Command != "412" && m.Command != "411" {
			t.Errorf("%s: %s", line, m)
		}
	}
}

// TestOddNamesBothWays: who has an odd name shows up under one nick, and what is said to that nick arrives there.
func TestOddNamesBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	names := []toc.ScreenName{"123456789", "user@mac.com", "+15551234567", "日本", "Ünïcode Näme", "a`at`b", "*aim", "-dash", "a very very long name that no nick can hold in full", "buddies", "root"}
	var keys []toc.ScreenName
	for _, n := range names {
		keys = append(keys, toc.ScreenName(n.Key()))
	}
	r.config("alice", buddies(keys...))
	c, end := r.login("alice")
	nicks := map[string]bool{}
	for _, n := range names {
		end.tell(here(n, " U "))
		nick := c.Expect("JOIN &buddies").Prefix.Name
		if nicks[strings.ToLower(nick)] || strings.EqualFold(nick, controlNick) {
			t.Errorf("%s is %s, which somebody has", n, nick)
		}
		nicks[strings.ToLower(nick)] = true
		c.Send("PRIVMSG %s :to %s", strings.ToUpper(nick), nick)
		end.expect(imTo(toc.ScreenName(n.Key()), "to "+nick))
		end.tell(imFrom(n, "back"))
		c.Expect(":" + nick + "!* PRIVMSG alice back")
	}
}

// TestSuffixSurvives: a name whose nick is taken keeps its other nick over reconnects, and over a new session.
func TestSuffixSurvives(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", toc.Group{Name: "G", Buddies: []toc.Buddy{{Name: "bob", Alias: "carol"}, {Name: "carol"}}})
	nickOf := func(c *ircdtest.Client, user string) string {
		for {
			if m := c.Expect("JOIN &buddies"); m.Prefix.User == user {
				return m.Prefix.Name
			}
		}
	}
	both := []toc.Event{here("carol", " U "), here("bob", " U ")}
	c, end := r.login("alice")
	end.tell(both...)
	first := nickOf(c, "carol")
	if first == "carol" || !strings.HasPrefix(first, "carol") {
		t.Errorf("carol is %s, and the nick carol is bob's", first)
	}
	for range 3 {
		end.Close()
		end = r.nextEnd()
		end.tell(both...)
		if again := nickOf(c, "carol"); again != first {
			t.Errorf("after a reconnect carol is %s, was %s", again, first)
		}
	}
	c.Send("PRIVMSG %s :hello", first)
	end.expect(imTo("carol", "hello"))
	c.Send("QUIT")
	c.ExpectClosed()
	<-end.closed
	c, end = r.login("alice")
	end.tell(both...)
	if again := nickOf(c, "carol"); again != first {
		t.Errorf("in a new session carol is %s, was %s", again, first)
	}
}

// TestRenameIsKept: a nick given with rename is there after a reconnect also where the server lost the alias, and goes
// when another AIM client takes the alias back.
func TestRenameIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob"))
	c, end := r.login("alice", ircdtest.Caps("setname"))
	end.tell(here("bob", " U "))
	c.Expect(":bob!bob@aim JOIN &buddies")
	c.Send("PRIVMSG &buddies :rename bob bobby")
	c.Expect(":bob!bob@aim NICK bobby")
	c.Expect(":bobby!bob@aim SETNAME :bob (bobby)")
	end.Close()
	end = r.nextEnd() // with a list without alias
	end.tell(here("bob", " U "))
	c.Expect(":bobby!bob@aim JOIN &buddies")
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "bobby"})
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "robert"})
	c.Expect(":bobby!bob@aim NICK robert")
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "The Bob"})
	c.Expect(":robert!bob@aim NICK bobby")
	c.Expect(":bobby!bob@aim SETNAME :bob (The Bob)")
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "bobby"}, toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"})
	c.Expect(":bobby!bob@aim NICK bob")
	end.tell(imFrom("stranger", "hi"))
	c.Expect(":stranger!* PRIVMSG alice hi")
	c.Send("PRIVMSG &buddies :rename stranger pal")
	c.Expect("PRIVMSG &buddies :stranger is now pal, here only: nobody not on your list has an alias on AIM.")
	end.Close()
	end = r.nextEnd()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	end.tell(imFrom("stranger", "again"))
	c.Expect(":pal!stranger@aim PRIVMSG alice again")
}

// TestReformatOneself: /nick keeps the spaces of the name, *aim nick changes them; everybody sees NICK or SETNAME.
func TestReformatOneself(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: map[string]string{"Cool Guy": "pw-coolguy", "bob": "pw-bob"}}, Options{})
	defer shutdown()
	bob := w.login("bob", ircdtest.Caps("setname"))
	bob.Send("PRIVMSG &buddies :add coolguy")
	bob.Expect("PRIVMSG &buddies :Added *")
	guy := w.login("CoolGuy")
	bob.Expect(":CoolGuy!* JOIN &buddies")
	guy.Send("NICK COOLguy")
	guy.Expect(":CoolGuy!* NICK COOLguy")
	bob.Expect(":CoolGuy!* NICK COOLguy")
	bob.Send("PRIVMSG *aim :blist all cool")
	bob.Expect("PRIVMSG bob :COOLguy  COOL guy *") // the space stays
	guy.Send(`PRIVMSG *aim :nick "Cool guy"`)
	guy.Expect(":COOLguy!* NICK Coolguy")
	guy.Expect("PRIVMSG Coolguy :AIM shows your name as Cool guy now.")
	bob.Expect(":COOLguy!* NICK Coolguy")
	guy.Send("PRIVMSG *aim :nick C o o l guy")
	guy.Expect("PRIVMSG Coolguy :AIM shows your name as C o o l guy now.")
	guy.Send(`PRIVMSG *aim :nick "C o o l  g u y  and much more"`)
	guy.Expect("PRIVMSG Coolguy :Your name is C o o l guy; only its upper and lower case and its spaces can change.")
	guy.Send(`PRIVMSG *aim :nick "C  o  o  l  g  u  y"`)
	guy.Expect("PRIVMSG Coolguy :Not changed: AIM does not take this form of your name: *")
	bob.ExpectNot(":Coolguy!* QUIT ...")
}

func TestRespaced(t *testing.T) {
	t.Parallel()
	for _, tc := range [][3]string{
		{"Cool Guy", "COOLguy", "COOL guy"}, {"coolguy", "CoolGuy", "CoolGuy"}, {"a b c", "ABC", "A B C"},
		{"Cool Guy", "cool GUY", "cool GUY"}, {"", "x", "x"}, {"É t", "éT", "é T"},
	} {
		if got := respaced(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%q as %q is %q, want %q", tc[0], tc[1], got, tc[2])
		}
	}
}

// TestMissedAndBackOnThisBridge: who was not there a moment ago, and has come to this bridge since, is asked for again.
func TestMissedAndBackOnThisBridge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice := w.login("alice")
		alice.Send("PRIVMSG bob :hello?")
		alice.Expect("401 alice bob *")
		bob := w.login("bob")
		alice.Send("PRIVMSG bob :hello!")
		bob.Expect(":alice!* PRIVMSG bob :hello!")
	})
}
