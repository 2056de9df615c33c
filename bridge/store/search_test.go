package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var searchTexts = []string{
	"Hello there, world",
	"\x02bo\x02ld and \x0304,12red\x03 and \x04ff0000hex",
	"Crème brûlée à la carte",
	"see https://example.org/a-b?c=1",
	"\x01ACTION waves happily\x01",
	"two\nlines",
	"NOT this OR that AND NEAR(x)",
	"a \"quoted\" word*",
	"😀 smile",
	"日本語 text",
	"\xff\xfebroken bytes",
	"1,5 is a number; \x031,5 is a colour, \x0399x too",
	"",
}

func filled(t testing.TB, path string) *Account {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	a, err := s.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Account(t.Context(), "eve")
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range searchTexts {
		at := time.UnixMilli(benchEpoch + int64(i))
		e := Entry{ID: benchID(at.UnixMilli(), i), Time: at, Target: []string{"bob", "#room"}[i%2], From: "Cool Guy", Command: "PRIVMSG", Text: text}
		a.Append(e)
		b.Append(e)
	}
	return a
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	a := filled(t, filepath.Join(t.TempDir(), "tocbridge.db"))
	all := make([]int, len(searchTexts))
	for i := range all {
		all[i] = i
	}
	for _, c := range []struct {
		words string
		want  []int
	}{
		{"", all},
		{"   ", all},
		{"hello", []int{0}},
		{"WORLD Hello", []int{0}},
		{"hello bold", nil},
		{"hell", nil},
		{"bold", []int{1}},
		{"b\x02old", []int{1}},
		{"red hex", []int{1}},
		{"04", nil},
		{"creme BRULEE", []int{2}},
		{"crème", []int{2}},
		{"a-b", []int{3}},
		{"b-a", nil},
		{"https://example.org/a-b?c=1", []int{3}},
		{"waves", []int{4}},
		{"action", nil},
		{"two lines", []int{5}},
		{"NOT", []int{6}},
		{"this OR that", []int{6}},
		{"NEAR(x)", []int{6}},
		{"NOT hello", nil},
		{`"quoted"`, []int{7}},
		{`"`, []int{7}},
		{`quo*`, nil},
		{"word*", []int{7}},
		{"😀", []int{8}},
		{"😀 smile", []int{8}},
		{"😀 hello", nil},
		{"日本語", []int{9}},
		{"broken", []int{10}},
		{"1,5", []int{11}},
		{"said:hello", nil},
		{"owner:a1", nil},
		{"a1", nil},
		{"hello\x00there", []int{0}},
		{strings.Repeat("hello ", 5000), []int{0}},
	} {
		got, err := a.Search(t.Context(), Query{Words: c.words})
		if err != nil {
			t.Errorf("%.40q: %v", c.words, err)
		}
		var found []int
		for _, e := range got {
			found = append(found, slices.Index(searchTexts, e.Text))
		}
		if diff := cmp.Diff(c.want, found); diff != "" {
			t.Errorf("%.40q: %v", c.words, diff)
		}
	}
}

func TestSearchFilters(t *testing.T) {
	t.Parallel()
	a := filled(t, Memory)
	at := func(i int64) time.Time { return time.UnixMilli(benchEpoch + i) }
	for name, c := range map[string]struct {
		q    Query
		want int
	}{
		"target":         {Query{Target: "bob"}, 7},
		"no such target": {Query{Target: "nobody", Words: "hello"}, 0},
		"from":           {Query{From: "COOL  guy"}, len(searchTexts)},
		"from nobody":    {Query{From: "cool"}, 0},
		"after":          {Query{After: at(3)}, len(searchTexts) - 4},
		"before":         {Query{Before: at(3)}, 3},
		"between":        {Query{After: at(0), Before: at(2), Target: "#room", Words: "bold", From: "coolguy"}, 1},
		"limit":          {Query{Limit: 2}, 2},
	} {
		got, err := a.Search(t.Context(), c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d, %v", name, len(got), err)
		}
	}
	got, err := a.Search(t.Context(), Query{Limit: 2})
	if err != nil || len(got) != 2 || got[1].ID < got[0].ID || got[1].Text != "" {
		t.Errorf("the newest two are %v, %v", got, err)
	}
	none := account(t, a.s, "stranger")
	if got, err := none.Search(t.Context(), Query{Words: "hello"}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// More readers and statements than are kept prepared.
func TestManyQueries(t *testing.T) {
	t.Parallel()
	a := filled(t, Memory)
	for n := range maxStatements + 5 {
		commands := slices.Repeat([]string{"PRIVMSG"}, n)
		got, err := a.History(t.Context(), Range{Target: "bob", Commands: commands, Limit: 1})
		if err != nil || len(got) != min(n, 1) {
			t.Errorf("%d commands: %d entries, %v", n, len(got), err)
		}
	}
	if n := len(a.s.stmts); n > maxStatements {
		t.Errorf("%d statements are kept", n)
	}
}

// Whatever somebody searches for, it is no error, and what is found has nothing
// to do with anybody else.
func FuzzSearch(f *testing.F) {
	a := filled(f, Memory)
	for _, s := range []string{"hello", `"`, `""`, `a" OR "b`, "NEAR(a b)", "said : x", "^a", "a + b", "-x", "{a}", "*", "\x00", "\xff", "(", "x:y", "\x03", "\x0304,", "\x04abc"} {
		f.Add(s, "")
	}
	f.Add("hello", "Cool Guy")
	f.Fuzz(func(t *testing.T, words, from string) {
		got, err := a.Search(t.Context(), Query{Words: words, From: from, Limit: 5})
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		if len(got) > 5 {
			t.Errorf("%d found", len(got))
		}
		text := plain(words)
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q is not plain", text)
		}
		if again := plain(text); again != text {
			t.Errorf("%q became %q", text, again)
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"as is":                  "as is",
		"\x02b\x1di\x1fu\x0f":    "biu",
		"\x0312,04x\x03y":        "xy",
		"\x031,x":                ",x",
		"\x03123":                "3",
		"\x04FF00aa,00ff00x":     "x",
		"\x04xyz":                "xyz",
		"\x01ACTION is here\x01": "is here ",
		"a\nb\tc\x00d":           "a b c d",
		"\xffa":                  " a",
		"c1 \u0085 control":      "c1 \u0085 control",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The index is filled while others write, and who searches finds what was
// written before.
func TestSearchInAFlood(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "tocbridge.db"), Options{})
	a, b := account(t, s, "alice"), account(t, s, "bob")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := range some(50_000) {
			select {
			case <-stop:
				return
			default:
				b.Append(benchEntry(i))
			}
		}
	}()
	for i := range 5 {
		e := benchEntry(i)
		e.Text = fmt.Sprint("needle", i)
		a.Append(e)
		got, err := a.Search(t.Context(), Query{Words: e.Text})
		if err != nil || len(got) != 1 {
			t.Errorf("%v, %v", got, err)
		}
	}
	close(stop)
	<-stopped
}
