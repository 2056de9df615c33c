package bridge

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestAOLServer: an evening on a server that does all that AOL's did and the live one does not.
func TestAOLServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), AOL: tocd.AOLSwitches{
			KeepAlive: 50 * time.Second, OClass: true, ShortCaps: true, IM901: true, ReverseConfig: true, StrictSequence: true,
		}}, Options{})
		defer shutdown()
		alice, bob := w.login("alice", ircdtest.Caps("away-notify")), w.login("bob")
		alice.Send("PRIVMSG &buddies :add bob")
		alice.Expect(":bob!* JOIN &buddies")
		alice.Expect("PRIVMSG &buddies :Added bob to your group Buddies: online.")
		alice.Send("WHOIS bob")
		alice.Expect("320 alice bob :has an AIM client that can do chat rooms") // a short capability
		alice.ExpectNot("320 alice bob :has an AIM account that is not confirmed")
		bob.Send("AWAY :out")
		alice.Expect(":bob!* AWAY out")
		bob.Send("AWAY")
		alice.Expect(":bob!* AWAY")
		alice.Send("JOIN #room")
		alice.Expect("366 alice #room *")
		alice.Send("INVITE bob #room")
		bob.Expect(":alice!* INVITE bob #room")
		bob.Send("JOIN #room")
		alice.Expect(":bob!* JOIN #room")
		for range 5 { // keep-alives pass unseen, and every command has its number
			time.Sleep(time.Minute)
			alice.Send("PRIVMSG bob :still here")
			bob.Expect(":alice!* PRIVMSG bob :still here")
			bob.Send("PRIVMSG #room :so am I")
			alice.Expect(":bob!* PRIVMSG #room :so am I")
		}
		w.aim.InjectRaw("alice", []byte("SOMETHING_NEW:of:2031"))
		w.aim.Inject("alice", toc.Updated{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "bobby"})
		alice.Expect(":bob!* NICK bobby")
		bob.Send("QUIT")
		alice.Expect(":bobby!* QUIT *")
		if n := w.aim.Sessions("alice"); n != 1 {
			t.Errorf("alice has %d sessions", n)
		}
	})
}

// TestInviteMoves: INVITE to a group moves a buddy there with alias and note, and keeps the nick.
func TestInviteMoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", toc.Group{Name: "Old", Buddies: []toc.Buddy{{Name: "bob", Alias: "bobby", Note: "from school"}}}, toc.Group{Name: "Our Work"})
	c, end := r.login("alice")
	end.tell(here("bob", " U "))
	c.Expect(":bobby!* JOIN &buddies")
	c.Send("JOIN &old,&our_work")
	c.Expect("366 alice &Our_Work *")
	c.Send("INVITE bobby &our_work")
	c.Expect(":bobby!* JOIN &Our_Work")
	c.Expect(":bobby!* PART &Old *")
	c.Expect("341 alice bobby &our_work")
	c.Expect("NOTICE &buddies :Moved bobby from Old to Our Work.")
	end.expect(entries("Our Work", toc.Buddy{Name: "bob", Alias: "bobby", Note: "from school"}))
	end.expect(toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Old"})
	for _, tc := range []struct{ send, want string }{
		{"INVITE bobby &our_work", "443 alice bobby &our_work *"},
		{"INVITE bobby &buddies", "443 alice bobby &buddies *"},
		{"INVITE zoe &a:b", "403 alice &a:b *"},
		{"INVITE zoe &Brand_New", "341 alice zoe &Brand_New"},
		{"JOIN &brand_new", ":alice!* JOIN &Brand_New"},
		{"LIST &*", "322 alice &Old 0 :0 of 0 buddies online"},
		{"LIST &our*", "322 alice &Our_Work 1 :1 of 1 buddy online"},
		{"KICK &our_work bobby", ":bobby!* QUIT :Removed from your list"},
		{"KICK &our_work bobby", "441 alice bobby &our_work *"},
		{"KICK &brand_new zoe", "NOTICE &buddies :Removed zoe from your buddy list."}, // offline: nothing else would show it
	} {
		c.Send("%s", tc.send)
		c.Expect(tc.want)
	}
	end.expect(toc.RemoveBuddiesV1{Names: []toc.ScreenName{"bob"}})
}

