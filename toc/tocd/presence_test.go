package tocd

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

func TestPresenceLines(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob, old := l.on("bob"), l.onAs(toc.SignOn1, "carol")
		l.say(bob, "toc2_new_buddies {g:G\nb:davejones\n}")
		l.say(old, "toc_add_buddy davejones")
		l.quiet(bob, old)
		start := time.Now().Unix()
		dave := l.signOn(toc.Login2, "davejones", "pwdave")
		l.gets(bob)
		l.say(dave, "toc_init_done")
		if got := old.take(); len(got) != 1 || got[0] != "UPDATE_BUDDY:Dave Jones:T:0:"+itoa(start)+":0: U " {
			t.Errorf("TOC1: %q", got)
		}
		got := bob.take()
		if want := arrives("Dave Jones", "0:"+itoa(start)+":0: U :"); !slices.Equal(got, want) {
			t.Errorf("TOC2: %q, want %q: one pair, in this order", got, want)
		}
		dave.drop()
		l.gets(bob, "UPDATE_BUDDY2:davejones:F:0:0:0:   :") // trap 5
		l.gets(old, "UPDATE_BUDDY:davejones:F:0:0:0:   ")
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestIdle(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(alice)
		l.say(bob, "toc_set_idle 59")
		l.gets(alice, arrives("bob", here)...)
		wait(10 * time.Minute) // trap 20: nothing ticks by itself
		l.gets(alice)
		l.say(alice, "toc_get_status bob")
		l.gets(alice, "UPDATE_BUDDY2:bob:T:0:TIME:10: U :")
		second := l.on("bob")
		l.gets(alice, arrives("bob", here)...)
		l.say(second, "toc_set_idle 1200")
		l.gets(alice, arrives("bob", "0:TIME:10: U :")...) // the most recent of the two
		l.say(bob, "toc_set_idle 0")
		l.gets(alice, arrives("bob", here)...)
		bob.drop()
		l.gets(alice, arrives("bob", "0:TIME:20: U :")...)
	})
}

func TestAwayOnlyIfAllAre(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, one, two := l.on("Alice Smith"), l.on("bob"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(alice)
		l.say(one, `toc_set_away "gone"`)
		l.gets(alice, arrives("bob", here)...)
		l.say(two, `toc_set_away "gone"`)
		l.gets(alice, arrives("bob", "0:TIME:0: UU:")...)
		l.signOn(toc.Login2, "bob", "pwbob") // not visible, but there
		l.say(alice, "toc_get_status bob")
		l.gets(alice, "UPDATE_BUDDY2:bob:T:0:TIME:0: U :")
		l.say(one, `toc_set_away ""`)
		l.say(two, "toc_set_away")
		if got := alice.take(); len(got) != 4 {
			t.Errorf("repeats without change: %q", got)
		}
	})
}

func TestClasses(t *testing.T) {
	inLab(t, Options{AOL: AOLSwitches{OClass: true}}, func(l *lab) {
		bob := l.on("bob")
		l.say(bob, "toc_get_status bob")
		l.gets(bob, "UPDATE_BUDDY2:bob:T:0:TIME:0: O,:")
		l.say(bob, `toc_set_away "x"`)
		l.say(bob, `toc2_send_im bob "me"`)
		l.gets(bob, "IM_IN_ENC2:bob:F:F:T: OU:F:L:en:me")
	})
}

func TestCapabilities(t *testing.T) {
	const chat = "748f2420-6287-11d1-8222-444553540000"
	long := func(short string) string { return "0946" + short + "-4c7f-11d1-8222-444553540000" }
	for args, want := range map[string][]string{
		"":                    {chat},
		"1343":                {long("1343"), chat},
		"1345 1343":           {long("1343"), long("1345"), chat},
		"1345,1343,1345":      {long("1343"), long("1345"), chat},
		"1ff":                 {long("01ff"), chat},
		"0":                   {long("0000"), chat},
		"nonsense 12345 -1":   {chat},
		"+1 0x1":              {chat},
		long("1343"):          {long("1343"), chat},
		"{" + chat + "}":      {chat},
		"1341 134A 134d":      {chat}, // voice, games, ICQ are not shown
		strings.ToUpper(chat): {chat},
	} {
		t.Run(args, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				alice, bob := l.on("Alice Smith"), l.on("bob")
				l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
				l.quiet(alice)
				l.say(bob, "toc_set_caps "+args)
				l.gets(alice, "UPDATE_BUDDY2:bob:T:0:TIME:0: U :", "BUDDY_CAPS2:bob:"+strings.Join(want, ","))
			})
		})
	}
}

