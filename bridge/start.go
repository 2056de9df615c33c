package bridge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tocbridge/bridge/seal"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// Start signs the accounts on that are always on. It reads which those are, begins with them, and returns; those that AIM
// does not let in at once go on trying. Call it once, when the IRC side is about to listen.
func (b *Bridge) Start(ctx context.Context) error {
	if b.o.Store == nil {
		return nil
	}
	keys, err := b.o.Store.Having(ctx, kindSecret, secretPassword, "")
	if err != nil {
		return fmt.Errorf("find the accounts that are always on: %w", err)
	}
	switch {
	case len(keys) == 0:
		return nil
	case b.o.Key == nil:
		b.o.Log.Error("accounts that are always on stay off: there is no key to open their passwords with", "accounts", len(keys), "set", "store.key_file")
		return nil
	}
	b.o.Log.Info("signing on the accounts that are always on", "accounts", len(keys))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	b.running.Go(func() {
		for _, key := range keys {
			if b.ctx.Err() != nil {
				return
			}
			b.wake(key)
		}
	})
	return nil
}

// wake begins the session of an account that is always on, unless its user was faster.
func (b *Bridge) wake(key string) {
	log := b.o.Log.With("account", key)
	name, password, off, err := b.stored(b.ctx, key)
	switch {
	case off:
		log.Info("an account that is always on was signed off by its user; it stays off until the next login")
		return
	case err != nil:
		log.Error("an account that is always on stays off until its user logs in: its stored password cannot be had", "err", err)
		return
	case password.Empty():
		log.Warn("an account that is always on stays off until its user logs in: AIM has refused the stored password")
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.sessions[key] != nil {
		return
	}
	s := newSession(b, name, ircd.Credentials{Password: password.Reveal(), Mechanism: "EXTERNAL"})
	s.woken = true
	b.launch(s)
}

// launch registers a session and runs it. Bridge.mu is held.
func (b *Bridge) launch(s *session) {
	b.sessions[s.key] = s
	b.near.welcome(s.key)
	b.running.Add(1) // until over
	s.inbox.first(do((*session).wakeOrDial))
	go s.work()
}

// wakeOrDial is what happens first in a session.
func (s *session) wakeOrDial() {
	if s.woken {
		s.wakeUp()
	} else {
		s.dial()
	}
}

// wakeUp begins a session that nobody waits for: as if the link had been lost when the program ended. Clients may come in at
// once.
func (s *session) wakeUp() {
	s.openAccount()
	s.state = waiting
	s.leaveAlone()
	s.redial.reason = "this server was started a moment ago"
	s.dialAt(time.Now().Add(rand.N(gateJitter)))
	s.settle(nil)
}

// dialAt plans a sign-on that nobody waits for, when the limits of the server allow it.
func (s *session) dialAt(at time.Time) {
	now := time.Now()
	s.redial.at = s.b.gate.reserve(now, at)
	s.redial.timer = time.AfterFunc(s.redial.at.Sub(now), func() { s.post(do((*session).dial)) })
}

// hurry signs on at once instead of at the planned time: somebody waits for it.
func (s *session) hurry() {
	if s.state == waiting && s.redial.timer != nil && s.redial.timer.Stop() {
		s.redial.at = time.Now()
		s.dial()
	}
}

// kindSelf is what an account is to itself.
const (
	kindSelf = "self"
	selfName = "name" // its screen name as formatted
	selfOff  = "off"  // "yes": signed off by its user, who wants to come back by signon, or by a login
)

// rememberName keeps how the own name is formatted, for when the account begins without AIM.
func (s *session) rememberName() {
	if s.alwaysOn() {
		s.acct.Put(kindSelf, selfName, string(s.self.name))
	}
}

// stored are the screen name of an account as formatted, its stored password (empty: there is none to be used), and whether
// its user has signed it off.
func (b *Bridge) stored(ctx context.Context, key string) (name toc.ScreenName, password seal.Secret, off bool, err error) {
	if b.o.Store == nil {
		return "", seal.Secret{}, false, nil
	}
	acct, err := b.o.Store.Account(ctx, key)
	if err != nil {
		return "", seal.Secret{}, false, err
	}
	name = toc.ScreenName(key)
	if formatted, ok := acct.Get(kindSelf, selfName); ok && toc.ScreenName(formatted).Key() == key {
		name = toc.ScreenName(formatted)
	}
	_, off = acct.Get(kindSelf, selfOff)
	password, err = b.storedPassword(acct)
	return name, password, off, err
}
