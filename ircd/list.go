package ircd

import (
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"
)

// Member is a user as NAMES and WHO show it.
type Member struct {
	Nick, User, Host, Realname string
	Account                    string // "" when not logged in
	Prefix                     string // "@+", highest first
	Away, Bot                  bool
	Channel                    string        // WHO: overrides the argument when several channels are shown
	Server                     string        // "": this server
	Idle                       time.Duration // WHOX l
}

// SendNames sends 353 as often as it takes, and 366. Only the highest prefix goes to clients without multi-prefix,
// only the nick to those without userhost-in-names. No line ends in a space; no members is 366 alone.
func (c *Conn) SendNames(channel string, members []Member) {
	budget := TextBudget(&irc.Prefix{Name: c.srv.Name}, irc.RPL_NAMREPLY, c.Nick()+" = "+channel)
	var line []byte
	for i := range members {
		before := len(line)
		if before > 0 {
			line = append(line, ' ')
		}
		line = c.appendName(line, &members[i])
		if len(line) > budget && before > 0 {
			c.Reply(irc.RPL_NAMREPLY, "=", channel, string(line[:before]))
			line = append(line[:0], line[before+1:]...)
		}
	}
	if len(line) > 0 {
		c.Reply(irc.RPL_NAMREPLY, "=", channel, string(line))
	}
	c.Reply(irc.RPL_ENDOFNAMES, orDefault(channel, "*"), "End of /NAMES list")
}

func (c *Conn) appendName(dst []byte, m *Member) []byte {
	dst = append(dst, c.prefixes(m.Prefix)...)
	if c.Has(CapUserhostInNames) {
		return appendPrefix(dst, &irc.Prefix{Name: m.Nick, User: m.User, Host: m.Host})
	}
	return appendMiddle(dst, m.Nick)
}

func (c *Conn) prefixes(all string) string {
	if len(all) > 1 && !c.Has(CapMultiPrefix) {
		return all[:1]
	}
	return all
}

// SendWho sends one 352 for each member and 315; or 354 when the client asked for fields (WHOX): whox is its second
// parameter, "%tcuhnf,152" or with "o" and the like before the %.
func (c *Conn) SendWho(mask, whox, channel string, members []Member) {
	_, spec, extended := strings.Cut(whox, "%")
	fields, token, _ := strings.Cut(spec, ",")
	for i := range members {
		m := &members[i]
		m2 := *m
		m2.Channel = orDefault(orDefault(m.Channel, channel), "*")
		m2.Server = orDefault(m.Server, c.srv.Name)
		if extended {
			c.Reply(RPL_WHOSPCRPL, c.whox(fields, token, &m2)...)
		} else {
			c.Reply(irc.RPL_WHOREPLY, m2.Channel, m2.User, m2.Host, m2.Server, m2.Nick, c.whoFlags(&m2), "0 "+m2.Realname)
		}
	}
	c.Reply(irc.RPL_ENDOFWHO, orDefault(mask, "*"), "End of WHO list")
}

// whoFlags is H or G, the channel prefixes, and B for a bot (BOT=B in 005:
// ircv3.net/specs/extensions/bot-mode).
func (c *Conn) whoFlags(m *Member) string {
	flags := "H"
	if m.Away {
		flags = "G"
	}
	flags += c.prefixes(m.Prefix)
	if m.Bot {
		flags += "B"
	}
	return flags
}

// whoxFields are the fields of WHOX in the order they are sent, whatever the order they were asked in:
// ircv3.net/specs/extensions/whox, and ircu's doc/readme.who.
var whoxFields = []struct {
	letter byte
	value  func(c *Conn, m *Member) string
}{
	{'c', func(_ *Conn, m *Member) string { return m.Channel }},
	{'u', func(_ *Conn, m *Member) string { return m.User }},
	{'i', func(*Conn, *Member) string { return "255.255.255.255" }}, // an address is nobody's business
	{'h', func(_ *Conn, m *Member) string { return m.Host }},
	{'s', func(_ *Conn, m *Member) string { return m.Server }},
	{'n', func(_ *Conn, m *Member) string { return m.Nick }},
	{'f', func(c *Conn, m *Member) string { return c.whoFlags(m) }},
	{'d', func(*Conn, *Member) string { return "0" }},
	{'l', func(_ *Conn, m *Member) string { return seconds(m.Idle) }},
	{'a', func(_ *Conn, m *Member) string { return orDefault(m.Account, "0") }},
	{'o', func(*Conn, *Member) string { return "n/a" }},
	{'r', func(_ *Conn, m *Member) string { return m.Realname }},
}

