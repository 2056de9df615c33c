package toc

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const chatCap = "748f2420-6287-11d1-8222-444553540000"

// events holds at least one of each kind; all print as the line they came in.
var events = map[string]Event{
	"SIGN_ON:TOC2.0":     SignedOn{"TOC2.0"},
	"NICK:Alice Smith":   Nick{"Alice Smith"},
	"ERROR:901:bob":      ServerError{901, "bob"},
	"ERROR:902":          ServerError{902, ""},
	"ERROR:931:bob:17":   ServerError{931, "bob:17"},
	"PAUSE":              Pause{},
	"CONFIG2:done:\n":    Config{V2: true},
	"CONFIG:":            Config{},
	"CHAT_LEFT:0":        ChatLeft{},
	"CHAT_JOIN:2:a:b":    ChatJoined{2, "a:b"},
	"EVILED:13:":         Evil{Level: 13},
	"EVILED:10:Al":       Evil{10, "Al"},
	"DIR_STATUS:0":       DirStatus{"0"},
	"DIR_STATUS:1:x":     DirStatus{"1:x"},
	"BART2:bob:AAE=":     BART{"bob", "AAE="},
	"SOMETHING_NEW:1:2":  Unknown{"SOMETHING_NEW:1:2"},
	"":                   Unknown{},
	"BUDDY_CAPS2:bob:":   BuddyCaps{Name: "bob"},
	"DELETED2:g:Work":    Deleted{Kind: ListGroup, Group: "Work"},
	"INSERTED2:g:":       Inserted{Kind: ListGroup},
	"INSERTED2:g:a:b":    Inserted{Kind: ListGroup, Group: "a:b"},
	"INSERTED2:d:bob":    Inserted{Kind: ListDeny, Name: "bob"},
	"INSERTED2:p:bob":    Inserted{Kind: ListPermit, Name: "bob"},
	"DELETED2:d:bob":     Deleted{Kind: ListDeny, Name: "bob"},
	"DELETED2:p:bob":     Deleted{Kind: ListPermit, Name: "bob"},
	"CLIENT_EVENT2:bo:2": Typing{"bo", TypingActive},

	"IM_IN:carol:F:to: toc":                                     IMIn{Form: IM1, From: "carol", Text: "to: toc"},
	"IM_IN2:carol:T:F:to: toc":                                  IMIn{Form: IM2, From: "carol", Auto: true, Text: "to: toc"},
	"IM_IN2:carol:F:T:":                                         IMIn{Form: IM2, From: "carol", Whisper: true},
	"IM_IN_ENC2:Al S:F:F:T: U :F:L:en:a: b":                     IMIn{From: "Al S", TOC2: true, Class: " U ", Encoding: "L", Language: "en", Text: "a: b"},
	"IM_IN_ENC2:Al:T:T:F:AC:T:U::\u00e9":                        IMIn{From: "Al", Auto: true, Whisper: true, Class: "AC", Given: true, Encoding: "U", Text: "é"},
	"UPDATE_BUDDY:bob:T:0:1795369356:0: U ":                     BuddyUpdate{V1: true, Name: "bob", Online: true, SignOn: time.Unix(1795369356, 0), Class: " U "},
	"UPDATE_BUDDY2:Dave J:T:13:1795368676:5: UU:":               BuddyUpdate{Name: "Dave J", Online: true, Warning: 13, SignOn: time.Unix(1795368676, 0), Idle: 5, Class: " UU"},
	"UPDATE_BUDDY2:davej:F:0:0:0:   :":                          BuddyUpdate{Name: "davej", Class: "   "},
	"UPDATE_BUDDY2:123:T:0:1:0: I :7":                           BuddyUpdate{Name: "123", Online: true, SignOn: time.Unix(1, 0), Class: " I ", ICQStatus: "7"},
	"BUDDY_CAPS2:bob:" + chatCap + ",x":                         BuddyCaps{"bob", []string{chatCap, "x"}},
	"NEW_BUDDY_REPLY2:Bob:added":                                NewBuddyReply{"Bob", "added"},
	"INSERTED2:b:Bobby B:bob:My: Group":                         Inserted{ListBuddy, "bob", "My: Group", "Bobby B"},
	"INSERTED2:a::123:ICQ":                                      Inserted{Kind: ListICQ, Name: "123", Group: "ICQ"},
	"DELETED2:b:bob:Buddies":                                    Deleted{ListBuddy, "bob", "Buddies"},
	"UPDATED2:b:bob:Work:Bobby":                                 Updated{ListBuddy, "bob", "Work", "Bobby"},
	"CHAT_UPDATE_BUDDY:0:T:Alice Smith:bob":                     ChatMembers{0, true, []ScreenName{"Alice Smith", "bob"}},
	"CHAT_UPDATE_BUDDY:3:F:bob":                                 ChatMembers{3, false, []ScreenName{"bob"}},
	"CHAT_IN:1:bob:F:x:y":                                       ChatIn{Room: 1, From: "bob", Text: "x:y"},
	"CHAT_IN_ENC:0:bob:T:A:en:x:y":                              ChatIn{true, 0, "bob", true, "A", "en", "x:y"},
	"CHAT_INVITE:My Room:0:Alice Smith:come: in":                ChatInvite{"My Room", 0, "Alice Smith", "come: in"},
	"CHAT_INVITE:a:b:2:bob:5:6":                                 ChatInvite{"a:b", 2, "bob", "5:6"},
	"GOTO_URL:profile:info?cookie=00&from=a&user=b:c":           GotoURL{"profile", "info?cookie=00&from=a&user=b:c"},
	"ADMIN_NICK_STATUS:0":                                       AdminNick{"0"},
	"ADMIN_PASSWD_STATUS:0":                                     AdminPassword{"0"},
	"RVOUS_PROPOSE:bob:09461343-4C7F:AAA=:1:1.1.1.1:2:3:80":     RvousPropose{"bob", "09461343-4C7F", "AAA=", 1, "1.1.1.1", "2", "3", 80, nil},
	"RVOUS_PROPOSE:bob:U:C:1:a:b:c:80:10001:AAEC:7:":            RvousPropose{"bob", "U", "C", 1, "a", "b", "c", 80, []RvousTLV{{10001, "AAEC"}, {7, ""}}},
	"CONFIG2:d:s\nm:4\np:f\ng:B\nb:bob:Bobby B\ng:E\ndone:\n":   Config{true, 4, []ScreenName{"f"}, []ScreenName{"s"}, []Group{{"B", []Buddy{{"bob", "Bobby B", ""}}}, {Name: "E"}}},
	"CONFIG2:g:G\nb:a:A:::::n n\nb:c:::::n\nb:d\ndone:\n":       Config{V2: true, Groups: []Group{{"G", []Buddy{{"a", "A", "n n"}, {"c", "", "n"}, {"d", "", ""}}}}},
	"CONFIG:d s\nm 3\np f\ng My Group\nb bob\nb carol: x\n":     Config{false, 3, []ScreenName{"f"}, []ScreenName{"s"}, []Group{{"My Group", []Buddy{{Name: "bob"}, {Name: "carol: x"}}}}},
	"CONFIG2:g:  Spaced Out\nb:x\ng:Colon: group\nb:y\ndone:\n": Config{V2: true, Groups: []Group{{"  Spaced Out", []Buddy{{Name: "x"}}}, {"Colon: group", []Buddy{{Name: "y"}}}}},
}

