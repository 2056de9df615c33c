package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// talkRig is a bridge in memory, for fake time, whose sign-ons the test decides.
type talkRig struct {
	t      *testing.T
	bridge *Bridge
	irc    *pipeListener

	mu   sync.Mutex
	next func(context.Context) (Uplink, error)
	when []time.Time // of the sign-ons
}

func newTalkRig(t *testing.T, o Options) (r *talkRig, shutdown func()) {
	r = &talkRig{t: t, irc: newPipeListener()}
	o.Server = "aim.test:9898"
	o.SignOn = func(ctx context.Context, _ toc.ScreenName, _ string) (Uplink, error) {
		r.mu.Lock()
		next := r.next
		r.when = append(r.when, time.Now())
		r.mu.Unlock()
		return next(ctx)
	}
	r.bridge = New(o)
	limits := ircd.DefaultLimits()
	limits.Rate, limits.Burst, limits.PerAddr, limits.PerAddrUnregistered = 0, 0, 0, 0
	srv := &ircd.Server{Name: "irc.test", Network: "AIM", Version: "test", Backend: r.bridge, ISupport: r.bridge.ISupport(), Limits: limits}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(context.Background(), r.irc) })
	return r, func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(srv.Shutdown(ctx), r.bridge.Shutdown(ctx)); err != nil {
			t.Errorf("shut down: %v", err)
		}
		served.Wait()
	}
}

func (r *talkRig) signOns(next func(context.Context) (Uplink, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next, r.when = next, nil
}

func (r *talkRig) attempts() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]time.Time(nil), r.when...)
}

// end makes the next sign-ons succeed, once, with a new far end.
func (r *talkRig) end(groups ...toc.Group) *farEnd {
	f := newFarEnd(r.t, "alice")
	f.tell(toc.Nick{Name: "alice"}, toc.Config{V2: true, Groups: groups})
	r.signOns(func(context.Context) (Uplink, error) { return f, nil })
	return f
}

func (r *talkRig) dial() *ircdtest.Client {
	r.t.Helper()
	nc, err := r.irc.dial(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return ircdtest.New(r.t, readAhead(nc))
}

func (r *talkRig) attach() *ircdtest.Client {
	r.t.Helper()
	c := r.dial()
	c.Register("alice", ircdtest.Pass("secret"))
	c.Expect("366 * &buddies *")
	return c
}

func talkUp(f *farEnd) func(context.Context) (Uplink, error) {
	return func(context.Context) (Uplink, error) { return f, nil }
}

func talkDown(context.Context) (Uplink, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

// talkPass lets time pass for a client that answers PINGs, and returns what it was told.
func talkPass(c *ircdtest.Client, d time.Duration) (told []string) {
	for ; d > 0; d -= time.Minute {
		time.Sleep(min(d, time.Minute))
		synctest.Wait()
		for _, m := range c.Sync() {
			told = append(told, m.Trailing())
		}
	}
	return told
}

// TestTalkBackoff: attempts come at 10, 20, 40 … 300 seconds, each less a third at most, and the user hears of three.
func TestTalkBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		lost := time.Now()
		r.signOns(talkDown)
		end.Close()
		heard := talkPass(c, 20*time.Minute)
		last := lost
		for i, at := range r.attempts() {
			most := min(10*time.Second<<i, 5*time.Minute)
			if d := at.Sub(last); d > most || d < most*2/3-time.Second {
				t.Errorf("attempt %d comes %v after the one before, want up to %v", i, d, most)
			}
			last = at
		}
		if n := len(r.attempts()); n < 7 || n > 14 {
			t.Errorf("%d attempts in 20 minutes", n)
		}
		told := 0
		for _, text := range heard {
			if strings.HasPrefix(text, "Not connected to AIM: ") {
				told++
				if told > 1 && !strings.HasPrefix(text, "Not connected to AIM: connection refused. Trying again in ") {
					t.Errorf("told %q", text)
				}
			}
		}
		if told != toldAttempts {
			t.Errorf("told %d times", told)
		}
		again := r.end()
		if heard := talkPass(c, 5*time.Minute); !slices.Contains(heard, "Signed on to AIM again.") {
			t.Errorf("heard %q", heard)
		}
		c.Send("PRIVMSG alice :works")
		again.expect(imTo("alice", "works"))
	})
}

