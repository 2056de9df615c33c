package tocd

import "tocbridge/toc"

// What tests and the demo do to the server. Names nobody is signed on with are
// ignored.

// Drop cuts all connections of a name, as if the network had failed. It does
// not wait until the sessions are gone: see Sessions.
func (s *Server) Drop(name toc.ScreenName) {
	s.each(name, func(sess *session) { sess.conn.cut() })
}

// Pause sends PAUSE to all sessions of a name, as AOL did before it moved them
// to another server. Until Resume, what they send is ignored.
func (s *Server) Pause(name toc.ScreenName) {
	s.each(name, func(sess *session) {
		sess.send(toc.Pause{})
		sess.paused = true
	})
}

// Resume ends a Pause: the sessions are signed on anew, and are not visible
// until they send toc_init_done.
func (s *Server) Resume(name toc.ScreenName) {
	s.each(name, func(sess *session) {
		if sess.paused {
			sess.paused, sess.live = false, false
			sess.welcome()
		}
	})
}

// Inject sends any message to all sessions of a name.
func (s *Server) Inject(name toc.ScreenName, e toc.Event) {
	s.InjectRaw(name, e.Append(nil))
}

// InjectRaw is Inject for a message that no Event can say.
func (s *Server) InjectRaw(name toc.ScreenName, line []byte) {
	s.each(name, func(sess *session) { sess.sendLine(line) })
}

// Sessions says how many sessions a name has.
func (s *Server) Sessions(name toc.ScreenName) int {
	n := 0
	s.each(name, func(*session) { n++ })
	return n
}

// Refused says how many commands were refused for coming too fast (ERROR:903).
func (s *Server) Refused() int { return int(s.refused.Load()) }

// each calls f for all sessions of a name, then sends what they were given.
func (s *Server) each(name toc.ScreenName, f func(*session)) {
	s.mu.Lock()
	if a := s.accounts[name.Key()]; a != nil && a.user != nil {
		for _, sess := range a.user.sessions {
			f(sess)
		}
	}
	s.mu.Unlock()
	s.flush(nil)
}