func (c *Conn) whox(fields, token string, m *Member) []string {
	var params []string
	if strings.Contains(fields, "t") {
		params = append(params, orDefault(token, "0"))
	}
	for _, f := range whoxFields {
		if strings.IndexByte(fields, f.letter) >= 0 {
			params = append(params, f.value(c, m))
		}
	}
	return params
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// Whois is a user as WHOIS shows it; what is empty is left out.
type Whois struct {
	Member
	ServerInfo string    // 312; "": this server's
	HasIdle    bool      // 317 is sent when Idle is known
	SignOn     time.Time // 317
	AwayText   string    // 301; sent when Away
	Channels   []string  // 319, with prefixes
	Special    []string  // 320, one line each
	Secure     bool      // 671
	CertFP     string    // 276; only for those who may know: the user, on this very connection
}

// SendWhois sends 311 319 312 301 330 671 276 335 320 317 as far as filled, and 318.
func (c *Conn) SendWhois(w Whois) {
	c.Reply(irc.RPL_WHOISUSER, w.Nick, w.User, w.Host, "*", w.Realname)
	c.whoisChannels(w.Nick, w.Channels)
	c.Reply(irc.RPL_WHOISSERVER, w.Nick, orDefault(w.Server, c.srv.Name), orDefault(w.ServerInfo, c.srv.Info))
	if w.Away {
		c.Reply(irc.RPL_AWAY, w.Nick, orDefault(w.AwayText, "Away"))
	}
	if w.Account != "" {
		c.Reply(RPL_WHOISACCOUNT, w.Nick, w.Account, "is logged in as")
	}
	if w.Secure {
		c.Reply(RPL_WHOISSECURE, w.Nick, "is using a secure connection")
	}
	if w.CertFP != "" {
		c.Reply(RPL_WHOISCERTFP, w.Nick, "has client certificate fingerprint "+w.CertFP)
	}
	if w.Bot {
		c.Reply(RPL_WHOISBOT, w.Nick, "is a bot on "+c.srv.Network)
	}
	for _, s := range w.Special {
		c.Reply(RPL_WHOISSPECIAL, w.Nick, s)
	}
	c.whoisIdle(&w)
	c.EndOfWhois(w.Nick)
}

// EndOfWhois sends 318, which ends every WHOIS, also that of somebody unknown.
func (c *Conn) EndOfWhois(nick string) { c.Reply(irc.RPL_ENDOFWHOIS, nick, "End of /WHOIS list") }

func (c *Conn) whoisIdle(w *Whois) {
	switch {
	case w.HasIdle && !w.SignOn.IsZero():
		c.Reply(irc.RPL_WHOISIDLE, w.Nick, seconds(w.Idle), strconv.FormatInt(w.SignOn.Unix(), 10), "seconds idle, signon time")
	case w.HasIdle:
		c.Reply(irc.RPL_WHOISIDLE, w.Nick, seconds(w.Idle), "seconds idle")
	}
}

func (c *Conn) whoisChannels(nick string, channels []string) {
	budget := TextBudget(&irc.Prefix{Name: c.srv.Name}, irc.RPL_WHOISCHANNELS, c.Nick()+" "+nick)
	for len(channels) > 0 {
		n, size := 1, len(channels[0])
		for n < len(channels) && size+1+len(channels[n]) <= budget {
			size += 1 + len(channels[n])
			n++
		}
		c.Reply(irc.RPL_WHOISCHANNELS, nick, strings.Join(channels[:n], " "))
		channels = channels[n:]
	}
}

// ListItem is a line of LIST.
type ListItem struct {
	Channel string
	Users   int
	Topic   string
}

// SendList sends 321, 322 for each item, and 323.
func (c *Conn) SendList(items []ListItem) {
	c.Reply(irc.RPL_LISTSTART, "Channel", "Users  Name")
	for _, it := range items {
		c.Reply(irc.RPL_LIST, it.Channel, strconv.Itoa(it.Users), it.Topic)
	}
	c.Reply(irc.RPL_LISTEND, "End of /LIST")
}
