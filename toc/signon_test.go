package toc

import (
	"errors"
	"strings"
	"testing"
)

func TestRoastVectors(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"password": "0x2408105c23001130", "pwalice": "0x241e02433d0c06", "": "0x",
	} {
		if got := Roast(password); got != want {
			t.Errorf("Roast(%q) = %s, want %s", password, got, want)
		}
		if got, err := Unroast(want); err != nil || got != password {
			t.Errorf("Unroast(%s) = %q, %v", want, got, err)
		}
	}
	if got, err := Unroast("0X241E02433D0C06"); err != nil || got != "pwalice" {
		t.Errorf("upper case: %q, %v", got, err)
	}
	for _, bad := range []string{"", "0", "0x1", "pwalice", "0xzz", "0x24\x00"} {
		if got, err := Unroast(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("Unroast(%q) = %q, %v", bad, got, err)
		}
	}
}

func TestSignOnCodeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name     ScreenName
		password string
		want     int
	}{
		{"alicesmith", "pwalice", 83609344}, {"Alice Smith", "pwalice", 83609344}, {"toctest1", "testpass1", 103557376},
		{"bob", "pwbob", 84471296}, {"", "x", 0}, {"x", "", 0},
	} {
		if got := SignOnCode(v.name, v.password); got != v.want {
			t.Errorf("%s/%s: %d, want %d", v.name, v.password, got, v.want)
		}
	}
	// the classic way to reckon it, for all letters and printable passwords
	for n := 'a'; n <= 'z'; n++ {
		for p := '!'; p <= '~'; p++ {
			a, b := 7696*(int(n)-96)+738816, 746512*(int(n)-96)
			want := a*(int(p)-96) - a + b + 71665152
			if got := SignOnCode(ScreenName(n), string(p)); got != want {
				t.Fatalf("%c/%c: %d, want %d", n, p, got, want)
			}
		}
	}
}

func TestNewSignOn(t *testing.T) {
	t.Parallel()
	for form, want := range map[LoginForm]string{
		Login2: `toc2_login login.oscar.aol.com 29999 alicesmith 0x241e02433d0c06 english "TIC:x" ` +
			`160 US "" "" 3 0 30303 -kentucky -utf8 83609344`,
		SignOn2: `toc2_signon login.oscar.aol.com 5190 alicesmith 0x241e02433d0c06 english "TIC:x" 160 83609344`,
		SignOn1: `toc_signon login.oscar.aol.com 5190 alicesmith 0x241e02433d0c06 english "TIC:x"`,
	} {
		c := NewSignOn(form, "Alice Smith", "pwalice", "TIC:x")
		if got := c.Line(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		back, err := ParseSignOn(want + "\x00")
		if pw, perr := back.Password(); err != nil || perr != nil || pw != "pwalice" || back.Form != form || back.Line() != want {
			t.Errorf("%#v, %v, %v", back, err, perr)
		}
	}
}

// TestParseSignOn: like the live server, captures 03.
func TestParseSignOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		payload, name, password string
		ok                      bool
	}{
		{`toc2_login h 1 "ALICE smith" 0X241E02433D0C06 en "TIC:x"` + "\x00", "ALICE smith", "pwalice", true},
		{`toc2_login h 1 alicesmith 0x241e02433d0c06 en` + "\x00", "alicesmith", "pwalice", true},
		{` toc_signon h 1 bob 0x24 en`, "bob", "p", true},
		{`"toc_signon" h 1 bob 0x24 en`, "bob", "p", true},
		{`toc2_login h 1 alicesmith 0x241e02433d0c06` + "\x00", "alicesmith", "", false},
		{`toc2_login h 1 alicesmith pwalice en` + "\x00", "alicesmith", "", false},
	} {
		s, err := ParseSignOn(c.payload)
		pw, perr := s.Password()
		if err != nil || string(s.Name) != c.name || (perr == nil) != c.ok || pw != c.password {
			t.Errorf("%q: %#v, %v; %q, %v", c.payload, s, err, pw, perr)
		}
	}
	for _, bad := range []string{"", "\x00", "toc_init_done\x00", "toc2_login\x00", "toc2_login h 1 x", "\n", "TOC2_LOGIN h 1 a 0x24 en"} {
		if s, err := ParseSignOn(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %#v, %v", bad, s, err)
		}
	}
}

// TestLongPassword: the demo's longest password fits a sign-on.
func TestLongPassword(t *testing.T) {
	t.Parallel()
	password := strings.Repeat("é", 300)
	line := NewSignOn(Login2, "alice", password, defaultVersion).Line()
	if len(line) > MaxCommand {
		t.Errorf("%d bytes", len(line))
	}
	s, err := ParseSignOn(line + "\x00")
	if pw, perr := s.Password(); err != nil || perr != nil || pw != password {
		t.Error(err, perr)
	}
}
