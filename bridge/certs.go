package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// certMax bounds the certificates bound to one account.
const certMax = 16

// kindCert is the state of an account that has its certificates: fingerprint -> when it was bound, RFC 3339.
const kindCert = "cert"

const strangeCert = "This certificate belongs to no account here. Log in with your password and say: certfp add"

// external lets a client in by its certificate (SASL EXTERNAL). The certificate proves who the client is to us, not to
// AIM, so the account has to be signed on, or to have its AIM password stored here.
func (b *Bridge) external(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	key, err := b.ownerOf(ctx, cred.CertFP)
	switch {
	case err != nil:
		b.o.Log.Warn("find the owner of a certificate", "err", err)
		return nil, errors.New("Certificates cannot be looked up at the moment: log in with your password")
	case key == "" || cred.Account != "" && toc.ScreenName(cred.Account).Key() != key:
		return nil, passwordMismatch(strangeCert)
	}
	for {
		s, err := b.join(ctx, key)
		if s != nil || err != nil {
			return s, err
		}
		s, err = b.signOnStored(ctx, key, cred)
		if !errors.Is(err, errEnded) {
			return s, err
		}
	}
}

// join attaches to the live session of an account whose user is known. nil: there is none.
func (b *Bridge) join(ctx context.Context, key string) (ircd.Session, error) {
	b.mu.Lock()
	s := b.sessions[key]
	closed := b.closed
	if s != nil && !closed {
		s.refs++
	}
	b.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case s == nil:
		return nil, nil
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		b.release(s)
		return nil, ctx.Err()
	}
	if s.err != nil {
		b.release(s)
		return nil, passwordMismatch("Your account could not be signed on: log in with your password")
	}
	return s, nil
}

// signOnStored signs an account on with the password that is stored for it. errEnded: try again.
func (b *Bridge) signOnStored(ctx context.Context, key string, cred ircd.Credentials) (ircd.Session, error) {
	name, password, _, err := b.stored(ctx, key)
	if err != nil {
		b.o.Log.Warn("a stored password does not open", "account", key, "err", err)
	}
	if password.Empty() {
		return nil, passwordMismatch("Your account is not signed on, and AIM takes no certificates: log in with your password this time")
	}
	cred.Account, cred.Password = key, password.Reveal()
	s, first, err := b.acquire(name, cred)
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, cred, first); err != nil {
		b.release(s)
		var r *ircd.Reply
		if errors.As(err, &r) && r.Numeric == irc.ERR_PASSWDMISMATCH {
			return nil, passwordMismatch("AIM does not accept the password any more that is stored here for your account: log in with the right one this time")
		}
		return nil, err
	}
	return s, nil
}

// ownerOf is the account that a certificate is bound to, "" if there is none.
func (b *Bridge) ownerOf(ctx context.Context, fp string) (string, error) {
	if fp == "" {
		return "", nil
	}
	b.mu.Lock()
	key := b.certs[fp]
	b.mu.Unlock()
	if key != "" || b.o.Store == nil {
		return key, nil
	}
	keys, err := b.o.Store.Having(ctx, kindCert, fp, "")
	if err != nil || len(keys) == 0 {
		return "", err
	}
	return keys[0], nil
}

// claimCert takes a certificate for an account, among those that are being bound or are not stored; false: it is taken.
func (b *Bridge) claimCert(fp, key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if owner, taken := b.certs[fp]; taken {
		return owner == key
	}
	b.certs[fp] = key
	return true
}

func (b *Bridge) dropCert(fp string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.certs, fp)
}

// certs are the certificates of the account, sorted.
func (s *session) certs() (out []string) {
	if s.acct != nil {
		return s.acct.Names(kindCert)
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	for _, fp := range sortedKeys(s.b.certs) {
		if s.b.certs[fp] == s.key {
			out = append(out, fp)
		}
	}
	return out
}

// bindCert binds a certificate to the account, unless it is somebody else's. done may run later.
func (s *session) bindCert(fp string, done func(why string)) {
	const taken = "it belongs to another account"
	if !s.b.claimCert(fp, s.key) {
		done(taken)
		return
	}
	if s.acct == nil {
		done("")
		return
	}
	s.read(func(ctx context.Context) event {
		owners, err := s.o.Store.Having(ctx, kindCert, fp, "")
		return do(func(s *session) {
			defer s.b.dropCert(fp)
			switch {
			case err != nil:
				done(storeWords(err))
			case len(owners) > 0 && owners[0] != s.key:
				done(taken)
			default:
				s.acct.Put(kindCert, fp, time.Now().UTC().Format(time.RFC3339))
				done("")
			}
		})
	})
}

// unbindCert takes a certificate back; fp may be a beginning that is clear.
func (s *session) unbindCert(fp string) bool {
	found := slices.DeleteFunc(s.certs(), func(have string) bool { return !strings.HasPrefix(have, fp) })
	if len(found) != 1 {
		return false
	}
	s.saveState(kindCert, found[0], "")
	s.b.dropCert(found[0])
	return true
}

// certFP reads a fingerprint as people write it: hex in either case, with or without colons.
func certFP(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

func (s *session) controlCertFP(k *call) {
	arg := ""
	if len(k.args) > 1 {
		arg = certFP(k.args[1])
	}
	switch strings.ToLower(k.args[0]) {
	case "add":
		s.certAdd(k, arg)
	case "del", "remove":
		if len(arg) < 4 || !s.unbindCert(arg) {
			k.reply("No such certificate, or several: certfp list shows them.")
			return
		}
		k.reply("That certificate does not let anybody in any more.")
	case "list":
		certs := s.certs()
		for _, fp := range certs {
			k.reply("%s", fp)
		}
		k.reply("%s", plural(len(certs), "certificate lets you in", "certificates let you in"))
	default:
		k.reply("Usage: certfp list | add [FINGERPRINT] | del FINGERPRINT")
	}
}

func (s *session) certAdd(k *call, fp string) {
	if fp == "" {
		fp = k.c.conn.CertFP()
	}
	certs := s.certs()
	switch {
	case s.mac == nil:
		k.reply("This account has no password, so it cannot be shared.")
	case fp == "":
		k.reply("You showed no certificate: connect with TLS and a client certificate, or give its SHA-256 fingerprint.")
	case len(fp) != 64 || strings.Trim(fp, "0123456789abcdef") != "":
		k.reply("That is no SHA-256 fingerprint: it has 64 hex digits.")
	case len(certs) >= certMax && !slices.Contains(certs, fp):
		k.reply("Not added: you have %d already.", certMax)
	default:
		finish := k.c.conn.Defer()
		s.bindCert(fp, func(why string) {
			finish(func() error {
				if why != "" {
					k.reply("Not added: %s.", why)
					return nil
				}
				k.reply("Added %s: it lets you in (SASL EXTERNAL) %s.", fp, s.whenCertsWork())
				return nil
			})
		})
	}
}

// whenCertsWork says on what a login without a password depends.
func (s *session) whenCertsWork() string {
	if s.alwaysOn() {
		return "at any time, because this account is always on"
	}
	return "while this account is signed on"
}
