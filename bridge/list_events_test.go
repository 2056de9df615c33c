package bridge

import (
	"context"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// listServer is a TOC server with one account, for tests of the list alone.
type listServer struct {
	t    *rapid.T
	dial func(context.Context) (net.Conn, error)
}

// signOn signs on and returns the client and the list it was told.
func (l *listServer) signOn() (*toc.Client, toc.Config) {
	c, err := toc.SignOn(context.Background(), "aim.test:9898", toc.Login{Name: "alice", Password: "pw-alice",
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }})
	if err != nil {
		l.t.Fatal(err)
	}
	for {
		e, err := c.Recv()
		if err != nil {
			l.t.Fatal(err)
		}
		if cfg, ok := e.(toc.Config); ok {
			l.send(c, toc.InitDone{})
			l.events(c)
			return c, cfg
		}
	}
}

func (l *listServer) send(c *toc.Client, cmds ...toc.Command) {
	if err := c.Send(cmds...); err != nil {
		l.t.Fatal(err)
	}
}

// events are what a client was told before the answer to a question.
func (l *listServer) events(c *toc.Client) (all []toc.Event) {
	l.send(c, toc.GetInfo{Name: "alice"})
	for {
		e, err := c.Recv()
		if err != nil {
			l.t.Fatal(err)
		}
		if _, ok := e.(toc.GotoURL); ok {
			return all
		}
		all = append(all, e)
	}
}

// listCommand draws a change of a list.
func listCommand(t *rapid.T) toc.Command {
	group := rapid.SampledFrom([]string{"Buddies", "Work", "work", "Our Family"}).Draw(t, "group")
	name := rapid.SampledFrom([]toc.ScreenName{"bob", "carol", "dave", "alice"}).Draw(t, "name")
	names := []toc.ScreenName{name}
	switch rapid.IntRange(0, 9).Draw(t, "command") {
	case 0, 1, 2:
		b := toc.Buddy{Name: name, Alias: rapid.SampledFrom([]string{"", "Bobby", "The One"}).Draw(t, "alias")}
		other := toc.Group{Name: rapid.SampledFrom([]string{"Buddies", "Work"}).Draw(t, "other group"), Buddies: []toc.Buddy{{Name: "eve"}}}
		return toc.NewBuddies{Groups: []toc.Group{{Name: group, Buddies: []toc.Buddy{b}}, other}[:rapid.IntRange(1, 2).Draw(t, "groups")]}
	case 3, 4:
		return toc.RemoveBuddies{Names: append(names, "eve"), Group: rapid.SampledFrom([]string{group, "*"}).Draw(t, "from")}
	case 5:
		return toc.NewGroup{Group: group}
	case 6:
		return toc.DelGroup{Group: group}
	case 7:
		return toc.AddDeny{Names: names}
	case 8:
		return rapid.SampledFrom([]toc.Command{toc.RemoveDeny{Names: names}, toc.RemovePermit{Names: names}}).Draw(t, "removal")
	}
	return toc.AddPermit{Names: names}
}

// applyListEvent takes an event of the list into a session's picture, as handleTOC does; false: it is none.
func applyListEvent(s *session, e toc.Event) bool {
	switch e := e.(type) {
	case toc.Inserted:
		s.inserted(e)
	case toc.Updated:
		s.inserted(toc.Inserted(e))
	case toc.Deleted:
		s.deleted(e)
	default:
		return false
	}
	return true
}

// picture is a roster as a test compares it.
type picture struct {
	Groups       map[string][]string
	Order        []string
	Alias        map[string]string
	Permit, Deny []string
}

func pictureOf(r *roster) picture {
	p := picture{Groups: map[string][]string{}, Alias: map[string]string{}, Permit: sortedKeys(r.permit), Deny: sortedKeys(r.deny)}
	for _, g := range r.groups {
		p.Order = append(p.Order, g.name)
		p.Groups[g.name] = []string{}
		for _, c := range g.members {
			p.Groups[g.name] = append(p.Groups[g.name], c.key+":"+g.details[c.key].alias)
			p.Alias[c.key] = c.alias
		}
	}
	return p
}

// TestListEventsAndFreshList: whatever one AIM client does to the list, the roster of another that hears of it is the one
// that a fresh sign-on gets. Events that come twice change nothing.
func TestListEventsAndFreshList(t *testing.T) {
	t.Parallel()
	b := New(Options{Server: "aim.test:9898"})
	t.Cleanup(func() { _ = b.Shutdown(context.Background()) })
	rapid.Check(t, func(t *rapid.T) {
		aim := tocd.New(tocd.Options{Accounts: accounts("alice")})
		ln := newPipeListener()
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = aim.Serve(context.Background(), ln)
		}()
		defer func() {
			_ = aim.Close()
			<-served
		}()
		l := &listServer{t: t, dial: ln.dial}
		writer, _ := l.signOn()
		defer writer.Close()
		listener, cfg := l.signOn()
		defer listener.Close()
		s := newTestSession(b)
		s.loadLists(cfg)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			l.send(writer, listCommand(t))
			l.events(writer)
			for _, e := range l.events(listener) {
				if !applyListEvent(s, e) {
					continue
				}
				if d, ok := e.(toc.Deleted); (!ok || d.Group != madeUpGroup) && rapid.Bool().Draw(t, "twice") {
					applyListEvent(s, e)
				}
			}
		}
		reader, cfg := l.signOn()
		defer reader.Close()
		fresh := newTestSession(b)
		fresh.loadLists(cfg)
		if diff := cmp.Diff(pictureOf(fresh.roster), pictureOf(s.roster)); diff != "" {
			t.Fatalf("after events, unlike a fresh list (-fresh +events):\n%s", diff)
		}
		for key, c := range s.roster.contacts {
			for _, g := range c.groups {
				if !slices.Contains(s.roster.find(g).members, c) {
					t.Fatalf("%s thinks it is in %s", key, g)
				}
			}
		}
	})
}

