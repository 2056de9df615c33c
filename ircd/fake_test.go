package ircd_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend is a Backend of one-goroutine sessions, like the real one but with nothing behind it.
type backend struct {
	auth  func(ctx context.Context, cred ircd.Credentials) error // nil: everybody may
	hook  func(*ircd.Conn)                                       // what the command HOOK does
	heard func(*irc.Message)                                     // every command handed to a session; may be nil
	tame  bool                                                   // PANIC and NOW are unknown

	mu       sync.Mutex
	sessions map[string]*session
	creds    []ircd.Credentials
	attached map[*ircd.Conn]int
	detached map[*ircd.Conn]int
	here     map[string]bool // of COME
	handed   int             // sessions given out
	said     chan string     // QuitMessage of the next Detach; may be nil
	wg       sync.WaitGroup
	watching chan string // what Monitor was told; may be nil
}

func (b *backend) Authenticate(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	b.mu.Lock()
	b.creds = append(b.creds, cred)
	b.mu.Unlock()
	if b.auth != nil {
		if err := b.auth(ctx, cred); err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handed++
	key := ircd.Fold(cred.Account)
	s := b.sessions[key]
	if s == nil {
		s = &session{b: b, name: cred.Account, inbox: make(chan func()), conns: make(map[*ircd.Conn]bool)}
		b.sessions[key] = s
		b.wg.Add(1)
		go s.run()
	}
	s.users++
	return s, nil
}

// Capabilities implements ircd.Capable.
func (b *backend) Capabilities() ircd.Cap { return ircd.CapMultiline | ircd.CapExtendedMonitor }

func (b *backend) lastCred() ircd.Credentials {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.creds[len(b.creds)-1]
}

// nextDetach is told the QuitMessage of the next connection that ends.
func (b *backend) nextDetach() <-chan string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = make(chan string, 1)
	return b.said
}

func (b *backend) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.creds)
}

// session is one account.
type session struct {
	b     *backend
	name  string
	inbox chan func()
	users int // guarded by b.mu

	// Owned by run.
	conns  map[*ircd.Conn]bool
	finish func(func() error)
}

func (s *session) run() {
	defer s.b.wg.Done()
	for f := range s.inbox {
		f()
	}
}

func (s *session) Nick() string { return strings.ReplaceAll(s.name, " ", "") }

func (s *session) Attach(c *ircd.Conn) {
	s.b.mu.Lock()
	s.b.attached[c]++
	s.b.mu.Unlock()
	s.inbox <- func() { s.conns[c] = true }
}

func (s *session) Handle(c *ircd.Conn, m *irc.Message) {
	s.inbox <- func() { c.Dispatch(m, func(m *irc.Message) error { return s.command(c, m) }) }
}

func (s *session) Detach(c *ircd.Conn) {
	done := make(chan struct{})
	s.inbox <- func() { delete(s.conns, c); close(done) }
	<-done
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.detached[c]++
	if s.b.said != nil {
		s.b.said <- c.QuitMessage()
		s.b.said = nil
	}
	if s.users--; s.users == 0 {
		delete(s.b.sessions, ircd.Fold(s.name))
		close(s.inbox)
	}
}

// Monitor implements ircd.Watcher.
func (s *session) Monitor(_ *ircd.Conn, added, removed []string) {
	if s.b.watching != nil {
		s.b.watching <- "+" + strings.Join(added, ",") + " -" + strings.Join(removed, ",")
	}
}

// Online implements ircd.Watcher: who is signed on here is online, and so is whom COME has brought.
func (s *session) Online(nick string) *irc.Prefix {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.sessions[ircd.Fold(nick)] == nil && !s.b.here[ircd.Fold(nick)] {
		return nil
	}
	return &irc.Prefix{Name: nick, User: "u", Host: "h"}
}

// come and go: somebody comes or goes, as every session hears of it.
func (s *session) come(_ *ircd.Conn, m *irc.Message) error { s.movement(m.Params, true); return nil }
func (s *session) gone(_ *ircd.Conn, m *irc.Message) error { s.movement(m.Params, false); return nil }

func (s *session) movement(nicks []string, here bool) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.here == nil {
		s.b.here = make(map[string]bool)
	}
	var who []*irc.Prefix
	for _, nick := range nicks {
		s.b.here[ircd.Fold(nick)] = here
		who = append(who, &irc.Prefix{Name: nick, User: "u", Host: "h"})
	}
	for c := range s.conns {
		if here {
			c.MonitorOnline(who...)
		} else {
			c.MonitorOffline(nicks...)
		}
	}
}

// about nick: the news about somebody whom the clients do not see in a channel.
func (s *session) about(_ *ircd.Conn, m *irc.Message) error {
	p := &irc.Prefix{Name: m.Param(0), User: "u", Host: "h"}
	for _, news := range []*ircd.Message{
		ircd.NewMessage(p, "AWAY", "gone"), ircd.NewMessage(p, "AWAY"), ircd.NewMessage(p, "ACCOUNT", "acc"),
		ircd.NewMessage(p, "SETNAME", "New Name"), ircd.NewMessage(p, "CHGHOST", "u", "there"),
	} {
		for c := range s.conns {
			c.SendMonitored(news)
		}
	}
	return nil
}

