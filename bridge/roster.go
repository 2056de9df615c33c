package bridge

import (
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/toc"
)

// contact is what the account knows of one screen name: a buddy when it is in a group, else somebody met in a
// message, a room or a question.
type contact struct {
	key    string
	name   toc.ScreenName // as its owner formats it, as far as known
	prefix *irc.Prefix    // nick!user@host; replaced, never changed, when the nick changes
	groups []string       // groups of the list it is in; empty: not a buddy
	alias  string         // of the first group in list order that has one

	watched int // clients that MONITOR it

	known     bool // the presence below was told by the server in this connection
	online    bool
	away      bool
	idleSince time.Time // zero: active
	idleMin   int       // as last told
	signOn    time.Time
	warning   int // percent
	class     toc.Class
	caps      []string

	icon bool // has a buddy icon (BART2)
	card card // the profile, if it was read lately

	heard    time.Time // when somebody not on the list was last known to be there
	missed   time.Time // when the server last said that they are not
	local    bool      // was on this bridge when we last wrote to them
	toldAway bool      // the user was told (301), in this away period
	awayText string    // the last auto-response of this away period
}

func (c *contact) buddy() bool { return len(c.groups) > 0 }

// tracked reports whether the server tells us when the contact comes and goes.
func (c *contact) tracked() bool { return c.known && (c.buddy() || c.watched > 0) }

func (c *contact) nick() string { return c.prefix.Name }

// title is the screen name, and the nick where that is another.
func (c *contact) title() string {
	if string(c.name) == c.nick() {
		return c.nick()
	}
	return string(c.name) + " (nick " + c.nick() + ")"
}

// realname is what IRC shows as the real name: the screen name as formatted, and the alias.
func (c *contact) realname() string {
	if c.alias != "" && c.alias != string(c.name) {
		return string(c.name) + " (" + c.alias + ")"
	}
	return string(c.name)
}

// change is a set of real changes of a contact's presence.
type change uint

const (
	arrived change = 1 << iota
	departed
	wentAway
	cameBack
	wentIdle
	becameActive
	warned
	reformatted
)

func (c change) has(bit change) bool { return c&bit != 0 }

// group is a group of the buddy list, in list order.
type group struct {
	name    string
	members []*contact
	details map[string]details // by key, of members who have any
}

// details are what a group's entry of somebody has beside the name; another group's may differ.
type details struct{ alias, note string }

// roster is the account's buddy list, its permit and deny lists, and the presence of everybody met. It is data: it
// sends nothing. Its methods are idempotent, because the server repeats itself (TOC2 reference, traps 17 and 20).
type roster struct {
	contacts map[string]*contact
	groups   []*group
	permit   map[string]toc.ScreenName
	deny     map[string]toc.ScreenName
	mode     toc.PDMode
	orphans  map[string]bool // keys of a group just deleted, whose removal the server tells once more, of another group
	prefix   func(toc.ScreenName) *irc.Prefix
}

func newRoster(prefix func(toc.ScreenName) *irc.Prefix) *roster {
	return &roster{contacts: map[string]*contact{}, permit: map[string]toc.ScreenName{}, deny: map[string]toc.ScreenName{},
		mode: toc.PermitAll, prefix: prefix}
}

// lookup finds somebody already met.
func (r *roster) lookup(name toc.ScreenName) *contact { return r.contacts[name.Key()] }

// contact finds or makes the contact of a screen name.
func (r *roster) contact(name toc.ScreenName) *contact {
	key := name.Key()
	if c := r.contacts[key]; c != nil {
		return c
	}
	c := &contact{key: strings.Clone(key), name: name, prefix: r.prefix(name)}
	r.contacts[c.key] = c
	return c
}

// find returns the group of that name (names are case-sensitive), or nil.
func (r *roster) find(name string) *group {
	i := slices.IndexFunc(r.groups, func(g *group) bool { return g.name == name })
	if i < 0 {
		return nil
	}
	return r.groups[i]
}

// addGroup finds or appends a group. The root group, with the empty name, is not one (trap 17).
func (r *roster) addGroup(name string) *group {
	if name == "" {
		return nil
	}
	if g := r.find(name); g != nil {
		return g
	}
	g := &group{name: name}
	r.groups = append(r.groups, g)
	return g
}

// dropGroup removes a group and takes its members out of it. It returns those who are in no group any more.
func (r *roster) dropGroup(name string) []*contact {
	g := r.find(name)
	if g == nil {
		return nil
	}
	var gone []*contact
	for _, c := range slices.Clone(g.members) {
		if r.remove(c.name, name) {
			gone = append(gone, c)
		}
	}
	r.groups = slices.DeleteFunc(r.groups, func(x *group) bool { return x == g })
	return gone
}

// orphan notes whom the server will tell of once more, because their group is being deleted.
func (r *roster) orphan(groupName string) {
	g := r.find(groupName)
	if g == nil {
		return
	}
	r.orphans = map[string]bool{}
	for _, c := range g.members {
		r.orphans[c.key] = true
	}
}

// add puts a name into a group, or gives its entry there another alias, and reports whether it was not a buddy before. A
// note that is empty leaves the old one: list events carry none.
func (r *roster) add(b toc.Buddy, groupName string) (c *contact, fresh bool) {
	g := r.addGroup(groupName)
	c = r.contact(b.Name)
	fresh = !c.buddy()
	if g == nil {
		return c, fresh
	}
	if !slices.Contains(c.groups, groupName) {
		c.groups = append(c.groups, groupName)
		g.members = append(g.members, c)
	}
	d := details{b.Alias, b.Note}
	if d.note == "" {
		d.note = g.details[c.key].note
	}
	if delete(g.details, c.key); d != (details{}) {
		if g.details == nil {
			g.details = map[string]details{}
		}
		g.details[c.key] = d
	}
	r.derive(c)
	return c, fresh
}

