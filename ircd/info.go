package ircd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"
)

// burst is the welcome of a registered client: 001 to 005, LUSERS, MOTD.
func (c *Conn) burst() {
	s := c.srv
	c.Reply(irc.RPL_WELCOME, "Welcome to the "+s.Network+" IRC network, "+string(appendPrefix(nil, c.Prefix())))
	c.Reply(irc.RPL_YOURHOST, "Your host is "+s.Name+", running version "+s.Version)
	c.Reply(irc.RPL_CREATED, "This server was started "+s.started.UTC().Format(time.RFC1123))
	c.Reply(irc.RPL_MYINFO, s.Name, s.Version, s.UserModes, s.ChannelModes)
	c.isupport()
	_ = lusers(c, nil)
	c.answer("MOTD", motd(c, nil))
}

// isupport sends 005: at most 13 tokens and 512 bytes a line.
func (c *Conn) isupport() {
	const text = "are supported by this server"
	tokens := slices.Clone(c.srv.tokens)
	if _, ok := c.session.(Watcher); ok {
		tokens = append(tokens, "MONITOR="+strconv.Itoa(MonitorMax))
	}
	budget := maxLine - len(c.srv.Name) - len(": 005  :\r\n") - len(c.Nick()) - len(text)
	for len(tokens) > 0 {
		n, size := 0, 0
		for n < len(tokens) && n < 13 && size+1+len(tokens[n]) <= budget {
			size += 1 + len(tokens[n])
			n++
		}
		n = max(n, 1)
		c.Reply(irc.RPL_ISUPPORT, append(tokens[:n:n], text)...)
		tokens = tokens[n:]
	}
}

// isupportTokens are ircd's own and the backend's, which win.
func (s *Server) isupportTokens() []string {
	tokens := []string{
		"CASEMAPPING=ascii",
		"NETWORK=" + escapeISupport(s.Network),
		"NICKLEN=" + strconv.Itoa(NickLen),
		"USERLEN=" + strconv.Itoa(userLen),
		"UTF8ONLY",
		"WHOX", // SendWho does it
	}
	theirs := make(map[string]bool)
	for _, t := range s.ISupport {
		key, _, _ := strings.Cut(t, "=")
		theirs[key] = true
	}
	kept := tokens[:0]
	for _, t := range tokens {
		if key, _, _ := strings.Cut(t, "="); !theirs[key] {
			kept = append(kept, t)
		}
	}
	return append(kept, s.ISupport...)
}

// escapeISupport: modern.ircdocs.horse/#rplisupport-005 wants \x20 for a space.
func escapeISupport(v string) string {
	return strings.NewReplacer(" ", `\x20`, "=", `\x3D`, `\`, `\x5C`).Replace(v)
}

func motd(c *Conn, _ *irc.Message) error {
	if len(c.srv.MOTD) == 0 {
		return Numeric(irc.ERR_NOMOTD, "MOTD File is missing")
	}
	c.Reply(irc.RPL_MOTDSTART, "- "+c.srv.Name+" Message of the day - ")
	for _, l := range c.srv.MOTD {
		c.Reply(irc.RPL_MOTD, "- "+l)
	}
	c.Reply(irc.RPL_ENDOFMOTD, "End of /MOTD command")
	return nil
}

func version(c *Conn, _ *irc.Message) error {
	c.Reply(irc.RPL_VERSION, c.srv.Version, c.srv.Name, c.srv.Info)
	c.isupport()
	return nil
}

func lusers(c *Conn, _ *irc.Message) error {
	s := c.srv
	var n Counts
	if s.Count != nil {
		n = s.Count()
	}
	st := s.Stats()
	users, most := strconv.Itoa(st.Users), strconv.Itoa(st.MaxUsers)
	visible := max(st.Users-n.Invisible, 0)
	c.Reply(irc.RPL_LUSERCLIENT, fmt.Sprintf("There are %d users and %d invisible on 1 servers", visible, st.Users-visible))
	c.Reply(irc.RPL_LUSEROP, strconv.Itoa(n.Operators), "operator(s) online")
	c.Reply(irc.RPL_LUSERUNKNOWN, strconv.Itoa(st.Unregistered), "unknown connection(s)")
	c.Reply(irc.RPL_LUSERCHANNELS, strconv.Itoa(n.Channels), "channels formed")
	c.Reply(irc.RPL_LUSERME, fmt.Sprintf("I have %d clients and 0 servers", st.Users))
	c.Reply(RPL_LOCALUSERS, users, most, "Current local users "+users+", max "+most)
	c.Reply(RPL_GLOBALUSERS, users, most, "Current global users "+users+", max "+most)
	return nil
}

func admin(c *Conn, _ *irc.Message) error {
	if len(c.srv.Admin) == 0 {
		return Numeric(irc.ERR_NOADMININFO, c.srv.Name, "No administrative info available")
	}
	c.Reply(irc.RPL_ADMINME, c.srv.Name, "Administrative info")
	for i, numeric := range []string{RPL_ADMINLOC1, RPL_ADMINLOC2, irc.RPL_ADMINEMAIL} {
		if i < len(c.srv.Admin) {
			c.Reply(numeric, c.srv.Admin[i])
		}
	}
	return nil
}

func info(c *Conn, _ *irc.Message) error {
	c.Reply(irc.RPL_INFO, c.srv.Info)
	c.Reply(irc.RPL_INFO, "Version "+c.srv.Version)
	c.Reply(irc.RPL_INFO, "On-line since "+c.srv.started.UTC().Format(time.RFC1123))
	c.Reply(irc.RPL_ENDOFINFO, "End of /INFO list")
	return nil
}

func serverTime(c *Conn, _ *irc.Message) error {
	c.Reply(irc.RPL_TIME, c.srv.Name, time.Now().UTC().Format("Monday January 2 2006 -- 15:04:05 MST"))
	return nil
}

func links(c *Conn, m *irc.Message) error {
	if remote := m.Param(0); len(m.Params) > 1 && !c.IsServer(remote) {
		return Numeric(irc.ERR_NOSUCHSERVER, orDefault(remote, "*"), "No such server")
	}
	mask := orDefault(m.Param(max(len(m.Params)-1, 0)), "*")
	if matchMask(mask, c.srv.Name) {
		c.Reply(irc.RPL_LINKS, c.srv.Name, c.srv.Name, "0 "+c.srv.Info)
	}
	c.Reply(irc.RPL_ENDOFLINKS, mask, "End of /LINKS list")
	return nil
}

func stats(c *Conn, m *irc.Message) error {
	query := m.Params[0][:min(1, len(m.Params[0]))]
	if query == "u" {
		up := int(time.Since(c.srv.started).Seconds())
		c.Reply(irc.RPL_STATSUPTIME, fmt.Sprintf("Server Up %d days %d:%02d:%02d", up/86400, up/3600%24, up/60%60, up%60))
	}
	c.Reply(irc.RPL_ENDOFSTATS, orDefault(query, "*"), "End of /STATS report")
	return nil
}
