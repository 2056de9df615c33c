package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func TestPresenceOnce(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Expect("MODE &buddies +v bob")
	for range 3 { // trap 20: the server repeats itself
		end.tell(here("bob", " U "))
	}
	for range 2 {
		end.tell(here("bob", " UU"))
	}
	c.Expect(":*aim!aim@tocbridge MODE &buddies -v bob")
	c.Expect("NOTICE &buddies :bob is away")
	end.tell(here("bob", " U "))
	c.Expect("MODE &buddies +v bob")
	c.Expect("NOTICE &buddies :bob is back")
	idle := here("bob", " U ")
	idle.Idle, idle.Warning = 5, 10
	end.tell(idle, idle)
	c.Expect("NOTICE &buddies :bob is idle (5 minutes)")
	c.Expect("NOTICE &buddies :bob has a warning level of 10%")
	end.tell(gone("bob"), gone("bob"))
	c.Expect(":bob!bob@aim QUIT :Signed off")
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("more than one line a change: %v", got)
	}
}

func TestPresenceWithAwayNotify(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("carol"))
	c, end := r.login("alice", ircdtest.Caps("away-notify", "extended-join"))
	end.tell(here("carol", " UU"))
	m := c.Expect(":carol!carol@aim JOIN ...")
	if len(m.Params) != 3 || m.Params[0] != "&buddies" || m.Params[1] != "carol" || m.Params[2] != "carol" {
		t.Errorf("extended-join has %q", m.Params)
	}
	c.Expect(":carol!carol@aim AWAY Away")
	end.tell(here("carol", " U "))
	c.Expect(":carol!carol@aim AWAY")
	for _, m := range c.Sync() {
		if m.Command == "MODE" {
			t.Errorf("voice shown to a client with away-notify: %s", m)
		}
	}
}

func TestNoticesOff(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("PRIVMSG &buddies :notices off")
	c.Expect("PRIVMSG &buddies *")
	end.tell(here("bob", " UU"))
	c.Expect("MODE &buddies -v bob")
	for _, m := range c.Sync() {
		if m.Command == "NOTICE" {
			t.Errorf("still told: %s", m)
		}
	}
}

func TestAwayOut(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	d := r.attach("alice")
	c.Send("AWAY :\x02Lunch\x02 & more")
	end.expect(toc.SetAway{Text: "<B>Lunch</B> &amp; more"})
	c.Expect("306 alice *")
	d.Expect("306 alice *")
	e := r.attach("alice")
	e.Expect("306 alice *")
	c.Send("AWAY")
	end.expect(toc.SetAway{})
	c.Expect("305 alice *")
	d.Expect("305 alice *")
}

// TestNobodyAtTheClients: AWAY * of one client is the account's only when it is that of all.
func TestNobodyAtTheClients(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	d := r.attach("alice")
	c.Send("AWAY *")
	c.Expect("306 alice *")
	c.Sync()
	for _, cmd := range end.commands() {
		if away, ok := cmd.(toc.SetAway); ok {
			t.Errorf("away while somebody sits at another client: %v", away)
		}
	}
	d.Send("AWAY *")
	end.expect(toc.SetAway{Text: absentText})
	e := r.attach("alice")
	end.expect(toc.SetAway{})
	e.Close()
	end.expect(toc.SetAway{Text: absentText})
	d.Send("AWAY")
	end.expect(toc.SetAway{})
}

func TestGroupsAreChannels(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob"), toc.Group{Name: "My Work", Buddies: []toc.Buddy{{Name: "dave", Alias: "The Boss"}, {Name: "bob"}}})
	c, end := r.login("alice")
	c.Send("LIST")
	c.Expect("322 alice &buddies 2 *")
	c.Expect("322 alice &&Buddies 0 *") // &buddies is everybody
	c.Expect("322 alice &My_Work 0 *")
	c.Expect("323 alice *")
	c.Send("JOIN &my_work")
	c.Expect(":alice!* JOIN &My_Work")
	c.Expect("366 alice &My_Work *")
	end.tell(here("Dave", " U "))
	c.Expect(":Dave!dave@aim JOIN &buddies")
	c.Expect(":Dave!dave@aim JOIN &My_Work")
	c.Send("NAMES &My_Work")
	if m := c.Expect("353 alice = &My_Work *"); m.Trailing() != "alice +Dave" {
		t.Errorf("names %q", m.Trailing())
	}
	c.Send("KICK &My_Work dave :bye")
	end.expect(toc.RemoveBuddies{Names: []toc.ScreenName{"dave"}, Group: "My Work"})
	c.Expect(":Dave!dave@aim QUIT *")
	c.Send("INVITE zoe &my_work")
	end.expect(toc.NewBuddies{Groups: []toc.Group{{Name: "My Work", Buddies: []toc.Buddy{{Name: "zoe"}}}}})
	c.Expect("341 alice zoe &my_work")
	c.Send("PART &My_Work :enough")
	c.Expect(":alice!* PART &My_Work enough")
	c.Send("PART &My_Work")
	c.Expect("442 alice &My_Work *")
	c.Send("JOIN &Nothing")
	c.Expect("403 alice &Nothing *")
}

