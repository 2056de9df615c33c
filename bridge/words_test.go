package bridge

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/toc"
)

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want []string
		bad  bool
	}{
		{"", nil, false},
		{"  add   bob ", []string{"add", "bob"}, false},
		{`add "Cool Guy" "The One"`, []string{"add", "Cool Guy", "The One"}, false},
		{`add ""`, []string{"add", ""}, false},
		{`add "Cool`, nil, true},
	} {
		got, err := splitWords(tc.in)
		if (err != nil) != tc.bad {
			t.Errorf("%q: error %v", tc.in, err)
		}
		if diff := cmp.Diff(tc.want, got); !tc.bad && diff != "" {
			t.Errorf("%q: %s", tc.in, diff)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"help", "help", 0}, {"hlep", "help", 2}, {"halp", "help", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}} {
		if got := editDistance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q to %q is %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestFindControl(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"help": "help", "HELP": "help", "bl": "", "bli": "blist", "acc": "account", "unblock": "allow", "al": "allow", "ls": "blist"} {
		cmd, problem := findControl(word)
		if want == "" {
			if cmd != nil || !strings.Contains(problem, "blist or block") {
				t.Errorf("%s: %v %q, want a question", word, cmd, problem)
			}
			continue
		}
		if cmd == nil || cmd.name != want {
			t.Errorf("%s finds %v (%s), want %s", word, cmd, problem, want)
		}
	}
	if _, problem := findControl("hlep"); !strings.Contains(problem, "Did you mean help?") {
		t.Errorf("hlep: %q does not suggest help", problem)
	}
	if _, problem := findControl("qqqqqqqq"); strings.Contains(problem, "mean") {
		t.Errorf("qqqqqqqq: %q suggests something", problem)
	}
}

// TestGlob compares with path.Match, which knows the same * and ? (and more, so the masks are made of these only).
func TestGlob(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mask := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "mask")
		text := rapid.StringMatching(`[ab]{0,8}`).Draw(t, "text")
		want, err := filepath.Match(mask, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := glob(mask, text); got != want {
			t.Fatalf("glob(%q, %q) = %v", mask, text, got)
		}
	})
	if !glob("BOB*", "bobby") || glob(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 5000)) {
		t.Error("case is not folded, or a hostile mask matches")
	}
}

func TestFormatIDSorts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<44).Draw(t, "ms")
		later := ms + rapid.Int64Range(0, 1<<20).Draw(t, "more")
		n := rapid.Uint64Range(0, 1<<50-2).Draw(t, "n")
		a, b := formatID(ms, n), formatID(later, n+1)
		if a >= b || len(a) != 19 || len(b) != 19 || idTime(a).UnixMilli() != ms {
			t.Fatalf("%q then %q", a, b)
		}
	})
}

func TestBackoffGrowsWithinBounds(t *testing.T) {
	t.Parallel()
	b := Backoff{Min: 10 * time.Second, Max: 5 * time.Minute}
	for attempt := range 100 {
		top := min(b.Max, b.Min<<min(attempt, 10))
		for range 20 {
			if d := b.delay(attempt); d > top || d < top*2/3-1 {
				t.Fatalf("attempt %d waits %v, want %v less at most a third", attempt, d, top)
			}
		}
	}
}

func TestTableAligns(t *testing.T) {
	t.Parallel()
	got := table([][]string{{"Nick", "Status"}, {"bob", "online"}, {"verylongnick", ""}, {"zoë", "away"}, {"日本", "wide"}, {"e\u0301", "combined"}, {strings.Repeat("世", 20), "cut"}})
	want := []string{"Nick                             Status", "bob                              online", "verylongnick", "zoë                              away",
		"日本                             wide", "e\u0301                                combined", strings.Repeat("世", 15) + "…  cut"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddressed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"bob: hi": "bob|hi", "bob, hi there": "bob|hi there", "bob:hi": "bob|hi", "add bob: x": "", ": x": "", "bob:": "", "bob": ""} {
		nick, rest, _, ok := addressed(in)
		if got := nick + "|" + rest; ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestIdentIsSafe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := ident(toc.ScreenName(rapid.String().Draw(t, "name")))
		if strings.ContainsAny(got, " \r\n\x00!@:") || len(got) > 32 {
			t.Fatalf("%q", got)
		}
	})
}

// TestControlNickIsNoScreenName: nobody on AIM can pass for *aim.
func TestControlNickIsNoScreenName(t *testing.T) {
	t.Parallel()
	if ircd.ValidNick(controlNick) {
		t.Errorf("%s is a nick that a client could take", controlNick)
	}
}
