package bridge

import (
	"slices"
	"strings"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// scene is alice in #My_Room with bob, her buddy, who is online as carol is; with the client that has a capability or
// not, and a plain one.
type scene struct {
	t        *testing.T
	r        *rig
	end      *farEnd
	c, plain *ircdtest.Client
}

func openScene(t *testing.T, caps ...string) *scene {
	t.Helper()
	w := &scene{t: t, r: newRig(t, Options{Store: newStore(t)})}
	w.r.config("alice", buddies("bob", "carol"))
	w.plain, w.end = w.r.login("alice", ircdtest.SASL("alice@plain", "secret"))
	w.end.tell(here("bob", " U "), here("carol", " U "))
	w.plain.Send("JOIN #My_Room")
	w.end.expect(toc.ChatJoin{Exchange: 4, Name: "My Room"})
	w.end.tell(toc.ChatJoined{Room: 0, Name: "My Room"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
	w.plain.Expect("366 alice #My_Room *")
	w.plain.Sync()
	w.end.mu.Lock()
	w.end.busy = true // whatever else is asked is answered
	w.end.mu.Unlock()
	w.c = ircdtest.Dial(t, w.r.addr)
	w.c.Register("alice", ircdtest.SASL("alice@shown", "secret"), ircdtest.Caps(caps...))
	w.c.Sync()
	return w
}

// see is all that the client sees of what was told and said.
func (w *scene) see() []*irc.Message {
	w.t.Helper()
	w.end.quiet()
	w.plain.Sync()
	return w.c.Sync()
}

// types is a line of the client, and what it sees then.
func types(line string) func(*scene) []*irc.Message {
	return func(w *scene) []*irc.Message {
		w.c.SendLine(line)
		return w.see()
	}
}

// hears makes events from AIM.
func hears(events ...toc.Event) func(*scene) []*irc.Message {
	return func(w *scene) []*irc.Message {
		w.end.tell(events...)
		return w.see()
	}
}

// onPlain is a line of the account's other client.
func onPlain(line string) func(*scene) []*irc.Message {
	return func(w *scene) []*irc.Message {
		w.plain.SendLine(line)
		return w.see()
	}
}

func carolEnters() toc.Event {
	return toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"carol"}}
}

// linkLost is the end of the link, with all that is said about it.
func linkLost(w *scene) []*irc.Message {
	w.end.Close()
	seen := until(w.c, "NOTICE &buddies :Not connected to AIM*")
	return append(seen, until(w.c, "NOTICE &buddies :Signed on to AIM again*")...)
}

// capShow shows one capability: with the others that both clients have, what happens, a pattern of what only the client
// with it sees, and of what only the one without sees.
type capShow struct {
	with    []string
	happens func(*scene) []*irc.Message
	sees    string
	never   string
	nothing string // why a client sees no difference on this bridge; the difference is shown in package ircd
}

var capShows = map[string]capShow{
	"account-notify": {nothing: "nobody changes accounts while they are there", happens: hears(carolEnters())},
	"account-tag":    {happens: hears(imFrom("bob", "x")), sees: "@account=bob :bob PRIVMSG alice x"},
	"away-notify":    {happens: hears(here("bob", " UU")), sees: ":bob AWAY Away", never: "MODE &buddies -v bob"},
	"batch":          {happens: linkLost, sees: "BATCH +* netsplit * *"},
	"cap-notify":     {nothing: "no capability comes or goes while the program runs", happens: types("CAP LIST")},
	"chghost": {sees: ":carol!carol@aim CHGHOST rooty carol.aim", happens: func(w *scene) []*irc.Message {
		w.r.attach("carol", ircdtest.User("rooty")) // comes to this bridge too
		w.end.tell(carolEnters())
		return w.see()
	}},
	"draft/chathistory": {with: []string{"batch"}, sees: "CHATHISTORY TARGETS bob *", happens: func(w *scene) []*irc.Message {
		hears(imFrom("bob", "before"))(w)
		return types("CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 5")(w)
	}},
	"draft/event-playback": {with: []string{"batch", "draft/chathistory"}, sees: "@batch=* :carol JOIN #My_Room", happens: func(w *scene) []*irc.Message {
		hears(carolEnters())(w)
		return types("CHATHISTORY LATEST #My_Room * 5")(w)
	}},
	"draft/multiline":   {with: []string{"batch"}, happens: hears(imFrom("bob", "one<BR>two")), sees: ":bob BATCH +* draft/multiline alice"},
	"draft/pre-away":    {happens: preAway, sees: "306 * *", never: "451 * *"},
	"draft/read-marker": {happens: types("MARKREAD bob timestamp=2026-11-22T20:00:00.000Z"), sees: "MARKREAD bob timestamp=2026-11-22T20:00:00.000Z"},
	"echo-message":      {happens: types("PRIVMSG bob :x"), sees: ":alice PRIVMSG bob x"},
	"extended-join":     {happens: hears(carolEnters()), sees: ":carol JOIN #My_Room carol carol", never: ":carol JOIN #My_Room"},
	"extended-monitor": {with: []string{"away-notify"}, sees: ":zed AWAY Away", happens: func(w *scene) []*irc.Message {
		types("MONITOR + zed")(w)
		return hears(here("zed", " U "), here("zed", " UU"))(w)
	}},
	"invite-notify":     {happens: onPlain("INVITE carol #My_Room"), sees: ":alice INVITE carol #My_Room"},
	"labeled-response":  {with: []string{"batch"}, happens: types("@label=x MODE alice"), sees: "@label=x 221 alice +i"},
	"message-tags":      {happens: hears(imFrom("bob", "x")), sees: "@msgid=* :bob PRIVMSG alice x"},
	"multi-prefix":      {nothing: "nobody has two prefixes", happens: types("NAMES &buddies")},
	"no-implicit-names": {happens: types("JOIN &&buddies"), never: "353 alice = &&Buddies *"},
	"sasl":              {nothing: "the login is over by then", happens: types("CAP LIST")},
	"server-time":       {happens: hears(imFrom("bob", "x")), sees: "@time=* :bob PRIVMSG alice x"},
	"setname":           {happens: onPlain("SETNAME :New Name"), sees: ":alice SETNAME :New Name"},
	"standard-replies": {happens: types("SETNAME " + strings.Repeat("x", nameLen+1)), sees: "FAIL SETNAME INVALID_REALNAME :Real name is too long",
		never: "NOTICE alice :SETNAME: Real name is too long"},
	"soju.im/bouncer-networks":        {with: []string{"batch"}, happens: types("BOUNCER LISTNETWORKS"), sees: "BOUNCER NETWORK 1 *"},
	"soju.im/bouncer-networks-notify": {with: []string{"soju.im/bouncer-networks"}, happens: linkLost, sees: "BOUNCER NETWORK 1 *state=connect*"},
	"soju.im/search":                  {happens: types("SEARCH"), sees: "FAIL SEARCH INVALID_PARAMS * :Invalid parameters", never: "NOTICE alice :SEARCH: Invalid parameters"},
	"userhost-in-names":               {happens: types("NAMES #My_Room"), sees: "353 alice = #My_Room :alice!alice@aim bob!bob@aim", never: "353 alice = #My_Room :alice bob"},
	"znc.in/self-message":             {happens: onPlain("PRIVMSG bob :x"), sees: ":alice PRIVMSG bob x", never: ":bob NOTICE alice :-> x"},
}

// preAway is AWAY before registration, by a client with the capabilities of the scene's.
func preAway(w *scene) []*irc.Message {
	w.c.Send("CAP LIST")
	has := strings.Contains(w.c.Expect("CAP alice LIST *").Trailing(), "draft/pre-away")
	early := ircdtest.Dial(w.t, w.r.addr)
	if has {
		early.Send("CAP REQ draft/pre-away")
		early.Expect("CAP * ACK draft/pre-away")
	}
	early.Send("AWAY :not here")
	return early.Sync()
}

// TestEveryCapability: what the bridge does of each capability in the server's table, for a client that asked for it and
// for one that did not. A capability without a row fails.
func TestEveryCapability(t *testing.T) {
	t.Parallel()
	offered := (&ircd.Server{Backend: New(Options{Store: newStore(t)})}).CapabilityList()
	for name := range capShows {
		if !slices.ContainsFunc(offered, func(row ircd.Capability) bool { return row.Name == name }) {
			t.Errorf("%s is no capability", name)
		}
	}
	for _, row := range offered {
		show, ok := capShows[row.Name]
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			if !ok || show.nothing == "" && show.sees == "" && show.never == "" {
				t.Fatal("nothing shows it")
			}
			on := show.happens(openScene(t, append([]string{row.Name}, show.with...)...))
			off := show.happens(openScene(t, show.with...))
			onlyIn(t, show.sees, on, off)
			onlyIn(t, show.never, off, on)
			if show.nothing != "" && linesOf(on) != linesOf(off) {
				t.Errorf("there is a difference: %v, %v", on, off)
			}
		})
	}
}

func onlyIn(t *testing.T, pattern string, here, not []*irc.Message) {
	t.Helper()
	if pattern == "" {
		return
	}
	matches := func(m *irc.Message) bool { return ircdtest.Match(pattern, m) == "" }
	if !slices.ContainsFunc(here, matches) {
		t.Errorf("no %s in %v", pattern, here)
	}
	if slices.ContainsFunc(not, matches) {
		t.Errorf("%s in %v", pattern, not)
	}
}

func linesOf(ms []*irc.Message) string {
	var b strings.Builder
	for _, m := range ms {
		b.WriteString(m.String() + "\n")
	}
	return b.String()
}
