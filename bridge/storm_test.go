package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// stormRig is alice with thirty buddies in two groups, of whom every third is away, and a room with two members, one of
// them a stranger; she has a modern client and a plain one.
func stormRig(t *testing.T) (r *rig, modern, plain *ircdtest.Client, end *farEnd) {
	r = newRig(t, Options{Gather: time.Hour}) // the tests say when it is over
	var crowd []toc.ScreenName
	for i := range 30 {
		crowd = append(crowd, toc.ScreenName(fmt.Sprintf("bud%02d", i)))
	}
	r.config("alice", buddies(crowd[:20]...), toc.Group{Name: "Work", Buddies: buddies(crowd[20:]...).Buddies})
	modern, end = r.login("alice", ircdtest.Caps("batch", "away-notify", "message-tags"))
	plain = r.attach("alice")
	stormArrive(end)
	modern.Send("JOIN &Work")
	modern.Send("JOIN #room")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "room"})
	end.tell(toc.ChatJoined{Room: 0, Name: "room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bud01", "Zoe"}})
	for _, c := range []*ircdtest.Client{modern, plain} {
		c.Expect("366 alice #room *")
		c.Sync()
	}
	return r, modern, plain, end
}

func stormArrive(end *farEnd) {
	for i := range 30 {
		class := toc.Class(" U ")
		if i%3 == 0 {
			class = " UU"
		}
		end.tell(here(toc.ScreenName(fmt.Sprintf("bud%02d", i)), class))
	}
}

// calmDown ends the storm after a sign-on of an account, and reports whether there was one. What was told before a client
// synced is in it.
func calmDown(r *rig, key string) bool {
	s := r.bridge.peer(key)
	if s == nil {
		return false
	}
	stormy := make(chan bool, 1)
	s.post(do(func(s *session) {
		stormy <- s.storm != nil
		s.endStorm()
	}))
	select {
	case was := <-stormy:
		return was
	case <-s.done:
		return false
	}
}

// until are the messages up to one that matches.
func until(c *ircdtest.Client, pattern string) (ms []*irc.Message) {
	for {
		m := c.Next()
		ms = append(ms, m)
		if ircdtest.Match(pattern, m) == "" {
			return ms
		}
	}
}

// inBatches are the messages of the one batch of a kind, and all others.
func inBatches(t *testing.T, ms []*irc.Message, kind string) (in, out []*irc.Message) {
	t.Helper()
	ref, open := "", false
	for _, m := range ms {
		switch {
		case m.Command == "BATCH" && len(m.Params) > 1 && m.Params[1] == kind:
			if ref != "" {
				t.Fatalf("a second %s", kind)
			}
			ref, open = m.Params[0][1:], true
			if len(m.Params) != 4 || !strings.Contains(m.Params[2], ".") && m.Params[2] != "tocbridge" {
				t.Errorf("%s has %q, want two servers", kind, m.Params)
			}
		case m.Command == "BATCH" && ref != "" && m.Params[0] == "-"+ref:
			open = false
		case ref != "" && m.Tags["batch"] == ref:
			if !open {
				t.Errorf("behind the batch: %s", m)
			}
			in = append(in, m)
		default:
			out = append(out, m)
		}
	}
	if ref == "" || open {
		t.Fatalf("no whole %s in %v", kind, ms)
	}
	return in, out
}

func count(ms []*irc.Message, command string) (n int) {
	for _, m := range ms {
		if m.Command == command {
			n++
		}
	}
	return n
}

