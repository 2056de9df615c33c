package ircd

import (
	"slices"
	"strings"

	irc "gopkg.in/irc.v4"
)

// command is one of ircd's own commands. What is in no row is the session's.
type command struct {
	min    int                             // parameters; fewer are 461
	before func(*Conn, *irc.Message) error // while registering; nil: 451
	after  func(*Conn, *irc.Message) error // once registered; nil: the session's
	help   string                          // syntax and meaning, for HELP
}

// ownCommands is the table.
func ownCommands() map[string]command {
	return map[string]command{
		"PASS":         {1, (*Conn).pass, alreadyRegistered, "PASS <password>: gives a password before registration. Also PASS <name>:<password>."},
		"NICK":         {0, (*Conn).nick, nil, "NICK <nickname>: gives or changes the nickname."},
		"BATCH":        {1, nil, batchUnasked, "BATCH +<ref> draft/multiline <target>, BATCH -<ref>: sends a message of several lines."},
		"AWAY":         {0, (*Conn).preAway, nil, "AWAY [<text>]: says that you are away, or back. Before registration with draft/pre-away."},
		"USER":         {4, (*Conn).user, alreadyRegistered, "USER <user> 0 * <real name>: part of registration."},
		"CAP":          {1, (*Conn).cap, (*Conn).cap, "CAP LS|LIST|REQ|END: negotiates capabilities."},
		"AUTHENTICATE": {1, (*Conn).authenticate, authenticateLate, "AUTHENTICATE PLAIN|EXTERNAL: logs in before registration."},
		"PING":         {0, ping, ping, "PING <token>: is answered with PONG."},
		"PONG":         {0, nothing, nothing, "PONG <token>: answers a PING of the server."},
		"QUIT":         {0, quit, quit, "QUIT [<reason>]: ends the connection."},
		"ERROR":        {0, nothing, nothing, "ERROR is for servers; from a client it means nothing."},
		"MOTD":         {0, nil, forUs(motd), "MOTD [<server>]: shows the message of the day."},
		"VERSION":      {0, nil, forUs(version), "VERSION [<server>]: shows the version of the server."},
		"LUSERS":       {0, nil, lusers, "LUSERS: counts users and channels."},
		"ADMIN":        {0, nil, forUs(admin), "ADMIN [<server>]: shows who runs the server."},
		"INFO":         {0, nil, forUs(info), "INFO [<server>]: tells about the software."},
		"TIME":         {0, nil, forUs(serverTime), "TIME [<server>]: shows the server's time."},
		"LINKS":        {0, nil, links, "LINKS: shows the servers of the network."},
		"STATS":        {1, nil, stats, "STATS u: shows how long the server is up."},
		"MONITOR":      {1, nil, monitor, "MONITOR + <nick>{,<nick>} | - <nick>{,<nick>} | C | L | S: watches who comes and goes."},
		"HELP":         {0, nil, help, "HELP [<subject>]: shows help."},
		"HELPOP":       {0, nil, help, "HELPOP [<subject>]: is HELP."},
	}
}

// Commands returns the names of ircd's own commands, sorted.
func Commands() []string {
	var names []string
	for name := range ownCommands() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// batchUnasked answers who did not ask for a capability that has batches of clients: collect takes the others.
func batchUnasked(*Conn, *irc.Message) error { return ErrUnknownCommand }

func nothing(*Conn, *irc.Message) error { return nil }

func ping(c *Conn, m *irc.Message) error {
	token := m.Param(0)
	if token == "" {
		return Numeric(irc.ERR_NOORIGIN, "No origin specified")
	}
	c.Send(NewMessage(nil, "PONG", c.srv.Name, token))
	return nil
}

func quit(c *Conn, m *irc.Message) error {
	text := m.Param(0)
	c.mu.Lock()
	c.said = text
	c.mu.Unlock()
	if text == "" {
		c.Close(ReasonQuit, "Client quit")
	} else {
		c.Close(ReasonQuit, "Quit: "+text)
	}
	return nil
}

// forUs answers 402 when the command names another server.
func forUs(run func(*Conn, *irc.Message) error) func(*Conn, *irc.Message) error {
	return func(c *Conn, m *irc.Message) error {
		if target := m.Param(0); target != "" && !matchMask(target, c.srv.Name) && !EqualFold(target, c.Nick()) {
			return Numeric(irc.ERR_NOSUCHSERVER, target, "No such server")
		}
		return run(c, m)
	}
}

func help(c *Conn, m *irc.Message) error {
	subject := strings.ToUpper(m.Param(0))
	lines := c.helpLines(subject)
	if subject == "" {
		subject = "*"
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

func (c *Conn) helpLines(subject string) []string {
	if cmd, ok := c.srv.commands[subject]; ok {
		return []string{subject, cmd.help}
	}
	var theirs []string
	if c.srv.Help != nil {
		theirs = c.srv.Help(subject)
	}
	if subject != "" {
		return theirs
	}
	lines := []string{"HELP <command> tells more. Commands of the server:", strings.Join(Commands(), " ")}
	return append(lines, theirs...)
}