func TestEvents(t *testing.T) {
	t.Parallel()
	kinds := map[reflect.Type]bool{}
	for line, want := range events {
		kinds[reflect.TypeOf(want)] = true
		got, err := ParseEvent(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q\ngot  %#v, %v\nwant %#v", line, got, err, want)
		}
		if got := want.Line(); got != line {
			t.Errorf("%#v\nprints %q\nwant   %q", want, got, line)
		}
		if got := string(want.Append([]byte("x"))); got != "x"+line {
			t.Errorf("%#v appends %q", want, got)
		}
	}
	if n := len(eventParsers); len(kinds) != n-5+1 { // three pairs and a triple share a type; Unknown has no name
		t.Errorf("%d kinds of events for %d names", len(kinds), n)
	}
}

// TestEventsOddForms are lines that mean something but print otherwise.
func TestEventsOddForms(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]Event{
		"UPDATE_BUDDY2:b:T:0:1:0: O,": BuddyUpdate{Name: "b", Online: true, SignOn: time.Unix(1, 0), Class: " O,"}, // AOL
		"UPDATE_BUDDY2:b:T:0:1:0: O":  BuddyUpdate{Name: "b", Online: true, SignOn: time.Unix(1, 0), Class: " O"},
		"ERROR:903:":                  ServerError{Code: 903},
		"EVILED:5":                    Evil{Level: 5},
		"BUDDY_CAPS2:b":               BuddyCaps{Name: "b"},
		"BUDDY_CAPS2:b:,0, 1348 ,748F2420-6287-11D1-8222-444553540000,,zz": BuddyCaps{"b",
			[]string{"0", "09461348-4c7f-11d1-8222-444553540000", chatCap, "zz"}},
		"CHAT_UPDATE_BUDDY:0:T":                               ChatMembers{Here: true},
		"CHAT_UPDATE_BUDDY:0:T::a:":                           ChatMembers{0, true, []ScreenName{"a"}},
		"CHAT_LEFT:5:x":                                       ChatLeft{5},
		"CONFIG:{m 1\r\ng Braces\r\nb bob\n}":                 Config{Mode: 1, Groups: []Group{{"Braces", []Buddy{{Name: "bob"}}}}},
		"CONFIG2:":                                            Config{V2: true},
		"CONFIG2:g:A\r\nb:x:::::::a::n:\r\n":                  Config{V2: true, Groups: []Group{{"A", []Buddy{{"x", "", "n"}}}}},
		"CONFIG2:b:x\na:123:ICQ pal\np:f:\nd:":                Config{V2: true, Permit: []ScreenName{"f"}, Groups: []Group{{"", []Buddy{{Name: "x"}, {Name: "123", Alias: "ICQ pal"}}}}},
		"CONFIG2:m:9\nm:x\npref:1\n20:2\nb:\ndone:\ng:late\n": Config{V2: true},
		"NICK:caf\xe9\x00":                                    Nick{"café"},
		"CHAT_IN:0:b\xe9:F:\x00h\x00i\x00 \x26\x3a":           ChatIn{From: "bé", Text: "hi ☺"},
		"IM_IN:b:F:\x93caf\xe9\x94 \x80":                      IMIn{Form: IM1, From: "b", Text: "“café” €"},
		"IM_IN:b:F:caf\xc3\xa9\x00":                           IMIn{Form: IM1, From: "b", Text: "café"},
		"CHAT_JOIN:\x000:r":                                   ChatJoined{0, "r"},
	} {
		got, err := ParseEvent(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q\ngot  %#v, %v\nwant %#v", line, got, err, want)
			continue
		}
		checkRoundTrip(t, got)
	}
}

