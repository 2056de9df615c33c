package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestInvitationHasTheWholeName: between users of one bridge, through a server that cuts names at the first hyphen, an
// invitation has the room's true name and exchange, and JOIN accepts it.
func TestInvitationHasTheWholeName(t *testing.T) {
	t.Parallel()
	far := tocd.Options{Accounts: accounts("alice", "bob", "carol"), PublicRooms: []string{"Town Square - main"}}
	w, shutdown := newWorld(t, far, Options{})
	defer shutdown()
	alice, bob, carol := w.login("alice"), w.login("bob"), w.login("carol", ircdtest.Caps("invite-notify"))
	for _, channel := range []string{"#Lost_and_found_-_the_room", "#a-b-c", "#-", "##Town_Square_-_main", "#no_hyphen", "#%3A-)", "#Café-早餐"} {
		alice.Send("JOIN %s", channel)
		name := alice.Expect(":alice!* JOIN *").Params[0]
		alice.Expect("366 alice " + name + " *")
		carol.Send("JOIN %s", channel)
		carol.Expect("366 carol " + name + " *")
		alice.Send("INVITE bob %s", channel)
		alice.Expect("341 alice bob " + name)
		carol.Expect(":alice!* INVITE bob " + name)
		bob.Expect(":alice!alice@aim INVITE bob " + name)
		bob.Send("JOIN %s", name)
		bob.ExpectNext(":bob!* JOIN " + name)
		alice.Expect(":bob!* JOIN " + name)
		alice.Send("PRIVMSG %s :welcome", channel)
		bob.Expect(":alice!* PRIVMSG " + name + " welcome")
		for i, c := range []*ircdtest.Client{alice, bob, carol} {
			c.Send("PART %s", name)
			c.Expect(":" + []string{"alice", "bob", "carol"}[i] + "!* PART " + name)
		}
	}
}

