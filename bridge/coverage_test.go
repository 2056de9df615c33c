package bridge

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocbridge/toc"
)

// covered is a row of the table of all that TOC2 has (../shared/toc2-reference.md §3.2 and §4): how a user reaches or
// sees it, and the tests that prove it.
type covered struct {
	wire   string // the name on the wire
	of     any    // its type in package toc
	how    string
	tests  []string
	unsent bool // a command that the bridge never sends
}

// coveredCommands are the commands, coveredEvents the messages of the server.
var coveredCommands = []covered{
	{"toc2_login", toc.SignOnCommand{}, "logging in to the bridge; toc.login chooses the form", []string{"TestLoginShowsBuddies", "TestSignOnForms"}, true},
	{"toc2_signon", toc.SignOnCommand{}, "toc.login = toc2_signon in the configuration", []string{"TestSignOnForms"}, true},
	{"toc_signon", toc.SignOnCommand{}, "toc.login = toc_signon in the configuration", []string{"TestSignOnForms"}, true},
	{"toc_init_done", toc.InitDone{}, "by itself after each sign-on, and after a PAUSE", []string{"TestPauseSetsUpAnew", "TestLoginShowsBuddies"}, false},
	{"toc2_send_im", toc.SendIM{}, "/msg, /query, nick: text in &buddies, msg; auto: while away", []string{"TestIMOut", "TestAnyScreenName", "TestAutoResponse"}, false},
	{"toc_send_im", toc.SendIM{}, "the same command by its old name; the bridge uses the new one", []string{"TestIMOut"}, false},
	{"toc2_send_im_enc", toc.SendIMEnc{}, "not used: the live server ignores what it says beyond toc2_send_im; text beyond ASCII goes as UTF-8 or as entities", []string{"TestEntities"}, true},
	{"toc2_client_event", toc.SendTyping{}, "+typing (TAGMSG), CTCP TYPING", []string{"TestTypingOut", "TestTyping"}, false},
	{"toc_get_status", toc.GetStatus{}, "WHOIS and messages to people on no list", []string{"TestStrangerIsAskedForOnce", "TestWhoisOthers"}, false},
	{"toc_set_away", toc.SetAway{}, "AWAY; nobody at any client", []string{"TestAwayOut", "TestNobodyAtTheClients"}, false},
	{"toc_set_idle", toc.SetIdle{}, "nothing typed at any client for a while", []string{"TestIdle"}, false},
	{"toc_set_info", toc.SetInfo{}, "profile set, add, clear; again after each sign-on", []string{"TestProfiles"}, false},
	{"toc_get_info", toc.GetInfo{}, "info NICK; WHOIS shows what was read lately; of oneself: is all before dealt with?", []string{"TestProfiles", "TestControlInfoShowsProfile", "TestPingReachesAIM"}, false},
	{"toc_set_caps", toc.SetCaps{}, "not used: the server adds chat by itself, and the bridge can do nothing else that has a capability", []string{"TestWhatIsToldOfABuddy"}, true},
	{"toc_evil", toc.Warn{}, "warn NICK [anon]", []string{"TestWarnings"}, false},
	{"toc_format_nickname", toc.FormatNick{}, "/nick, nick NAME", []string{"TestReformatOneself", "TestNick"}, false},
	{"toc_change_passwd", toc.ChangePassword{}, "password OLD NEW", []string{"TestPassword", "TestPasswordWithoutAnswer"}, false},
	{"toc2_new_group", toc.NewGroup{}, "group add, group rename", []string{"TestTalkControlReachesAIM"}, false},
	{"toc2_del_group", toc.DelGroup{}, "group del, group rename", []string{"TestTalkControlReachesAIM"}, false},
	{"toc2_new_buddies", toc.NewBuddies{}, "add, move, rename, INVITE nick &group", []string{"TestTalkControlReachesAIM", "TestInviteMoves"}, false},
	{"toc2_remove_buddy", toc.RemoveBuddies{}, "remove, move, KICK", []string{"TestTalkControlReachesAIM", "TestInviteMoves"}, false},
	{"toc2_set_pdmode", toc.SetPDMode{}, "privacy; the first block", []string{"TestTalkControlReachesAIM", "TestModeOfBlockingIsSwitchedOnOnce", "TestPrivacyIsSetAgain"}, false},
	{"toc2_add_permit", toc.AddPermit{}, "MODE &buddies +e, allow", []string{"TestModes", "TestTalkControlReachesAIM"}, false},
	{"toc2_remove_permit", toc.RemovePermit{}, "MODE &buddies -e, block", []string{"TestModes", "TestTalkControlReachesAIM"}, false},
	{"toc2_add_deny", toc.AddDeny{}, "MODE &buddies +b, block, SILENCE +nick", []string{"TestModes", "TestSilence"}, false},
	{"toc2_remove_deny", toc.RemoveDeny{}, "MODE &buddies -b, allow, SILENCE -nick", []string{"TestModes", "TestSilence"}, false},
	{"toc_add_buddy", toc.AddBuddies{}, "MONITOR of people on no list; the list at sign-on, so that OSCAR users hear of it", []string{"TestMonitorStrangerOnce", "TestPauseSetsUpAnew"}, false},
	{"toc_remove_buddy", toc.RemoveBuddiesV1{}, "the end of a MONITOR; whoever is removed from the list", []string{"TestMonitor", "TestTalkControlReachesAIM"}, false},
	{"toc_add_permit", toc.AddPermitV1{}, "not used: without effect on the live server; toc2_add_permit is what works", []string{"TestModes"}, true},
	{"toc_add_deny", toc.AddDenyV1{}, "not used: without effect on the live server; toc2_add_deny is what works", []string{"TestModes"}, true},
	{"toc_set_config", toc.SetConfig{}, "not used: the list of TOC1, which TOC2 clients never see", []string{"TestTalkControlReachesAIM"}, true},
	{"toc_chat_join", toc.ChatJoin{}, "JOIN #room, JOIN ##public", []string{"TestRoom", "TestLateRooms"}, false},
	{"toc_chat_accept", toc.ChatAccept{}, "JOIN of a room one is invited to", []string{"TestInvitation"}, false},
	{"toc_chat_send", toc.ChatSend{}, "PRIVMSG #room", []string{"TestRoom", "TestRoomFloodIsPaced"}, false},
	{"toc_chat_whisper", toc.ChatWhisper{}, "PRIVMSG nick with +channel-context", []string{"TestWhispers"}, false},
	{"toc_chat_invite", toc.ChatInviteTo{}, "INVITE nick #room", []string{"TestInviteNotify", "TestInvitationAcrossBridges"}, false},
	{"toc_chat_leave", toc.ChatLeave{}, "PART #room", []string{"TestRoom"}, false},
	{"toc_set_dir", toc.SetDir{}, "dir set, dir clear", []string{"TestDirectory", "TestDirectoryOnAOL"}, false},
	{"toc_get_dir", toc.GetDir{}, "dir get NICK", []string{"TestDirectory"}, false},
	{"toc_dir_search", toc.DirSearch{}, "dir search FIELD=VALUE", []string{"TestDirectory"}, false},
	{"toc_rvous_accept", toc.RvousAccept{}, "not used: the bridge cannot take files", []string{"TestFilesAreDeclined"}, true},
	{"toc_rvous_cancel", toc.RvousCancel{}, "by itself, when somebody offers a file", []string{"TestFilesAreDeclined"}, false},
	// AOL had these; the live server answers ERROR:913 (TOC2 reference §3.2).
	{"toc_chat_send_enc", toc.UnknownCommand{}, "not used: toc_chat_send works on every server", []string{"TestRoom"}, true},
	{"toc_chat_whisper_enc", toc.UnknownCommand{}, "not used: toc_chat_whisper works on every server", []string{"TestWhispers"}, true},
	{"toc_chat_evil", toc.UnknownCommand{}, "not used: warning people in rooms is unknown to the live server", []string{"TestWarnings"}, true},
	{"toc_rvous_propose", toc.UnknownCommand{}, "not used: the bridge cannot send files", []string{"TestFilesAreDeclined"}, true},
	{"toc_noop", toc.UnknownCommand{}, "not used: a PING of a client asks for one's own profile instead", []string{"TestPingReachesAIM"}, true},
	{"toc_get_away", toc.UnknownCommand{}, "not used: away texts are learned from automatic responses", []string{"TestAwayMessagesOfOthers"}, true},
}

