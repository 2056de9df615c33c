package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/bridge/store"
)

// genEntries makes a history: ids of different lines differ, texts may be what
// they like as long as they could be on IRC.
func genEntries(t *rapid.T) []store.Entry {
	word := rapid.SampledFrom([]string{"hi", "\x02bold\x02", "two\nlines", "", " ", "<bob> x", "* bob x", "*** Joins: x", "[10:00:00] <x> y", "grüße 😀", "'q'", "(b)", "\x0304red"})
	var list []store.Entry
	for i := range rapid.IntRange(0, 12).Draw(t, "entries") {
		at := sampleTime.Add(time.Duration(rapid.IntRange(0, 40*3600).Draw(t, "second")) * time.Second)
		e := store.Entry{
			ID: store.TimeID(at, fmt.Sprintf("%010d", i)), Time: at,
			Target: rapid.SampledFrom([]string{"bob", "#room", "&buddies", "a.b@c"}).Draw(t, "target"),
			From:   rapid.SampledFrom([]string{"Bob", "Al Ice", "*aim", "x-y"}).Draw(t, "from"),
			Text:   strings.Join(rapid.SliceOfN(word, 0, 3).Draw(t, "text"), " "),
		}
		e.Out = e.From == "Al Ice"
		e.Command = rapid.SampledFrom([]string{"PRIVMSG", "PRIVMSG", "NOTICE", "JOIN", "PART", "QUIT", "NICK", "TOPIC", "TAGMSG", "INVITE"}).Draw(t, "command")
		switch e.Command {
		case "NICK":
			e.Text = "other"
		case "PART", "QUIT", "TOPIC", "INVITE":
			e.Text = strings.ReplaceAll(e.Text, "\n", " ")
		case "PRIVMSG":
			if rapid.Bool().Draw(t, "action") {
				e.Text = actionMark + strings.ReplaceAll(e.Text, "\n", " ") + "\x01"
			}
		}
		list = append(list, e)
	}
	return list
}

// workDir is a folder for one check of a property.
func workDir(t *testing.T) (dir, database string) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "tocbridge.db")
}

// Whatever the history, JSON lines bring back all of it.
func TestJSONLinesBringBackEverything(t *testing.T) {
	t.Parallel()
	checks := 0
	rapid.Check(t, func(r *rapid.T) {
		if checks++; raceEnabled && checks > 5 { // SQLite is slow there
			return
		}
		dir, database := workDir(t)
		entries := genEntries(r)
		fill(t, database, "alice", entries...)
		folder := filepath.Join(dir, "out")
		said := fmt.Sprintf("Exported %d entries of %d accounts.\n", len(entries), min(len(entries), 1))
		mustCommand(t, said, "export", "--store", database, "--format", "jsonl", folder)
		if len(entries) == 0 {
			return
		}
		other := filepath.Join(dir, "other.db")
		mustCommand(t, fmt.Sprintf("Imported %d entries; 0 were there already.\n", len(entries)), "import", "--store", other, folder)
		if diff := cmp.Diff(keptOf(t, database, "alice"), keptOf(t, other, "alice")); diff != "" {
			r.Fatal(diff)
		}
	})
}

// Whatever the history, its text logs add nothing to it; and what they bring to
// an empty one gives the same logs again.
func TestTextLogsAddNothing(t *testing.T) {
	t.Parallel()
	checks := 0
	rapid.Check(t, func(r *rapid.T) {
		if checks++; raceEnabled && checks > 5 { // SQLite is slow there
			return
		}
		dir, database := workDir(t)
		entries := genEntries(r)
		if len(entries) == 0 {
			return
		}
		fill(t, database, "alice", entries...)
		logs, other, again := filepath.Join(dir, "logs"), filepath.Join(dir, "other.db"), filepath.Join(dir, "again")
		importInto := func(database string) string {
			_, said, err := command(t, "import", "--store", database, "--zone", "Europe/Berlin", logs)
			if err != nil {
				r.Fatal(err)
			}
			return said
		}
		if _, _, err := command(t, "export", "--store", database, "--zone", "Europe/Berlin", logs); err != nil {
			r.Fatal(err)
		}
		if _, err := os.Stat(logs); os.IsNotExist(err) {
			return // nothing but tags
		}
		if said := importInto(database); !strings.HasPrefix(said, "Imported 0 entries;") || strings.Contains(said, "left out") {
			r.Fatalf("said %s of %q", said, tree(t, logs))
		}
		if said := importInto(other); !strings.HasSuffix(said, "; 0 were there already.\n") {
			r.Fatalf("said %s", said)
		}
		if said := importInto(other); !strings.HasPrefix(said, "Imported 0 entries;") {
			r.Fatalf("said %s the second time", said)
		}
		if _, _, err := command(t, "export", "--store", other, "--zone", "Europe/Berlin", again); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(sortedLines(tree(t, logs)), sortedLines(tree(t, again))); diff != "" {
			r.Fatal(diff)
		}
	})
}

