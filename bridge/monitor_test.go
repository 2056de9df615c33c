package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

func TestMonitor(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t, ircdtest.Caps("away-notify", "extended-monitor", "setname"))
	c.Send("MONITOR + bob,carol,Zoe")
	c.Expect("730 alice :bob!bob@aim")
	c.Expect("731 alice *")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"zoe"}})
	end.tell(here("Zoe", " U "))
	c.Expect("730 alice :Zoe!zoe@aim")
	end.tell(here("Zoe", " UU"))
	c.Expect(":Zoe!zoe@aim AWAY Away")
	end.tell(gone("zoe"))
	c.Expect("731 alice Zoe")
	c.Send("PRIVMSG zoe :not there")
	c.Expect("401 alice Zoe *")
	end.tell(here("carol", " U "))
	c.Expect("730 alice :carol!carol@aim")
	c.Send("MONITOR - zoe")
	end.expect(toc.RemoveBuddiesV1{Names: []toc.ScreenName{"zoe"}})
	c.Send("MONITOR C")
	c.Sync()
	end.tell(gone("carol"))
	c.Expect(":carol!* QUIT *")
	for _, m := range c.Sync() {
		if m.Command == "731" {
			t.Errorf("told after MONITOR C: %s", m)
		}
	}
}

func TestMonitorIsWatchedAgainAfterReconnect(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	c.Send("MONITOR + zoe")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"zoe"}})
	end.tell(here("zoe", " U "))
	c.Expect("730 alice :zoe!zoe@aim")
	end.Close()
	c.Expect("731 alice zoe")
	end = r.nextEnd()
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"alice", "bob", "carol", "zoe"}})
	end.tell(here("zoe", " U "))
	c.Expect("730 alice :zoe!zoe@aim")
	c.Close()
	<-end.closed
}

// TestMonitorEndsWithTheClient: what one client watched is not watched for the others.
func TestMonitorEndsWithTheClient(t *testing.T) {
	t.Parallel()
	r, _, end := talk(t)
	d := r.attach("alice")
	d.Send("MONITOR + zoe")
	end.expect(toc.AddBuddies{Names: []toc.ScreenName{"zoe"}})
	d.Close()
	end.expect(toc.RemoveBuddiesV1{Names: []toc.ScreenName{"zoe"}})
}

func TestMultilineBothWays(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t, ircdtest.Caps("draft/multiline", "batch", "message-tags", "echo-message"))
	plain := r.attach("alice")
	end.tell(imFrom("bob", "one<BR><b>two</b><BR><BR>four"))
	open := c.Expect("BATCH * draft/multiline alice")
	if open.Tags["msgid"] == "" {
		t.Errorf("no msgid on the batch: %v", open.Tags)
	}
	for _, want := range []string{"one", "\x02two\x02", "", "four"} {
		if m := c.Expect("PRIVMSG alice *"); m.Trailing() != want {
			t.Errorf("line %q, want %q", m.Trailing(), want)
		}
	}
	c.Expect("BATCH -*")
	for _, want := range []string{"one", "\x02two\x02", "four"} {
		plain.Expect(":bob!* PRIVMSG alice :" + want)
	}
	c.Send("BATCH +x draft/multiline bob")
	c.Send("@batch=x PRIVMSG bob :first")
	c.Send("@batch=x PRIVMSG bob :second ")
	c.Send("@batch=x;draft/multiline-concat PRIVMSG bob :goes on")
	c.Send("BATCH -x")
	end.expect(imTo("bob", "first<BR>second goes on"))
	c.Expect("BATCH * draft/multiline bob")
	plain.Expect(":bob!* NOTICE alice :-> first")
	plain.Expect(":bob!* NOTICE alice :-> second goes on")
}

// TestLongLinesCanBePutTogether: a client with draft/multiline gets back the very text that was too long for a line.
func TestLongLinesCanBePutTogether(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t, ircdtest.Caps("draft/multiline", "batch", "message-tags"))
	long := strings.Repeat("words and more words ", 100) + strings.Repeat("x", 1500) + " end"
	end.tell(imFrom("bob", long))
	c.Expect("BATCH * draft/multiline alice")
	var got strings.Builder
	for {
		m := c.Next()
		if m.Command == "BATCH" {
			break
		}
		if _, concat := m.Tags["draft/multiline-concat"]; !concat && got.Len() > 0 {
			got.WriteString("\n")
		}
		got.WriteString(m.Trailing())
	}
	if got.String() != long {
		t.Errorf("put together:\n%q, want\n%q", got.String(), long)
	}
}

func TestMonitorNeighbour(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	t.Cleanup(shutdown)
	alice, bob := w.login("alice"), w.login("bob")
	alice.Send("MONITOR + bob")
	alice.Expect("730 alice :bob!bob@aim")
	bob.Send("QUIT")
	alice.Expect("731 alice bob")
	w.login("bob")
	alice.Expect("730 alice :bob!bob@aim")
}
