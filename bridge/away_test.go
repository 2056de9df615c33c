package bridge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// sentAutos are the automatic responses that went out and were not looked at yet.
func sentAutos(end *farEnd) (to []string) {
	for _, cmd := range end.take() {
		if im, ok := cmd.(toc.SendIM); ok && im.Auto {
			to = append(to, string(im.To)+": "+im.Text)
		}
	}
	return to
}

func talkWith(t *testing.T, o Options, opts ...ircdtest.Option) (*rig, *ircdtest.Client, *farEnd) {
	r := newRig(t, o)
	r.config("alice", buddies("bobb", "carol"))
	c, end := r.login("alice", opts...)
	end.tell(here("Bob B", " U "))
	c.Expect(":BobB!bobb@aim JOIN &buddies")
	return r, c, end
}

// TestAutoResponse: who writes to somebody away gets the away message, filled in, once in an away period.
func TestAutoResponse(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{AutoReply: true})
	hear := func(name toc.ScreenName, auto bool) {
		t.Helper()
		im := imFrom(name, "hello?")
		im.Auto = auto
		end.tell(im)
		command := "PRIVMSG"
		if auto {
			command = "NOTICE"
		}
		c.Expect(command + " alice hello?")
		c.Sync()
	}
	hear("Bob B", false)
	if got := sentAutos(end); got != nil {
		t.Errorf("answered while here: %q", got)
	}
	c.Send("%s", "AWAY :\x02Lunch\x02, %n <3")
	c.Expect("306 alice *")
	c.Sync()
	end.take()
	hear("Bob B", false)
	hear("Bob B", false)
	hear("Zoe", false)
	hear("Robot", true) // or two would answer each other for ever
	hear("alice", false)
	if got := fmt.Sprint(sentAutos(end)); got != "[bobb: <B>Lunch</B>, Bob B &lt;3 zoe: <B>Lunch</B>, Zoe &lt;3]" {
		t.Errorf("answered %s", got)
	}
	c.Send("AWAY :Lunch, still")
	c.Expect("306 alice *")
	hear("Zoe", false)
	if got := fmt.Sprint(sentAutos(end)); got != "[zoe: Lunch, still]" {
		t.Errorf("with another text: %s", got)
	}
	c.Send("AWAY")
	c.Expect("305 alice *")
	hear("Zoe", false)
	c.Send("AWAY :Lunch, still")
	c.Expect("306 alice *")
	c.Send("MODE &buddies +b Zoe")
	c.Expect("MODE &buddies +b Zoe!*@*")
	hear("Zoe", false)
	if got := sentAutos(end); got != nil {
		t.Errorf("answered when back, or to somebody blocked: %q", got)
	}
}

// TestAutoResponseDate: %d and %t are date and time of the answer.
func TestAutoResponseDate(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{AutoReply: true})
	c.Send("%s", "AWAY :since %d, %t. 100% %x")
	c.Expect("306 alice *")
	end.tell(imFrom("Bob B", "?"))
	c.Expect("PRIVMSG alice ?")
	c.Sync()
	got := sentAutos(end)
	if len(got) != 1 || !regexp.MustCompile(`^bobb: since 20\d\d-\d\d-\d\d, \d\d:\d\d\. 100% %x$`).MatchString(got[0]) {
		t.Errorf("answered %q", got)
	}
}

func TestAutoResponseOff(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{})
	c.Send("AWAY :Lunch")
	end.tell(imFrom("Bob B", "?"))
	c.Expect("PRIVMSG alice ?")
	c.Sync()
	if got := sentAutos(end); got != nil {
		t.Errorf("answered: %q", got)
	}
}

// TestAutoResponseFitsAndWaitsForNobody: the longest away text makes one IM that fits, and answers never take the place of
// what the user says.
func TestAutoResponseFitsAndWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{AutoReply: true, Pace: pace.Oscar})
		defer shutdown()
		end := r.end()
		c := r.attach()
		c.Send("AWAY :%s", strings.Repeat(`"`, 390))
		c.Expect("306 alice *")
		for i := range 12 {
			end.tell(imFrom(toc.ScreenName(fmt.Sprintf("peer%02d", i)), "?"))
			c.Expect("PRIVMSG alice ?")
		}
		c.Sync()
		got := sentAutos(end)
		if len(got) < 6 || len(got) > 8 {
			t.Errorf("%d answers at once", len(got))
		}
		for _, a := range got {
			if n := len(toc.SendIM{To: "peer00", Text: a[len("peer00: "):], Auto: true}.Line()); n > toc.MaxCommand {
				t.Errorf("a command of %d bytes", n)
			}
		}
		c.Send("PRIVMSG alice :mine")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if cmds := end.take(); len(cmds) != 1 || cmds[0] != toc.Command(imTo("alice", "mine")) {
			t.Errorf("then goes out %v", cmds)
		}
		end.tell(imFrom("peer11", "again?")) // not answered the first time
		c.Expect("PRIVMSG alice :again?")
		c.Sync()
		if got := sentAutos(end); len(got) != 1 || !strings.HasPrefix(got[0], "peer11: ") {
			t.Errorf("then answered: %.40q", got)
		}
	})
}

