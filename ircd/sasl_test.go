package ircd_test

import (
	"strings"
	"testing"

	"tocbridge/ircd"
)

func TestSASL(t *testing.T) {
	t.Parallel()
	long, exact := strings.Repeat("bar", 100), strings.Repeat("x", 592)
	s := start(t, func(s *server) {
		s.Limits.LoginFailures = 0
		s.auth = passwords(map[string]string{
			"jilles": "sesame", "Cool Guy": "p w", "foo": long, "bar": exact, "é": strings.Repeat("é", 100),
		})
	})
	ok := []string{"900 * *!*@* ?! :You are now logged in as ?", "903 * *"}
	tests := []struct {
		name, blob string
		want       []string
		account    string
	}{
		{"authzid", "jilles\x00jilles\x00sesame", ok, "jilles"},
		{"no authzid", "\x00jilles\x00sesame", ok, "jilles"},
		{"device", "\x00jilles@phone\x00sesame", ok, "jilles"},
		{"device, both", "jilles\x00Jilles@phone\x00sesame", []string{"904 * *"}, ""}, // the name is another: case counts here
		{"space", "\x00Cool Guy\x00p w", ok, "Cool Guy"},
		{"two chunks", "foo\x00foo\x00" + long, ok, "foo"},
		{"800 bytes", "bar\x00bar\x00" + exact, ok, "bar"},
		{"not ASCII", "\x00é\x00" + strings.Repeat("é", 100), ok, "é"},
		{"wrong", "\x00jilles\x00millet", []string{"904 * :Wrong screen name or password"}, ""},
		{"for somebody else", "foo\x00jilles\x00sesame", []string{"904 * *"}, ""},
		{"no name", "\x00\x00sesame", []string{"904 * *"}, ""},
		{"no password", "\x00jilles\x00", []string{"904 * *"}, ""},
		{"two parts", "jilles\x00sesame", []string{"904 * *"}, ""},
		{"four parts", "a\x00jilles\x00sesame\x00x", []string{"904 * *"}, ""},
		{"bad UTF-8", "\x00jilles\x00\xff", []string{"904 * *"}, ""},
		{"control character", "\x00jil\nles\x00x", []string{"904 * *"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := s.dialFor(t)
			c.Send("CAP REQ sasl")
			c.ExpectNext("CAP * ACK sasl")
			c.Send("AUTHENTICATE PLAIN")
			c.ExpectNext("AUTHENTICATE +")
			blob := b64(tt.blob)
			for len(blob) >= 400 {
				c.Send("AUTHENTICATE %s", blob[:400])
				blob = blob[400:]
			}
			if blob == "" {
				blob = "+"
			}
			c.Send("AUTHENTICATE %s", blob)
			for _, w := range tt.want {
				nick := strings.ReplaceAll(tt.account, " ", "")
				c.ExpectNext(strings.ReplaceAll(strings.ReplaceAll(w, "?!", nick), "?", tt.account))
			}
			if tt.account == "" {
				return
			}
			c.Send("AUTHENTICATE PLAIN")
			c.ExpectNext("907 * *")
			c.Send("NICK x")
			c.Send("USER x 0 * :x")
			c.ExpectNot("001 ...")
			c.Send("CAP END")
			c.Expect("376 ...")
			c.Send("AUTHENTICATE PLAIN")
			c.ExpectNext("907 ...")
		})
	}
}

func TestSASLErrors(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.auth = passwords(map[string]string{"jilles": "sesame"}) })
	c := s.dial()
	step := func(send string, want ...string) {
		t.Helper()
		c.Send("%s", send)
		for _, w := range want {
			c.ExpectNext(w)
		}
	}
	step("AUTHENTICATE FOO", "908 * PLAIN *", "904 * *")
	step("AUTHENTICATE *", "906 * *")
	step("AUTHENTICATE plain", "AUTHENTICATE +")
	step("AUTHENTICATE *", "906 * *")
	step("AUTHENTICATE PLAIN", "AUTHENTICATE +")
	step("AUTHENTICATE "+strings.Repeat("A", 401), "905 * *")
	step("AUTHENTICATE PLAIN", "AUTHENTICATE +")
	step("AUTHENTICATE !!!", "904 * *")
	step("AUTHENTICATE PLAIN", "AUTHENTICATE +")
	step("AUTHENTICATE +", "904 * *") // nothing at all
	step("AUTHENTICATE PLAIN", "AUTHENTICATE +")
	step("AUTHENTICATE "+b64("\x00jilles\x00millet"), "904 * *")
	step("AUTHENTICATE PLAIN", "AUTHENTICATE +") // and once more, after a 904
	step("AUTHENTICATE "+b64("\x00jilles\x00sesame"), "900 ...", "903 ...")
	step("NICK jilles")
	step("USER u 0 * :r", "001 jilles *")
}

// Endless chunks cost no endless memory.
func TestSASLEndless(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Limits.Rate = 0 })
	c := s.dial()
	c.Send("AUTHENTICATE PLAIN")
	c.ExpectNext("AUTHENTICATE +")
	for range 11 {
		c.Send("AUTHENTICATE %s", strings.Repeat("A", 400))
	}
	c.ExpectNext("904 * *")
	if n := s.asked(); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// CAP END in the middle of an exchange ends it: 906, and registration goes on without it.
func TestSASLUnfinished(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Send("CAP REQ sasl")
	c.Send("AUTHENTICATE PLAIN")
	c.Expect("AUTHENTICATE +")
	c.Send("NICK jilles")
	c.Send("USER u 0 * :r")
	c.Send("CAP END")
	c.ExpectNext("906 * *")
	c.ExpectNext("001 jilles *")
	if got := s.lastCred(); got.Mechanism != "" || got.Password != "" {
		t.Errorf("got %+v", got)
	}
	c.Expect("376 ...")
	c.Send("AUTHENTICATE PLAIN")
	c.ExpectNext("462 ...")
}

func TestSASLCredentials(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Authenticate("Cool Guy@phone", "p:w")
	c.Expect("903 ...")
	got := s.lastCred()
	got.RemoteAddr = nil
	if want := (ircd.Credentials{Account: "Cool Guy", Device: "phone", Raw: "Cool Guy@phone", Password: "p:w", Mechanism: "PLAIN"}); got != want {
		t.Errorf("got %+v", got)
	}
}
