package toc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The 22 traps of ref 8, as far as a client library falls into them. The rest
// of each is proven by the packages named here:
//
//	 2  tocd is silent, bridge tells the sender of a buddy who is offline
//	 3  bridge/pace keeps the averages, tocd closes at the fifteenth IM
//	 4  bridge/pace stays silent after a 903, bridge names what was lost
//	 5  tocd sends both, bridge's roster goes by key
//	 8  tocd counts sessions, bridge does not redial at once after an EOF
//	 9  tocd has the limiter, bridge backs off for longer
//	12  tocd drops flooders silently, bridge/pace counts per room
//	14  tocd sends in either order, bridge's roster takes them so
//	16  tocd leaves out the same answers
//	17  tocd repeats, bridge's roster applies them idempotently
//	18  tocd routes, bridge shows what it knows
//	20  tocd repeats, bridge tells of changes only

// inCaptures returns the records of files whose name starts so.
func inCaptures(t *testing.T, prefix string) (rs []record) {
	t.Helper()
	for _, r := range captures(t) {
		if strings.HasPrefix(r.file, prefix) {
			rs = append(rs, r)
		}
	}
	if len(rs) == 0 {
		t.Fatalf("no captures %s", prefix)
	}
	return rs
}

func mustParse[E Event](t *testing.T, line string) E {
	t.Helper()
	e, err := ParseEvent(line)
	got, ok := e.(E)
	if err != nil || !ok {
		t.Fatalf("%q is %#v, %v", line, e, err)
	}
	return got
}

func TestTrap01QuoteSpaceCutsMessages(t *testing.T) {
	t.Parallel()
	cut, err := ParseCommand(`toc2_send_im bob "quote \"before space\" cuts here"`)
	if err != nil || cut.(SendIM).Text != `quote "before space` {
		t.Errorf("the server cuts this: %#v, %v", cut, err)
	}
	line := SendIM{To: "bob", Text: `quote "before space" stays`}.Line()
	if got := liveArgs(t, line, true, true); len(got) != 2 || got[1] != "quote &quot;before space&quot; stays" {
		t.Errorf("%q is read as %q", line, got)
	}
}

func TestTrap02OfflineIMsVanish(t *testing.T) {
	t.Parallel()
	var last record
	asked := 0
	for _, r := range captures(t) {
		if r.file != last.file {
			last = record{}
		}
		oneSided := strings.Count(r.file, ".") == 2 && !strings.HasPrefix(r.file, "20-") // 20 shows its commands in hex
		if oneSided && r.kind == "<" && strings.HasPrefix(r.text, "ERROR:901") {
			asked++
			if !strings.HasPrefix(last.text, "toc_get_status ") || r.text != "ERROR:901:"+strings.TrimPrefix(last.text, "toc_get_status ") {
				t.Errorf("%s:%d: %q after %q", r.file, r.line, r.text, last.text)
			}
		}
		if r.kind == ">" || r.kind == "<" {
			last = r
		}
	}
	if asked == 0 {
		t.Error("no 901 in the captures")
	}
	if s := mustParse[ServerError](t, "ERROR:901:bob").Error(); !strings.Contains(s, "bob is not signed on") {
		t.Error(s)
	}
}

