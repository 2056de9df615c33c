package bridge

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// twoGroups is alice with bob in Buddies and Work, carol in Work, and a client in &buddies and &Work.
func twoGroups(t *testing.T, opts ...ircdtest.Option) (*rig, *ircdtest.Client, *farEnd) {
	t.Helper()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob"), toc.Group{Name: "Work", Buddies: []toc.Buddy{{Name: "bob"}, {Name: "carol"}}})
	c, end := r.login("alice", opts...)
	c.Send("JOIN &work")
	c.Expect("366 alice &Work *")
	return r, c, end
}

func check(t *testing.T, what string, c *ircdtest.Client, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, seen(c)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestPresenceInGroups: a buddy joins every & channel it belongs in, and leaves all of them with one QUIT.
func TestPresenceInGroups(t *testing.T) {
	t.Parallel()
	_, c, end := twoGroups(t)
	end.tell(here("bob", " U "))
	check(t, "arrival", c, ":bob!bob@aim JOIN :&buddies", "*aim MODE &buddies +v :bob", ":bob!bob@aim JOIN :&Work", "*aim MODE &Work +v :bob")
	end.tell(here("bob", " UU"))
	check(t, "away", c, "*aim MODE &buddies -v :bob", "*aim MODE &Work -v :bob", "*aim NOTICE &buddies :bob is away")
	end.tell(toc.Deleted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"})
	check(t, "taken out of a group whose channel nobody is in", c)
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"}, toc.Deleted{Kind: toc.ListBuddy, Name: "bob", Group: "Work"})
	check(t, "taken out of the group", c, ":bob!bob@aim PART &Work :Removed from this group")
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Work"})
	check(t, "back in the group, still away", c, ":bob!bob@aim JOIN :&Work")
	end.tell(gone("bob"))
	check(t, "departure", c, ":bob!bob@aim QUIT :Signed off")
}

// TestOnlyInAGroup: who left &buddies and is in a group's channel sees that group's buddies, and no others.
func TestOnlyInAGroup(t *testing.T) {
	t.Parallel()
	_, c, end := twoGroups(t, ircdtest.Caps("away-notify"))
	end.tell(toc.Inserted{Kind: toc.ListBuddy, Name: "dave", Group: "Buddies"})
	c.Send("PART &buddies")
	c.Expect("PART &buddies")
	end.tell(here("carol", " U "), here("dave", " U "), here("carol", " UU"), here("dave", " UU"))
	check(t, "arrivals", c, ":carol!carol@aim JOIN :&Work", ":carol!carol@aim AWAY :Away")
	end.tell(imFrom("Carol", "x"), imFrom("Dave", "y"))
	check(t, "new spelling", c, ":carol!carol@aim NICK :Carol", ":Carol!carol@aim PRIVMSG alice :x", ":Dave!dave@aim PRIVMSG alice :y")
	end.tell(gone("dave"), gone("carol"))
	check(t, "departures", c, ":Carol!carol@aim QUIT :Signed off")
}

// TestGroupTopicsAndMembers: the topic of a group counts its buddies, that of &buddies names the groups.
func TestGroupTopicsAndMembers(t *testing.T) {
	t.Parallel()
	_, c, end := twoGroups(t)
	end.tell(here("carol", " UU"), here("bob", " U "))
	seen(c)
	for _, tc := range []struct{ send, expect string }{
		{"TOPIC &work", "332 alice &Work :2 of 2 buddies online"},
		{"TOPIC &&buddies", "332 alice &&Buddies :1 of 1 buddy online"},
		{"TOPIC &buddies", "332 alice &buddies :AIM buddies of alice. Type help here for what you can do. Groups: &&Buddies &Work"},
		{"TOPIC &work :mine", "482 alice &work :This topic is made by the bridge"},
		{"TOPIC &&buddies :mine", "442 alice &&buddies *"}, // not in it
		{"NAMES &work", "353 alice = &work :alice +bob carol"},
		{"JOIN &nothing", "403 alice &nothing *"},
		{"TOPIC &nothing", "403 alice &nothing *"},
		{"PART &&buddies", "442 alice &&buddies *"},
		{"KICK &&buddies bob", "442 alice &&buddies *"},
		{"KICK &work *aim", "482 alice &work :*aim stays"},
		{"KICK &work zoe", "441 alice zoe &work *"},
		{"INVITE bob &work", "443 alice bob &work *"},
	} {
		c.Send("%s", tc.send)
		c.Expect(tc.expect)
	}
}

// TestGroupsOfOneChannel: groups whose names differ in case only share a channel.
func TestGroupsOfOneChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", toc.Group{Name: "Pals", Buddies: []toc.Buddy{{Name: "bob"}}}, toc.Group{Name: "pals", Buddies: []toc.Buddy{{Name: "carol"}}})
	c, end := r.login("alice")
	end.tell(here("bob", " U "), here("carol", " U "))
	seen(c)
	c.Send("JOIN &PALS")
	if m := c.Expect("353 alice = &Pals *"); m.Trailing() != "alice +bob +carol" {
		t.Errorf("names %q", m.Trailing())
	}
	c.Send("TOPIC &pals")
	c.Expect("332 alice &Pals :2 of 2 buddies online")
}

// TestListAfterReconnect: what changed on the list while the link was away shows as QUIT and JOIN, nothing twice.
func TestListAfterReconnect(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	end.tell(here("carol", " U "))
	seen(c)
	r.config("alice", buddies("carol", "dave"))
	end.Close()
	c.Expect(":bob!bob@aim QUIT :tocbridge aim.tocbridge")
	c.Expect(":carol!carol@aim QUIT :tocbridge aim.tocbridge")
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	end = r.nextEnd()
	end.tell(here("dave", " U "), here("bob", " U "), here("carol", " U "))
	c.Sync()
	calmDown(r, "alice")
	check(t, "after the reconnect", c, ":carol!carol@aim JOIN :&buddies", ":dave!dave@aim JOIN :&buddies", "*aim MODE &buddies +vv carol :dave")
}

// TestBlockedReason: a buddy that vanishes because of our privacy settings is said to be blocked, in each of AIM's modes.
func TestBlockedReason(t *testing.T) {
	t.Parallel()
	const blocked, left = "Blocked by you", "Signed off"
	for _, tc := range []struct {
		mode toc.PDMode
		cfg  toc.Config
		want string
	}{
		{toc.PermitAll, toc.Config{Deny: []toc.ScreenName{"bob"}}, left}, // the deny list acts in mode 4 only
		{toc.DenyAll, toc.Config{Permit: []toc.ScreenName{"bob"}}, blocked},
		{toc.PermitSome, toc.Config{}, blocked},
		{toc.PermitSome, toc.Config{Permit: []toc.ScreenName{"B ob"}}, left},
		{toc.DenySome, toc.Config{Deny: []toc.ScreenName{"carol"}}, left},
		{toc.DenySome, toc.Config{Deny: []toc.ScreenName{"Bob"}}, blocked},
		{toc.PermitBuddies, toc.Config{}, left},
	} {
		t.Run(fmt.Sprintf("%d %v %v", tc.mode, tc.cfg.Permit, tc.cfg.Deny), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{})
			tc.cfg.V2, tc.cfg.Mode, tc.cfg.Groups = true, tc.mode, []toc.Group{buddies("bob")}
			r.conf["alice"] = tc.cfg
			c, end := r.login("alice")
			end.tell(here("bob", " U "))
			c.Expect(":bob!* JOIN &buddies")
			c.Send("WHOIS bob")
			told := false
			for _, m := range c.Sync() {
				told = told || m.Command == "320" && m.Trailing() == "is blocked by you"
			}
			if told != (tc.want == blocked) {
				t.Errorf("WHOIS says blocked: %v", told)
			}
			end.tell(gone("bob"))
			c.Expect(":bob!* QUIT :" + tc.want)
		})
	}
}

