package ircd

import (
	"context"
	"errors"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"
)

// registration is what a client has said of itself so far.
type registration struct {
	nick, user, realname, device string
	pass                         string
	negotiating                  bool      // CAP LS or REQ came, CAP END did not: registration waits
	deadline                     time.Time // zero: none
	sasl                         sasl
	away                         *irc.Message // AWAY so far; nil: none
}

func (c *Conn) pass(m *irc.Message) error {
	if m.Params[0] == "" {
		return NeedMoreParams("PASS")
	}
	c.reg.pass = m.Params[0]
	return nil
}

func (c *Conn) nick(m *irc.Message) error {
	nick := m.Param(0)
	switch {
	case nick == "":
		return Numeric(irc.ERR_NONICKNAMEGIVEN, "No nickname given")
	case !ValidNick(nick):
		return Numeric(irc.ERR_ERRONEUSNICKNAME, nick, "Erroneous nickname")
	}
	c.reg.nick = nick
	return c.complete()
}

func (c *Conn) user(m *irc.Message) error {
	if m.Params[3] == "" || m.Params[0] == "" {
		return NeedMoreParams("USER")
	}
	name, device := splitDevice(m.Params[0])
	c.reg.user, c.reg.device, c.reg.realname = cleanUser(name), device, m.Params[3]
	return c.complete()
}

func alreadyRegistered(*Conn, *irc.Message) error {
	return Numeric(irc.ERR_ALREADYREGISTERED, "You may not reregister")
}

// complete finishes registration once everything is there: NICK, USER, and CAP END where negotiation had begun. PASS
// may come at any time before.
func (c *Conn) complete() error {
	r := c.reg
	if r.nick == "" || r.user == "" || r.negotiating {
		return nil
	}
	if r.sasl.running != nil {
		r.sasl = sasl{}
		c.Reply(irc.ERR_SASLABORTED, "SASL authentication aborted")
	}
	if c.session == nil {
		cred := c.credentials()
		if err := c.login(cred); err != nil {
			return c.refused(err)
		}
		c.loggedIn(cred)
	}
	if !c.gone() {
		c.welcome()
	}
	return nil
}

// gone tells whether the connection closed, or the client hung up, while the backend was thinking.
func (c *Conn) gone() bool { return c.in.over() || c.closing() }

// credentials are those of a client without SASL: PASS name:password, PASS password with the nick as the name, or
// none.
func (c *Conn) credentials() Credentials {
	r := c.reg
	cred := Credentials{Account: r.nick, Password: r.pass, Raw: r.pass}
	if r.pass != "" {
		cred.Mechanism = "PASS"
	}
	if name, password, ok := strings.Cut(r.pass, ":"); ok && plausibleName(name) && isAlnum(name[0]) {
		cred.Raw, cred.Password = name, password
		cred.Account, cred.Device = splitDevice(name)
	} else {
		cred.Raw = ""
	}
	return cred
}

func isAlnum(b byte) bool { return isLetter(b) || isDigit(b) }

// refused answers a failed login outside SASL.
func (c *Conn) refused(err error) error {
	var r *Reply
	switch {
	case c.gone():
	case !errors.As(err, &r):
		c.Close(ReasonBackend, err.Error())
	case isNickReply(r.Numeric):
		c.reg.nick = "" // the client may try another
		return r
	default:
		c.Reply(r.Numeric, r.Params...)
		c.Close(ReasonLogin, r.text())
	}
	return nil
}

func isNickReply(numeric string) bool {
	switch numeric {
	case irc.ERR_ERRONEUSNICKNAME, irc.ERR_NICKNAMEINUSE, irc.ERR_NICKCOLLISION, irc.ERR_UNAVAILRESOURCE:
		return true
	}
	return false
}

var errTooManyFailures = Numeric(irc.ERR_PASSWDMISMATCH, "Too many failed logins, wait a minute and try again")

// login asks the backend. The time it takes is not the client's: the registration deadline moves by it.
func (c *Conn) login(cred Credentials) error {
	r := c.reg
	cred.Nick, cred.User, cred.Realname = r.nick, r.user, r.realname
	cred.RemoteAddr, cred.Secure, cred.CertFP = c.RemoteAddr(), c.secure, c.certFP
	if cred.Device == "" {
		cred.Device = r.device
	}
	keys := []string{"account " + Fold(cred.Account)}
	if cred.Account == "" { // the certificate says who
		keys[0] = "certificate " + cred.CertFP
	}
	if c.addr != "" {
		keys = append(keys, "addr "+c.addr)
	}
	begin := time.Now()
	if c.srv.failed.over(c.srv.Limits.LoginFailures, begin, keys...) {
		return errTooManyFailures
	}
	session, err := c.ask(cred)
	if !r.deadline.IsZero() {
		r.deadline = r.deadline.Add(time.Since(begin))
	}
	var reply *Reply
	if errors.As(err, &reply) && reply.Numeric == irc.ERR_PASSWDMISMATCH {
		c.srv.failed.add(time.Now(), keys...)
	}
	c.srv.Log.Debug("login", "account", cred.Account, "remote", c.addr, "mechanism", cred.Mechanism, "err", err)
	if err != nil {
		return err
	}
	c.session = session
	return nil
}

// nickGrace is how long a nick in use is asked for again: a client that lost its connection and comes back at once
// may arrive before the end of the old one has been noticed.
var nickGrace = [...]time.Duration{5 * time.Millisecond, 20 * time.Millisecond, 75 * time.Millisecond}

// ask asks the backend, and asks again for a while when the answer is that the nick is in use.
func (c *Conn) ask(cred Credentials) (Session, error) {
	ctx, stop := c.watch()
	defer stop()
	for _, pause := range nickGrace {
		session, err := c.srv.Backend.Authenticate(ctx, cred)
		var r *Reply
		if !errors.As(err, &r) || r.Numeric != irc.ERR_NICKNAMEINUSE {
			return session, err
		}
		sleep(ctx, pause)
	}
	return c.srv.Backend.Authenticate(ctx, cred)
}

// loggedIn remembers as whom.
func (c *Conn) loggedIn(cred Credentials) {
	c.mechanism = cred.Mechanism
	c.change(func(i *identity) {
		i.device = cred.Device
		if cred.Mechanism != "" {
			i.account = cred.Account
		}
	})
}

// watch keeps an eye on the connection while the reader waits for the backend: what comes is buffered, and when the
// client goes away the context ends.
func (c *Conn) watch() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(c.ctx)
	done := make(chan struct{})
	c.setReadDeadline(time.Time{})
	go func() {
		defer close(done)
		for !c.in.full() {
			if err := c.in.fill(); err != nil {
				c.in.watched(err)
				if c.in.over() {
					cancel()
				}
				return
			}
		}
	}()
	return ctx, func() {
		c.setReadDeadline(past)
		<-done
		cancel()
	}
}

// welcome ends registration: from here on the session hears of everything.
func (c *Conn) welcome() {
	r := c.reg
	c.change(func(i *identity) {
		i.prefix.Name, i.prefix.User, i.realname = c.session.Nick(), r.user, r.realname
		if i.device == "" {
			i.device = r.device
		}
		if id, ok := c.session.(Identity); ok {
			i.prefix.User, i.prefix.Host = id.Ident(i.prefix.User)
		}
	})
	c.srv.registered(c)
	c.reg = nil
	c.srv.Log.Info("registered", "nick", c.Nick(), "account", c.Account(), "device", c.Device(), "remote", c.addr)
	c.flushLabel()
	c.burst()
	c.turn.handed = c.turn.done.Load() + 1 // those of registration, this one included, have had their turn
	c.session.Attach(c)
}
