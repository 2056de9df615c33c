package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

var historyCaps = []string{"message-tags", "server-time", "batch", "draft/chathistory", "labeled-response", "echo-message"}

// page sends a command and returns what its batch holds; the type and parameters of the batch are checked.
func page(t *testing.T, c *ircdtest.Client, batch, format string, args ...any) (lines []*irc.Message) {
	t.Helper()
	c.Send(format, args...)
	open := c.Expect("BATCH +* ...")
	if got := strings.Join(open.Params[1:], " "); got != batch {
		t.Errorf("%s: batch %q, want %q", fmt.Sprintf(format, args...), got, batch)
	}
	ref := open.Param(0)[1:]
	for {
		m := c.Next()
		if m.Command == "BATCH" && m.Param(0) == "-"+ref {
			return lines
		}
		if m.Tags["batch"] != ref {
			t.Errorf("%v is not in the batch %s", m, ref)
		}
		lines = append(lines, m)
	}
}

// spoken is a client with a history of ten lines with Bob, "1" to "10", odd ones his; and their ids and times.
func spoken(t *testing.T, caps ...string) (c *ircdtest.Client, end *farEnd, ids, times []string) {
	t.Helper()
	r := bouncer(t)
	r.config("alice", buddies("Bob"))
	c = r.attach("alice", ircdtest.SASL("alice@desk", "secret"), ircdtest.Caps(append(caps, historyCaps...)...))
	c.Pongs = true
	end = r.nextEnd()
	end.tell(here("Bob", " O "))
	c.Expect("JOIN &buddies ...")
	ids, times = []string{""}, []string{""}
	for i := 1; i <= 10; i++ {
		if i%2 == 1 {
			end.tell(im("Bob", fmt.Sprint(i)))
		} else {
			c.Send("PRIVMSG Bob %d", i)
		}
		m := c.Expect(fmt.Sprint("PRIVMSG * ", i))
		ids, times = append(ids, m.Tags["msgid"]), append(times, m.Tags["time"])
	}
	return c, end, ids, times
}

// Every subcommand, by id and by time, finds exactly what its specification says, in order.
func TestChatHistory(t *testing.T) {
	t.Parallel()
	c, _, ids, _ := spoken(t)
	for _, tt := range []struct {
		ask  string // with ids[n] for %n
		want string
	}{
		{"LATEST Bob * 3", "8 9 10"},
		{"LATEST bob * 100", "1 2 3 4 5 6 7 8 9 10"},
		{"LATEST Bob %7 100", "8 9 10"},
		{"LATEST Bob %2 3", "8 9 10"},
		{"BEFORE Bob %5 2", "3 4"},
		{"BEFORE Bob %1 5", ""},
		{"BEFORE Bob %5 100", "1 2 3 4"},
		{"AFTER Bob %5 2", "6 7"},
		{"AFTER Bob %10 5", ""},
		{"AROUND Bob %5 3", "4 5 6"},
		{"AROUND Bob %5 1", "5"},
		{"AROUND Bob %1 4", "1 2 3 4"},
		{"BETWEEN Bob %2 %7 100", "3 4 5 6"},
		{"BETWEEN Bob %7 %2 100", "3 4 5 6"},
		{"BETWEEN Bob %2 %7 2", "3 4"},
		{"BETWEEN Bob %7 %2 2", "5 6"},
		{"latest Bob timestamp=2000-01-01T00:00:00.000Z 2", "9 10"},
		{"BEFORE Bob timestamp=2000-01-01T00:00:00.000Z 2", ""},
		{"AFTER Bob timestamp=2000-01-01T00:00:00.000Z 2", "1 2"},
		{"BEFORE Bob timestamp=2999-01-01T00:00:00.000Z 2", "9 10"},
		{"BETWEEN Bob timestamp=2000-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z 2", "1 2"},
		{"BETWEEN Bob timestamp=2999-01-01T00:00:00.000Z timestamp=2000-01-01T00:00:00.000Z 2", "9 10"},
		{"BETWEEN Bob timestamp=2000-01-01T00:00:00.000Z %4 100", "1 2 3"},
		{"LATEST &buddies * 10", ""},
		{"LATEST nobody * 10", ""},
	} {
		ask := tt.ask
		for n := 10; n > 0; n-- {
			ask = strings.ReplaceAll(ask, fmt.Sprint("%", n), "msgid="+ids[n])
		}
		title := strings.Fields(tt.ask)[1] // as the client spells it
		got := texts(page(t, c, "chathistory "+title, "CHATHISTORY %s", ask))
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.ask, got, tt.want)
		}
	}
}

