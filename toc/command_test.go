package toc

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// commands holds at least one of each kind; all print as the line they came in.
var commands = map[string]Command{
	"toc_init_done":                            InitDone{},
	`toc2_send_im bob "hi there"`:              SendIM{To: "bob", Text: "hi there"},
	`toc2_send_im bob "" auto`:                 SendIM{To: "bob", Auto: true},
	`toc2_send_im_enc bob F U en "é"`:          SendIMEnc{To: "bob", Encoding: "U", Language: "en", Text: "é"},
	`toc2_send_im_enc bob F A x-bad "x" auto`:  SendIMEnc{"bob", "A", "x-bad", "x", true},
	"toc2_client_event bob 2":                  SendTyping{"bob", TypingActive},
	"toc_get_status bob":                       GetStatus{"bob"},
	"toc_set_away":                             SetAway{},
	`toc_set_away "back at 5: <B>bye</B>"`:     SetAway{"back at 5: <B>bye</B>"},
	"toc_set_idle 300":                         SetIdle{300},
	`toc_set_info "<HTML>me</HTML>"`:           SetInfo{"<HTML>me</HTML>"},
	"toc_get_info bob":                         GetInfo{"bob"},
	"toc_set_caps":                             SetCaps{},
	"toc_set_caps " + chatCap + " 1343":        SetCaps{[]string{chatCap, "1343"}},
	"toc_evil bob norm":                        Warn{Name: "bob"},
	"toc_evil bob anon":                        Warn{"bob", true},
	`toc_format_nickname "ALICE smith"`:        FormatNick{"ALICE smith"},
	`toc_change_passwd "old" "new p\$ss ""q"`:  ChangePassword{"old", `new p$ss "q`},
	`toc2_new_group "Pals \(old\) ""x"""`:      NewGroup{`Pals (old) "x"`},
	`toc2_del_group "Back\\slash"`:             DelGroup{`Back\slash`},
	`toc2_remove_buddy bob carol "Pals (old)"`: RemoveBuddies{[]ScreenName{"bob", "carol"}, "Pals (old)"},
	`toc2_remove_buddy bob "a\b ""c"""`:        RemoveBuddies{[]ScreenName{"bob"}, `a\b "c"`},
	"toc2_set_pdmode 4":                        SetPDMode{DenySome},
	"toc2_add_permit bob carol":                AddPermit{[]ScreenName{"bob", "carol"}},
	"toc2_remove_permit bob":                   RemovePermit{[]ScreenName{"bob"}},
	"toc2_add_deny bob":                        AddDeny{[]ScreenName{"bob"}},
	"toc2_remove_deny bob":                     RemoveDeny{[]ScreenName{"bob"}},
	"toc_add_buddy bob carol":                  AddBuddies{[]ScreenName{"bob", "carol"}},
	"toc_remove_buddy bob":                     RemoveBuddiesV1{[]ScreenName{"bob"}},
	"toc_add_permit":                           AddPermitV1{},
	"toc_add_deny bob":                         AddDenyV1{[]ScreenName{"bob"}},
	"toc_set_config \"m 1\ng B\nb bob\n\"":     SetConfig{"m 1\ng B\nb bob\n"},
	`toc_chat_join 4 "My Room"`:                ChatJoin{4, "My Room"},
	"toc_chat_accept 0":                        ChatAccept{},
	`toc_chat_send 0 "hi"`:                     ChatSend{0, "hi"},
	`toc_chat_whisper 3 bob "hi"`:              ChatWhisper{3, "bob", "hi"},
	`toc_chat_invite 3 "come" bob carol`:       ChatInviteTo{3, "come", []ScreenName{"bob", "carol"}},
	"toc_chat_leave 3":                         ChatLeave{3},
	`toc_set_dir "Al:Q:S::New York:NY:US"`:     SetDir{"Al:Q:S::New York:NY:US"},
	"toc_get_dir bob":                          GetDir{"bob"},
	`toc_dir_search "Al::S"`:                   DirSearch{"Al::S"},
	"toc_rvous_accept bob AAA= 0946":           RvousAccept{"bob", "AAA=", "0946"},
	"toc_rvous_cancel bob AAA= 0946":           RvousCancel{"bob", "AAA=", "0946"},
	`toc_chat_evil 0 bob norm`:                 UnknownCommand{`toc_chat_evil 0 bob norm`},
	"":                                         UnknownCommand{},

	"toc2_new_buddies {g:G\nb:bob\nb:carol:Carol C\ng:W\nb:dave:Dave:::::a note\nb:eve::::::n\n}": NewBuddies{[]Group{
		{"G", []Buddy{{Name: "bob"}, {Name: "carol", Alias: "Carol C"}}}, {"W", []Buddy{{"dave", "Dave", "a note"}, {"eve", "", "n"}}}}},
	`toc_signon login.oscar.aol.com 5190 bob 0x24 english "TIC:x"`: SignOnCommand{Form: SignOn1, Host: "login.oscar.aol.com", Port: "5190",
		Name: "bob", Roasted: "0x24", Language: "english", Version: "TIC:x"},
	`toc2_login h 1 bob 0x24 en "TIC: x" 160 US "" "" -utf8 9`: SignOnCommand{Login2, "h", "1", "bob", "0x24", "en", "TIC: x",
		[]string{"160", "US", "", "", "-utf8", "9"}},
}

