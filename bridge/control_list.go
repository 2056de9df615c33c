package bridge

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// defaultGroup takes buddies for whom no group was named, when the list has none yet.
const defaultGroup = "Buddies"

func listCommands() []controlCommand {
	return []controlCommand{
		{name: "blist", topic: "buddies", also: []string{"list", "ls"}, usage: "[all|online|away|offline] [pattern]", brief: "your buddy list", run: (*session).controlBlist,
			long: []string{"Shows online buddies unless told otherwise. The pattern is part of a name, or has * and ?."}},
		{name: "add", topic: "buddies", usage: "[-group GROUP] NAME [ALIAS]", min: 1, brief: "put somebody on your buddy list", run: (*session).controlAdd,
			long: []string{"A name with spaces is written in quotes: add \"Cool Guy\"", "Also: /invite NICK &buddies"}},
		{name: "remove", topic: "buddies", also: []string{"del", "delete"}, usage: "NICK", min: 1, brief: "take somebody off your buddy list", run: (*session).controlRemove,
			long: []string{"Also: /kick NICK in &buddies"}},
		{name: "rename", topic: "buddies", usage: "NICK NEWNICK", min: 2, brief: "give a buddy another nick", run: (*session).controlRename,
			long: []string{"The new nick is also the buddy's alias on the AIM server. rename -del NICK takes it back."}},
		{name: "info", topic: "profile", also: []string{"whois"}, usage: "NICK", min: 1, brief: "what is known of somebody, and their profile", run: (*session).controlInfo},
	}
}

// groupSpelling is the name of a group as the list spells it, or the name given.
func (s *session) groupSpelling(name string) string {
	for _, g := range s.roster.groups {
		if groupFold(g.name) == groupFold(name) {
			return g.name
		}
	}
	return name
}

// groupForNew is where a buddy goes for whom no group was named: the default group, or the first.
func (s *session) groupForNew() string {
	if len(s.roster.groups) > 0 && s.roster.find(defaultGroup) == nil {
		return s.roster.groups[0].name
	}
	return defaultGroup
}

// nameMax bounds the names we put on a list, in bytes. AIM's own are at most 16; other servers allow addresses.
const nameMax = 64

// addBuddy puts a buddy into a group, on the server and in our picture.
func (s *session) addBuddy(b toc.Buddy, group string) error {
	switch {
	case b.Name.Key() == "" || len(b.Name) > nameMax:
		return fmt.Errorf("a screen name has 1 to %d characters", nameMax)
	case len(group) > nameMax || len(b.Alias) > nameMax:
		return fmt.Errorf("groups and aliases have at most %d characters", nameMax)
	case strings.ContainsAny(string(b.Name)+group+b.Alias, "\r\n{}:"):
		return errors.New("names and groups cannot have colons or braces on AIM")
	}
	stored := b
	stored.Name = toc.ScreenName(b.Name.Key())
	if !s.send(toc.NewBuddies{Groups: []toc.Group{{Name: group, Buddies: []toc.Buddy{stored}}}}) {
		return errors.New(s.noLinkText())
	}
	s.addToList(b, group)
	return nil
}

// removeBuddy takes a buddy out of a group, on the server and in our picture.
func (s *session) removeBuddy(c *contact, group string) error {
	if !s.send(toc.RemoveBuddies{Names: []toc.ScreenName{toc.ScreenName(c.key)}, Group: group}) {
		return errors.New(s.noLinkText())
	}
	s.removeFromList(c.name, group)
	return nil
}

func (s *session) controlAdd(k *call) {
	args, group := k.args, s.groupForNew()
	if i := slices.Index(args, "-group"); i >= 0 && i+1 < len(args) {
		group = s.groupSpelling(args[i+1])
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		k.reply("Usage: add [-group GROUP] NAME [ALIAS]")
		return
	}
	name := s.nameOf(args[0])
	b := toc.Buddy{Name: name}
	if len(args) > 1 {
		b.Alias = strings.Join(args[1:], " ")
	}
	if c := s.roster.lookup(name); c != nil && slices.Contains(c.groups, group) && b.Alias == "" {
		k.reply("%s is in your group %s already.", c.nick(), group)
		return
	}
	if err := s.addBuddy(b, group); err != nil {
		k.reply("Not added: %v", err)
		return
	}
	k.reply("Added %s to your group %s; shows up in %s when signed on.", s.roster.contact(name).nick(), group, buddiesChannel)
}

