package bridge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/pace"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// command is a message of a client.
type command struct {
	c *ircd.Conn
	m *irc.Message
}

func (e command) apply(s *session) {
	c := s.byConn[e.c]
	if c != nil && e.m.Command == "PONG" {
		s.proof(c, e.m.Trailing())
	}
	switch {
	case c == nil:
	case c.fencing:
		s.after(c, e.m)
	case e.m.Command == "PING" && s.mayFence():
		c.fencing = true
		c.later = append(c.later, e.m)
		s.fence(s.o.PingTime, func() { s.unfence(c) })
	default:
		s.dispatch(c, e.m)
	}
	s.noteActivity(e.c)
}

func (s *session) dispatch(c *client, m *irc.Message) {
	c.conn.Dispatch(m, c.run)
}

const (
	pingReserve = 20  // commands of the cheap class that PING leaves alone
	laterMax    = 256 // commands that wait behind a PING
)

// mayFence reports whether a PING may go all the way to AIM and back. That makes the lag a client shows the true one,
// and a PONG then means that all that was said before has been taken. It costs one cheap command.
func (s *session) mayFence() bool {
	now := time.Now()
	return s.state == online && s.link != nil && !s.paused && !s.pacer.At(now, pace.General, pingReserve).After(now)
}

// after keeps what a client sends behind a PING in order; too much of it is not waited with.
func (s *session) after(c *client, m *irc.Message) {
	c.later = append(c.later, m)
	if len(c.later) > laterMax {
		s.unfence(c)
	}
}

// unfence goes on with what waited, until the next PING.
func (s *session) unfence(c *client) {
	later := c.later
	c.later, c.fencing = nil, false
	for _, m := range later {
		s.dispatch(c, m)
	}
}

// ircCommand is a row of the table of IRC commands that concern the account.
type ircCommand struct {
	min    int // parameters; fewer is 461
	run    func(*session, *client, *irc.Message) error
	params string // syntax, for HELP
	help   string // one line
}

// commands is the table of IRC commands that package ircd leaves to us.
var commands = map[string]ircCommand{
	"PRIVMSG":     {0, (*session).privmsg, "<target>{,<target>} <text>", "Sends a message to people and channels"},
	"NOTICE":      {0, (*session).privmsg, "<target>{,<target>} <text>", "Sends a message that nothing answers"},
	"TAGMSG":      {0, (*session).tagmsgCommand, "<target>{,<target>}", "Sends tags without a text, +typing above all"},
	"JOIN":        {1, (*session).joinCommand, "<channel>{,<channel>}", "Enters chat rooms and channels of your buddy list"},
	"PART":        {1, (*session).part, "<channel>{,<channel>} [<reason>]", "Leaves channels"},
	"NAMES":       {0, (*session).namesCommand, "[<channel>{,<channel>}]", "Shows who is in channels"},
	"LIST":        {0, (*session).list, "[<condition>{,<condition>}]", "Shows the channels there are; conditions are names, masks, >n and <n users"},
	"TOPIC":       {1, (*session).topicCommand, "<channel> [<text>]", "Shows or sets the topic of a channel"},
	"INVITE":      {2, (*session).inviteCommand, "<nick> <channel>", "Invites to a chat room, or adds a buddy to a group"},
	"KICK":        {2, (*session).kick, "<channel> <nick>", "Removes a buddy from a group"},
	"MODE":        {1, (*session).modeCommand, "<channel | nick> [<modes> {<parameter>}]", "Shows or changes modes; +b on &buddies blocks"},
	"WHO":         {0, (*session).who, "[<channel | mask> [%<fields>[,<token>]]]", "Lists people"},
	"WHOIS":       {0, (*session).whois, "[<server>] <nick>{,<nick>}", "Tells about people"},
	"WHOWAS":      {0, (*session).whowas, "<nick> [<count>]", "Tells about people who have left"},
	"AWAY":        {0, (*session).away, "[<text>]", "Says that you are away, or back; with draft/pre-away also before registration"},
	"ISON":        {1, (*session).ison, "<nick>{ <nick>}", "Tells who of these is online"},
	"USERHOST":    {1, (*session).userhost, "<nick>{ <nick>}", "Tells the addresses of up to five people, and who is away"},
	"NICK":        {0, (*session).nick, "<nickname>", "Gives your nickname, or changes its case"},
	"CHATHISTORY": {0, (*session).chathistory, "LATEST|BEFORE|AFTER|AROUND|BETWEEN <target> <reference> [<reference>] <limit> | TARGETS <time> <time> <limit>", "Asks for what was said before"},
	"MARKREAD":    {0, (*session).markread, "<target> [timestamp=<time>]", "Tells your other clients how far you have read, or asks that"},
	"SEARCH":      {0, (*session).searchCommand, "<attributes>", "Finds messages in the history: in=, from=, after=, before=, text=, limit="},
	"BOUNCER":     {1, (*session).bouncer, "LISTNETWORKS", "Shows AIM as the one network of a bouncer"},
	"SILENCE":     {0, (*session).silence, "[{+|-}<nick>{,{+|-}<nick>}]", "Shows who is blocked, blocks, or takes back; as +b and -b on &buddies"},
	"SETNAME":     {1, (*session).setname, "<real name>", "Changes your real name"},
}

