package bridge

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// TestModes: what each MODE answers, what it sends to AIM, and nothing else. The deny list is empty before each.
func TestModes(t *testing.T) {
	t.Parallel()
	deny := func(n toc.ScreenName) toc.Command { return toc.AddDeny{Names: []toc.ScreenName{n}} }
	permit := func(n toc.ScreenName) toc.Command { return toc.AddPermit{Names: []toc.ScreenName{n}} }
	on := toc.SetPDMode{Mode: toc.DenySome}
	endB, endE := ":irc.test 368 alice &buddies :End of channel ban list", ":irc.test 349 alice &buddies :End of channel exception list"
	for _, tc := range []struct {
		send string
		want []string
		sent []toc.Command
	}{
		{"MODE &buddies", []string{":irc.test 324 alice &buddies :+nt"}, nil},
		{"MODE &buddies b", []string{endB}, nil},
		{"MODE &buddies +b", []string{endB}, nil},
		{"MODE &buddies -b", []string{endB}, nil},
		{"MODE &buddies +e", []string{endE}, nil},
		{"MODE &buddies be", []string{endB, endE}, nil},
		{"MODE &buddies +b Carol!*@*", []string{":alice!alice@aim MODE &buddies +b :carol!*@*"}, []toc.Command{deny("carol"), on}},
		{"MODE &buddies b carol", []string{":alice!alice@aim MODE &buddies +b :carol!*@*"}, []toc.Command{deny("carol"), on}},
		{"MODE &buddies +be carol dave", []string{":alice!alice@aim MODE &buddies +b :carol!*@*", ":alice!alice@aim MODE &buddies +e :dave!*@*"}, []toc.Command{deny("carol"), on, permit("dave")}},
		{"MODE &buddies +b-b+b carol carol zoe", []string{":alice!alice@aim MODE &buddies +b :carol!*@*", ":alice!alice@aim MODE &buddies -b :carol!*@*", ":alice!alice@aim MODE &buddies +b :zoe!*@*"},
			[]toc.Command{deny("carol"), on, toc.RemoveDeny{Names: []toc.ScreenName{"carol"}}, deny("zoe")}},
		{"MODE &buddies -e carol", nil, nil},
		{"MODE &buddies +e-e carol carol", []string{":alice!alice@aim MODE &buddies +e :carol!*@*", ":alice!alice@aim MODE &buddies -e :carol!*@*"},
			[]toc.Command{permit("carol"), toc.RemovePermit{Names: []toc.ScreenName{"carol"}}}},
		{"MODE &buddies +b alice", []string{":irc.test 401 alice alice :No such nick/channel"}, nil},
		{"MODE &buddies +b *!*@host", []string{":irc.test 401 alice *!*@host :No such nick/channel"}, nil},
		{"MODE &buddies +b *aim", []string{":irc.test 401 alice *aim :No such nick/channel"}, nil},
		{"MODE &buddies +o bob", []string{":irc.test 482 alice &buddies :AIM knows no channel modes; they cannot be changed"}, nil},
		{"MODE &buddies +m", []string{":irc.test 472 alice m :is unknown mode char to me"}, nil},
		{"MODE &buddies +bk carol key", []string{":alice!alice@aim MODE &buddies +b :carol!*@*", ":irc.test 472 alice k :is unknown mode char to me"}, []toc.Command{deny("carol"), on}},
		{"MODE &&buddies", []string{":irc.test 324 alice &&buddies :+nt"}, nil},
		{"MODE &&buddies b", []string{":irc.test 368 alice &&buddies :End of channel ban list"}, nil},
		{"MODE &&buddies +b bob", []string{":irc.test 482 alice &&buddies :AIM knows no channel modes; they cannot be changed"}, nil},
		{"MODE &none", []string{":irc.test 403 alice &none :No such channel"}, nil},
		{"MODE #none +b bob", []string{":irc.test 403 alice #none :No such channel"}, nil},
		{"MODE alice", []string{":irc.test 221 alice :+i"}, nil},
		{"MODE ALICE +i", []string{":alice!alice@aim MODE alice :+i"}, nil},
		{"MODE alice -i", []string{":irc.test 221 alice :+i"}, nil},
		{"MODE alice +iw", []string{":alice!alice@aim MODE alice :+i", ":irc.test 501 alice :Unknown MODE flag"}, nil},
		{"MODE bob", []string{":irc.test 502 alice :Can't change mode for other users"}, nil},
		{"MODE *aim +i", []string{":irc.test 502 alice :Can't change mode for other users"}, nil},
		{"MODE carol", []string{":irc.test 401 alice carol :No such nick/channel"}, nil},
	} {
		t.Run(tc.send, func(t *testing.T) {
			t.Parallel()
			_, c, end := talk(t)
			seen(c)
			end.take()
			c.Send("%s", tc.send)
			check(t, tc.send, c, tc.want...)
			if diff := cmp.Diff(tc.sent, end.take()); diff != "" {
				t.Errorf("to AIM (-want +got):\n%s", diff)
			}
		})
	}
}