// A page has the lines as they were sent: ids, times, accounts, senders and targets.
func TestChatHistoryLines(t *testing.T) {
	t.Parallel()
	c, _, ids, times := spoken(t)
	for i, m := range page(t, c, "chathistory Bob", "@label=x CHATHISTORY LATEST Bob * 10") {
		n := i + 1
		from, to := "Bob", "alice"
		if n%2 == 0 {
			from, to = "alice", "Bob"
		}
		if m.Tags["msgid"] != ids[n] || m.Tags["time"] != times[n] || m.Prefix.Name != from || m.Param(0) != to || m.Tags["label"] != "" {
			t.Errorf("%d: %v", n, m)
		}
	}
}

func TestChatHistoryTargets(t *testing.T) {
	t.Parallel()
	c, end, _, times := spoken(t)
	end.tell(im("Carol", "hi"))
	last := c.Expect("PRIVMSG alice hi").Tags["time"]
	const early, late = "timestamp=2000-01-01T00:00:00.000Z", "timestamp=2999-01-01T00:00:00.000Z"
	for _, tt := range []struct{ ask, want string }{
		{early + " " + late + " 10", "TARGETS Bob " + times[10] + "|TARGETS Carol " + last},
		{late + " " + early + " 10", "TARGETS Bob " + times[10] + "|TARGETS Carol " + last},
		{early + " " + late + " 1", "TARGETS Bob " + times[10]},
		{late + " " + early + " 1", "TARGETS Carol " + last},
		{early + " timestamp=2001-01-01T00:00:00.000Z 5", ""},
	} {
		var got []string
		for _, m := range page(t, c, "draft/chathistory-targets", "CHATHISTORY TARGETS %s", tt.ask) {
			got = append(got, strings.Join(m.Params, " "))
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s: %q, want %q", tt.ask, got, tt.want)
		}
	}
}

// Everything that can be wrong is FAIL, with the code of the specification.
func TestChatHistoryErrors(t *testing.T) {
	t.Parallel()
	c, _, _, _ := spoken(t)
	for ask, want := range map[string]string{
		"":                                       "INVALID_PARAMS * :Unknown command",
		"BEFOREHAND Bob * 5":                     "INVALID_PARAMS BEFOREHAND :Unknown command",
		"LATEST":                                 "INVALID_PARAMS LATEST :Insufficient parameters",
		"LATEST Bob *":                           "INVALID_PARAMS LATEST :Insufficient parameters",
		"LATEST Bob * 5 6":                       "INVALID_PARAMS LATEST :Too many parameters",
		"BETWEEN Bob msgid=x 5":                  "INVALID_PARAMS BETWEEN :Insufficient parameters",
		"LATEST Bob * five":                      "INVALID_PARAMS LATEST five :Invalid limit",
		"LATEST Bob * 0":                         "INVALID_PARAMS LATEST 0 :Invalid limit",
		"LATEST Bob * -1":                        "INVALID_PARAMS LATEST -1 :Invalid limit",
		"BEFORE Bob * 5":                         "INVALID_MSGREFTYPE BEFORE Bob * :Messages are found by timestamp= or msgid=",
		"BEFORE Bob seq=5 5":                     "INVALID_MSGREFTYPE BEFORE Bob seq=5 :Messages are found by timestamp= or msgid=",
		"BEFORE Bob yesterday 5":                 "INVALID_PARAMS BEFORE yesterday :Invalid timestamp",
		"BEFORE Bob timestamp=yesterday 5":       "INVALID_PARAMS BEFORE timestamp=yesterday :Invalid timestamp",
		"BEFORE Bob msgid= 5":                    "INVALID_MSGREFTYPE BEFORE Bob msgid= :Messages are found by timestamp= or msgid=",
		"BEFORE Bob msgid=nonsense 5":            "MESSAGE_ERROR BEFORE Bob :Messages could not be retrieved",
		"BEFORE Bob msgid=1k82n2vqk0000000002 5": "MESSAGE_ERROR BEFORE Bob :Messages could not be retrieved",
		"LATEST b@d * 5":                         "INVALID_TARGET LATEST b@d :Messages could not be retrieved",
		"LATEST #nowhere * 5":                    "INVALID_TARGET LATEST #nowhere :Messages could not be retrieved",
		"LATEST &nogroup * 5":                    "INVALID_TARGET LATEST &nogroup :Messages could not be retrieved",
		"TARGETS":                                "INVALID_PARAMS TARGETS :Wrong number of parameters",
		"TARGETS * timestamp=2 5":                "INVALID_MSGREFTYPE TARGETS * :Invalid timestamp",
		"TARGETS msgid=x msgid=y 5":              "INVALID_MSGREFTYPE TARGETS msgid=x :TARGETS takes timestamps only",
		"TARGETS timestamp=x timestamp=y 5":      "INVALID_PARAMS TARGETS timestamp=x :Invalid timestamp",
		"TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2001-01-01T00:00:00.000Z x": "INVALID_PARAMS TARGETS x :Invalid limit",
	} {
		c.Send("CHATHISTORY %s", ask)
		if m := c.Next(); ircdtest.Match("FAIL CHATHISTORY "+want, m) != "" {
			t.Errorf("%q: %v, want %s", ask, m, want)
		}
	}
}