// nameOf is the screen name that a user means: a nick, or a name typed with its spaces.
func (s *session) nameOf(word string) toc.ScreenName {
	if !strings.Contains(word, " ") {
		if name, ok := s.nicks.Name(word); ok {
			return name
		}
	}
	return toc.ScreenName(word)
}

// buddyOf finds a buddy by nick or name, or says that there is none.
func (k *call) buddyOf(word string) *contact {
	c := k.s.roster.lookup(k.s.nameOf(word))
	if c == nil || !c.buddy() {
		k.reply("%s is not on your buddy list.", word)
		return nil
	}
	return c
}

func (s *session) controlRemove(k *call) {
	c := k.buddyOf(k.args[0])
	if c == nil {
		return
	}
	for _, g := range slices.Clone(c.groups) {
		if err := s.removeBuddy(c, g); err != nil {
			k.reply("Not removed: %v", err)
			return
		}
	}
	k.reply("Removed %s from your buddy list.", c.title())
}

func (s *session) controlRename(k *call) {
	if k.args[0] == "-del" {
		if c := k.buddyOf(k.args[1]); c != nil {
			s.giveNick(k, c, s.nicks.Reset(c.name), "")
		}
		return
	}
	c, nick := k.buddyOf(k.args[0]), k.args[1]
	if c == nil {
		return
	}
	if c == s.self {
		k.reply("Your own nick is your screen name.")
		return
	}
	if !ircd.ValidNick(nick) || isControl(nick) {
		k.reply("%s is not a legal nick: letters, digits and []\\`_^{|}- only, no digit in front.", nick)
		return
	}
	if err := s.nicks.Rename(c.name, nick); err != nil {
		k.reply("%s is taken by somebody else.", nick)
		return
	}
	s.giveNick(k, c, nick, nick)
}

// giveNick shows a nick that was just given, and keeps the alias on the server in step.
func (s *session) giveNick(k *call, c *contact, nick, alias string) {
	old := c.nick()
	if old == nick && c.alias == alias {
		k.reply("%s has that nick already.", nick)
		return
	}
	if old != nick {
		s.changeNick(c, old, nick)
	}
	c.alias = alias
	for _, g := range c.groups {
		stored := toc.Buddy{Name: toc.ScreenName(c.key), Alias: alias, Note: c.note}
		s.send(toc.NewBuddies{Groups: []toc.Group{{Name: g, Buddies: []toc.Buddy{stored}}}})
	}
	k.reply("%s is now %s.", old, nick)
}

// state is a contact's presence in a word.
func (c *contact) state() string {
	switch {
	case !c.online:
		return "offline"
	case c.away && c.awayText != "":
		return "away: " + c.awayText
	case c.away:
		return "away"
	case !c.idleSince.IsZero():
		return "idle " + shortDuration(time.Since(c.idleSince))
	}
	return "online"
}

