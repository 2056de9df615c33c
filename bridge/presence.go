package bridge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// buddiesChannel holds the online buddies of all groups.
const buddiesChannel = "&buddies"

// sees reports whether a contact is in a channel that the client is in.
func (s *session) sees(c *client, who *contact) bool {
	if who.online && who.buddy() {
		if c.in[buddiesChannel] {
			return true
		}
		if slices.ContainsFunc(who.groups, func(g string) bool { return c.in[groupFold(g)] }) {
			return true
		}
	}
	return s.inRoom(who)
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
		s.refreshPrefix(c)
	}
	s.tellMonitors(c, ch)
	if ch.has(departed) {
		if c.buddy() || s.inRoom(c) {
			s.showDeparture(c, c.groups, s.whyGone(c))
		}
		return
	}
	if ch.has(reformatted) {
		s.refreshPrefix(c)
		s.renick(c)
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
	if !s.quiet {
		for _, text := range s.changeTexts(c, ch) {
			s.buddyNews(c, text)
		}
	}
}

// whyGone is the reason shown for somebody who is not there any more.
func (s *session) whyGone(c *contact) string {
	if s.blocked(c) {
		return "Blocked by you"
	}
	return s.b.near.whyQuit(c.key)
}

// refreshPrefix takes over what only this bridge knows of its own users.
func (s *session) refreshPrefix(c *contact) {
	if info := s.neighbour(c); info != nil && info.user != c.prefix.User {
		c.prefix = &irc.Prefix{Name: c.prefix.Name, User: info.user, Host: c.prefix.Host}
	}
}

// showArrival joins a buddy to the channels it belongs in.
func (s *session) showArrival(c *contact) {
	if c == s.self { // on one's own list; already in the channels
		return
	}
	for _, name := range channelsOf(c) {
		s.showJoin(c, name, s.channelName(name))
	}
	if c.away && !s.quiet {
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
	m := s.message(c.prefix, "QUIT", reason)
	inRoom := s.inRoom(c)
	s.leaveRooms(c)
	for _, cl := range s.clients {
		if inRoom || len(groups) > 0 && cl.in[buddiesChannel] || slices.ContainsFunc(groups, func(g string) bool { return cl.in[groupFold(g)] }) {
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

// buddyNews is a notice about a buddy, in the channels where it is seen.
func (s *session) buddyNews(c *contact, text string) {
	s.toMembers(buddiesChannel, s.fromControl("NOTICE", buddiesChannel, c.nick()+" "+text))
}

// awayTextOf is what is known of a contact's away message: AIM does not tell it over TOC, but an auto-response does,
// and so does who is on this bridge too.
func (s *session) awayTextOf(c *contact) string {
	if info := s.neighbour(c); info != nil && info.away != "" {
		return info.away
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

// everybodyGone is for a lost link: all online buddies and all members of rooms leave.
func (s *session) everybodyGone() {
	gone := s.roster.forgetPresence()
	seen := map[*contact]bool{}
	quit := func(c *contact) {
		if c != s.self && !seen[c] {
			seen[c] = true
			s.tellMonitors(c, departed)
			s.showDeparture(c, c.groups, "Connection to AIM lost")
		}
	}
	for _, c := range gone {
		quit(c)
	}
	for _, r := range s.sortedRooms() {
		for _, c := range r.sorted() {
			quit(c)
		}
	}
	s.lostRooms()
}

// inserted is a change of the list made by another session of the account, told as oddly as trap 17 says.
func (s *session) inserted(e toc.Inserted) {
	switch e.Kind {
	case toc.ListGroup:
		s.roster.addGroup(e.Group)
	case toc.ListBuddy, toc.ListICQ:
		s.addToList(toc.Buddy{Name: e.Name, Alias: e.Alias}, e.Group)
	case toc.ListDeny:
		s.roster.deny[e.Name.Key()] = e.Name
	case toc.ListPermit:
		s.roster.permit[e.Name.Key()] = e.Name
	}
}

func (s *session) deleted(e toc.Deleted) {
	switch e.Kind {
	case toc.ListGroup:
		for _, c := range s.roster.dropGroup(e.Group) {
			s.offList(c, []string{e.Group})
		}
	case toc.ListBuddy, toc.ListICQ:
		s.removeFromList(e.Name, e.Group)
	case toc.ListDeny:
		delete(s.roster.deny, e.Name.Key())
	case toc.ListPermit:
		delete(s.roster.permit, e.Name.Key())
	}
}

// addToList puts a buddy into a group of our picture and shows it where it appears.
func (s *session) addToList(b toc.Buddy, groupName string) {
	before := s.roster.lookup(b.Name)
	wasIn := before != nil && slices.Contains(before.groups, groupName)
	c, fresh := s.roster.add(b, groupName)
	s.useAlias(c)
	if !c.online {
		return
	}
	if fresh {
		s.showArrival(c)
	} else if !wasIn && c != s.self {
		f := groupFold(groupName)
		s.showJoin(c, f, s.channelName(f))
	}
}

// useAlias makes an alias that could be a nick the nick: that is where rename keeps it, and what other AIM clients of the
// account show. An alias that could not be one is part of the real name.
func (s *session) useAlias(c *contact) {
	if c == s.self || c.alias == "" || c.alias == c.nick() || !ircd.ValidNick(c.alias) || isControl(c.alias) {
		return
	}
	if toc.ScreenName(c.alias).Key() == c.key || s.nicks.Rename(c.name, c.alias) != nil {
		return
	}
	s.changeNick(c, c.nick(), c.alias)
}

// removeFromList takes a buddy out of a group of our picture. No offline message follows from the server (trap 13).
func (s *session) removeFromList(name toc.ScreenName, groupName string) {
	c := s.roster.lookup(name)
	if c == nil || !slices.Contains(c.groups, groupName) {
		return
	}
	if s.roster.remove(name, groupName) {
		s.offList(c, []string{groupName})
		return
	}
	if c.online && c != s.self {
		f := groupFold(groupName)
		s.toMembers(f, s.message(c.prefix, "PART", s.channelName(f), "Removed from this group"))
	}
}

// offList shows that somebody who was online in these groups is no buddy any more.
func (s *session) offList(c *contact, groups []string) {
	if c.online {
		s.showDeparture(c, groups, "Removed from your list")
	}
	if c != s.self {
		c.signOff()
		c.known = false
	}
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