// TestInvitationAcrossBridges: from another bridge like this one the true name is in the text; from any other client it is
// not, and then JOIN of the name as cut leads to the room and says so (470).
func TestInvitationAcrossBridges(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.ChatInvite{Name: "lost", Room: 0, From: "bob", Text: "Join me in lost-found &amp; more"})
	c.Expect(":bob!* INVITE alice #lost-found_&_more")
	end.tell(toc.ChatInvite{Name: "lost", Room: 1, From: "bob", Text: "Join me in there, friend"}) // no such name
	c.Expect(":bob!* INVITE alice #lost")
	end.tell(toc.ChatInvite{Name: "other", Room: 2, From: "Zoe Z", Text: "come: <b>in</b>"})
	c.Expect(":ZoeZ!* INVITE alice #other")
	c.Expect(":ZoeZ!* NOTICE alice :invites you to #other: come: in")
	c.Send("JOIN #lost")
	end.expect(toc.ChatAccept{Room: 1})
	end.tell(toc.ChatJoined{Room: 1, Name: "lost-luggage"}, toc.ChatMembers{Room: 1, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
	c.Expect("470 alice #lost #lost-luggage *")
	c.Expect(":alice!* JOIN #lost-luggage")
	c.Send("JOIN #lost-found_&_more")
	end.expect(toc.ChatAccept{Room: 0})
	end.tell(toc.ChatJoined{Room: 0, Name: "lost-found & more"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice"}})
	c.Expect(":alice!* JOIN #lost-found_&_more")
	end.tell(toc.ChatInvite{Name: "", Room: 7, From: "bob", Text: "come"})
	c.Expect(":bob!* INVITE alice #-")
	c.Send("JOIN #-")
	end.expect(toc.ChatAccept{Room: 7})
	end.tell(toc.ChatJoined{Room: 7, Name: "-x-"}, toc.ChatMembers{Room: 7, Here: true, Names: []toc.ScreenName{"alice"}})
	c.Expect("470 alice #- #-x- *")
	c.Expect(":alice!* JOIN #-x-")
	c.Send("PART #lost-luggage")
	c.Expect("PART #lost-luggage")
	end.tell(toc.ChatInvite{Name: "lost", Room: 1, From: "bob", Text: "again"}) // the id says which
	c.Expect(":bob!* INVITE alice #lost-luggage")
}

// TestInvitationIntoARoomOneIsIn: accepted under its cut name while we are in it under its true one.
func TestInvitationIntoARoomOneIsIn(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("JOIN #a-b")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "a-b"})
	end.tell(toc.ChatJoined{Room: 0, Name: "a-b"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
	c.Expect("366 alice #a-b *")
	end.tell(toc.ChatInvite{Name: "a", Room: 5, From: "bob", Text: "x"}) // an id we have never seen
	c.Expect(":bob!* INVITE alice #a")
	c.Send("JOIN #a")
	end.expect(toc.ChatAccept{Room: 5})
	end.tell(toc.ChatJoined{Room: 5, Name: "a-b"}, toc.ChatMembers{Room: 5, Here: true, Names: []toc.ScreenName{"alice", "bob", "zoe"}})
	c.Expect("470 alice #a #a-b *")
	c.Expect(":zoe!* JOIN #a-b")
	c.Send("PRIVMSG #a-b :still fine")
	end.expect(toc.ChatSend{Room: 5, Text: "still fine"})
	for _, m := range c.Sync() {
		t.Errorf("unasked: %s", m)
	}
}

// TestInviteIsAnswered: who cannot be invited is said at once; a stranger is asked about first.
func TestInviteIsAnswered(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	c.Send("INVITE zoe #My_Room")
	end.expect(toc.GetStatus{Name: "zoe"})
	end.tell(toc.ServerError{Code: 901, Arg: "zoe"})
	c.Expect("401 alice zoe *")
	c.Send("INVITE yan #My_Room")
	end.expect(toc.GetStatus{Name: "yan"})
	end.tell(here("Yan", " UU"))
	end.expect(toc.ChatInviteTo{Room: 0, Text: "Join me in My Room", Names: []toc.ScreenName{"yan"}})
	c.Expect("341 alice Yan #My_Room")
	c.Expect("301 alice Yan Away")
	c.Send("MODE &buddies +b spammer")
	c.Send("INVITE spammer #My_Room")
	c.Expect("401 alice spammer :Not invited: you block spammer")
	c.Send("INVITE bob #My_Room")
	c.Expect("443 alice bob #My_Room *")
	c.Send("INVITE zoe #nowhere")
	c.Expect("442 alice #nowhere *")
	for _, cmd := range end.take() {
		if inv, ok := cmd.(toc.ChatInviteTo); ok {
			t.Errorf("invited: %v", inv)
		}
	}
}

// TestWhispersAmongNeighbours: the live server marks whispers as public text; between users of one bridge they are known
// all the same, with every kind of client, and in the history's place of private messages.
func TestWhispersAmongNeighbours(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol")}, Options{})
	defer shutdown()
	alice, bob, old, carol := w.login("alice", ircdtest.Caps("message-tags")), w.login("bob", ircdtest.Caps("message-tags")), w.login("bob"), w.login("carol")
	for _, c := range []*ircdtest.Client{alice, bob, carol} {
		c.Send("JOIN #room")
		c.Expect("366 * #room *")
	}
	alice.Expect(":carol!* JOIN #room")
	alice.Send("@+draft/channel-context=#room PRIVMSG bob :psst, \x02you\x02")
	if m := bob.Expect(":alice!* PRIVMSG bob :psst, \x02you\x02"); m.Tags["+draft/channel-context"] != "#room" || m.Tags["+channel-context"] != "#room" {
		t.Errorf("tags %v", m.Tags)
	}
	old.Expect(":alice!* PRIVMSG bob :[#room] psst, \x02you\x02")
	alice.Send("@+channel-context=#room PRIVMSG bob :\x01ACTION winks\x01")
	bob.Expect(":alice!* PRIVMSG bob :\x01ACTION winks\x01")
	old.Expect(":alice!* PRIVMSG bob :\x01ACTION [#room] winks\x01")
	old.Send("PRIVMSG *aim :whisper #room alice well, \x1dwell\x1d  <3")
	old.Expect("PRIVMSG bob :Whispered to alice in #room: well, \x1dwell\x1d  <3")
	if m := alice.Expect(":bob!* PRIVMSG alice :well, \x1dwell\x1d  <3"); m.Tags["+draft/channel-context"] != "#room" {
		t.Errorf("tags %v", m.Tags)
	}
	alice.Send("PRIVMSG #room :to all")
	bob.Expect(":alice!* PRIVMSG #room :to all")
	for _, m := range append(carol.Sync(), old.Sync()...) {
		if strings.Contains(m.Trailing(), "psst") || m.Command == "PRIVMSG" && m.Params[0] == "#room" && m.Trailing() != "to all" {
			t.Errorf("told to the wrong person: %s", m)
		}
	}
	for in, want := range map[string]string{
		"whisper #room zed hi":     "zed is not in #room.",
		"whisper #else alice hi":   "You are not in a room #else.",
		"whisper #room alice \x02": "Usage: whisper #ROOM NICK TEXT",
	} {
		old.Send("PRIVMSG *aim :%s", in)
		old.Expect("PRIVMSG bob :" + want)
	}
}
