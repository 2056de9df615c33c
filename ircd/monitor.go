package ircd

import (
	"slices"
	"strconv"
	"strings"

	irc "gopkg.in/irc.v4"
)

// MonitorMax is how many nicks one client may monitor: MONITOR in 005.
const MonitorMax = 100

// Watcher is an optional addition to Session: MONITOR (ircv3.net/specs/extensions/monitor). Without it there is no
// such command. ircd keeps the list of each client and says 730 to 734; the session knows who is online, and its part
// is this:
//
//   - Online answers who is online now. It is asked for a MONITOR + (after Monitor) and a MONITOR S.
//   - When somebody comes or goes the session calls MonitorOnline or MonitorOffline on each of its clients, whether
//     they monitor that nick or not; who changes the nick goes with the old one and comes with the new. What a client
//     was told already is not repeated, so that both may be called once too often.
//   - AWAY, ACCOUNT, CHGHOST and SETNAME of people whom a client does not see in a channel: SendMonitored instead of
//     Send gives them to those with extended-monitor on whose list they are.
//
// What is still on a client's list when it leaves is not removed one by one: Monitored has it in Detach and after.
// All of it on the session's goroutine. A session that finds out later who is online (it has to ask) answers Online
// with nil for now and calls MonitorOnline then.
type Watcher interface {
	// Monitor tells that c watches these nicks from now on, or no longer. They are valid nicks, as the client wrote
	// them; other clients of the session may watch them too. It need not do anything.
	Monitor(c *Conn, added, removed []string)
	// Online is the prefix of the user with this nick, nil if there is none online.
	Online(nick string) *irc.Prefix
}

// monitors is the list of a client, by folded nick.
type monitors map[string]monitored

type monitored struct {
	nick   string // as the client wrote it
	online bool   // as the client was told last
}

var monitorCommands = map[string]func(*Conn, Watcher, []string) error{
	"+": (*Conn).monitorAdd, "-": (*Conn).monitorRemove, "C": (*Conn).monitorClear, "L": (*Conn).monitorList, "S": (*Conn).monitorStatus,
}

func monitor(c *Conn, m *irc.Message) error {
	w, ok := c.session.(Watcher)
	if !ok {
		return ErrUnknownCommand
	}
	sub := strings.ToUpper(m.Params[0])
	run, ok := monitorCommands[sub]
	if !ok {
		return Numeric(ERR_UNKNOWNERROR, "MONITOR", m.Params[0], "Unknown subcommand; there are + - C L S")
	}
	if (sub == "+" || sub == "-") && m.Param(1) == "" {
		return NeedMoreParams("MONITOR")
	}
	return run(c, w, strings.Split(m.Param(1), ","))
}

func (c *Conn) monitorAdd(w Watcher, targets []string) error {
	var added, refused []string
	for _, nick := range targets {
		key := Fold(nick)
		_, there := c.monitors[key]
		switch {
		case !ValidNick(nick) || there:
		case len(c.monitors) >= MonitorMax:
			refused = append(refused, nick)
		default:
			if c.monitors == nil {
				c.monitors = make(monitors)
			}
			c.monitors[key] = monitored{nick: nick}
			added = append(added, nick)
		}
	}
	if len(added) > 0 {
		w.Monitor(c, added, nil)
		c.monitorTell(w, added)
	}
	if len(refused) > 0 {
		return Numeric(ERR_MONLISTFULL, strconv.Itoa(MonitorMax), strings.Join(refused, ","), "Monitor list is full.")
	}
	return nil
}

func (c *Conn) monitorRemove(w Watcher, targets []string) error {
	var removed []string
	for _, nick := range targets {
		if e, ok := c.monitors[Fold(nick)]; ok {
			delete(c.monitors, Fold(nick))
			removed = append(removed, e.nick)
		}
	}
	if len(c.monitors) == 0 {
		c.monitors = nil
	}
	if len(removed) > 0 {
		w.Monitor(c, nil, removed)
	}
	return nil
}

func (c *Conn) monitorClear(w Watcher, _ []string) error { return c.monitorRemove(w, c.Monitored()) }

func (c *Conn) monitorList(Watcher, []string) error {
	c.monitorReply(RPL_MONLIST, c.Monitored())
	c.Reply(RPL_ENDOFMONLIST, "End of MONITOR list")
	return nil
}

func (c *Conn) monitorStatus(w Watcher, _ []string) error {
	c.monitorTell(w, c.Monitored())
	return nil
}

// monitorTell says which of these, all on the list, are online and which are not.
func (c *Conn) monitorTell(w Watcher, nicks []string) {
	var here, gone []string
	for _, nick := range nicks {
		p := w.Online(nick)
		if p != nil {
			here = append(here, string(appendPrefix(nil, p)))
		} else {
			gone = append(gone, nick)
		}
		c.monitors[Fold(nick)] = monitored{nick, p != nil}
	}
	c.monitorReply(RPL_MONONLINE, here)
	c.monitorReply(RPL_MONOFFLINE, gone)
}

// monitorReply sends a list in as few lines as it fits.
func (c *Conn) monitorReply(numeric string, list []string) {
	budget := TextBudget(&irc.Prefix{Name: c.srv.Name}, numeric, c.Nick())
	for len(list) > 0 {
		n, size := 1, len(list[0])
		for n < len(list) && size+1+len(list[n]) <= budget {
			size += 1 + len(list[n])
			n++
		}
		c.Reply(numeric, strings.Join(list[:n], ","))
		list = list[n:]
	}
}

// Monitors tells whether the nick is on the client's MONITOR list. Like all that follows, on the session's goroutine.
func (c *Conn) Monitors(nick string) bool {
	_, ok := c.monitors[Fold(nick)]
	return ok
}

// Monitored returns the client's MONITOR list, sorted.
func (c *Conn) Monitored() []string {
	list := make([]string, 0, len(c.monitors))
	for _, e := range c.monitors {
		list = append(list, e.nick)
	}
	slices.Sort(list)
	return list
}

// MonitorOnline tells that these users are online now. The client hears of those on its list, unless it knows.
func (c *Conn) MonitorOnline(who ...*irc.Prefix) {
	var news []string
	for _, p := range who {
		if c.monitorNews(p.Name, true) {
			news = append(news, string(appendPrefix(nil, p)))
		}
	}
	c.monitorReply(RPL_MONONLINE, news)
}

// MonitorOffline tells that these nicks are nobody's now. The client hears of those on its list, unless it knows.
func (c *Conn) MonitorOffline(nicks ...string) {
	var news []string
	for _, nick := range nicks {
		if c.monitorNews(nick, false) {
			news = append(news, nick)
		}
	}
	c.monitorReply(RPL_MONOFFLINE, news)
}

// monitorNews notes who comes or goes, and reports whether that is news to the client.
func (c *Conn) monitorNews(nick string, online bool) bool {
	if len(c.monitors) == 0 {
		return false
	}
	key := Fold(nick)
	e, ok := c.monitors[key]
	if !ok || e.online == online {
		return false
	}
	c.monitors[key] = monitored{e.nick, online}
	return true
}

// SendMonitored sends a message about its source (AWAY, ACCOUNT, CHGHOST, SETNAME) if the client asked for
// extended-monitor and has the source on its list; it returns whether that is so. It is for the clients that do not
// see the user in a channel: the others get it with Send.
func (c *Conn) SendMonitored(m *Message) bool {
	if len(c.monitors) == 0 || m.Prefix == nil || !c.Has(CapExtendedMonitor) || !c.Monitors(m.Prefix.Name) {
		return false
	}
	c.Send(m)
	return true
}
