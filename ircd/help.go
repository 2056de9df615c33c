package ircd

import (
	"slices"
	"strings"

	irc "gopkg.in/irc.v4"
)

// Command is a command as HELP shows it.
type Command struct {
	Name   string
	Params string // syntax of what follows the name
	Help   string // one line
}

// CommandList is all commands of the server, its own and the backend's, sorted by name; of those that are both, it has
// the backend's row.
func (s *Server) CommandList() []Command {
	list := slices.Clone(s.Commands)
	theirs := make(map[string]bool)
	for _, cmd := range list {
		theirs[cmd.Name] = true
	}
	for name, cmd := range ownCommands() {
		if !theirs[name] {
			list = append(list, Command{name, cmd.params, cmd.help})
		}
	}
	slices.SortFunc(list, func(a, b Command) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// help is HELP and HELPOP: modern.ircdocs.horse/#help-message.
func help(c *Conn, m *irc.Message) error {
	subject := strings.ToUpper(m.Param(0))
	lines := c.helpOn(subject)
	if subject == "" {
		subject = "*"
		lines = c.helpIndex()
	}
	if lines == nil {
		return Numeric(ERR_HELPNOTFOUND, subject, "No help available on this topic")
	}
	c.Reply(RPL_HELPSTART, subject, lines[0])
	for _, l := range lines[1:] {
		c.Reply(RPL_HELPTXT, subject, l)
	}
	c.Reply(RPL_ENDOFHELP, subject, "End of /HELP")
	return nil
}

// helpList is what there is for this client.
func (c *Conn) helpList() []Command {
	return slices.DeleteFunc(c.srv.CommandList(), func(cmd Command) bool {
		_, ok := c.session.(Watcher)
		return cmd.Name == "MONITOR" && !ok || cmd.Name == "BATCH" && c.srv.Caps&CapMultiline == 0
	})
}

func (c *Conn) helpOn(subject string) []string {
	for _, cmd := range c.helpList() {
		if cmd.Name == subject {
			return []string{strings.TrimSpace(cmd.Name + " " + cmd.Params), cmd.Help}
		}
	}
	return nil
}

func (c *Conn) helpIndex() []string {
	const width = 60
	lines := []string{"HELP <command> tells what a command does. There are:"}
	line := ""
	for _, cmd := range c.helpList() {
		if len(line)+1+len(cmd.Name) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + cmd.Name)
	}
	return append(lines, line)
}
