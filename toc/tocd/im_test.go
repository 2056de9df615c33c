package tocd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

func TestIMForms(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		for form, want := range map[toc.LoginForm][2]string{
			toc.Login2:  {"IM_IN_ENC2:bob:F:F:T: U :F:L:en:a: b", "IM_IN_ENC2:bob:T:F:T: U :F:L:en:auto"},
			toc.SignOn2: {"IM_IN2:bob:F:F:a: b", "IM_IN2:bob:T:F:auto"},
			toc.SignOn1: {"IM_IN:bob:F:a: b", "IM_IN:bob:T:auto"},
		} {
			carol := l.onAs(form, "carol")
			l.say(bob, `toc2_send_im carol "a: b"`)
			l.gets(carol, want[0])
			l.say(bob, `toc_send_im "C a R o L" "auto" auto`)
			l.gets(carol, want[1])
			l.say(bob, `toc2_send_im_enc carol T A x-bad "auto" auto`)
			l.gets(carol, want[1])
			carol.drop()
			wait(0)
		}
		l.gets(bob)
	})
}

// TestIMBytes: whatever the client sends arrives as it was sent.
func TestIMBytes(t *testing.T) {
	for what, text := range map[string]string{
		"UTF-8":        "é ü 漢字 😀",
		"Latin-1":      "caf\xe9",
		"control":      "a\tb\x01c\x7f",
		"line feed":    "one\ntwo",
		"colons":       "a:b:c",
		"HTML":         "<HTML><BODY BGCOLOR='#ffffff'>x &amp; y</BODY></HTML>",
		"NUL inside":   "a\x00b",
		"longest":      strings.Repeat("m", 2048-len(`toc2_send_im carol ""`)),
		"only a quote": `"`,
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				bob, carol := l.on("bob"), l.on("carol")
				l.say(bob, `toc2_send_im carol "`+text+`"`)
				l.gets(carol, "IM_IN_ENC2:bob:F:F:T: U :F:L:en:"+escape(text))
			})
		})
	}
}

func TestOversize(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		l.say(bob, "toc_get_status "+strings.Repeat("x", 2048-15))
		if got := bob.take(); len(got) != 1 || !strings.HasPrefix(got[0], "ERROR:901:xxx") {
			t.Errorf("2048 bytes: %.50q", got)
		}
		l.say(bob, "toc_get_status "+strings.Repeat("x", 2049-15))
		l.gets(bob, "EOF")
	})
}

// TestRouting is trap 18: the active sessions get the IMs, or all.
func TestRouting(t *testing.T) {
	const away, idle = `toc_set_away "x"`, "toc_set_idle 60"
	for _, test := range []struct {
		states []string // of the sessions; "" active, "-" not yet visible
		want   []int    // which get it
	}{
		{[]string{""}, []int{0}},
		{[]string{"", ""}, []int{0, 1}},
		{[]string{away, ""}, []int{1}},
		{[]string{idle, ""}, []int{1}},
		{[]string{away, idle}, []int{0, 1}},
		{[]string{away, idle, "-"}, []int{0, 1}},
		{[]string{"-"}, nil},
		{[]string{"-", ""}, []int{1}},
		{[]string{away, "", idle, ""}, []int{1, 3}},
	} {
		t.Run(fmt.Sprintf("%q", test.states), func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				bob := l.on("bob")
				var alices []*link
				for _, state := range test.states {
					a := l.signOn(toc.Login2, "alicesmith", "pwalice")
					alices = append(alices, a)
					if state == "-" {
						continue
					}
					l.say(a, "toc_init_done")
					if state != "" {
						l.say(a, state)
					}
				}
				l.quiet(alices...)
				l.say(bob, `toc2_send_im "Alice Smith" "hi"`)
				for i, a := range alices {
					var want []string
					if slices.Contains(test.want, i) {
						want = []string{"IM_IN_ENC2:bob:F:F:T: U :F:L:en:hi"}
					}
					l.gets(a, want...)
				}
			})
		})
	}
}

