package bridge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

func TestLinkLostAndBack(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	c.Send("AWAY :gone fishing")
	c.Expect("306 alice *")
	r.refuse("alice", errors.New("connection refused"))
	end.Close()
	c.Expect(":bob!bob@aim QUIT :tocbridge aim.tocbridge")
	c.Expect("NOTICE &buddies :Not connected to AIM: *")
	c.Send("PRIVMSG bob :typed meanwhile")
	c.Expect("401 alice bob :Not sent: not connected to AIM*")
	c.Send("PRIVMSG #My_Room :typed meanwhile")
	c.Expect("404 alice #My_Room :Not sent: not connected to AIM*")
	c.Send("JOIN #another")
	c.Expect("437 alice #another :*not connected to AIM*")
	c.Send("PRIVMSG &buddies :add zoe")
	c.Expect("PRIVMSG &buddies :Not added: not connected to AIM*")
	r.config("alice", buddies("bob", "dave"))
	r.refuse("alice", nil)
	end = r.nextEnd()
	end.expect(toc.SetAway{Text: "gone fishing"})
	end.expect(toc.InitDone{})
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "My Room"})
	end.tell(here("bob", " U "), toc.ChatJoined{Room: 0, Name: "My Room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
	c.Expect(":bob!bob@aim JOIN &buddies")
	c.Expect(":bob!bob@aim JOIN #My_Room")
	c.Send("PRIVMSG bob :here again")
	end.expect(imTo("bob", "here again"))
	for _, cmd := range end.commands() {
		if im, ok := cmd.(toc.SendIM); ok && strings.Contains(im.Text, "meanwhile") {
			t.Errorf("a refused message was sent: %#v", im)
		}
	}
	for _, m := range c.Sync() {
		if m.Command == "JOIN" && m.Prefix.Name == "alice" {
			t.Errorf("joined twice: %s", m)
		}
	}
}

func TestWrongPasswordIsNotRetried(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	r.refuse("alice", toc.ServerError{Code: 980})
	end.Close()
	if m := c.Expect("ERROR *"); !strings.Contains(m.Trailing(), "password") {
		t.Errorf("%q", m.Trailing())
	}
	c.ExpectClosed()
}

func TestTooOftenWaitsLong(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	r.refuse("alice", toc.ServerError{Code: 983})
	end.Close()
	m := c.Expect("NOTICE &buddies :Not connected to AIM: AIM says that we sign on too often*")
	if !strings.Contains(m.Trailing(), "Trying again in 1m10s") {
		t.Errorf("%q", m.Trailing())
	}
	d := r.attach("alice")
	d.Expect("NOTICE &buddies :Not connected to AIM*")
}

// TestUnstableLinkBacksOff: a link that ends soon after sign-on may mean two clients throwing each other out.
func TestUnstableLinkBacksOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Backoff: Backoff{Min: time.Millisecond, Max: time.Hour}})
	c, end := r.login("alice")
	for range 4 {
		end.Close()
		c.Expect("NOTICE &buddies :Not connected*")
		end = r.nextEnd()
		c.Expect("NOTICE &buddies :Signed on to AIM again.")
	}
	attempts := make(chan int, 1)
	r.bridge.peer("alice").post(do(func(s *session) { attempts <- s.redial.attempt }))
	if n := <-attempts; n < 4 {
		t.Errorf("after four short links the delay is that of attempt %d", n)
	}
}

func TestLinkDiesDuringSignOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.mu.Lock()
	r.conf["alice"] = toc.Config{}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.nextEnd().Close()
	}()
	// The far end may get as far as answering; then the account is simply reconnecting. It must not hang.
	c := r.attach("alice")
	<-done
	c.Sync()
}

// TestFloodIsHeldUpNotLost: a client that sends faster than AIM takes loses nothing and keeps its order.
func TestFloodIsHeldUpNotLost(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	const n = 20000
	go func() {
		var b strings.Builder
		for i := range n {
			b.WriteString("PRIVMSG bob :" + strings.Repeat("x", 1+i%7) + "\r\n")
		}
		c.Conn().Write([]byte(b.String()))
	}()
	seen := 0
	for deadline := time.After(patience); seen < n; {
		for _, cmd := range end.take() {
			if im, ok := cmd.(toc.SendIM); ok {
				if len(im.Text) != 1+seen%7 {
					t.Fatalf("message %d is %q: out of order", seen, im.Text)
				}
				seen++
			}
		}
		if seen == n {
			break
		}
		select {
		case <-end.more:
		case <-deadline:
			t.Fatalf("%d of %d arrived", seen, n)
		}
	}
}
