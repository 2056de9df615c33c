package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

func chat(room int, from toc.ScreenName, text string) toc.ChatIn {
	return toc.ChatIn{Enc: true, Room: room, From: from, Encoding: "A", Language: "en", Text: text}
}

// TestDroppedForFlooding: a server with limits, a bridge that was told there are none, 150 lines at once. The room drops
// alice without a word; she is told what was refused, goes back in by herself, and hears the others again.
func TestDroppedForFlooding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Off})
		defer shutdown()
		alice := w.login("alice")
		bob := directSignOnHeard(t, w, "bob")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		bob.send(t, toc.ChatJoin{Exchange: 4, Name: "room"})
		alice.Expect(":bob!* JOIN #room")
		w.bridge.peer("alice").post(do(func(s *session) { // all at once, before an answer can come
			for i := range 150 {
				m := &irc.Message{Command: "PRIVMSG", Params: []string{"#room", fmt.Sprintf("line %d", i)}}
				if err := s.sayRoom(s.clients[0], m, "#room", m.Params[1]); err != nil {
					t.Error(err)
				}
			}
		}))
		refused := ""
		told := until(alice, "NOTICE #room :AIM had dropped you from #room*")
		for _, m := range told {
			if strings.HasPrefix(m.Trailing(), "AIM refused") {
				refused += m.Trailing() + " "
			}
		}
		heard := bob.texts()
		for i := range 150 {
			line := fmt.Sprintf("line %d", i)
			if !slices.Contains(heard, line) && !strings.Contains(refused+" ", line+" ") {
				t.Errorf("%s is lost in silence", line)
			}
		}
		bob.send(t, toc.ChatSend{Room: 0, Text: "welcome back"})
		alice.Expect(":bob!* PRIVMSG #room :welcome back")
		alice.Send("PRIVMSG #room :thanks")
		synctest.Wait()
		if heard := bob.texts(); !slices.Contains(heard, "thanks") {
			t.Errorf("bob heard %v", heard[max(0, len(heard)-3):])
		}
		if n := count(told, "JOIN") + count(told, "PART"); n != 0 {
			t.Errorf("%d JOIN and PART of people who were there all the time", n)
		}
	})
}

// direct is another AIM client, which remembers what it hears.
type direct struct {
	c     *toc.Client
	heard chan toc.Event
	all   []string
}

func (d *direct) send(t *testing.T, cmd toc.Command) {
	t.Helper()
	if err := d.c.Send(cmd); err != nil {
		t.Fatal(err)
	}
}

// texts is what was said in rooms, so far.
func (d *direct) texts() []string {
	synctest.Wait()
	for {
		select {
		case e := <-d.heard:
			if said, ok := e.(toc.ChatIn); ok {
				d.all = append(d.all, said.Text)
			}
		default:
			return d.all
		}
	}
}

func directSignOnHeard(t *testing.T, w *world, name toc.ScreenName) *direct {
	t.Helper()
	d := &direct{c: directDial(t, w, name), heard: make(chan toc.Event, 4096)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, err := d.c.Recv()
			if err != nil {
				return
			}
			d.heard <- e
		}
	}()
	t.Cleanup(func() {
		d.c.Close()
		<-done
	})
	return d
}

// mended plays the server's part when the bridge leaves room 0 and joins it again.
func mended(end *farEnd, name string, members ...toc.ScreenName) {
	end.t.Helper()
	end.expect(toc.ChatLeave{Room: 0})
	end.expect(toc.ChatJoin{Exchange: 4, Name: name})
	end.tell(toc.ChatLeft{Room: 0}, toc.ChatJoined{Room: 0, Name: name}, toc.ChatMembers{Room: 0, Here: true, Names: members})
}

