package bridge

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestPassword: what can become of changing the password. In these worlds nobody is connected by TLS or from this machine,
// so that -force is needed.
func TestPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")},
			Options{Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		defer shutdown()
		alice, other := w.login("alice", ircdtest.Caps("echo-message")), w.login("alice", ircdtest.Caps("echo-message", "znc.in/self-message"))
		const fresh = "Tuna Melt 9"
		for _, tc := range []struct{ say, want string }{
			{"password pw-alice tuna-1", "Not changed: you are connected without TLS, *"},
			{`password -force wrong "` + fresh + `"`, "Not changed: the old password is wrong."},
			{"password -force pw-alice abc", "Not changed: AIM does not take the new one; a password has 4 to 16 characters (6 to 8 for an ICQ number)."},
			{"password -force pw-alice", "Usage: password OLD NEW"},
			{`password -force pw-alice "` + fresh + `"`, "Your AIM password is changed.*"},
		} {
			alice.Send("PRIVMSG &buddies :%s", tc.say)
			alice.Expect("PRIVMSG &buddies :" + tc.want)
		}
		for _, m := range other.Sync() {
			if strings.Contains(m.String(), "pw-alice") || strings.Contains(m.String(), fresh) {
				t.Errorf("another client is shown %s", m)
			}
		}
		if text := logged.String(); strings.Contains(text, "pw-alice") || strings.Contains(text, fresh) {
			t.Errorf("a password is in the log:\n%s", text)
		}
		w.aim.Drop("alice") // the next sign-on takes the new one
		alice.Expect("NOTICE &buddies :Not connected to AIM*")
		time.Sleep(time.Minute)
		alice.Expect("NOTICE &buddies :Signed on to AIM again.")
		late := ircdtest.New(t, readAhead(dialWorld(t, w)))
		late.Send("PASS :" + "pw-alice")
		late.Send("NICK alice")
		late.Send("USER alice 0 * :alice")
		late.Expect("464 ...")
		again := ircdtest.New(t, readAhead(dialWorld(t, w)))
		again.Register("alice", ircdtest.Pass(fresh))
		again.Expect("366 * &buddies *")
	})
}

func dialWorld(t *testing.T, w *world) net.Conn {
	t.Helper()
	nc, err := w.irc.dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestPasswordWithoutAnswer: what was not answered is not known, and what cannot be asked is not changed.
func TestPasswordWithoutAnswer(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	c.Send("PRIVMSG *aim :password secret tuna-1")
	end.expect(toc.ChangePassword{Old: "secret", New: "tuna-1"})
	end.tell(toc.AdminPassword{Code: "7"})
	c.Expect("PRIVMSG alice :Not changed: AIM refuses with code 7.")
	c.Send("PRIVMSG *aim :password secret tuna-1")
	end.expect(toc.ChangePassword{Old: "secret", New: "tuna-1"})
	r.refuse("alice", toc.ServerError{Code: 983})
	end.Close()
	c.Expect("PRIVMSG alice :AIM does not answer. Your password may be the old one or the new one.")
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Send("PRIVMSG *aim :password secret tuna-1")
	c.Expect("PRIVMSG alice :Not changed: not connected to AIM*")
	if c := r.attach("alice"); c == nil { // the old one still lets in
		t.Error("no client")
	}
}

// TestLocalAddresses: from where a password may come in plain text.
func TestLocalAddresses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		addr net.Addr
		want bool
	}{
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}, true}, {&net.TCPAddr{IP: net.IPv6loopback}, true}, {&net.UnixAddr{Name: "@"}, true},
		{&net.TCPAddr{IP: net.IPv4(192, 168, 1, 2)}, false}, {&net.TCPAddr{}, false}, {&net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, false}, {nil, false},
	} {
		if got := local(tc.addr); got != tc.want {
			t.Errorf("%v: %v", tc.addr, got)
		}
	}
}

// TestWarnings: warning and being warned, and what of it the limits and the people on the list learn.
func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!bob@aim JOIN &buddies")
		alice.Send("PRIVMSG &buddies :warn bob")
		alice.Expect("PRIVMSG &buddies :Not warned: bob cannot be warned now: they must have sent you a message*")
		bob.Send("PRIVMSG alice :one")
		bob.Send("PRIVMSG alice :two")
		alice.Expect("PRIVMSG alice two")
		alice.Send("PRIVMSG &buddies :warn bob")
		alice.Expect("NOTICE &buddies :bob has a warning level of 10%")
		alice.Expect("PRIVMSG &buddies :Warned bob, whose warning level is 10% now.")
		bob.Expect("NOTICE &buddies :You were warned by alice. Your warning level is now 10%.")
		alice.Send("PRIVMSG &buddies :warn bob anon")
		alice.Expect("PRIVMSG &buddies :Warned bob anonymously, whose warning level is 13% now.")
		bob.Expect("NOTICE &buddies :You were warned by somebody, anonymously. Your warning level is now 13%.")
		alice.Send("WHOIS bob")
		alice.Expect("320 alice bob :has a warning level of 13%")
		alice.Send("PRIVMSG &buddies :blist bob")
		alice.Expect("PRIVMSG &buddies :bob * online, warned 13%")
		bob.Send("PRIVMSG *aim :account")
		bob.Expect("PRIVMSG bob :1 IRC client attached: (this one), warning level 13%*")
		for range 6 { // it goes down by itself
			time.Sleep(time.Minute)
			bob.Send("PRIVMSG *aim :help")
			alice.Send("PRIVMSG *aim :help")
			bob.Expect("PRIVMSG bob :help COMMAND *")
			alice.Expect("PRIVMSG alice :help COMMAND *")
		}
		bob.Send("PRIVMSG *aim :account")
		bob.Expect("PRIVMSG bob :1 IRC client attached: (this one), warning level 8%*")
		alice.Send("WHOIS bob")
		alice.Expect("320 alice bob :has a warning level of 8%")
	})
}