// Commands are the commands of the table, for HELP.
func (b *Bridge) Commands() []ircd.Command {
	list := make([]ircd.Command, 0, len(commands))
	for name, cmd := range commands {
		list = append(list, ircd.Command{Name: name, Params: cmd.params, Help: cmd.help})
	}
	return list
}

// handle runs a command of the table.
func (s *session) handle(c *client, m *irc.Message) error {
	cmd, ok := commands[m.Command]
	switch {
	case !ok:
		return ircd.ErrUnknownCommand
	case len(m.Params) < cmd.min || cmd.min > 0 && m.Params[0] == "":
		return ircd.NeedMoreParams(m.Command)
	}
	return cmd.run(s, c, m)
}

// report sends an error that is an answer, where a command has several.
func (c *client) report(err error) {
	if err == nil {
		return
	}
	var r *ircd.Reply
	if errors.As(err, &r) {
		c.conn.Reply(r.Numeric, r.Params...)
	}
}

func noSuchChannel(channel string) error {
	return ircd.Numeric(irc.ERR_NOSUCHCHANNEL, channel, "No such channel")
}

func noSuchNick(nick string) error {
	return ircd.Numeric(irc.ERR_NOSUCHNICK, nick, "No such nick/channel")
}

func notOnChannel(channel string) error {
	return ircd.Numeric(irc.ERR_NOTONCHANNEL, channel, "You're not on that channel")
}

// privmsg checks the parameters of PRIVMSG and NOTICE.
func (s *session) privmsg(c *client, m *irc.Message) error {
	notice := m.Command == "NOTICE"
	if len(m.Params) == 0 || m.Params[0] == "" {
		return s.mute(notice, ircd.Numeric(irc.ERR_NORECIPIENT, "No recipient given ("+m.Command+")"))
	}
	if len(m.Params) < 2 || m.Params[1] == "" {
		return s.mute(notice, ircd.Numeric(irc.ERR_NOTEXTTOSEND, "No text to send"))
	}
	if m = unquoted(m); m.Params[0] == "" || m.Params[1] == "" {
		return s.mute(notice, ircd.Numeric(irc.ERR_NOTEXTTOSEND, "No text to send"))
	}
	return s.say(c, m)
}

func (s *session) tagmsgCommand(c *client, m *irc.Message) error {
	if len(m.Params) == 0 || m.Params[0] == "" {
		return ircd.Numeric(irc.ERR_NORECIPIENT, "No recipient given (TAGMSG)")
	}
	return s.tagmsg(c, m)
}

// joinCommand is JOIN: & channels at once, rooms when AIM has answered.
func (s *session) joinCommand(c *client, m *irc.Message) error {
	if m.Params[0] == "0" {
		s.partAll(c)
		return nil
	}
	j := &joining{c: c}
	for _, channel := range strings.Split(m.Params[0], ",") {
		var err error
		switch {
		case strings.HasPrefix(channel, "&"):
			err = s.joinAmp(c, channel)
		case strings.HasPrefix(channel, "#"):
			err = s.joinRoom(j, channel)
		default:
			err = noSuchChannel(channel)
		}
		c.report(err)
	}
	if j.left > 0 {
		j.finish = c.conn.Defer()
	}
	return nil
}