func TestCommands(t *testing.T) {
	t.Parallel()
	kinds := map[reflect.Type]bool{}
	for line, want := range commands {
		kinds[reflect.TypeOf(want)] = true
		got, err := ParseCommand(line)
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
	if n := len(commandParsers); len(kinds) != n-3+1 { // toc_send_im; the sign-ons share a type; unknown
		t.Errorf("%d kinds of commands for %d names", len(kinds), n)
	}
}

// TestCommandsAsWritten are lines as other clients write them.
func TestCommandsAsWritten(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]Command{
		"toc_send_im Bob hi there":                        SendIM{To: "Bob", Text: "hi"},
		`toc2_send_im "Bob B" "x" auto more`:              SendIM{"Bob B", "x", true},
		`toc2_send_im bob "x" Auto`:                       SendIM{To: "bob", Text: "x"},
		`toc2_send_im Im B "x"`:                           SendIM{To: "Im", Text: "B"},
		`toc2_send_im  bob   "  padded  "`:                SendIM{To: "bob", Text: "padded"},
		`toc2_send_im bob "say \"hi, you\", he said"`:     SendIM{To: "bob", Text: `say "hi, you", he said`},
		"toc2_send_im bob \"a\r\nb\"":                     SendIM{To: "bob", Text: "a\nb"},
		"toc2_send_im bob a\nb":                           SendIM{To: "bob", Text: "a"},
		"toc_init_done with arguments":                    InitDone{},
		`toc_set_away ""`:                                 SetAway{},
		`toc_set_away "  not trimmed  "`:                  SetAway{"  not trimmed  "},
		"toc_set_caps 1343,1348, " + chatCap + ",":        SetCaps{[]string{"1343", "1348", chatCap}},
		"toc_format_nickname {Al Smith}":                  FormatNick{"Al"},
		`toc_format_nickname "{Al Smith}"`:                FormatNick{"Al Smith"},
		"toc_set_idle -5":                                 SetIdle{-5},
		"toc2_add_permit ":                                AddPermit{[]ScreenName{""}},
		"toc_add_buddy bob ":                              AddBuddies{[]ScreenName{"bob", ""}},
		"toc_chat_join 4 two words":                       ChatJoin{4, "two"},
		"toc_set_config {m 1\nb bob\n}":                   SetConfig{"{m 1\nb bob\n}"},
		`toc2_new_buddies "{g:G` + "\nb:bob\n}\"":         NewBuddies{[]Group{{"G", []Buddy{{Name: "bob"}}}}},
		"toc2_new_buddies {g:G \n b:bob:\nx:y\nb\n":       NewBuddies{[]Group{{"G", []Buddy{{Name: "bob"}}}}},
		"toc2_new_buddies {g:A\nb:x\ng:B\ng:A\nb:y\n}":    NewBuddies{[]Group{{"A", []Buddy{{Name: "x"}, {Name: "y"}}}, {Name: "B"}}},
		"toc2_new_buddies {g:A\nb::alias\nb:n:::::::x\n}": NewBuddies{[]Group{{"A", []Buddy{{Name: "n"}}}}},
		`toc2_new_buddies {g:Oops\nb:dave\n}`:             NewBuddies{[]Group{{Name: "Oopsnb:daven"}}},
		"toc2_new_buddies {}":                             NewBuddies{},
		`toc_dir_search "Alice"::"Smith"`:                 DirSearch{`Alice"::"Smith`},
	} {
		got, err := ParseCommand(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q\ngot  %#v, %v\nwant %#v", line, got, err, want)
		}
	}
}

