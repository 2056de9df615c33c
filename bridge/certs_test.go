package bridge

import (
	"context"
	"strings"
	"testing"

	"tocbridge/ircd"
)

func TestCertificates(t *testing.T) {
	t.Parallel()
	r, c, _ := talk(t)
	fp := strings.Repeat("0a", 32)
	external := func(account, fp string) error {
		s, err := r.bridge.Authenticate(context.Background(), ircd.Credentials{Mechanism: "EXTERNAL", Account: account, CertFP: fp, Nick: "alice"})
		if err == nil {
			s.Detach(nil)
		}
		return err
	}
	if external("", fp) == nil || external("alice", "") == nil {
		t.Fatal("a certificate that nobody bound lets in")
	}
	if got := ask(c, "certfp add"); !strings.Contains(got, "You showed no certificate") {
		t.Errorf("add without TLS: %q", got)
	}
	if got := ask(c, "certfp add 12"); !strings.Contains(got, "64 hex digits") {
		t.Errorf("add nonsense: %q", got)
	}
	spelled := strings.ToUpper(strings.TrimSuffix(strings.Repeat("0a:", 32), ":"))
	if got := ask(c, "certfp add "+spelled); !strings.Contains(got, "Added "+fp) {
		t.Errorf("add: %q", got)
	}
	if err := external("", fp); err != nil {
		t.Errorf("a bound certificate: %v", err)
	}
	if err := external("Alice", fp); err != nil {
		t.Errorf("with its name: %v", err)
	}
	if external("bob", fp) == nil {
		t.Error("alice's certificate lets in as bob")
	}
	bob, _ := r.login("bob")
	if got := ask(bob, "certfp add "+fp); !strings.Contains(got, "Not added") {
		t.Errorf("bob adds alice's: %q", got)
	}
	if got := ask(c, "certfp list"); !strings.Contains(got, fp) || !strings.Contains(got, "1 certificate") {
		t.Errorf("list: %q", got)
	}
	if got := ask(c, "certfp del 0a0a0a"); !strings.Contains(got, "does not let anybody in") {
		t.Errorf("del: %q", got)
	}
	if external("", fp) == nil {
		t.Error("still lets in after del")
	}
}

// TestCertificateNeverSignsOnAnonymously: where names need no password, a certificate is still not a name.
func TestCertificateNeverSignsOnAnonymously(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Anonymous: true})
	_, err := r.bridge.Authenticate(context.Background(), ircd.Credentials{Mechanism: "EXTERNAL", Account: "alice", CertFP: strings.Repeat("0", 64)})
	if err == nil {
		t.Error("let in")
	}
}