// joinAmp puts one client into an & channel.
func (s *session) joinAmp(c *client, channel string) error {
	folded := ircd.Fold(channel)
	if _, ok := s.membersOf(folded); !ok {
		return ircd.Numeric(irc.ERR_NOSUCHCHANNEL, channel, "There is no such group on your buddy list")
	}
	if !c.in[folded] {
		s.joinGroup(c, folded)
	}
	return nil
}

// part leaves channels: an & channel for this client, a room for the account.
func (s *session) part(c *client, m *irc.Message) error {
	reason := m.Params[1:]
	for _, channel := range strings.Split(m.Params[0], ",") {
		c.report(s.partOne(c, channel, reason))
	}
	return nil
}

func (s *session) partOne(c *client, channel string, reason []string) error {
	folded := ircd.Fold(channel)
	if c.in[folded] {
		delete(c.in, folded)
		c.conn.Send(s.message(s.self.prefix, "PART", append([]string{s.channelName(folded)}, reason...)...))
		return nil
	}
	r := s.room(channel)
	if r == nil {
		if _, ok := s.membersOf(folded); ok {
			return notOnChannel(channel)
		}
		if _, _, ok := nicks.Room(channel); ok && channel[0] == '#' {
			return notOnChannel(channel)
		}
		return noSuchChannel(channel)
	}
	shown := r.shown
	s.leaveRoom(r, reason)
	if !shown { // AIM was still asked to let us in
		return notOnChannel(channel)
	}
	return nil
}

// leaveRoom takes the account out of a room.
func (s *session) leaveRoom(r *room, reason []string) {
	s.b.near.partReason(s.key, ircd.Fold(r.channel), strings.Join(reason, " "))
	if r.known {
		s.dropLane(r)
		s.send(toc.ChatLeave{Room: r.id})
	}
	s.forgetRoom(r)
	s.unsaveRoom(r)
	for _, j := range r.askers {
		j.errs = append(j.errs, notOnChannel(r.channel))
	}
	s.answer(r)
	if r.shown {
		s.broadcast(s.message(s.self.prefix, "PART", append([]string{r.channel}, reason...)...))
	}
}

// partAll is JOIN 0.
func (s *session) partAll(c *client) {
	for folded := range c.in {
		c.report(s.partOne(c, folded, nil))
	}
	for _, r := range s.sortedRooms() {
		s.leaveRoom(r, nil)
	}
}

// nick is NICK after registration: on AIM only case and spacing of one's own name may change.
func (s *session) nick(c *client, m *irc.Message) error {
	if len(m.Params) == 0 || m.Params[0] == "" {
		return ircd.Numeric(irc.ERR_NONICKNAMEGIVEN, "No nickname given")
	}
	want := m.Params[0]
	switch {
	case want == s.Nick():
		return nil
	case !ircd.ValidNick(want):
		return ircd.Numeric(irc.ERR_ERRONEUSNICKNAME, want, "Erroneous nickname")
	case toc.ScreenName(want).Key() != s.key:
		return s.nickRefused(want)
	case s.state != online:
		return ircd.Numeric(irc.ERR_UNAVAILRESOURCE, want, s.noLinkText())
	}
	finish := c.conn.Defer()
	taken := s.reformat(respaced(string(s.self.name), want), func(why string) {
		finish(func() error {
			if why != "" {
				return ircd.Numeric(irc.ERR_ERRONEUSNICKNAME, want, "AIM does not take this form of your name")
			}
			return nil
		})
	})
	if !taken {
		finish(func() error { return ircd.Numeric(irc.ERR_UNAVAILRESOURCE, want, busyText) })
	}
	return nil
}

// nickRefused tells why another name is not to be had: one that somebody has is in use, any other is not ours.
func (s *session) nickRefused(want string) error {
	if c := s.roster.lookup(toc.ScreenName(want)); s.b.peer(toc.ScreenName(want).Key()) != nil || c != nil && c.online || isControl(want) {
		return ircd.Numeric(irc.ERR_NICKNAMEINUSE, want, "Nickname is already in use")
	}
	return ircd.Numeric(irc.ERR_RESTRICTED, fmt.Sprintf("Your nick is your AIM screen name %s; only its upper and lower case can change", s.self.name))
}