func TestCommandsMalformed(t *testing.T) {
	t.Parallel()
	lines := []string{
		"toc2_send_im_enc bob F U en", "toc2_client_event bob", "toc2_client_event bob -1", "toc_get_status", "toc_set_info", "toc2_new_group", "toc2_del_group",
		"toc2_new_buddies {g:\n}", "toc2_new_buddies {g:G\nb:\n}", "toc2_set_pdmode 0", "toc2_set_pdmode x", "toc2_remove_permit", "toc2_remove_deny", "toc_set_config", `toc_set_config "'"`,
		"toc_chat_join x y", "toc_chat_accept", "toc_chat_accept x", "toc_chat_send 1", "toc_chat_whisper 1 bob", "toc_chat_invite 1", "toc_chat_leave", "toc_set_dir", "toc_get_dir",
		"toc_dir_search ::::", "toc_dir_search :::::::::::late", "toc_rvous_accept bob x", "toc_rvous_cancel bob", "toc2_signon a b c", "toc_signon", "toc_evil bob",
	}
	for l := range malformedCommands {
		lines = append(lines, l)
	}
	for _, l := range lines {
		c, err := ParseCommand(l)
		if !errors.Is(err, ErrMalformed) || c != (UnknownCommand{l}) {
			t.Errorf("%q: %#v, %v", l, c, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), CommandName(l)) {
			t.Errorf("%q: the error does not name the command: %v", l, err)
		}
	}
}

// FuzzParseCommand: whatever a client sends, what we make of it prints as
// something that we read in the same way ever after.
func FuzzParseCommand(f *testing.F) {
	for line := range commands {
		f.Add(line)
	}
	for _, r := range captures(f) {
		if r.kind == ">" && len(r.text) < 300 {
			f.Add(r.text)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := ParseCommand(line)
		if _, unknown := c.(UnknownCommand); unknown {
			if c.Line() != line {
				t.Fatalf("%q becomes %q", line, c.Line())
			}
			return
		}
		if err != nil {
			t.Fatalf("%q gives %#v and the error %v", line, c, err)
		}
		once := c.Line()
		c2, err := ParseCommand(once)
		if err != nil {
			if mayVanish(c) {
				return
			}
			t.Fatalf("%q is %#v, prints %q: %v", line, c, once, err)
		}
		if reflect.TypeOf(c2) != reflect.TypeOf(c) || c2.Line() != once {
			t.Fatalf("%q is %#v\nprints %q\nthen   %q", line, c, once, c2.Line())
		}
	})
}

// mayVanish tells of the commands that are nothing without an argument which
// may consist of characters that we do not send.
func mayVanish(c Command) bool {
	switch c := c.(type) {
	case SetConfig:
		return strings.Trim(c.Text, outside+"\x00") == ""
	case DirSearch:
		return strings.Trim(withoutControls(c.Fields, false), " \t:") == ""
	}
	return false
}

func TestSplit(t *testing.T) {
	t.Parallel()
	var names []ScreenName
	var groups []Group
	for range 9 {
		g := Group{Name: "Group (" + strings.Repeat("g", 20) + ")"}
		for range 40 {
			n := ScreenName("buddy" + string(rune('a'+len(names)%26)) + strings.Repeat("x", len(names)%11))
			names = append(names, n)
			g.Buddies = append(g.Buddies, Buddy{n, "An alias: really", "note"})
		}
		groups = append(groups, g)
	}
	for _, c := range []Command{AddDeny{names}, RemoveDeny{names}, AddPermit{names}, RemovePermit{names}, AddBuddies{names},
		RemoveBuddiesV1{names}, ChatInviteTo{1, "come", names}, RemoveBuddies{names, "My Group"}} {
		parts := Split(c)
		var got []ScreenName
		for _, p := range parts {
			if len(p.Line()) > MaxCommand {
				t.Errorf("%T: a part of %d bytes", c, len(p.Line()))
			}
			v := reflect.ValueOf(p)
			got = append(got, v.FieldByName("Names").Interface().([]ScreenName)...)
			if g := v.FieldByName("Group"); g.IsValid() && g.String() != "My Group" {
				t.Errorf("%T: group lost", c)
			}
		}
		if len(parts) < 2 || !reflect.DeepEqual(got, names) {
			t.Errorf("%T: %d parts with %d of %d names", c, len(parts), len(got), len(names))
		}
	}
	total := 0
	for _, p := range Split(NewBuddies{groups}) {
		if n := len(p.Line()); n > MaxCommand || n < MaxCommand/2 && total+40 < 360 {
			t.Errorf("a part of %d bytes", n)
		}
		for _, g := range p.(NewBuddies).Groups {
			total += len(g.Buddies)
		}
	}
	if total != 360 {
		t.Errorf("%d of 360 buddies", total)
	}
	if one := Split(SendIM{"bob", strings.Repeat("x", 3000), false}); len(one) != 1 {
		t.Errorf("an IM became %d", len(one))
	}
	if empty := Split(NewBuddies{[]Group{{Name: "G"}}}); len(empty) != 1 || len(empty[0].(NewBuddies).Groups) != 1 {
		t.Errorf("%#v", empty)
	}
	huge := Split(AddDeny{[]ScreenName{ScreenName(strings.Repeat("x", 3000)), "bob"}})
	if len(huge) != 2 {
		t.Errorf("a name too long by itself: %d parts", len(huge))
	}
}
