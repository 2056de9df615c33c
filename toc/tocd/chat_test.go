package tocd

import (
	"fmt"
	"strings"
	"testing"

	"tocbridge/toc"
)

func TestRoom(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob, carol := l.on("Alice Smith"), l.onAs(toc.SignOn2, "bob"), l.onAs(toc.SignOn1, "carol")
		l.say(alice, `toc_chat_join 4 "My Room"`)
		l.gets(alice, "CHAT_JOIN:0:My Room", "CHAT_UPDATE_BUDDY:0:T:Alice Smith") // trap 12: from 0
		l.say(bob, `toc_chat_join 4 "MY ROOM"`)
		l.gets(bob, "CHAT_JOIN:0:MY ROOM", "CHAT_UPDATE_BUDDY:0:T:Alice Smith:bob")
		l.gets(alice, "CHAT_UPDATE_BUDDY:0:T:bob")
		l.say(carol, `toc_chat_join 4 "other"`)
		l.say(carol, `toc_chat_join 4 "my room"`)
		l.quiet(alice, bob, carol)
		l.say(bob, `toc_chat_send 0 "a: b"`)
		l.gets(alice, "CHAT_IN_ENC:0:bob:F:A:en:a: b")
		l.gets(bob, "CHAT_IN:0:bob:F:a: b")
		l.gets(carol, "CHAT_IN:1:bob:F:a: b")
		l.say(carol, "toc_chat_whisper 1 ALICEsmith psst") // trap 12: F
		l.gets(alice, "CHAT_IN_ENC:0:carol:F:A:en:psst")
		l.gets(bob)
		l.gets(carol)
		l.say(carol, "toc_chat_leave 1")
		l.gets(carol, "CHAT_LEFT:1")
		l.gets(alice, "CHAT_UPDATE_BUDDY:0:F:carol")
		l.say(carol, `toc_chat_join 4 "my room"`) // the same room keeps its id
		l.gets(carol, "CHAT_JOIN:1:my room", "CHAT_UPDATE_BUDDY:1:T:Alice Smith:bob:carol")
		bob.drop()
		l.gets(carol, "CHAT_UPDATE_BUDDY:1:F:bob")
	})
}

func TestRoomOrder(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice := l.on("Alice Smith")
		l.say(alice, "toc_chat_join 4 r")
		if got := alice.take(); len(got) != 2 || !strings.HasPrefix(got[0], "CHAT_JOIN:") {
			t.Errorf("%q: CHAT_JOIN comes first", got)
		}
	})
}

func TestInvitations(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob, carol := l.on("Alice Smith"), l.on("bob"), l.on("carol")
		l.say(alice, `toc_chat_join 4 "lost-found-room"`)
		l.say(bob, `toc_chat_join 4 "elsewhere"`)
		l.quiet(alice, bob)
		l.say(alice, `toc_chat_invite 0 "come: in" bob nobody "Carol"`)
		l.gets(alice)
		l.gets(bob, "CHAT_INVITE:lost:1:Alice Smith:come: in") // cut at the hyphen
		l.gets(carol, "CHAT_INVITE:lost:0:Alice Smith:come: in")
		l.say(carol, `toc_chat_invite 0 "you too" bob`) // without being there
		l.gets(bob, "CHAT_INVITE:lost:1:carol:you too")
		l.say(bob, "toc_chat_accept 1")
		l.gets(bob, "CHAT_JOIN:1:lost-found-room", "CHAT_UPDATE_BUDDY:1:T:Alice Smith:bob")
		l.gets(alice, "CHAT_UPDATE_BUDDY:0:T:bob")
		l.say(carol, "toc_chat_send 0 x") // invited is not in
		l.gets(carol, "ERROR:913:internal server error")
	})
}

