package richtext

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	const family = "👨‍👩‍👧‍👦"
	for _, tc := range []struct {
		name string
		in   Text
		max  int
		want []Text
	}{
		{"nothing", nil, 5, nil},
		{"fits", text("hello"), 5, []Text{text("hello")}},
		{"at the space", text("hello world"), 8, []Text{text("hello"), text("world")}},
		{"space just behind", text("hello world"), 5, []Text{text("hello"), text("world")}},
		{"no space", text("helloworld"), 4, []Text{text("hell"), text("owor"), text("ld")}},
		{"last space", text("a b c d e"), 5, []Text{text("a b c"), text("d e")}},
		{"two spaces lose one", text("aaaa  bbb"), 6, []Text{text("aaaa "), text("bbb")}},
		{"line break before space", text("aaaa\nbb cc dd"), 10, []Text{text("aaaa\nbb cc"), text("dd")}},
		{"line break in second half", text("aaaaaaa\nb c ddddd"), 12, []Text{text("aaaaaaa"), text("b c ddddd")}},
		{"early line break", text("a\nbbbbbbbbb"), 8, []Text{text("a"), text("bbbbbbbb"), text("b")}},
		{"runes", text("ééé"), 3, []Text{text("é"), text("é"), text("é")}},
		{"combining", text("ee\u0301e"), 3, []Text{text("e"), text("e\u0301"), text("e")}},
		{"family", text("x" + family + "y"), 26, []Text{text("x" + family), text("y")}},
		{"family moves on", text("xx" + family + "y"), 26, []Text{text("xx"), text(family + "y")}},
		{"flags", text("🇩🇪🇫🇷"), 12, []Text{text("🇩🇪"), text("🇫🇷")}},
		{"skin", text("👍🏽👍🏽"), 12, []Text{text("👍🏽"), text("👍🏽")}},
		{"cluster too large", text("e\u0301\u0301\u0301"), 3, []Text{text("e\u0301"), text("\u0301"), text("\u0301")}},
		{"nothing fits", text("é日"), 1, []Text{text("é"), text("日")}},
		{"codes count", text(bo, "abc def"), 5, []Text{text(bo, "abc"), text(bo, "def")}},
		{"codes dropped when even one rune does not fit", text(bo, "ab"), 2, []Text{text("a"), text("b")}},
		{"style changes", text("ab", bo, "cd", "ef"), 5, []Text{text("ab", bo, "c"), text(bo, "d", "ef")}},
		{"mark on a space stays", text("aaa \u0301bb cc"), 6, []Text{text("aaa \u0301"), text("bb cc")}},
		{"link whole", text("see ", link("http://u"), "http://u", " ok"), 10, []Text{text("see"), text(link("http://u"), "http://u"), text("ok")}},
		{"link with text whole", text("see ", link("http://u"), "this one", " ok"), 20,
			[]Text{text("see"), text(link("http://u"), "this one"), text("ok")}},
		{"link too large", text(link("http://u"), "some words here", " ok"), 14,
			[]Text{text("some words"), text("here"), text("<http://u> ok")}},
		{"link shown, too large", text(link("http://uuuuuuu"), "http://uuuuuuu"), 10, []Text{text("http://uuu"), text("uuuu")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.in.Split(tc.max, IRCSize)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%q at %d: -want +got\n%s", tc.in, tc.max, diff)
			}
		})
	}
}

func TestSplitHTML(t *testing.T) {
	t.Parallel()
	in := text(strings.Repeat("&", 100), bo, strings.Repeat("<\n", 50), "  end ")
	for budget := 20; budget < 700; budget += 7 {
		joined := ""
		for _, p := range in.Split(budget, HTMLSize) {
			html := p.HTML()
			if len(html) > budget {
				t.Fatalf("budget %d: %d bytes: %s", budget, len(html), html)
			}
			if diff := cmp.Diff(p, ParseHTML(html)); diff != "" {
				t.Fatalf("%s does not stand alone: %s", html, diff)
			}
			joined += p.String()
		}
		if a, b := squash(joined), squash(in.String()); a != b {
			t.Fatalf("budget %d: %q, want %q", budget, a, b)
		}
	}
}

// squash is s without what Split may leave out.
func squash(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }

// TestSplitProgress: any budget, also none, and a size that makes no sense, end.
func TestSplitProgress(t *testing.T) {
	t.Parallel()
	in := text("a é日\n ", bo, "👨‍👩‍👧", link("http://u"), "t x", red, " \u0301z")
	want := squash(in.String())
	sizes := map[string]func(Text) int{
		"html": HTMLSize, "irc": IRCSize,
		"huge":    func(Text) int { return 1 << 30 },
		"runes":   func(t Text) int { return utf8.RuneCountInString(t.String()) },
		"strange": func(t Text) int { return 7 * len(t.String()) % 13 },
	}
	for name, size := range sizes {
		for budget := -1; budget < 60; budget++ {
			joined := ""
			for _, p := range in.Split(budget, size) {
				if p.String() == "" {
					t.Fatalf("%s, %d: an empty part", name, budget)
				}
				joined += p.String()
			}
			if got := strings.Replace(squash(joined), "<http://u>", "", 1); got != want {
				t.Errorf("%s, %d: %q, want %q", name, budget, got, want)
			}
		}
	}
}

func TestClusterLen(t *testing.T) {
	t.Parallel()
	for _, cluster := range []string{
		"a", "é", "e\u0301", "e\u0301\u0323", "日", "👍", "👍🏽", "👩‍🚀", "👨‍👩‍👧‍👦", "❤️", "❤️‍🔥", "1️⃣", "🇩🇪",
		"🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F", "क्\u200d", "\u0301",
	} {
		for _, next := range []string{"", "b", " ", "日", "👍"} {
			if next == "👍" && strings.HasSuffix(cluster, "\u200d") {
				continue
			}
			if n := clusterLen(cluster + next); n != len(cluster) {
				t.Errorf("%q before %q: %d bytes, want %d", cluster, next, n, len(cluster))
			}
		}
	}
	if n := clusterLen("🇩🇪🇫🇷"); n != len("🇩🇪") {
		t.Errorf("two flags: %d", n)
	}
	if n := clusterLen("e" + strings.Repeat("\u0301", 1000)); n > maxCluster+4 || n < 10 {
		t.Errorf("a thousand marks: %d", n)
	}
}

// TestHandMade: a Text put together by hand, with an empty span in it, does no harm.
func TestHandMade(t *testing.T) {
	t.Parallel()
	in := Text{{Text: ""}, {Text: "a b", Style: bo}, {Text: ""}}
	if got := in.HTML(); got != "<B>a b</B>" {
		t.Errorf("HTML %q", got)
	}
	if got := in.IRC(); got != "\x02a b\x02" {
		t.Errorf("IRC %q", got)
	}
	if got := (Text{{Text: ""}}).HTML() + (Text{{Text: ""}}).IRC(); got != "" {
		t.Errorf("%q out of nothing", got)
	}
	if got := in.Split(4, IRCSize); len(got) != 2 || got[0].String()+"+"+got[1].String() != "a+b" {
		t.Errorf("Split %q", got)
	}
}