// TestModeOfBlockingIsSwitchedOnOnce: only mode 1 is left for mode 4; other modes are the user's own choice.
func TestModeOfBlockingIsSwitchedOnOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.conf["alice"] = toc.Config{V2: true, Mode: toc.PermitSome, Permit: []toc.ScreenName{"Fri End"}, Groups: []toc.Group{buddies("bob")}}
	c, end := r.login("alice")
	seen(c)
	end.take()
	c.Send("MODE &buddies +b carol\r\nMODE &buddies e")
	check(t, "in mode 3", c, ":alice!alice@aim MODE &buddies +b :carol!*@*", ":irc.test 348 alice &buddies :FriEnd!*@*", ":irc.test 349 alice &buddies :End of channel exception list")
	if diff := cmp.Diff([]toc.Command{toc.AddDeny{Names: []toc.ScreenName{"carol"}}}, end.take()); diff != "" {
		t.Errorf("to AIM (-want +got):\n%s", diff)
	}
}

// TestModesWithoutLink: what cannot be sent is neither shown as done nor kept.
func TestModesWithoutLink(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	r.refuse("alice", errors.New("down"))
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	c.Send("MODE &buddies +b carol")
	c.Expect("482 alice &buddies *")
	c.Send("MODE &buddies b")
	for m := c.Next(); m.Command != "368"; m = c.Next() { // notices of attempts to sign on may come between
		if m.Command == "367" {
			t.Errorf("after a refused +b comes %s", m)
		}
	}
	c.Send("KICK &buddies bob")
	c.Expect("482 alice &buddies *")
	c.Send("PRIVMSG &buddies :remove bob")
	c.Expect("PRIVMSG &buddies :Not removed: *")
	c.Send("PRIVMSG &buddies :add zoe")
	c.Expect("PRIVMSG &buddies :Not added: *")
	r.refuse("alice", nil)
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
}

// TestRoomModes: a room has its two modes and the time it was first seen; nobody can change them.
func TestRoomModes(t *testing.T) {
	t.Parallel()
	_, c, _ := inRoom(t)
	c.Send("MODE #my_room")
	c.Expect("324 alice #my_room +nt")
	if m := c.Expect("329 alice #my_room *"); len(m.Trailing()) != 10 {
		t.Errorf("created at %q, not seconds since 1970", m.Trailing())
	}
	for _, tc := range []struct{ send, expect string }{
		{"MODE #my_room b", "368 alice #my_room *"},
		{"MODE #my_room +e", "349 alice #my_room *"},
		{"MODE #my_room +b bob", "482 alice #my_room *"},
		{"MODE #my_room +t", "482 alice #my_room *"},
		{"MODE #my_room +s", "472 alice s *"},
	} {
		c.Send("%s", tc.send)
		if diff := ircdtest.Match(tc.expect, c.Next()); diff != "" {
			t.Errorf("%s: %s", tc.send, diff)
		}
	}
}

// TestMaskIsARegexp: a mask is a regular expression in which only * and ? mean anything.
func TestMaskIsARegexp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mask := rapid.StringMatching(`[abA*?.\[]{0,8}`).Draw(t, "mask")
		text := rapid.StringMatching(`[abB.\[]{0,10}`).Draw(t, "text")
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(strings.ToLower(mask)))
		want := regexp.MustCompile("^" + expr + "$").MatchString(strings.ToLower(text))
		if got := glob(mask, text); got != want {
			t.Fatalf("glob(%q, %q) = %v, want %v", mask, text, got, want)
		}
	})
	if !glob("**a**", strings.Repeat("b", 50)+"a") || glob(strings.Repeat("*a", 200), strings.Repeat("a", 199)) {
		t.Error("many stars")
	}
}

