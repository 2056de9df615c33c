package bridge

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"tocbridge/bridge/seal"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

// An account that is always on has its AIM password in the store: sealed, so that it can be signed on again when this program
// starts, and hashed, so that its user can be let in while AIM is away and the key too.
const (
	kindSecret     = "secret"
	secretPassword = "password" // as seal.Key.Seal makes it; that it is there is what makes an account always on
	secretHash     = "hash"     // as seal.Hasher makes it
	secretRefused  = "refused"  // when AIM refused the stored password, RFC 3339: it is not tried again
)

// staying is what a session knows of its account's staying on.
type staying struct {
	woken     bool   // begun by Bridge.Start
	fromStore bool   // begun with the stored password
	note      string // for the next client
}

// hashesAtOnce bounds how many passwords are hashed at the same time, each with seal.DefaultCost's 19 MiB.
const hashesAtOnce = 2

// alwaysOn reports whether the account stays signed on without clients, over restarts too.
func (s *session) alwaysOn() bool {
	if s.acct == nil {
		return false
	}
	_, ok := s.acct.Get(kindSecret, secretPassword)
	return ok
}

// storedPassword opens the sealed password of an account. Empty: there is none, or AIM has refused it.
func (b *Bridge) storedPassword(acct *store.Account) (seal.Secret, error) {
	sealed, ok := acct.Get(kindSecret, secretPassword)
	if _, refused := acct.Get(kindSecret, secretRefused); !ok || refused {
		return seal.Secret{}, nil
	}
	if b.o.Key == nil {
		return seal.Secret{}, errNoKey
	}
	return b.o.Key.Open(acct.Key(), sealed)
}

var errNoKey = errors.New("there is no key to open the stored password with")

// storePassword seals the account's password and keeps it, with a hash of it; the hash takes a while, after which done runs.
func (s *session) storePassword(done func(error)) {
	secret := s.password
	sealed, err := s.o.Key.Seal(s.key, secret)
	if err != nil {
		done(err)
		return
	}
	s.acct.Delete(kindSecret, secretHash) // of the password before
	s.acct.Put(kindSecret, secretPassword, sealed)
	s.acct.Delete(kindSecret, secretRefused)
	s.rememberName()
	s.read(func(ctx context.Context) event {
		hash, err := s.b.hasher.Hash(ctx, secret)
		return do(func(s *session) {
			if err == nil && s.alwaysOn() && s.password.Equal(secret) { // not taken back meanwhile
				s.acct.Put(kindSecret, secretHash, hash)
			}
			done(err)
		})
	})
}

// forgetPassword takes everything secret out of the store.
func (s *session) forgetPassword() {
	for _, name := range []string{secretPassword, secretHash, secretRefused} {
		s.acct.Delete(kindSecret, name)
	}
}

// passwordAccepted is for when AIM has let the account in for the first time in this session: what is stored follows the
// password that AIM takes, and a new key.
func (s *session) passwordAccepted() {
	s.saveState(kindSelf, selfOff, "")
	if !s.alwaysOn() {
		return
	}
	if s.o.Key == nil {
		s.note = "This account is set to be always on, but this server has lost its key: it will not sign you on again after a restart before the key is back."
		return
	}
	_, refused := s.acct.Get(kindSecret, secretRefused)
	sealed, _ := s.acct.Get(kindSecret, secretPassword)
	_, hashed := s.acct.Get(kindSecret, secretHash)
	stored, err := s.o.Key.Open(s.key, sealed)
	if err == nil && hashed && !refused && stored.Equal(s.password) {
		return
	}
	if refused {
		s.note = "AIM refused the password that was stored here, so this account was off while you were away. The one you have just used is stored now, and the account is always on again."
	}
	s.log.Info("the stored password is replaced by the one that AIM takes")
	s.storePassword(s.stored)
}

// stored notes in the log that storing a password failed.
func (s *session) stored(err error) {
	if err != nil {
		s.log.Warn("hash of the stored password", "err", err)
	}
}

// passwordChanged is for a password that AIM has taken in place of the old one.
func (s *session) passwordChanged(password string) {
	s.password = seal.NewSecret(password)
	mac := s.b.mac(password)
	s.b.mu.Lock()
	s.mac = mac
	s.b.mu.Unlock()
	if s.alwaysOn() && s.o.Key != nil {
		s.storePassword(s.stored)
	}
}

// passwordRefused is for an account whose stored password AIM does not take: it is never tried again.
func (s *session) passwordRefused() {
	if !s.alwaysOn() {
		return
	}
	s.acct.Put(kindSecret, secretRefused, time.Now().UTC().Format(time.RFC3339))
	s.log.Warn("AIM refuses the stored password of an account that is always on; it is not tried again before its user has logged in")
}

// aimDown is AOL's code for a service that is down for a while (TOC2 reference §4.4).
const aimDown = 981

// unreachable reports whether a failed sign-on says nothing about the password.
func unreachable(err error) bool {
	var refused toc.ServerError
	return !errors.As(err, &refused) || refused.Code == aimDown || refused.Code == toc.ErrTooOften
}

// admission is the answer to whether somebody may be let in though AIM cannot be asked.
type admission struct {
	err error // of the sign-on
	ok  bool
}

// askHash looks whether the password is the one that AIM took when it was stored. false: it cannot be known.
func (s *session) askHash(err error) bool {
	if s.o.Store == nil || s.password.Empty() || !unreachable(err) {
		return false
	}
	secret := s.password
	s.read(func(ctx context.Context) event {
		acct, problem := s.o.Store.Account(ctx, s.key)
		if problem != nil {
			return admission{err: err}
		}
		hash, ok := acct.Get(kindSecret, secretHash)
		if _, refused := acct.Get(kindSecret, secretRefused); !ok || refused {
			return admission{err: err}
		}
		ok, problem = s.b.hasher.Verify(ctx, hash, secret)
		if problem != nil {
			s.log.Warn("compare with the stored password", "err", problem)
		}
		return admission{err, ok}
	})
	return true
}

// apply lets the user in to wait for AIM, or tells that AIM is not to be had.
func (a admission) apply(s *session) {
	if !a.ok {
		s.refuse(a.err)
		return
	}
	s.log.Info("let in by the stored password; AIM cannot be asked")
	s.state = waiting
	s.openAccount()
	s.settle(nil)
	s.schedule(a.err)
}

func (s *session) passwordMAC() []byte {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	return s.mac
}

// mismatch is for a password that is not the session's. One that began with a stored password may have the wrong one
// itself: AIM is asked first.
func (s *session) mismatch(ctx context.Context) error {
	if !s.wasTried() {
		s.post(do((*session).hurry))
	}
	select {
	case <-s.tried:
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.b.peer(s.key) != s {
		return errEnded
	}
	return passwordMismatch("Wrong password for this screen name, which is signed on here already")
}

// check compares the password with that of the live session.
func (s *session) check(ctx context.Context, cred ircd.Credentials) error {
	switch mac := s.passwordMAC(); {
	case s.err != nil:
		return errEnded // its starter was refused; these credentials get an attempt of their own
	case mac == nil:
		return nickInUse(cred.Account)
	case subtle.ConstantTimeCompare(mac, s.b.mac(cred.Password)) == 1:
		return nil
	}
	return s.mismatch(ctx)
}
