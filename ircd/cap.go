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
	CapChatHistory     // draft/chathistory
	CapEventPlayback   // draft/event-playback
	CapReadMarker      // draft/read-marker
	CapSearch          // soju.im/search
	CapNetworks        // soju.im/bouncer-networks
	CapNetworksNotify  // soju.im/bouncer-networks-notify
)

// DefaultCaps is everything in the table.
const DefaultCaps = CapNetworksNotify<<1 - 1

// backendCaps are those that need the backend's part: see Capable.
const backendCaps = CapMultiline | CapExtendedMonitor | CapChatHistory | CapEventPlayback | CapReadMarker | CapSearch | CapNetworks | CapNetworksNotify

// capability is one row of the table.
type capability struct {
	bit   Cap
	name  string
	value string // for CAP LS 302
	text  string // what it does, for people
}

// Capability is a capability as the documentation shows it.
type Capability struct{ Name, Value, Text string }

// CapabilityList is what the server offers.
func (s *Server) CapabilityList() []Capability {
	s.init()
	var list []Capability
	for _, row := range capabilities {
		if s.Caps&row.bit != 0 {
			list = append(list, Capability{row.name, row.value, row.text})
		}
	}
	if s.STS != nil {
		list = append(list, Capability{"sts", "", "tells clients in plain text where to find TLS, and to use it from then on"})
	}
	return list
}

// capabilities is the table, in the order CAP LS shows it. It is never changed.
var capabilities = []capability{
	{CapAccountNotify, "account-notify", "", "says when somebody logs in or out"},
	{CapAccountTag, "account-tag", "", "says with each message as whom its sender is logged in"},
	{CapAwayNotify, "away-notify", "", "says who goes away and comes back"},
	{CapBatch, "batch", "", "groups messages that belong together"},
	{CapNotify, "cap-notify", "", "says when capabilities change; implied by CAP LS 302"},
	{CapChghost, "chghost", "", "says when the user or host of somebody changes"},
	{CapChatHistory, "draft/chathistory", "", "CHATHISTORY asks for what was said before; nothing is replayed unasked then"},
	{CapEventPlayback, "draft/event-playback", "", "history also has who came, left and changed the topic"},
	{CapMultiline, multilineName, multilineValue, "a message of several lines is one message, both ways"},
	{CapPreAway, "draft/pre-away", "", "AWAY before registration is complete; `AWAY *` is nobody at this client"},
	{CapReadMarker, "draft/read-marker", "", "MARKREAD tells your other clients how far you have read"},
	{CapEchoMessage, "echo-message", "", "shows you your own messages as they were sent"},
	{CapExtendedJoin, "extended-join", "", "JOIN has the account and the real name"},
	{CapExtendedMonitor, "extended-monitor", "", "MONITOR also tells of AWAY, ACCOUNT, CHGHOST and SETNAME"},
	{CapInviteNotify, "invite-notify", "", "says who was invited to a channel you are in"},
	{CapLabeledResponse, "labeled-response", "", "answers carry the label of their command"},
	{CapMessageTags, "message-tags", "", "client-only tags, TAGMSG, msgid, and the bot tag"},
	{CapMultiPrefix, "multi-prefix", "", "NAMES and WHO show all prefixes of somebody"},
	{CapNoImplicitNames, "no-implicit-names", "", "no NAMES after a JOIN"},
	{CapSASL, "sasl", "PLAIN", "logs in before registration is complete; EXTERNAL with a client certificate, where TLS is on"},
	{CapServerTime, "server-time", "", "says when a message was sent"},
	{CapSetname, "setname", "", "SETNAME, and says when others change their real name"},
	{CapStandardReplies, "standard-replies", "", "FAIL, WARN and NOTE"},
	{CapNetworks, "soju.im/bouncer-networks", "", "shows AIM as the one network of a bouncer"},
	{CapNetworksNotify, "soju.im/bouncer-networks-notify", "", "says when the account's link to AIM is lost or back"},
	{CapSearch, "soju.im/search", "", "SEARCH finds messages in the history"},
	{CapUserhostInNames, "userhost-in-names", "", "NAMES shows nick!user@host"},
	{CapSelfMessage, "znc.in/self-message", "", "shows what your other clients say"},
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
	if !c.cap302 && len(strings.Join(names, " ")) > budget { // rather without vendors' and drafts, which old clients do not know
		slices.SortStableFunc(names, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	}
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