func TestTrap03QuickIMsCloseAllSessions(t *testing.T) {
	t.Parallel()
	sent, refused, end := 0, 0, false
	for _, r := range inCaptures(t, "21-rate-im.alice") {
		switch {
		case strings.HasPrefix(r.text, "toc2_send_im"):
			sent++
		case r.text == "ERROR:903":
			refused++
		case r.kind == "<EOF":
			end = true
		}
	}
	if !end || sent < 15 || refused < 6 {
		t.Errorf("the capture shows %d IMs, %d refused, closed: %v", sent, refused, end)
	}
	// A plain EOF is all that a client sees, and Recv must say so.
	addr := far(t, func(f *farEnd) error { return errors.Join(f.welcome(), f.say("ERROR:903")) })
	c := signOn(t, addr, alice)
	recv(t, c, ServerError{Code: ErrRate})
	if _, err := c.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestTrap04RateErrorNamesNothing(t *testing.T) {
	t.Parallel()
	e := mustParse[ServerError](t, "ERROR:903")
	if e.Arg != "" || e.Fatal() || !strings.Contains(e.Error(), "something you sent was dropped. Wait half a minute") {
		t.Errorf("%+v: %v", e, e)
	}
}

func TestTrap05OfflineLinesCarryTheNormalisedName(t *testing.T) {
	t.Parallel()
	formatted := map[string]bool{"Alice Smith": true, "Dave Jones": true, "ALICE smith": true}
	on, off := 0, 0
	for _, r := range captures(t) {
		if r.kind != "<" || !strings.HasPrefix(r.text, "UPDATE_BUDDY") {
			continue
		}
		switch u := mustParse[BuddyUpdate](t, r.text); {
		case u.Online && formatted[string(u.Name)]:
			on++
		case !u.Online:
			off++
			if string(u.Name) != u.Name.Key() {
				t.Errorf("offline as %q", u.Name)
			}
		}
	}
	if on == 0 || off == 0 || !ScreenName("davejones").Equal("Dave Jones") {
		t.Errorf("%d on, %d off", on, off)
	}
}

func TestTrap06UnconfirmedIsNotAway(t *testing.T) {
	t.Parallel()
	for line, away := range map[string]bool{
		"UPDATE_BUDDY2:Dave Jones:T:0:1:0: U :": false, "UPDATE_BUDDY2:Dave Jones:T:0:1:0: UU:": true,
		"UPDATE_BUDDY:bob:T:0:1:0: U ": false, "UPDATE_BUDDY:bob:T:0:1:0:  U": true, "UPDATE_BUDDY2:bob:T:0:1:0: O,": false,
	} {
		u := mustParse[BuddyUpdate](t, line)
		if u.Class.Away() != away || len(u.Class) != 3 {
			t.Errorf("%q: class %q", line, u.Class)
		}
	}
}

func TestTrap07EncodingLetterSaysNothing(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"é ü 漢字 😀": "é ü 漢字 😀", "caf\xe9": "café", "UCS-2: caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd": "UCS-2: café \uFFFD\uFFFD",
	} {
		im := mustParse[IMIn](t, "IM_IN_ENC2:x:F:F:T: U :F:L:en:"+raw)
		if im.Encoding != "L" || im.Text != want {
			t.Errorf("%q: %#v", raw, im)
		}
	}
}

func TestTrap08SixthSessionLooksLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	if s := (ServerError{Code: ErrWrongPassword}).Error(); !strings.Contains(s, "password") || !strings.Contains(s, "too many places") {
		t.Errorf("%s: does not say both", s)
	}
	for form, verb := range signOnVerbs { // only toc_signon kicks the others: it must be asked for
		if c := NewSignOn(form, "a", "b", "c"); (form == Login{}.Form) != strings.HasPrefix(c.Line(), "toc2_login ") {
			t.Errorf("%s: %s", verb, c.Line())
		}
	}
}

func TestTrap09TooManySignOns(t *testing.T) {
	t.Parallel()
	// The refusal comes before the command is read, and the server closes on it.
	addr := far(t, func(f *farEnd) error { return errors.Join(f.greet(), f.say("ERROR:983")) })
	_, err := SignOn(testContext(t), addr, alice)
	var se ServerError
	if !errors.As(err, &se) || se.Code != ErrTooOften || !se.Fatal() || !strings.Contains(se.Error(), "Wait ten minutes") {
		t.Error(err)
	}
}