// TestStormIsOneSplitAndOneJoin: a lost link takes everybody along in one netsplit, the next sign-on brings those who are
// there back in one netjoin, voices and notices are few, and nobody is shown twice.
func TestStormIsOneSplitAndOneJoin(t *testing.T) {
	t.Parallel()
	r, modern, plain, end := stormRig(t)
	end.Close()
	lost := until(modern, "NOTICE &buddies :Signed on to AIM again.")
	split, rest := inBatches(t, lost, "netsplit")
	if count(split, "QUIT") != 31 || len(split) != 31 || count(rest, "QUIT") != 0 {
		t.Errorf("%d QUITs in the netsplit, of %d messages; %d outside", count(split, "QUIT"), len(split), count(rest, "QUIT"))
	}
	if q := split[0].Trailing(); q != "tocbridge aim.tocbridge" {
		t.Errorf("they quit with %q", q)
	}
	lostPlain := until(plain, "NOTICE &buddies :Signed on to AIM again.")
	if count(lostPlain, "BATCH") != 0 || count(lostPlain, "QUIT") != 31 {
		t.Errorf("a plain client gets %d BATCH and %d QUIT", count(lostPlain, "BATCH"), count(lostPlain, "QUIT"))
	}

	end = r.nextEnd()
	end.expect(toc.ChatJoin{Exchange: 4, Name: "room"})
	stormArrive(end)
	end.tell(gone("bud02"), here("bud03", " U "))
	end.tell(toc.ChatJoined{Room: 0, Name: "room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bud01", "Zoe", "Yan"}})
	end.tell(toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"Yan"}})
	end.tell(imFrom("bud01", "back"))

	end.quiet()
	calmDown(r, "alice")
	back := slices.Concat(until(modern, "NOTICE &buddies :Away: *"), modern.Sync())
	joins, rest := inBatches(t, back, "netjoin")
	if n := len(joins); n != 29+10+2 || count(joins, "JOIN") != n {
		t.Errorf("%d messages in the netjoin, %d JOINs", n, count(joins, "JOIN"))
	}
	if n := count(rest, "AWAY"); n != 9 || count(rest, "JOIN") != 0 || count(rest, "MODE") != 0 || count(rest, "QUIT") != 0 {
		t.Errorf("besides, %d AWAY in %v", n, rest)
	}
	backPlain := slices.Concat(until(plain, "NOTICE &buddies :Away: *"), plain.Sync())
	if count(backPlain, "JOIN") != 29+2 || count(backPlain, "MODE") != 2 || count(backPlain, "NOTICE") != 1 {
		t.Errorf("a plain client gets %d JOIN, %d MODE, %d NOTICE", count(backPlain, "JOIN"), count(backPlain, "MODE"), count(backPlain, "NOTICE"))
	}
	voiced := map[string]bool{}
	for _, m := range backPlain {
		if m.Command == "MODE" {
			if m.Params[1] != "+"+strings.Repeat("v", len(m.Params)-2) {
				t.Errorf("%s", m)
			}
			for _, nick := range m.Params[2:] {
				voiced[nick] = true
			}
		}
	}
	if len(voiced) != 20 || !voiced["bud03"] || voiced["bud00"] || voiced["bud02"] {
		t.Errorf("voiced are %v", voiced)
	}
	names := map[string]bool{}
	plain.Send("NAMES &buddies")
	for _, nick := range strings.Fields(plain.Expect("353 alice = &buddies *").Trailing()) {
		names[nick] = true
	}
	if len(names) != 31 || !names["+bud03"] || !names["bud00"] {
		t.Errorf("NAMES: %v", names)
	}
	end.tell(gone("bud04"))
	modern.Expect(":bud04!* QUIT :Signed off") // and from now on one by one
	end.tell(here("bud04", " U "))
	plain.Expect(":bud04!* JOIN &buddies")
}

