package bridge

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"tocbridge/ircd"
)

// state is a contact's presence in a few words.
func (c *contact) state() string {
	text := "online"
	switch {
	case !c.online:
		return "offline"
	case c.away && c.awayText != "":
		text = "away: " + c.awayText
	case c.away:
		text = "away"
	}
	if !c.idleSince.IsZero() {
		text += ", idle " + shortDuration(time.Since(c.idleSince))
	}
	if c.warning > 0 {
		text += fmt.Sprintf(", warned %d%%", c.warning)
	}
	return text
}

func shortDuration(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// blistFilters are the words that blist knows.
var blistFilters = map[string]func(*contact) bool{
	"all":     func(*contact) bool { return true },
	"online":  func(c *contact) bool { return c.online },
	"away":    func(c *contact) bool { return c.online && c.away },
	"offline": func(c *contact) bool { return !c.online },
}

func (s *session) controlBlist(k *call) {
	show, args := blistFilters["online"], k.args
	if len(args) > 0 {
		if f, ok := blistFilters[strings.ToLower(args[0])]; ok {
			show, args = f, args[1:]
		}
	}
	pattern := ""
	if len(args) > 0 {
		pattern = ircd.Fold(args[0])
		show = both(show, len(k.args) == 1)
	}
	rows := [][]string{{"Nick", "Screen name", "Group", "Status"}}
	counts := map[bool]int{}
	away := 0
	for _, c := range s.roster.buddies() {
		counts[c.online]++
		if c.online && c.away {
			away++
		}
		if show(c) && matches(pattern, c) {
			rows = append(rows, []string{c.nick(), c.realname(), strings.Join(c.groups, ", "), c.state()})
		}
	}
	if len(rows) == 1 {
		k.reply("Nobody on your list matches.")
		rows = nil
	}
	k.table(rows)
	k.reply("%s (%d available, %d away, %d offline)", plural(counts[true]+counts[false], "buddy", "buddies"), counts[true]-away, away, counts[false])
}

// both lets a pattern alone search the whole list.
func both(show func(*contact) bool, alone bool) func(*contact) bool {
	if alone {
		return blistFilters["all"]
	}
	return show
}

// matches reports whether a pattern is found in the nick or name.
func matches(pattern string, c *contact) bool {
	if strings.ContainsAny(pattern, "*?") {
		return glob(pattern, c.nick()) || glob(pattern, string(c.name))
	}
	return strings.Contains(ircd.Fold(c.nick()), pattern) || strings.Contains(strings.ToLower(string(c.name)), pattern)
}

// cellMax is the widest column of a table, in columns of a terminal.
const cellMax = 32

// columns is how many columns of a terminal a character takes: the wide ones of East Asia and emoji two, combining ones
// none (Unicode UAX #11).
func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		0x3000 <= r && r <= 0x303e, 0xff01 <= r && r <= 0xff60, 0xffe0 <= r && r <= 0xffe6, 0x1f300 <= r && r <= 0x1faff:
		return 2
	}
	return 1
}

func widthOf(cell string) (n int) {
	for _, r := range cell {
		n += columns(r)
	}
	return n
}

func clip(cell string) string {
	if widthOf(cell) <= cellMax {
		return cell
	}
	n := 0
	for i, r := range cell {
		if n += columns(r); n > cellMax-1 {
			return cell[:i] + "…"
		}
	}
	return cell
}

// table aligns rows of cells.
func table(rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], widthOf(clip(cell)))
		}
	}
	var out []string
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			cell = clip(cell)
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-widthOf(cell)+2))
			}
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}
