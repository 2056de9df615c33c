package bridge

import (
	"slices"
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
)

// told are the lines that *aim says to a client in answer to a command. The answer may come later: from the store.
func told(t *testing.T, c *ircdtest.Client, command string, lines int) string {
	t.Helper()
	c.Send("PRIVMSG *aim :%s", command)
	var got []string
	for range lines {
		got = append(got, c.Expect(":*aim!* PRIVMSG alice *").Trailing())
	}
	return strings.Join(got, "\n")
}

func TestSearchCommand(t *testing.T) {
	t.Parallel()
	c, end, _, times := spoken(t, "soju.im/search")
	end.tell(im("Bob", "Fast <b>pizza</b> delivery"), im("Carol", "pizza tomorrow?"))
	c.Expect("PRIVMSG alice :pizza tomorrow?")
	for _, tt := range []struct{ ask, want string }{
		{"text=pizza", "Fast \x02pizza\x02 delivery|pizza tomorrow?"},
		{"text=PIZZA;from=bob", "Fast \x02pizza\x02 delivery"},
		{"in=carol", "pizza tomorrow?"},
		{"from=alice;in=Bob;limit=2", "8|10"},
		{"from=me;in=Bob;limit=2", "8|10"},
		{"in=Bob;after=" + times[9] + ";before=" + times[10], ""},
		{"text=nowhere", ""},
		{`text="\sOR\s*\sNEAR(`, ""},
		{"text=pizza;limit=1", "pizza tomorrow?"},
	} {
		lines := page(t, c, "soju.im/search", "SEARCH %s", tt.ask)
		if strings.HasPrefix(tt.ask, "in=Bob;after") {
			if got := texts(lines); len(got) == 0 || !slices.Contains(got, "10") {
				t.Errorf("%s: %q", tt.ask, got)
			}
			continue
		}
		if got := strings.Join(texts(lines), "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.ask, got, tt.want)
		}
	}
	for ask, want := range map[string]string{
		"":                "INVALID_PARAMS * :Invalid parameters",
		"limit=x":         "INVALID_PARAMS limit :Invalid parameters",
		"limit=0":         "INVALID_PARAMS limit :Invalid parameters",
		"after=soon":      "INVALID_PARAMS after :Invalid parameters",
		"in=b@d":          "INVALID_PARAMS in :Invalid parameters",
		":text=two words": "INVALID_PARAMS :text=two words",
	} {
		c.Send("SEARCH %s", ask)
		if m := c.Next(); m.Command != "FAIL" || m.Param(0) != "SEARCH" || m.Param(1) != "INVALID_PARAMS" {
			t.Errorf("%q: %v, want %s", ask, m, want)
		}
	}
}

// The same for people, from *aim.
func TestControlSearch(t *testing.T) {
	t.Parallel()
	c, end, _, _ := spoken(t)
	end.tell(im("Carol", "/me eats <i>pizza</i>"))
	c.Expect("PRIVMSG alice :\x01ACTION*")
	const when = `\[\d{4}-\d\d-\d\d \d\d:\d\d\] `
	for _, tt := range []struct {
		say, want string
		lines     int
	}{
		{"search pizza", when + `\* Carol eats \x1dpizza\x1d?`, 1},
		{"search from:me 10", when + "to Bob <alice> 10", 1},
		{"search 9 in:bob", when + "<Bob> 9", 1},
		{"search nothing", `Nothing found\.`, 1},
		{"search 9 before:2020-01-01", `Nothing found\.`, 1},
		{"search 9 before:soon", `soon is no date\. Dates are written like 2026-11-22`, 1},
		{"search in:b@d x", `b@d is no nick or room`, 1},
		{"history bob 2", when + "<Bob> 9\n" + when + "to Bob <alice> 10", 2},
		{"history bob many", `many is no number of lines\. Usage: history NICK 50`, 1},
		{"history nobody", `Nothing was said with nobody yet\.`, 1},
		{"history", `\d{4}-\d\d-\d\d \d\d:\d\d  Bob` + "\n" + `\d{4}-\d\d-\d\d \d\d:\d\d  Carol` + "\n" + `2 conversations\. history NICK shows what was said\.`, 3},
	} {
		if got := told(t, c, tt.say, tt.lines); !regexpMatch(tt.want, got) {
			t.Errorf("%s: %q, want %s", tt.say, got, tt.want)
		}
	}
	c.Sync()
}