// newTestSession is a session of alice that nothing runs.
func newTestSession(b *Bridge) *session {
	return newSession(b, "alice", ircd.Credentials{Account: "alice"})
}

// TestSiblingChangesAreShown: what another AIM client of the account does to the lists is JOIN, PART, QUIT, NICK and MODE,
// each once however often the server tells it.
func TestSiblingChangesAreShown(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", buddies("bob"))
	c, end := r.login("alice", ircdtest.Caps("setname"))
	end.tell(here("bob", " U "))
	seen(c)
	c.Send("JOIN &&buddies")
	seen(c)
	ins := func(kind toc.ListKind, name toc.ScreenName, group, alias string) toc.Event {
		return toc.Inserted{Kind: kind, Name: name, Group: group, Alias: alias}
	}
	del := func(kind toc.ListKind, name toc.ScreenName, group string) toc.Event {
		return toc.Deleted{Kind: kind, Name: name, Group: group}
	}
	for _, tc := range []struct {
		what   string
		events []toc.Event
		want   []string
	}{
		{"groups and nameless ones", []toc.Event{toc.Inserted{Kind: toc.ListGroup, Group: ""}, toc.Inserted{Kind: toc.ListGroup, Group: "Work"}, toc.Inserted{Kind: toc.ListGroup, Group: "Buddies"}}, nil},
		{"a buddy", []toc.Event{ins(toc.ListKind('b'), "carol", "Work", ""), here("Carol", " U ")}, []string{":Carol!carol@aim JOIN :&buddies", "*aim MODE &buddies +v :Carol"}},
		{"the same again", []toc.Event{ins(toc.ListKind('b'), "carol", "Work", "")}, nil},
		{"an alias that is a nick", []toc.Event{ins(toc.ListKind('b'), "carol", "Work", "caz"), ins(toc.ListKind('b'), "carol", "Work", "caz")}, []string{":Carol!carol@aim NICK :caz", ":caz!carol@aim SETNAME :Carol (caz)"}},
		{"an alias that is none", []toc.Event{ins(toc.ListKind('b'), "carol", "Work", "Carol C"), ins(toc.ListKind('b'), "carol", "Work", "Carol C")}, []string{":caz!carol@aim NICK :Carol", ":Carol!carol@aim SETNAME :Carol (Carol C)"}},
		{"a second group", []toc.Event{ins(toc.ListKind('b'), "carol", "Buddies", ""), ins(toc.ListKind('b'), "carol", "Buddies", "")}, []string{":Carol!carol@aim JOIN :&&Buddies", "*aim MODE &&Buddies +v :Carol"}},
		{"out of it", []toc.Event{del(toc.ListKind('b'), "carol", "Buddies"), del(toc.ListKind('b'), "carol", "Buddies"), del(toc.ListKind('b'), "carol", "Nowhere"), del(toc.ListKind('b'), "zed", "Buddies")}, []string{":Carol!carol@aim PART &&Buddies :Removed from this group"}},
		{"deny and permit", []toc.Event{ins(toc.ListKind('d'), "spammer", "", ""), ins(toc.ListKind('d'), "Spammer", "", ""), ins(toc.ListKind('p'), "pal", "", ""), ins(toc.ListKind('p'), "pal", "", "")}, []string{":alice!alice@aim MODE &buddies +b :spammer!*@*", ":alice!alice@aim MODE &buddies +e :pal!*@*"}},
		{"and back", []toc.Event{del(toc.ListKind('d'), "spammer", ""), del(toc.ListKind('d'), "spammer", ""), del(toc.ListKind('p'), "pal", ""), del(toc.ListKind('p'), "nobody", "")}, []string{":alice!alice@aim MODE &buddies -b :spammer!*@*", ":alice!alice@aim MODE &buddies -e :pal!*@*"}},
		{"nobody and nothing", []toc.Event{ins(toc.ListKind('b'), "", "Work", ""), ins(toc.ListKind('b'), "zed", "", ""), ins(toc.ListKind('d'), "", "", ""), ins(toc.ListKind('x'), "zed", "", "")}, nil},
		{"a group goes, its members told of another", []toc.Event{ins(toc.ListKind('b'), "bob", "Work", ""), toc.Deleted{Kind: toc.ListGroup, Group: "Work"}, del(toc.ListKind('b'), "carol", "Buddies"), del(toc.ListKind('b'), "bob", "Buddies"), toc.Inserted{Kind: toc.ListGroup, Group: ""}}, []string{":Carol!carol@aim QUIT :Removed from your list"}},
		{"bob is still there", []toc.Event{here("bob", " UU")}, []string{"*aim MODE &buddies -v :bob", "*aim MODE &&Buddies -v :bob", "*aim NOTICE &buddies :bob is away"}},
		{"and now really goes", []toc.Event{del(toc.ListKind('b'), "bob", "Buddies")}, []string{":bob!bob@aim QUIT :Removed from your list"}},
		{"the channel goes with its group", []toc.Event{toc.Deleted{Kind: toc.ListGroup, Group: "Buddies"}, toc.Deleted{Kind: toc.ListGroup, Group: "Buddies"}}, []string{":alice!alice@aim PART &&Buddies :The group was deleted"}},
	} {
		end.tell(tc.events...)
		if tc.want == nil {
			tc.want = []string{}
		}
		if diff := cmp.Diff(tc.want, append([]string{}, seen(c)...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.what, diff)
		}
	}
	c.Send("PRIVMSG *aim :account")
	c.Expect("PRIVMSG alice :Another AIM client of this name is signed on: it changed your list at *")
}
