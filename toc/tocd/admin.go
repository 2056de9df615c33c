package tocd

import (
	"crypto/subtle"
	"strings"
	"unicode"

	"tocbridge/toc"
)

const (
	minName, maxName         = 3, 16 // bytes; letters and digits, at least
	minPassword, maxPassword = 4, 16
)

// formatNick changes case and spacing of the user's own name. Other sessions
// of the user are not told.
func formatNick(s *session, c toc.FormatNick) error {
	a := s.user.acct
	if !validFormat(string(c.Name), a.demo) {
		return errBadInput
	}
	if c.Name.Key() != a.key {
		return errRefused
	}
	a.name = c.Name
	s.srv.announce(s.user)
	s.send(toc.AdminNick{Code: "0"})
	s.send(toc.Nick{Name: a.name})
	return nil
}

// validFormat reports whether AIM would take the name: letters, digits and
// spaces, a letter first, no space at the end.
func validFormat(name string, demo bool) bool {
	if demo {
		return len(name) <= demoName && validDemoName(toc.ScreenName(name).Key())
	}
	n := 0
	for _, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			n++
		case r != ' ':
			return false
		}
	}
	return n >= minName && len(name) <= maxName &&
		unicode.IsLetter(rune(name[0])) && !strings.HasSuffix(name, " ")
}

// changePassword checks the old password first. The running sessions stay.
func changePassword(s *session, c toc.ChangePassword) error {
	a := s.user.acct
	if subtle.ConstantTimeCompare([]byte(a.password), []byte(c.Old)) == 0 {
		return errLogin
	}
	low, high := minPassword, maxPassword
	switch {
	case a.demo:
		low, high = 1, demoPassword
	case isNumber(a.key): // as ICQ has it
		low, high = 6, 8
	}
	if len(c.New) < low || len(c.New) > high {
		return errBadInput
	}
	a.password = c.New
	s.send(toc.AdminPassword{Code: "0"})
	return nil
}

// setConfig keeps the list of a TOC1 client, which only toc_signon shows.
func setConfig(s *session, c toc.SetConfig) error {
	s.user.acct.config = c.Text
	return nil
}