// TestListChangesOfAnotherClient: INSERTED2 and DELETED2 as odd as trap 17 says.
func TestListChangesOfAnotherClient(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.Inserted{Kind: toc.ListGroup, Group: ""}, toc.Inserted{Kind: toc.ListGroup, Group: "Buddies"},
		toc.Inserted{Kind: toc.ListBuddy, Name: "dave", Group: "New", Alias: "Dave D"}, toc.Inserted{Kind: toc.ListBuddy, Name: "dave", Group: "New", Alias: "Dave D"},
		here("dave", " U "))
	c.Expect(":dave!dave@aim JOIN &buddies")
	end.tell(toc.Deleted{Kind: toc.ListGroup, Group: "New"}, toc.Deleted{Kind: toc.ListBuddy, Name: "dave", Group: "Buddies"})
	c.Expect(":dave!dave@aim QUIT :Removed from your list")
	end.tell(toc.Inserted{Kind: toc.ListDeny, Name: "spammer"}, toc.Inserted{Kind: toc.ListPermit, Name: "friend"})
	c.Sync()
	c.Send("MODE &buddies b")
	c.Expect("367 alice &buddies spammer!*@*")
	c.Expect("368 alice &buddies *")
	c.Send("MODE &buddies +e")
	c.Expect("348 alice &buddies friend!*@*")
	c.Expect("349 alice &buddies *")
	end.tell(toc.Deleted{Kind: toc.ListDeny, Name: "spammer"}, toc.Deleted{Kind: toc.ListPermit, Name: "friend"})
	c.Sync()
	c.Send("MODE &buddies b")
	c.Expect("368 alice &buddies *")
	c.Send("PRIVMSG *aim :blist all")
	if m := c.Expect("PRIVMSG alice :2 buddies*"); !strings.Contains(m.Trailing(), "1 available") {
		t.Errorf("%q", m.Trailing())
	}
}

func TestWarned(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.Evil{Level: 10, By: "Bob"})
	c.Expect("NOTICE &buddies :You were warned by Bob. Your warning level is now 10%.")
	end.tell(toc.Evil{Level: 13})
	c.Expect("NOTICE &buddies :You were warned by somebody, anonymously. Your warning level is now 13%.")
}

// TestEventsAboutUnknownPeople: nothing the far side says about somebody we never met may break anything.
func TestEventsAboutUnknownPeople(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(gone("x1"), toc.BuddyCaps{Name: "x2"}, toc.Typing{From: "x3", State: toc.TypingActive}, toc.ChatIn{Room: 7, From: "x4", Text: "?"},
		toc.ChatMembers{Room: 8, Here: true, Names: []toc.ScreenName{"x5"}}, toc.ChatJoined{Room: 9, Name: "x"}, toc.ChatLeft{Room: 10},
		toc.Deleted{Kind: toc.ListBuddy, Name: "x6", Group: "none"}, toc.Deleted{Kind: toc.ListGroup, Group: "none"},
		toc.Inserted{Kind: 'z', Name: "x7"}, toc.Updated{Kind: toc.ListBuddy, Name: "x8", Group: "Buddies", Alias: "a"},
		toc.Nick{Name: "somebody else"}, toc.Unknown{Text: "WHAT:1"}, toc.Pause{}, toc.DirStatus{}, toc.RvousPropose{From: "x9"}, toc.BART{},
		toc.ChatInvite{Name: "r\r\nQUIT", Room: 3, From: "x 10", Text: "<b>come\x00</b>\r\n"},
		here("", " U "), here("\r\n", " U "), imFrom("", "x"), imFrom("a\r\nb", "<"), toc.GotoURL{}, toc.Evil{})
	end.tell(imFrom("bob", "still here"))
	c.Expect("PRIVMSG alice :still here")
}