// TestAwayMessagesOfOthers: what an automatic response says is the sender's away message: in AWAY, WHOIS and 301, which
// comes once in an away period; tokens in it are filled in with our name.
func TestAwayMessagesOfOthers(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{}, ircdtest.Caps("away-notify"))
	end.tell(here("Bob B", " UU"))
	c.Expect(":BobB!bobb@aim AWAY Away")
	c.Send("PRIVMSG BobB :there?")
	c.Expect("301 alice BobB Away")
	auto := imFrom("Bob B", "gone, <b>%n</b>")
	auto.Auto = true
	end.tell(auto)
	c.Expect(":BobB!bobb@aim AWAY :gone, alice")
	c.Expect(":BobB!bobb@aim NOTICE alice :gone, \x02alice\x02")
	c.Send("WHOIS BobB")
	c.Expect("301 alice BobB :gone, alice")
	c.Send("PRIVMSG BobB :ok")
	end.expect(imTo("bobb", "ok"))
	for _, m := range c.Sync() {
		if m.Command == "301" {
			t.Errorf("a second time in one away period: %s", m)
		}
	}
	end.tell(here("Bob B", " U "))
	c.Expect(":BobB!bobb@aim AWAY")
	end.tell(here("Bob B", " UU"))
	c.Expect(":BobB!bobb@aim AWAY Away")
	c.Send("PRIVMSG BobB :again gone?")
	c.Expect("301 alice BobB Away")
}

// TestAwayOfStrangers: of somebody on no list it is the message itself that tells whether they are away.
func TestAwayOfStrangers(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{Pace: pace.Oscar})
	auto := imFrom("Zoe Z", "asleep")
	auto.Auto, auto.Class = true, " UU"
	end.tell(auto)
	c.Expect(":ZoeZ!zoez@aim NOTICE alice asleep")
	c.Send("PRIVMSG ZoeZ :good night")
	c.Expect("301 alice ZoeZ asleep")
	end.tell(imFrom("Zoe Z", "awake again"))
	c.Expect("PRIVMSG alice :awake again")
	c.Send("PRIVMSG ZoeZ :good morning")
	end.expect(imTo("zoez", "good morning"))
	for _, m := range c.Sync() {
		if m.Command == "301" {
			t.Errorf("not away any more: %s", m)
		}
	}
	old := toc.IMIn{Form: toc.IM2, From: "Yan", Auto: true, Text: "from an old server"}
	end.tell(old)
	c.Expect(":Yan!yan@aim NOTICE alice *")
	c.Send("PRIVMSG Yan :x")
	c.Expect("301 alice Yan :from an old server")
}

func TestFlagsInWhois(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{})
	for class, want := range map[toc.Class]string{" C ": "is on a mobile phone", " A ": "is an administrator of the AIM server", " U ": "AIM via aim.test:9898, account not confirmed"} {
		end.tell(here("Bob B", class))
		c.Sync()
		c.Send("WHOIS BobB")
		c.Expect(map[bool]string{true: "312 alice BobB irc.test :", false: "320 alice BobB :"}[class.Unconfirmed()] + want)
		c.Expect("318 alice BobB *")
	}
	end.tell(here("Bob B", " O "))
	c.Sync()
	c.Send("WHOIS BobB")
	for _, m := range until(c, "318 alice BobB *") {
		if m.Command == "320" && !strings.HasPrefix(m.Trailing(), "is Bob B on AIM") && !strings.HasPrefix(m.Trailing(), "is in your group") {
			t.Errorf("of an ordinary user: %s", m)
		}
	}
}

// TestNobodyAttached: an account that stays on is away while no client is attached, with the text of the options, unless
// the user said another; who comes back is here again. One that does not stay on signs off without going away first.
func TestNobodyAttached(t *testing.T) {
	t.Parallel()
	r, c, end := talkWith(t, Options{Linger: time.Hour, AwayText: "Gone \x02fishing\x02", AutoReply: true})
	d := r.attach("alice")
	c.Close()
	d.Send("PRIVMSG BobB :still here")
	end.expect(imTo("bobb", "still here"))
	d.Close()
	end.expect(toc.SetAway{Text: "Gone <B>fishing</B>"})
	end.tell(imFrom("Bob B", "?"))
	end.expect(toc.SendIM{To: "bobb", Text: "Gone <B>fishing</B>", Auto: true})
	e := r.attach("alice")
	end.expect(toc.SetAway{})
	e.Send("AWAY :out for \x1dtea\x1d")
	end.expect(toc.SetAway{Text: "out for <I>tea</I>"})
	e.Close()
	f := r.attach("alice")
	f.Expect("306 alice *")
	f.Sync()
	for _, cmd := range end.take() {
		if _, ok := cmd.(toc.SetAway); ok {
			t.Errorf("the user's own away message gave way: %v", cmd)
		}
	}
}