func TestTrap10OrderOfSignOnMessages(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{
		{"SIGN_ON:TOC2.0", "NICK:Alice Smith", "CONFIG2:done:\n"}, {"SIGN_ON:TOC2.0", "CONFIG2:done:\n", "NICK:Alice Smith"},
		{"CONFIG2:done:\n", "NICK:Alice Smith", "SIGN_ON:TOC2.0"},
	} {
		addr := far(t, func(f *farEnd) error {
			err := f.greet()
			_, err2 := ReadFrame(f.r)
			return errors.Join(err, err2, f.say(lines...), f.eof())
		})
		c := signOn(t, addr, alice)
		got := map[Event]bool{}
		for range 2 {
			e, err := c.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if cfg, ok := e.(Config); ok && reflect.DeepEqual(cfg, Config{V2: true}) {
				e = Unknown{"config"}
			}
			got[e] = true
		}
		if !got[Nick{"Alice Smith"}] || !got[Unknown{"config"}] {
			t.Errorf("%q: %v", lines, got)
		}
		c.Close()
	}
	first := mustParse[Config](t, "CONFIG2:d:s\nm:4\np:f\ng:G\nb:bob\ndone:\n")
	after := mustParse[Config](t, "CONFIG2:g:G\nb:bob\nm:4\np:f\nd:s\ndone:\n")
	if !reflect.DeepEqual(first, after) {
		t.Errorf("%#v\n%#v", first, after)
	}
}

func TestTrap11BigConfigEmptyFramesNoKeepAlive(t *testing.T) {
	t.Parallel()
	var big Config
	for _, r := range inCaptures(t, "26-big-config") {
		if r.kind == "<" && strings.HasPrefix(r.text, "CONFIG2:g:") {
			big = mustParse[Config](t, r.text)
		}
	}
	for i := range 5 { // to over 64,000 bytes
		big.Groups = append(big.Groups, Group{fmt.Sprintf("Copy %d", i), flatten(big)})
		if len(big.Line()) > 30000 {
			break
		}
	}
	if n := len(big.Line()); n < 13140 || n > MaxPayload {
		t.Fatalf("a list of %d bytes", n)
	}
	synctest.Test(t, func(t *testing.T) {
		near, server := net.Pipe()
		defer server.Close()
		c := &Client{conn: near, frames: FrameReader{r: near}, login: silent}
		go func() {
			f := farEnd{conn: server}
			f.say(big.Line(), "", "")
			<-time.After(time.Hour) // in fake time; no keep-alive comes, and that is no reason to close
			f.say("PAUSE")
		}()
		recv(t, c, big, Pause{})
	})
}

func flatten(c Config) (all []Buddy) {
	for _, g := range c.Groups {
		all = append(all, g.Buddies...)
	}
	return all
}

func TestTrap12ChatIdsWhispersInvitations(t *testing.T) {
	t.Parallel()
	if j := mustParse[ChatJoined](t, "CHAT_JOIN:0:lost-found-room"); j.Room != 0 || j.Name != "lost-found-room" {
		t.Errorf("%#v", j)
	}
	if s := (ChatSend{Text: "x"}).Line(); s != `toc_chat_send 0 "x"` {
		t.Error(s)
	}
	for _, r := range inCaptures(t, "12-chat-odd.bob") {
		if r.kind == "<" && strings.HasPrefix(r.text, "CHAT_INVITE") {
			if i := mustParse[ChatInvite](t, r.text); i.Name != "lost" || i.Room != 0 {
				t.Errorf("%#v", i)
			}
		}
	}
	for _, r := range captures(t) { // there are whispers among these
		if r.kind == "<" && strings.HasPrefix(r.text, "CHAT_IN") && !strings.HasPrefix(r.text, "CHAT_INVITE") && mustParse[ChatIn](t, r.text).Whisper {
			t.Errorf("a whisper that is marked: %q", r.text)
		}
	}
}

func TestTrap13RemoveBuddyGroupIsNotUnescaped(t *testing.T) {
	t.Parallel()
	const group = `Pals (old) \o/ "x"`
	if got := liveArgs(t, NewGroup{group}.Line(), true, true); got[0] != group {
		t.Errorf("added as %q", got)
	}
	if got := liveArgs(t, RemoveBuddies{[]ScreenName{"bob"}, group}.Line(), false, false); got[1] != group {
		t.Errorf("removed as %q", got)
	}
	if c, err := ParseCommand(`toc2_remove_buddy bob "Pals \(old\)"`); err != nil || c.(RemoveBuddies).Group != `Pals \(old\)` {
		t.Errorf("%#v, %v", c, err)
	}
}

