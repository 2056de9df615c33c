package ircd

import irc "gopkg.in/irc.v4"

// command is one of ircd's own commands. What is in no row is the session's.
type command struct {
	min    int                             // parameters; fewer are 461
	before func(*Conn, *irc.Message) error // while registering; nil: 451
	after  func(*Conn, *irc.Message) error // once registered; nil: the session's
	params string                          // syntax, for HELP
	help   string                          // one line
}

// ownCommands is the table.
func ownCommands() map[string]command {
	return map[string]command{
		"PASS":         {1, (*Conn).pass, alreadyRegistered, "<password>", "Gives the password, or name:password, before registration"},
		"NICK":         {0, (*Conn).nick, nil, "<nickname>", "Gives or changes your nickname"},
		"USER":         {4, (*Conn).user, alreadyRegistered, "<user> 0 * <real name>", "Part of registration"},
		"CAP":          {1, (*Conn).cap, (*Conn).cap, "LS [302] | LIST | REQ <capabilities> | END", "Negotiates capabilities"},
		"AUTHENTICATE": {1, (*Conn).authenticate, authenticateLate, "PLAIN | EXTERNAL | <data> | *", "Logs in with SASL, before registration"},
		"PING":         {0, ping, ping, "<token>", "Is answered with PONG and the token"},
		"PONG":         {0, nothing, nothing, "<token>", "Answers a PING of the server"},
		"QUIT":         {0, quit, quit, "[<reason>]", "Ends the connection"},
		"ERROR":        {0, nothing, nothing, "<text>", "Is for servers; from a client it means nothing"},
		"AWAY":         {0, (*Conn).preAway, nil, "[<text>]", "Says that you are away, or back; with draft/pre-away also before registration"},
		"BOUNCER":      {0, (*Conn).bind, nil, "BIND <netid> | LISTNETWORKS", "Shows AIM as the one network of a bouncer; BIND is for before registration"},
		"BATCH":        {1, nil, batchUnasked, "+<reference> draft/multiline <target> | -<reference>", "Sends one message of several lines"},
		"MONITOR":      {1, nil, monitor, "+ <nick>{,<nick>} | - <nick>{,<nick>} | C | L | S", "Tells who of a list of people comes and goes"},
		"MOTD":         {0, nil, forUs(0, motd), "[<server>]", "Shows the message of the day"},
		"VERSION":      {0, nil, forUs(0, version), "[<server>]", "Shows the version of the server"},
		"LUSERS":       {0, nil, forUs(0, forUs(1, lusers)), "[<mask> [<server>]]", "Counts users and channels"},
		"ADMIN":        {0, nil, forUs(0, admin), "[<server>]", "Shows who runs the server"},
		"INFO":         {0, nil, forUs(0, info), "[<server>]", "Tells about the software"},
		"TIME":         {0, nil, forUs(0, serverTime), "[<server>]", "Shows the server's time"},
		"LINKS":        {0, nil, links, "[[<server>] <mask>]", "Shows the servers of the network: this one"},
		"STATS":        {1, nil, forUs(1, stats), "<letter> [<server>]", "Shows statistics; u is how long the server is up"},
		"HELP":         {0, nil, help, "[<command>]", "Shows what commands there are, or what one does"},
		"HELPOP":       {0, nil, help, "[<command>]", "Is HELP"},
		"OPER":         {2, nil, noOperators, "<name> <password>", "Is refused: there are no operators"},
		"KILL":         {2, nil, onlyOperators, "<nick> <reason>", "Is for operators, of whom there are none"},
		"WALLOPS":      {1, nil, onlyOperators, "<text>", "Is for operators, of whom there are none"},
		"REHASH":       {0, nil, onlyOperators, "", "Is for operators, of whom there are none"},
		"RESTART":      {0, nil, onlyOperators, "", "Is for operators, of whom there are none"},
		"SQUIT":        {2, nil, onlyOperators, "<server> <reason>", "Is for operators, of whom there are none"},
	}
}

func noOperators(*Conn, *irc.Message) error {
	return Numeric(irc.ERR_NOOPERHOST, "No O-lines for your host")
}

func onlyOperators(*Conn, *irc.Message) error {
	return Numeric(irc.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
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

// forUs answers 402 when the nth parameter names another server.
func forUs(n int, run func(*Conn, *irc.Message) error) func(*Conn, *irc.Message) error {
	return func(c *Conn, m *irc.Message) error {
		if target := m.Param(n); target != "" && !c.IsServer(target) {
			return Numeric(irc.ERR_NOSUCHSERVER, target, "No such server")
		}
		return run(c, m)
	}
}

// IsServer tells whether a target is this server: its name, a mask of it, or the client's own nick.
func (c *Conn) IsServer(target string) bool {
	return matchMask(target, c.srv.Name) || EqualFold(target, c.Nick())
}