func (s *session) each(m *ircd.Message) {
	for c := range s.conns {
		c.Send(m)
	}
}

var testCommands = map[string]func(*session, *ircd.Conn, *irc.Message) error{
	"PRIVMSG": (*session).privmsg, "TAGMSG": (*session).privmsg, "NOTICE": (*session).refuse, "JOIN": (*session).join,
	"NICK": (*session).nick, "SAY": (*session).say, "PANIC": (*session).panic, "LATER": (*session).later, "NOW": (*session).now,
	"FAILME": (*session).failme, "AWAYNOTE": (*session).awayNote, "BATCHME": (*session).batch, "BROKEN": (*session).broken,
	"NAMES": (*session).names, "WHO": (*session).who, "WHOIS": (*session).whois, "LIST": (*session).list, "KILLME": (*session).killme, "HOOK": (*session).hook,
	"COME": (*session).come, "GONE": (*session).gone, "ABOUT": (*session).about, "AWAY": (*session).away,
}

func (s *session) command(c *ircd.Conn, m *irc.Message) error {
	if s.b.heard != nil {
		s.b.heard(m)
	}
	run := testCommands[m.Command]
	if run == nil || s.b.tame && (m.Command == "PANIC" || m.Command == "NOW") {
		return ircd.ErrUnknownCommand
	}
	return run(s, c, m)
}

// privmsg sends to all clients of the account, in the fullest form.
func (s *session) privmsg(c *ircd.Conn, m *irc.Message) error {
	if len(m.Params) == 0 {
		return ircd.Numeric(irc.ERR_NORECIPIENT, "No recipient given")
	}
	out := ircd.NewMessage(c.Prefix(), m.Command, m.Params...)
	if lines := ircd.Lines(m); m.Command == "PRIVMSG" && len(lines) > 1 {
		out = ircd.NewMultiline(c.Prefix(), m.Command, m.Params[0], lines)
	}
	out.Tags = m.Tags
	out.ID, out.Account, out.Bot = "id1", "acct", true
	out.Time = time.Date(2026, 11, 22, 1, 2, 3, 45e6, time.UTC)
	s.each(out)
	return nil
}

func (s *session) refuse(*ircd.Conn, *irc.Message) error {
	return ircd.Numeric(irc.ERR_NOSUCHNICK, "x", "No such nick")
}

func (s *session) join(c *ircd.Conn, m *irc.Message) error {
	for _, ch := range strings.Split(m.Param(0), ",") {
		if !ircd.ValidChannel(ch) {
			c.Reply(irc.ERR_NOSUCHCHANNEL, ch, "No such channel")
			continue
		}
		c.Send(ircd.NewJoin(c.Prefix(), ch, "acct", "Real Name"))
		if !c.Has(ircd.CapNoImplicitNames) {
			c.SendNames(ch, []ircd.Member{{Nick: c.Nick()}})
		}
	}
	return nil
}

func (s *session) nick(c *ircd.Conn, m *irc.Message) error {
	c.Send(ircd.NewMessage(c.Prefix(), "NICK", m.Param(0)))
	c.SetNick(m.Param(0))
	return nil
}

// say n text: n notices.
func (s *session) say(c *ircd.Conn, m *irc.Message) error {
	n, err := strconv.Atoi(m.Param(0))
	if err != nil {
		return err
	}
	for range n {
		c.Notice(m.Param(1))
	}
	return nil
}

func (s *session) panic(*ircd.Conn, *irc.Message) error { panic("as asked") }

// later leaves the command open until NOW comes on another connection of the account.
func (s *session) later(c *ircd.Conn, m *irc.Message) error {
	c.Notice("before")
	s.finish = c.Defer()
	return nil
}

func (s *session) now(*ircd.Conn, *irc.Message) error {
	finish := s.finish
	finish(func() error { return ircd.Numeric("401", "nobody", "late answer") })
	finish(func() error { panic("a second finish must do nothing") })
	return nil
}

func (s *session) failme(c *ircd.Conn, _ *irc.Message) error {
	c.Fail("FAILME", "SOME_CODE", "ctx", "It did not work")
	return nil
}

func (s *session) awayNote(c *ircd.Conn, m *irc.Message) error {
	p := &irc.Prefix{Name: "bob", User: "bob", Host: "aim"}
	c.Send(ircd.NewMessage(p, "AWAY", "gone"))
	c.Send(ircd.NewMessage(p, "ACCOUNT", "bob"))
	c.Send(ircd.NewMessage(p, "SETNAME", "Bob B"))
	c.Send(ircd.NewMessage(p, "CHGHOST", "bob", "elsewhere"))
	inv := ircd.NewMessage(p, "INVITE", "carol", "#room")
	inv.Need = ircd.CapInviteNotify
	c.Send(inv)
	note := ircd.NewMessage(p, "PRIVMSG", c.Nick(), "for old clients")
	note.Unless = ircd.CapAwayNotify | ircd.CapAccountNotify
	c.Send(note)
	return nil
}