// TestPrivacyIsSetAgain: where the server has no privacy mode, the one last set here is set at sign-on; where it has one,
// that is the truth.
func TestPrivacyIsSetAgain(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	c.Send("PRIVMSG *aim :privacy buddies")
	c.Expect("PRIVMSG alice :From now on only who is on your buddy list *")
	end.Close()
	end = r.nextEnd()
	end.expect(toc.SetPDMode{Mode: toc.PermitBuddies})
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	r.mu.Lock()
	cfg := r.conf["alice"]
	cfg.Mode = toc.DenyAll
	r.conf["alice"] = cfg
	r.mu.Unlock()
	end.Close()
	end = r.nextEnd()
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
	c.Send("PRIVMSG *aim :privacy")
	c.Expect("PRIVMSG alice :\x02privacy none\x02: *")
	for _, cmd := range end.take() {
		if _, ok := cmd.(toc.SetPDMode); ok {
			t.Errorf("sent %v, and the server has a mode", cmd)
		}
	}
}

// TestNickRefusedByCode: a code other than 0 in ADMIN_NICK_STATUS, or no answer.
func TestNickRefusedByCode(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	c.Send("NICK ALICE")
	end.expect(toc.FormatNick{Name: "ALICE"})
	end.tell(toc.AdminNick{Code: "4"})
	c.Expect("432 alice ALICE :AIM does not take this form of your name")
	c.Send(`PRIVMSG *aim :nick "a lice"`)
	end.expect(toc.FormatNick{Name: "a lice"})
	r.refuse("alice", errors.New("down"))
	end.Close()
	c.Expect("PRIVMSG alice :Not changed: AIM does not take this form of your name: it does not answer; try again later")
	c.Send(`PRIVMSG *aim :nick "a lice"`)
	c.Expect("PRIVMSG alice :Not changed: not connected to AIM*")
	c.Send("NICK ALICE")
	c.Expect("437 alice ALICE *")
}

// TestBigGroupIsRenamed: a group that does not fit one command is renamed whole, in commands that AIM takes.
func TestBigGroupIsRenamed(t *testing.T) {
	t.Parallel()
	big := toc.Group{Name: "Old"}
	for i := range 200 {
		big.Buddies = append(big.Buddies, toc.Buddy{Name: toc.ScreenName(fmt.Sprintf("somebody%03d", i)), Alias: "called by another name"})
	}
	r := newRig(t, Options{})
	r.config("alice", big)
	c, end := r.login("alice")
	c.Sync()
	end.take()
	c.Send("PRIVMSG *aim :group rename Old New")
	c.Expect("PRIVMSG alice :The group Old is now New.")
	there, gone := map[toc.ScreenName]bool{}, map[toc.ScreenName]bool{}
	for _, cmd := range end.take() {
		if n := len(cmd.Line()); n > toc.MaxCommand {
			t.Errorf("a command of %d bytes", n)
		}
		switch cmd := cmd.(type) {
		case toc.NewBuddies:
			for _, b := range cmd.Groups[0].Buddies {
				there[b.Name] = cmd.Groups[0].Name == "New" && b.Alias == "called by another name" && len(cmd.Groups) == 1
			}
		case toc.RemoveBuddies:
			for _, n := range cmd.Names {
				gone[n] = cmd.Group == "Old" && there[n]
			}
		}
	}
	for _, b := range big.Buddies {
		if !there[b.Name] || !gone[b.Name] {
			t.Errorf("%s is in the new group: %v, out of the old one after that: %v", b.Name, there[b.Name], gone[b.Name])
		}
	}
	c.Send("PRIVMSG *aim :group list")
	c.Expect("PRIVMSG alice :New * 0 * 200")
}