func TestCapabilitiesOfAllSessions(t *testing.T) {
	inLab(t, Options{AOL: AOLSwitches{ShortCaps: true}}, func(l *lab) {
		alice, bob, two := l.on("Alice Smith"), l.on("bob"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.say(bob, "toc_set_caps 1343")
		l.quiet(alice)
		l.say(two, "toc_set_caps 134b")
		l.gets(alice, "UPDATE_BUDDY2:bob:T:0:TIME:0: U :",
			"BUDDY_CAPS2:bob:1343,134B,748f2420-6287-11d1-8222-444553540000")
	})
}

// TestPresenceRepeats is trap 20: every sibling's sign-on and every list change
// repeats what watchers know.
func TestPresenceRepeats(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.say(bob, "toc2_new_buddies {g:G\nb:alicesmith\n}")
		l.quiet(alice, bob)
		both := func(why string) {
			t.Helper()
			if a, b := len(alice.take()), len(bob.take()); a != 2 || b != 2 {
				t.Errorf("%s: alice got %d lines, bob %d, want a pair each", why, a, b)
			}
		}
		l.say(bob, "toc_init_done")
		both("toc_init_done again")
		l.say(bob, "toc2_add_permit alicesmith")
		both("permit")
		l.say(bob, "toc2_set_pdmode 4")
		both("mode")
		l.say(bob, "toc2_new_buddies {g:G\nb:alicesmith:Al\n}")
		both("alias")
		l.say(bob, "toc2_new_buddies {g:G\nb:alicesmith:Al\n}")
		l.gets(alice) // no change, no news
		l.gets(bob)
		l.say(bob, "toc2_set_pdmode 4")
		l.gets(alice)
		l.gets(bob)
	})
}

// TestPrivacy compares all modes and lists with what they mean for the other.
func TestPrivacy(t *testing.T) {
	for _, test := range []struct {
		mode, list string
		blocked    bool
	}{
		{"1", "", false},
		{"1", "toc2_add_deny alicesmith", false},
		{"2", "", true},
		{"2", "toc2_add_permit alicesmith", true},
		{"3", "", true},
		{"3", "toc2_add_permit alicesmith", false},
		{"4", "", false},
		{"4", "toc2_add_deny alicesmith", true},
		{"4", "toc2_add_deny davejones", false},
		{"5", "", true},
		{"5", "toc2_new_buddies {g:G\nb:Alice Smith\n}", false},
		{"5", "toc_add_buddy alicesmith", false},
	} {
		t.Run(test.mode+" "+test.list, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				alice, bob := l.on("Alice Smith"), l.on("bob")
				l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
				if test.list != "" {
					l.say(bob, test.list)
				}
				l.say(bob, "toc2_set_pdmode "+test.mode)
				l.say(alice, `toc_chat_join 4 "r"`)
				l.quiet(alice, bob)
				l.say(alice, "toc_get_status bob")
				l.say(alice, `toc2_send_im bob "to"`)
				l.say(bob, `toc2_send_im alicesmith "from"`)
				l.say(alice, "toc2_client_event bob 2")
				l.say(alice, `toc_chat_invite 0 "come" bob`)
				if test.blocked {
					l.gets(alice, "ERROR:901:bob")
					l.gets(bob)
					return
				}
				l.gets(alice, "UPDATE_BUDDY2:bob:T:0:TIME:0: U :", "IM_IN_ENC2:bob:F:F:T: U :F:L:en:from")
				l.gets(bob, "IM_IN_ENC2:Alice Smith:F:F:T: U :F:L:en:to", "CLIENT_EVENT2:Alice Smith:2",
					"CHAT_INVITE:r:0:Alice Smith:come")
			})
		})
	}
}

// TestNumbersAreNotListed: an AIM user cannot watch an ICQ number for a session.
func TestNumbersAreNotListed(t *testing.T) {
	accounts := map[string]string{"bob": "pwbob", "1234567": "password", "7654321": "password"}
	inLab(t, Options{Accounts: accounts}, func(l *lab) {
		bob, icq, other := l.on("bob"), l.on("1234567"), l.on("7654321")
		l.say(bob, "toc_add_buddy 1234567")
		l.gets(bob)
		l.say(other, "toc_add_buddy 1234567")
		l.gets(other, arrives("1234567", here)...)
		l.say(bob, "toc2_new_buddies {g:G\nb:1234567\n}")
		l.gets(bob, append(arrives("1234567", here), "NEW_BUDDY_REPLY2:1234567:added")...)
		l.gets(icq)
	})
}