func TestEventsMalformed(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"SIGN_ON", "NICK", "CONFIG2", "ERROR", "ERROR:", "ERROR:x", "IM_IN", "IM_IN:a", "IM_IN:a:F", "IM_IN2:a:F:text", "IM_IN_ENC2:a:F:F:T: U :F:L:en",
		"UPDATE_BUDDY:a:T:0:0:0", "UPDATE_BUDDY2:a:T:x:0:0: U :", "UPDATE_BUDDY2:a:T:0:-1:0: U :", "UPDATE_BUDDY2:a:T:0:999999999999999:0: U :",
		"UPDATE_BUDDY2:a:T:0:99999999999999999999:0: U :", "CLIENT_EVENT2:a", "CLIENT_EVENT2:a:x", "NEW_BUDDY_REPLY2:a", "INSERTED2", "INSERTED2:x:a", "INSERTED2:gg:a",
		"INSERTED2:b:a:b", "DELETED2:", "DELETED2:b:a", "UPDATED2:g:x:y:z", "UPDATED2:b:x:y", "CHAT_JOIN:x:r", "CHAT_JOIN:1", "CHAT_LEFT:", "CHAT_LEFT", "CHAT_UPDATE_BUDDY:x:T:a",
		"CHAT_IN:0:a:F", "CHAT_IN_ENC:0:a:F:A:en", "CHAT_INVITE:r:x:a:b", "CHAT_INVITE:r:1", "CHAT_INVITE:r:1:a", "EVILED", "EVILED::a", "GOTO_URL:x",
		"RVOUS_PROPOSE:a:b:c:1:2:3:4", "RVOUS_PROPOSE:a:b:c:x:2:3:4:5", "RVOUS_PROPOSE:a:b:c:1:2:3:4:5:6", "RVOUS_PROPOSE:a:b:c:1:2:3:4:5:x:y", "BART2:a", "DIR_STATUS",
	} {
		e, err := ParseEvent(line)
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: error %v", line, err)
		}
		if e != (Unknown{line}) {
			t.Errorf("%q: %#v", line, e)
		}
		name, _, _ := strings.Cut(line, ":")
		if err != nil && !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%q: the error does not name the message: %v", line, err)
		}
	}
}