var coveredEvents = []covered{
	{"SIGN_ON", toc.SignedOn{}, "the login succeeds; after a PAUSE: AIM goes on", []string{"TestLoginShowsBuddies", "TestPause"}, false},
	{"NICK", toc.Nick{}, "NICK", []string{"TestReformatOneself", "TestNick"}, false},
	{"CONFIG2", toc.Config{}, "&buddies, &groups, MODE &buddies b and e, privacy", []string{"TestBigListOfACapture", "TestListEventsAndFreshList"}, false},
	{"CONFIG", toc.Config{}, "the same, on a TOC1 session", []string{"TestConfigText", "TestRosterLoad"}, false},
	{"ERROR", toc.ServerError{}, "a sentence, to whoever asked or else to all, with the text that it is about", []string{"TestServerErrorSentences", "TestRefusedListChange", "TestServerThatTells", "TestOneNoticeForABurstOf903", "TestSignOnErrorsInWords"}, false},
	{"IM_IN", toc.IMIn{}, "PRIVMSG", []string{"TestIMForms", "TestIMIn"}, false},
	{"IM_IN2", toc.IMIn{}, "PRIVMSG", []string{"TestIMForms", "TestIMIn"}, false},
	{"IM_IN_ENC2", toc.IMIn{}, "PRIVMSG; NOTICE when automatic", []string{"TestIMIn", "TestAutoResponseIsNotice", "TestHugeIMs"}, false},
	{"UPDATE_BUDDY", toc.BuddyUpdate{}, "JOIN, QUIT, AWAY, MODE ±v, notices in &buddies", []string{"TestPresenceOnce", "TestEventsAboutUnknownPeople"}, false},
	{"UPDATE_BUDDY2", toc.BuddyUpdate{}, "the same; WHOIS has idle, warning level and flags", []string{"TestPresenceOnce", "TestPresenceWithAwayNotify", "TestFlagsInWhois", "TestWarningTightensThePace"}, false},
	{"BUDDY_CAPS2", toc.BuddyCaps{}, "WHOIS: what their client can do", []string{"TestWhatIsToldOfABuddy", "TestAOLServer"}, false},
	{"CLIENT_EVENT2", toc.Typing{}, "TAGMSG with +typing", []string{"TestTyping", "TestRespelledAside"}, false},
	{"NEW_BUDDY_REPLY2", toc.NewBuddyReply{}, "a notice, if they have to agree first", []string{"TestWhatIsToldOfABuddy"}, false},
	{"INSERTED2", toc.Inserted{}, "JOIN, NICK, SETNAME, MODE +b and +e", []string{"TestSiblingChangesAreShown", "TestListEventsAndFreshList"}, false},
	{"DELETED2", toc.Deleted{}, "QUIT, PART, MODE -b and -e", []string{"TestSiblingChangesAreShown", "TestListEventsAndFreshList"}, false},
	{"UPDATED2", toc.Updated{}, "NICK, SETNAME", []string{"TestListChangesOfAnotherClient"}, false},
	{"CHAT_JOIN", toc.ChatJoined{}, "JOIN of oneself", []string{"TestRoom", "TestUnaskedRoomIsLeft"}, false},
	{"CHAT_LEFT", toc.ChatLeft{}, "PART of oneself", []string{"TestThrownOutOfARoom"}, false},
	{"CHAT_UPDATE_BUDDY", toc.ChatMembers{}, "NAMES, JOIN and PART of others", []string{"TestRoom", "TestMembersOfAcceptedRoomBeforeJoin"}, false},
	{"CHAT_IN", toc.ChatIn{}, "PRIVMSG #room", []string{"TestRoom", "TestTalkDialogues"}, false},
	{"CHAT_IN_ENC", toc.ChatIn{}, "PRIVMSG #room; a whisper: PRIVMSG nick with +channel-context", []string{"TestRoom", "TestWhispers", "TestRespelledInRoom"}, false},
	{"CHAT_INVITE", toc.ChatInvite{}, "INVITE", []string{"TestInvitation", "TestInvitationHasTheWholeName"}, false},
	{"EVILED", toc.Evil{}, "a notice in &buddies; stricter limits", []string{"TestWarnings", "TestWarningTightensThePace"}, false},
	{"GOTO_URL", toc.GotoURL{}, "the page is fetched and shown: info, dir get, dir search", []string{"TestProfiles", "TestDirectory", "TestTenPagesAMinute", "TestPageOf"}, false},
	{"DIR_STATUS", toc.DirStatus{}, "the answer to dir set, on AOL", []string{"TestDirectoryOnAOL"}, false},
	{"ADMIN_NICK_STATUS", toc.AdminNick{}, "the answer to nick, if it is a refusal", []string{"TestNickRefusedByCode"}, false},
	{"ADMIN_PASSWD_STATUS", toc.AdminPassword{}, "the answer to password", []string{"TestPassword", "TestPasswordWithoutAnswer"}, false},
	{"RVOUS_PROPOSE", toc.RvousPropose{}, "a NOTICE that a file was offered and declined", []string{"TestFilesAreDeclined"}, false},
	{"BART2", toc.BART{}, "WHOIS: has a buddy icon", []string{"TestWhatIsToldOfABuddy"}, false},
	{"PAUSE", toc.Pause{}, "a notice; what is said waits for the next SIGN_ON", []string{"TestPause", "TestPauseWithoutEnd", "TestPauseSetsUpAnew"}, false},
	{"", toc.Unknown{}, "nothing but a line in the log at debug level", []string{"TestIncoming", "TestAOLServer"}, false},
}

