package bridge

import (
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

// botMode is the user mode of a bot, and the flag of one in WHO: BOT of 005 (ircv3.net/specs/extensions/bot-mode).
const botMode = "B"

// UserModes are the modes that MODE knows of users, for 004: B, a bot, and i, which everybody has: on AIM one is
// invisible to those who do not know the name.
const UserModes = botMode + "i"

// userMode is MODE of oneself. Clients set +i when they connect, each for itself.
func (s *session) userMode(c *client, params []string) error {
	if len(params) == 0 {
		c.conn.Reply(irc.RPL_UMODEIS, s.ownModes())
		return nil
	}
	sign, unknown := "+", false
	for _, ch := range params[0] {
		switch mode := string(ch); {
		case mode == "+", mode == "-":
			sign = mode
		case mode == "i" && sign == "+":
			c.conn.Send(s.message(s.self.prefix, "MODE", s.Nick(), "+i"))
		case mode == "i":
			c.conn.Reply(irc.RPL_UMODEIS, s.ownModes()) // it stays
		case mode != botMode:
			unknown = true
		case s.setBot(sign == "+"):
			s.broadcast(s.message(s.self.prefix, "MODE", s.Nick(), sign+mode))
		}
	}
	if unknown {
		return ircd.Numeric(irc.ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag")
	}
	return nil
}

func (s *session) ownModes() string {
	if info := s.info.Load(); info != nil && info.bot {
		return "+" + UserModes
	}
	return "+i"
}

// setBot makes the account a bot, or not, and reports whether that is a change. Users of this bridge see it.
func (s *session) setBot(bot bool) bool {
	info := s.info.Load()
	if info == nil || info.bot == bot {
		return false
	}
	now := *info
	now.bot = bot
	s.info.Store(&now)
	if bot {
		s.b.bots.Add(1)
	} else {
		s.b.bots.Add(-1)
	}
	return true
}

// botPrefix tells whether who has this prefix is a bot of this bridge. As a rule there is none, and that is cheap.
func (s *session) botPrefix(p *irc.Prefix) bool {
	if s.b.bots.Load() == 0 || p == nil {
		return false
	}
	name, ok := s.nicks.Name(p.Name)
	if !ok {
		return false
	}
	var info *persona
	if name.Key() == s.key {
		info = s.info.Load()
	} else if peer := s.b.peer(name.Key()); peer != nil {
		info = peer.info.Load()
	}
	return info != nil && info.bot
}