// TestOwnTextComesBackTooSoon: a refused line and then one that is taken mean that the room has dropped us. Who came and
// went meanwhile is shown, and others not again; lines that waited go out when we are back.
func TestOwnTextComesBackTooSoon(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	d := r.attach("alice")
	d.Expect("366 alice #My_Room *")
	end.tell(toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"carol"}})
	c.Expect(":carol!* JOIN #My_Room")
	for _, text := range []string{"one", "two", "//roll", "three"} {
		c.Send("PRIVMSG #My_Room :%s", text)
	}
	end.expect(toc.ChatSend{Room: 0, Text: "three"})
	end.tell(chat(0, "alice", "one"), chat(0, "OnlineHost", "alice rolled 2 6-sided dice: 1 2"))
	c.Expect(":OnlineHost!* PRIVMSG #My_Room *")
	c.Sync()
	if got := end.take(); len(got) != 0 {
		t.Errorf("nothing is wrong yet, but sent is %v", got)
	}
	end.tell(chat(0, "alice", "three")) // "two" was refused
	c.Expect("NOTICE &buddies :AIM refused 1 line to #My_Room because too much was said at once: two")
	mended(end, "My Room", "alice", "bob", "Dan")
	for _, cl := range []string{"c", "d"} {
		cl := map[string]*ircdtest.Client{"c": c, "d": d}[cl]
		cl.Expect("NOTICE #My_Room :AIM had dropped you from #My_Room *")
		cl.ExpectNext(":carol!* PART #My_Room")
		cl.ExpectNext(":Dan!dan@aim JOIN #My_Room")
	}
	c.Send("PRIVMSG #My_Room :four")
	end.expect(toc.ChatSend{Room: 0, Text: "four"})
	c.Send("NAMES #My_Room")
	if m := c.Expect("353 alice = #My_Room *"); m.Trailing() != "alice bob Dan" {
		t.Errorf("names %q", m.Trailing())
	}
	for _, text := range []string{"five", "six"} {
		c.Send("PRIVMSG #My_Room :%s", text)
	}
	end.expect(toc.ChatSend{Room: 0, Text: "six"})
	end.tell(chat(0, "alice", "four"), chat(0, "alice", "six"))
	c.Expect("NOTICE &buddies :AIM refused 1 line to #My_Room *: five")
	c.Sync()
	if got := end.take(); len(got) != 0 {
		t.Errorf("mended again at once: %v", got)
	}
}

// TestSaidWhileMending: what is said in the moment between is refused in words, what waits for the limit goes out after.
func TestSaidWhileMending(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	c.Send("PRIVMSG #My_Room :one")
	c.Send("PRIVMSG #My_Room :two")
	end.expect(toc.ChatSend{Room: 0, Text: "two"})
	end.tell(chat(0, "alice", "two"))
	end.expect(toc.ChatJoin{Exchange: 4, Name: "My Room"})
	c.Send("PRIVMSG #My_Room :three")
	if m := c.Expect("404 alice #My_Room *"); m.Trailing() != "Not sent: AIM is asked to let you into #My_Room again; say it in a moment" {
		t.Errorf("%q", m.Trailing())
	}
	c.Send("JOIN #My_Room")
	asked := make(chan bool, 1)
	for waits := false; !waits; waits = <-asked { // until the JOIN has come through
		r.bridge.peer("alice").post(do(func(s *session) { asked <- len(s.rooms["#my_room"].askers) > 0 }))
	}
	end.tell(toc.ChatLeft{Room: 0}, toc.ServerError{Code: 913})
	c.Expect(":alice!* PART #My_Room *")
	c.Expect("403 alice #My_Room *") // the JOIN is answered, and the room is gone
	c.Send("PRIVMSG #My_Room :four")
	c.Expect("404 alice #My_Room :Cannot send to channel: you are not in it")
}