// goFiles parses the Go files of a folder, its tests or all else.
func goFiles(t *testing.T, dir string, tests bool) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no Go files (%v)", dir, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") != tests {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// keysOf are the keys of a map literal that a package-level variable holds.
func keysOf(files []*ast.File, variable string) (keys []string) {
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name != variable || len(spec.Values) == 0 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.CompositeLit); ok {
				for _, e := range lit.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						key, _ := strconv.Unquote(kv.Key.(*ast.BasicLit).Value)
						keys = append(keys, key)
					}
				}
			}
			return false
		})
	}
	return keys
}

// typesWith are the types that have a method, by the name of which package toc closes its sets.
func typesWith(files []*ast.File, method string) (types []string) {
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != method || fn.Type.Params.NumFields() > 0 {
				continue
			}
			if id, ok := fn.Recv.List[0].Type.(*ast.Ident); ok {
				types = append(types, id.Name)
			}
		}
	}
	return types
}

// testsIn are the names of the tests of folders.
func testsIn(t *testing.T, dirs ...string) map[string]bool {
	names := map[string]bool{}
	for _, dir := range dirs {
		for _, f := range goFiles(t, dir, true) {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
					names[fn.Name.Name] = true
				}
			}
		}
	}
	return names
}

// sentTypes are the types of package toc of which the bridge makes values.
func sentTypes(t *testing.T) map[string]bool {
	types := map[string]bool{}
	for _, f := range goFiles(t, ".", false) {
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if sel, ok := lit.Type.(*ast.SelectorExpr); ok {
					if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "toc" {
						types[sel.Sel.Name] = true
					}
				}
			}
			return true
		})
	}
	return types
}

