package ircd_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Send("NICK alice")
	c.Send("USER alice 0 * :Alice A")
	c.ExpectNext(":irc.test 001 alice *alice!alice@127.0.0.1")
	c.ExpectNext("002 alice *irc.test*test-1*")
	c.ExpectNext("003 alice *")
	c.ExpectNext("004 alice irc.test test-1 i ov")
	c.ExpectNext("005 alice CASEMAPPING=ascii NETWORK=Test\\x20Net NICKLEN=32 USERLEN=20 UTF8ONLY WHOX CHANTYPES=&# PREFIX=(ov)@+ MONITOR=100 :are supported by this server")
	c.ExpectNext("251 alice :There are 1 users and 0 invisible on 1 servers")
	c.ExpectNext("252 alice 0 *")
	c.ExpectNext("253 alice 0 *")
	c.ExpectNext("254 alice 0 *")
	c.ExpectNext("255 alice :I have 1 clients and 0 servers")
	c.ExpectNext("265 alice 1 1 *")
	c.ExpectNext("266 alice 1 1 *")
	c.ExpectNext("375 alice *")
	c.ExpectNext("372 alice :- Hello")
	c.ExpectNext("376 alice *")
}

// Everything a client may do wrong before 001, with the exact answer.
func TestBeforeRegistration(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	tests := []struct{ send, want string }{
		{"JOIN :", "451 * *"}, // irssi's probe
		{"JOIN #c", "451 * *"},
		{"PRIVMSG bob :hi", "451 * *"},
		{"NONSENSE", "451 * *"},
		{"MOTD", "451 * *"},
		{"LUSERS", "451 * *"},
		{"NICK", "431 * *"},
		{"NICK :", "431 * *"},
		{"NICK *", "432 * * *"},
		{"NICK 1up", "432 * 1up *"},
		{"NICK -x", "432 * -x *"},
		{"NICK Işıl", "432 * Işıl *"},
		{"NICK a!b", "432 * a!b *"},
		{"NICK " + strings.Repeat("x", 33), "432 * * *"},
		{"USER", "461 * USER *"},
		{"USER a b c", "461 * USER *"},
		{"USER a 0 * :", "461 * USER *"},
		{"PASS", "461 * PASS *"},
		{"CAP", "461 * CAP *"},
		{"CAP NOTACOMMAND", "410 * NOTACOMMAND *"},
		{"CAP LIST", "CAP * LIST :"},
		{"AUTHENTICATE", "461 * AUTHENTICATE *"},
		{"PING tok", "PONG irc.test tok"},
		{"PING", "409 * *"},
		{"PR\xc3\xb6VMSG x", "421 * * *"},
	}
	for _, tt := range tests {
		t.Run(tt.send, func(t *testing.T) {
			t.Parallel()
			c := ircdtest.Dial(t, s.addr)
			c.Send("%s", tt.send)
			c.ExpectNext(":irc.test " + tt.want)
			c.ExpectNot("* ...")
		})
	}
}

