package bridge

import (
	"testing"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// TestChghost: a buddy who is signed on elsewhere has a user name of our making; when the buddy comes to this bridge too,
// its own takes that place, where it is shown.
func TestChghost(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t, ircdtest.Caps("chghost"))
	d := r.attach("alice")
	end.tell(here("carol", " U "))
	c.Expect(":carol!carol@aim JOIN &buddies")
	r.attach("carol", ircdtest.User("rooty"))
	end.tell(toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"carol"}})
	c.Expect(":carol!carol@aim CHGHOST rooty carol.aim")
	c.ExpectNext(":carol!rooty@carol.aim JOIN #My_Room")
	end.tell(imFrom("carol", "hi"))
	c.Expect(":carol!rooty@carol.aim PRIVMSG alice hi")
	d.Expect(":carol!rooty@carol.aim JOIN #My_Room") // and no CHGHOST, which it did not ask for
	d.ExpectNot("CHGHOST ...")

	// Somebody who was never shown simply arrives.
	r.attach("zoe", ircdtest.User("other"))
	end.tell(toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"zoe"}})
	c.ExpectNext(":zoe!other@zoe.aim JOIN #My_Room")

	// So does a buddy who signs on here and nowhere else.
	end.tell(gone("bob"))
	c.Expect(":bob!bob@aim QUIT *")
	r.attach("bob", ircdtest.User("bobby"))
	end.tell(here("bob", " U "))
	c.Expect(":bob!bobby@bob.aim JOIN &buddies")
	c.ExpectNot("CHGHOST ...")
}

// No two people share a user@host, whatever user names they log in with.
func TestHostFor(t *testing.T) {
	t.Parallel()
	o := Options{Host: "aim"}
	for _, tt := range []struct{ user, name, want string }{
		{"coolguy", "Cool Guy", "aim"},
		{"irssi", "Cool Guy", "coolguy.aim"},
		{"irssi", "a.b@mac.com", "a-b-mac-com.aim"},
	} {
		if got := o.hostFor(tt.user, toc.ScreenName(tt.name)); got != tt.want {
			t.Errorf("%s as %s: %s, want %s", tt.name, tt.user, got, tt.want)
		}
	}
}