// TestTalkStableLinkStartsAnew: a link that lived two minutes is tried again at once, not where the last series ended.
func TestTalkStableLinkStartsAnew(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ lived, least, most time.Duration }{
		{stableTime, 6 * time.Second, 10 * time.Second},
		{stableTime - time.Second, 13 * time.Second, 20 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, shutdown := newTalkRig(t, Options{})
			defer shutdown()
			end := r.end()
			c := r.attach()
			first := r.end()
			end.Close()
			c.Expect("NOTICE &buddies :Signed on to AIM again.")
			end = first
			time.Sleep(tc.lived)
			r.end()
			lost := time.Now()
			end.Close()
			time.Sleep(25 * time.Second)
			c.Expect("NOTICE &buddies :Signed on to AIM again.")
			if at := r.attempts(); len(at) != 1 || at[0].Sub(lost) < tc.least || at[0].Sub(lost) > tc.most {
				t.Errorf("after %v: tried again %v after %v", tc.lived, at, lost)
			}
		})
	}
}

// TestTalkTooOften: after 983 nothing is tried for 70 seconds, each time.
func TestTalkTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		r.signOns(func(context.Context) (Uplink, error) { return nil, toc.ServerError{Code: 983} })
		end.Close()
		heard := talkPass(c, 4*time.Minute)
		at := r.attempts()
		if len(at) < 3 {
			t.Fatalf("%d attempts", len(at))
		}
		for i := range at[1:] {
			if d := at[i+1].Sub(at[i]); d < tooOftenMin {
				t.Errorf("%v between attempts", d)
			}
		}
		if want := "Not connected to AIM: AIM says that we sign on too often. Trying again in 1m10s; what you say meanwhile is not sent."; !slices.Contains(heard, want) {
			t.Errorf("heard %q", heard)
		}
	})
}

// TestTalkSignOnHangs: a server that says nothing is given up after SignOnTime, in words, and the next login starts anew.
func TestTalkSignOnHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{SignOnTime: 7 * time.Second})
		defer shutdown()
		r.signOns(func(ctx context.Context) (Uplink, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("wait for SIGN_ON: %w", ctx.Err())
		})
		c := r.dial()
		began := time.Now()
		c.Send("PASS secret")
		c.Send("NICK alice")
		c.Send("USER alice 0 * :Alice")
		c.Expect("ERROR :*The AIM server at aim.test:9898 does not answer; try again later*")
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("given up after %v", d)
		}
		r.end()
		r.attach()
	})
}

// TestTalkShutdownWhileDialling: a sign-on under way is called off.
func TestTalkShutdownWhileDialling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		called := false
		r.signOns(func(ctx context.Context) (Uplink, error) {
			<-ctx.Done()
			called = true
			return nil, ctx.Err()
		})
		c := r.dial()
		c.Send("PASS secret")
		c.Send("NICK alice")
		c.Send("USER alice 0 * :Alice")
		synctest.Wait()
		began := time.Now()
		shutdown()
		if !called {
			t.Error("the sign-on was not called off")
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
		c.ExpectClosed()
	})
}

// TestTalkShutdownWhileWaiting: no attempt follows, and nothing holds up the end.
func TestTalkShutdownWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		end := r.end()
		c := r.attach()
		r.signOns(talkDown)
		end.Close()
		c.Expect("NOTICE &buddies :Not connected*")
		began := time.Now()
		shutdown()
		if d := time.Since(began); d > finishTime {
			t.Errorf("took %v", d)
		}
		time.Sleep(time.Hour)
		if n := len(r.attempts()); n != 0 {
			t.Errorf("%d sign-ons after the end", n)
		}
		c.ExpectClosed()
	})
}

// TestTalkPasswordChangedElsewhere: a refused password ends the session, also in the middle of the back-off.
func TestTalkPasswordChangedElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		r.signOns(talkDown)
		end.Close()
		talkPass(c, time.Minute)
		r.signOns(func(context.Context) (Uplink, error) { return nil, toc.ServerError{Code: 980} })
		time.Sleep(90 * time.Second)
		c.Expect("ERROR *")
		c.ExpectClosed()
		time.Sleep(time.Hour)
		if n := len(r.attempts()); n != 1 {
			t.Errorf("%d attempts with a wrong password", n)
		}
	})
}