// No answer at all: a NOTICE before registration, PONG, ERROR, blank lines, prefixes and tags without a command.
func TestSilenceBeforeRegistration(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, line := range []string{"NOTICE bob :hi", "PONG x", "ERROR :x", "", "   ", ":prefix", "@tag=x", "@tag ", "PASS x", "NICK ok", "USER a 0 * :b"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := ircdtest.Dial(t, s.addr)
			c.Send("%s", line)
			if got := c.Sync(); len(got) != 0 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAfterRegistration(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.Admin = []string{"one", "two", "three"} })
	tests := []struct{ send, want string }{
		{"PASS x", "462 alice *"},
		{"USER a 0 * :b", "462 alice *"},
		{"USER", "461 alice USER *"},
		{"AUTHENTICATE PLAIN", "462 alice *"},
		{"PING", "409 alice *"},
		{"PING :", "409 alice *"},
		{"PING a b", "PONG irc.test a"},
		{"ping :two words", "PONG irc.test :two words"},
		{"NONSENSE", "421 alice NONSENSE *"},
		{"BROKEN", "400 alice BROKEN :something broke"},
		{"prıvmsg x :y", "421 alice * *"},
		{"CAP BAD", "410 alice BAD *"},
		{"CAP END", "PONG ..."},
		{"PRIVMSG", "411 alice *"},
		{"STATS", "461 alice STATS *"},
		{"STATS x", "219 alice x *"},
		{"STATS u", "242 alice :Server Up 0 days *"},
		{"MOTD", "375 alice *"},
		{"MOTD irc.test", "375 alice *"},
		{"MOTD elsewhere", "402 alice elsewhere *"},
		{"VERSION", "351 alice test-1 irc.test *"},
		{"VERSION alice", "351 alice test-1 irc.test *"},
		{"VERSION x.y", "402 alice x.y *"},
		{"ADMIN", "256 alice irc.test *"},
		{"INFO *.test", "371 alice *"},
		{"INFO no", "402 alice no *"},
		{"TIME", "391 alice irc.test *"},
		{"LINKS", "364 alice irc.test irc.test :0 a test server"},
		{"LUSERS", "251 alice *"},
		{"HELP", "704 alice * *"},
		{"HELP ping", "704 alice PING *"},
		{"HELPOP NOSUCH", "524 alice NOSUCH *"},
	}
	for _, tt := range tests {
		t.Run(tt.send, func(t *testing.T) {
			t.Parallel()
			c := ircdtest.Dial(t, s.addr)
			c.Register("alice")
			c.Send("%s", tt.send)
			c.Send("PING end")
			c.ExpectNext(":irc.test " + tt.want)
		})
	}
}

func TestInfoCommandsEnd(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.MOTD = nil
		s.Admin = []string{"one"}
		s.Count = func() ircd.Counts { return ircd.Counts{Invisible: 1, Operators: 2, Channels: 3} }
		s.Commands = []ircd.Command{{Name: "JOIN", Params: "<channel>", Help: "Joins"}, {Name: "AWAY", Help: "Their own"}}
	})
	c := s.dial()
	c.Register("alice")
	for send, want := range map[string][]string{
		"MOTD":      {"422 alice *"},
		"ADMIN":     {"256 alice irc.test *", "257 alice one"},
		"INFO":      {"371 alice :a test server", "371 alice *test-1", "371 alice *", "374 alice *"},
		"LINKS":     {"364 ...", "365 alice * *"},
		"LINKS * b": {"365 alice b *"},
		"HELP join": {"704 alice JOIN :JOIN <channel>", "705 alice JOIN Joins", "706 alice JOIN :End of /HELP"},
		"HELP QUIT": {"704 alice QUIT :QUIT [<reason>]", "705 alice QUIT *", "706 alice QUIT *"},
		"HELP AWAY": {"704 alice AWAY AWAY", "705 alice AWAY :Their own", "706 alice AWAY *"},
		"HELP X":    {"524 alice X :No help available on this topic"},
		"VERSION":   {"351 ...", "005 ..."},
		"STATS u":   {"242 ...", "219 alice u *"},
		"LUSERS": {
			"251 alice :There are 0 users and 1 invisible on 1 servers", "252 alice 2 *", "253 alice 0 *", "254 alice 3 *",
			"255 alice :I have 1 clients and 0 servers", "265 alice 1 1 *", "266 alice 1 1 *",
		},
	} {
		c.Send("%s", send)
		for _, w := range want {
			c.ExpectNext(w)
		}
		if rest := c.Sync(); len(rest) != 0 {
			t.Errorf("%s: and %v", send, rest)
		}
	}
}

// LUSERS counts right, also at the moment a client has seen its connection end.
func TestLusers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	alice := s.register("alice")
	bob := s.dial()
	bob.Send("NICK bob")
	bob.Sync()
	lusers := func(users, unknown, most int) {
		t.Helper()
		alice.Send("LUSERS")
		alice.Expect(fmt.Sprintf("251 alice :There are %d users *", users))
		alice.Expect(fmt.Sprintf("253 alice %d *", unknown))
		alice.Expect(fmt.Sprintf("265 alice %d %d *", users, most))
		alice.Expect("266 ...")
	}
	lusers(1, 1, 1)
	bob.Send("USER b 0 * :b")
	bob.Expect("376 ...")
	lusers(2, 0, 2)
	again := s.register("bob") // a second client of an account is not a second user
	lusers(2, 0, 2)
	for _, c := range []*ircdtest.Client{bob, again} {
		c.Send("QUIT")
		c.ExpectClosed()
	}
	lusers(1, 0, 2)
	if st := s.Stats(); st.Closed[ircd.ReasonQuit] != 2 || st.Conns != 1 {
		t.Errorf("Stats: %+v", st)
	}
}

