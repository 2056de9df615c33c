package ircd

import irc "gopkg.in/irc.v4"

// preAway is AWAY before registration is complete (ircv3.net/specs/extensions/pre-away): it is answered at once and
// handed to the session, whose client is not there yet, as the first command after Attach. The session gives the last
// one its usual meaning; "*" is for it to understand, too: nobody sits at this client.
func (c *Conn) preAway(m *irc.Message) error {
	if !c.Has(CapPreAway) {
		return Numeric(irc.ERR_NOTREGISTERED, "You have not registered")
	}
	away := *m
	away.Tags = nil
	c.reg.away = &away
	if m.Param(0) == "" {
		return Numeric(irc.RPL_UNAWAY, "You are no longer marked as being away")
	}
	return Numeric(irc.RPL_NOWAWAY, "You have been marked as being away")
}

// replayAway hands over what preAway has kept, when the command that completed registration has had its turn. The
// client has had its answer: the session's is not sent.
func (c *Conn) replayAway(away *irc.Message) {
	if away == nil {
		return
	}
	c.turn.answered = away
	c.hand(away)
}

func isAwayReply(command string) bool { return command == irc.RPL_UNAWAY || command == irc.RPL_NOWAWAY }
