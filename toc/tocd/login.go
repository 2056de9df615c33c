package tocd

import (
	"crypto/subtle"
	"slices"
	"time"

	"tocbridge/toc"
)

// graceOfOld is how long a sign-on waits for the last session of a name that
// has no password: its end may not have been noticed yet.
const graceOfOld = 2 * time.Second

// signOn answers a sign-on command; an error is the refusal.
func (s *Server) signOn(c *conn, payload []byte) (*session, error) {
	cmd, password, err := s.parseSignOn(payload)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.authenticate(c, cmd.Name, password)
	if err != nil {
		return nil, err
	}
	u, err := s.enter(a, cmd.Form != toc.SignOn1)
	if err != nil {
		return nil, err
	}
	sess := &session{srv: s, conn: c, user: u, form: cmd.Form, caps: defaultCaps}
	u.sessions = append(u.sessions, sess)
	c.session = sess
	if len(u.sessions) == 1 {
		s.restoreWarning(u)
	}
	if sess.toc2() {
		u.useList()
		sess.contacts = true
	}
	s.log.Debug("signed on", "name", a.key, "addr", c.ip, "sessions", len(u.sessions))
	sess.welcome()
	return sess, nil
}

// parseSignOn reads the command. Other commands, a password that is not
// hexadecimal, and too few arguments are all the same to the live server.
func (s *Server) parseSignOn(payload []byte) (cmd toc.SignOnCommand, password string, err error) {
	cmd, err = toc.ParseSignOn(string(payload))
	if err != nil {
		return cmd, "", errProcessing
	}
	if password, err = cmd.Password(); err != nil || password == "" && !s.o.AnyName {
		return cmd, "", errProcessing
	}
	return cmd, password, nil
}

// authenticate finds the account, or makes one under AnyName.
func (s *Server) authenticate(c *conn, name toc.ScreenName, password string) (*account, error) {
	a := s.accounts[name.Key()]
	if a == nil && s.o.AnyName && validDemoName(name.Key()) && len(name) <= demoName {
		a = newAccount(name, "")
		a.demo = true
		s.accounts[a.key] = a
	}
	switch {
	case a == nil:
		return nil, errLogin
	case !a.demo && password == "":
		return nil, errProcessing
	case len(password) > demoPassword:
		return nil, errLogin
	case a.demo && a.password == "":
		if a.user != nil && !s.waitFor(c, a) {
			return nil, errLogin
		}
		if a.password == "" {
			a.password = password
		}
	}
	if subtle.ConstantTimeCompare([]byte(a.password), []byte(password)) == 0 {
		return nil, errLogin
	}
	return a, nil
}

// waitFor gives up the lock until the account is signed off, for a moment at
// most. It reports whether the name is free.
func (s *Server) waitFor(c *conn, a *account) bool {
	freed := a.freed
	s.mu.Unlock()
	timer := time.NewTimer(graceOfOld)
	defer timer.Stop()
	select {
	case <-freed:
	case <-timer.C:
	case <-c.v.quit:
	}
	s.mu.Lock()
	return a.user == nil
}

// enter makes room for a session. toc_signon throws out all others, and is
// thrown out by any; a sixth session is refused, as if the password were wrong
// when one of the five is visible.
func (s *Server) enter(a *account, multi bool) (*user, error) {
	u := a.user
	switch {
	case u == nil:
		return s.newUser(a, multi), nil
	case !multi || !u.multi:
		s.signOut(u)
		return s.newUser(a, multi), nil
	case len(u.sessions) < s.o.MaxSessions:
		return u, nil
	case u.live():
		return nil, errLogin
	}
	return nil, errProcessing
}

func (s *Server) newUser(a *account, multi bool) *user {
	u := &user{acct: a, multi: multi, signOn: s.now(), tempMode: toc.PermitAll}
	a.user, a.freed = u, make(chan struct{})
	if s.o.RateLimits {
		u.rates = newLimiters(u.signOn)
	}
	return u
}

// welcome sends what follows a good sign-on.
func (s *session) welcome() {
	a := s.user.acct
	nick := toc.Nick{Name: a.name}
	if !s.toc2() {
		s.send(toc.SignedOn{Version: "TOC1.0"})
		s.send(toc.Unknown{Text: "CONFIG:" + a.config})
		s.send(nick)
		return
	}
	s.send(toc.SignedOn{Version: "TOC2.0"})
	if s.srv.o.AOL.ReverseConfig {
		s.send(a.list.config())
		s.send(nick)
		return
	}
	s.send(nick)
	s.send(a.list.config())
}

// initDone makes the session visible. Only TOC2 sessions, and TOC1 sessions
// that named buddies before, are announced.
func initDone(s *session, _ toc.InitDone) error {
	s.user.useList()
	s.live = true
	if s.contacts {
		s.srv.visibility(s.user, nil, false)
	}
	return nil
}

// remove ends one session. Watchers hear of it: what is left of the user may
// look different, or nothing is left.
func (s *Server) remove(sess *session) {
	if sess.closed {
		return
	}
	sess.closed, sess.live = true, false
	u := sess.user
	u.sessions = slices.DeleteFunc(u.sessions, func(o *session) bool { return o == sess })
	if len(u.sessions) == 0 {
		s.end(u, sess.conn.v.stopped)
	} else if !sess.conn.v.stopped {
		s.announce(u)
	}
}

// signOut closes all sessions of a user, without a word to them.
func (s *Server) signOut(u *user) {
	for _, sess := range u.sessions {
		sess.closed, sess.live = true, false
		sess.conn.finish()
	}
	u.sessions = nil
	s.end(u, false)
}

// end takes a user without sessions off the air.
func (s *Server) end(u *user, quiet bool) {
	a := u.acct
	if !quiet {
		s.announceDeparture(u)
	}
	for key, r := range a.rel {
		if r.temp {
			s.relate(a, key, func(r *relation) { r.dropTemp() })
		}
	}
	for len(u.members) > 0 {
		s.leaveRoom(u.members[0], quiet)
	}
	a.warning, a.user = u.warning, nil
	close(a.freed)
}