// TestFilterListConditions: adding a condition of the narrowing kind never adds a channel, and one of them alone is
// what ELIST says.
func TestFilterListConditions(t *testing.T) {
	t.Parallel()
	var items []ircd.ListItem
	for i, name := range []string{"#a", "#ab", "#b", "&buddies", "&A"} {
		items = append(items, ircd.ListItem{Channel: name, Users: i * 5})
	}
	names := func(list []ircd.ListItem) (out []string) {
		for _, item := range list {
			out = append(out, item.Channel+"="+strconv.Itoa(item.Users))
		}
		return out
	}
	for _, tc := range []struct{ cond, want string }{
		{"", "#a=0 #ab=5 #b=10 &buddies=15 &A=20"},
		{">5", "#b=10 &buddies=15 &A=20"},
		{"<5", "#a=0"},
		{">4,<11", "#ab=5 #b=10"},
		{">x", ""},
		{"<", ""},
		{"!#*", "&buddies=15 &A=20"},
		{"&a", "&A=20"},
		{"#a,#b", "#a=0 #b=10"},
		{"#a*,!#ab", "#a=0"},
		{"#a*,>3", "#ab=5"},
		{"#A?", "#ab=5"},
		{",,#b", "#b=10"},
		{"nothing", ""},
	} {
		if got := strings.Join(names(filterList(items, strings.Split(tc.cond, ","))), " "); got != tc.want {
			t.Errorf("LIST %s: %q, want %q", tc.cond, got, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		conds := rapid.SliceOfN(rapid.SampledFrom([]string{">3", "<12", "!#a*", "#*", "&*", "#b"}), 1, 4).Draw(t, "conditions")
		more := append(append([]string(nil), conds...), rapid.SampledFrom([]string{">7", "<4", "!*b*"}).Draw(t, "narrowing"))
		if a, b := len(filterList(items, conds)), len(filterList(items, more)); b > a {
			t.Fatalf("%v keeps %d, %v keeps %d", conds, a, more, b)
		}
	})
}

// TestCertificatesOfAnAccount: at most so many, a clear beginning to take one back, and none without a password.
func TestCertificatesOfAnAccount(t *testing.T) {
	t.Parallel()
	r, c, _ := talk(t)
	fp := func(i int) string { return strings.Repeat("0", 62-len(strconv.Itoa(i))) + strconv.Itoa(i) + "ff" }
	for i := range certMax {
		if got := ask(c, "certfp add "+fp(i)); !strings.HasPrefix(got, "Added ") {
			t.Fatalf("%d: %q", i, got)
		}
	}
	for _, tc := range []struct{ send, want string }{
		{"certfp add " + fp(certMax), "Not added: you have 16 already."},
		{"certfp add " + fp(0), "Added " + fp(0) + ": it lets you in (SASL EXTERNAL) while this account is signed on."}, // again
		{"certfp add " + strings.Repeat("g", 64), "That is no SHA-256 fingerprint: it has 64 hex digits."},
		{"certfp del 000", "No such certificate, or several: certfp list shows them."},  // too short
		{"certfp del 0000", "No such certificate, or several: certfp list shows them."}, // several
		{"certfp del", "No such certificate, or several: certfp list shows them."},
		{"certfp DEL " + fp(15), "That certificate does not let anybody in any more."},
		{"certfp remove " + fp(15), "No such certificate, or several: certfp list shows them."},
		{"certfp what", "Usage: certfp list | add [FINGERPRINT] | del FINGERPRINT"},
	} {
		if got := ask(c, tc.send); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.send, got, tc.want)
		}
	}
	if got := strings.Split(ask(c, "certfp list"), "\n"); len(got) != certMax || got[certMax-1] != "15 certificates let you in" {
		t.Errorf("list: %q", got)
	}
	if bob, _ := r.login("bob"); ask(bob, "certfp list") != "0 certificates let you in" {
		t.Error("bob sees alice's")
	}
	open := newRig(t, Options{Anonymous: true})
	d := ircdtest.Dial(t, open.addr)
	d.Register("dave")
	d.Expect("366 dave &buddies *")
	if got := ask(d, "certfp add "+fp(1)); got != "This account has no password, so it cannot be shared." {
		t.Errorf("without a password: %q", got)
	}
}