// sortedLines leaves out the order of lines, which those of one second keep only
// within a log.
func sortedLines(files map[string]string) map[string]map[string]int {
	all := map[string]map[string]int{}
	for name, text := range files {
		all[name] = map[string]int{}
		for line := range strings.Lines(text) {
			all[name][line]++
		}
	}
	return all
}

// On standard input: JSON lines, or text logs with their headings, as export
// writes them to standard output.
func TestImportOfAStream(t *testing.T) {
	t.Parallel()
	_, database := archiveConfig(t)
	fill(t, database, "alice", sampleEntries()...)
	for _, format := range []string{"", "jsonl", "text"} {
		args := []string{"export", "--store", database, "--zone", "UTC"}
		if format != "" {
			args = append(args, "--format", format)
		} else {
			args = append(args, "--format", "jsonl")
		}
		var stream, said bytes.Buffer
		if err := run(t.Context(), append(args, "-"), &stream, &said); err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "other.db")
		o := archiveOptions{database: other, format: format, zone: "UTC"}
		for round, want := range []string{"; 0 were there already.\n", "Imported 0 entries; 14 were"} {
			said.Reset()
			if err := importLogs(t.Context(), o, "-", bytes.NewReader(stream.Bytes()), &said); err != nil || !strings.Contains(said.String(), want) {
				t.Errorf("%q, round %d: said %s, %v", format, round, &said, err)
			}
		}
		if got := keptOf(t, other, "alice"); len(got) != 14 {
			t.Errorf("%q: %d entries", format, len(got))
		}
	}
	var said bytes.Buffer
	err := importLogs(t.Context(), archiveOptions{database: database, format: "text", zone: "UTC"}, "-", strings.NewReader("[10:00:00] <bob> hi\n"), &said)
	if err == nil || !strings.Contains(err.Error(), "standard input:1: a heading such as ==> account/conversation/2026-11-22.log <== has to come first") {
		t.Errorf("without a heading: %v", err)
	}
	err = importLogs(t.Context(), archiveOptions{database: database, format: "text", zone: "UTC"}, "-", strings.NewReader("==> nonsense <==\n"), &said)
	if err == nil || !strings.Contains(err.Error(), "standard input:1: the name is not of the form") {
		t.Errorf("with a bad heading: %v", err)
	}
}

