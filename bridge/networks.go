package bridge

import (
	"net"
	"strings"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
)

// bouncer is BOUNCER (soju.im/bouncer-networks): AIM is the one network there is, and every client is bound to it. It
// cannot be changed from here: which server that is, the administrator says.
func (s *session) bouncer(c *client, m *irc.Message) error {
	sub := strings.ToUpper(m.Params[0])
	run, ok := bouncerSubs[sub]
	if !ok {
		c.conn.FailFor(ircd.CapNetworks, "BOUNCER", "UNKNOWN_COMMAND", m.Params[0], "Unknown subcommand")
		return nil
	}
	return run(s, c, m)
}

var bouncerSubs = map[string]func(*session, *client, *irc.Message) error{
	"LISTNETWORKS": (*session).listNetworks, "BIND": (*session).bindLate,
	"ADDNETWORK": (*session).addNetwork, "CHANGENETWORK": (*session).changeNetwork, "DELNETWORK": (*session).changeNetwork,
}

func (s *session) bindLate(c *client, _ *irc.Message) error {
	c.conn.FailFor(ircd.CapNetworks, "BOUNCER", "REGISTRATION_IS_COMPLETED", "BIND", "Cannot bind to a network after registration")
	return nil
}

func (s *session) addNetwork(c *client, m *irc.Message) error {
	attribute := "host"
	if name, _, _ := strings.Cut(m.Param(1), "="); name != "" {
		attribute = name
	}
	c.conn.FailFor(ircd.CapNetworks, "BOUNCER", "READ_ONLY_ATTRIBUTE", "ADDNETWORK", "*", attribute, "There is one network here, AIM")
	return nil
}

func (s *session) changeNetwork(c *client, m *irc.Message) error {
	sub := strings.ToUpper(m.Params[0])
	if m.Param(1) != ircd.NetID {
		c.conn.FailFor(ircd.CapNetworks, "BOUNCER", "INVALID_NETID", sub, orStar(m.Param(1)), "Network not found")
		return nil
	}
	attribute, _, _ := strings.Cut(m.Param(2), "=")
	c.conn.FailFor(ircd.CapNetworks, "BOUNCER", "READ_ONLY_ATTRIBUTE", sub, ircd.NetID, orStar(attribute), "The administrator of this server sets that")
	return nil
}

func (s *session) listNetworks(c *client, _ *irc.Message) error {
	ref := c.conn.Server().BatchRef()
	start, end := ircd.NewBatch(ref, "soju.im/bouncer-networks")
	c.conn.Send(start)
	m := s.networkMessage(s.networkAttributes(c))
	m.Batch = ref
	c.conn.Send(m)
	c.conn.Send(end)
	return nil
}

func (s *session) networkMessage(attributes irc.Tags) *ircd.Message {
	return ircd.NewMessage(nil, "BOUNCER", "NETWORK", ircd.NetID, tagText(attributes))
}

func (s *session) networkAttributes(c *client) irc.Tags {
	host, port, err := net.SplitHostPort(s.o.Server)
	if err != nil {
		host = s.o.Server
	}
	out := s.networkState()
	for k, v := range map[string]string{"name": "AIM", "host": host, "port": port, "tls": "0", "nickname": s.Nick(), "username": c.conn.User(), "realname": c.conn.Realname()} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// networkState is what changes of the network.
func (s *session) networkState() irc.Tags {
	switch {
	case s.state == online:
		return irc.Tags{"state": "connected", "error": ""}
	case s.redial.reason != "":
		return irc.Tags{"state": "connecting", "error": s.redial.reason}
	}
	return irc.Tags{"state": "connecting"}
}

// tellNetworks tells the clients that want to know that the link was lost or is back.
func (s *session) tellNetworks() {
	m := s.networkMessage(s.networkState())
	m.Need = ircd.CapNetworks | ircd.CapNetworksNotify
	s.broadcast(m)
}
