package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

const (
	configTime   = 5 * time.Second  // for CONFIG2 after SIGN_ON; then we go on without a list
	settleTime   = time.Second      // for the first presence after toc_init_done
	stableTime   = 2 * time.Minute  // a link that lived so long was not thrown out by another sign-on
	toldAttempts = 3                // failed attempts in a row that the user is told of
	tooOftenMin  = 70 * time.Second // after ERROR:983, whose counter lives 60 s (TOC2 reference §2.4)
)

// redial is the state of the attempts to sign on again.
type redial struct {
	attempt int       // since the last stable link
	failed  int       // since the link was lost
	at      time.Time // of the next attempt
	timer   *time.Timer
	reason  string

	unreached bool // the last attempt did not get as far as the server
}

func (r *redial) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
}

// signedOn is the result of a sign-on attempt.
type signedOn struct {
	up  Uplink
	err error
}

func (e signedOn) apply(s *session) {
	defer s.decided()
	s.dialing = false
	switch {
	case s.state == signedOff: // the user thought better of it
		if e.up != nil {
			e.up.Close()
		}
		return
	case e.err != nil:
		s.signOnFailed(e.err)
		return
	}
	if s.state == waiting {
		s.reached()
	}
	s.openAccount()
	s.passwordAccepted()
	s.link = s.start(e.up)
	s.pacer = pace.New(s.paceModel(), time.Now())
	s.pacer.SetWarning(s.self.warning)
	s.beginUpkeep()
	s.awaitConfig(s.configured)
}

// awaitConfig waits for CONFIG2 after a SIGN_ON; nil if it does not come.
func (s *session) awaitConfig(done func(*toc.Config)) {
	isConfig := func(e toc.Event) bool { _, ok := e.(toc.Config); return ok }
	s.await(configTime, isConfig, func(e toc.Event) {
		if s.link == nil {
			return
		}
		if cfg, ok := e.(toc.Config); ok {
			done(&cfg)
		} else {
			done(nil)
		}
	})
}

// dial starts a sign-on attempt; its result comes as signedOn.
func (s *session) dial() {
	if s.dialing || s.link != nil || s.state == signedOff {
		return
	}
	s.dialing = true
	name, password, awaited := toc.ScreenName(s.key), s.password, s.state == signingOn
	s.helpers.Add(1)
	go func() {
		defer s.helpers.Done()
		defer s.b.gate.enter(s.ctx, awaited)()
		ctx, cancel := context.WithTimeout(s.ctx, s.o.SignOnTime)
		defer cancel()
		up, err := s.o.SignOn(ctx, name, password.Reveal())
		if !s.post(signedOn{up, err}) && up != nil {
			up.Close()
		}
	}()
}

// configured completes a sign-on: the list is known, now the server may show us to others.
func (s *session) configured(cfg *toc.Config) {
	s.setUp(cfg)
	again := s.state == waiting
	s.state = online
	if again {
		s.restored()
		return
	}
	for _, r := range s.sortedRooms() {
		s.ask(r, nil)
	}
	s.fence(settleTime, func() { s.settle(nil) })
}

// setUp is what AIM wants to hear after a SIGN_ON.
func (s *session) setUp(cfg *toc.Config) {
	if cfg != nil { // else the list of the last connection has to do
		s.loadLists(*cfg)
	}
	if s.o.KeepCase && s.self.name == toc.ScreenName(s.key) && s.typed != s.self.name {
		s.send(toc.FormatNick{Name: s.typed})
	}
	s.send(s.announce()...)
	if html := s.setting(settingProfile); html != "" {
		s.send(toc.SetInfo{Text: html})
	}
	if s.awayText != "" {
		s.send(s.awayCommand())
	}
	if s.idle.told {
		s.send(s.idleCommand())
	} else {
		s.armIdle()
	}
	s.send(toc.InitDone{})
}

// announce submits the list for this session before toc_init_done: without it the live server never announces a TOC
// session to OSCAR watchers (open-oscar-server issue 195). Split to the command limit.
func (s *session) announce() []toc.Command {
	const room = toc.MaxCommand - len("toc_add_buddy")
	var cmds []toc.Command
	var names []toc.ScreenName
	size := 0
	add := func(key string) {
		if size+len(key)+1 > room {
			cmds, names, size = append(cmds, toc.AddBuddies{Names: names}), nil, 0
		}
		names, size = append(names, toc.ScreenName(key)), size+len(key)+1
	}
	add(s.key)
	for _, c := range s.roster.buddies() {
		if c.key != s.key {
			add(c.key)
		}
	}
	for _, key := range sortedKeys(s.roster.contacts) {
		if c := s.roster.contacts[key]; c.watched > 0 && !c.buddy() && c != s.self {
			add(key)
		}
	}
	return append(cmds, toc.AddBuddies{Names: names})
}

// restored tells the clients that AIM is back and rejoins the rooms.
func (s *session) restored() {
	s.log.Info("signed on again", "attempts", s.redial.attempt)
	s.tellNetworks()
	s.news("Signed on to AIM again.")
	rooms := s.sortedRooms()
	s.beginStorm(len(rooms))
	for _, r := range rooms {
		r.returning = true
		s.ask(r, nil)
	}
}

