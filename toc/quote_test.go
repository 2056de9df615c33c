package toc

import (
	"html"
	"strings"
	"testing"
	"unicode"
)

// liveArgs is an independent model of the live server's argument reading: the
// standard CSV reader, white space trimmed, then every backslash deleted that
// has not just been kept.
func liveArgs(t testing.TB, line string, trim, backslashes bool) []string {
	t.Helper()
	_, rest, ok := strings.Cut(line, " ")
	if !ok {
		return nil
	}
	args := csvArgs(" " + rest)
	for i, a := range args {
		if trim {
			a = strings.TrimSpace(a)
		}
		if backslashes {
			var b strings.Builder
			for j := 0; j < len(a); j++ {
				if a[j] == '\\' {
					if j++; j == len(a) {
						break
					}
				}
				b.WriteByte(a[j])
			}
			a = b.String()
		}
		args[i] = a
	}
	return args
}

var texts = []string{
	"", " ", "  ", "hi", "hi there", `say "hi" now`, `"`, `""`, `"a`, `a"`, `a" b`, `a\" b`, `\`, `\\`, `a\`, `\ `, ` \`, `$(){}[]`,
	"a\nb", "\n", "a\n", "\na", "a\r\nb", "a\rb", "\r", "a\x00b", "\x01 a \x01", "\ta\t", " a ", "é", "漢字 😀", "\u00a0a\u00a0", "a\u0085", "\u0085a", "a \u0085", "\xff\xfe",
	"auto", `" auto`, `x" auto`, `\"" auto`, "<FONT COLOR=\"#ff0000\">x</FONT>", "&quot; &amp; &#32;", "'`", `C:\new "folder"`, strings.Repeat(`"`, 50), "\xe3\x80\x19\x80", "\xc2\x00\xa0@", "   ", " \" ", "\u2003",
}

// TestQuoteHTML: what the live server decodes is what was meant.
func TestQuoteHTML(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		checkHTML(t, s)
	}
}

func FuzzQuoteHTML(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkHTML(t, s) })
}

func checkHTML(t *testing.T, s string) {
	t.Helper()
	line := SendIM{To: "bob", Text: s, Auto: true}.Line()
	args := liveArgs(t, line, true, true)
	if len(args) != 3 || args[0] != "bob" || args[2] != "auto" {
		t.Fatalf("%q is sent as %q and read as %q", s, line, args)
	}
	want := strings.TrimSuffix(withoutControls(s, true), nel)
	for strings.HasSuffix(want, nel) {
		want = strings.TrimSuffix(want, nel)
	}
	if got := html.UnescapeString(args[1]); got != html.UnescapeString(want) {
		t.Fatalf("%q is sent as %q and read as %q", s, line, got)
	}
	if got, want := QuotedLen(s), len(line)-len(`toc2_send_im bob "" auto`); got != want {
		t.Fatalf("QuotedLen(%q) = %d, it takes %d", s, got, want)
	}
	c, err := ParseCommand(line)
	if im, ok := c.(SendIM); err != nil || !ok || im.Text != args[1] {
		t.Fatalf("%q: ParseCommand says %#v, %v", line, c, err)
	}
	if again := c.Line(); again != line {
		t.Fatalf("%q prints again as %q", line, again)
	}
}

// TestQuoteArguments: groups, rooms and directory fields are stored as meant,
// whether or not the server deletes backslashes there.
func TestQuoteArguments(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		checkArgs(t, s)
	}
}

func FuzzQuoteArguments(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkArgs(t, s) })
}

func checkArgs(t *testing.T, s string) {
	t.Helper()
	want := withoutControls(s, false)
	trimmed := strings.TrimRightFunc(want, unicode.IsSpace)
	for _, c := range []Command{NewGroup{s}, DelGroup{s}, SetDir{s}, DirSearch{s}} {
		if args := liveArgs(t, c.Line(), true, true); len(args) != 1 || args[0] != trimmed {
			t.Fatalf("%q is sent as %q and read as %q, want %q", s, c.Line(), args, trimmed)
		}
	}
	line := ChatJoin{4, s}.Line()
	if args := liveArgs(t, line, true, true); len(args) != 2 || args[1] != trimmed {
		t.Fatalf("%q is sent as %q and read as %q, want %q", s, line, args, trimmed)
	}
	line = RemoveBuddies{Names: []ScreenName{"bob"}, Group: s}.Line()
	if args := liveArgs(t, line, false, false); len(args) != 2 || args[1] != want {
		t.Fatalf("%q is sent as %q and read as %q, want %q", s, line, args, want)
	}
	line = FormatNick{ScreenName(s)}.Line()
	if args := liveArgs(t, line, true, false); len(args) != 1 || args[0] != strings.TrimSpace(want) {
		t.Fatalf("%q is sent as %q and read as %q", s, line, args)
	}
	checkName(t, s)
	checkPassword(t, s)
}

func checkName(t *testing.T, s string) {
	t.Helper()
	want := strings.TrimSpace(strings.ReplaceAll(withoutControls(ScreenName(s).Key(), false), "\t", ""))
	line := GetStatus{ScreenName(s)}.Line()
	if args := liveArgs(t, line, true, false); len(args) != 1 || args[0] != want {
		t.Fatalf("name %q is sent as %q and read as %q, want %q", s, line, args, want)
	}
	line = AddDeny{[]ScreenName{ScreenName(s), "bob"}}.Line()
	if args := liveArgs(t, line, false, false); len(args) != 2 || args[0] != want || args[1] != "bob" {
		t.Fatalf("name %q is sent as %q and read as %q, want %q", s, line, args, want)
	}
}

func checkPassword(t *testing.T, s string) {
	t.Helper()
	args := liveArgs(t, ChangePassword{s, "new"}.Line(), true, true)
	exact := len(args) == 2 && args[0] == s && args[1] == "new"
	if CanSendPassword(s) != exact {
		t.Fatalf("CanSendPassword(%q) = %v, but it is read as %q", s, !exact, args)
	}
	if s == withoutControls(s, true) && s == strings.TrimRightFunc(s, unicode.IsSpace) && !exact {
		t.Fatalf("password %q is read as %q", s, args)
	}
}

// TestQuoteBuddies: groups, names, aliases and notes are stored as meant.
func TestQuoteBuddies(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		checkBuddies(t, s, "x")
		checkBuddies(t, "x", s)
	}
}

func FuzzQuoteBuddies(f *testing.F) {
	for _, s := range texts {
		f.Add(s, "note")
		f.Add("alias", s)
	}
	f.Fuzz(checkBuddies)
}

func checkBuddies(t *testing.T, s, u string) {
	t.Helper()
	group := strings.TrimRightFunc(withoutControls(s, false), unicode.IsSpace)
	if group == "" {
		return // cannot be said
	}
	field := func(s string) string {
		return strings.TrimRightFunc(strings.ReplaceAll(withoutControls(s, false), ":", ";"), unicode.IsSpace)
	}
	line := NewBuddies{Groups: []Group{{s, []Buddy{{"Bob B", s, u}, {Name: "carol", Note: u}}}, {"Two", []Buddy{{Name: "dave", Alias: u}}}}}.Line()
	c, err := ParseCommand(line)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	got := c.(NewBuddies).Groups
	want := []Group{{group, []Buddy{{"bobb", field(s), field(u)}, {Name: "carol", Note: field(u)}}}, {"Two", []Buddy{{Name: "dave", Alias: field(u)}}}}
	if group == "Two" {
		want = []Group{{group, append(want[0].Buddies, want[1].Buddies...)}}
	}
	if a, b := (NewBuddies{got}).Line(), (NewBuddies{want}).Line(); a != b {
		t.Fatalf("%q\nis read as %#v\nwant       %#v", line, got, want)
	}
	for i, g := range got {
		if g.Name != want[i].Name || g.Buddies[0] != want[i].Buddies[0] {
			t.Fatalf("%q\nis read as %#v\nwant       %#v", line, got, want)
		}
	}
}

func TestRooms(t *testing.T) {
	t.Parallel()
	const name, id = "Cool Guy", 17
	fits := map[string]struct {
		room int
		with func(text string) Command
	}{
		"im":      {IMRoom(name, false), func(s string) Command { return SendIM{To: name, Text: s} }},
		"auto":    {IMRoom(name, true), func(s string) Command { return SendIM{name, s, true} }},
		"odd":     {IMRoom(`"x`, true), func(s string) Command { return SendIM{`"x`, s, true} }},
		"enc":     {IMEncRoom(SendIMEnc{To: name, Encoding: "U", Language: "en"}), func(s string) Command { return SendIMEnc{To: name, Encoding: "U", Language: "en", Text: s} }},
		"chat":    {ChatRoom(id), func(s string) Command { return ChatSend{id, s} }},
		"whisper": {WhisperRoom(id, name), func(s string) Command { return ChatWhisper{id, name, s} }},
		"invite":  {InviteRoom(id, name, "bob"), func(s string) Command { return ChatInviteTo{id, s, []ScreenName{name, "bob"}} }},
		"away":    {AwayRoom(), func(s string) Command { return SetAway{s} }},
		"info":    {InfoRoom(), func(s string) Command { return SetInfo{s} }},
	}
	for n, f := range fits {
		text := strings.Repeat("x", f.room-6) + `"`
		if QuotedLen(text) != f.room {
			t.Fatal("the test is wrong")
		}
		if got := len(f.with(text).Line()); got != MaxCommand {
			t.Errorf("%s: a text that fills the room makes a command of %d bytes", n, got)
		}
	}
}

func TestRoomsDoNotAllocate(t *testing.T) { // not parallel: it counts allocations
	text := "<b>some</b> \"text\" with (all) $orts of \\things "
	n := testing.AllocsPerRun(100, func() {
		if QuotedLen(text) > IMRoom("Cool Guy", true) || QuotedLen(text) > ChatRoom(3) {
			t.Error("does not fit")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
