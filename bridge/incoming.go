package bridge

import (
	"fmt"
	"strconv"
	"time"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// handleTOC applies one event of the AIM server: first to the picture, then to whoever waits for it. An error that
// answers a question goes to the asker only.
func (s *session) handleTOC(e toc.Event) {
	if nameless(e) {
		s.log.Debug("dropped: without a name", "event", fmt.Sprintf("%T", e))
		return
	}
	var w *wait
	if len(s.waits) > 0 {
		w = s.takeWait(e)
	}
	if joined, ok := e.(toc.ChatJoined); ok && w == nil && s.roomIDs[joined.Room] == nil {
		s.send(toc.ChatLeave{Room: joined.Room}) // nobody waits for it any more: do not sit there unseen
	}
	if failed, isError := e.(toc.ServerError); w == nil || !isError || failed.Code == toc.ErrRate {
		s.applyTOC(e) // whoever takes a 903 for the answer: all have to slow down
	}
	if w != nil {
		w.done(e)
	}
}

// nameless reports whether an event about somebody does not say about whom.
func nameless(e toc.Event) bool {
	switch e := e.(type) {
	case toc.IMIn:
		return e.From.Key() == ""
	case toc.BuddyUpdate:
		return e.Name.Key() == ""
	case toc.BuddyCaps:
		return e.Name.Key() == ""
	case toc.Typing:
		return e.From.Key() == ""
	case toc.ChatIn:
		return e.From.Key() == ""
	case toc.RvousPropose:
		return e.From.Key() == ""
	case toc.BART:
		return e.Name.Key() == ""
	case toc.NewBuddyReply:
		return e.Name.Key() == ""
	case toc.ChatInvite:
		return e.From.Key() == ""
	}
	return false
}

// applyTOC is the table of what TOC tells us.
func (s *session) applyTOC(e toc.Event) {
	switch e := e.(type) {
	case toc.IMIn:
		s.imIn(e)
	case toc.BuddyUpdate:
		s.buddyUpdate(e)
	case toc.BuddyCaps:
		s.roster.contact(e.Name).caps = e.Caps
	case toc.Typing:
		s.typingIn(e)
	case toc.ChatIn:
		s.chatIn(e)
	case toc.ChatMembers:
		s.chatMembers(e)
	case toc.ChatJoined:
		s.chatJoined(e)
	case toc.ChatLeft:
		s.chatLeft(e)
	case toc.ChatInvite:
		s.chatInvite(e)
	case toc.Inserted:
		s.inserted(e)
	case toc.Updated:
		s.inserted(toc.Inserted(e))
	case toc.Deleted:
		s.deleted(e)
	case toc.NewBuddyReply:
		s.buddyAdded(e)
	case toc.RvousPropose:
		s.proposed(e)
	case toc.BART:
		s.roster.contact(e.Name).icon = true
	case toc.Nick:
		s.ownName(e.Name)
	case toc.Evil:
		s.warned(e)
	case toc.ServerError:
		s.serverError(e)
	case toc.DirStatus:
		s.dirStatus = e.Code
	case toc.Pause:
		s.pause()
	case toc.SignedOn:
		s.signedOnAgain()
	default:
		s.log.Debug("not used", "event", fmt.Sprintf("%T", e))
	}
}

// ownName is the account's screen name as the server formats it.
func (s *session) ownName(name toc.ScreenName) {
	if name.Key() != s.key || name == s.self.name {
		return
	}
	s.self.name = name
	s.renick(s.self)
	s.rememberName()
}

// met finds or makes the contact of a screen name that AIM spells as its owner does. A new spelling of somebody known
// shows as NICK, and as SETNAME; nobody leaves and comes back for it.
func (s *session) met(name toc.ScreenName) *contact {
	c := s.roster.contact(name)
	if c.name != name && c != s.self {
		c.name = name
		s.renick(c)
	}
	return c
}

// metAside is met for messages of which we have seen no formatting on all servers: a name in its plain form says nothing.
func (s *session) metAside(name toc.ScreenName) *contact {
	if string(name) == name.Key() {
		return s.roster.contact(name)
	}
	return s.met(name)
}

// renick gives a contact the nick that belongs to its formatted name, and the real name, and tells the clients.
func (s *session) renick(c *contact) {
	if old, nick, changed := s.nicks.Reformat(c.name); changed {
		s.changeNick(c, old, nick)
	}
	if info := s.neighbour(c); c != s.self && (info == nil || info.realname == "") {
		s.showSetname(c, c.realname())
	}
}

// changeNick tells the clients of a new nick where they can see the contact.
func (s *session) changeNick(c *contact, old, nick string) {
	before := c.prefix
	after := *before
	after.Name = nick
	c.prefix = &after
	m := s.message(before, "NICK", nick)
	if c == s.self {
		s.setNick()
		s.broadcast(m)
		for _, cl := range s.clients {
			cl.conn.SetNick(nick)
		}
		name := s.self.name
		s.tellNeighbours(func(p *session, us *contact) {
			us.name = name
			p.renick(us)
		})
		return
	}
	for _, cl := range s.clients {
		if s.sees(cl, c) {
			cl.conn.Send(m)
		}
		if c.online {
			cl.conn.MonitorOffline(old)
			cl.conn.MonitorOnline(c.prefix)
		}
	}
	s.log.Debug("nick changed", "old", old, "new", nick)
}

// warned is EVILED: somebody warned us.
func (s *session) warned(e toc.Evil) {
	e.Level = min(max(e.Level, 0), 100)
	s.self.warning = e.Level
	s.pacer.SetWarning(e.Level)
	by := "somebody, anonymously"
	if e.By != "" {
		by = string(e.By)
	}
	s.news(fmt.Sprintf("You were warned by %s. Your warning level is now %d%%.", by, e.Level))
}

// serverError is an ERROR that nobody waited for.
func (s *session) serverError(e toc.ServerError) {
	switch {
	case e.Code == toc.ErrRate:
		s.tooFast()
	case s.undelivered(e):
	default:
		s.news(e.Error())
	}
}

// loadLists takes the lists of a sign-on. What changed since the last one shows as JOIN and QUIT when presence arrives;
// who was removed meanwhile is simply no buddy any more.
func (s *session) loadLists(cfg toc.Config) {
	s.reserveNicks(cfg)
	was := map[*contact][]string{}
	for _, c := range s.roster.buddies() {
		was[c] = c.groups
	}
	for _, c := range s.roster.load(cfg) {
		s.offList(c, was[c])
	}
	for _, key := range s.settingsOf(settingNick) {
		s.useAlias(s.roster.contact(toc.ScreenName(key)))
	}
	for _, c := range s.roster.buddies() {
		s.useAlias(c)
	}
	if mode, err := strconv.Atoi(s.setting(settingPrivacy)); err == nil && cfg.Mode == 0 && privacyWays[toc.PDMode(mode)].word != "" {
		s.roster.mode = toc.PDMode(mode)
		s.send(toc.SetPDMode{Mode: s.roster.mode})
	}
}

// reserveNicks gives the nicks that were given by rename before anybody else can get them, so that who has which does not
// depend on who is met first.
func (s *session) reserveNicks(cfg toc.Config) {
	give := func(name toc.ScreenName, nick string) {
		if s.roster.lookup(name) == nil && ircd.ValidNick(nick) && !isControl(nick) {
			_ = s.nicks.Rename(name, nick) // or somebody has it: then that stays so
		}
	}
	for _, g := range cfg.Groups {
		for _, b := range g.Buddies {
			give(b.Name, b.Alias)
		}
	}
	for _, key := range s.settingsOf(settingNick) {
		give(toc.ScreenName(key), s.setting(settingNick+key))
	}
}

// buddyUpdate is UPDATE_BUDDY2.
func (s *session) buddyUpdate(e toc.BuddyUpdate) {
	if e.Name.Key() == s.key {
		s.selfUpdate(e)
		return
	}
	c, ch := s.roster.update(e, time.Now())
	s.showChange(c, ch)
	if ch.has(arrived) {
		s.pounce(c)
		s.sendParcels(c)
	}
}

// selfUpdate is our own presence: shown only to who put themselves on the list.
func (s *session) selfUpdate(e toc.BuddyUpdate) {
	c, ch := s.roster.update(e, time.Now())
	if ch.has(reformatted) {
		s.renick(c)
	}
	if ch.has(warned) {
		s.pacer.SetWarning(c.warning)
		s.news(fmt.Sprintf("Your warning level is %d%% now.", c.warning))
	}
}
