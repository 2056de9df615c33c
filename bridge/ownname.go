package bridge

import (
	"strings"

	"tocbridge/toc"
)

// busyText answers who wants something of AIM while too much waits for it already.
const busyText = "AIM does not keep up, too much waits already; try again later"

// reformat asks AIM to show our name in another case and spacing. done gets "" or why not. false: not asked, too much
// waits already.
func (s *session) reformat(name string, done func(why string)) bool {
	match := func(e toc.Event) bool {
		switch e := e.(type) {
		case toc.Nick:
			return true
		case toc.AdminNick:
			return e.Code != "0"
		case toc.ServerError:
			return e.Code == toc.ErrBadInput || e.Code == toc.ErrFailed || e.Code == toc.ErrRate
		}
		return false
	}
	w := s.question(queued{cmd: toc.FormatNick{Name: toc.ScreenName(name)}}, answerTime, match, func(e toc.Event) {
		switch e := e.(type) {
		case toc.Nick:
			done("")
		case toc.ServerError:
			done(e.Error())
		case toc.AdminNick:
			done("it refuses with code " + e.Code)
		default:
			done("it does not answer; try again later")
		}
	})
	return w != nil
}

// respaced writes the letters of want, which differ from those of name in case only, with the spaces of name: a nick has
// none, so that changing its case says nothing about them.
func respaced(name, want string) string {
	if strings.Contains(want, " ") {
		return want
	}
	letters := []rune(want)
	var b strings.Builder
	for _, r := range name {
		if r == ' ' {
			b.WriteByte(' ')
		} else if len(letters) > 0 {
			b.WriteRune(letters[0])
			letters = letters[1:]
		}
	}
	return b.String() + string(letters)
}