// TestSilentRoom: a buddy leaves AIM, the room does not say so, and of what is said only our own text comes back.
func TestSilentRoom(t *testing.T) {
	for _, tc := range []struct {
		name   string
		after  []toc.Event // bob has left AIM
		mended bool
	}{
		{"own text only", []toc.Event{chat(0, "alice", "x")}, true},
		{"nothing at all", nil, false},
		{"the room says so", []toc.Event{toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"bob"}}, chat(0, "alice", "x")}, false},
		{"somebody else is heard", []toc.Event{chat(0, "zoe", "hi"), chat(0, "alice", "x")}, false},
		{"dice are heard, which says nothing", []toc.Event{chat(0, "OnlineHost", "alice rolled"), chat(0, "alice", "x")}, true},
		{"somebody else comes", []toc.Event{toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"yan"}}, chat(0, "alice", "x")}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, shutdown := newTalkRig(t, Options{})
				defer shutdown()
				end := r.end(buddies("bob"))
				c := r.attach()
				end.tell(here("bob", " U "))
				c.Send("JOIN #room")
				synctest.Wait()
				end.tell(toc.ChatJoined{Room: 0, Name: "room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob", "zoe"}})
				c.Expect("366 alice #room *")
				time.Sleep(time.Second)
				end.tell(gone("bob"))
				synctest.Wait()
				time.Sleep(time.Second)
				c.Send("PRIVMSG #room :x")
				synctest.Wait()
				end.take()
				for _, e := range tc.after {
					end.tell(e)
					synctest.Wait()
				}
				time.Sleep(silentTime)
				synctest.Wait()
				left := slices.Contains(end.take(), toc.Command(toc.ChatLeave{Room: 0}))
				if left != tc.mended {
					t.Errorf("left the room: %v, want %v", left, tc.mended)
				}
			})
		})
	}
}

// TestNeighbourTellsOfBeingDropped: two users of the bridge in a room; one hears that the other left, the other does not
// know. Who left and came back at once (who joins again leaves first) is left alone.
func TestNeighbourTellsOfBeingDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := map[toc.ScreenName]*farEnd{}
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		join := func(name toc.ScreenName) *ircdtest.Client {
			f := newFarEnd(t, name)
			f.tell(toc.Nick{Name: name}, toc.Config{V2: true})
			ends[name] = f
			r.signOns(talkUp(f))
			c := r.dial()
			c.Register(string(name), ircdtest.Pass("secret"))
			c.Expect("366 * &buddies *")
			c.Send("JOIN #room")
			synctest.Wait()
			f.tell(toc.ChatJoined{Room: 0, Name: "room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
			c.Expect("366 * #room *")
			return c
		}
		alice, bob := join("alice"), join("bob")
		ends["alice"].tell(toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"bob"}}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"bob"}})
		alice.Expect(":bob!* PART #room")
		alice.Expect(":bob!* JOIN #room")
		time.Sleep(gossipTime)
		synctest.Wait()
		if slices.Contains(ends["bob"].take(), toc.Command(toc.ChatLeave{Room: 0})) {
			t.Error("bob is back by himself, and leaves again")
		}
		ends["alice"].tell(toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"bob"}})
		alice.Expect(":bob!* PART #room")
		time.Sleep(gossipTime)
		synctest.Wait()
		mended(ends["bob"], "room", "bob", "alice")
		bob.Expect("NOTICE #room :AIM had dropped you from #room *")
		bob.Send("PART #room :enough")
		bob.Expect(":bob!* PART #room enough")
		ends["alice"].tell(toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"bob"}}, toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"bob"}})
		alice.Expect(":bob!* PART #room enough")
		time.Sleep(gossipTime)
		synctest.Wait()
		for _, cmd := range ends["bob"].take() {
			if _, ok := cmd.(toc.ChatJoin); ok {
				t.Error("bob, who has left, is brought back")
			}
		}
	})
}

// TestRoll: //roll goes out as it is, and so does what clients that take one slash away send.
func TestRoll(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	for in, want := range map[string]string{
		"//roll": "//roll", "/roll": "//roll", "/roll-dice3": "//roll-dice3", "//roll-sides20-dice2": "//roll-sides20-dice2",
		"/roll the dice": "/roll the dice", "/rolls": "/rolls",
	} {
		c.Send("PRIVMSG #My_Room :%s", in)
		end.expect(toc.ChatSend{Room: 0, Text: want})
	}
	end.tell(chat(0, "OnlineHost", `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">alice rolled 2 6-sided dice: 6 6</FONT></BODY></HTML>`))
	c.Expect(":OnlineHost!onlinehost@aim PRIVMSG #My_Room :alice rolled 2 6-sided dice: 6 6")
}