func TestExchanges(t *testing.T) {
	inLab(t, Options{PublicRooms: []string{"Town Hall"}}, func(l *lab) {
		bob := l.on("bob")
		for line, want := range map[string]bool{
			`toc_chat_join 5 "town HALL"`:   true,
			`toc_chat_join 5 "elsewhere"`:   false,
			`toc_chat_join 4 "elsewhere"`:   true,
			`toc_chat_join 4 "Town Hall"`:   true, // another one
			`toc_chat_join 3 "Town Hall"`:   false,
			`toc_chat_join 0 "x"`:           false,
			`toc_chat_join x "x"`:           false,
			`toc_chat_join 4`:               false,
			`toc_chat_join 04 ""`:           true,
			`toc_chat_join 65540 "wrapped"`: false,
		} {
			l.say(bob, line)
			if got := bob.take(); strings.HasPrefix(got[0], "CHAT_JOIN:") != want {
				t.Errorf("%s: %q, want joined %v", line, got, want)
			}
		}
	})
}

func TestRoomNames(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob, carol := l.on("bob"), l.on("carol")
		for one, other := range map[string]string{"Ab": "aB", "É": "é", "x y": "xy", "c  d": "c d", `x"y`: "x'y"} {
			same := one == "Ab" // only ASCII case does not count
			l.say(bob, toc.ChatJoin{Exchange: 4, Name: one}.Line())
			l.quiet(bob)
			l.say(carol, toc.ChatJoin{Exchange: 4, Name: other}.Line())
			if got := len(bob.take()) > 0; got != same {
				t.Errorf("%q and %q: the same room %v, want %v", one, other, got, same)
			}
		}
		l.quiet(carol)
		for n, ok := range map[int]bool{1: true, 197: true, 198: false, 300: false} { // 202 with the name
			l.say(carol, "toc_chat_join 4 "+strings.Repeat("n", n))
			if got := carol.take(); strings.HasPrefix(got[0], "CHAT_JOIN") != ok {
				t.Errorf("a name of %d bytes: %.30q, want ok %v", n, got, ok)
			}
		}
	})
}

// TestOneMembership: a user is in a room once; a sibling takes the place.
func TestOneMembership(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		one, two, bob := l.on("Alice Smith"), l.on("Alice Smith"), l.on("bob")
		l.say(bob, "toc_chat_join 4 r")
		l.say(one, "toc_chat_join 4 r")
		l.quiet(one, bob)
		l.say(two, "toc_chat_join 4 r")
		l.gets(bob, "CHAT_UPDATE_BUDDY:0:F:Alice Smith", "CHAT_UPDATE_BUDDY:0:T:Alice Smith")
		l.gets(one)
		l.quiet(two)
		l.say(bob, "toc_chat_send 0 x")
		l.gets(one)
		l.gets(two, "CHAT_IN_ENC:0:bob:F:A:en:x")
		l.quiet(bob)
		l.say(one, "toc_chat_send 0 y") // may still talk
		l.gets(one, "CHAT_IN_ENC:0:Alice Smith:F:A:en:y")
		l.gets(bob, "CHAT_IN_ENC:0:Alice Smith:F:A:en:y")
		l.gets(two)
		l.say(one, "toc_chat_leave 0")
		l.gets(one, "CHAT_LEFT:0")
		l.gets(bob) // was not there any more
		l.say(one, "toc_chat_leave 0")
		l.gets(one, "ERROR:913:internal server error")
	})
}

// TestGhost: while a sibling lives, a session that ended stays in its rooms,
// until a thousand lines wait for it.
func TestGhost(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		one, two, bob := l.on("Alice Smith"), l.on("Alice Smith"), l.on("bob")
		l.say(bob, "toc_chat_join 4 r")
		l.say(one, "toc_chat_join 4 r")
		l.quiet(bob)
		one.drop()
		l.gets(bob)
		for i := range ghostQueue {
			l.say(bob, []string{"toc_chat_send 0 x", "toc_chat_whisper 0 alicesmith x"}[i%2])
		}
		if got := strings.Join(bob.take(), " "); strings.Contains(got, "CHAT_UPDATE") {
			t.Error("the ghost left early")
		}
		l.say(bob, "toc_chat_send 0 last")
		l.gets(bob, "CHAT_IN_ENC:0:bob:F:A:en:last", "CHAT_UPDATE_BUDDY:0:F:Alice Smith")

		l.say(two, "toc_chat_join 4 r")
		l.quiet(bob, two)
		two.drop() // the last session
		l.gets(bob, "CHAT_UPDATE_BUDDY:0:F:Alice Smith")
	})
}