// Who came, left and changed the topic is there for those who asked for events, and for nobody else.
func TestEventPlayback(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.attach("alice", ircdtest.SASL("alice@desk", "secret"), ircdtest.Caps(append(historyCaps, "draft/event-playback")...))
	c.Pongs = true
	end := r.nextEnd()
	c.Send("JOIN #Room")
	end.expect(toc.ChatJoin{Exchange: 4, Name: "Room"})
	end.tell(toc.ChatJoined{Room: 7, Name: "Room"}, toc.ChatMembers{Room: 7, Here: true, Names: []toc.ScreenName{"alice", "Bob"}})
	c.Expect("366 alice #Room *")
	end.tell(toc.ChatMembers{Room: 7, Here: true, Names: []toc.ScreenName{"Carol"}}, toc.ChatIn{Room: 7, From: "Carol", Text: "hi"},
		toc.ChatMembers{Room: 7, Names: []toc.ScreenName{"Carol"}})
	c.Expect(":Carol!* PART #Room")
	verbs := func(c *ircdtest.Client) (got []string) {
		for _, m := range page(t, c, "chathistory #room", "CHATHISTORY LATEST #room * 100") {
			got = append(got, m.Prefix.Name+" "+m.Command)
		}
		return got
	}
	if got := strings.Join(verbs(c), ", "); got != "Carol JOIN, Carol PRIVMSG, Carol PART" {
		t.Errorf("with events: %s", got)
	}
	other := r.attach("alice", ircdtest.SASL("alice@phone", "secret"), ircdtest.Caps(historyCaps...))
	other.Expect("366 alice #Room *")
	if got := strings.Join(verbs(other), ", "); got != "Carol PRIVMSG" {
		t.Errorf("without: %s", got)
	}
}

// So is who signed on and off, in &buddies.
func TestPresencePlayback(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	r.config("alice", buddies("Bob"))
	c := r.attach("alice", ircdtest.SASL("alice@desk", "secret"), ircdtest.Caps(append(historyCaps, "draft/event-playback")...))
	end := r.nextEnd()
	end.tell(here("Bob", " O "), gone("Bob"))
	c.Expect(":Bob!* QUIT ...")
	var got []string
	for _, m := range page(t, c, "chathistory &buddies", "CHATHISTORY LATEST &buddies * 10") {
		got = append(got, m.Prefix.Name+" "+m.Command)
	}
	if strings.Join(got, ", ") != "Bob JOIN, Bob QUIT" {
		t.Errorf("%q", got)
	}
}

// A client that asks for history is shown nothing unasked.
func TestNoReplayWithChatHistory(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	phone := r.device("phone", historyCaps...)
	end := r.nextEnd()
	phone.Close()
	desk := r.device("desk")
	end.tell(im("Bob", "one"))
	desk.Expect("PRIVMSG alice one")
	phone = r.device("phone", historyCaps...)
	wantTexts(t, "unasked", phone.Sync())
	wantTexts(t, "asked", page(t, phone, "chathistory bob", "CHATHISTORY LATEST bob * 5"), "one")
}

// A message of another user of this bridge that crossed one of ours is found by its id, which is not its place.
func TestChatHistoryByForeignID(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.attach("alice", ircdtest.SASL("alice@desk", "secret"), ircdtest.Caps(historyCaps...))
	c.Pongs = true
	r.nextEnd()
	early := r.bridge.nextID(time.Now())
	say := func(id, text string) {
		r.bridge.peer("alice").post(do(func(s *session) {
			s.deliverIn(s.roster.contact("Bob"), s.Nick(), richtext.Plain(text), aside{command: "PRIVMSG", id: id})
		}))
		if m := c.Expect("PRIVMSG alice " + text); id != "" && m.Tags["msgid"] != id {
			t.Errorf("%v, want the id %s", m, id)
		}
	}
	say("", "before")
	say(early, "theirs")
	say("", "after")
	for ask, want := range map[string]string{"BEFORE": "before", "AFTER": "after"} {
		wantTexts(t, ask, page(t, c, "chathistory Bob", "CHATHISTORY %s Bob msgid=%s 10", ask, early), want)
	}
}
