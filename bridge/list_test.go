package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

func TestFilterList(t *testing.T) {
	t.Parallel()
	items := []ircd.ListItem{{Channel: "&buddies", Users: 5}, {Channel: "#room", Users: 2}, {Channel: "#other", Users: 9}}
	for conditions, want := range map[string]string{
		"#room": "#room", "#ROOM,#other": "#room #other", "#nowhere": "", "*o*": "#room #other", ">4": "&buddies #other", "<9": "&buddies #room",
		"!#*": "&buddies", "#*,>3": "#other", ">2,<9": "&buddies", ">x": "", "": "&buddies #room #other",
	} {
		var got []string
		for _, item := range filterList(items, strings.Split(conditions, ",")) {
			got = append(got, item.Channel)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("LIST %s: %v, want %s", conditions, got, want)
		}
	}
}

func TestWhispers(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t, ircdtest.Caps("message-tags", "echo-message"))
	plain := r.attach("alice")
	plain.Expect("366 * #My_Room *")
	end.tell(toc.ChatIn{Room: 0, From: "bob", Whisper: true, Text: "psst"})
	if m := c.Expect(":bob!* PRIVMSG alice psst"); m.Tags["+draft/channel-context"] != "#My_Room" {
		t.Errorf("tags %v", m.Tags)
	}
	plain.Expect(":bob!* PRIVMSG alice :[#My_Room] psst")
	c.Send("@+draft/channel-context=#my_room PRIVMSG bob :psst too")
	end.expect(toc.ChatWhisper{Room: 0, To: "bob", Text: "psst too"})
	if m := c.Expect(":alice!* PRIVMSG bob :psst too"); m.Tags["+draft/channel-context"] != "#my_room" {
		t.Errorf("echo with tags %v", m.Tags)
	}
	c.Send("@+draft/channel-context=#elsewhere PRIVMSG bob :an IM")
	end.expect(imTo("bob", "an IM"))
}

func TestInviteNotify(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	end.tell(here("carol", " U "))
	c.Expect(":carol!* JOIN &buddies")
	d := r.attach("alice", ircdtest.Caps("invite-notify"))
	e := r.attach("alice")
	c.Send("INVITE carol #My_Room")
	c.Expect("341 alice carol #My_Room")
	d.Expect(":alice!* INVITE carol #My_Room")
	for _, m := range e.Sync() {
		if m.Command == "INVITE" {
			t.Errorf("a client that did not ask for it saw %s", m)
		}
	}
}
