package tocd

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"tocbridge/toc"
)

const (
	rollHost = toc.ScreenName("OnlineHost")
	maxDice  = 15
)

// roll replaces `//roll` by what OnlineHost says to it; other text it leaves
// alone.
func (s *Server) roll(from toc.ScreenName, text string) (toc.ScreenName, string) {
	if !strings.Contains(text, "//roll") {
		return from, text
	}
	dice, sides, ok := parseRoll(firstText(text))
	if !ok {
		return from, text
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<HTML><BODY BGCOLOR="#ffffff"><FONT LANG="0">%s rolled %d %d-sided dice:`, from, dice, sides)
	for range dice {
		fmt.Fprintf(&b, " %d", 1+rand.IntN(sides))
	}
	b.WriteString("</FONT></BODY></HTML>")
	return rollHost, b.String()
}

// firstText is what stands before, between or behind the first tags.
func firstText(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.TextToken:
			return string(z.Text())
		case html.ErrorToken:
			return ""
		}
	}
}

// parseRoll reads `//roll[-diceN][-sidesN]`, in either order: up to 15 dice
// with up to 999 sides.
func parseRoll(s string) (dice, sides int, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(s, "\t\n\f\r "), "//roll")
	if !ok {
		return 0, 0, false
	}
	set := map[string]int{}
	for i, opt := range strings.Split(rest, "-") {
		if i == 0 {
			if opt != "" {
				return 0, 0, false
			}
			continue
		}
		name := strings.TrimRight(opt, "0123456789")
		n, err := strconv.Atoi(opt[len(name):])
		if _, twice := set[name]; err != nil || twice || n == 0 || len(opt)-len(name) > 3 {
			return 0, 0, false
		}
		set[name] = n
	}
	dice, sides = 2, 6
	for name, n := range set {
		switch {
		case name == "dice" && n <= maxDice:
			dice = n
		case name == "sides":
			sides = n
		default:
			return 0, 0, false
		}
	}
	return dice, sides, true
}