// TestTalkUnsentIsNamed: what waited for the speed limit when the link died is told, word for word, and not sent later.
func TestTalkUnsentIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{Pace: pace.Oscar})
		defer shutdown()
		end := r.end(buddies("bob"))
		c := r.attach()
		end.tell(here("bob", " U "))
		c.Expect(":bob!bob@aim JOIN &buddies")
		for i := range 30 {
			c.Send("PRIVMSG bob :%d%s", i, strings.Repeat("&", 380))
		}
		c.Send("PRIVMSG bob :the last")
		c.Send("VERSION")
		c.Expect("351 ...")
		synctest.Wait()
		sent := map[string]bool{}
		for _, cmd := range end.take() {
			if im, ok := cmd.(toc.SendIM); ok {
				sent[regexp.MustCompile(`^\d+`).FindString(im.Text)] = true
			}
		}
		if len(sent) == 0 || len(sent) > 25 {
			t.Fatalf("%d of 30 went out at once", len(sent))
		}
		again := r.end(buddies("bob"))
		end.Close()
		named, last := 0, false
		for {
			m := c.Next()
			if m.Trailing() == "Signed on to AIM again." {
				break
			}
			if text, ok := strings.CutPrefix(m.Trailing(), "Not sent to bob: "); ok {
				n := regexp.MustCompile(`^\d+`).FindString(text)
				if sent[n] {
					t.Errorf("%s was sent", n)
				}
				named++
				last = last || strings.Contains(text, "the last")
			}
		}
		if named == 0 || !last {
			t.Errorf("%d named, the last one: %v", named, last)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, cmd := range again.take() {
			if im, ok := cmd.(toc.SendIM); ok {
				t.Errorf("sent after all: %.20q", im.Text)
			}
		}
	})
}

// TestTalkNoAnswer: what is asked of a server that does not answer is given up, each after its own time.
func TestTalkNoAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		say, want string
		after     time.Duration
	}{
		"JOIN":        {"JOIN #room", "403 alice #room :AIM does not answer; try again later", answerTime},
		"JOIN public": {"JOIN ##room", "403 alice ##room :AIM does not answer; try again later", answerTime},
		"WHOIS":       {"WHOIS zed", "318 alice zed *", statusLimit},
		"WHO":         {"WHO zed", "315 alice zed *", statusLimit},
		"ISON":        {"ISON zed", "303 alice *", statusLimit},
		"USERHOST":    {"USERHOST zed", "302 alice *", statusLimit},
		"info":        {"PRIVMSG *aim :info zed", "PRIVMSG alice :zed is not on your buddy list", statusLimit},
		"known buddy": {"WHOIS bob", "318 alice bob *", 0},
		"own":         {"WHOIS alice", "318 alice alice *", 0},
		"several":     {"WHOIS zed,yves", "318 alice yves *", statusLimit},
		"rooms":       {"JOIN #a,#b", "403 alice #b :AIM does not answer; try again later", answerTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, shutdown := newTalkRig(t, Options{})
				defer shutdown()
				end := r.end(buddies("bob", "carol"))
				c := r.attach()
				end.tell(here("bob", " U "))
				c.Expect(":bob!bob@aim JOIN &buddies")
				c.Sync()
				began := time.Now()
				c.Send("%s", tc.say)
				c.Expect(tc.want)
				if d := time.Since(began); d != tc.after {
					t.Errorf("after %v, want %v", d, tc.after)
				}
				c.Send("PRIVMSG bob :still here")
				end.expect(imTo("bob", "still here"))
			})
		})
	}
}

// TestTalkStatusUnknownCountsAsThere: a message is not held back because AIM does not say whether somebody is there.
func TestTalkStatusUnknownCountsAsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		began := time.Now()
		c.Send("PRIVMSG zed :are you there")
		c.Send("PRIVMSG zed :second")
		end.expect(toc.GetStatus{Name: "zed"})
		end.expect(imTo("zed", "are you there"))
		if d := time.Since(began); d != statusLimit {
			t.Errorf("sent after %v", d)
		}
		end.expect(imTo("zed", "second"))
	})
}

