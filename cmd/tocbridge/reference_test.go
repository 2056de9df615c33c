package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"tocbridge/bridge"
	"tocbridge/config"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

var update = flag.Bool("update", false, "rewrite the generated part of README.md")

const (
	tablesBegin = "<!-- generated: go test ./cmd/tocbridge -run TestReadmeTables -update -->\n"
	tablesEnd   = "<!-- end of generated -->\n"
)

// tables are the commands and capabilities of a server, from the tables that it
// runs by, as the README has them.
func tables(s *ircd.Server) string {
	var b strings.Builder
	b.WriteString("| command | parameters | |\n|---|---|---|\n")
	for _, cmd := range s.CommandList() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cmd.Name, code(cmd.Params), cell(cmd.Help))
	}
	b.WriteString("\n| capability | |\n|---|---|\n")
	for _, row := range s.CapabilityList() {
		name := row.Name
		if row.Value != "" {
			name += "=" + row.Value
		}
		fmt.Fprintf(&b, "| %s | %s |\n", code(name), cell(row.Text))
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// cell is a text that must not end its cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// everything is the program's IRC server with all that a configuration may switch on.
func everything(t *testing.T) *ircd.Server {
	t.Helper()
	c := config.Defaults()
	c.Store.Path = inMemory
	a, err := newApp(context.Background(), c, slog.New(slog.DiscardHandler), bridge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.bridge.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		if err := a.closeStore(); err != nil {
			t.Error(err)
		}
	})
	a.irc.STS = &ircd.STS{}
	return a.irc
}

// TestReadmeTables: the README's tables are what the program does. The line above
// the tables says how to make them anew.
func TestReadmeTables(t *testing.T) {
	t.Parallel()
	const path = "../../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(readme), tablesBegin)
	old, after, ok2 := strings.Cut(rest, tablesEnd)
	if !ok || !ok2 {
		t.Fatal("README.md has no marked place for the tables")
	}
	want := tables(everything(t))
	switch {
	case old == want:
	case !*update:
		t.Errorf("README.md differs from the program; run: go test ./cmd/tocbridge -run TestReadmeTables -update\n%s", want)
	default:
		if err := os.WriteFile(path, []byte(before+tablesBegin+want+tablesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHelpKnowsEveryCommand: whatever is in the tables, HELP explains, and it is
// a command when it is sent.
func TestHelpKnowsEveryCommand(t *testing.T) {
	t.Parallel()
	list := everything(t).CommandList()
	if len(list) < 45 {
		t.Fatalf("%d commands", len(list))
	}
	r := goRun(t, "demo", "--listen", "127.0.0.1:0")
	c := ircdtest.Dial(t, "127.0.0.1:"+r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`))
	c.Register("helpless")
	for _, cmd := range list {
		if cmd.Params == "" && cmd.Name != "REHASH" && cmd.Name != "RESTART" || len(cmd.Help) < 5 {
			t.Errorf("%+v", cmd)
		}
		c.Send("HELP %s", cmd.Name)
		c.Expect("704 helpless " + cmd.Name + " *")
		c.ExpectNext("705 helpless " + cmd.Name + " *")
		c.ExpectNext("706 helpless " + cmd.Name + " *")
		if cmd.Name == "QUIT" || cmd.Name == "BATCH" || cmd.Name == "BOUNCER" {
			continue // the latter two are commands for who asked for them
		}
		c.Send("%s", cmd.Name)
		c.ExpectNot("421 ...")
	}
}
