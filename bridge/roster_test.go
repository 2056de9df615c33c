package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"
	"pgregory.net/rapid"

	"tocbridge/toc"
)

func testRoster() *roster {
	return newRoster(func(n toc.ScreenName) *irc.Prefix { return &irc.Prefix{Name: n.Key(), User: n.Key(), Host: "aim"} })
}

// dump writes a roster as text: groups in order with their members, then permit and deny.
func (r *roster) dump() string {
	var b strings.Builder
	for _, g := range r.groups {
		fmt.Fprintf(&b, "%s:", g.name)
		for _, c := range g.members {
			fmt.Fprintf(&b, " %s(%s)", c.key, c.alias)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "permit %v deny %v mode %d\n", sortedKeys(r.permit), sortedKeys(r.deny), r.mode)
	return b.String()
}

func TestRosterLoad(t *testing.T) {
	t.Parallel()
	r := testRoster()
	cfg := toc.Config{V2: true, Mode: toc.DenySome, Permit: []toc.ScreenName{"friend"}, Deny: []toc.ScreenName{"Spam Mer"},
		Groups: []toc.Group{{Name: "Buddies", Buddies: []toc.Buddy{{Name: "bob", Alias: "Bobby"}, {Name: "carol"}}}, {Name: "Empty"}, {Name: "Work", Buddies: []toc.Buddy{{Name: "bob"}}}}}
	if gone := r.load(cfg); len(gone) != 0 {
		t.Errorf("an empty roster lost %v", gone)
	}
	want := "Buddies: bob(Bobby) carol()\nEmpty:\nWork: bob(Bobby)\npermit [friend] deny [spammer] mode 4\n"
	if diff := cmp.Diff(want, r.dump()); diff != "" {
		t.Error(diff)
	}
	gone := r.load(toc.Config{Groups: []toc.Group{{Name: "Work", Buddies: []toc.Buddy{{Name: "carol"}}}}})
	if len(gone) != 1 || gone[0].key != "bob" {
		t.Errorf("gone %v, want bob alone", gone)
	}
	if want := "Work: carol()\npermit [] deny [] mode 1\n"; r.dump() != want {
		t.Errorf("got %q, want %q", r.dump(), want)
	}
}

func TestRosterUpdateTellsRealChangesOnly(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	on := func(name toc.ScreenName, class toc.Class, idle, warning int) toc.BuddyUpdate {
		return toc.BuddyUpdate{Name: name, Online: true, Class: class, Idle: idle, Warning: warning, SignOn: now}
	}
	steps := []struct {
		what string
		u    toc.BuddyUpdate
		want change
	}{
		{"offline from the start", toc.BuddyUpdate{Name: "coolguy"}, 0},
		{"arrives", on("Cool Guy", " U ", 0, 0), arrived | reformatted},
		{"trap 20: repeated", on("Cool Guy", " U ", 0, 0), 0},
		{"trap 6: U at index 2 is away", on("Cool Guy", " UU", 0, 0), wentAway},
		{"repeated away", on("Cool Guy", " UU", 0, 0), 0},
		{"back and idle", on("Cool Guy", " U ", 5, 0), cameBack | wentIdle},
		{"more idle minutes are no news", on("Cool Guy", " U ", 9, 0), 0},
		{"active, warned", on("Cool Guy", " U ", 0, 10), becameActive | warned},
		{"other spelling", on("COOL guy", " U ", 0, 10), reformatted},
		{"trap 5: offline lines are normalised", toc.BuddyUpdate{Name: "coolguy"}, departed},
		{"offline repeated", toc.BuddyUpdate{Name: "coolguy"}, 0},
	}
	r := testRoster()
	for _, st := range steps {
		if _, got := r.update(st.u, now); got != st.want {
			t.Errorf("%s: changes %b, want %b", st.what, got, st.want)
		}
	}
	if c := r.lookup("coolguy"); c.name != "COOL guy" || c.online {
		t.Errorf("after the end: %q online=%v; the formatted name must survive", c.name, c.online)
	}
}

func TestRosterIdleIsCountedLocally(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	r := testRoster()
	u := toc.BuddyUpdate{Name: "bob", Online: true, Class: " U ", Idle: 5}
	c, _ := r.update(u, now)
	if want := now.Add(-5 * time.Minute); !c.idleSince.Equal(want) {
		t.Fatalf("idle since %v, want %v", c.idleSince, want)
	}
	r.update(u, now.Add(10*time.Minute)) // a repeat carries the old snapshot
	if want := now.Add(-5 * time.Minute); !c.idleSince.Equal(want) {
		t.Errorf("a repeat moved idle since to %v, want %v", c.idleSince, want)
	}
}

// TestRosterEvents: any sequence of list events, each perhaps repeated, leaves what a fresh CONFIG2 would.
func TestRosterEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := testRoster()
		model := map[string][]string{} // group -> members in order
		var order []string
		groups, names := []string{"A", "B", "b", ""}, []string{"bob", "carol", "Dave Jones"}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			g, n := rapid.SampledFrom(groups).Draw(t, "group"), rapid.SampledFrom(names).Draw(t, "name")
			key := toc.ScreenName(n).Key()
			times := rapid.IntRange(1, 2).Draw(t, "times")
			switch op := rapid.IntRange(0, 3).Draw(t, "op"); op {
			case 0, 1:
				for range times {
					r.addGroup(g)
					if op == 1 && g != "" {
						r.add(toc.Buddy{Name: toc.ScreenName(n)}, g)
					}
				}
				if g != "" && !slices.Contains(order, g) {
					order = append(order, g)
				}
				if op == 1 && g != "" && !slices.Contains(model[g], key) {
					model[g] = append(model[g], key)
				}
			case 2:
				for range times {
					r.remove(toc.ScreenName(n), g)
				}
				model[g] = slices.DeleteFunc(model[g], func(s string) bool { return s == key })
			case 3:
				for range times {
					r.dropGroup(g)
				}
				order = slices.DeleteFunc(order, func(s string) bool { return s == g })
				delete(model, g)
			}
		}
		cfg := toc.Config{V2: true}
		for _, g := range order {
			group := toc.Group{Name: g}
			for _, key := range model[g] {
				group.Buddies = append(group.Buddies, toc.Buddy{Name: toc.ScreenName(key)})
			}
			cfg.Groups = append(cfg.Groups, group)
		}
		fresh := testRoster()
		fresh.load(cfg)
		if diff := cmp.Diff(fresh.dump(), r.dump()); diff != "" {
			t.Fatalf("after events, unlike a fresh list (-fresh +events):\n%s", diff)
		}
		for _, c := range r.contacts {
			for _, g := range c.groups {
				if grp := r.find(g); grp == nil || !slices.Contains(grp.members, c) {
					t.Fatalf("%s says it is in %q, which does not have it", c.key, g)
				}
			}
		}
	})
}

func TestForgetPresence(t *testing.T) {
	t.Parallel()
	r := testRoster()
	r.load(toc.Config{Groups: []toc.Group{{Name: "G", Buddies: []toc.Buddy{{Name: "zoe"}, {Name: "bob"}, {Name: "off"}}}}})
	for _, n := range []toc.ScreenName{"zoe", "bob", "stranger"} {
		r.update(toc.BuddyUpdate{Name: n, Online: true, Class: " U "}, time.Now())
	}
	var gone []string
	for _, c := range r.forgetPresence() {
		gone = append(gone, c.key)
	}
	if diff := cmp.Diff([]string{"bob", "zoe"}, gone); diff != "" {
		t.Errorf("who left (-want +got):\n%s", diff)
	}
	if len(r.online()) != 0 || r.lookup("bob").known {
		t.Error("somebody is still known to be online")
	}
}
