package bridge

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/seal"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// Options say how a Bridge reaches AIM and treats its accounts. The zero value of a field is its default.
type Options struct {
	Server     string        // host:port of the TOC server
	Login      toc.LoginForm // default toc2_login
	Pace       pace.Model    // the server's limits, as we model them
	Anonymous  bool          // an account may sign on without a password; it is not shared then (the demo)
	KeepCase   bool          // a name that the server does not know formatted yet gets the spelling its user typed (the demo)
	Linger     time.Duration // how long an account stays signed on after its last client; 0: not at all
	AwayText   string        // the away message while no client is attached; "": the account stays available
	AutoReply  bool          // answer IMs with the away message while away
	IdleAfter  time.Duration // without a word on any client the user is idle; 0: never
	Entities   Entities      // how text beyond ASCII goes out
	Backoff    Backoff       // between attempts to sign on again after the link was lost
	IRCName    string        // name of the IRC server, the host of *aim
	Host       string        // host part of everybody's prefix; default "aim"
	SignOnTime time.Duration // the longest a sign-on may take; default 20 s
	PingTime   time.Duration // the longest a client's PING waits for AIM; default 1 s
	Gather     time.Duration // after a sign-on, arrivals are shown together until none came for so long; default 250 ms
	Log        *slog.Logger
	// Store keeps history and state; nil: none is kept. It is the caller's to close, after Shutdown.
	Store        *store.Store
	StoreTrouble string // why what is kept does not outlive this process, in words for users; "": it does
	Replay       Replay
	Key          *seal.Key // seals stored passwords; nil: none are stored, and no account can be always on
	// Dial replaces net.Dialer.DialContext, for tests and for the demo.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// SignOn replaces the sign-on over TOC, for tests.
	SignOn func(ctx context.Context, name toc.ScreenName, password string) (Uplink, error)
}

// Backoff bounds the delay between attempts to sign on again: it doubles from Min to Max and is jittered by a third.
// The default is 10 s to 5 min, as TOC2 reference §2.4 asks.
type Backoff struct{ Min, Max time.Duration }

// Replay bounds what a client that comes back is shown unasked. Clients that can ask for history (draft/chathistory)
// are shown nothing unasked.
type Replay struct {
	Lines int           // the most; 0: nothing
	Age   time.Duration // nothing older; 0: no bound
}

func (o *Options) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.Backoff.Min, 10*time.Second)
	def(&o.Backoff.Max, 5*time.Minute)
	def(&o.SignOnTime, 20*time.Second)
	def(&o.PingTime, time.Second)
	def(&o.Gather, 250*time.Millisecond)
	if o.Host == "" {
		o.Host = "aim"
	}
	if o.IRCName == "" {
		o.IRCName = "tocbridge"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SignOn == nil {
		o.SignOn = o.signOnTOC
	}
}

// signOnTOC signs on to the configured server.
func (o *Options) signOnTOC(ctx context.Context, name toc.ScreenName, password string) (Uplink, error) {
	return toc.SignOn(ctx, o.Server, toc.Login{Name: name, Password: password, Form: o.Login, Version: "TIC:tocbridge", Dial: o.Dial})
}

// Bridge holds the sessions of all accounts. It is an ircd.Backend.
type Bridge struct {
	o         Options
	macKey    [32]byte // of this process: passwords of live accounts are kept as HMACs under it
	ctx       context.Context
	cancel    context.CancelFunc
	ids       atomic.Uint64
	busy      atomic.Int64 // unix ns: until then AIM gives out no pages to our address (429)
	bots      atomic.Int32 // accounts with user mode B
	idMS      atomic.Int64 // of the last message id
	storeDown atomic.Bool  // the store does not take what is said
	near      *neighbourhood
	gate      *gate

	unreached atomic.Bool // an account has not reached the server when it tried last, see comeback.go
	hasher    *seal.Hasher
	running   sync.WaitGroup

	mu       sync.Mutex // guards the following fields and session.refs
	sessions map[string]*session
	certs    map[string]string // fingerprint -> account
	closed   bool
}

var _ ircd.Backend = (*Bridge)(nil)