func TestNobodyAttachedWithoutLinger(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{AwayText: "Gone"}, {Linger: time.Hour}} {
		_, c, end := talkWith(t, o)
		c.Sync()
		end.take()
		c.Close()
		if o.Linger == 0 {
			<-end.closed
		} else {
			end.tell(imFrom("Bob B", "?"))
		}
		for _, cmd := range end.take() {
			if _, ok := cmd.(toc.SetAway); ok {
				t.Errorf("%+v: away all the same", o)
			}
		}
	}
}

// TestIdle: AIM is told once that the user is idle, when they did nothing at any client, and at once when they do
// something; what clients do by themselves does not count.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{IdleAfter: 10 * time.Minute, Linger: 5 * time.Hour})
		defer shutdown()
		alice, phone, bob := w.login("alice"), w.login("alice"), w.login("bob")
		bob.Send("PRIVMSG &buddies :add alice")
		bob.Expect(":alice!* JOIN &buddies")
		idleOf := func() string {
			bob.Send("WHOIS alice")
			return bob.Expect("317 bob alice ...").Params[2]
		}
		pass := func(minutes int, busy ...*ircdtest.Client) (told []string) {
			for range minutes {
				time.Sleep(time.Minute)
				for _, c := range busy {
					c.Send("PRIVMSG alice :typing")
				}
				for _, c := range []*ircdtest.Client{alice, phone, bob} { // what clients do by themselves
					c.Send("WHO &buddies")
					for _, m := range c.Sync() {
						if text := m.Trailing(); c == bob && m.Command == "NOTICE" && strings.HasPrefix(text, "alice ") {
							told = append(told, text)
						}
					}
				}
			}
			return told
		}
		expect := func(got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("bob was told %q, want %q", got, want)
			}
		}
		const idle, active = "alice is idle (10 minutes)", "alice is active again"
		expect(pass(9))
		expect(pass(2), idle)
		expect(pass(20))
		if got := idleOf(); got != "1860" {
			t.Errorf("WHOIS says idle for %s s", got)
		}
		phone.Send("PRIVMSG bob :hi")
		expect(pass(25, phone), active) // alice at the desk does nothing, but the phone is busy
		expect(pass(11), idle)
		alice.Close()
		phone.Close()
		alice, phone = w.login("alice"), w.login("alice") // by themselves
		expect(pass(1))
		alice.Send("JOIN #room")
		expect(pass(1), active)
	})
}

// TestIdleAfterReconnect: a new link knows of nothing, so it is told again, with the true time.
func TestIdleAfterReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{IdleAfter: time.Minute, Backoff: Backoff{Min: time.Second, Max: time.Second}})
		defer shutdown()
		end := r.end()
		c := r.attach()
		time.Sleep(61 * time.Second)
		synctest.Wait()
		end.expect(toc.SetIdle{Seconds: 60})
		again := r.end()
		end.Close()
		c.Expect("NOTICE &buddies :Signed on to AIM again.")
		synctest.Wait()
		var seconds []int
		for _, cmd := range again.take() {
			if idle, ok := cmd.(toc.SetIdle); ok {
				seconds = append(seconds, idle.Seconds)
			}
		}
		if len(seconds) != 1 || seconds[0] < 60 || seconds[0] > 63 {
			t.Errorf("told %v", seconds)
		}
		c.Send("PRIVMSG alice :awake")
		again.expect(toc.SetIdle{})
	})
}

func TestNeverIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{Linger: time.Hour})
		defer shutdown()
		end := r.end()
		r.attach().Close()
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		for _, cmd := range end.take() {
			if idle, ok := cmd.(toc.SetIdle); ok {
				t.Errorf("told %v", idle)
			}
		}
	})
}

func TestFillIn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 23, 5, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"": "", "plain": "plain", "%n": "Bob \x02B", "%d at %t": "2026-11-22 at 23:05", "%%n %N %": "%Bob \x02B %N %",
	} {
		if got := fillPlain(in, "Bob \x02B", now); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	text := fillIn(richtext.ParseIRC("hi \x02%n\x02 %n"), "<b>\x02\r\n", now)
	if got := text.HTML(); got != "hi <B>&lt;b&gt;<BR></B> &lt;b&gt;<BR>" {
		t.Errorf("a hostile name gives %q", got)
	}
}
