package ircd

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"
)

// Cap is a set of IRCv3 capabilities.
type Cap uint64

// The capabilities.
const (
	CapMessageTags Cap = 1 << iota
	CapServerTime
	CapAccountTag
	CapBatch
	CapLabeledResponse
	CapEchoMessage
	CapAwayNotify
	CapAccountNotify
	CapExtendedJoin
	CapMultiPrefix
	CapUserhostInNames
	CapNotify
	CapInviteNotify
	CapSetname
	CapChghost
	CapStandardReplies
	CapSASL
	CapSelfMessage     // znc.in/self-message
	CapNoImplicitNames // no-implicit-names
	CapMultiline       // draft/multiline
	CapPreAway         // draft/pre-away
	CapExtendedMonitor // extended-monitor
)

// DefaultCaps is everything in the table.
const DefaultCaps = CapExtendedMonitor<<1 - 1

// backendCaps are those that need the backend's part: see Capable.
const backendCaps = CapMultiline | CapExtendedMonitor

// capability is one row of the table.
type capability struct {
	bit   Cap
	name  string
	value string // for CAP LS 302
}

// capabilities is the table, in the order CAP LS shows it. It is never changed.
var capabilities = []capability{
	{CapAccountNotify, "account-notify", ""},
	{CapAccountTag, "account-tag", ""},
	{CapAwayNotify, "away-notify", ""},
	{CapBatch, "batch", ""},
	{CapNotify, "cap-notify", ""},
	{CapChghost, "chghost", ""},
	{CapMultiline, multilineName, multilineValue},
	{CapPreAway, "draft/pre-away", ""},
	{CapEchoMessage, "echo-message", ""},
	{CapExtendedJoin, "extended-join", ""},
	{CapExtendedMonitor, "extended-monitor", ""},
	{CapInviteNotify, "invite-notify", ""},
	{CapLabeledResponse, "labeled-response", ""},
	{CapMessageTags, "message-tags", ""},
	{CapMultiPrefix, "multi-prefix", ""},
	{CapNoImplicitNames, "no-implicit-names", ""},
	{CapSASL, "sasl", "PLAIN"},
	{CapServerTime, "server-time", ""},
	{CapSetname, "setname", ""},
	{CapStandardReplies, "standard-replies", ""},
	{CapUserhostInNames, "userhost-in-names", ""},
	{CapSelfMessage, "znc.in/self-message", ""},
}

// Names returns the names of the capabilities in the set, in the order CAP LS shows them.
func (caps Cap) Names() []string { return caps.names(false) }

func (caps Cap) names(values bool) []string {
	var names []string
	for _, row := range capabilities {
		switch {
		case caps&row.bit == 0:
		case values && row.value != "":
			names = append(names, row.name+"="+row.value)
		default:
			names = append(names, row.name)
		}
	}
	return names
}

// capTokens is what CAP LS shows to this client. A policy of STS is no capability that anybody could ask for, and means
// nothing without its value.
func (c *Conn) capTokens() []string {
	names := c.srv.Caps.names(c.cap302)
	if !c.cap302 {
		return names
	}
	if i := slices.Index(names, "sasl=PLAIN"); i >= 0 {
		names[i] = "sasl=" + c.mechanismNames()
	}
	if value := c.sts(); value != "" {
		names = append(names, "sts="+value)
	}
	return names
}

// sts is the client's part of the policy: the port to those in plain text, the duration to those with TLS.
func (c *Conn) sts() string {
	policy := c.srv.STS
	if _, ok := c.remote.(*net.TCPAddr); policy == nil || !ok || c.way.WebSocket != nil {
		return ""
	}
	if c.secure {
		return "duration=" + strconv.Itoa(int(policy.Duration/time.Second))
	}
	return "port=" + strconv.Itoa(policy.Port)
}

func (s *Server) capNamed(name string) (Cap, bool) {
	for _, row := range capabilities {
		if row.name == name && s.Caps&row.bit != 0 {
			return row.bit, true
		}
	}
	return 0, false
}

var capCommands = map[string]func(*Conn, *irc.Message) error{
	"LS": (*Conn).capLS, "LIST": (*Conn).capList, "REQ": (*Conn).capReq, "END": (*Conn).capEnd,
}

// cap is CAP: ircv3.net/specs/extensions/capability-negotiation.
func (c *Conn) cap(m *irc.Message) error {
	sub := strings.ToUpper(m.Params[0])
	run, ok := capCommands[sub]
	if !ok {
		return Numeric(irc.ERR_INVALIDCAPCMD, m.Params[0], "Invalid CAP command")
	}
	return run(c, m)
}

func (c *Conn) capLS(m *irc.Message) error {
	if c.reg != nil {
		c.reg.negotiating = true
	}
	if v, err := strconv.Atoi(m.Param(1)); err == nil && v >= 302 {
		c.cap302 = true
		c.setCaps(CapNotify, 0) // implicit with 302
	}
	c.capLines("LS", c.capTokens())
	return nil
}

func (c *Conn) capList(*irc.Message) error {
	c.capLines("LIST", Cap(c.caps.Load()).Names())
	return nil
}

// capLines sends a list in as many lines as it needs; clients without 302 understand one only.
func (c *Conn) capLines(sub string, names []string) {
	budget := maxLine - len(":") - len(c.srv.Name) - len(" CAP  LS * :\r\n") - NickLen - len(sub)
	for {
		n, size := 0, 0
		for n < len(names) && size+len(names[n]) <= budget {
			size += len(names[n]) + 1
			n++
		}
		line := strings.Join(names[:n], " ")
		names = names[n:]
		if len(names) == 0 || n == 0 || !c.cap302 {
			c.Send(NewMessage(nil, "CAP", c.Nick(), sub, line))
			return
		}
		c.Send(NewMessage(nil, "CAP", c.Nick(), sub, "*", line))
	}
}

// capReq takes or refuses the whole list.
func (c *Conn) capReq(m *irc.Message) error {
	if c.reg != nil {
		c.reg.negotiating = true
	}
	list := strings.Join(m.Params[1:], " ")
	var on, off Cap
	for name := range strings.FieldsSeq(list) {
		plain, minus := strings.CutPrefix(name, "-")
		bit, ok := c.srv.capNamed(plain)
		switch {
		case !ok || minus && bit == CapNotify && c.cap302:
			c.Send(NewMessage(nil, "CAP", c.Nick(), "NAK", list))
			return nil
		case minus:
			on, off = on&^bit, off|bit
		default:
			on, off = on|bit, off&^bit
		}
	}
	c.setCaps(on, off)
	c.Send(NewMessage(nil, "CAP", c.Nick(), "ACK", strings.TrimSpace(list)))
	return nil
}

func (c *Conn) setCaps(on, off Cap) { c.caps.Store(c.caps.Load()&^uint64(off) | uint64(on&c.srv.Caps)) }

func (c *Conn) capEnd(*irc.Message) error {
	if c.reg == nil {
		return nil
	}
	c.reg.negotiating = false
	return c.complete()
}