func TestNameFormat(t *testing.T) {
	for line, want := range map[string]string{
		`toc_format_nickname "ALICE smith"`:         "",
		`toc_format_nickname "{ALICE smith}"`:       "",
		`toc_format_nickname "A l i c e Smith"`:     "",
		`toc_format_nickname "A l i c e Smi th"`:    "",
		`toc_format_nickname "A L I C E S M I T H"`: "911", // 19 characters
		`toc_format_nickname "alice_smith"`:         "911",
		`toc_format_nickname "AS"`:                  "911",
		`toc_format_nickname "1alicesmith"`:         "911",
		`toc_format_nickname ""`:                    "911",
		`toc_format_nickname "someone else"`:        "913",
		`toc_format_nickname "älicesmith"`:          "913",
		`toc_format_nickname`:                       "913:internal server error",
	} {
		t.Run(line, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				alice, bob := l.on("Alice Smith"), l.on("bob")
				l.say(bob, "toc2_new_buddies {g:G\nb:alicesmith\n}")
				l.quiet(bob)
				l.say(alice, line)
				if want != "" {
					l.gets(alice, "ERROR:"+want)
					l.gets(bob)
					return
				}
				name := strings.Trim(strings.SplitN(line, `"`, 3)[1], "{}")
				l.gets(alice, "ADMIN_NICK_STATUS:0", "NICK:"+name)
				l.gets(bob, arrives(name, here)...)
				alice.drop()
				l.gets(bob, "UPDATE_BUDDY2:alicesmith:F:0:0:0:   :")
				again := l.signOn(toc.Login2, "alicesmith", "pwalice")
				l.gets(again, "SIGN_ON:TOC2.0", "NICK:"+name, `CONFIG2:done:\n`)
			})
		})
	}
}

func TestDemoNameFormat(t *testing.T) {
	inLab(t, Options{AnyName: true}, func(l *lab) {
		c := l.signOn(toc.Login2, "foo_bar", "")
		l.quiet(c)
		l.say(c, `toc_format_nickname "Foo_BAR"`)
		l.gets(c, "ADMIN_NICK_STATUS:0", "NICK:Foo_BAR")
		l.say(c, `toc_format_nickname "Foo-BAR"`)
		l.gets(c, "ERROR:913")
		l.say(c, `toc_format_nickname "Foo.BAR"`)
		l.gets(c, "ERROR:911")
	})
}

func TestChangePassword(t *testing.T) {
	for line, want := range map[string]string{
		"toc_change_passwd pwbob abcd":                "ADMIN_PASSWD_STATUS:0",
		"toc_change_passwd pwbob sixteencharacter":    "ADMIN_PASSWD_STATUS:0",
		"toc_change_passwd pwbob seventeencharacte":   "ERROR:911",
		"toc_change_passwd pwbob abc":                 "ERROR:911",
		"toc_change_passwd wrong abc":                 "ERROR:980",
		"toc_change_passwd pwbob":                     "ERROR:913:internal server error",
		`toc_change_passwd "pwbob" "a b\\c"`:          "ADMIN_PASSWD_STATUS:0",
		`toc_change_passwd pwbob` + " " + `"pä\$\"x"`: "ADMIN_PASSWD_STATUS:0",
	} {
		t.Run(line, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				bob := l.on("bob")
				l.say(bob, line)
				l.gets(bob, want)
				l.say(bob, "toc_get_status bob") // the session goes on
				l.gets(bob, "UPDATE_BUDDY2:bob:T:0:TIME:0: U :")
				got := l.signOn(toc.Login2, "bob", "pwbob").take()
				if changed := got[0] == "ERROR:980"; changed != strings.HasPrefix(want, "ADMIN") {
					t.Errorf("the old password: %q", got)
				}
			})
		})
	}
}

func TestNumbersHaveOtherPasswords(t *testing.T) {
	inLab(t, Options{Accounts: map[string]string{"1234567": "password"}}, func(l *lab) {
		icq := l.on("1234567")
		for next, want := range map[string]string{"12345": "ERROR:911", "123456": "ADMIN_PASSWD_STATUS:0", "123456789": "ERROR:911"} {
			l.say(icq, "toc_change_passwd password "+next)
			if want == "ERROR:911" {
				l.gets(icq, want)
				continue
			}
			l.gets(icq, want)
			l.say(icq, "toc_change_passwd "+next+" password")
			l.quiet(icq)
		}
	})
}

// TestPasswordAsMeant: package toc writes what the server stores.
func TestPasswordAsMeant(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		const next = `q"u\o t$e{`
		bob := l.on("bob")
		l.say(bob, toc.ChangePassword{Old: "pwbob", New: next}.Line())
		l.gets(bob, "ADMIN_PASSWD_STATUS:0")
		l.gets(l.signOn(toc.Login2, "bob", next), "SIGN_ON:TOC2.0", "NICK:bob", `CONFIG2:done:\n`)
	})
}