func shortDuration(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// blistFilters are the words that blist knows.
var blistFilters = map[string]func(*contact) bool{
	"all":     func(*contact) bool { return true },
	"online":  func(c *contact) bool { return c.online },
	"away":    func(c *contact) bool { return c.online && c.away },
	"offline": func(c *contact) bool { return !c.online },
}

func (s *session) controlBlist(k *call) {
	show, args := blistFilters["online"], k.args
	if len(args) > 0 {
		if f, ok := blistFilters[strings.ToLower(args[0])]; ok {
			show, args = f, args[1:]
		}
	}
	pattern := ""
	if len(args) > 0 {
		pattern = ircd.Fold(args[0])
		show = both(show, len(k.args) == 1)
	}
	rows := [][]string{{"Nick", "Screen name", "Group", "Status"}}
	counts := map[bool]int{}
	away := 0
	for _, c := range s.roster.buddies() {
		counts[c.online]++
		if c.online && c.away {
			away++
		}
		if show(c) && matches(pattern, c) {
			rows = append(rows, []string{c.nick(), c.realname(), strings.Join(c.groups, ", "), c.state()})
		}
	}
	if len(rows) == 1 {
		k.reply("Nobody on your list matches.")
		rows = nil
	}
	for i, line := range table(rows) {
		if i == 0 {
			line = "\x02" + line + "\x02"
		}
		k.reply("%s", line)
	}
	k.reply("%s (%d available, %d away, %d offline)", plural(counts[true]+counts[false], "buddy", "buddies"), counts[true]-away, away, counts[false])
}

// both lets a pattern alone search the whole list.
func both(show func(*contact) bool, alone bool) func(*contact) bool {
	if alone {
		return blistFilters["all"]
	}
	return show
}

// matches reports whether a pattern is found in the nick or name.
func matches(pattern string, c *contact) bool {
	if strings.ContainsAny(pattern, "*?") {
		ok, err := path.Match(pattern, ircd.Fold(c.nick()))
		return ok && err == nil
	}
	return strings.Contains(ircd.Fold(c.nick()), pattern) || strings.Contains(strings.ToLower(string(c.name)), pattern)
}

// cellMax is the widest column of a table, in characters.
const cellMax = 32

func clip(cell string) string {
	if r := []rune(cell); len(r) > cellMax {
		return string(r[:cellMax-1]) + "…"
	}
	return cell
}

// table aligns rows of cells.
func table(rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(clip(cell))))
		}
	}
	var out []string
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			cell = clip(cell)
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-len([]rune(cell))+2))
			}
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

func (s *session) controlInfo(k *call) {
	name := s.nameOf(k.args[0])
	s.lookUp(k.c, name, func(who *contact) {
		if who == nil {
			who = s.roster.contact(name)
		}
		k.reply("\x02%s\x02: %s", who.title(), s.stateOf(who))
		if !who.signOn.IsZero() && who.online {
			k.reply("Signed on since %s", who.signOn.Local().Format("Mon 2 Jan 15:04"))
		}
		for _, line := range s.remarks(who) {
			k.reply("%s %s", who.nick(), line)
		}
		if !who.buddy() && who != s.self {
			k.reply("%s is not on your buddy list", who.nick())
		}
		s.profile(k, who)
	})
}

func (s *session) stateOf(who *contact) string {
	if who == s.self {
		return "that is you"
	}
	if !who.online && !who.buddy() && !s.there(who) {
		return "not signed on, or there is no such name"
	}
	return who.state()
}

// profileTime bounds the fetch of a profile page.
const profileTime = 10 * time.Second

// profile fetches and shows somebody's profile. The page comes over HTTP from the TOC server.
func (s *session) profile(k *call, who *contact) {
	name := toc.ScreenName(who.key)
	if s.link == nil || s.question(queued{cmd: toc.GetInfo{Name: name}}, answerTime, isPageOf(name), func(e toc.Event) {
		if u, ok := e.(toc.GotoURL); ok && s.link != nil {
			s.fetchProfile(k, s.link.up, u)
		}
	}) == nil {
		return
	}
}

func (s *session) fetchProfile(k *call, up Uplink, u toc.GotoURL) {
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		ctx, cancel := context.WithTimeout(s.ctx, profileTime)
		defer cancel()
		page, err := up.Get(ctx, u)
		s.post(do(func(s *session) { s.showProfile(k, page, err) }))
	}()
}

func (s *session) showProfile(k *call, page string, err error) {
	switch {
	case errors.Is(err, toc.ErrNoProfile):
		k.reply("No profile.")
	case errors.Is(err, toc.ErrProfileBusy):
		k.reply("AIM gives out no more profiles for the moment; try again in a minute.")
	case err != nil:
		k.reply("The profile could not be fetched.")
		s.log.Debug("fetch profile", "err", err)
	default:
		k.profileText(page)
	}
}

// profileLines bounds what a profile may fill the screen with.
const profileLines = 20

func (k *call) profileText(page string) {
	lines := 0
	for _, line := range richtext.ParseHTML(page).Lines() {
		for _, part := range line.Split(400, richtext.IRCSize) {
			if strings.TrimSpace(part.String()) == "" {
				continue
			}
			if lines++; lines > profileLines {
				k.reply("[…]")
				return
			}
			k.reply("%s", "| "+part.IRC())
		}
	}
}