// signOnFailed decides what a failed attempt means.
func (s *session) signOnFailed(err error) {
	s.log.Info("sign-on failed", "err", err)
	if s.state == signingOn {
		if !s.askHash(err) {
			s.refuse(err)
		}
		return
	}
	if wrongPassword(err) {
		s.passwordRefused()
		s.end("AIM does not accept your password any more (or five other sessions are signed on); connect again with the right one")
		return
	}
	s.unreached(err)
	s.schedule(err)
}

// refuse ends a session whose account was not let in.
func (s *session) refuse(err error) {
	if s.fromStore && wrongPassword(err) {
		s.openAccount()
		s.passwordRefused()
	}
	s.refusal = err
	s.settle(s.o.explain(s.typed, err))
	s.end("Sign-on failed")
}

func wrongPassword(err error) bool {
	var refused toc.ServerError
	return errors.As(err, &refused) && refused.Code == toc.ErrWrongPassword
}

// decided lets those go on who wait for AIM's answer.
func (s *session) decided() {
	if !s.wasTried() {
		close(s.tried)
	}
}

// wasTried reports whether an attempt to sign on has ended.
func (s *session) wasTried() bool {
	select {
	case <-s.tried:
		return true
	default:
		return false
	}
}

// explain turns a failed first sign-on into words the user can act on.
func (o *Options) explain(name toc.ScreenName, err error) error {
	var refused toc.ServerError
	var netErr net.Error
	switch {
	case errors.As(err, &refused) && refused.Code == 980:
		return passwordMismatch(fmt.Sprintf("AIM does not accept this password for the screen name %s. Check both; five other sessions of the name have the same effect", name))
	case errors.As(err, &refused) && refused.Code == 983:
		return errors.New("AIM says: signing on too often from this address. Wait 10 minutes, then try again")
	case errors.As(err, &refused):
		return fmt.Errorf("AIM refused the sign-on: %w", refused)
	case errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("The AIM server at %s does not answer; try again later", o.Server)
	}
	return fmt.Errorf("The AIM server at %s cannot be reached: %w", o.Server, rootCause(err))
}

// rootCause is the innermost error: "connection refused" without the layers around it.
func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// linkLost is called when an established link ended.
func (s *session) linkLost(err error) {
	lived := time.Since(s.link.began)
	s.log.Info("link to AIM lost", "err", err, "lived", lived)
	rest := s.link.close()
	s.link = nil
	if s.state == signingOn {
		s.giveUpWaits()
		s.settle(fmt.Errorf("The AIM server at %s closed the connection; try again later", s.o.Server))
		s.end("Sign-on failed")
		return
	}
	first := s.state == online
	s.state, s.redial.failed = waiting, 0
	if lived >= stableTime {
		s.redial.attempt = 0
	}
	if first {
		s.everybodyGone()
		s.tellNetworks()
	}
	s.giveUpWaits()
	s.returnUnsent(rest)
	s.resume()
	s.schedule(err)
	if s.leaving {
		s.lingerOver()
	}
}

// schedule plans the next attempt. The delay doubles with each attempt since the last stable link, because a link that
// ends soon after sign-on may mean that the user signed on elsewhere, and the two must not throw each other out.
func (s *session) schedule(err error) {
	d := s.o.Backoff.delay(s.redial.attempt)
	var refused toc.ServerError
	if errors.As(err, &refused) && refused.Code == 983 {
		d = max(d, tooOftenMin)
		s.redial.reason = "AIM says that we sign on too often"
	} else {
		s.redial.reason = reasonText(err)
	}
	s.redial.attempt++
	s.redial.failed++
	s.dialAt(time.Now().Add(d))
	if s.redial.failed <= toldAttempts { // a server that is down for a night is no news every five minutes
		s.news(s.waitingText())
	}
}

// reasonText is why there is no link. The live server closes without a word when another session throws us out.
func reasonText(err error) string {
	if errors.Is(err, io.EOF) {
		return "the AIM server closed the connection (it does that too when you sign on elsewhere)"
	}
	return rootCause(err).Error()
}

// delay is Min doubled attempt times, at most Max, less a random third.
func (b Backoff) delay(attempt int) time.Duration {
	d := b.Max
	if attempt < 20 {
		d = min(b.Max, b.Min<<attempt)
	}
	return d - time.Duration(rand.Int64N(int64(d)/3+1))
}

// waitingText says why there is no link and when the next attempt comes.
func (s *session) waitingText() string {
	if s.dialing || s.link != nil {
		return "Not connected to AIM yet: signing on. What you say meanwhile is " + s.meanwhile() + "."
	}
	return fmt.Sprintf("Not connected to AIM: %s. Trying again in %s; what you say meanwhile is %s.", s.redial.reason, s.redial.in(), s.meanwhile())
}

// noLinkText answers whoever wants something of AIM while there is no link.
func (s *session) noLinkText() string {
	switch {
	case s.state == signedOff:
		return "you are signed off from AIM, signon comes back"
	case s.dialing || s.link != nil:
		return "not connected to AIM yet, signing on"
	}
	return fmt.Sprintf("not connected to AIM at the moment, trying again in %s", s.redial.in())
}

// in is how long it is until the next attempt.
func (r *redial) in() time.Duration {
	return max(time.Until(r.at).Round(time.Second), time.Second)
}