// TestWarningTightensThePace: the level known from the last link, and each change of it, are the pacer's.
func TestWarningTightensThePace(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	level := func() (n int) {
		got := make(chan int, 1)
		r.bridge.peer("alice").post(do(func(s *session) { got <- s.pacer.Warning() }))
		return <-got
	}
	end.tell(toc.Evil{Level: 40, By: "bob"})
	c.Expect("NOTICE &buddies :You were warned by bob. Your warning level is now 40%.")
	if n := level(); n != 40 {
		t.Errorf("after EVILED the limits are those of %d%%", n)
	}
	own := here("alice", " U ")
	own.Warning = 35
	end.tell(own)
	c.Expect("NOTICE &buddies :Your warning level is 35% now.")
	if n := level(); n != 35 {
		t.Errorf("after our own presence the limits are those of %d%%", n)
	}
	end.Close()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	if n := level(); n != 35 {
		t.Errorf("on the next link the limits are those of %d%%", n)
	}
}

// TestSilence: SILENCE is the block list; what it cannot do it says.
func TestSilence(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	seen(c)
	c.Send("SILENCE")
	c.ExpectNext("272 alice alice :End of silence list")
	c.Send("SILENCE +Carol!*@*,+zed")
	c.ExpectNext(":alice!alice@aim MODE &buddies +b carol!*@*")
	c.ExpectNext(":alice!alice@aim SILENCE +carol!*@*")
	c.ExpectNext(":alice!alice@aim MODE &buddies +b zed!*@*")
	c.ExpectNext(":alice!alice@aim SILENCE +zed!*@*")
	end.expect(toc.AddDeny{Names: []toc.ScreenName{"carol"}})
	end.expect(toc.SetPDMode{Mode: toc.DenySome})
	end.expect(toc.AddDeny{Names: []toc.ScreenName{"zed"}})
	c.Send("SILENCE +zed\r\nSILENCE")
	c.ExpectNext("271 alice alice carol!*@*")
	c.ExpectNext("271 alice alice zed!*@*")
	c.ExpectNext("272 alice alice *")
	c.Send("MODE &buddies b")
	c.ExpectNext("367 alice &buddies carol!*@*")
	c.Send("SILENCE -zed")
	c.Expect(":alice!alice@aim SILENCE -zed!*@*")
	end.expect(toc.RemoveDeny{Names: []toc.ScreenName{"zed"}})
	c.Send("SILENCE -zed\r\nSILENCE carol") // carol alone is +carol
	c.Send("PRIVMSG *aim :block")
	c.Expect("PRIVMSG alice :Blocked: carol")
	c.Send("PRIVMSG *aim :privacy permit")
	c.Expect("PRIVMSG alice :From now on *")
	c.Send("PRIVMSG *aim :allow bob")
	c.Expect("PRIVMSG alice :bob may see you *")
	c.Send("SILENCE +bob")
	c.Expect("NOTICE &buddies :bob is on the block list, but with privacy permit the allow list alone counts*")
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
}

// TestRefusedListChange: AIM refuses; what was shown is taken back, and the user is told.
func TestRefusedListChange(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	for _, tc := range []struct {
		say, told string
		cmd       toc.Command
		code      int
	}{
		{"PRIVMSG *aim :add zed", "PRIVMSG alice :Not added: AIM cannot add *", entries("Buddies", toc.Buddy{Name: "zed"}), 931},
		{"INVITE zed &buddies", "NOTICE &buddies :AIM refused the change: AIM's list server is down*", entries("Buddies", toc.Buddy{Name: "zed"}), 930},
		{"PRIVMSG *aim :group add Work", "PRIVMSG alice :Not added: *", toc.NewGroup{Group: "Work"}, 913},
		{"PRIVMSG *aim :remove bob", "PRIVMSG alice :Not removed: *", toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Buddies"}, 913},
		{"MODE &buddies +b zed", "NOTICE &buddies :AIM refused the change: *", toc.AddDeny{Names: []toc.ScreenName{"zed"}}, 913},
		{"PRIVMSG *aim :profile set x", "PRIVMSG alice :Kept, but not taken by AIM: *", toc.SetInfo{Text: "x"}, 911},
		{"PRIVMSG *aim :privacy none", "PRIVMSG alice :Not changed: *", toc.SetPDMode{Mode: toc.DenyAll}, 903},
	} {
		end.holdAnswers(true)
		c.Send("%s", tc.say)
		end.expect(tc.cmd)
		end.tell(toc.ServerError{Code: tc.code})
		end.holdAnswers(false)
		c.Expect(tc.told)
	}
	for _, say := range []string{"blist all zed", "group list", "block", "privacy"} {
		c.Send("PRIVMSG *aim :%s", say)
	}
	c.Expect("PRIVMSG alice :Nobody on your list matches.")
	c.Expect("PRIVMSG alice :1 group")
	c.Expect("PRIVMSG alice :Blocked: nobody.")
	c.Expect("PRIVMSG alice :\x02privacy all\x02: *")
	c.Send("PRIVMSG *aim :blist all bob")
	c.Expect("PRIVMSG alice :bob *")
}