// derive takes over what the groups say of somebody.
func (r *roster) derive(c *contact) {
	c.alias = ""
	for _, g := range r.groups {
		if c.alias = g.details[c.key].alias; c.alias != "" {
			return
		}
	}
}

// entry is somebody's entry in a group as it is stored.
func (r *roster) entry(c *contact, groupName string) toc.Buddy {
	b := toc.Buddy{Name: toc.ScreenName(c.key)}
	if g := r.find(groupName); g != nil {
		b.Alias, b.Note = g.details[c.key].alias, g.details[c.key].note
	}
	return b
}

// remove takes a name out of a group and reports whether it was a buddy before and is none now.
func (r *roster) remove(name toc.ScreenName, groupName string) bool {
	c := r.lookup(name)
	g := r.find(groupName)
	if c == nil || g == nil || !slices.Contains(c.groups, groupName) {
		return false
	}
	c.groups = slices.DeleteFunc(c.groups, func(s string) bool { return s == groupName })
	g.members = slices.DeleteFunc(g.members, func(m *contact) bool { return m == c })
	delete(g.details, c.key)
	r.derive(c)
	return !c.buddy()
}

// load makes the lists those of a CONFIG2 and returns the contacts who were buddies and are none now.
func (r *roster) load(cfg toc.Config) (gone []*contact) {
	before := r.buddies()
	for _, c := range before {
		c.groups, c.alias = nil, ""
	}
	r.groups = nil
	for _, g := range cfg.Groups {
		r.addGroup(g.Name)
		for _, b := range g.Buddies {
			r.add(b, g.Name)
		}
	}
	r.permit, r.deny = nameSet(cfg.Permit), nameSet(cfg.Deny)
	r.mode = toc.PermitAll
	if cfg.Mode != 0 {
		r.mode = cfg.Mode
	}
	return slices.DeleteFunc(before, (*contact).buddy)
}

// denies and permits tell whether a name is on the deny list, or on the permit list.
func (r *roster) denies(key string) bool  { _, ok := r.deny[key]; return ok }
func (r *roster) permits(key string) bool { _, ok := r.permit[key]; return ok }

func nameSet(names []toc.ScreenName) map[string]toc.ScreenName {
	m := make(map[string]toc.ScreenName, len(names))
	for _, n := range names {
		m[n.Key()] = n
	}
	return m
}

// buddies are all contacts on the list, in list order, each once.
func (r *roster) buddies() []*contact {
	var out []*contact
	seen := map[*contact]bool{}
	for _, g := range r.groups {
		for _, c := range g.members {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// online are the buddies who are signed on, in list order.
func (r *roster) online() []*contact {
	return slices.DeleteFunc(r.buddies(), func(c *contact) bool { return !c.online })
}

// update applies UPDATE_BUDDY2 and returns what really changed.
func (r *roster) update(u toc.BuddyUpdate, now time.Time) (*contact, change) {
	c := r.contact(u.Name)
	c.known = true
	if u.Online {
		c.heard = now
	} else {
		return c, c.signOff()
	}
	var ch change
	if u.Name != c.name {
		c.name = toc.ScreenName(strings.Clone(string(u.Name))) // without the line it came in
		ch |= reformatted
	}
	if !c.online {
		c.online, ch = true, ch|arrived
	}
	ch |= c.setAway(u.Class.Away()) | c.setIdle(u.Idle, now)
	if w := min(max(u.Warning, 0), 100); w != c.warning {
		c.warning, ch = w, ch|warned
	}
	c.signOn, c.class = u.SignOn, u.Class
	return c, ch
}

// signOff makes the contact offline. The warning level and the formatted name are kept: the server sends neither
// (trap 5).
func (c *contact) signOff() change {
	if !c.online {
		return 0
	}
	c.online, c.away, c.idleMin, c.idleSince = false, false, 0, time.Time{}
	c.toldAway, c.awayText, c.caps = false, "", nil
	return departed
}

func (c *contact) setAway(away bool) change {
	if c.away == away {
		return 0
	}
	c.away, c.toldAway, c.awayText = away, false, ""
	if away {
		return wentAway
	}
	return cameBack
}

// setIdle takes the snapshot of idle minutes that an update carries; between updates the server sends nothing, so the
// moment idleness began is kept (trap 20).
func (c *contact) setIdle(minutes int, now time.Time) change {
	was := c.idleMin
	if minutes == was {
		return 0
	}
	c.idleMin = minutes
	switch {
	case minutes == 0:
		c.idleSince = time.Time{}
		return becameActive
	case was == 0:
		c.idleSince = now.Add(-time.Duration(minutes) * time.Minute)
		return wentIdle
	}
	c.idleSince = now.Add(-time.Duration(minutes) * time.Minute)
	return 0
}

// forgetPresence is for a lost link: nobody's presence is known any more. It returns who was online and shown.
func (r *roster) forgetPresence() (gone []*contact) {
	for _, c := range r.contacts {
		if c.signOff() != 0 && (c.buddy() || c.watched > 0) {
			gone = append(gone, c)
		}
		c.known = false
	}
	slices.SortFunc(gone, func(a, b *contact) int { return strings.Compare(a.key, b.key) })
	return gone
}
