package bridge

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/pace"
	"tocbridge/bridge/seal"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// linkState says how the account stands with the AIM server.
type linkState int

const (
	signingOn linkState = iota // the first attempt; clients wait for it in Authenticate
	online
	waiting   // the link was lost; another attempt follows
	signedOff // the user left AIM, the clients stay
)

// session is one account: its link to AIM, its attached IRC clients, and the picture both share.
type session struct {
	b    *Bridge
	o    *Options
	key  string // toc.ScreenName.Key of the account
	log  *slog.Logger
	mac  []byte                  // of the password; nil when signed on without one. Written by run, under Bridge.mu
	info atomic.Pointer[persona] // nil until a client was attached

	inbox   inbox
	cork    ircd.Cork              // of all its clients, while it works
	ready   chan struct{}          // closed when the first sign-on was decided; err is set before
	done    chan struct{}          // closed when nothing is done for it any more
	tried   chan struct{}          // closed when an attempt to sign on has ended, in whatever way
	current atomic.Pointer[string] // the nick, for any goroutine

	// Guarded by Bridge.mu.
	refs int // credentials that came in and were not yet refused or detached

	// Written in the session's turn before ready is closed, then fixed.
	err     error // in words for the user
	refusal error // of the AIM server

	asides  asides         // written by the sessions of others
	helpers sync.WaitGroup // sign-on attempts and the link's goroutines

	// Owned by the session's turn.
	ctx      context.Context // fixed
	endCtx   context.CancelFunc
	now      time.Time // when what is being done was begun to be done
	ended    bool
	password seal.Secret
	typed    toc.ScreenName // the account's name as its first login spelled it
	self     *contact
	clients  []*client
	byConn   map[*ircd.Conn]*client
	nicks    *nicks.Table
	roster   *roster
	rooms    map[string]*room // by folded channel name
	roomIDs  map[int]*room
	invites  map[string]invite // by folded channel name
	idNames  map[int]roomName
	state    linkState
	link     *link
	redial   redial
	pacer    *pace.Pacer
	queue    sendQueue
	waits    []*wait
	awaySaid string // with AWAY; empty: here
	awayText string // what counts: also away when nobody sits at any client
	answered map[string]bool
	idle     idleness
	upkeep   upkeep
	settings settings
	down
	typing   map[string]toc.TypingState
	storm    *storm
	lingerT  *time.Timer
	alone    bool              // no client is left, and the account stays on
	acct     *store.Account    // nil: nothing is kept
	unsaved  *[]store.Entry    // what it does not have yet
	begun    string            // position of the last line of earlier sessions of the account
	lastPos  string            // of the last line stamped
	lastLine string            // of the last one kept that somebody said
	cursors  map[string]string // device -> position
	markers  map[string]string // conversation -> time read, as in MARKREAD
	missed   missed
	staying
	outbox   outbox
	pounces  map[string]pounce // by key
	leaving  bool              // sign off when nothing waits to be sent
	lastWord string            // of the client that left last
}

func newSession(b *Bridge, name toc.ScreenName, cred ircd.Credentials) *session {
	s := &session{
		b: b, o: &b.o, key: name.Key(), password: seal.NewSecret(cred.Password), typed: name,
		staying: staying{fromStore: cred.Mechanism == "EXTERNAL"},
		log:     b.o.Log.With("account", name.Key()),
		ready:   make(chan struct{}), done: make(chan struct{}), tried: make(chan struct{}),
		byConn: map[*ircd.Conn]*client{}, nicks: nicks.New(),
		rooms: map[string]*room{}, roomIDs: map[int]*room{}, invites: map[string]invite{}, idNames: map[int]roomName{},
		answered: map[string]bool{}, idle: idleness{seen: time.Now()}, typing: map[string]toc.TypingState{},
	}
	s.ctx, s.endCtx = context.WithCancel(b.ctx)
	if cred.Password != "" {
		s.mac = b.mac(cred.Password)
	}
	s.nicks.Reserve(controlNick)
	s.roster = newRoster(s.prefixFor)
	s.self = s.roster.contact(name)
	s.setNick()
	return s
}

// setNick publishes the own nick for other goroutines.
func (s *session) setNick() {
	nick := s.self.nick()
	s.current.Store(&nick)
}

// Nick implements ircd.Session.
func (s *session) Nick() string { return *s.current.Load() }

// Ident implements ircd.Identity: all clients of an account show the user name of the first, and none its address.
func (s *session) Ident(user string) (string, string) {
	if info := s.info.Load(); info != nil {
		user = info.user
	}
	return user, s.o.hostFor(user, toc.ScreenName(s.key))
}