// checkRoundTrip: what is printed parses as what was printed.
func checkRoundTrip(t *testing.T, e Event) {
	t.Helper()
	e2, err := ParseEvent(e.Line())
	if err != nil || !reflect.DeepEqual(e, e2) {
		t.Fatalf("%#v\nprints %q\nwhich is %#v, %v", e, e.Line(), e2, err)
	}
}

func FuzzParseEvent(f *testing.F) {
	for line := range events {
		f.Add(line)
	}
	seen := map[string]bool{}
	for _, r := range captures(f) {
		if name, _, _ := strings.Cut(r.text, ":"); r.kind == "<" && !seen[name+r.file] {
			seen[name+r.file] = true
			f.Add(r.text)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEvent(line)
		if l := e.Line(); !utf8.ValidString(l) || strings.Contains(l, "\x00") {
			t.Fatalf("%q gives unclean text %q", line, l)
		}
		if _, unknown := e.(Unknown); unknown {
			return
		}
		if err != nil {
			t.Fatalf("%q gives %#v and the error %v", line, e, err)
		}
		checkRoundTrip(t, e)
	})
}

// FuzzConfig2 checks what must hold of a list that anybody may have written.
func FuzzConfig2(f *testing.F) {
	f.Add("d:s\nm:4\np:f\ng:Buddies\nb:bob:Bobby B\nb:x:A:::::n\nb:y:::::n\ndone:\n")
	f.Add("b:x\r\na:1:b:c:d:e:f:g:h\n\ng:\nm:7\npref:x\n20:1\n")
	for _, r := range captures(f) {
		if body, ok := strings.CutPrefix(r.text, "CONFIG2:"); ok && r.kind == "<" && len(body) > 10 {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		e, err := ParseEvent("CONFIG2:" + body)
		c, ok := e.(Config)
		if err != nil || !ok || !c.V2 {
			t.Fatalf("%#v, %v", e, err)
		}
		if c.Mode < 0 || c.Mode > 5 {
			t.Fatalf("mode %d", c.Mode)
		}
		checkRoundTrip(t, c)
		for _, g := range c.Groups {
			for _, b := range g.Buddies {
				if b.Name == "" || strings.ContainsAny(string(b.Name)+b.Alias+b.Note, ":\n") || strings.Contains(g.Name, "\n") {
					t.Fatalf("group %q has %#v", g.Name, b)
				}
			}
		}
		if slices.Contains(c.Permit, "") || slices.Contains(c.Deny, "") {
			t.Fatalf("%#v", c)
		}
	})
}