func TestTrap14NewBuddyReplyNameAsTyped(t *testing.T) {
	t.Parallel()
	if r := mustParse[NewBuddyReply](t, "NEW_BUDDY_REPLY2:Nosuch User:added"); r.Name != "Nosuch User" || r.Name.Key() != "nosuchuser" {
		t.Errorf("%#v", r)
	}
	// We type keys, so that keys come back.
	if s := (NewBuddies{[]Group{{"G", []Buddy{{Name: "Nosuch User"}}}}}).Line(); s != "toc2_new_buddies {g:G\nb:nosuchuser\n}" {
		t.Errorf("%q", s)
	}
}

func TestTrap15NewBuddiesWantsRealLineFeeds(t *testing.T) {
	t.Parallel()
	line := NewBuddies{[]Group{{"G", []Buddy{{Name: "bob", Alias: `a\nb`}}}}}.Line()
	if strings.Count(line, "\n") != 2 {
		t.Errorf("%q", line)
	}
	if c, err := ParseCommand(line); err != nil || c.(NewBuddies).Groups[0].Buddies[0].Alias != `a\nb` {
		t.Errorf("%#v, %v", c, err)
	}
	// A backslash and an n is not one.
	if c, err := ParseCommand(`toc2_new_buddies {g:Oops\nb:dave\n}`); err != nil || len(c.(NewBuddies).Groups[0].Buddies) != 0 {
		t.Errorf("%#v, %v", c, err)
	}
}

func TestTrap16CommandsWithoutEffectAndOddErrors(t *testing.T) {
	t.Parallel()
	for c, verb := range map[string]Command{"toc2_add_permit": AddPermit{[]ScreenName{"x"}}, "toc2_add_deny": AddDeny{[]ScreenName{"x"}}} {
		if got := CommandName(verb.Line()); got != c {
			t.Errorf("%T sends %s, which does nothing", verb, got)
		}
	}
	if s := mustParse[ServerError](t, "ERROR:902").Error(); strings.Contains(s, "%s") || !strings.HasPrefix(s, "That user") {
		t.Error(s)
	}
	// A wrong old password is 980 and the session goes on.
	addr := far(t, func(f *farEnd) error {
		return errors.Join(f.welcome(), f.expect(FrameData, 2, "toc_change_passwd \"wrong\" \"new\"\x00"), f.say("ERROR:980", "PAUSE"), f.eof())
	})
	c := signOn(t, addr, alice)
	if err := c.Send(ChangePassword{"wrong", "new"}); err != nil {
		t.Fatal(err)
	}
	recv(t, c, ServerError{Code: ErrWrongPassword}, Pause{})
	c.Close()
}

func TestTrap17InsertedGroupsRepeatAndHaveNoName(t *testing.T) {
	t.Parallel()
	if e := mustParse[Inserted](t, "INSERTED2:g:"); e != (Inserted{Kind: ListGroup}) {
		t.Errorf("%#v", e)
	}
	empty, orphans, group := 0, 0, ""
	for _, r := range inCaptures(t, "18-second-login.a") {
		switch {
		case r.text == "INSERTED2:g:":
			empty++
		case strings.HasPrefix(r.text, "DELETED2:g:"):
			group = mustParse[Deleted](t, r.text).Group
		case strings.HasPrefix(r.text, "DELETED2:b:") && group != "":
			if d := mustParse[Deleted](t, r.text); d.Group == "Buddies" && d.Group != group {
				orphans++
			}
		}
	}
	if empty == 0 || orphans == 0 {
		t.Errorf("the captures show %d empty names and %d orphans", empty, orphans)
	}
}

func TestTrap18AwayIsOnlyAFlag(t *testing.T) {
	t.Parallel()
	if u := mustParse[BuddyUpdate](t, "UPDATE_BUDDY2:Dave Jones:T:0:1:0: UU:"); !u.Class.Away() || u.ICQStatus != "" {
		t.Errorf("%#v", u)
	}
	// The text is at best that of an auto-response, which must be told apart.
	if im := mustParse[IMIn](t, "IM_IN_ENC2:Alice Smith:T:F:T: U :F:L:en:I am away"); !im.Auto || im.Text != "I am away" {
		t.Errorf("%#v", im)
	}
	// Nothing left to say must not count as a message: it would be "back".
	if s := (SetAway{"\x01"}).Line(); s != "toc_set_away" {
		t.Error(s)
	}
}

