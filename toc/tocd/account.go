package tocd

import (
	"strconv"
	"strings"
	"time"

	"tocbridge/toc"
)

// account is what stays of a name when it is signed off. Guarded by Server.mu,
// as are user and session.
type account struct {
	key      string         // fixed; see toc.ScreenName.Key
	name     toc.ScreenName // as its owner formats it
	password string
	demo     bool // made by Options.AnyName

	list     list
	rel      map[string]relation // by key: whom its lists name
	config   string              // of toc_set_config
	dir      directory
	warning  int // per mille, when it signed off
	warnedAt time.Time
	talks    map[*account]*talk // to whom it sent IMs of late

	user  *user         // nil: signed off
	freed chan struct{} // closed when user becomes nil
}

func newAccount(name toc.ScreenName, password string) *account {
	return &account{key: name.Key(), name: name, password: password, rel: map[string]relation{}}
}

// user is an account that is signed on.
type user struct {
	acct     *account
	multi    bool // by a TOC2 sign-on: further sessions may join
	signOn   time.Time
	sessions []*session // in order of sign-on

	usesList bool       // the stored list counts, else only session lists
	tempMode toc.PDMode // privacy mode of toc_add_permit and toc_add_deny, while usesList is not set

	rates   *[classes]limiter // nil: no limits
	warning int               // per mille
	decayAt time.Time         // when the warning falls next; zero: not
	members []*member         // the rooms it is in
}

// session is one connection of a user, after sign-on.
type session struct {
	srv  *Server
	conn *conn
	user *user
	form toc.LoginForm

	live     bool // toc_init_done came: visible, and receives
	closed   bool
	paused   bool
	contacts bool // has told whom it knows; without, toc_init_done is silent
	away     bool
	idle     bool
	idleFrom time.Time
	caps     []capability

	profile   string
	profileAt time.Time
	seats     []seat // by chat id
}

func (s *session) toc2() bool { return s.form != toc.SignOn1 }

// active sessions get the IMs, if there is one.
func (s *session) active() bool { return s.live && !s.away && !s.idle }

// send queues a message for this session.
func (s *session) send(e toc.Event) {
	if b, ok := s.conn.open(toc.FrameData); ok {
		s.conn.seal(e.Append(b))
		s.srv.touch(s.conn)
	}
}

// sendLine is send for what is printed already.
func (s *session) sendLine(line []byte) {
	s.conn.line(line)
	s.srv.touch(s.conn)
}

// live reports whether the user can be seen and reached.
func (u *user) live() bool {
	for _, s := range u.sessions {
		if s.live {
			return true
		}
	}
	return false
}

// inactive reports whether no session is active, so that all get the IMs.
func (u *user) inactive() bool {
	for _, s := range u.sessions {
		if s.active() {
			return false
		}
	}
	return true
}

// away reports whether all sessions are, those not yet live included.
func (u *user) away() bool {
	for _, s := range u.sessions {
		if !s.away {
			return false
		}
	}
	return len(u.sessions) > 0
}

// idleSince is when the last session went idle, if all are.
func (u *user) idleSince() (t time.Time, ok bool) {
	for _, s := range u.sessions {
		if !s.idle {
			return time.Time{}, false
		}
		if t.IsZero() || s.idleFrom.After(t) {
			t = s.idleFrom
		}
	}
	return t, len(u.sessions) > 0
}

// online finds a user who can be reached.
func (s *Server) online(name toc.ScreenName) *user {
	if a := s.accounts[name.Key()]; a != nil && a.user != nil && a.user.live() {
		return a.user
	}
	return nil
}

// isNumber reports whether a name is an ICQ number, which the live server does
// not take into the session list of an AIM user.
func isNumber(key string) bool {
	n, err := strconv.ParseUint(key, 10, 32)
	return err == nil && n != 0
}

const (
	demoName     = 32  // longest name under Options.AnyName
	demoPassword = 600 // longest password, in bytes
)

// validDemoName reports whether IRC would take the key for a nick.
func validDemoName(key string) bool {
	const special = "[]\\`_^{}|"
	for i := range len(key) {
		c := key[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte(special, c) >= 0
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return key != "" && len(key) <= demoName
}
