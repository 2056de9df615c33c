package bridge

import (
	"context"
	"strings"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// certMax bounds the certificates bound to one account.
const certMax = 16

// external lets a client in by its certificate (SASL EXTERNAL). The certificate proves who the client is to us, not to
// AIM, so the account has to be signed on.
func (b *Bridge) external(ctx context.Context, cred ircd.Credentials) (ircd.Session, error) {
	b.mu.Lock()
	key, bound := b.certs[cred.CertFP]
	s := b.sessions[key]
	if bound && s != nil && !b.closed {
		s.refs++
	}
	closed := b.closed
	b.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case cred.CertFP == "" || !bound || cred.Account != "" && toc.ScreenName(cred.Account).Key() != key:
		return nil, passwordMismatch("This certificate belongs to no account here. Log in with your password and say: certfp add")
	case s == nil:
		return nil, passwordMismatch("Your account is not signed on, and AIM takes no certificates: log in with your password this time")
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

// bindCert binds a certificate to an account; false: it is somebody else's, or the account has too many.
func (b *Bridge) bindCert(fp, key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	owner, taken := b.certs[fp]
	if taken && owner != key || !taken && len(b.certsOfLocked(key)) >= certMax {
		return false
	}
	b.certs[fp] = key
	return true
}

// unbindCert takes a certificate back; fp may be a beginning that is clear.
func (b *Bridge) unbindCert(fp, key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, have := range b.certsOfLocked(key) {
		if strings.HasPrefix(have, fp) {
			found = append(found, have)
		}
	}
	if len(found) != 1 {
		return false
	}
	delete(b.certs, found[0])
	return true
}

func (b *Bridge) certsOf(key string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.certsOfLocked(key)
}

func (b *Bridge) certsOfLocked(key string) (out []string) {
	for _, fp := range sortedKeys(b.certs) {
		if b.certs[fp] == key {
			out = append(out, fp)
		}
	}
	return out
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
		if len(arg) < 4 || !s.b.unbindCert(arg, s.key) {
			k.reply("No such certificate, or several: certfp list shows them.")
			return
		}
		k.reply("That certificate does not let anybody in any more.")
	case "list":
		certs := s.b.certsOf(s.key)
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
	switch {
	case s.mac == nil:
		k.reply("This account has no password, so it cannot be shared.")
	case fp == "":
		k.reply("You showed no certificate: connect with TLS and a client certificate, or give its SHA-256 fingerprint.")
	case len(fp) != 64 || strings.Trim(fp, "0123456789abcdef") != "":
		k.reply("That is no SHA-256 fingerprint: it has 64 hex digits.")
	case !s.b.bindCert(fp, s.key):
		k.reply("Not added: it belongs to another account, or you have %d already.", certMax)
	default:
		k.reply("Added %s: it lets you in (SASL EXTERNAL) while this account is signed on.", fp)
	}
}