func TestTyping(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob, carol, old := l.on("bob"), l.on("carol"), l.onAs(toc.SignOn1, "Dave Jones")
		for i := range 3 {
			l.say(bob, fmt.Sprintf("toc2_client_event carol %d", i))
			l.gets(carol, fmt.Sprintf("CLIENT_EVENT2:bob:%d", i))
		}
		l.say(bob, "toc2_client_event davejones 2")
		l.gets(old)
		l.say(bob, "toc2_client_event nobody 2")
		l.gets(bob)
		l.say(carol, `toc_set_away "x"`)
		l.say(bob, "toc2_client_event carol 2")
		l.gets(carol)
		l.say(bob, "toc2_client_event carol 3")
		l.gets(bob, "ERROR:913:internal server error")
	})
}

func TestNobodyHears(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		l.signOn(toc.Login2, "carol", "pwcarol") // not visible
		for _, to := range []string{"nobody", "davejones", "carol", `""`} {
			l.say(bob, "toc2_send_im "+to+` "x"`)
			l.gets(bob)
		}
	})
}

func TestIM901(t *testing.T) {
	inLab(t, Options{AOL: AOLSwitches{IM901: true}}, func(l *lab) {
		bob, carol := l.on("bob"), l.on("carol")
		l.say(bob, `toc2_send_im "No Body" "x"`)
		l.gets(bob, "ERROR:901:No Body")
		l.say(carol, "toc2_add_deny bob")
		l.say(carol, "toc2_set_pdmode 4")
		l.say(bob, `toc2_send_im carol "x"`)
		l.gets(bob, "ERROR:901:carol")
		l.say(carol, "toc2_set_pdmode 1")
		l.say(bob, `toc2_send_im carol "x"`)
		l.gets(bob)
	})
}

func TestRendezvous(t *testing.T) {
	const uuid = "09461343-4C7F-11D1-8222-444553540000"
	inLab(t, Options{}, func(l *lab) {
		bob, carol := l.on("bob"), l.on("carol")
		for line, want := range map[string]string{
			"toc_rvous_accept carol AAAAAAAAAAA= " + uuid:                          "",
			"toc_rvous_cancel carol AAAAAAAAAAA= " + strings.ToLower(uuid):         "",
			"toc_rvous_cancel carol AAAA {" + uuid + "}":                           "",
			"toc_rvous_cancel carol AAAA urn:uuid:" + uuid:                         "",
			"toc_rvous_cancel carol AAAA " + strings.ReplaceAll(uuid, "-", ""):     "",
			"toc_rvous_accept carol !!!! " + uuid:                                  "913",
			"toc_rvous_accept carol AAAA 0946":                                     "913",
			"toc_rvous_accept carol AAAA 09461343x4C7F-11D1-8222-444553540000":     "913",
			"toc_rvous_accept carol AAAA 0946134g-4C7F-11D1-8222-444553540000":     "913",
			"toc_rvous_accept carol AAAA":                                          "913",
			"toc_rvous_accept nobody AAAA 09461343-4C7F-11D1-8222-444553540000":    "-",
			"toc_rvous_accept carol AAAA urn:uuix:0946134g-4C7F-11D1-8222-4445535": "913",
		} {
			l.say(bob, line)
			switch want {
			case "":
				l.gets(carol, "") // an empty frame
				l.gets(bob)
			case "-":
				l.gets(carol)
				l.gets(bob)
			default:
				l.gets(carol)
				l.gets(bob, "ERROR:913:internal server error")
			}
		}
	})
}

func TestUnknownCommands(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		for _, line := range []string{
			"hello", "TOC_INIT_DONE", " toc_init_done", "toc_init_done\n", "toc2_login x", "\xff\xfe",
			"toc_chat_send_enc 0 U x", "toc_chat_evil 0 bob norm", "toc_noop", "toc_get_away bob",
		} {
			l.say(bob, line)
			l.gets(bob, "ERROR:913:internal server error")
		}
	})
}

