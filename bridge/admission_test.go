package bridge

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/seal"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

var errNoAIM = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}

// begin signs on who is always on.
func (r *rig) begin() {
	r.t.Helper()
	if err := r.bridge.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// refused tries to log in, and returns what the server says.
func (r *rig) refused(password string) string {
	r.t.Helper()
	c := ircdtest.Dial(r.t, r.addr)
	c.Send("PASS :%s\r\nNICK alice\r\nUSER alice 0 * :x", password)
	said := ""
	for _, m := range c.ExpectClosed() {
		if m.Command == "001" {
			r.t.Errorf("let in with %s", password)
		}
		said += m.Trailing() + "\n"
	}
	return said
}

// TestLetInByTheHash: the key is lost and AIM is away. The right password lets in, to wait and to read; a wrong one does not.
func TestLetInByTheHash(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, end := k.alwaysOn()
	c.Close()
	end.tell(im("Bob", "read me"))
	until := r.attach("alice", ircdtest.SASL("alice@other", "secret"))
	until.Expect("PRIVMSG alice :*read me")
	r.stop()
	k.key = nil
	r = k.rig()
	r.refuse("alice", errNoAIM)
	r.begin()
	want(t, k.log.String(), "accounts that are always on stay off: there is no key")
	want(t, r.refused("wrong"), "cannot be reached")
	c = r.attach("alice", ircdtest.SASL("alice@desk", "secret"))
	want(t, ask(c, "account"), "Not connected to AIM")
	c.Send("PRIVMSG &buddies :history bob")
	c.Expect("PRIVMSG &buddies :*read me")
	want(t, r.refused("wrong"), "Wrong password")
	want(t, ask(c, "set always"), "yes, but this server has no key at the moment")
	r.refuse("alice", nil)
	c.Expect("NOTICE &buddies :Signed on to AIM again.")
}

// TestNotLetInWithoutAHash: who never stored a password is told that AIM is away; so is whose stored password AIM has refused.
func TestNotLetInWithoutAHash(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r := k.rig()
	r.refuse("alice", errNoAIM)
	want(t, r.refused("secret"), "cannot be reached: connection refused")
	r.refuse("alice", nil)
	c, _ := r.login("alice")
	want(t, ask(c, "set always-on yes"), "is always on now")
	acct, err := k.st.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	acct.Put(kindSecret, secretRefused, "2026-11-22T20:00:00Z")
	r.stop()
	r = k.rig()
	r.refuse("alice", errNoAIM)
	want(t, r.refused("secret"), "cannot be reached: connection refused")
}

// TestWrongPasswordIsNotUnreachable: AIM's word counts more than the hash.
func TestWrongPasswordIsNotUnreachable(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, _ := k.alwaysOn()
	r.stop()
	r = k.rig()
	for _, err := range []error{toc.ServerError{Code: 980}, toc.ServerError{Code: 982}, toc.ServerError{Code: 989}} {
		r.refuse("alice", err)
		r.refused("secret")
	}
	if k.state(kindSecret, secretRefused) != "" {
		t.Error("a login of the user counts as one with the stored password")
	}
	for _, err := range []error{toc.ServerError{Code: 981}, toc.ServerError{Code: 983}, context.DeadlineExceeded, errNoAIM} {
		if !unreachable(err) {
			t.Errorf("%v is not unreachable", err)
		}
	}
}

// limited makes the bridge wait with sign-ons that nobody waits for.
func limited(o *Options) { o.Pace = pace.Oscar }

func fill(g *gate) {
	for range gateShare {
		g.note(time.Now())
	}
}

// TestPasswordChangedWhileOff: the stored password is old, the account waits for its turn, and its user logs in with the new
// one: AIM decides at once.
func TestPasswordChangedWhileOff(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, _ := k.alwaysOn()
	r.stop()
	r = k.rig(limited, func(o *Options) {
		o.SignOn = func(_ context.Context, name toc.ScreenName, password string) (Uplink, error) {
			if password == "secret" {
				return nil, toc.ServerError{Code: 980}
			}
			f := newFarEnd(t, name)
			f.tell(toc.Nick{Name: name}, toc.Config{V2: true})
			return f, nil
		}
	})
	fill(r.bridge.gate)
	r.bridge.wake("alice")
	c := ircdtest.Dial(t, r.addr)
	c.Register("alice", ircdtest.Pass("changed"))
	c.Expect("NOTICE &buddies :AIM refused the password that was stored here*")
	untilTrue(c, func() bool {
		p, err := k.key.Open("alice", k.state(kindSecret, secretPassword))
		return err == nil && p.Reveal() == "changed"
	})
	want(t, r.refused("secret"), "Wrong password")
}

// TestWrongPasswordWhileWaiting: the same, but the stored password is right.
func TestWrongPasswordWhileWaiting(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, _ := k.alwaysOn()
	r.stop()
	r = k.rig(limited)
	fill(r.bridge.gate)
	r.bridge.wake("alice")
	want(t, r.refused("wrong"), "Wrong password")
	if end := r.nextEnd(); end.name.Key() != "alice" {
		t.Errorf("%s signed on", end.name)
	}
	r.attach("alice")
}

// TestNewKey: what another key sealed stays closed until its user logs in; then it is sealed with the new one.
func TestNewKey(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, _, _ := k.alwaysOn()
	k.key = newKey(t)
	r = k.restart(r)
	c, _ := r.login("alice")
	want(t, k.log.String(), "its stored password cannot be had")
	want(t, k.log.String(), seal.ErrKey.Error())
	untilTrue(c, func() bool {
		p, err := k.key.Open("alice", k.state(kindSecret, secretPassword))
		return err == nil && p.Reveal() == "secret"
	})
	r = k.restart(r)
	r.nextEnd()
}

// TestPasswordChanged: what lets in, what is stored and what signs on again is the new password.
func TestPasswordChanged(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.alwaysOn()
	before := k.state(kindSecret, secretHash)
	s := r.bridge.peer("alice")
	s.post(do(func(s *session) { s.passwordChanged("changed") }))
	untilTrue(c, func() bool { h := k.state(kindSecret, secretHash); return h != "" && h != before })
	want(t, r.refused("secret"), "Wrong password")
	r.attach("alice", ircdtest.SASL("alice", "changed"))
	if ok, err := r.bridge.hasher.Verify(t.Context(), k.state(kindSecret, secretHash), seal.NewSecret("changed")); !ok || err != nil {
		t.Errorf("hash: %v, %v", ok, err)
	}
	if p, err := k.key.Open("alice", k.state(kindSecret, secretPassword)); err != nil || p.Reveal() != "changed" {
		t.Errorf("sealed: %v", err)
	}
}

// external tries a certificate.
func (r *rig) external(account, fp string) error {
	s, err := r.bridge.Authenticate(r.t.Context(), ircd.Credentials{Mechanism: "EXTERNAL", Account: account, CertFP: fp, Nick: "alice"})
	if err == nil {
		s.Detach(nil)
	}
	return err
}

// TestCertificateSignsOn: certificates outlive the program, and sign on who is always on.
func TestCertificateSignsOn(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.alwaysOn()
	fp, other := strings.Repeat("0a", 32), strings.Repeat("0b", 32)
	want(t, ask(c, "certfp add "+fp), "lets you in (SASL EXTERNAL) at any time, because this account is always on")
	bob, _ := r.login("bob")
	want(t, ask(bob, "certfp add "+fp), "Not added: it belongs to another account")
	want(t, ask(bob, "certfp add "+other), "while this account is signed on")
	r.stop()
	r = k.rig() // not begun: nobody is signed on
	if err := r.external("", fp); err != nil {
		t.Errorf("alice: %v", err)
	}
	if end := r.nextEnd(); end.name.Key() != "alice" {
		t.Errorf("%s signed on", end.name)
	}
	if err := r.external("bob", fp); err == nil {
		t.Error("as bob")
	}
	if err := r.external("", other); err == nil || !strings.Contains(err.Error(), "Your account is not signed on") {
		t.Errorf("bob: %v", err)
	}
	c = r.attach("alice")
	want(t, ask(c, "certfp list"), fp)
	want(t, ask(c, "certfp del 0a0a"), "does not let anybody in any more")
	if err := r.external("", fp); err == nil {
		t.Error("deleted, and still lets in")
	}
	r = k.restart(r)
	if err := r.external("", fp); err == nil {
		t.Error("deleted, and lets in again")
	}
}

// TestCertificateWithAnOldPassword: the user is told what to do, and the password is not tried again.
func TestCertificateWithAnOldPassword(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	r, c, _ := k.alwaysOn()
	fp := strings.Repeat("0a", 32)
	ask(c, "certfp add "+fp)
	r.stop()
	r = k.rig()
	r.refuse("alice", toc.ServerError{Code: 980})
	if err := r.external("", fp); err == nil || !strings.Contains(err.Error(), "AIM does not accept the password any more that is stored here") {
		t.Errorf("got %v", err)
	}
	r.refuse("alice", nil)
	if err := r.external("", fp); err == nil || !strings.Contains(err.Error(), "log in with your password this time") {
		t.Errorf("tried again: %v", err)
	}
	r.login("alice")
	if err := r.external("", fp); err != nil {
		t.Errorf("after a login: %v", err)
	}
}
