package toc

import (
	"fmt"
	"strconv"
	"strings"
)

// CommandName returns the name of a command, known or not.
func CommandName(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}

// ParseCommand reads a command as the live server does (ref 3.1): arguments by
// splitArgs, white space trimmed off those with a fixed place, then backslashes
// deleted in some of them. Names stay as written. A name it does not know
// gives an UnknownCommand; a malformed command, which the live server answers
// with ERROR:913, gives an error, with an UnknownCommand that holds the line.
func ParseCommand(line string) (Command, error) { return new(CommandParser).Parse(line) }

// CommandParser parses commands one after the other and needs less memory for
// it. It is for one goroutine; the zero value is ready.
type CommandParser struct {
	a    args
	room [12]string
}

// Parse is ParseCommand.
func (p *CommandParser) Parse(line string) (Command, error) {
	name := CommandName(line)
	parse := commandParsers[name]
	if parse == nil {
		return UnknownCommand{Text: line}, nil
	}
	raw := line[len(name):]
	p.a = args{raw: raw, list: splitArgs(p.room[:0], raw)}
	c, err := parse(&p.a), p.a.err
	p.a = args{}
	clear(p.room[:])
	if err != nil {
		return UnknownCommand{Text: line}, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// args takes the arguments of a command from left to right. The first error
// sticks.
type args struct {
	raw  string // what follows the command's name
	list []string
	err  error
}

func (a *args) fail(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, v...)...)
	}
}

// str is an argument as it is.
func (a *args) str() string {
	if len(a.list) == 0 {
		a.fail("too few arguments")
		return ""
	}
	s := a.list[0]
	a.list = a.list[1:]
	return strings.TrimSpace(s)
}

func (a *args) name() ScreenName { return ScreenName(a.str()) }

// text is an argument that the server deletes backslashes from.
func (a *args) text() string { return unescape(a.str()) }

func (a *args) int() int {
	s := a.str()
	n, err := strconv.Atoi(s)
	if err != nil {
		a.fail("%.20q is not a number", s)
	}
	return n
}

// between is int with bounds.
func (a *args) between(low, high int) int {
	n := a.int()
	if a.err == nil && (n < low || n > high) {
		a.fail("%d is not between %d and %d", n, low, high)
	}
	return n
}

// auto reports whether the next argument is the flag of an auto-response.
func (a *args) auto() bool { return len(a.list) > 0 && a.list[0] == "auto" }

// rest is all further arguments; these are not trimmed.
func (a *args) rest() []string {
	if len(a.list) == 0 {
		return nil
	}
	return append([]string(nil), a.list...)
}

// names is rest as screen names.
func (a *args) names() []ScreenName {
	if len(a.list) == 0 {
		return nil
	}
	names := make([]ScreenName, len(a.list))
	for i, s := range a.list {
		names[i] = ScreenName(s)
	}
	return names
}

// someNames is names where none is an error.
func (a *args) someNames() []ScreenName {
	if len(a.list) == 0 {
		a.fail("no names")
	}
	return a.names()
}

var commandParsers = map[string]func(*args) Command{
	"toc_init_done":    func(*args) Command { return InitDone{} },
	"toc_send_im":      parseSendIM,
	"toc2_send_im":     parseSendIM,
	"toc2_send_im_enc": parseSendIMEnc,
	"toc2_client_event": func(a *args) Command {
		return SendTyping{To: a.name(), State: TypingState(a.between(0, 2))}
	},
	"toc_get_status":      func(a *args) Command { return GetStatus{Name: a.name()} },
	"toc_set_away":        parseSetAway,
	"toc_set_idle":        func(a *args) Command { return SetIdle{Seconds: a.int()} },
	"toc_set_info":        func(a *args) Command { return SetInfo{Text: a.text()} },
	"toc_get_info":        func(a *args) Command { return GetInfo{Name: a.name()} },
	"toc_set_caps":        parseSetCaps,
	"toc_evil":            parseWarn,
	"toc_format_nickname": func(a *args) Command { return FormatNick{Name: ScreenName(strings.Trim(a.str(), "{}"))} },
	"toc_change_passwd":   func(a *args) Command { return ChangePassword{Old: a.text(), New: a.text()} },
	"toc2_new_group":      func(a *args) Command { return NewGroup{Group: a.text()} },
	"toc2_del_group":      func(a *args) Command { return DelGroup{Group: a.text()} },
	"toc2_new_buddies":    parseNewBuddies,
	"toc2_remove_buddy":   parseRemoveBuddies,
	"toc2_set_pdmode":     func(a *args) Command { return SetPDMode{Mode: PDMode(a.between(1, 5))} },
	"toc2_add_permit":     func(a *args) Command { return AddPermit{Names: a.someNames()} },
	"toc2_remove_permit":  func(a *args) Command { return RemovePermit{Names: a.someNames()} },
	"toc2_add_deny":       func(a *args) Command { return AddDeny{Names: a.someNames()} },
	"toc2_remove_deny":    func(a *args) Command { return RemoveDeny{Names: a.someNames()} },
	"toc_add_buddy":       func(a *args) Command { return AddBuddies{Names: a.names()} },
	"toc_remove_buddy":    func(a *args) Command { return RemoveBuddiesV1{Names: a.names()} },
	"toc_add_permit":      func(a *args) Command { return AddPermitV1{Names: a.names()} },
	"toc_add_deny":        func(a *args) Command { return AddDenyV1{Names: a.names()} },
	"toc_set_config":      parseSetConfig,
	"toc_chat_join":       func(a *args) Command { return ChatJoin{Exchange: a.int(), Name: a.text()} },
	"toc_chat_accept":     func(a *args) Command { return ChatAccept{Room: a.int()} },
	"toc_chat_send":       func(a *args) Command { return ChatSend{Room: a.int(), Text: a.text()} },
	"toc_chat_whisper":    func(a *args) Command { return ChatWhisper{Room: a.int(), To: a.name(), Text: a.text()} },
	"toc_chat_invite":     func(a *args) Command { return ChatInviteTo{Room: a.int(), Text: a.text(), Names: a.names()} },
	"toc_chat_leave":      func(a *args) Command { return ChatLeave{Room: a.int()} },
	"toc_set_dir":         parseSetDir,
	"toc_get_dir":         func(a *args) Command { return GetDir{Name: a.name()} },
	"toc_dir_search":      parseDirSearch,
	"toc_rvous_accept":    func(a *args) Command { return RvousAccept{Name: a.name(), Cookie: a.str(), UUID: a.str()} },
	"toc_rvous_cancel":    func(a *args) Command { return RvousCancel{Name: a.name(), Cookie: a.str(), UUID: a.str()} },
	"toc2_login":          func(a *args) Command { return parseSignOn(a, Login2) },
	"toc2_signon":         func(a *args) Command { return parseSignOn(a, SignOn2) },
	"toc_signon":          func(a *args) Command { return parseSignOn(a, SignOn1) },
}