// TestStormThatIsCutShort: the link is lost again before those who came back were shown: nobody quits whom no client saw,
// and the room is tried again.
func TestStormThatIsCutShort(t *testing.T) {
	t.Parallel()
	r, modern, plain, end := stormRig(t)
	end.Close()
	second := r.nextEnd()
	second.mu.Lock()
	second.mute = true // no fence: the storm goes on
	second.mu.Unlock()
	second.expect(toc.ChatJoin{Exchange: 4, Name: "room"})
	stormArrive(second)
	second.quiet()
	second.Close()
	third := r.nextEnd()
	third.expect(toc.ChatJoin{Exchange: 4, Name: "room"})
	third.tell(toc.ChatJoined{Room: 1, Name: "room"}, toc.ChatMembers{Room: 1, Here: true, Names: []toc.ScreenName{"alice", "bud05"}})
	third.tell(here("bud05", " U "), here("bud06", " UU"))
	third.quiet()
	calmDown(r, "alice")
	for name, c := range map[string]*ircdtest.Client{"modern": modern, "plain": plain} {
		seen := until(c, "NOTICE &buddies :Away: bud06")
		quits := map[string]int{}
		for _, m := range seen {
			if m.Command == "QUIT" {
				quits[m.Prefix.Name]++
			}
		}
		for nick, n := range quits {
			if n != 1 {
				t.Errorf("%s: %s quits %d times", name, nick, n)
			}
		}
		if n := count(seen, "JOIN"); n != 2+1 {
			t.Errorf("%s: %d JOINs", name, n)
		}
		if count(seen, "PART") != 0 {
			t.Errorf("%s: out of the room: %v", name, seen)
		}
	}
}

// TestStormAndAClientThatComes: who attaches in the middle sees everybody in NAMES, and the others are not left out.
func TestStormAndAClientThatComes(t *testing.T) {
	t.Parallel()
	r, modern, _, end := stormRig(t)
	end.Close()
	second := r.nextEnd()
	second.mu.Lock()
	second.mute = true
	second.mu.Unlock()
	modern.Expect("NOTICE &buddies :Signed on to AIM again.")
	second.tell(here("bud07", " U "))
	second.quiet()
	late := ircdtest.Dial(t, r.addr)
	late.Register("alice", ircdtest.Pass("secret"))
	if m := late.Expect("353 alice = &buddies *"); m.Trailing() != "alice @*aim +bud07" {
		t.Errorf("NAMES %q", m.Trailing())
	}
	modern.Expect(":bud07!* JOIN &buddies")
	late.Send("WHO bud07")
	for _, m := range until(late, "315 ...") {
		if m.Command == "JOIN" && m.Prefix.Name != "alice" {
			t.Errorf("shown twice: %s", m)
		}
	}
}

// TestCrowd: many who arrive at one moment are one netjoin, few are not.
func TestCrowd(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("a", "b", "c", "d", "e", "f"))
	modern, end := r.login("alice", ircdtest.Caps("batch"))
	plain := r.attach("alice")
	end.tell(here("a", " U "), here("b", " UU"), here("c", " U "), here("d", " U "), here("b", " UU"))
	for _, nick := range []string{"a", "b", "c", "d"} {
		modern.Expect(":" + nick + "!* JOIN &buddies")
	}
	for _, m := range modern.Sync() {
		if m.Command == "BATCH" {
			t.Errorf("four are no crowd: %s", m)
		}
	}
	plain.Sync()
	end.tell(gone("a"), gone("b"), gone("c"), gone("d"))
	end.tell(here("a", " UU"), here("b", " U "), toc.BuddyCaps{Name: "b"}, here("c", " U "), here("stranger", " U "), here("d", " U "), here("e", " U "), gone("c"), here("f", " U "))
	end.tell(gone("f"))
	seen := until(modern, ":f!* QUIT :Signed off")
	joins, rest := inBatches(t, seen, "netjoin")
	if len(joins) != 5 || count(rest, "JOIN") != 0 || count(rest, "QUIT") != 5 || count(rest, "MODE") != 1 || count(rest, "NOTICE") != 1 {
		t.Errorf("in the netjoin %v, besides %v", joins, rest)
	}
	plain.Expect("MODE &buddies +vvvv b d e f")
	plain.Expect("NOTICE &buddies :Away: a")
	plain.Expect(":f!* QUIT :Signed off")
	end.tell(here("f", " U "))
	plain.ExpectNext(":f!* JOIN &buddies")
	plain.ExpectNext("MODE &buddies +v f")
}
