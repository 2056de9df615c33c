package bridge

import (
	"strings"
	"testing"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func TestWhoisBuddy(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.config("alice", toc.Group{Name: "Friends", Buddies: []toc.Buddy{{Name: "coolguy", Alias: "Carl C"}}})
	c, end := r.login("alice")
	u := here("Cool Guy", " UU")
	u.Idle, u.Warning = 7, 10
	end.tell(u)
	c.Expect(":CoolGuy!coolguy@aim JOIN &buddies")
	c.Send("WHOIS coolguy")
	c.Expect("311 alice CoolGuy coolguy aim * :Cool Guy (Carl C)")
	c.Expect("319 alice CoolGuy *")
	c.Expect("312 alice CoolGuy * *")
	c.Expect("301 alice CoolGuy *")
	c.Expect("330 alice CoolGuy coolguy *")
	var special []string
	idle := ""
	for {
		m := c.Next()
		if m.Command == "318" {
			break
		}
		switch m.Command {
		case "320":
			special = append(special, m.Trailing())
		case "317":
			idle = m.Params[2]
		}
	}
	text := strings.Join(special, "; ")
	for _, want := range []string{"Cool Guy on AIM", "Carl C", "group Friends", "warning level of 10%"} {
		if !strings.Contains(text, want) {
			t.Errorf("WHOIS lacks %q: %s", want, text)
		}
	}
	if idle != "420" {
		t.Errorf("idle %q seconds, want 420", idle)
	}
}

func TestWhoisOthers(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("WHOIS alice")
	c.Expect("311 alice alice alice aim * alice")
	c.Expect("318 alice alice *")
	c.Send("WHOIS *aim")
	c.Expect("311 alice *aim aim tocbridge * *")
	c.Expect("318 alice *aim *")
	c.Send("WHOIS stranger")
	end.expect(toc.GetStatus{Name: "stranger"})
	end.tell(here("Stranger", " U "))
	c.Expect("311 alice Stranger ...")
	c.Expect("318 alice Stranger *")
	c.Send("WHOIS nobody")
	end.expect(toc.GetStatus{Name: "nobody"})
	end.tell(toc.ServerError{Code: 901, Arg: "nobody"})
	c.Expect("401 alice nobody *")
	c.Expect("318 alice nobody *")
	c.Send("WHOIS bob,carol")
	c.Expect("311 alice bob ...")
	c.Expect("401 alice carol *")
	c.Expect("318 alice carol *")
	c.Send("WHOIS")
	c.Expect("431 alice *")
	c.Send("WHOWAS never")
	c.Expect("406 alice never *")
	c.Expect("369 alice never *")
	c.Send("WHOWAS bob")
	c.Expect("314 alice bob bob aim * bob")
	c.Expect("369 alice bob *")
}

func TestWhoNamesIsonUserhost(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(here("carol", " UU"))
	c.Expect(":carol!* JOIN &buddies")
	for _, tc := range []struct{ send, expect string }{
		{"NAMES &buddies", "353 alice = &buddies :alice @*aim +bob carol"},
		{"WHO bob", "352 alice &buddies bob aim * bob H *"},
		{"WHO carol", "352 alice &buddies carol aim * carol G *"},
		{"WHO nobodyatall*", "315 alice nobodyatall* *"},
		{"WHO b?b", "352 alice &buddies bob aim * bob H *"},
		{"ISON bob CAROL alice", "303 alice :bob CAROL alice"},
		{"USERHOST bob carol", "302 alice :bob=+bob@aim carol=-carol@aim"},
		{"NAMES", "366 alice * *"},
		{"TOPIC &buddies", "332 alice &buddies *"},
		{"TOPIC &buddies :x", "482 alice &buddies *"},
		{"TOPIC #nowhere", "403 alice #nowhere *"},
		{"MODE alice", "221 alice +i"},
		{"MODE alice +i", ":alice!* MODE alice +i"},
		{"MODE alice +Z", "501 alice *"},
		{"MODE bob +i", "502 alice *"},
		{"MODE nobody", "401 alice nobody *"},
		{"MODE &buddies", "324 alice &buddies *"},
		{"MODE #nowhere", "403 alice #nowhere *"},
		{"KICK &buddies zoe", "441 alice zoe &buddies *"},
		{"INVITE bob &buddies", "443 alice bob &buddies *"},
		{"JOIN", "461 alice JOIN *"},
		{"JOIN :", "461 alice JOIN *"},
		{"NONSENSE", "421 alice NONSENSE *"},
	} {
		c.Send("%s", tc.send)
		c.Expect(tc.expect)
	}
}

func TestBlockListAsModes(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("MODE &buddies +b spammer!*@*")
	end.expect(toc.AddDeny{Names: []toc.ScreenName{"spammer"}})
	end.expect(toc.SetPDMode{Mode: toc.DenySome})
	c.Expect("MODE &buddies +b spammer!*@*")
	c.Send("MODE &buddies -b spammer")
	end.expect(toc.RemoveDeny{Names: []toc.ScreenName{"spammer"}})
	c.Send("MODE &buddies +e friend")
	end.expect(toc.AddPermit{Names: []toc.ScreenName{"friend"}})
}

func TestNick(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	d := r.attach("alice")
	c.Send("NICK ALICE")
	end.expect(toc.FormatNick{Name: "ALICE"})
	end.tell(toc.AdminNick{Code: "0"}, toc.Nick{Name: "ALICE"})
	c.Expect(":alice!* NICK ALICE")
	d.Expect(":alice!* NICK ALICE")
	c.Send("NICK mallory")
	c.Expect("484 ALICE *")
	c.Send("NICK bob")
	c.Expect("433 ALICE bob *")
	c.Send("NICK :a b")
	c.Expect("432 ALICE * *")
	c.Send("NICK")
	c.Expect("431 ALICE *")
	c.Send("NICK AlIcE")
	end.expect(toc.FormatNick{Name: "AlIcE"})
	end.tell(toc.ServerError{Code: 911})
	c.Expect("432 ALICE AlIcE *")
}

func TestPingReachesAIM(t *testing.T) {
	t.Parallel()
	_, c, end := talkWith(t, Options{PingTime: time.Second})
	end.mu.Lock()
	end.mute = true
	end.mu.Unlock()
	c.Send("PING here")
	end.expect(toc.GetInfo{Name: "alice"})
	c.Send("PRIVMSG BobB :behind the ping")
	end.tell(toc.GotoURL{Window: "profile", Path: "x"})
	c.Expect("PONG irc.test here")
	end.expect(imTo("bobb", "behind the ping"))
	c.Send("PING again") // AIM does not answer: PONG comes all the same
	c.Expect("PONG irc.test again")
}

func TestNoImplicitNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	c := ircdtest.Dial(t, r.addr)
	c.Register("alice", ircdtest.Pass("secret"), ircdtest.Caps("no-implicit-names"))
	c.Expect("332 alice &buddies *")
	for _, m := range c.Sync() {
		if m.Command == "353" || m.Command == "366" {
			t.Errorf("names unasked: %s", m)
		}
	}
}