// TestCoverage: all that package toc knows, and so all that TOC2 has, is in the tables, what is in the tables is so, and
// the tests that prove it exist.
func TestCoverage(t *testing.T) {
	t.Parallel()
	source := goFiles(t, filepath.Join("..", "toc"), false)
	known := testsIn(t, ".", filepath.Join("..", "toc"), filepath.Join("..", "toc", "tocd"), filepath.Join("..", "cmd", "tocbridge"))
	sent := sentTypes(t)
	for _, table := range []struct {
		rows             []covered
		parsers, method  string
		unparsed         []string // rows that no parser is for
		commandsNotNames bool
	}{
		{coveredCommands, "commandParsers", "command", []string{"toc_chat_send_enc", "toc_chat_whisper_enc", "toc_chat_evil", "toc_rvous_propose", "toc_noop", "toc_get_away"}, true},
		{coveredEvents, "eventParsers", "event", []string{""}, false},
	} {
		names, types := map[string]bool{}, map[string]bool{}
		for _, row := range table.rows {
			typ := reflect.TypeOf(row.of).Name()
			if names[row.wire] {
				t.Errorf("%s has two rows", row.wire)
			}
			names[row.wire], types[typ] = true, true
			if len(row.how) < 4 || len(row.tests) == 0 {
				t.Errorf("the row of %s is empty", row.wire)
			}
			for _, test := range row.tests {
				if !known[test] {
					t.Errorf("%s: there is no test %s", row.wire, test)
				}
			}
			if table.commandsNotNames && sent[typ] == row.unsent {
				t.Errorf("%s: the table says never sent: %v, the source makes %s: %v", row.wire, row.unsent, typ, sent[typ])
			}
			if row.unsent != strings.HasPrefix(row.how, "not used: ") && typ != "SignOnCommand" {
				t.Errorf("%s: %q, but never sent: %v", row.wire, row.how, row.unsent)
			}
		}
		wire := keysOf(source, table.parsers)
		if len(wire) < 30 {
			t.Fatalf("%s has %d keys", table.parsers, len(wire))
		}
		for _, name := range wire {
			if !names[name] {
				t.Errorf("%s has no row", name)
			}
		}
		for name := range names {
			if !slices.Contains(wire, name) && !slices.Contains(table.unparsed, name) {
				t.Errorf("there is no %q in TOC2", name)
			}
		}
		for _, typ := range typesWith(source, table.method) {
			if !types[typ] {
				t.Errorf("toc.%s has no row", typ)
			}
		}
	}
}

// TestCoverageFindsGaps: the checks of the table can fail.
func TestCoverageFindsGaps(t *testing.T) {
	t.Parallel()
	source := goFiles(t, filepath.Join("..", "toc"), false)
	if keys := keysOf(source, "eventParsers"); !slices.Contains(keys, "IM_IN_ENC2") || slices.Contains(keys, "IM_IN_ENC3") {
		t.Errorf("keys of eventParsers: %v", keys)
	}
	types := typesWith(source, "command")
	if !slices.Contains(types, "SendIM") || slices.Contains(types, "IMIn") {
		t.Errorf("types of commands: %v", types)
	}
	if tests := testsIn(t, "."); !tests["TestCoverage"] || tests["TestNothing"] {
		t.Errorf("tests: %v", slices.Sorted(maps.Keys(tests)))
	}
	if sent := sentTypes(t); !sent["SendIM"] || sent["SetConfig"] {
		t.Errorf("sent: %v", sent)
	}
}
