package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

const (
	profileTime  = 10 * time.Second // for the fetch of a page
	cardTime     = time.Minute      // a profile is not fetched again for so long
	busyTime     = time.Minute      // nor any page after a 429
	profileLines = 20               // what a profile may fill the screen with
	whoisLines   = 8                // and in WHOIS
)

// card is somebody's profile as last fetched.
type card struct {
	lines []string // IRC text
	more  bool     // there were more lines
	at    time.Time
}

func (c *card) fresh() bool { return !c.at.IsZero() && time.Since(c.at) < cardTime }

// pageFailed is why a page could not be had, in words for the user.
var pageFailures = []struct {
	err  error
	text string
}{
	{toc.ErrProfileBusy, "AIM gives out no more pages for the moment (ten a minute); try again in a minute."},
	{toc.ErrProfileExpired, "AIM did not give out the page, whose address is good for a minute; try again."},
	{toc.ErrPageTooBig, "The page is too big."},
}

func pageFailed(err error) string {
	for _, f := range pageFailures {
		if errors.Is(err, f.err) {
			return f.text
		}
	}
	return "The page could not be fetched; try again later."
}

// page asks AIM on behalf of a client for the address of a page and fetches it over HTTP from the server that the link is
// to. done gets why not,
// or the error of the fetch, or the page.
func (s *session) page(by *client, cmd toc.Command, match func(toc.Event) bool, done func(page, why string, err error)) {
	switch left := time.Until(s.b.pagesBusy()); {
	case s.whyNot() != "":
		done("", s.whyNot(), nil)
		return
	case left > 0:
		done("", fmt.Sprintf("AIM gives out no more pages for the moment (ten a minute); try again in %s.", max(left.Round(time.Second), time.Second)), nil)
		return
	}
	either := func(e toc.Event) bool {
		failed, ok := e.(toc.ServerError)
		return match(e) || ok && failed.Code >= 913 && failed.Code <= 979 && failed.Code != 930 && failed.Code != 931 && failed.Code != 950 && failed.Code != 951
	}
	w := s.question(queued{cmd: cmd, by: by, task: "what you ask for comes"}, answerTime, either, func(e toc.Event) {
		switch e := e.(type) {
		case toc.GotoURL:
			if s.link != nil {
				s.fetch(s.link.up, e, done)
				return
			}
		case toc.ServerError:
			done("", e.Error(), nil)
			return
		}
		done("", "AIM does not answer; try again later.", nil)
	})
	if w == nil {
		done("", busyText, nil)
	}
}

func (s *session) fetch(up Uplink, u toc.GotoURL, done func(page, why string, err error)) {
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		ctx, cancel := context.WithTimeout(s.ctx, profileTime)
		defer cancel()
		page, err := up.Get(ctx, u)
		s.post(do(func(s *session) {
			if errors.Is(err, toc.ErrProfileBusy) {
				s.b.setPagesBusy(time.Now().Add(busyTime))
			}
			if err != nil {
				s.log.Debug("fetch page", "window", u.Window, "err", err)
			}
			done(page, "", err)
		}))
	}()
}

// profile finds somebody's profile, or why it cannot be had.
func (s *session) profile(by *client, who *contact, done func(why string)) {
	if who.card.fresh() {
		done("")
		return
	}
	name := toc.ScreenName(who.key)
	s.page(by, toc.GetInfo{Name: name}, isPageOf(name), func(page, why string, err error) {
		switch {
		case errors.Is(err, toc.ErrNoProfile):
			who.card = card{at: time.Now()}
		case err != nil:
			why = pageFailed(err)
		case why == "":
			who.card = readCard(toc.ProfileHTML(page))
		}
		done(why)
	})
}

// readCard makes lines of a profile.
func readCard(html string) card {
	c := card{at: time.Now()}
	for _, line := range richtext.ParseHTML(html).Lines() {
		for _, part := range line.Split(400, richtext.IRCSize) {
			if strings.TrimSpace(part.String()) == "" {
				continue
			}
			if len(c.lines) == profileLines {
				c.more = true
				return c
			}
			c.lines = append(c.lines, part.IRC())
		}
	}
	return c
}

func (k *call) showProfile(who *contact, why string) {
	switch {
	case why != "":
		k.reply("No profile: %s", why)
	case len(who.card.lines) == 0:
		k.reply("No profile.")
	}
	for _, line := range who.card.lines {
		k.reply("%s", "| "+line)
	}
	if who.card.more {
		k.reply("[…]")
	}
}

// whoisCard is what WHOIS shows of a profile read lately.
func whoisCard(who *contact) (out []string) {
	if !who.card.fresh() {
		return nil
	}
	for _, line := range who.card.lines[:min(len(who.card.lines), whoisLines)] {
		out = append(out, "| "+line)
	}
	if who.card.more || len(who.card.lines) > whoisLines {
		out = append(out, "[…]")
	}
	return out
}

// profileActions are the words of the profile command.
var profileActions = map[string]func(*session, *call){
	"set":   (*session).profileSet,
	"add":   (*session).profileSet,
	"show":  (*session).profileShow,
	"clear": (*session).profileClear,
}

func (s *session) controlProfile(k *call) {
	if len(k.args) == 0 {
		s.profileShow(k)
		return
	}
	if run := profileActions[strings.ToLower(k.args[0])]; run != nil {
		run(s, k)
		return
	}
	k.usage()
}

func (s *session) profileShow(k *call) {
	html := s.setting(settingProfile)
	if html == "" {
		k.reply("You have no profile. profile set TEXT writes one.")
		return
	}
	mine := readCard(html)
	k.reply("Your profile on AIM:")
	for _, line := range mine.lines {
		k.reply("%s", "| "+line)
	}
}

// profileSet writes the own profile, or with "add" a line more of it.
func (s *session) profileSet(k *call) {
	said := k.after(2)
	html := said.HTML()
	old := s.setting(settingProfile)
	if strings.EqualFold(k.args[0], "add") && old != "" {
		html = old + "<BR>" + html
	}
	if strings.TrimSpace(said.String()) == "" {
		k.usage()
		return
	}
	if over := toc.QuotedLen(html) - toc.InfoRoom(); over > 0 {
		k.reply("Not set: that is %s too long for AIM.", plural(over, "byte", "bytes"))
		return
	}
	s.sendProfile(k, html, "Your profile is set. info "+s.Nick()+" shows it as others see it.")
}

func (s *session) profileClear(k *call) {
	s.sendProfile(k, "", "Your profile is empty now.")
}

// sendProfile keeps the profile, which AIM forgets at each sign-off, and sends it.
func (s *session) sendProfile(k *call, html, text string) {
	s.setSetting(settingProfile, html)
	s.self.card = card{}
	why := s.order(func(why string) {
		if why != "" {
			k.reply("Kept, but not taken by AIM: %s", why)
			return
		}
		k.reply("%s", text)
	}, toc.SetInfo{Text: html})
	if why != "" {
		k.reply("Kept, and sent at the next sign-on: %s", why)
	}
}