// TestMonitorOfBuddies: what MONITOR tells goes along with JOIN and QUIT, also for who changes sides.
func TestMonitorOfBuddies(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("MONITOR + bob,carol,*aim,alice")
	c.Expect("730 alice *")
	seen(c)
	end.tell(here("carol", " U "))
	check(t, "arrival", c, ":irc.test 730 alice :carol!carol@aim", ":carol!carol@aim JOIN :&buddies", "*aim MODE &buddies +v :carol")
	end.tell(gone("carol"))
	check(t, "departure", c, ":irc.test 731 alice :carol", ":carol!carol@aim QUIT :Signed off")
	for _, cmd := range end.take() {
		if add, ok := cmd.(toc.AddBuddies); ok && len(add.Names) == 1 {
			t.Errorf("asked AIM for what it tells anyway: %v", add.Names)
		}
	}
	c.Send("MONITOR - bob,bob,nobody")
	c.Sync()
	for _, cmd := range end.take() {
		if rm, ok := cmd.(toc.RemoveBuddiesV1); ok {
			t.Errorf("took %v off, who are buddies or were never watched", rm.Names)
		}
	}
}

// TestMonitorStrangerOnce: two clients that watch a stranger cost one command, and the last that stops one more.
func TestMonitorStrangerOnce(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	d := r.attach("alice")
	count := func() (added, removed int) {
		for _, cmd := range end.take() {
			switch cmd.(type) {
			case toc.AddBuddies:
				added++
			case toc.RemoveBuddiesV1:
				removed++
			}
		}
		return added, removed
	}
	seen(c)
	count()
	c.Send("MONITOR + zoe")
	c.Expect("731 alice zoe") // of who is not there AIM says nothing
	d.Send("MONITOR + ZOE")
	d.Expect("731 alice *")
	c.Sync()
	d.Sync()
	if added, removed := count(); added != 1 || removed != 0 {
		t.Errorf("%d added, %d removed, want 1 and 0", added, removed)
	}
	end.tell(here("zoe", " U "))
	c.Expect("730 alice :zoe!zoe@aim")
	d.Expect("730 alice :zoe!zoe@aim")
	c.Send("MONITOR C")
	c.Sync()
	if added, removed := count(); added+removed != 0 {
		t.Errorf("%d added, %d removed while the other client still watches", added, removed)
	}
	end.tell(gone("zoe"))
	d.Expect("731 alice *")
	d.Send("MONITOR - zoe")
	d.Sync()
	if added, removed := count(); added != 0 || removed != 1 {
		t.Errorf("%d added, %d removed, want 0 and 1", added, removed)
	}
}
