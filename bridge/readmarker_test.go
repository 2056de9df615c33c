package bridge

import (
	"testing"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// The read marker of a conversation only goes forward, and all clients hear of it.
func TestReadMarker(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	desk := ircdtest.Dial(t, r.addr)
	desk.Register("alice", ircdtest.Pass("secret"), ircdtest.Caps("draft/read-marker"))
	r.nextEnd()
	desk.Expect("JOIN &buddies")
	desk.ExpectNext("MARKREAD &buddies *")
	desk.Expect("366 alice &buddies *")
	phone := r.attach("alice", ircdtest.Caps("draft/read-marker"))
	old := r.attach("alice")
	const early, late = "timestamp=2026-01-01T00:00:00.000Z", "timestamp=2026-01-02T00:00:00.000Z"
	for _, tt := range []struct {
		say, answer string
		others      bool // hear it too
	}{
		{"MARKREAD Bob", "MARKREAD Bob *", false},
		{"MARKREAD Bob " + late, "MARKREAD Bob " + late, true},
		{"MARKREAD bob " + early, "MARKREAD bob " + late, false},
		{"MARKREAD Bob " + late, "MARKREAD Bob " + late, false},
		{"MARKREAD bob", "MARKREAD bob " + late, false},
		{"MARKREAD &buddies " + early, "MARKREAD &buddies " + early, true},
		{"MARKREAD", "FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters", false},
		{"MARKREAD Bob *", "FAIL MARKREAD INVALID_PARAMS * :Invalid parameters", false},
		{"MARKREAD Bob timestamp=soon", "FAIL MARKREAD INVALID_PARAMS timestamp=soon :Invalid parameters", false},
		{"MARKREAD Bob 2026-01-02T00:00:00.000Z", "FAIL MARKREAD INVALID_PARAMS 2026-01-02T00:00:00.000Z :Invalid parameters", false},
		{"MARKREAD b@d " + late, "FAIL MARKREAD INVALID_PARAMS b@d :Invalid parameters", false},
	} {
		desk.Send("%s", tt.say)
		desk.ExpectNext(tt.answer)
		if tt.others {
			phone.ExpectNext(tt.answer)
		}
		if rest := append(phone.Sync(), old.Sync()...); len(rest) > 0 {
			t.Errorf("%s: others see %v", tt.say, rest)
		}
	}
	desk.Send("MARKREAD Bob timestamp=2999-01-01T00:00:00.000Z") // is no more than now
	if m := desk.Expect("MARKREAD Bob *"); m.Param(1) > "timestamp="+time.Now().UTC().Format(serverTime) {
		t.Errorf("the future is read: %v", m)
	}
}

// A room's marker comes with its JOIN, before the end of its names.
func TestReadMarkerOfRoom(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c, end := r.login("alice", ircdtest.Caps("draft/read-marker"))
	c.Send("MARKREAD #Room timestamp=2026-01-01T00:00:00.000Z")
	c.Expect("MARKREAD #Room ...")
	c.Send("JOIN #Room")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "Room"})
	end.tell(toc.ChatJoined{Room: 7, Name: "Room"}, toc.ChatMembers{Room: 7, Here: true, Names: []toc.ScreenName{"alice"}})
	c.ExpectNext("JOIN #Room")
	c.ExpectNext("MARKREAD #Room timestamp=2026-01-01T00:00:00.000Z")
}