func TestTrap19NothingBeforeTheSignOnCommand(t *testing.T) {
	t.Parallel()
	for form := range signOnVerbs {
		line := NewSignOn(form, "alice", "secret", "TIC:x").Line()
		if args := csvArgs(line + "\x00"); len(args) < 1+signOnArgs+1 || strings.Contains(args[signOnArgs], "\x00") {
			t.Errorf("%q: the NUL is on the password", line)
		}
	}
	four, err := ParseSignOn("toc2_login h 1 alice " + Roast("secret") + "\x00")
	if _, perr := four.Password(); err != nil || perr == nil {
		t.Errorf("four arguments are fatal there: %v, %v", err, perr)
	}
	// welcome wants exactly FLAPON, the sign-on frame and the command; there is
	// no Client to send a keep-alive with before that.
	addr := far(t, func(f *farEnd) error { return errors.Join(f.welcome(), f.expect(FrameKeepAlive, 2, ""), f.eof()) })
	c := signOn(t, addr, alice)
	if err := errors.Join(c.KeepAlive(), c.Close()); err != nil {
		t.Error(err)
	}
}

func TestTrap20PresenceRepeats(t *testing.T) {
	t.Parallel()
	seen := map[BuddyUpdate]int{} // repeats compare equal, so that they can be told from changes
	for _, r := range inCaptures(t, "06-presence.alice") {
		if r.kind == "<" && strings.HasPrefix(r.text, "UPDATE_BUDDY2") {
			seen[mustParse[BuddyUpdate](t, r.text)]++
		}
	}
	repeats := 0
	for _, n := range seen {
		repeats += n - 1
	}
	if len(seen) < 4 || repeats < 1 {
		t.Errorf("%d different, %d repeats", len(seen), repeats)
	}
}

func TestTrap21GotoURLIsRelativeAndShortLived(t *testing.T) {
	t.Parallel()
	var u GotoURL
	for _, r := range inCaptures(t, "13-profile") {
		if r.kind == "<" && strings.HasPrefix(r.text, "GOTO_URL") {
			u = mustParse[GotoURL](t, r.text)
			if u.Window != "profile" || !strings.HasPrefix(u.Path, "info?cookie=") {
				t.Errorf("%#v", u)
			}
		}
	}
	for status, want := range map[int]error{403: ErrProfileExpired, 404: ErrNoProfile, 429: ErrProfileBusy} {
		c := clientOf(t, statusHandler(status))
		if _, err := c.Get(testContext(t), u); !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestTrap22WhatTheDocumentsSayOtherwise(t *testing.T) {
	t.Parallel()
	if got := SignOnCode("toctest1", "testpass1"); got != 103557376 {
		t.Errorf("code %d; the document's 103,547,776 is a slip", got)
	}
	for line, want := range map[string]Event{ // never sent by the live server, but understood
		"ERROR:950:My Room": ServerError{950, "My Room"}, "ERROR:950": ServerError{Code: 950}, "DIR_STATUS:0": DirStatus{"0"},
		"BART2:bob:AA==": BART{"bob", "AA=="}, "NEW_BUDDY_REPLY2:bob:auth": NewBuddyReply{"bob", "auth"}, "EVILED:20:bob": Evil{20, "bob"},
	} {
		if e, err := ParseEvent(line); err != nil || e != want {
			t.Errorf("%q: %#v, %v", line, e, err)
		}
	}
	// 40 s between sign-on and toc_init_done are no reason for us to close either.
	synctest.Test(t, func(t *testing.T) {
		near, server := net.Pipe()
		defer server.Close()
		c := &Client{conn: near, login: silent}
		<-time.After(40 * time.Second) // in fake time
		go c.Send(InitDone{})
		if f, err := ReadFrame(server); err != nil || string(f.Payload) != "toc_init_done\x00" {
			t.Errorf("%q, %v", f.Payload, err)
		}
	})
}