func (s *session) batch(c *ircd.Conn, _ *irc.Message) error {
	ref := c.Server().BatchRef()
	start, end := ircd.NewBatch(ref, "netjoin", "a", "b")
	c.Send(start)
	for _, n := range []string{"x", "y"} {
		j := ircd.NewJoin(&irc.Prefix{Name: n}, "#c", "", n)
		j.Batch = ref
		c.Send(j)
	}
	c.Send(end)
	return nil
}

// away answers, unless it is told not to.
func (s *session) away(c *ircd.Conn, m *irc.Message) error {
	switch m.Param(0) {
	case "":
		return ircd.Numeric(irc.RPL_UNAWAY, "You are no longer marked as being away")
	case "silently":
		return nil
	case "later":
		finish := c.Defer()
		go func() { s.inbox <- func() { finish(func() error { return ircd.Numeric(irc.RPL_NOWAWAY, "late") }) } }()
		return nil
	}
	return ircd.Numeric(irc.RPL_NOWAWAY, "You have been marked as being away")
}

func (s *session) broken(*ircd.Conn, *irc.Message) error { return errors.New("something broke") }

func (s *session) killme(c *ircd.Conn, _ *irc.Message) error {
	c.Close(ircd.ReasonReplaced, "Replaced by another connection")
	return nil
}

func (s *session) hook(c *ircd.Conn, _ *irc.Message) error { s.b.hook(c); return nil }

// server is a Server that runs for the length of a test.
type server struct {
	*ircd.Server
	*backend
	t    testing.TB
	addr string
}

// start runs a server on a port the kernel picks; tweak may change it before.
func start(t testing.TB, tweak func(*server)) *server {
	t.Helper()
	s := newServer(t, tweak)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.serve(ln)
	return s
}

func newServer(t testing.TB, tweak func(*server)) *server {
	s := &server{
		t: t,
		Server: &ircd.Server{
			Name: "irc.test", Network: "Test Net", Version: "test-1", Info: "a test server", Limits: ircd.DefaultLimits(),
			MOTD: []string{"Hello"}, ISupport: []string{"CHANTYPES=&#", "PREFIX=(ov)@+"}, Log: slog.New(slog.DiscardHandler),
		},
		backend: &backend{sessions: make(map[string]*session), attached: make(map[*ircd.Conn]int), detached: make(map[*ircd.Conn]int)},
	}
	s.Backend = s.backend
	if tweak != nil {
		tweak(s)
	}
	return s
}

func (s *server) serve(ln net.Listener) {
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background(), ln) }()
	s.t.Cleanup(func() { s.stop(done) })
}

// stop shuts down and checks that every session given out was given back once.
func (s *server) stop(done chan error) {
	ctx, cancel := context.WithTimeout(context.Background(), ircdtest.Timeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		s.t.Errorf("Shutdown: %v", err)
	}
	if err := <-done; !errors.Is(err, ircd.ErrServerClosed) {
		s.t.Errorf("Serve: %v", err)
	}
	s.backend.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.detached) > s.handed || len(s.attached) > len(s.detached) {
		s.t.Errorf("%d sessions handed out, %d attached, %d detached", s.handed, len(s.attached), len(s.detached))
	}
	for _, n := range s.detached {
		if n != 1 {
			s.t.Errorf("Detach called %d times for one connection", n)
		}
	}
}

func (s *server) dial() *ircdtest.Client {
	s.t.Helper()
	return ircdtest.Dial(s.t, s.addr)
}

// dialFor is dial for a subtest.
func (s *server) dialFor(t testing.TB) *ircdtest.Client { t.Helper(); return ircdtest.Dial(t, s.addr) }

func (s *server) register(nick string, opts ...ircdtest.Option) *ircdtest.Client {
	s.t.Helper()
	c := s.dial()
	c.Register(nick, opts...)
	c.Sync() // the welcome comes before the session has attached it
	return c
}

// passwords makes an auth function that knows these.
func passwords(known map[string]string) func(context.Context, ircd.Credentials) error {
	return func(_ context.Context, cred ircd.Credentials) error {
		if known[cred.Account] != cred.Password || cred.Password == "" {
			return ircd.Numeric(irc.ERR_PASSWDMISMATCH, "Wrong screen name or password")
		}
		return nil
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// bareBackend has nothing of the optional interfaces, nor have its sessions.
type bareBackend struct{ b ircd.Backend }

func (b bareBackend) Authenticate(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	s, err := b.b.Authenticate(ctx, cred)
	if err != nil {
		return nil, err
	}
	return bareSession{s}, nil
}

type bareSession struct{ ircd.Session }