// TestTalkLateRoom: a room that is entered after the user was told that it is not is left again.
func TestTalkLateRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		c.Send("JOIN #room")
		c.Expect("403 alice #room *")
		end.tell(toc.ChatJoined{Room: 4, Name: "room"}, toc.ChatMembers{Room: 4, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
		end.expect(toc.ChatLeave{Room: 4})
		end.tell(toc.ChatIn{Room: 4, From: "bob", Text: "hello?"})
		for _, m := range c.Sync() {
			t.Errorf("shown: %s", m)
		}
	})
}

// TestTalkMembersNeverCome: a room whose list does not come is entered alone, after a while.
func TestTalkMembersNeverCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := r.end()
		c := r.attach()
		c.Send("JOIN #room")
		end.expect(toc.ChatJoin{Exchange: 4, Name: "room"})
		end.tell(toc.ChatJoined{Room: 4, Name: "room"})
		began := time.Now()
		c.Expect(":alice!* JOIN #room")
		if d := time.Since(began); d != answerTime {
			t.Errorf("after %v", d)
		}
		if m := c.Expect("353 alice = #room *"); m.Trailing() != "alice" {
			t.Errorf("names %q", m.Trailing())
		}
		end.tell(toc.ChatMembers{Room: 4, Here: true, Names: []toc.ScreenName{"bob"}})
		c.Expect(":bob!bob@aim JOIN #room")
	})
}

// TestTalkNoConfig: a server that sends no list is lived with.
func TestTalkNoConfig(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{})
		defer shutdown()
		end := newFarEnd(t, "alice")
		end.mute = true
		r.signOns(func(context.Context) (Uplink, error) { return end, nil })
		began := time.Now()
		c := r.attach()
		if d := time.Since(began); d != configTime+settleTime {
			t.Errorf("welcomed after %v", d)
		}
		end.expect(toc.InitDone{})
		c.Send("PRIVMSG &buddies :blist all")
		c.Expect("PRIVMSG &buddies :0 buddies (0 available, 0 away, 0 offline)")
	})
}

// TestTalkWaitForTheLimitIsTold: the wait is told once a target, and *aim counts what waits.
func TestTalkWaitForTheLimitIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol"), RateLimits: true}, Options{Pace: pace.Oscar})
		defer shutdown()
		alice, bob, carol := w.login("alice"), w.login("bob"), w.login("carol")
		bob.Send("PRIVMSG alice :hi") // so that AIM need not be asked about them
		carol.Send("PRIVMSG alice :hi")
		alice.Expect("PRIVMSG alice hi")
		alice.Expect("PRIVMSG alice hi")
		for i := range 10 {
			alice.Send("PRIVMSG bob :%d%s", i, strings.Repeat("&", 380))
			alice.Send("PRIVMSG carol :%d%s", i, strings.Repeat("&", 380))
		}
		alice.Send("PRIVMSG &buddies :account")
		told := map[string]int{}
		for {
			m := alice.Next()
			if who := regexp.MustCompile(`your message to (\w+) goes out in about \d+`).FindStringSubmatch(m.Trailing()); who != nil {
				told[who[1]]++
			}
			if strings.Contains(m.Trailing(), "speed limits are kept") {
				if !regexp.MustCompile(`^\d+ commands wait for AIM's speed limit, the next message for \d+s; AIM's speed limits are kept$`).MatchString(m.Trailing()) {
					t.Errorf("account says %q", m.Trailing())
				}
				break
			}
		}
		if told["bob"] != 1 || told["carol"] != 1 || len(told) != 2 {
			t.Errorf("told %v", told)
		}
		for i := range 10 {
			bob.Expect(fmt.Sprintf("PRIVMSG bob :%d&*", i))
			carol.Expect(fmt.Sprintf("PRIVMSG carol :%d&*", i))
		}
		alice.Send("PRIVMSG &buddies :account")
		alice.Expect("PRIVMSG &buddies :Nothing waits to be sent; AIM's speed limits are kept")
		if n := w.aim.Refused(); n != 0 {
			t.Errorf("the server refused %d commands", n)
		}
	})
}