// New makes a Bridge. Shutdown ends it.
func New(o Options) *Bridge {
	o.fill()
	b := &Bridge{o: o, near: newNeighbourhood(), gate: newGate(o.Pace), hasher: seal.NewHasher(seal.DefaultCost, hashesAtOnce),
		sessions: map[string]*session{}, certs: map[string]string{}}
	if _, err := rand.Read(b.macKey[:]); err != nil {
		panic(fmt.Sprintf("bridge: no random numbers: %v", err)) // crypto/rand never fails since Go 1.24
	}
	if o.Store != nil {
		if last := o.Store.LastID(); last != "" {
			b.idMS.Store(idTime(last).UnixMilli() + 1)
		}
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	context.AfterFunc(b.ctx, b.endAll)
	return b
}

// ISupport are the 005 tokens that only the bridge knows.
func (b *Bridge) ISupport() []string {
	return []string{"CHANTYPES=&#", "PREFIX=(ov)@+", "CHANMODES=be,,,nt", "EXCEPTS=e", "MODES",
		fmt.Sprintf("TOPICLEN=%d", textLen), fmt.Sprintf("AWAYLEN=%d", textLen), fmt.Sprintf("NAMELEN=%d", nameLen), "BOT=" + botMode, "SAFELIST", "ELIST=MNU", fmt.Sprintf("SILENCE=%d", silenceMax),
		fmt.Sprintf("CHATHISTORY=%d", pageMax), "MSGREFTYPES=msgid,timestamp", "BOUNCER_NETID=" + ircd.NetID,
		"TARGMAX=PRIVMSG:4,NOTICE:4,TAGMSG:4,WHOIS:4,JOIN:,PART:,NAMES:,LIST:,KICK:1"}
}

// mac is a keyed hash of a password, compared in constant time. A slow hash here would make a storm of reconnecting
// clients an outage, and the key lives only in this process.
func (b *Bridge) mac(password string) []byte {
	h := hmac.New(sha256.New, b.macKey[:])
	h.Write([]byte(password))
	return h.Sum(nil)
}

// errEnded says that a session ended while somebody waited for it; the next one is new.
var errEnded = errors.New("bridge: session ended")

// errClosed says that the bridge is shutting down.
var errClosed = errors.New("This server is shutting down; try again in a minute")

// Authenticate signs the account on, or checks the password against its live session. It implements ircd.Backend.
func (b *Bridge) Authenticate(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	if cred.Mechanism == "EXTERNAL" {
		return b.external(ctx, cred)
	}
	if cred.Account == "" {
		cred.Account = cred.Nick
	}
	name := toc.ScreenName(cred.Account)
	if err := b.checkCredentials(name, cred); err != nil {
		return nil, err
	}
	for {
		s, first, err := b.acquire(name, cred)
		if err != nil {
			return nil, err
		}
		err = s.admit(ctx, cred, first)
		if err == nil {
			return s, nil
		}
		b.release(s)
		if !errors.Is(err, errEnded) {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func (b *Bridge) checkCredentials(name toc.ScreenName, cred ircd.Credentials) error {
	if name.Key() == "" {
		return passwordMismatch("A screen name is missing: use SASL PLAIN, or PASS screenname:password")
	}
	if cred.Password == "" && !b.o.Anonymous {
		return passwordMismatch("Your AIM password is needed: use SASL PLAIN, or send PASS screenname:password before NICK")
	}
	return nil
}

func passwordMismatch(text string) error { return ircd.Numeric(irc.ERR_PASSWDMISMATCH, text) }

func nickInUse(nick string) error {
	return ircd.Numeric(irc.ERR_NICKNAMEINUSE, nick, "Nickname is already in use")
}

// acquire finds the session of an account, or starts it with these credentials (first), and takes a reference to it.
func (b *Bridge) acquire(name toc.ScreenName, cred ircd.Credentials) (s *session, first bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, false, errClosed
	}
	key := name.Key()
	s = b.sessions[key]
	if s == nil {
		first = true
		s = newSession(b, name, cred)
		b.launch(s)
	}
	s.refs++
	return s, first, nil
}

// release gives a reference back. The session is told when it was the last.
func (b *Bridge) release(s *session) {
	b.mu.Lock()
	s.refs--
	last := s.refs == 0
	b.mu.Unlock()
	if last {
		s.post(unused{})
	}
}

// retire removes a session from the registry if nobody holds a reference, or in any case if force is set: a session
// that failed must not be found by the next login.
func (b *Bridge) retire(s *session, force bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.refs > 0 && !force {
		return false
	}
	if b.sessions[s.key] == s {
		delete(b.sessions, s.key)
	}
	return true
}

// Shutdown signs all accounts off and waits until they are, or until ctx ends.
func (b *Bridge) Shutdown(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sign accounts off: %w", ctx.Err())
	}
}

// endAll ends all sessions, when ctx has ended.
func (b *Bridge) endAll() {
	b.mu.Lock()
	b.closed = true
	all := slices.Collect(maps.Values(b.sessions))
	b.mu.Unlock()
	for _, s := range all {
		go s.post(do(func(s *session) { s.end("Server is shutting down") }))
	}
}

// peer finds the live session of another account on this bridge, or nil. What only an IRC server can know of its users
// (user name, real name) comes from there.
func (b *Bridge) peer(key string) *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions[key]
}

// nextID is a message id: unique, and sortable within a process and across restarts (milliseconds, then a counter),
// also when the clock goes back.
func (b *Bridge) nextID(now time.Time) string {
	ms := now.UnixMilli()
	for {
		last := b.idMS.Load()
		if ms <= last {
			ms = last
			break
		}
		if b.idMS.CompareAndSwap(last, ms) {
			break
		}
	}
	return formatID(ms, b.ids.Add(1))
}

// Count is what LUSERS shows of AIM: rooms in which users of this bridge are, and &buddies.
func (b *Bridge) Count() ircd.Counts {
	b.near.mu.Lock()
	rooms := len(b.near.rooms)
	b.near.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	return ircd.Counts{Channels: rooms + len(b.sessions)}
}

// signedOn reports whether a screen name is signed on through this bridge.
func (b *Bridge) signedOn(name toc.ScreenName) bool {
	p := b.peer(name.Key())
	return p != nil && p.info.Load() != nil
}

// pagesBusy is until when AIM gives out no pages to our address, which all accounts share.
func (b *Bridge) pagesBusy() time.Time { return time.Unix(0, b.busy.Load()) }

func (b *Bridge) setPagesBusy(until time.Time) { b.busy.Store(until.UnixNano()) }
