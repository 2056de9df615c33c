package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every earlier version has a file with a database of it: testdata/schemaN.sql.
func TestMigrations(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Glob("testdata/schema*.sql")
	if err != nil || len(fixtures) != len(migrations)-1 {
		t.Fatalf("%d fixtures for %d earlier versions, %v", len(fixtures), len(migrations)-1, err)
	}
	for version := 1; version < len(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(fmt.Sprintf("testdata/schema%d.sql", version))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "tocbridge.db")
			execSQL(t, path, string(text))
			if r, err := Open(t.Context(), path, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "start tocbridge once") {
				t.Errorf("opened for reading: %v, %v", r, err)
			}
			checkMigrated(t, path)
			checkMigrated(t, path)
			if got, want := schemaOf(t, path), schemaOf(t, fresh(t)); got != want {
				t.Errorf("the schema differs from a new one's:\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func execSQL(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open(driverName, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

func fresh(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fresh.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// schemaOf is the text of all tables, without comments and spacing.
func schemaOf(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open(driverName, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "--")
			all.WriteString(strings.Join(strings.Fields(line), " ") + " ")
		}
		all.WriteString(";\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// checkMigrated finds in a store what the fixtures have, and adds to it.
func checkMigrated(t *testing.T, path string) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := account(t, s, "alice")
	got, err := a.Search(t.Context(), Query{Words: "answer old"})
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	got, err = a.Search(t.Context(), Query{Words: "answer"})
	want := []Entry{{
		ID: "1hf7uaq010000000002", Time: time.UnixMilli(1700000000001).UTC(), Target: "bob", Out: true,
		From: "Alice", Command: "PRIVMSG", Text: "and its answer", Tags: "+reply=x",
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if v, _ := a.Get("cursor", "phone"); v != "1hf7uaq000000000001" || a.Latest() < want[0].ID {
		t.Errorf("cursor %q, latest %q", v, a.Latest())
	}
	a.Append(benchEntry(400))
	if got, err := a.History(t.Context(), Range{Target: "bob"}); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	having, err := s.Having(t.Context(), "set", "always-on", "yes")
	if diff := cmp.Diff([]string{"carol"}, having); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	integrity(t, s.writing)
}

// A migration that fails leaves the database as it was.
func TestMigrationFails(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/schema1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tocbridge.db")
	execSQL(t, path, string(text)+`; CREATE TABLE words (in_the_way);`)
	before := schemaOf(t, path)
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "bring the schema to version 2") {
		t.Errorf("opened with %v", err)
	}
	if after := schemaOf(t, path); after != before {
		t.Errorf("the schema changed to\n%s", after)
	}
}
