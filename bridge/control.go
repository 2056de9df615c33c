package bridge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
)

// controlNick is the pseudo-user that takes commands. No screen name can look like that: none has an asterisk.
const (
	controlNick     = "*aim"
	controlRealname = "AIM through tocbridge"
)

func isControl(nick string) bool { return ircd.Fold(nick) == controlNick }

func (s *session) controlPrefix() *irc.Prefix {
	return &irc.Prefix{Name: controlNick, User: "aim", Host: s.o.IRCName}
}

// call is a command given to *aim, and where its answer goes: to the client that asked, where it asked.
type call struct {
	s       *session
	c       *client
	channel string // "" when asked in private
	cmd     *controlCommand
	args    []string
	said    richtext.Text // the whole line, formatted
}

// reply says a line to who asked, if it is still there.
func (k *call) reply(format string, args ...any) {
	if k.s.byConn[k.c.conn] != k.c {
		return
	}
	target := k.channel
	if target == "" {
		target = k.s.Nick()
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	k.c.conn.Send(k.s.fromControl("PRIVMSG", target, text))
}

// usage says how the command is written.
func (k *call) usage() { k.reply("Usage: %s %s", k.cmd.name, k.cmd.usage) }

// after is what was said behind the first n words, as it was formatted.
func (k *call) after(n int) richtext.Text {
	plain := k.said.String()
	left := plain
	for range n {
		_, left, _ = cutWord(strings.TrimLeft(left, " "))
	}
	skip := len(plain) - len(strings.TrimLeft(left, " "))
	var out richtext.Text
	for _, span := range k.said {
		cut := min(skip, len(span.Text))
		skip -= cut
		if span.Text = span.Text[cut:]; span.Text != "" {
			out = append(out, span)
		}
	}
	return out
}

// controlCommand is a row of the table of *aim's commands; help is made from it.
type controlCommand struct {
	name  string
	also  []string // other names, of peers
	topic string   // of helpTopics, under which help lists it
	usage string   // parameters
	min   int      // of them, at least
	brief string   // one line
	long  []string // help name
	run   func(*session, *call)

	// lines: a text of several lines is one command, not one a line.
	lines bool
}

// controlCommands is the table, in the order help shows it. A function, because help reads it too.
func controlCommands() []controlCommand {
	return slices.Concat(helpCommands(), listCommands(), personCommands(), privacyCommands(), accountCommands(), historyCommands(), roomCommands(), setCommands(), outboxCommands(), pounceCommands())
}

// control runs what was said to *aim: a command, or several lines of them.
func (s *session) control(c *client, channel, line string) {
	if strings.HasPrefix(line, "\x01") {
		return // CTCP to *aim, or /me in &buddies: not a command
	}
	said := richtext.ParseIRC(line)
	word, _, _ := cutWord(strings.TrimLeft(said.String(), " "))
	if cmd, _ := findControl(word); cmd != nil && cmd.lines {
		s.controlLine(c, channel, said)
		return
	}
	for _, one := range said.Lines() {
		s.controlLine(c, channel, one)
	}
}

// controlLine runs one command.
func (s *session) controlLine(c *client, channel string, said richtext.Text) {
	line := said.String()
	words, err := splitWords(line)
	k := &call{s: s, c: c, channel: channel, said: said}
	if err != nil {
		k.reply("%v", err)
		return
	}
	if len(words) == 0 {
		return
	}
	cmd, problem := findControl(words[0])
	if nick, _, _, ok := addressed(line); cmd == nil && ok {
		k.reply("Nobody called %s is on your list. msg %s TEXT writes to any screen name.", nick, quoteName(nick))
		return
	}
	if cmd == nil {
		k.reply("%s", problem)
		return
	}
	k.cmd, k.args = cmd, words[1:]
	if len(k.args) < cmd.min {
		k.usage()
		return
	}
	cmd.run(s, k)
}

// lastWords is what an error says to a person.
func lastWords(err error) string {
	var r *ircd.Reply
	if errors.As(err, &r) && len(r.Params) > 0 {
		return r.Params[len(r.Params)-1]
	}
	return err.Error()
}

// quoteName writes a screen name so that it is one word of a command.
func quoteName(name string) string {
	if strings.Contains(name, " ") {
		return `"` + name + `"`
	}
	return name
}

// findControl finds a command by its name, another name, or a beginning that is clear.
func findControl(word string) (*controlCommand, string) {
	word = strings.ToLower(word)
	var found []controlCommand
	for _, cmd := range controlCommands() {
		for _, name := range append([]string{cmd.name}, cmd.also...) {
			if name == word {
				return &cmd, ""
			}
			if strings.HasPrefix(name, word) {
				found = append(found, cmd)
				break
			}
		}
	}
	switch len(found) {
	case 1:
		return &found[0], ""
	case 0:
		return nil, unknownControl(word)
	}
	var names []string
	for _, cmd := range found {
		names = append(names, cmd.name)
	}
	return nil, fmt.Sprintf("%s could be %s. Which?", word, strings.Join(names, " or "))
}

// unknownControl says what to do about an unknown word: what BitlBee's users mean by it, or the nearest word we know.
func unknownControl(word string) string {
	if text, ok := elsewhere[word]; ok {
		return text
	}
	if best := nearest(word); best != "" {
		return fmt.Sprintf("Unknown command: %s. Did you mean %s? Say help for all of them; to write to somebody say nick: text.", word, best)
	}
	return fmt.Sprintf("Unknown command: %s. Say help for what there is; to write to somebody say nick: text.", word)
}

// nearEnough is the distance from which on a word is not taken for a mistyped other.
const nearEnough = 3

// nearest is the command or topic that a word is most like, or "".
func nearest(word string) string {
	best, distance := "", nearEnough
	try := func(name, means string) {
		if d := editDistance(word, name); d < distance {
			best, distance = means, d
		}
	}
	for _, cmd := range controlCommands() {
		try(cmd.name, cmd.name)
		for _, name := range cmd.also {
			try(name, cmd.name)
		}
	}
	for _, topic := range helpTopics {
		try(topic.name, "help "+topic.name)
	}
	return best
}

// editDistance counts the letters to insert, delete or replace (Levenshtein).
func editDistance(a, b string) int {
	a = a[:min(len(a), 32)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, cost)
		}
	}
	return row[len(b)]
}

// splitWords splits a line at spaces; "quotes" keep a name with spaces together, also in field="some value".
func splitWords(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		word, rest, ok := cutWord(line)
		if !ok {
			return nil, errors.New(`a closing " is missing`)
		}
		words, line = append(words, word), rest
	}
	return words, nil
}

// cutWord cuts the first word off a line that does not begin with a space; false: a quote in it is not closed.
func cutWord(line string) (word, rest string, ok bool) {
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == ' ':
			return line[:i], line[i:], true
		case line[i] == '"' && (i == 0 || line[i-1] == '='):
			quoted, rest, ok := strings.Cut(line[i+1:], `"`)
			return line[:i] + quoted, rest, ok
		}
	}
	return line, "", true
}
