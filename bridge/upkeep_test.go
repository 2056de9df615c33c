package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestMonthsWithoutAWord: the live server closes the sessions of who uses a class after 24.8 silent days. Ours stay on for
// half a year, and then everything works, in each class and in a room.
func TestMonthsWithoutAWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), RateLimits: true}, Options{Pace: pace.Oscar, Linger: 365 * 24 * time.Hour})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		bob.Send("JOIN #room")
		bob.Expect("366 bob #room *")
		began := time.Now()
		alice.Close()
		bob.Close()
		time.Sleep(180 * 24 * time.Hour)
		alice, bob = w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG bob :still here?")
		bob.Expect("PRIVMSG bob :still here?")
		bob.Send("PRIVMSG #room :yes, and in the room")
		alice.Expect(":bob!* PRIVMSG #room :yes, and in the room")
		alice.Send("MONITOR + bob")
		alice.Expect("730 alice :bob!*")
		alice.Send("NICK ALICE")
		alice.Expect(":alice!* NICK ALICE")
		for name, s := range map[string]*session{"alice": w.bridge.peer("alice"), "bob": w.bridge.peer("bob")} {
			since := make(chan time.Time, 1)
			s.post(do(func(s *session) { since <- s.link.began }))
			if at := <-since; at.After(began) {
				t.Errorf("%s had to sign on again after %v", name, at.Sub(began))
			}
		}
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}

// TestUpkeepSaysLittle: what goes out in half a year of silence is one command a class every 20 days, and none of it is
// shown to anybody.
func TestUpkeepSaysLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{Linger: 365 * 24 * time.Hour})
		defer shutdown()
		end := r.end()
		c := r.attach()
		c.Send("JOIN #room")
		synctest.Wait()
		end.tell(toc.ChatJoined{Room: 3, Name: "room"}, toc.ChatMembers{Room: 3, Here: true, Names: []toc.ScreenName{"alice"}})
		c.Expect("366 alice #room *")
		synctest.Wait()
		end.take()
		c.Close()
		time.Sleep(99 * 24 * time.Hour)
		synctest.Wait()
		count := map[string]int{}
		for _, cmd := range end.take() {
			name, _, _ := strings.Cut(cmd.Line(), " ")
			count[name]++
			switch cmd := cmd.(type) {
			case toc.AddBuddies:
				if len(cmd.Names) != 1 || cmd.Names[0] != "alice" {
					t.Errorf("watches %v", cmd.Names)
				}
			case toc.ChatWhisper:
				if cmd.To != "alice" {
					t.Errorf("whispers to %s", cmd.To)
				}
			case toc.SetDir:
				if strings.Count(cmd.Fields, ":") < 9 {
					t.Errorf("sets the directory entry to %q", cmd.Fields)
				}
			}
		}
		want := map[string]int{"toc_add_buddy": 4, "toc_get_status": 4, "toc_set_dir": 4, "toc_chat_whisper": 4}
		if fmt.Sprint(count) != fmt.Sprint(want) {
			t.Errorf("sent %v, want %v", count, want)
		}
		d := r.attach()
		d.Expect("366 alice #room *")
		end.tell(toc.ServerError{Code: 913}) // nobody asked
		d.Expect("NOTICE &buddies *")
		if got := d.Sync(); len(got) != 0 {
			t.Errorf("shown: %v", got)
		}
	})
}