// free tells whether every session that was handed out has been given back.
func (s *server) free() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.detached) == s.handed
}

func TestQuit(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for send, want := range map[string]string{"QUIT": "ERROR :Client quit", "QUIT :so long": "ERROR :Quit: so long"} {
		for _, registered := range []bool{true, false} {
			c := s.dial()
			if registered {
				c.Register("alice")
			}
			c.Send("%s", send)
			c.ExpectNext(want)
			if rest := c.ExpectClosed(); len(rest) > 0 {
				t.Errorf("after ERROR: %v", rest)
			}
			if !s.free() { // Detach comes before the client can see the end
				t.Error("the client has seen its end, the session has not")
			}
		}
	}
}

// PASS may come first, last, or after CAP END; the name is in it, or is the nick.
func TestPass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lines                           string
		account, device, password, nick string
	}{
		{"PASS pw|NICK alice|USER a 0 * :A", "alice", "", "pw", "alice"},
		{"NICK alice|PASS :pw with space|USER a 0 * :A", "alice", "", "pw with space", "alice"},
		{"CAP LS 302|CAP END|PASS pw|NICK alice|USER root root 127.0.0.1 :root", "alice", "", "pw", "alice"},
		{"PASS bob:pw|NICK alice|USER a 0 * :A", "bob", "", "pw", "alice"},
		{"PASS :Cool Guy@phone:p:w|NICK alice|USER a 0 * :A", "Cool Guy", "phone", "p:w", "alice"},
		{"PASS user@mac.com:pw|NICK alice|USER a 0 * :A", "user@mac.com", "", "pw", "alice"},
		{"PASS user@mac.com@tab:pw|NICK alice|USER a 0 * :A", "user@mac.com", "tab", "pw", "alice"},
		{"PASS pw|NICK alice|USER a@desk 0 * :A", "alice", "desk", "pw", "alice"},
		{"PASS ::)|NICK alice|USER a 0 * :A", "alice", "", ":)", "alice"},
	}
	for _, tt := range tests {
		t.Run(tt.lines, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			c := s.dial()
			for line := range strings.SplitSeq(tt.lines, "|") {
				c.Send("%s", line)
			}
			c.Expect("001 ...")
			got := s.lastCred()
			if got.Account != tt.account || got.Device != tt.device || got.Password != tt.password || got.Nick != tt.nick ||
				got.Mechanism != "PASS" || got.RemoteAddr == nil || got.Secure {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestNoPassword(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.register("alice", ircdtest.User("al!ice@x.y"), ircdtest.Realname("Alice"))
	got := s.lastCred()
	got.RemoteAddr = nil
	want := ircd.Credentials{Nick: "alice", User: "alicex.y", Realname: "Alice", Account: "alice"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNickInUse(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.auth = func(_ context.Context, cred ircd.Credentials) error {
			if cred.Nick == "taken" {
				return ircd.Numeric(irc.ERR_NICKNAMEINUSE, cred.Nick, "Nickname is already in use")
			}
			return nil
		}
	})
	c := s.dial()
	c.Send("NICK taken")
	c.Send("USER a 0 * :A")
	c.ExpectNext("433 * taken *")
	c.ExpectNot("001 ...")
	c.Send("NICK free")
	c.ExpectNext("001 free *")
}

// A client that comes back before the end of its old connection has been noticed gets its nick.
func TestNickFreedInTime(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	s := start(t, func(s *server) {
		s.auth = func(_ context.Context, cred ircd.Credentials) error {
			if tries.Add(1) < 3 {
				return ircd.Numeric(irc.ERR_NICKNAMEINUSE, cred.Nick, "Nickname is already in use")
			}
			return nil
		}
	})
	if got := s.dial().Register("alice"); got[0].Command != "001" {
		t.Errorf("first: %v", got[0])
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) { s.auth = passwords(map[string]string{"alice": "sesame"}) })
	c := s.dial()
	c.Send("PASS millet")
	c.Send("NICK alice")
	c.Send("USER a 0 * :A")
	c.ExpectNext("464 * :Wrong screen name or password")
	c.ExpectNext("ERROR :Wrong screen name or password")
	c.ExpectClosed()
	s.register("alice", ircdtest.Pass("sesame"))
}

func TestBackendError(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *server) {
		s.auth = func(context.Context, ircd.Credentials) error { return errors.New("AIM cannot be reached") }
	})
	c := s.dial()
	c.Send("NICK alice")
	c.Send("USER a 0 * :A")
	c.ExpectNext("ERROR :AIM cannot be reached")
	c.ExpectClosed()
	c = s.dial()
	c.Authenticate("alice", "pw")
	c.ExpectNext("904 * :AIM cannot be reached")
}

