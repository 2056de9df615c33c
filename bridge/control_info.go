package bridge

import (
	"context"
	"errors"
	"strings"
	"time"

	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

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
