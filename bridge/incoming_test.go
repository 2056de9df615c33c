package bridge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// seen is what a client got since, one line a message, without what differs from run to run.
func seen(c *ircdtest.Client) (lines []string) {
	for _, m := range c.Sync() {
		lines = append(lines, shown(m))
	}
	return lines
}

// shown writes a message with its last parameter always after a colon; *aim is short for its prefix.
func shown(m *irc.Message) string {
	var b strings.Builder
	for _, tag := range []string{"+typing", "account"} {
		if v, ok := m.Tags[tag]; ok {
			b.WriteString("@" + tag + "=" + v + " ")
		}
	}
	b.WriteString(strings.Replace(":"+m.Prefix.String(), ":*aim!aim@tocbridge", "*aim", 1) + " " + m.Command)
	for i, p := range m.Params {
		if i == len(m.Params)-1 {
			p = ":" + p
		}
		b.WriteString(" " + p)
	}
	return b.String()
}

// incomingCases are what AIM may tell, what a client without capabilities then sees, and what one with them: "=" is the
// same line with the sender's account. bob is a buddy online, carol one offline, zoe a stranger.
var incomingCases = []struct {
	name          string
	tell          []toc.Event
	plain, modern []string
}{
	{"IM of a buddy", []toc.Event{imFrom("bob", "<b>hi</b>")},
		[]string{":bob!bob@aim PRIVMSG alice :\x02hi\x02"}, []string{"@account=bob :bob!bob@aim PRIVMSG alice :\x02hi\x02"}},
	{"IM of a buddy offline", []toc.Event{imFrom("carol", "hi")},
		[]string{":carol!carol@aim PRIVMSG alice :hi"}, []string{"@account=carol :carol!carol@aim PRIVMSG alice :hi"}},
	{"IM of a stranger", []toc.Event{imFrom("Zoe Z", "hi")},
		[]string{":ZoeZ!zoez@aim PRIVMSG alice :hi"}, []string{"@account=zoez :ZoeZ!zoez@aim PRIVMSG alice :hi"}},
	{"IM of two lines", []toc.Event{imFrom("bob", "one<BR>two")},
		[]string{":bob!bob@aim PRIVMSG alice :one", ":bob!bob@aim PRIVMSG alice :two"},
		[]string{"@account=bob :bob!bob@aim PRIVMSG alice :one", "@account=bob :bob!bob@aim PRIVMSG alice :two"}},
	{"IM without text", []toc.Event{imFrom("bob", "<b></b>")}, nil, nil}, // IRC has no empty text
	{"action of a buddy", []toc.Event{imFrom("bob", "<i>/me waves</i>")},
		[]string{":bob!bob@aim PRIVMSG alice :\x01ACTION \x1dwaves\x1d\x01"}, []string{"@account=bob :bob!bob@aim PRIVMSG alice :\x01ACTION \x1dwaves\x1d\x01"}},
	{"auto-response of who is not away", []toc.Event{autoFrom("bob", "out")},
		[]string{":bob!bob@aim NOTICE alice :out"}, []string{"@account=bob :bob!bob@aim NOTICE alice :out"}},
	{"auto-response tells the away text once", []toc.Event{here("bob", " UU"), autoFrom("bob", " at <b>lunch</b> "), autoFrom("bob", " at <b>lunch</b> ")},
		[]string{"*aim MODE &buddies -v :bob", "*aim NOTICE &buddies :bob is away", ":bob!bob@aim NOTICE alice : at \x02lunch\x02 ", ":bob!bob@aim NOTICE alice : at \x02lunch\x02 "},
		[]string{":bob!bob@aim AWAY :Away", "*aim NOTICE &buddies :bob is away", ":bob!bob@aim AWAY :at lunch", "@account=bob :bob!bob@aim NOTICE alice : at \x02lunch\x02 ", "@account=bob :bob!bob@aim NOTICE alice : at \x02lunch\x02 "}},
	{"auto-response of a stranger", []toc.Event{autoFrom("zoe", "out")},
		[]string{":zoe!zoe@aim NOTICE alice :out"}, []string{"@account=zoe :zoe!zoe@aim NOTICE alice :out"}},
	{"typing of a buddy", []toc.Event{toc.Typing{From: "bob", State: toc.TypingActive}, toc.Typing{From: "bob", State: toc.TypingPaused}, toc.Typing{From: "bob"}},
		nil, []string{"@+typing=active @account=bob :bob!bob@aim TAGMSG :alice", "@+typing=paused @account=bob :bob!bob@aim TAGMSG :alice", "@+typing=done @account=bob :bob!bob@aim TAGMSG :alice"}},
	{"typing of a stranger", []toc.Event{toc.Typing{From: "Zoe Z", State: toc.TypingActive}},
		nil, []string{"@+typing=active @account=zoez :ZoeZ!zoez@aim TAGMSG :alice"}},
	{"a buddy comes", []toc.Event{here("carol", " U ")},
		[]string{":carol!carol@aim JOIN :&buddies", "*aim MODE &buddies +v :carol"}, []string{"@account=carol :carol!carol@aim JOIN &buddies carol :carol"}},
	{"a buddy comes, away", []toc.Event{here("carol", " UU")},
		[]string{":carol!carol@aim JOIN :&buddies", "*aim NOTICE &buddies :carol is away"},
		[]string{"@account=carol :carol!carol@aim JOIN &buddies carol :carol", ":carol!carol@aim AWAY :Away", "*aim NOTICE &buddies :carol is away"}},
	{"a stranger is online", []toc.Event{here("zoe", " U "), here("zoe", " UU"), gone("zoe")}, nil, nil},
	{"a buddy goes and comes back", []toc.Event{here("bob", " UU"), here("bob", " U ")},
		[]string{"*aim MODE &buddies -v :bob", "*aim NOTICE &buddies :bob is away", "*aim MODE &buddies +v :bob", "*aim NOTICE &buddies :bob is back"},
		[]string{":bob!bob@aim AWAY :Away", "*aim NOTICE &buddies :bob is away", ":bob!bob@aim AWAY", "*aim NOTICE &buddies :bob is back"}},
	{"a buddy is idle, more so, and active", []toc.Event{idle("bob", 1), idle("bob", 7), idle("bob", 0)},
		[]string{"*aim NOTICE &buddies :bob is idle (1 minute)", "*aim NOTICE &buddies :bob is active again"},
		[]string{"*aim NOTICE &buddies :bob is idle (1 minute)", "*aim NOTICE &buddies :bob is active again"}},
	{"a buddy is warned beyond reason", []toc.Event{warnedAt("bob", 30), warnedAt("bob", 1000), warnedAt("bob", 100), warnedAt("bob", -5)},
		[]string{"*aim NOTICE &buddies :bob has a warning level of 30%", "*aim NOTICE &buddies :bob has a warning level of 100%", "*aim NOTICE &buddies :bob has a warning level of 0%"},
		[]string{"*aim NOTICE &buddies :bob has a warning level of 30%", "*aim NOTICE &buddies :bob has a warning level of 100%", "*aim NOTICE &buddies :bob has a warning level of 0%"}},
	{"a buddy signs off", []toc.Event{gone("bob"), gone("bob")}, []string{":bob!bob@aim QUIT :Signed off"}, []string{":bob!bob@aim QUIT :Signed off"}},
	{"a buddy offline signs off", []toc.Event{gone("carol")}, nil, nil},
	{"a buddy formats its name", []toc.Event{here("B O B", " U ")}, []string{":bob!bob@aim NICK :BOB"}, []string{":bob!bob@aim NICK :BOB"}},
	{"a buddy formats its name in an IM", []toc.Event{imFrom("Bob", "x")},
		[]string{":bob!bob@aim NICK :Bob", ":Bob!bob@aim PRIVMSG alice :x"}, []string{":bob!bob@aim NICK :Bob", "@account=bob :Bob!bob@aim PRIVMSG alice :x"}},
	{"a stranger formats its name", []toc.Event{imFrom("zoe", "x"), imFrom("ZOE", "y")},
		[]string{":zoe!zoe@aim PRIVMSG alice :x", ":ZOE!zoe@aim PRIVMSG alice :y"}, []string{"@account=zoe :zoe!zoe@aim PRIVMSG alice :x", "@account=zoe :ZOE!zoe@aim PRIVMSG alice :y"}},
	{"capabilities are no news", []toc.Event{toc.BuddyCaps{Name: "bob", Caps: []string{"x"}}, toc.BuddyCaps{Name: "zoe"}}, nil, nil},
	{"a room we are not in", []toc.Event{toc.ChatIn{Room: 9, From: "bob", Text: "x"}, toc.ChatLeft{Room: 9}, toc.ChatMembers{Room: 9, Here: true, Names: []toc.ScreenName{"bob", "zoe"}}}, nil, nil},
	{"an invitation of a buddy", []toc.Event{toc.ChatInvite{Name: "Some Room", Room: 3, From: "bob", Text: "come <b>now</b>"}},
		[]string{":bob!bob@aim INVITE alice :#Some_Room", ":bob!bob@aim NOTICE alice :invites you to #Some_Room: come now"},
		[]string{"@account=bob :bob!bob@aim INVITE alice :#Some_Room", "@account=bob :bob!bob@aim NOTICE alice :invites you to #Some_Room: come now"}},
	{"an invitation of a stranger without words", []toc.Event{toc.ChatInvite{Name: "r", Room: 3, From: "zoe"}},
		[]string{":zoe!zoe@aim INVITE alice :#r"}, []string{"@account=zoe :zoe!zoe@aim INVITE alice :#r"}},
	{"an invitation whose name is cut to nothing", []toc.Event{toc.ChatInvite{Room: 3, From: "zoe"}},
		[]string{":zoe!zoe@aim INVITE alice :#-"}, []string{"@account=zoe :zoe!zoe@aim INVITE alice :#-"}},
	{"warned within bounds", []toc.Event{toc.Evil{Level: 400, By: "Bob"}, toc.Evil{Level: -1}},
		[]string{"*aim NOTICE &buddies :You were warned by Bob. Your warning level is now 100%.", "*aim NOTICE &buddies :You were warned by somebody, anonymously. Your warning level is now 0%."},
		[]string{"*aim NOTICE &buddies :You were warned by Bob. Your warning level is now 100%.", "*aim NOTICE &buddies :You were warned by somebody, anonymously. Your warning level is now 0%."}},
	{"answers to nobody", []toc.Event{toc.NewBuddyReply{Name: "zoe", Status: "added"}, toc.DirStatus{Code: "0"}, toc.AdminNick{Code: "0"}, toc.AdminPassword{Code: "0"}, toc.GotoURL{Window: "x", Path: "y"}, toc.Unknown{Text: "?"}}, nil, nil},
	{"a line without a name", []toc.Event{imFrom(" ", "x"), here(" ", " U "), toc.Typing{From: " "}, toc.BuddyCaps{Name: " "}, toc.ChatIn{From: " "}, toc.ChatInvite{Name: "r", From: " "}}, nil, nil},
	{"an error nobody waits for", []toc.Event{toc.ServerError{Code: 901, Arg: "zoe"}},
		[]string{"*aim NOTICE &buddies :zoe is not signed on, or does not let you see them. (AIM error 901)"}, []string{"*aim NOTICE &buddies :zoe is not signed on, or does not let you see them. (AIM error 901)"}},
	{"a buddy added elsewhere", []toc.Event{toc.Inserted{Kind: toc.ListBuddy, Name: "zoe", Group: "Buddies"}, here("zoe", " U ")},
		[]string{":zoe!zoe@aim JOIN :&buddies", "*aim MODE &buddies +v :zoe"}, []string{"@account=zoe :zoe!zoe@aim JOIN &buddies zoe :zoe"}},
	{"a buddy added elsewhere who is online", []toc.Event{here("zoe", " U "), toc.Inserted{Kind: toc.ListBuddy, Name: "zoe", Group: "Buddies"}},
		[]string{":zoe!zoe@aim JOIN :&buddies", "*aim MODE &buddies +v :zoe"}, []string{"@account=zoe :zoe!zoe@aim JOIN &buddies zoe :zoe"}},
	{"a buddy added twice", []toc.Event{toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"}, toc.Inserted{Kind: toc.ListBuddy, Name: "bob", Group: "Other"}}, nil, nil},
	{"an alias that is a nick", []toc.Event{toc.Updated{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "Bobby"}, imFrom("bob", "x")},
		[]string{":bob!bob@aim NICK :Bobby", ":Bobby!bob@aim PRIVMSG alice :x"}, []string{":bob!bob@aim NICK :Bobby", "@account=bob :Bobby!bob@aim PRIVMSG alice :x"}},
	{"an alias that is no nick, or taken", []toc.Event{toc.Updated{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "The Boss"},
		toc.Updated{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "*aim"}, toc.Updated{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies", Alias: "carol"}}, nil, nil},
	{"a buddy removed elsewhere", []toc.Event{toc.Deleted{Kind: toc.ListBuddy, Name: "bob", Group: "Buddies"}, gone("bob")},
		[]string{":bob!bob@aim QUIT :Removed from your list"}, []string{":bob!bob@aim QUIT :Removed from your list"}},
	{"a group removed elsewhere", []toc.Event{toc.Deleted{Kind: toc.ListGroup, Group: "Buddies"}, toc.Deleted{Kind: toc.ListGroup, Group: "Buddies"}},
		[]string{":bob!bob@aim QUIT :Removed from your list"}, []string{":bob!bob@aim QUIT :Removed from your list"}},
	{"removed from a group it is not in", []toc.Event{toc.Deleted{Kind: toc.ListBuddy, Name: "bob", Group: "Other"}, toc.Deleted{Kind: toc.ListBuddy, Name: "zoe", Group: "Buddies"}}, nil, nil},
	{"our name in another form", []toc.Event{toc.Nick{Name: "Al Ice"}, toc.Nick{Name: "Al Ice"}, toc.Nick{Name: "bob"}},
		[]string{":alice!alice@aim NICK :AlIce"}, []string{":alice!alice@aim NICK :AlIce"}},
	{"our own presence", []toc.Event{here("alice", " U "), here("alice", " UU"), gone("alice")}, nil, nil},
}

func autoFrom(name toc.ScreenName, text string) toc.IMIn {
	im := imFrom(name, text)
	im.Auto = true
	return im
}

func idle(name toc.ScreenName, minutes int) toc.BuddyUpdate {
	u := here(name, " U ")
	u.Idle = minutes
	return u
}

func warnedAt(name toc.ScreenName, level int) toc.BuddyUpdate {
	u := here(name, " U ")
	u.Warning = level
	return u
}

// TestIncoming: all that AIM may tell, as two clients see it, and nothing but that.
func TestIncoming(t *testing.T) {
	t.Parallel()
	for _, tc := range incomingCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, plain, end := talk(t)
			modern := r.attach("alice", ircdtest.Caps("away-notify", "extended-join", "message-tags", "account-tag"))
			seen(plain)
			seen(modern)
			end.tell(tc.tell...)
			if diff := cmp.Diff(tc.plain, seen(plain)); diff != "" {
				t.Errorf("without capabilities (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.modern, seen(modern)); diff != "" {
				t.Errorf("with capabilities (-want +got):\n%s", diff)
			}
			for _, m := range end.commands() {
				if _, ok := m.(toc.SendIM); ok {
					t.Errorf("the bridge said something by itself: %#v", m)
				}
			}
		})
	}
}

// TestOutsideBuddies: a client that left &buddies hears of buddies nowhere, and of what concerns itself in private.
func TestOutsideBuddies(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("PART &buddies")
	c.Expect(":alice!* PART &buddies")
	end.tell(here("carol", " U "), here("carol", " UU"), warnedAt("bob", 10), here("Bob", " U "), gone("bob"), gone("carol"))
	end.tell(toc.Evil{Level: 10})
	want := []string{"*aim NOTICE alice :You were warned by somebody, anonymously. Your warning level is now 10%."}
	if diff := cmp.Diff(want, seen(c)); diff != "" {
		t.Errorf("outside &buddies (-want +got):\n%s", diff)
	}
	end.tell(here("carol", " U "))
	c.Sync()
	c.Send("JOIN &buddies")
	if m := c.Expect("353 alice = &buddies *"); m.Trailing() != "alice @*aim +carol" {
		t.Errorf("names on coming back: %q", m.Trailing())
	}
}

// TestUnaskedRoomIsLeft: a room that the server puts us in, and nobody waits for, is left.
func TestUnaskedRoomIsLeft(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	seen(c)
	end.tell(toc.ChatJoined{Room: 12, Name: "surprise"})
	end.expect(toc.ChatLeave{Room: 12})
	if got := seen(c); got != nil {
		t.Errorf("shown: %q", got)
	}
}

// TestThrownOutOfARoom: CHAT_LEFT that nobody asked for is a PART, once.
func TestThrownOutOfARoom(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	d := r.attach("alice")
	d.Expect("366 alice #My_Room *")
	seen(c)
	end.tell(toc.ChatLeft{Room: 0}, toc.ChatLeft{Room: 0}, toc.ChatIn{Room: 0, From: "bob", Text: "?"})
	want := []string{":alice!alice@aim PART #My_Room :AIM took you out of the room"}
	for _, c := range []*ircdtest.Client{c, d} {
		if diff := cmp.Diff(want, seen(c)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	c.Send("PRIVMSG #My_Room :anybody?")
	c.Expect("404 alice #My_Room *")
}

// TestSomebodyElsesName: a NICK that is not ours changes nothing.
func TestSomebodyElsesName(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	seen(c)
	end.tell(toc.Nick{Name: "bob"})
	check(t, "at once", c)
	c.Send("TOPIC &buddies")
	c.Expect("332 alice &buddies :AIM buddies of alice. *")
}
