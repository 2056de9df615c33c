package bridge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/ircd"
)

// buddiesChannel holds the online buddies of all groups.
const buddiesChannel = "&buddies"

// sees reports whether a contact is in a channel that the client is in.
func (s *session) sees(c *client, who *contact) bool {
	if who.online && who.buddy() && !s.collected(who, nil) {
		if c.in[buddiesChannel] {
			return true
		}
		if slices.ContainsFunc(who.groups, func(g string) bool { return c.in[groupFold(g)] }) {
			return true
		}
	}
	return s.shownInRoom(who)
}

// groupFold is the folded channel of a group.
func groupFold(g string) string { return ircd.Fold(nicks.GroupChannel(g)) }

// channelsOf are the & channels a buddy is in when online, folded.
func channelsOf(who *contact) []string {
	chans := []string{buddiesChannel}
	for _, g := range who.groups {
		chans = append(chans, groupFold(g))
	}
	return chans
}

// showChange tells the clients what changed of a contact. Who is on no list is not shown.
func (s *session) showChange(c *contact, ch change) {
	if ch == 0 {
		return
	}
	if ch.has(arrived) {
		s.refreshPrefix(c, s.inRoom(c))
	}
	if ch.has(reformatted) {
		s.respell(c, ch.has(arrived) && !s.inRoom(c))
	}
	s.tellMonitors(c, ch)
	if ch.has(departed) && s.uncollect(c, nil) && !s.inRoom(c) || !ch.has(departed) && s.collected(c, nil) {
		return
	}
	if ch.has(departed) {
		if s.blocked(c) && s.inRoom(c) { // gone for us as a buddy, not from the room
			s.partGroups(c, c.groups, s.whyGone(c))
		} else if c.buddy() || s.inRoom(c) {
			s.showDeparture(c, c.groups, s.whyGone(c))
		}
		return
	}
	if !c.buddy() {
		s.showAway(c, ch)
		return
	}
	if ch.has(arrived) {
		s.showArrival(c)
		return
	}
	s.showAway(c, ch)
	if !s.quiet() {
		for _, text := range s.changeTexts(c, ch) {
			s.buddyNews(c, text)
		}
	}
}

// respell takes over a newly formatted name: in silence if nobody was shown the old one.
func (s *session) respell(c *contact, unseen bool) {
	if !unseen {
		s.renick(c)
		return
	}
	if _, nick, changed := s.nicks.Reformat(c.name); changed {
		c.prefix = &irc.Prefix{Name: nick, User: c.prefix.User, Host: c.prefix.Host}
	}
}

// partGroups takes somebody who is still in a room out of &buddies and these groups.
func (s *session) partGroups(c *contact, groups []string, reason string) {
	channels := []string{buddiesChannel}
	for _, g := range groups {
		channels = append(channels, groupFold(g))
	}
	for _, folded := range channels {
		s.toMembers(folded, s.message(c.prefix, "PART", s.channelName(folded), reason))
	}
}

// whyGone is the reason shown for somebody who is not there any more.
func (s *session) whyGone(c *contact) string {
	if s.blocked(c) {
		return "Blocked by you"
	}
	return s.b.near.whyQuit(c.key)
}

// inView reports whether clients have been shown somebody in a channel.
func (s *session) inView(c *contact) bool { return c.online && c.buddy() || s.inRoom(c) }

// refreshPrefix takes over what only this bridge knows of its own users. A buddy who was signed on elsewhere and comes to
// this bridge too has been shown with another; the clients are told.
func (s *session) refreshPrefix(c *contact, shown bool) {
	info := s.neighbour(c)
	if c == s.self || info == nil || info.user == c.prefix.User {
		return
	}
	host := s.o.hostFor(info.user, c.name)
	if shown {
		m := s.message(c.prefix, "CHGHOST", info.user, host)
		m.Account = s.accountOf(c)
		s.tellSeers(c, m)
	}
	c.prefix = &irc.Prefix{Name: c.prefix.Name, User: info.user, Host: host}
}

// showArrival joins a buddy to the channels it belongs in.
func (s *session) showArrival(c *contact) {
	if c == s.self || s.collects(c, nil) { // oneself is in the channels already
		return
	}
	s.keepPresence(c, "JOIN", s.realnameOf(c))
	for _, name := range channelsOf(c) {
		s.showJoin(c, name, s.channelName(name))
	}
	if c.away && !s.quiet() {
		s.buddyNews(c, s.awayNews(c))
	}
}

// showJoin is JOIN, and +v or AWAY as the client understands.
func (s *session) showJoin(c *contact, folded, channel string) {
	s.toMembers(folded, s.joinMessage(c, channel))
	if c.away {
		m := s.message(c.prefix, "AWAY", s.awayTextOf(c))
		m.Need = ircd.CapAwayNotify
		s.toMembers(folded, m)
		return
	}
	s.toMembers(folded, s.voice(c, channel, "+v"))
}

// joinMessage is a JOIN of a contact.
func (s *session) joinMessage(c *contact, channel string) *ircd.Message {
	account := s.accountOf(c)
	m := ircd.NewJoin(c.prefix, channel, account, s.realnameOf(c))
	m.Time = time.Now()
	m.Account = account
	return m
}

// voice is a MODE ±v, for clients that learn of AWAY in no other way.
func (s *session) voice(c *contact, channel, mode string) *ircd.Message {
	m := s.message(s.controlPrefix(), "MODE", channel, mode, c.nick())
	m.Unless = ircd.CapAwayNotify
	return m
}