func TestRoll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"//roll-sides1":                  "2 1-sided dice: 1 1",
		"//roll-dice3-sides1":            "3 1-sided dice: 1 1 1",
		"//roll-sides1-dice1":            "1 1-sided dice: 1",
		"//roll-sides001-dice01 \n\t":    "1 1-sided dice: 1",
		"<B>//roll-sides1</B>":           "2 1-sided dice: 1 1",
		"<HTML><BODY>//roll-sides1":      "2 1-sided dice: 1 1",
		"//roll-dice15-sides1":           "15 1-sided dice:" + strings.Repeat(" 1", 15),
		"//roll-dice16-sides1":           "",
		"//roll-dice0-sides1":            "",
		"//roll-sides0":                  "",
		"//roll-sides1000":               "",
		"//roll-sides0001":               "",
		"//roll-sides1-sides1":           "",
		"//roll-sides-1":                 "",
		"//roll-sides":                   "",
		"//roll-":                        "",
		"//roll-faces1":                  "",
		"//roll-sides1-dice1-x":          "",
		"//rolls":                        "",
		"//roll x":                       "",
		" //roll-sides1":                 "", // after trimming none of the server's
		"x <B>//roll-sides1</B>":         "",
		"//ROLL-sides1":                  "",
		"<!--//roll-sides1-->":           "",
		"//roll-1-sides1":                "",
		"//roll-sides1-dice99999999999x": "",
	} {
		name, got := New(Options{}).roll("Bob", text)
		if want == "" {
			if name != "Bob" || got != text {
				t.Errorf("%q rolled: %q", text, got)
			}
			continue
		}
		full := `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">Bob rolled ` + want + `</FONT></BODY></HTML>`
		if name != rollHost || got != full {
			t.Errorf("%q: %s says %q, want %q", text, name, got, full)
		}
	}
}

func TestRollRange(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	s := New(Options{})
	for range 400 {
		_, got := s.roll("Bob", "//roll-dice1-sides3")
		_, n, _ := strings.Cut(got, "dice: ")
		seen[n[:1]] = true
	}
	if fmt.Sprint(len(seen), seen["1"], seen["2"], seen["3"]) != "3 true true true" {
		t.Errorf("rolled %v", seen)
	}
}

func TestRollIsHeard(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.onAs(toc.SignOn2, "bob")
		l.say(alice, "toc_chat_join 4 r")
		l.say(bob, "toc_chat_join 4 r")
		l.quiet(alice, bob)
		l.say(alice, "toc_chat_send 0 //roll")
		a, b := alice.take(), bob.take()
		if len(a) != 1 || !strings.HasPrefix(a[0], `CHAT_IN_ENC:0:OnlineHost:F:A:en:<HTML>`) {
			t.Errorf("alice: %q", a)
		}
		if len(b) != 1 || !strings.HasPrefix(b[0], `CHAT_IN:0:OnlineHost:F:<HTML>`) {
			t.Errorf("bob: %q", b)
		}
		l.say(alice, "toc_chat_whisper 0 bob //roll-sides1")
		l.gets(alice)
		if b := bob.take(); len(b) != 1 || !strings.Contains(b[0], "Alice Smith rolled 2 1-sided dice: 1 1<") {
			t.Errorf("bob: %q", b)
		}
	})
}

// TestNameInRoom is the one a member had when joining.
func TestNameInRoom(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, "toc_chat_join 4 r")
		l.say(bob, "toc_chat_join 4 r")
		l.say(alice, `toc_format_nickname "ALICESMITH"`)
		l.quiet(alice, bob)
		l.say(alice, "toc_chat_send 0 x")
		l.gets(bob, "CHAT_IN_ENC:0:Alice Smith:F:A:en:x")
		l.say(alice, `toc2_send_im bob "x"`)
		l.gets(bob, "IM_IN_ENC2:ALICESMITH:F:F:T: U :F:L:en:x")
	})
}
