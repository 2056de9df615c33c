package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// ask says a line in &buddies and returns what *aim answers before the next PONG.
func ask(c *ircdtest.Client, line string) string {
	c.Send("PRIVMSG &buddies :%s", line)
	var out []string
	for _, m := range c.Sync() {
		if m.Prefix.Name == controlNick && m.Command == "PRIVMSG" {
			out = append(out, m.Trailing())
		}
	}
	return strings.Join(out, "\n")
}

func TestHelpComesFromTheTable(t *testing.T) {
	t.Parallel()
	_, c, _ := talk(t)
	all := ask(c, "help")
	for _, cmd := range controlCommands() {
		if !strings.Contains(all, cmd.name+" ") && !strings.Contains(all, cmd.name+"\x02") {
			t.Errorf("help lacks %s", cmd.name)
		}
		if one := ask(c, "help "+cmd.name); !strings.Contains(one, cmd.brief) {
			t.Errorf("help %s says %q", cmd.name, one)
		}
	}
	for _, want := range []string{"info", "add", "remove", "blist", "block", "allow", "rename", "account"} {
		if !strings.Contains(all, want) {
			t.Errorf("no command %s", want)
		}
	}
	if got := ask(c, "hlep"); !strings.Contains(got, "Did you mean help?") {
		t.Errorf("hlep: %q", got)
	}
	if got := ask(c, "add"); !strings.Contains(got, "Usage: add") {
		t.Errorf("add: %q", got)
	}
	if got := ask(c, `add "Cool`); !strings.Contains(got, `closing "`) {
		t.Errorf("unclosed quote: %q", got)
	}
}

func TestControlAnswersWhereAsked(t *testing.T) {
	t.Parallel()
	r, c, _ := talk(t)
	d := r.attach("alice")
	c.Send("PRIVMSG *aim account")
	c.Expect(":*aim!aim@tocbridge PRIVMSG alice :Screen name alice, server aim.test:9898")
	c.Send("PRIVMSG &buddies account")
	c.Expect(":*aim!aim@tocbridge PRIVMSG &buddies :Screen name alice*")
	if got := d.Sync(); len(got) != 0 {
		t.Errorf("another client saw the answers: %v", got)
	}
}

func TestControlAddRemove(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	if got := ask(c, `add "Cool Guy" Carl C`); !strings.Contains(got, "Added") || !strings.Contains(got, "Buddies") {
		t.Errorf("add: %q", got)
	}
	end.expect(toc.NewBuddies{Groups: []toc.Group{{Name: "Buddies", Buddies: []toc.Buddy{{Name: "coolguy", Alias: "Carl C"}}}}})
	ask(c, "add -group Work zoe")
	end.expect(toc.NewBuddies{Groups: []toc.Group{{Name: "Work", Buddies: []toc.Buddy{{Name: "zoe"}}}}})
	if got := ask(c, "add bob"); !strings.Contains(got, "already") {
		t.Errorf("add twice: %q", got)
	}
	if got := ask(c, `add "x:y"`); !strings.Contains(got, "Not added") {
		t.Errorf("a colon: %q", got)
	}
	if got := ask(c, "remove bob"); !strings.Contains(got, "Removed bob") {
		t.Errorf("remove: %q", got)
	}
	end.expect(toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Buddies"})
	if got := ask(c, "remove bob"); !strings.Contains(got, "not on your buddy list") {
		t.Errorf("remove twice: %q", got)
	}
	if got := ask(c, "blist all"); strings.Contains(got, "bob ") || !strings.Contains(got, "zoe") {
		t.Errorf("blist: %q", got)
	}
}

func TestControlRename(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("PRIVMSG &buddies :rename bob bobby")
	c.Expect(":bob!bob@aim NICK bobby")
	c.Expect("PRIVMSG &buddies :bob is now bobby.")
	end.expect(toc.NewBuddies{Groups: []toc.Group{{Name: "Buddies", Buddies: []toc.Buddy{{Name: "bob", Alias: "bobby"}}}}})
	c.Send("PRIVMSG bobby :hi")
	end.expect(imTo("bob", "hi"))
	end.tell(imFrom("bob", "ho"))
	c.Expect(":bobby!bob@aim PRIVMSG alice ho")
	if got := ask(c, "rename bobby 1st"); !strings.Contains(got, "not a legal nick") {
		t.Errorf("illegal: %q", got)
	}
	if got := ask(c, "rename bobby carol"); !strings.Contains(got, "taken") {
		t.Errorf("taken: %q", got)
	}
	c.Send("PRIVMSG &buddies :rename -del bobby")
	c.Expect(":bobby!bob@aim NICK bob")
}

// TestRenamesSurvive: the alias on the server is where a nick is kept.
func TestRenamesSurvive(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", toc.Group{Name: "G", Buddies: []toc.Buddy{{Name: "bob", Alias: "bobby"}, {Name: "carol", Alias: "Carol C"}, {Name: "dave", Alias: "alice"}}})
	c, end := r.login("alice")
	end.tell(here("bob", " U "), here("carol", " U "), here("dave", " U "))
	c.Expect(":bobby!bob@aim JOIN &buddies")
	c.Expect(":carol!carol@aim JOIN &buddies")
	c.Expect(":dave!dave@aim JOIN &buddies") // alice is taken: by us
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "G", Alias: "robert"})
	c.Expect(":bobby!bob@aim NICK robert")
	c.Send("PRIVMSG robert :hi")
	end.expect(imTo("bob", "hi"))
	c.Send("PRIVMSG &buddies :rename -del robert")
	c.Expect(":robert!bob@aim NICK bob")
	end.expect(toc.NewBuddies{Groups: []toc.Group{{Name: "G", Buddies: []toc.Buddy{{Name: "bob"}}}}})
}