func TestWarnings(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob, carol := l.on("Alice Smith"), l.on("bob"), l.on("carol")
		l.say(carol, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(carol)
		warn := func(how string, want ...string) {
			t.Helper()
			l.say(alice, "toc_evil bob "+how)
			l.gets(alice, want...)
		}
		warn("norm", "ERROR:902") // no message yet
		l.say(bob, `toc2_send_im alicesmith "1"`)
		l.quiet(alice)
		warn("norm")
		l.gets(bob, "EVILED:10:Alice Smith")
		l.gets(carol, arrives("bob", "10:TIME:0: U :")...)
		warn("norm", "ERROR:902") // one a message
		for range 5 {
			l.say(bob, `toc2_send_im alicesmith "more"`)
		}
		l.quiet(alice)
		warn("anon")
		l.gets(bob, "EVILED:13:")
		warn("anon")
		warn("anon", "ERROR:902") // three an hour
		wait(time.Hour + time.Second)
		warn("anon", "ERROR:902") // the messages are forgotten, too
		l.say(bob, `toc2_send_im alicesmith "again"`)
		l.quiet(alice, bob, carol)
		warn("norm")
		if got := bob.take(); len(got) != 1 || !strings.HasSuffix(got[0], ":Alice Smith") {
			t.Errorf("bob got %q", got)
		}
		l.say(alice, "toc_evil alicesmith norm")
		l.gets(alice, "ERROR:902")
	})
}

// TestWarningDecays by 5 % every five minutes, also while signed off.
func TestWarningDecays(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob, carol := l.on("Alice Smith"), l.on("bob"), l.on("carol")
		l.say(carol, "toc2_new_buddies {g:G\nb:bob\n}")
		l.say(bob, `toc2_send_im alicesmith "1"`)
		l.say(bob, `toc2_send_im alicesmith "2"`)
		l.say(alice, "toc_evil bob norm")
		l.say(alice, "toc_evil bob anon")
		l.quiet(alice, bob, carol)
		for _, level := range []string{"8", "3", "0"} {
			wait(5*time.Minute - time.Second)
			l.gets(carol)
			wait(time.Second)
			l.gets(carol, arrives("bob", level+":TIME:0: U :")...)
		}
		wait(time.Hour)
		l.gets(carol)
		l.gets(bob)

		for range 3 {
			l.say(bob, `toc2_send_im alicesmith "x"`)
			l.say(alice, "toc_evil bob norm")
		}
		wait(time.Minute)
		bob.drop()
		l.quiet(carol)
		wait(10 * time.Minute) // two steps
		bob = l.signOn(toc.Login2, "bob", "pwbob")
		l.gets(carol, arrives("bob", "20:TIME:0: U :")...) // at once, before toc_init_done
		wait(4*time.Minute - time.Second)
		l.gets(carol)
		wait(time.Second) // the steps keep their times
		l.gets(carol, arrives("bob", "15:TIME:0: U :")...)
		wait(15 * time.Minute)
		l.quiet(carol)
		wait(time.Hour)
		l.gets(carol)
	})
}

func TestWarningEndsAt100(t *testing.T) {
	accounts := map[string]string{"bob": "pwbob"}
	for i := range 5 {
		accounts[fmt.Sprintf("warner%d", i)] = "password"
	}
	inLab(t, Options{Accounts: accounts}, func(l *lab) {
		bob := l.on("bob")
		level := 0
		for i := range 5 {
			name := fmt.Sprintf("warner%d", i)
			w := l.on(name)
			for range 3 {
				l.say(bob, "toc2_send_im "+name+` "x"`)
				l.quiet(w, bob)
				l.say(w, "toc_evil bob norm")
				if level == 100 {
					l.gets(w, "ERROR:902")
					continue
				}
				level += 10
				l.gets(bob, fmt.Sprintf("EVILED:%d:%s", level, name))
			}
		}
	})
}

func TestConversationsAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s := New(Options{Now: func() time.Time { return now }})
	from := newAccount("from", "x")
	for i := range 1000 {
		now = now.Add(time.Minute)
		s.talked(from, newAccount(toc.ScreenName(fmt.Sprint(i)), "x"))
	}
	if n := len(from.talks); n > 600 {
		t.Errorf("%d conversations are remembered, of which 60 matter", n)
	}
}