// showDeparture is a QUIT to all who saw the contact, in &buddies, in its groups or in a room. A room it seems to be in
// shows it leaving too: QUIT means gone from everywhere, and the server tells of the room as well.
func (s *session) showDeparture(c *contact, groups []string, reason string) {
	if c == s.self {
		return
	}
	s.keepPresence(c, "QUIT", reason)
	m := s.message(c.prefix, "QUIT", reason)
	inRoom := s.shownInRoom(c)
	s.expectLeaving(c)
	s.leaveRooms(c)
	for _, cl := range s.clients {
		if inRoom || s.inGroups(cl, groups) {
			cl.conn.Send(m)
		}
	}
}

// showAway is AWAY for clients with away-notify, -v and +v for the others.
func (s *session) showAway(c *contact, ch change) {
	if !ch.has(wentAway) && !ch.has(cameBack) {
		return
	}
	m := s.message(c.prefix, "AWAY")
	mode := "+v"
	if c.away {
		m.Params, mode = []string{s.awayTextOf(c)}, "-v"
	}
	m.Need = ircd.CapAwayNotify
	s.tellSeers(c, m)
	if !c.buddy() || !c.online {
		return
	}
	for _, name := range channelsOf(c) {
		s.toMembers(name, s.voice(c, s.channelName(name), mode))
	}
}

// changeTexts says in words what changed.
func (s *session) changeTexts(c *contact, ch change) []string {
	var out []string
	add := func(bit change, text string) {
		if ch.has(bit) {
			out = append(out, text)
		}
	}
	add(wentAway, s.awayNews(c))
	add(cameBack, "is back")
	add(wentIdle, fmt.Sprintf("is idle (%s)", plural(c.idleMin, "minute", "minutes")))
	add(becameActive, "is active again")
	add(warned, fmt.Sprintf("has a warning level of %d%%", c.warning))
	return out
}

// awayNews says that somebody is away, and why if that is known.
func (s *session) awayNews(c *contact) string {
	if text := s.awayTextOf(c); text != "Away" {
		return "is away: " + text
	}
	return "is away"
}

// quiet reports whether the user turned the notices about buddies off.
func (s *session) quiet() bool { return s.setting(settingNotices) == "off" }

// buddyNews is a notice about a buddy, in the channels where it is seen.
func (s *session) buddyNews(c *contact, text string) {
	s.toMembers(buddiesChannel, s.fromControl("NOTICE", buddiesChannel, c.nick()+" "+text))
}

// awayTextOf is what is known of a contact's away message: AIM does not tell it over TOC, but an auto-response does,
// and so does who is on this bridge too.
func (s *session) awayTextOf(c *contact) string {
	if info := s.neighbour(c); info != nil && info.away != "" {
		return fillPlain(info.away, string(s.self.name), time.Now())
	}
	if c.awayText != "" {
		return c.awayText
	}
	return "Away"
}

// realnameOf is the real name shown for a contact: what it gave to this bridge, or its screen name as formatted.
func (s *session) realnameOf(c *contact) string {
	if info := s.neighbour(c); info != nil && info.realname != "" {
		return info.realname
	}
	return c.realname()
}

// channelName is the channel of a folded name as its group spells it.
func (s *session) channelName(folded string) string {
	for _, g := range s.roster.groups {
		if name := nicks.GroupChannel(g.name); ircd.Fold(name) == folded {
			return name
		}
	}
	return folded
}

// membersOf are the online buddies of an & channel; ok reports whether there is such a channel.
func (s *session) membersOf(folded string) (list []*contact, ok bool) {
	isSelf := func(c *contact) bool { return c == s.self }
	if folded == buddiesChannel {
		return slices.DeleteFunc(s.roster.online(), isSelf), true
	}
	for _, g := range s.roster.groups {
		if groupFold(g.name) == folded {
			ok = true
			list = append(list, slices.DeleteFunc(slices.Clone(g.members), func(c *contact) bool { return !c.online || isSelf(c) })...)
		}
	}
	return list, ok
}

// joinGroup puts a client into an & channel and shows it.
func (s *session) joinGroup(c *client, folded string) {
	c.in[folded] = true
	channel := s.channelName(folded)
	c.conn.Send(s.joinMessage(s.self, channel))
	s.showMarker(c, channel)
	c.conn.Reply(irc.RPL_TOPIC, channel, s.groupTopic(folded))
	if !c.conn.Has(ircd.CapNoImplicitNames) {
		s.names(c, channel)
	}
}

// groupTopic counts the buddies of an & channel.
func (s *session) groupTopic(folded string) string {
	on, _ := s.membersOf(folded)
	if folded != buddiesChannel {
		total := 0
		for _, g := range s.roster.groups {
			if groupFold(g.name) == folded {
				total += len(g.members)
			}
		}
		return fmt.Sprintf("%d of %s online", len(on), plural(total, "buddy", "buddies"))
	}
	var groups []string
	for _, g := range s.roster.groups {
		groups = append(groups, nicks.GroupChannel(g.name))
	}
	text := fmt.Sprintf("AIM buddies of %s. Type help here for what you can do.", s.self.name)
	if len(groups) > 1 {
		text += " Groups: " + strings.Join(groups, " ")
	}
	return text
}
