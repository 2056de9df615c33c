package tocd

import "tocbridge/toc"

// The TOC1 list commands change lists of this sign-on only; they are not
// stored. All sessions of the user share them.

func addTempBuddies(s *session, c toc.AddBuddies) error {
	a := s.user.acct
	var keys []string
	for _, n := range c.Names {
		key := s.srv.intern(n.Key())
		if isNumber(key) && !isNumber(a.key) {
			continue // ICQ users must be asked first, which only the stored list can
		}
		s.srv.relate(a, key, func(r *relation) { r.temp, r.tempBuddy = true, true })
		keys = append(keys, key)
	}
	s.contacts = true
	if s.live && len(keys) > 0 {
		s.srv.visibility(s.user, keys, true)
	}
	return nil
}

// removeTempBuddies leaves a trace: the two stay tied, as on the live server.
func removeTempBuddies(s *session, c toc.RemoveBuddiesV1) error {
	a := s.user.acct
	var keys []string
	for _, n := range c.Names {
		key := n.Key()
		if a.rel[key].temp {
			s.srv.relate(a, key, func(r *relation) { r.tempBuddy = false })
		}
		keys = append(keys, key)
	}
	s.srv.visibility(s.user, keys, true)
	return nil
}

// addTempPermit switches to "permitted only", or with one's own name to
// "nobody". Once the stored list is in use neither mode has an effect.
func addTempPermit(s *session, c toc.AddPermitV1) error {
	if s.onlySelf(c.Names) {
		s.srv.setTempMode(s.user, toc.DenyAll)
	} else {
		s.srv.setTempMode(s.user, toc.PermitSome)
		s.mark(c.Names, func(r *relation) { r.temp, r.tempPermit = true, true })
	}
	s.repeat()
	return nil
}

// addTempDeny switches to "all but the denied", or with one's own name to
// "everybody".
func addTempDeny(s *session, c toc.AddDenyV1) error {
	if s.onlySelf(c.Names) {
		s.srv.setTempMode(s.user, toc.PermitAll)
	} else {
		s.srv.setTempMode(s.user, toc.DenySome)
		s.mark(c.Names, func(r *relation) { r.temp, r.tempDeny = true, true })
	}
	s.repeat()
	return nil
}

func (s *session) onlySelf(names []toc.ScreenName) bool {
	return len(names) == 1 && names[0].Key() == s.user.acct.key
}

func (s *session) mark(names []toc.ScreenName, change func(*relation)) {
	for _, n := range names {
		s.srv.relate(s.user.acct, s.srv.intern(n.Key()), change)
	}
}

func (s *session) repeat() {
	if s.live {
		s.srv.visibility(s.user, nil, true)
	}
}