// The session's nick is what 001 says, whatever the client asked for.
func TestSessionNick(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.Register("whoever", ircdtest.SASL("Alice@phone", "pw"))
	if c.Nick != "Alice" {
		t.Errorf("nick %q", c.Nick)
	}
	c.Send("NONSENSE")
	c.ExpectNext("421 Alice NONSENSE *")
}

// The client goes away while the backend is thinking: the context ends, and no session is left behind.
func TestGoneWhileAuthenticating(t *testing.T) {
	t.Parallel()
	thinking, ended := make(chan struct{}), make(chan error, 1)
	s := start(t, func(s *server) {
		s.auth = func(ctx context.Context, _ ircd.Credentials) error {
			close(thinking)
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}
	})
	c := s.dial()
	c.Send("NICK alice")
	c.Send("USER a 0 * :A")
	<-thinking
	c.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ctx: %v", err)
	}
}

// A script that says all it has to say and closes that half of its connection has not hung up: it is let in, what it said
// is done, and it gets the answers, however long the backend thinks. With SASL as well.
func TestPipelinedAndHalfClosed(t *testing.T) {
	t.Parallel()
	for _, hello := range []string{
		"PASS :pw\r\nNICK alice\r\nUSER a 0 * :A\r\n",
		"CAP REQ :sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE " + b64("\x00alice\x00pw") + "\r\nNICK alice\r\nUSER a 0 * :A\r\nCAP END\r\n",
	} {
		thinking, release := make(chan struct{}), make(chan struct{})
		s := start(t, func(s *server) {
			s.auth = func(ctx context.Context, _ ircd.Credentials) error {
				close(thinking)
				select {
				case <-release:
				case <-ctx.Done():
				}
				return ctx.Err()
			}
		})
		c := s.dial()
		c.SendRaw(hello + "SAY 2 :x\r\nPING done\r\n")
		if err := c.Conn().(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		<-thinking
		close(release)
		c.Expect("001 alice *")
		c.Expect("NOTICE alice x")
		c.ExpectNext("NOTICE alice x")
		c.ExpectNext("PONG irc.test done")
		c.ExpectNext("ERROR :Connection closed")
		c.ExpectClosed()
	}
}

// What a client pipelines behind its registration is not lost, however long the backend thinks.
func TestPipelined(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := start(t, func(s *server) {
		s.auth = func(context.Context, ircd.Credentials) error { <-release; return nil }
	})
	c := s.dial()
	c.SendRaw("CAP LS 302\r\nCAP REQ :server-time\r\nCAP END\r\nNICK alice\r\nUSER a 0 * :A\r\n" +
		strings.Repeat("SAY 1 :"+strings.Repeat("y", 300)+"\r\n", 100) + "PING done\r\n")
	close(release)
	c.Expect("001 alice *")
	n := 0
	for {
		m := c.Next()
		if m.Command == "NOTICE" {
			n++
		}
		if m.Command == "PONG" {
			break
		}
	}
	if n != 100 {
		t.Errorf("%d of 100 commands were answered", n)
	}
}

// TestLongPassIsNoLogin: who gave a password that did not fit must not be let in without one.
func TestLongPassIsNoLogin(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.dial()
	c.SendLine("PASS " + strings.Repeat("x", 600))
	c.Expect("417 * *")
	c.Expect("464 * *")
	c.ExpectClosed()
}