// Told to stop, both do.
func TestArchiveStops(t *testing.T) {
	t.Parallel()
	_, database := archiveConfig(t)
	fill(t, database, "alice", sampleEntries()...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, said bytes.Buffer
	if err := export(ctx, archiveOptions{database: database, format: "text", zone: "UTC"}, "-", &out, &said); !errors.Is(err, context.Canceled) {
		t.Errorf("export: %v", err)
	}
	if err := importLogs(ctx, archiveOptions{database: database, zone: "UTC"}, "-", strings.NewReader("{}\n"), &said); !errors.Is(err, context.Canceled) {
		t.Errorf("import: %v", err)
	}
}

// A folder that cannot be made, a file that is in the way, nothing to import.
func TestArchiveFaults(t *testing.T) {
	t.Parallel()
	_, database := archiveConfig(t)
	fill(t, database, "alice", sampleEntries()...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "alice"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := command(t, "export", "--store", database, dir); err == nil || !strings.Contains(err.Error(), "export alice: mkdir") {
		t.Errorf("export: %v", err)
	}
	if _, _, err := command(t, "import", "--store", database, filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("import: %v", err)
	}
	mustCommand(t, "Imported 0 entries; 0 were there already.\n", "import", "--store", database, dir)
}

// A day in which the clock is set back has an hour twice; nothing is lost or
// doubled by that.
func TestTheLongDay(t *testing.T) {
	t.Parallel()
	dir, database := workDir(t)
	start := time.Date(2026, 10, 24, 23, 50, 0, 0, time.UTC) // 01:50 in Berlin
	var entries []store.Entry
	for i := range 20 {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		entries = append(entries, store.Entry{ID: store.TimeID(at, "0000000000"), Time: at, Target: "bob", From: "Bob", Command: "PRIVMSG", Text: fmt.Sprint("line ", i)})
	}
	fill(t, database, "alice", entries...)
	logs := filepath.Join(dir, "logs")
	mustCommand(t, "Exported 20 entries of 1 accounts.\n", "export", "--store", database, "--zone", "Europe/Berlin", logs)
	mustCommand(t, "Imported 0 entries; 20 were there already.\n", "import", "--store", database, "--zone", "Europe/Berlin", logs)
	other := filepath.Join(dir, "other.db")
	mustCommand(t, "Imported 20 entries; 0 were there already.\n", "import", "--store", other, "--zone", "Europe/Berlin", logs)
	mustCommand(t, "Imported 0 entries; 20 were there already.\n", "import", "--store", other, "--zone", "Europe/Berlin", logs)
}

// Each form of line, and what is none.
func TestTextLines(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for line, want := range map[string]store.Entry{
		"<Bob> hi <there>":                     {From: "Bob", Command: "PRIVMSG", Text: "hi <there>"},
		"<Bob>":                                {From: "Bob", Command: "PRIVMSG"},
		"<alice> me":                           {From: "alice", Command: "PRIVMSG", Text: "me", Out: true},
		"* Bob waves at * all":                 {From: "Bob", Command: "PRIVMSG", Text: "\x01ACTION waves at * all\x01"},
		"-Bob- psst":                           {From: "Bob", Command: "NOTICE", Text: "psst"},
		"-x-y- a - b":                          {From: "x-y", Command: "NOTICE", Text: "a - b"},
		"-*aim- news":                          {From: "*aim", Command: "NOTICE", Text: "news"},
		"*** Joins: Bob (~b@host)":             {From: "Bob", Command: "JOIN"},
		"*** Joins: Bob":                       {From: "Bob", Command: "JOIN"},
		"*** Parts: Bob (~b@host) (so (long))": {From: "Bob", Command: "PART", Text: "so (long)"},
		"*** Parts: Bob (~b@host)":             {From: "Bob", Command: "PART"},
		"*** Quits: Bob (~b@host) (Quit: x)":   {From: "Bob", Command: "QUIT", Text: "Quit: x"},
		"*** Bob is now known as Rob":          {From: "Bob", Command: "NICK", Text: "Rob"},
		"*** Bob changes topic to 'it's'":      {From: "Bob", Command: "TOPIC", Text: "it's"},
		"*** INVITE: Bob carol":                {From: "Bob", Command: "INVITE", Text: "carol"},
		"*** Bob sets mode: +o Carol":          {},
		"*** Disconnected":                     {},
		"Bob hi":                               {},
		"<> hi":                                {},
		"<a b> hi":                             {},
		"":                                     {},
	} {
		got, ok := readText("[15:04:05] "+line, "alice", day)
		if ok {
			want.Time = time.Date(2026, 3, 4, 15, 4, 5, 0, time.UTC)
		}
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.Command != "") {
			t.Errorf("%q: %v %s", line, ok, diff)
		}
	}
	for _, line := range []string{"15:04:05 <Bob> hi", "[15:04] <Bob> hi", "[15:04:61] <Bob> hi", "[2026-03-04 15:04:05] <Bob> hi", "[15:04:05]<Bob> hi"} {
		if e, ok := readText(line, "alice", day); ok {
			t.Errorf("%q: %+v", line, e)
		}
	}
}
