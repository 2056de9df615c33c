package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// inRoom is alice alone with bob in #My_Room, id 0.
func inRoom(t *testing.T, opts ...ircdtest.Option) (*rig, *ircdtest.Client, *farEnd) {
	r, c, end := talk(t, opts...)
	c.Send("JOIN #My_Room")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "My Room"})
	end.tell(toc.ChatJoined{Room: 0, Name: "My Room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
	c.Expect(":alice!* JOIN #My_Room")
	c.Expect("332 alice #My_Room :AIM chat room \"My Room\" (exchange 4)")
	if m := c.Expect("353 alice = #My_Room *"); m.Trailing() != "alice bob" {
		t.Errorf("names %q", m.Trailing())
	}
	c.Expect("366 alice #My_Room *")
	return r, c, end
}

func TestRoom(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	d := r.attach("alice")
	d.Expect("366 alice #My_Room *")
	end.tell(toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"Zoe Z", "bob"}})
	c.Expect(":ZoeZ!zoez@aim JOIN #My_Room")
	end.tell(toc.ChatIn{Room: 0, From: "Zoe Z", Text: "<b>hi</b> all"})
	c.Expect(":ZoeZ!zoez@aim PRIVMSG #My_Room :\x02hi\x02 all")
	c.Send("PRIVMSG #my_room :hello & welcome")
	end.expect(toc.ChatSend{Room: 0, Text: "hello &amp; welcome"})
	d.Expect(":alice!* PRIVMSG #My_Room :hello & welcome")
	end.tell(toc.ChatIn{Room: 0, From: "Alice", Text: "hello &amp; welcome"}) // comes back: not shown again
	end.tell(toc.ChatIn{Room: 0, From: "Alice", Text: "from my other AIM"})
	c.Expect(":alice!* PRIVMSG #My_Room :from my other AIM")
	d.Expect(":alice!* PRIVMSG #My_Room :from my other AIM")
	end.tell(toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"Zoe Z"}})
	c.Expect(":ZoeZ!zoez@aim PART #My_Room")
	for _, m := range c.Sync() {
		t.Errorf("unasked: %s", m)
	}
	c.Send("PART #My_Room :bye")
	end.expect(toc.ChatLeave{Room: 0})
	c.Expect(":alice!* PART #My_Room bye")
	d.Expect(":alice!* PART #My_Room bye")
	c.Send("PRIVMSG #My_Room :x")
	c.Expect("404 alice #My_Room *")
}

func TestRoomEchoMessage(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t, ircdtest.Caps("echo-message"))
	c.Send("PRIVMSG #My_Room :\x01ACTION waves\x01")
	end.expect(toc.ChatSend{Room: 0, Text: "/me waves"})
	c.Expect(":alice!* PRIVMSG #My_Room :\x01ACTION waves\x01")
	end.tell(toc.ChatIn{Room: 0, From: "alice", Text: "/me waves"})
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("shown twice: %v", got)
	}
}

func TestRoomRefused(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Send("JOIN ##public,#other")
	c.Send("PRIVMSG bob :after the join")
	end.expect(toc.ChatJoin{Exchange: 5, Name: "public"})
	end.expect(toc.ChatJoin{Exchange: 4, Name: "other"})
	end.tell(toc.ServerError{Code: 913, Arg: "internal server error"})
	end.tell(toc.ChatJoined{Room: 0, Name: "other"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice"}})
	c.Expect("403 alice ##public *")
	c.Expect(":alice!* JOIN #other")
	end.expect(imTo("bob", "after the join"))
	c.Send("JOIN nowhere")
	c.Expect("403 alice nowhere *")
	c.Send("JOIN #other")
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("joining twice says %v", got)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.ChatInvite{Name: "lost", Room: 3, From: "bob", Text: "come: in"}) // trap 12: lost-found-room
	c.Expect(":bob!bob@aim INVITE alice #lost")
	c.Expect(":bob!bob@aim NOTICE alice :invites you to #lost: come: in")
	c.Send("JOIN #lost")
	end.expect(toc.ChatAccept{Room: 3})
	end.tell(toc.ChatJoined{Room: 3, Name: "lost-found-room"}, toc.ChatMembers{Room: 3, Here: true, Names: []toc.ScreenName{"bob", "alice"}})
	c.Expect(":alice!* JOIN #lost-found-room")
	end.tell(here("carol", " U "))
	c.Expect(":carol!* JOIN &buddies")
	c.Send("INVITE carol #lost-found-room")
	c.Expect("341 alice carol #lost-found-room")
	c.Send("INVITE bob #lost-found-room")
	c.Expect("443 alice bob #lost-found-room *")
	c.Send("INVITE bob #elsewhere")
	c.Expect("442 alice #elsewhere *")
	found := false
	for _, cmd := range end.commands() {
		inv, ok := cmd.(toc.ChatInviteTo)
		found = found || ok && inv.Room == 3 && len(inv.Names) == 1 && inv.Names[0] == "carol"
	}
	if !found {
		t.Errorf("no invitation sent: %v", end.commands())
	}
}

// TestMembersBeforeJoin: the two messages are written by different goroutines of the server.
func TestMembersOfAcceptedRoomBeforeJoin(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.ChatInvite{Name: "room", Room: 5, From: "bob"})
	c.Expect("INVITE alice #room")
	c.Send("JOIN #room")
	end.expect(toc.ChatAccept{Room: 5})
	end.tell(toc.ChatMembers{Room: 5, Here: true, Names: []toc.ScreenName{"alice", "bob"}}, toc.ChatJoined{Room: 5, Name: "room"})
	c.Expect(":alice!* JOIN #room")
	if m := c.Expect("353 * = #room *"); !strings.Contains(m.Trailing(), "bob") {
		t.Errorf("names %q", m.Trailing())
	}
}

func TestRoomsHaveNoOperators(t *testing.T) {
	t.Parallel()
	_, c, _ := inRoom(t)
	for _, tc := range []struct{ send, expect string }{
		{"KICK #My_Room bob", "482 alice #My_Room *"},
		{"KICK #My_Room nobody", "441 alice nobody #My_Room *"},
		{"KICK #nowhere bob", "403 alice #nowhere *"},
		{"TOPIC #My_Room :new", ":alice!* TOPIC #My_Room new"},
		{"TOPIC #My_Room", "332 alice #My_Room new"},
		{"MODE #My_Room", "324 alice #My_Room +nt"},
		{"MODE #My_Room +t", "482 alice #My_Room *"},
		{"MODE #My_Room +o bob", "482 alice #My_Room *"},
		{"MODE #My_Room +Z", "472 alice Z ..."},
		{"MODE #My_Room b", "368 alice #My_Room *"},
		{"WHO #My_Room", "315 alice #My_Room *"},
		{"NAMES #nowhere", "366 alice #nowhere *"},
		{"JOIN 0", ":alice!* PART #My_Room"},
	} {
		c.Send("%s", tc.send)
		c.Expect(tc.expect)
	}
}

func TestQuitOfARoomMate(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	end.tell(gone("bob"), toc.ChatMembers{Room: 0, Names: []toc.ScreenName{"bob"}})
	c.Expect(":bob!bob@aim QUIT *")
	if got := c.Sync(); len(got) != 0 {
		t.Errorf("left twice: %v", got)
	}
}
