package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/bridge/store"
)

// archiveConfig writes a configuration with a store in a folder of its own.
func archiveConfig(t *testing.T, more ...string) (file, database string) {
	t.Helper()
	dir := t.TempDir()
	file, database = filepath.Join(dir, "tocbridge.toml"), filepath.Join(dir, "tocbridge.db")
	text := fmt.Sprintf("[store]\npath = %q\n%s", database, strings.Join(more, "\n"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, database
}

func fill(t *testing.T, database string, account string, entries ...store.Entry) {
	t.Helper()
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	a.Append(entries...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// kept reads all that a store has of an account.
func keptOf(t *testing.T, database, account string) []store.Entry {
	t.Helper()
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := s.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	all, left, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
	if err != nil || left != 0 {
		t.Fatal(left, err)
	}
	return all
}

// sampleTime is before midnight in UTC and after it in Berlin.
var sampleTime = time.Date(2026, 3, 4, 23, 30, 1, 250e6, time.UTC)

func sampleEntries() []store.Entry {
	at := func(s int) time.Time { return sampleTime.Add(time.Duration(s) * time.Second) }
	id := func(s int) string { return store.TimeID(at(s), fmt.Sprintf("%010d", s)) }
	return []store.Entry{
		{ID: id(0), Time: at(0), Target: "bob", From: "B o b", Command: "PRIVMSG", Text: "hi \x02there\x0f"},
		{ID: id(1), Time: at(1), Target: "bob", Out: true, From: "Al Ice", Command: "PRIVMSG", Text: "two\nlines", Tags: "+reply=x"},
		{ID: id(2), Time: at(2), Target: "bob", From: "Bob", Command: "PRIVMSG", Text: "\x01ACTION waves\x01"},
		{ID: id(3), Time: at(3), Target: "bob", From: "Bob", Command: "NOTICE", Text: "note"},
		{ID: id(4), Time: at(4), Target: "#a/b", From: "Bob", Command: "JOIN", Text: "Bob"},
		{ID: id(5), Time: at(5), Target: "#a/b", From: "Bob", Command: "TOPIC", Text: "it's 'new'"},
		{ID: id(6), Time: at(6), Target: "#a/b", From: "Bob", Command: "PART", Text: "gone (really)"},
		{ID: id(7), Time: at(7), Target: "&buddies", From: "Bob", Command: "QUIT", Text: ""},
		{ID: id(8), Time: at(8), Target: "&buddies", From: "Bob", Command: "NICK", Text: "bobby"},
		{ID: id(9), Time: at(9), Target: "bob", From: "Bob", Command: "TAGMSG", Tags: "+react=x"},
		{ID: id(10), Time: at(10), Target: "#a/b", From: "Bob", Command: "INVITE", Text: "carol"},
		{ID: id(11), Time: at(11), Target: "bob", From: "Bob", Command: "PRIVMSG", Text: "hi there"},
		{ID: id(12), Time: at(11), Target: "bob", From: "Bob", Command: "PRIVMSG", Text: "hi there"},
		{ID: id(1800), Time: at(1800), Target: "bob", From: "Bob", Command: "PRIVMSG", Text: "next day"},
	}
}

// command runs the program and returns what it says.
func command(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	for i, arg := range args { // TestMain's variable is stronger than a file
		if database := filepath.Join(filepath.Dir(arg), "tocbridge.db"); i > 0 && args[i-1] == "-c" && filepath.Base(arg) == "tocbridge.toml" {
			args = append(slices.Clone(args), "--store", database)
		}
	}
	var out, errs bytes.Buffer
	err = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), err
}

func mustCommand(t *testing.T, wantStderr string, args ...string) string {
	t.Helper()
	out, errs, err := command(t, args...)
	if err != nil || errs != wantStderr {
		t.Fatalf("%q: said %q instead of %q, %v", args, errs, wantStderr, err)
	}
	return out
}

// tree is the files below a folder.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
		text, err := os.ReadFile(path)
		below, _ := filepath.Rel(root, path)
		all[filepath.ToSlash(below)] = string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestExportText(t *testing.T) {
	t.Parallel()
	file, database := archiveConfig(t)
	fill(t, database, "alice", sampleEntries()...)
	folder := filepath.Join(t.TempDir(), "logs")
	want := map[string]string{
		"alice/bob/2026-03-04.log": `[23:30:01] <Bob> hi there
[23:30:02] <AlIce> two
[23:30:02] <AlIce> lines
[23:30:03] * Bob waves
[23:30:04] -Bob- note
[23:30:12] <Bob> hi there
[23:30:12] <Bob> hi there
`,
		"alice/bob/2026-03-05.log": "[00:00:01] <Bob> next day\n",
		"alice/#a%2Fb/2026-03-04.log": `[23:30:05] *** Joins: Bob (Bob@aim)
[23:30:06] *** Bob changes topic to 'it's 'new''
[23:30:07] *** Parts: Bob (Bob@aim) (gone (really))
[23:30:11] *** INVITE: Bob carol
`,
		"alice/&buddies/2026-03-04.log": "[23:30:08] *** Quits: Bob (Bob@aim)\n[23:30:09] *** Bob is now known as bobby\n",
	}
	for range 2 { // the second one replaces the first
		mustCommand(t, "Exported 13 entries of 1 accounts.\n", "export", "-c", file, "--zone", "UTC", folder)
		if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
			t.Error(diff)
		}
	}
	mustCommand(t, "Exported 13 entries of 1 accounts.\n", "export", "-c", file, "--zone", "Europe/Berlin", folder+"2")
	if text := tree(t, folder+"2")["alice/bob/2026-03-05.log"]; !strings.HasPrefix(text, "[00:30:01] <Bob> hi there\n") || !strings.HasSuffix(text, "\n[01:00:01] <Bob> next day\n") {
		t.Errorf("in Berlin: %s", text)
	}
	out := mustCommand(t, "Exported 13 entries of 1 accounts.\n", "export", "-c", file, "--zone", "UTC", "-")
	for name, text := range want {
		if !strings.Contains(out, "==> "+name+" <==\n"+text) {
			t.Errorf("%s is not in the stream:\n%s", name, out)
		}
	}
}

// JSON lines bring everything back, into an empty store as into the same.
func TestJSONLinesThereAndBack(t *testing.T) {
	t.Parallel()
	file, database := archiveConfig(t)
	fill(t, database, "alice", sampleEntries()...)
	fill(t, database, "eve", sampleEntries()[0])
	folder := t.TempDir()
	mustCommand(t, "Exported 15 entries of 2 accounts.\n", "export", "-c", file, "--format", "jsonl", folder)
	stream := mustCommand(t, "Exported 15 entries of 2 accounts.\n", "export", "-c", file, "--format", "jsonl", "-")
	whole := filepath.Join(t.TempDir(), "all.jsonl")
	if err := os.WriteFile(whole, []byte(stream), 0o600); err != nil {
		t.Fatal(err)
	}
	want := sampleEntries()
	for _, from := range []string{folder, whole} {
		other, otherDatabase := archiveConfig(t, `max_age = "0s"`)
		mustCommand(t, "Imported 15 entries; 0 were there already.\n", "import", "-c", other, from)
		mustCommand(t, "Imported 0 entries; 15 were there already.\n", "import", "-c", other, from)
		if diff := cmp.Diff(want, keptOf(t, otherDatabase, "alice")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:1], keptOf(t, otherDatabase, "eve")); diff != "" {
			t.Error(diff)
		}
		again := mustCommand(t, "Exported 15 entries of 2 accounts.\n", "export", "-c", other, "--format", "jsonl", "-")
		if again != stream {
			t.Errorf("the second export differs: %s", cmp.Diff(stream, again))
		}
	}
	mustCommand(t, "Exported 1 entries of 1 accounts.\n", "export", "-c", file, "--account", "E v e", "--format", "jsonl", folder)
	third, thirdDatabase := archiveConfig(t, `max_age = "0s"`)
	mustCommand(t, "Imported 14 entries; 1 were there already.\n", "import", "-c", third, "--account", "Car Ol", folder)
	if diff := cmp.Diff(want, keptOf(t, thirdDatabase, "carol")); diff != "" {
		t.Error(diff)
	}
}

// Text logs come back as far as they go; into the store that they are from,
// nothing comes; and twice is once.
func TestTextThereAndBack(t *testing.T) {
	t.Parallel()
	file, database := archiveConfig(t, `max_age = "0s"`)
	fill(t, database, "alice", sampleEntries()...)
	folder := t.TempDir()
	mustCommand(t, "Exported 13 entries of 1 accounts.\n", "export", "-c", file, "--zone", "UTC", folder)
	mustCommand(t, "Imported 0 entries; 14 were there already.\n", "import", "-c", file, "--zone", "UTC", folder)
	other, otherDatabase := archiveConfig(t, `max_age = "0s"`)
	mustCommand(t, "Imported 14 entries; 0 were there already.\n", "import", "-c", other, "--zone", "UTC", folder)
	first := keptOf(t, otherDatabase, "alice")
	mustCommand(t, "Imported 0 entries; 14 were there already.\n", "import", "-c", other, "--zone", "UTC", folder)
	if diff := cmp.Diff(first, keptOf(t, otherDatabase, "alice")); diff != "" || len(first) != 14 {
		t.Errorf("%d, %s", len(first), diff)
	}
	second := t.TempDir()
	mustCommand(t, "Exported 14 entries of 1 accounts.\n", "export", "-c", other, "--zone", "UTC", second)
	if diff := cmp.Diff(tree(t, folder), tree(t, second)); diff != "" {
		t.Error(diff)
	}
	// The ids are the same wherever it is imported.
	third, thirdDatabase := archiveConfig(t, `max_age = "0s"`)
	mustCommand(t, "Imported 14 entries; 0 were there already.\n", "import", "-c", third, "--zone", "UTC", folder)
	if diff := cmp.Diff(first, keptOf(t, thirdDatabase, "alice")); diff != "" {
		t.Error(diff)
	}
	if e := first[1]; !e.Out || e.From != "AlIce" || e.Text != "two" || e.Target != "bob" || len(e.ID) != 19 {
		t.Errorf("%+v", e)
	}
}

// What ZNC writes; of what is no message, it is said how much it was.
func TestImportOfZNC(t *testing.T) {
	t.Parallel()
	file, database := archiveConfig(t, `max_age = "0s"`)
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		full := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("#Room/2020-01-02.log", strings.Join([]string{
		"[10:00:00] *** Joins: Bob (~bob@host.example)", "[10:00:01] <Bob> hello", "[10:00:01] <Alice> hello Bob", "[10:00:01] <Bob> hello",
		"[10:00:02] *** ChanServ sets mode: +o Bob", "[10:00:03] *** Quits: Bob (~bob@host.example) (Quit: bye)", "garbage", "[25:00:00] <x> y", "",
	}, "\n"))
	write("bob/2020-01-02.log", "[10:00:00] <bob> psst\xff\n[10:00:00] * bob \n")
	write("bob/notes.txt", "not a log")
	said := "Imported 7 entries; 0 were there already.\n3 lines are none that tocbridge knows; they were left out.\n"
	mustCommand(t, said, "import", "-c", file, "--account", "A lice", "--zone", "UTC", folder)
	write("bob/2020-01-02.log", "[10:00:00] <bob> psst\xff\n[10:00:00] * bob \n[10:00:00] <alice> more\n")
	said = "Imported 1 entries; 7 were there already.\n3 lines are none that tocbridge knows; they were left out.\n"
	mustCommand(t, said, "import", "-c", file, "--account", "A lice", "--zone", "UTC", folder)
	var got []string
	for _, e := range keptOf(t, database, "alice") {
		got = append(got, fmt.Sprintf("%s %s %v %s %s %q", e.Time.Format("15:04:05.000"), e.Target, e.Out, e.From, e.Command, e.Text))
	}
	want := []string{
		`10:00:00.000 #room false Bob JOIN ""`,
		`10:00:00.000 bob false bob PRIVMSG "psst` + "\uFFFD" + `"`,
		`10:00:00.001 bob false bob PRIVMSG "\x01ACTION \x01"`,
		`10:00:00.002 bob true alice PRIVMSG "more"`,
		`10:00:01.000 #room false Bob PRIVMSG "hello"`,
		`10:00:01.001 #room true Alice PRIVMSG "hello Bob"`,
		`10:00:01.002 #room false Bob PRIVMSG "hello"`,
		`10:00:03.000 #room false Bob QUIT "Quit: bye"`,
	}
	slices.Sort(got[:2]) // of the same millisecond
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	line := func(change func(*archived)) string {
		l := archived{"alice", "bob", "1", sampleTime, false, "Bob", "PRIVMSG", "x", ""}
		change(&l)
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		return "\n" + string(b) + "\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"a.jsonl", "{", "a.jsonl:1: not a line of an export"},
		{"a.jsonl", `{"accont": 1}`, `unknown field "accont"`},
		{"a.jsonl", line(func(l *archived) { l.Account = "" }), "a.jsonl:2: account, target and time have to be there"},
		{"a.jsonl", line(func(l *archived) { l.Target = "" }), "have to be there"},
		{"a.jsonl", line(func(l *archived) { l.Time = time.Time{} }), "have to be there"},
		{"a.jsonl", line(func(l *archived) { l.ID = "a b" }), `"a b" is no id`},
		{"a.jsonl", line(func(l *archived) { l.ID = "" }), `"" is no id`},
		{"a.jsonl", line(func(l *archived) { l.Command = "privmsg" }), `"privmsg" is no command`},
		{"a.jsonl", line(func(l *archived) { l.Time = time.Now().Add(72 * time.Hour) }), "is in the future"},
		{"a.jsonl", strings.Repeat("x", maxLogLine+1), "a.jsonl:1: bufio.Scanner: token too long"},
		{"alice/bob/today.log", "[10:00:00] <bob> x", "today.log: the name is not of the form account/conversation/2026-11-22.log"},
		{"bob/2026-11-22.log", "[10:00:00] <bob> x", "the name is not of the form"},
		{"alice/bob/2999-11-22.log", "[10:00:00] <bob> x", "2999-11-22.log:1: 2999-11-22T10:00:00Z is in the future"},
	} {
		file, database := archiveConfig(t)
		folder := t.TempDir()
		full := filepath.Join(folder, filepath.FromSlash(c.name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := command(t, "import", "-c", file, "--zone", "UTC", folder); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.40q: %v, want %s", c.name, c.text, err, c.want)
		}
		if list := keptOf(t, database, "alice"); len(list) != 0 {
			t.Errorf("%s %.40q: kept %v", c.name, c.text, list)
		}
	}
}

// While a bridge has the store, export reads it and import is refused; a store
// that is not there or only in memory has nothing.
func TestArchiveOfAStoreInUse(t *testing.T) {
	t.Parallel()
	file, database := archiveConfig(t)
	if _, _, err := command(t, "export", "-c", file, "-"); err == nil || !strings.Contains(err.Error(), "there is no history yet") {
		t.Errorf("export of nothing: %v", err)
	}
	if _, err := os.Stat(database); !os.IsNotExist(err) {
		t.Errorf("export made a store: %v", err)
	}
	fill(t, database, "alice", sampleEntries()...)
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustCommand(t, "Exported 13 entries of 1 accounts.\n", "export", "-c", file, "--account", "alice", "-")
	if _, _, err := command(t, "import", "-c", file, t.TempDir()); err == nil || !strings.Contains(err.Error(), "the database is in use") || !strings.Contains(err.Error(), "Stop it for the import") {
		t.Errorf("import: %v", err)
	}
	if _, _, err := command(t, "export", "-c", file, "--account", "nobody", "-"); err == nil || !strings.Contains(err.Error(), "there is no history of nobody") {
		t.Errorf("export of nobody: %v", err)
	}
	for _, args := range [][]string{
		{"export", "-c", file}, {"export", "-c", file, "--format", "xml", "-"}, {"export", "-c", file, "--zone", "Nowhere/None", "-"},
		{"import", "-c", file}, {"import", "-c", file, "--format", "xml", "-"}, {"import", "-c", file, "--zone", "Nowhere/None", "-"},
		{"export", "-c", filepath.Join(t.TempDir(), "none.toml"), "-"}, {"import", "-c", filepath.Join(t.TempDir(), "none.toml"), "-"},
	} {
		if _, _, err := command(t, args...); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
	memory := filepath.Join(t.TempDir(), "memory.toml")
	if err := os.WriteFile(memory, []byte("[store]\npath = ':memory:'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"export", "import"} {
		if _, _, err := command(t, verb, "-c", memory, "-"); err == nil || !strings.Contains(err.Error(), "store.path is :memory:") {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

// Old logs would be deleted at the next start: that is said.
func TestImportOfWhatIsTooOld(t *testing.T) {
	t.Parallel()
	from, database := archiveConfig(t)
	e := sampleEntries()[0]
	e.Time = time.Now().Add(-400 * 24 * time.Hour).Truncate(time.Millisecond)
	fill(t, database, "alice", e)
	folder := t.TempDir()
	mustCommand(t, "Exported 1 entries of 1 accounts.\n", "export", "-c", from, "--format", "jsonl", folder)
	file, _ := archiveConfig(t)
	_, said, err := command(t, "import", "-c", file, folder)
	if err != nil || !strings.Contains(said, "1 entries are older than store.max_age (8760h0m0s): they will be deleted") {
		t.Errorf("said %q, %v", said, err)
	}
}

// File names are for every system, and can be read back.
func TestEscape(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"bob": "bob", "#a/b": "#a%2Fb", "..": "%2E%2E", ".": "%2E", "a.b": "a.b", "100%": "100%25", `a\b:c`: "a%5Cb%3Ac", "x\n": "x%0A"} {
		if got := escape(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		file := escape(name)
		if strings.ContainsAny(file, "/\\\x00") || file == "." || file == ".." {
			t.Fatalf("%q is no file name", file)
		}
		if back := unescape(file); back != name {
			t.Fatalf("%q became %q", name, back)
		}
	})
}

// Whatever is in a log, its lines are entries or not; what was made of one is
// the same entry again when it is written and read.
func FuzzTextLog(f *testing.F) {
	for _, e := range sampleEntries() {
		for _, line := range textLines(e, time.UTC) {
			f.Add(line)
		}
	}
	f.Add("[10:00:00] *** Parts: x (a@b) ()")
	f.Add("[10:00:00] <x>")
	f.Add("[10:00:00] * x")
	f.Fuzz(func(t *testing.T, line string) {
		day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
		e, ok := readText(line, "alice", day)
		if !ok {
			return
		}
		lines := textLines(e, time.UTC)
		if len(lines) == 0 && e.Command != "TAGMSG" || len(lines) > 1 {
			t.Fatalf("%q became %q", line, lines)
		}
		for _, once := range lines {
			again, ok := readText(once, "alice", day)
			if !ok {
				t.Fatalf("%q became %q, which is none", line, once)
			}
			if twice := textLines(again, time.UTC); !slices.Equal(lines, twice) {
				t.Fatalf("%q became %q and %q", line, lines, twice)
			}
		}
	})
}