// Attach, Handle and Detach implement ircd.Session; they are called by the reader of the connection.
func (s *session) Attach(c *ircd.Conn) { s.post(attached{c}) }

func (s *session) Handle(c *ircd.Conn, m *irc.Message) { s.bring(item{conn: c, m: m}, true) }

func (s *session) Detach(c *ircd.Conn) {
	s.post(detached{c})
	s.b.release(s)
}

// admit waits for the first sign-on and checks the password, unless it is the one that started the session. errEnded
// means: ended meanwhile, start anew.
func (s *session) admit(ctx context.Context, cred ircd.Credentials, first bool) error {
	if !first && cred.Password == "" {
		return nickInUse(cred.Account)
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	var refused toc.ServerError
	switch {
	case first && cred.Password == "" && errors.As(s.refusal, &refused):
		return nickInUse(cred.Account) // the name has a password, or is signed on elsewhere
	case first:
		return s.err
	}
	return s.check(ctx, cred)
}

var errInternal = errors.New("internal error; please connect again")

// end marks the session as over. Its clients are told why.
func (s *session) end(reason string) {
	if s.ended {
		return
	}
	s.ended = true
	s.sayFarewell(reason)
	s.b.retire(s, true)
	s.nameUnsent()
	for _, c := range s.clients {
		c.conn.Close(ircd.ReasonBackend, reason)
	}
}

// cleanUp leaves nothing behind: no timer, no link, nobody who waits.
func (s *session) cleanUp() {
	s.setBot(false)
	s.b.retire(s, true)
	if s.lingerT != nil {
		s.lingerT.Stop()
	}
	for folded := range s.rooms {
		s.b.near.leave(folded, s)
	}
	for key, c := range s.roster.contacts {
		if c.watched > 0 {
			s.b.near.unwatch(key, s)
		}
	}
	s.redial.stop()
	s.dropStorm()
	s.idle.stop()
	s.outbox.stop()
	s.upkeep.stop()
	s.down.stop()
	s.queue.stop()
	for _, w := range s.waits {
		w.timer.Stop()
	}
	if s.link != nil {
		s.link.finish(finishTime)
	}
	s.settle(errEnded)
}

// settle decides the first sign-on for those who wait in admit.
func (s *session) settle(err error) {
	select {
	case <-s.ready:
	default:
		s.err = err
		close(s.ready)
	}
}

// unused says that nobody holds the session any more.
type unused struct{}

func (unused) apply(s *session) {
	always := s.alwaysOn()
	if (always || s.o.Linger > 0) && s.state != signingOn && s.mac != nil { // a name without a password is free for the next
		s.leaveAlone()
		if !always {
			s.lingerT = time.AfterFunc(s.o.Linger, func() { s.post(do((*session).lingerOver)) })
		}
		return
	}
	s.lingerOver()
}

// finishTime is for what is queued when the account signs off.
const finishTime = time.Second

// lingerOver signs the account off, unless somebody came back. What waits for the server's speed limit goes out first.
func (s *session) lingerOver() {
	s.leaving = s.link != nil && len(s.queue.lanes) > 0
	if s.leaving {
		s.log.Info("signing off when all is sent", "waiting", len(s.queue.lanes))
		return
	}
	if s.b.retire(s, false) {
		s.ended = true
		s.forgetTrip()
		s.sayFarewell(s.lastWord)
	}
}

// sayFarewell leaves the reason for those who hear of the leaving through AIM.
func (s *session) sayFarewell(reason string) {
	if s.state == signingOn {
		return
	}
	p := s.self.prefix
	s.b.near.quitReason(s.key, reason, past{p.Name, p.User, p.Host, s.realnameOf(s.self), time.Now()})
}

const idDigits = "0123456789abcdefghijklmnopqrstuv"

// formatID is a message id of 19 characters: 9 of base 32 milliseconds, 10 of a counter.
func formatID(ms int64, n uint64) string {
	var b [19]byte
	for i := 8; i >= 0; i-- {
		b[i], ms = idDigits[ms&31], ms>>5
	}
	for i := 18; i >= 9; i-- {
		b[i], n = idDigits[n&31], n>>5
	}
	return string(b[:])
}

// idTime is when a message id was given out; the zero time for what is none.
func idTime(id string) time.Time {
	if len(id) != 19 {
		return time.Time{}
	}
	ms := int64(0)
	for i := range 9 {
		ms = ms<<5 | int64(max(strings.IndexByte(idDigits, id[i]), 0))
	}
	return time.UnixMilli(ms)
}

// plural is "1 buddy", "2 buddies".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
