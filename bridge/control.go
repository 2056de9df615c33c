package bridge

import (
	"fmt"
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
	args    []string
}

// reply says a line to who asked.
func (k *call) reply(format string, args ...any) {
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

// controlCommand is a row of the table of *aim's commands; help is made from it.
type controlCommand struct {
	name  string
	also  []string // other names, of peers
	usage string   // parameters
	min   int      // of them, at least
	brief string   // one line
	long  []string // help name
	run   func(*session, *call)
}

// controlCommands is the table, in the order help shows it. A function, because help reads it too.
func controlCommands() []controlCommand {
	return []controlCommand{
		{name: "help", usage: "[command]", brief: "what can be said here", run: (*session).controlHelp,
			long: []string{"Commands can be shortened as long as it is clear what is meant."}},
		{name: "blist", also: []string{"list", "ls"}, usage: "[all|online|away|offline] [pattern]", brief: "your buddy list", run: (*session).controlBlist,
			long: []string{"Shows online buddies unless told otherwise. The pattern is part of a name, or has * and ?."}},
		{name: "add", usage: "[-group GROUP] NAME [ALIAS]", min: 1, brief: "put somebody on your buddy list", run: (*session).controlAdd,
			long: []string{"A name with spaces is written in quotes: add \"Cool Guy\"", "Also: /invite NICK &buddies"}},
		{name: "remove", also: []string{"del", "delete"}, usage: "NICK", min: 1, brief: "take somebody off your buddy list", run: (*session).controlRemove,
			long: []string{"Also: /kick NICK in &buddies"}},
		{name: "rename", usage: "NICK NEWNICK", min: 2, brief: "give a buddy another nick", run: (*session).controlRename,
			long: []string{"The new nick is also the buddy's alias on the AIM server. rename -del NICK takes it back."}},
		{name: "info", also: []string{"whois"}, usage: "NICK", min: 1, brief: "what is known of somebody, and their profile", run: (*session).controlInfo},
		{name: "block", usage: "[NICK]", brief: "let somebody not see or reach you; alone: who is blocked", run: (*session).controlBlock,
			long: []string{"Also: /mode &buddies +b NICK"}},
		{name: "allow", also: []string{"unblock"}, usage: "[NICK]", brief: "the opposite of block; alone: who is explicitly allowed", run: (*session).controlAllow,
			long: []string{"Also: /mode &buddies -b NICK"}},
		{name: "notices", usage: "on|off", min: 1, brief: "tell in &buddies when buddies go away, come back or are idle", run: (*session).controlNotices},
		{name: "certfp", usage: "list | add [FINGERPRINT] | del FINGERPRINT", min: 1, brief: "TLS certificates that let you in without a password", run: (*session).controlCertFP,
			long: []string{"add alone takes the certificate you are connected with. AIM takes none: the account has to be signed on."}},
		{name: "account", also: []string{"status"}, brief: "the link to AIM", run: (*session).controlAccount},
	}
}

// control runs a line said to *aim.
func (s *session) control(c *client, channel, line string) {
	if strings.HasPrefix(line, "\x01") {
		return // CTCP to *aim, or /me in &buddies: not a command
	}
	line = richtext.ParseIRC(line).String()
	words, err := splitWords(line)
	k := &call{s: s, c: c, channel: channel}
	if err != nil {
		k.reply("%v", err)
		return
	}
	if len(words) == 0 {
		return
	}
	cmd, problem := findControl(words[0])
	if nick, rest, ok := addressed(line); cmd == nil && ok {
		k.reply("Nobody called %s is on your list. /msg %s %s writes to any screen name.", nick, nick, rest)
		return
	}
	if cmd == nil {
		k.reply("%s", problem)
		return
	}
	k.args = words[1:]
	if len(k.args) < cmd.min {
		k.reply("Usage: %s %s", cmd.name, cmd.usage)
		return
	}
	cmd.run(s, k)
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

// unknownControl names the nearest command.
func unknownControl(word string) string {
	best, distance := "", 3
	for _, cmd := range controlCommands() {
		for _, name := range append([]string{cmd.name}, cmd.also...) {
			if d := editDistance(word, name); d < distance {
				best, distance = cmd.name, d
			}
		}
	}
	if best != "" {
		return fmt.Sprintf("Unknown command: %s. Did you mean %s? Say help for all of them; to write to somebody say nick: text.", word, best)
	}
	return fmt.Sprintf("Unknown command: %s. Say help for what there is; to write to somebody say nick: text.", word)
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

// splitWords splits a line at spaces; "quotes" keep a name with spaces together.
func splitWords(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		word, rest, ok := strings.Cut(line[1:], `"`)
		if !ok {
			return nil, fmt.Errorf(`a closing " is missing`)
		}
		words, line = append(words, word), rest
	}
	return words, nil
}

func (s *session) controlHelp(k *call) {
	if len(k.args) > 0 {
		k.helpOn(k.args[0])
		return
	}
	k.reply("Say a command here, or nick: text to write to somebody. Commands:")
	for _, cmd := range controlCommands() {
		k.reply("\x02%s\x02  %s", strings.TrimSpace(cmd.name+" "+cmd.usage), cmd.brief)
	}
	k.reply("help COMMAND tells more. /query NICK, /away, /whois NICK and /join #room do what you expect.")
}

func (k *call) helpOn(word string) {
	cmd, problem := findControl(word)
	if cmd == nil {
		k.reply("%s", problem)
		return
	}
	k.reply("\x02%s\x02  %s", strings.TrimSpace(cmd.name+" "+cmd.usage), cmd.brief)
	for _, line := range cmd.long {
		k.reply("%s", line)
	}
	if len(cmd.also) > 0 {
		k.reply("Other names: %s", strings.Join(cmd.also, ", "))
	}
}
