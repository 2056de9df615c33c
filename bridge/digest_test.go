package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// digests are the lines that tell what was missed.
func digests(c *ircdtest.Client) (out []string) {
	for _, m := range c.Settle() {
		if text, ok := strings.CutPrefix(m.Trailing(), "While you were away: "); ok && m.Command == "NOTICE" && m.Param(0) == buddiesChannel {
			out = append(out, text)
		}
	}
	return out
}

func wantDigest(t *testing.T, c *ircdtest.Client, lines ...string) {
	t.Helper()
	if got := digests(c); strings.Join(got, "|") != strings.Join(lines, "|") {
		t.Errorf("told %q, want %q", got, lines)
	}
}

// TestDigest: who comes back is told who wrote how much, once, after what was missed; who missed nothing is told nothing.
func TestDigest(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk")
	end := r.nextEnd()
	wantDigest(t, c)
	end.tell(im("Cool Guy", "seen"))
	c.Expect("PRIVMSG alice seen")
	c.Settle()
	c.Send("QUIT")
	c.ExpectClosed()
	c = r.device("desk")
	wantDigest(t, c)
	c.Send("QUIT")
	c.ExpectClosed()
	r.alone("alice")
	for i := range 3 {
		end.tell(im("Cool Guy", fmt.Sprint(i)))
	}
	end.tell(im("Bob", "x"), toc.IMIn{From: "Bob", Text: "gone fishing", Auto: true})
	c = r.device("desk")
	c.Expect("PRIVMSG alice :*x")
	c.Expect("NOTICE &buddies :While you were away: CoolGuy 3, Bob 1")
	wantDigest(t, c)
	phone := r.device("phone")
	wantDigest(t, phone)
}

// alone waits until nobody is attached to an account any more.
func (r *rig) alone(key string) {
	r.t.Helper()
	s := r.bridge.peer(key)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		alone := make(chan bool, 1) // posting may do the work
		s.post(do(func(s *session) { alone <- s.alone }))
		if <-alone {
			return
		}
	}
	r.t.Fatal("somebody is still there")
}

// TestDigestForChathistory: clients that ask for history themselves are told too.
func TestDigestForChathistory(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk", "batch", "draft/chathistory", "server-time", "message-tags")
	end := r.nextEnd()
	c.Send("QUIT")
	c.ExpectClosed()
	r.alone("alice")
	end.tell(im("Bob", "x"))
	c = r.device("desk", "batch", "draft/chathistory", "server-time", "message-tags")
	wantDigest(t, c, "Bob 1")
}

// TestDigestAfterAway: with a client there, but its user away.
func TestDigestAfterAway(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.device("desk", "draft/pre-away")
	end := r.nextEnd()
	c.Send("AWAY :lunch")
	c.Expect("306 ...")
	end.tell(im("Bob", "one"))
	c.Expect("PRIVMSG alice one")
	c.Send("AWAY :still lunch")
	c.Expect("306 ...")
	end.tell(im("Bob", "two"))
	c.Expect("PRIVMSG alice two")
	c.Send("AWAY")
	c.Expect("305 ...")
	c.ExpectNext("NOTICE &buddies :While you were away: Bob 2")
	c.Send("AWAY")
	wantDigest(t, c)
	c.Send("AWAY *") // nobody sits at any client
	c.Expect("306 ...")
	end.tell(im("Carol", "three"))
	c.Expect("PRIVMSG alice three")
	c.Send("AWAY")
	wantDigest(t, c, "Carol 1")
	c.Send("AWAY :lunch")
	c.Expect("306 ...")
	end.tell(im("Bob", "four"))
	c.Expect("PRIVMSG alice four")
	phone := r.device("phone") // another client is no coming back
	wantDigest(t, phone)
	c.Send("AWAY")
	wantDigest(t, c, "Bob 1")
}

// TestDigestOverRestart: what came before the bridge ended counts, and what came after, each once.
func TestDigestOverRestart(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.alwaysOn()
	c.Send("QUIT")
	c.ExpectClosed()
	r.alone("alice")
	end.tell(im("Bob", "one"), im("Carol", "two"))
	k.told("two")
	r = k.restart(r)
	end = r.nextEnd()
	end.tell(im("Bob", "three"))
	k.told("three")
	c = r.attach("alice")
	wantDigest(t, c, "Bob 2, Carol 1")
	if k.state(kindMissed, missedSince) != "" {
		t.Error("and counts on")
	}
	wantDigest(t, r.attach("alice"))
}

// told waits until alice's history has a text.
func (k *keeper) told(text string) {
	k.t.Helper()
	acct, err := k.st.Account(k.t.Context(), "alice")
	if err != nil {
		k.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		list, err := acct.Search(k.t.Context(), store.Query{Words: text, Limit: 1})
		if err != nil {
			k.t.Fatal(err)
		}
		if len(list) == 1 {
			return
		}
	}
	k.t.Fatalf("%q does not come", text)
}

// TestDigestWording: people before rooms, the most talkative first, the rest as a number; all is in it.
func TestDigestWording(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSession(New(Options{}), "alice", ircd.Credentials{Password: "x"})
		counts := rapid.MapOfN(rapid.StringMatching(`[#a-f][a-z]{3}`), rapid.IntRange(1, 99), 0, 20).Draw(t, "counts")
		s.missed.since = "x"
		total := map[string]int{}
		for target, n := range counts {
			for range n {
				s.missed.count(s, store.Entry{Target: target, Command: "PRIVMSG"})
			}
			s.missed.count(s, store.Entry{Target: target, Command: "PRIVMSG", Out: true})
			s.missed.count(s, store.Entry{Target: target, Command: "NOTICE"})
			total[target] = n
		}
		text := s.missedText()
		if len(counts) == 0 && text != "" {
			t.Fatalf("nothing is %q", text)
		}
		named, room, last := 0, false, 1<<30
		for _, part := range strings.Split(text, ", ") {
			var name string
			var n int
			if _, err := fmt.Sscanf(part, "%s %d", &name, &n); err != nil || name == "and" {
				continue
			}
			if isChannel(name) && !room {
				room, last = true, 1<<30
			}
			if total[name] != n || n > last || room != isChannel(name) {
				t.Fatalf("%q of %v", text, total)
			}
			named, last = named+1, n
		}
		if rest := len(counts) - named; rest > 0 && !strings.HasSuffix(text, fmt.Sprintf(", and %d more", rest)) || rest == 1 {
			t.Fatalf("%q of %v", text, total)
		}
	})
}