// TestOneselfOnTheList: common on AIM; it must not confuse clients about their own place in channels.
func TestOneselfOnTheList(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob", "alice"))
	c, end := r.login("alice")
	end.tell(here("alice", " U "), here("alice", " UU"), here("bob", " U "))
	c.Expect(":bob!bob@aim JOIN &buddies")
	c.Send("NAMES &buddies")
	if m := c.Expect("353 alice = &buddies *"); m.Trailing() != "alice @*aim +bob" {
		t.Errorf("names %q", m.Trailing())
	}
	if got := ask(c, "rename alice foo"); !strings.Contains(got, "Your own nick") {
		t.Errorf("rename oneself: %q", got)
	}
	ask(c, "remove alice")
	ask(c, "add alice")
	c.Send("KICK &buddies alice")
	end.Close()
	c.Expect(":bob!bob@aim QUIT *")
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	for _, m := range c.Sync() {
		if m.Prefix.Name == "alice" {
			t.Errorf("about oneself: %s", m)
		}
	}
}

func TestAddRefusesNonsense(t *testing.T) {
	t.Parallel()
	_, c, _ := talk(t)
	for _, line := range []string{`add ""`, "add " + strings.Repeat("x", 300), `add -group "` + strings.Repeat("g", 100) + `" zoe`, "add a{b"} {
		if got := ask(c, line); !strings.Contains(got, "Not added") {
			t.Errorf("%.20s: %q", line, got)
		}
	}
	if got := ask(c, "ghost: hi"); !strings.Contains(got, "Nobody called ghost") {
		t.Errorf("ghost: %q", got)
	}
	if got := ask(c, "\x02help\x02"); !strings.Contains(got, "blist") {
		t.Errorf("bold help: %q", got)
	}
	c.Send("NOTICE &buddies :help")
	c.Send("NOTICE *aim :help")
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("a NOTICE was answered: %v", got)
	}
}

func TestControlInfoShowsProfile(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.page = "<HTML><BODY>Username : <B>bob</B><BR><BR>I like <I>trains</I> &amp; <A HREF='http://t.example'>maps</A><BR>QUIT</BODY></HTML>"
	c.Send("PRIVMSG &buddies :info bob")
	c.Expect("PRIVMSG &buddies :\x02bob\x02: online")
	end.expect(toc.GetInfo{Name: "bob"})
	end.tell(toc.GotoURL{Window: "profile", Path: "info?cookie=1"})
	c.ExpectNext("PRIVMSG &buddies :*Signed on since *")
	c.ExpectNext("PRIVMSG &buddies :bob is in your group Buddies")
	c.ExpectNext("PRIVMSG &buddies :bob has an AIM account that is not confirmed")
	c.ExpectNext("PRIVMSG &buddies :| I like \x1dtrains\x1d & maps <http://t.example>")
	c.ExpectNext("PRIVMSG &buddies :| QUIT")
	c.Send("PRIVMSG &buddies :info bob") // from the cache
	c.Expect("PRIVMSG &buddies :| I like \x1dtrains\x1d & maps <http://t.example>")
	c.Send("WHOIS bob")
	c.Expect("320 alice bob :| I like \x1dtrains\x1d & maps <http://t.example>")
	c.Sync()
	if got := end.take(); len(got) != 0 {
		t.Errorf("a profile just read was asked for again: %v", got)
	}
}

func TestControlBlockAllow(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	if got := ask(c, "block"); !strings.Contains(got, "nobody") {
		t.Errorf("block alone: %q", got)
	}
	ask(c, "block bob")
	end.expect(toc.AddDeny{Names: []toc.ScreenName{"bob"}})
	end.expect(toc.SetPDMode{Mode: toc.DenySome})
	if got := ask(c, "block"); !strings.Contains(got, "bob") {
		t.Errorf("block alone: %q", got)
	}
	if got := ask(c, "block bob"); !strings.Contains(got, "already") {
		t.Errorf("block twice: %q", got)
	}
	if got := ask(c, "block alice"); !strings.Contains(got, "yourself") {
		t.Errorf("block oneself: %q", got)
	}
	c.Send("WHOIS bob")
	c.Expect("320 alice bob :is blocked by you")
	ask(c, "allow bob")
	end.expect(toc.RemoveDeny{Names: []toc.ScreenName{"bob"}})
	if got := ask(c, "block"); !strings.Contains(got, "nobody") {
		t.Errorf("after allow: %q", got)
	}
}

func TestControlBlist(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(here("Carol", " UU"))
	c.Expect(":Carol!* JOIN &buddies")
	for line, want := range map[string]string{
		"blist":         "\x02Nick   Screen name  Group    Status\x02\nbob    bob          Buddies  online\nCarol  Carol        Buddies  away\n2 buddies (1 available, 1 away, 0 offline)",
		"blist away":    "\x02Nick   Screen name  Group    Status\x02\nCarol  Carol        Buddies  away\n2 buddies (1 available, 1 away, 0 offline)",
		"blist offline": "Nobody on your list matches.\n2 buddies (1 available, 1 away, 0 offline)",
		"blist b*":      "\x02Nick  Screen name  Group    Status\x02\nbob   bob          Buddies  online\n2 buddies (1 available, 1 away, 0 offline)",
	} {
		if got := ask(c, line); got != want {
			t.Errorf("%s:\n%q, want\n%q", line, got, want)
		}
	}
}
