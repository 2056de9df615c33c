package toc

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// csvArgs is what the live server does: the standard CSV reader with its settings.
func csvArgs(s string) []string {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.LazyQuotes, r.TrimLeadingSpace = ' ', true, true
	f, err := r.Read()
	if err != nil {
		return nil
	}
	return f
}

var argLines = []string{
	"", " ", "  ", "\n", "\r\n", "\r", " \n", " \r\n", "\n\nabc", "\r\n\r\nabc d", " a", " a ", " a  b", " a\tb c", "\ta", "\v a", " \u00a0a", " \u0085 a",
	` "a b" c`, ` "a""b"`, ` "a" "b`, ` "a\" b" c`, ` "a\"b" c`, ` "a"b" c`, ` ""`, ` """`, ` """"`, ` "" ""`, ` a"b c`, ` a"b" c`, ` "a"`, ` "a" `,
	" \"a\nb\" c", " \"a\r\nb\" c", " \"a\rb\" c", " \"a\n\nb\"", " \"a\"\n b", " \"a\"\r\n b", " \"a\"\r", " \"a\"\rb", " a\nb c", " a\r\nb", " a\r", " \"a\r", " \"a\r\n",
	" \"a\n", " a \n b", " a \r\n b", ` "a"  "b"`, " \"a\" \t\"b\"", " \"\n\"\n\"", "a", `"a" b`, "\"\r\n\"", "\xff \"\xfe\"", " \"\"\"\r\n", " \"\r\r\n\"",
	` \"a b\" c`, ` \\`, ` "\\"`, ` "a\"" auto`,
}

func TestSplitArgsAsCSV(t *testing.T) {
	t.Parallel()
	for _, s := range argLines {
		if got, want := splitArgs(nil, s), csvArgs(s); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, the CSV reader says %q", s, got, want)
		}
	}
}

func FuzzSplitArgs(f *testing.F) {
	for _, s := range argLines {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := splitArgs(nil, s), csvArgs(s); !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, the CSV reader says %q", s, got, want)
		}
	})
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", `\`: "", `\\`: `\`, `a\`: "a", `\a\b`: "ab", `\\\\`: `\\`, `\"\$`: `"$`, `a\\b\c`: `a\bc`, `\é`: "é",
	} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSplitArgsSharesTheLine(t *testing.T) { // not parallel: it counts allocations
	line := ` bob "hello there" auto`
	var room [8]string
	if n := testing.AllocsPerRun(100, func() { splitArgs(room[:0], line) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
