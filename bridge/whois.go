package bridge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// whois is WHOIS: a card of what AIM tells of somebody.
func (s *session) whois(c *client, m *irc.Message) error {
	nick := ""
	if len(m.Params) > 0 {
		nick = m.Params[len(m.Params)-1] // WHOIS server nick
	}
	if len(m.Params) > 1 && m.Params[1] == "" {
		nick = m.Params[0]
	}
	switch {
	case nick == "":
		return ircd.Numeric(irc.ERR_NONICKNAMEGIVEN, "No nickname given")
	case len(m.Params) > 1 && !s.isServerOf(c, m.Params[0], nick):
		return ircd.Numeric(irc.ERR_NOSUCHSERVER, m.Params[0], "No such server")
	}
	nicks := strings.Split(nick, ",")
	nicks = nicks[:min(len(nicks), maxTargets)]
	var names []toc.ScreenName
	for _, nick := range nicks {
		if name, ok := s.nicks.Name(nick); ok {
			names = append(names, name)
		}
	}
	s.resolve(c, s.unsure(names...), func() {
		for _, nick := range nicks {
			s.whoisNick(c, nick)
		}
	})
	return nil
}

// isServerOf tells whether a WHOIS may ask that server for a nick: this one, by its name or by somebody on it. Clients
// repeat the nick for its idle time.
func (s *session) isServerOf(c *client, target, nick string) bool {
	name, _ := s.nicks.Name(target)
	return ircd.EqualFold(target, nick) || c.conn.IsServer(target) || isControl(target) || s.there(s.roster.lookup(name))
}

func (s *session) whoisNick(c *client, nick string) {
	name, ok := s.nicks.Name(nick)
	who := s.roster.lookup(name)
	switch {
	case isControl(nick):
		s.whoisControl(c)
	case ok && s.there(who):
		s.whoisOne(c, nick, who)
	default:
		s.whoisOne(c, nick, nil)
	}
}

func (s *session) whoisOne(c *client, nick string, who *contact) {
	if who == nil {
		c.report(noSuchNick(nick))
		c.conn.EndOfWhois(nick)
		return
	}
	w := ircd.Whois{Member: s.member(who, ""), ServerInfo: "AIM via " + s.o.Server, Channels: s.sharedChannels(c, who)}
	if who.class.Unconfirmed() { // as nearly all accounts of open-oscar-server
		w.ServerInfo += ", account not confirmed"
	}
	w.SignOn = who.signOn
	w.HasIdle = !who.signOn.IsZero()
	w.AwayText = s.awayTextOf(who)
	if who == s.self {
		w.AwayText, w.SignOn, w.HasIdle = s.awayText, s.signedOnAt(), true
		w.Secure, w.CertFP = c.conn.Secure(), c.conn.CertFP() // the asker's own connection: theirs to know
	}
	w.Special = append(s.remarks(who), whoisCard(who)...)
	c.conn.SendWhois(w)
}

// remarks are what IRC has no numeric for.
func (s *session) remarks(who *contact) []string {
	var out []string
	add := func(is bool, text string) {
		if is {
			out = append(out, text)
		}
	}
	add(string(who.name) != who.nick(), "is "+string(who.name)+" on AIM")
	add(who.alias != "", "is called "+who.alias+" on your list")
	add(len(who.groups) > 0, "is in your "+groupWord(who.groups)+" "+strings.Join(who.groups, ", "))
	add(who.warning > 0, fmt.Sprintf("has a warning level of %d%%", who.warning))
	add(who.class.Mobile(), "is on a mobile phone")
	add(who.class.Admin(), "is an administrator of the AIM server")
	add(len(clientCan(who)) > 0, "has an AIM client that can do "+strings.Join(clientCan(who), ", "))
	add(who.icon, "has a buddy icon, which IRC cannot show")
	add(s.blocked(who), "is blocked by you")
	return out
}

// capabilities are what BUDDY_CAPS2 tells of a client, as far as it means something to a person.
var capabilities = []struct{ uuid, text string }{
	{"748f2420-6287-11d1-8222-444553540000", "chat rooms"},
	{"09461343-4c7f-11d1-8222-444553540000", "file transfer"},
	{"09461345-4c7f-11d1-8222-444553540000", "direct connections"},
	{"09461348-4c7f-11d1-8222-444553540000", "shared files"},
	{"0946134b-4c7f-11d1-8222-444553540000", "sending buddy lists"},
}

// clientCan is what somebody's client can do.
func clientCan(who *contact) (out []string) {
	for _, c := range capabilities {
		if slices.Contains(who.caps, c.uuid) {
			out = append(out, c.text)
		}
	}
	return out
}

func groupWord(groups []string) string {
	if len(groups) == 1 {
		return "group"
	}
	return "groups"
}

// signedOnAt is since when the account has been signed on to AIM; zero while it is not.
func (s *session) signedOnAt() time.Time {
	if s.link == nil {
		return time.Time{}
	}
	return s.link.began
}

func (s *session) whoisControl(c *client) {
	c.conn.SendWhois(ircd.Whois{Member: s.controlMember(), ServerInfo: "tocbridge", Channels: []string{"@" + buddiesChannel},
		Special: []string{"takes commands: say help in " + buddiesChannel}})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// whowas is WHOWAS, of those who left this bridge, and of those met on AIM who are not here any more.
func (s *session) whowas(c *client, m *irc.Message) error {
	if len(m.Params) == 0 || m.Params[0] == "" {
		return ircd.Numeric(irc.ERR_NONICKNAMEGIVEN, "No nickname given")
	}
	nick, most := m.Params[0], 0
	if len(m.Params) > 1 {
		most, _ = strconv.Atoi(m.Params[1])
	}
	found := s.b.near.whowas(nick, most)
	if name, ok := s.nicks.Name(nick); ok && len(found) == 0 {
		if who := s.roster.lookup(name); who != nil && !who.heard.IsZero() && who != s.self {
			found = append(found, past{who.nick(), who.prefix.User, who.prefix.Host, s.realnameOf(who), who.heard})
		}
	}
	for _, p := range found {
		c.conn.Reply(irc.RPL_WHOWASUSER, p.nick, p.user, p.host, "*", p.realname)
		c.conn.Reply(irc.RPL_WHOISSERVER, p.nick, s.o.IRCName, p.at.UTC().Format(time.RFC1123))
	}
	if len(found) == 0 {
		c.conn.Reply(irc.ERR_WASNOSUCHNICK, nick, "There was no such nickname")
	}
	c.conn.Reply(irc.RPL_ENDOFWHOWAS, nick, "End of WHOWAS")
	return nil
}
