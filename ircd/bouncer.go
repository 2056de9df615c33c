package ircd

import (
	"strings"

	irc "gopkg.in/irc.v4"
)

// NetID is the id of the one network there is: every connection is bound to it (soju.im/bouncer-networks).
const NetID = "1"

// bind is BOUNCER BIND before registration: the only network can be chosen, and is anyway.
func (c *Conn) bind(m *irc.Message) error {
	sub := strings.ToUpper(m.Param(0))
	switch {
	case c.srv.Caps&CapNetworks == 0:
		return ErrUnknownCommand
	case sub != "BIND":
		return Numeric(irc.ERR_NOTREGISTERED, "You have not registered")
	case len(m.Params) < 2:
		return NeedMoreParams("BOUNCER")
	case m.Params[1] != NetID:
		c.FailFor(CapNetworks, "BOUNCER", "INVALID_NETID", "BIND", m.Params[1], "Network not found")
	}
	return nil
}