func parseSendIM(a *args) Command {
	return SendIM{To: a.name(), Text: a.text(), Auto: a.auto()}
}

func parseSendIMEnc(a *args) Command {
	c := SendIMEnc{To: a.name()}
	a.str() // F, of unknown meaning
	c.Encoding, c.Language, c.Text, c.Auto = a.str(), a.str(), a.text(), a.auto()
	return c
}

func parseSetAway(a *args) Command {
	if len(a.list) == 0 {
		return SetAway{}
	}
	return SetAway{Text: unescape(a.list[0])} // not trimmed
}

// parseSetCaps also takes lists with commas.
func parseSetCaps(a *args) Command {
	var c SetCaps
	for _, s := range a.list {
		for t := range strings.SplitSeq(s, ",") {
			if t = strings.TrimSpace(t); t != "" {
				c.Caps = append(c.Caps, t)
			}
		}
	}
	return c
}

func parseWarn(a *args) Command {
	c := Warn{Name: a.name()}
	switch s := a.str(); s {
	case "anon":
		c.Anon = true
	case "norm":
	default:
		a.fail("%.20q is neither norm nor anon", s)
	}
	return c
}

// outside is what the server trims off the two commands it does not read with
// its CSV reader.
const outside = `'" `

// parseNewBuddies reads `{g:group\nb:name:alias:::::note\n}` (ref 3.3).
func parseNewBuddies(a *args) Command {
	s := unescape(strings.Trim(a.raw, outside))
	if s == "" {
		a.fail("no list")
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	var c NewBuddies
	group := -1
	for l := range strings.SplitSeq(s, "\n") {
		l = strings.TrimSpace(l)
		key, val, _ := strings.Cut(l, ":")
		switch {
		case len(key) == len(l) || key != "g" && key != "b":
		case val == "":
			a.fail("an empty name")
		case key == "g":
			group = c.group(val)
		case group < 0:
			a.fail("a buddy before any group")
		default:
			if b := parseEntry(val); b.Name != "" {
				g := &c.Groups[group]
				g.Buddies = append(g.Buddies, b)
			}
		}
	}
	return c
}

// group finds or adds a group.
func (c *NewBuddies) group(name string) int {
	for i, g := range c.Groups {
		if g.Name == name {
			return i
		}
	}
	c.Groups = append(c.Groups, Group{Name: name})
	return len(c.Groups) - 1
}

// parseEntry reads what follows `b:`.
func parseEntry(s string) (b Buddy) {
	parts := strings.SplitN(s, ":", 8)
	b.Name = ScreenName(parts[0])
	if len(parts) > 1 {
		b.Alias = parts[1]
	}
	if len(parts) > 6 {
		b.Note = parts[6]
	}
	return b
}

func parseRemoveBuddies(a *args) Command {
	last := len(a.list) - 1
	if last < 1 {
		a.fail("needs names and a group")
		return nil
	}
	c := RemoveBuddies{Group: a.list[last]}
	a.list = a.list[:last]
	c.Names = a.names()
	return c
}

func parseSetConfig(a *args) Command {
	c := SetConfig{Text: strings.Trim(a.raw, outside)}
	if c.Text == "" {
		a.fail("no text")
	}
	return c
}

const dirFields = 9

func parseSetDir(a *args) Command {
	c := SetDir{Fields: a.text()}
	if n := strings.Count(c.Fields, ":") + 1; n > dirFields {
		a.fail("%d fields", n)
	}
	return c
}

// parseDirSearch wants something to search for in the first eleven fields.
func parseDirSearch(a *args) Command {
	c := DirSearch{Fields: a.text()}
	parts := strings.SplitN(c.Fields, ":", 12)
	if strings.Join(parts[:min(len(parts), 11)], "") == "" {
		a.fail("nothing to search for")
	}
	return c
}
