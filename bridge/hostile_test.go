package bridge

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// allCommands are those of the program's HELP: package ircd's and the bridge's.
func allCommands(t *testing.T, r *rig) []ircd.Command {
	t.Helper()
	list := (&ircd.Server{Backend: r.bridge, Commands: r.bridge.Commands()}).CommandList()
	if len(list) < len(commands)+20 {
		t.Fatalf("only %d commands", len(list))
	}
	return list
}

// TestBytesThatMayNotBe: NUL, a lone CR and what is not UTF-8, in every parameter of every command, before registration
// and after. The line is refused, whole, with an answer that says so; nothing of it reaches AIM, and the client goes on.
func TestBytesThatMayNotBe(t *testing.T) {
	t.Parallel()
	r, c, end := inRoom(t)
	early := ircdtest.Dial(t, r.addr)
	c.Sync()
	end.take()
	evil := map[string]string{"\x00": "400", "\r": "400", "\xff": "FAIL", "\xc3": "FAIL", "a\xed\xa0\x80": "FAIL"} // the last is a surrogate
	for _, cmd := range allCommands(t, r) {
		for n := range 4 {
			for bytes, want := range evil {
				params := []string{"bob", "b", "c", "d"}[:n+1]
				params[n] = "x" + bytes + "y"
				for nick, client := range map[string]*ircdtest.Client{"alice": c, "*": early} {
					client.SendLine(cmd.Name + " " + strings.Join(params, " "))
					m := client.Next()
					refused := m.Command == want && (want == "FAIL" && m.Param(0) == cmd.Name && m.Param(1) == "INVALID_UTF8" || want == "400" && m.Param(0) == nick && m.Param(1) == "*")
					if !refused {
						t.Errorf("%s with %q as parameter %d: %s", cmd.Name, bytes, n, m)
					}
				}
			}
		}
	}
	for _, client := range []*ircdtest.Client{c, early} {
		if rest := client.Sync(); len(rest) != 0 {
			t.Errorf("and %v", rest)
		}
	}
	if sent := end.take(); len(sent) != 0 {
		t.Errorf("AIM got %v", sent)
	}
}

// TestOddParameters: whatever is in its parameters that may be, each command is answered, the connection lives, and no
// answer holds what it may not.
func TestOddParameters(t *testing.T) {
	t.Parallel()
	r, _, end := inRoom(t)
	end.mu.Lock()
	end.busy = true
	end.mu.Unlock()
	odd := []string{"", ":", "*", "\x01", "\x01ACTION\x01", strings.Repeat("x", 400), "%s%n", "\u202e", "ÿ", "#", "&", "&buddies", "#My_Room", "*aim", "alice", ",,,", "#,&,bob",
		"-1", "99999999999999999999", "@x!y", "bob!*@*", "\x02\x03\x0f", "<b>&amp;", "+b-b+b", "timestamp=0", "msgid=", "=", "a=b;c", "\ufeff", "👍🏽"}
	for _, cmd := range allCommands(t, r) {
		if cmd.Name == "QUIT" {
			continue
		}
		t.Run(cmd.Name, func(t *testing.T) {
			t.Parallel()
			c := ircdtest.Dial(t, r.addr)
			c.Register("alice", ircdtest.Pass("secret"), ircdtest.Caps("message-tags", "batch", "labeled-response", "standard-replies"))
			for n := range 3 {
				for i, p := range odd {
					params := []string{"bob", odd[(i+3)%len(odd)], "c"}[:n+1]
					if strings.ContainsAny(params[n/2], " ") || params[n/2] == "" {
						params[n/2] = "*"
					}
					params[n] = ":" + p
					c.SendLine("@label=l " + cmd.Name + " " + strings.Join(params, " "))
				}
				for _, m := range c.Sync() {
					if strings.ContainsAny(m.String(), "\r\n\x00") || len(m.String()) > 512+4096 {
						t.Errorf("%q", m)
					}
				}
			}
			c.Send("PING alive")
			c.Expect("PONG irc.test alive")
		})
	}
}

// splitConn is a client whose bytes arrive in the pieces in which they are written.
func splitConn(t *testing.T, ln *pipeListener) net.Conn {
	t.Helper()
	nc, err := ln.dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestEverySplit: a whole dialogue, from CAP to QUIT, cut in two at each of its bytes, is the same dialogue.
func TestEverySplit(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{SignOn: func(_ context.Context, name toc.ScreenName, _ string) (Uplink, error) {
		end := newFarEnd(t, name)
		end.tell(toc.Nick{Name: name}, toc.Config{V2: true})
		end.busy = true
		return end, nil
	}})
	ln := newPipeListener()
	srv := &ircd.Server{Name: "irc.test", Backend: r.bridge}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, ircd.ErrServerClosed) {
			t.Error(err)
		}
	})
	const text = "CAP LS 302\r\nCAP REQ :message-tags\r\n\r\nPASS :secret\nNICK alice\r\n\n\r\nUSER a 0 * :Älice\r\nCAP END\r\n@+x=ö;label=1 PRIVMSG &buddies :help\r\nMODE alice\r\nPING :last\r\nQUIT :bye\r\n"
	whole := ""
	for at := range len(text) {
		nc := splitConn(t, ln)
		c := ircdtest.New(t, readAhead(nc))
		for _, part := range []string{text[:at], text[at:]} {
			if part != "" {
				c.SendRaw(part)
			}
		}
		var got strings.Builder
		for _, m := range c.ExpectClosed() {
			if m.Command != irc.RPL_CREATED {
				got.WriteString(m.String() + "\n")
			}
		}
		if at == 0 {
			whole = got.String()
			if !strings.Contains(whole, "221 alice +i") || !strings.HasSuffix(whole, "ERROR :Quit: bye\n") {
				t.Fatalf("whole:\n%s", whole)
			}
		}
		if got.String() != whole {
			t.Fatalf("cut at %d, between %q and %q:\n%s\nwhole:\n%s", at, text[:at], text[at:], got.String(), whole)
		}
	}
}

// TestHalfClosedWaitsForAIM: who has said all and closed that half of its connection, as nc does at the end of its input,
// still gets the answers that AIM has to give first.
func TestHalfClosedWaitsForAIM(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Sync()
	c.SendRaw("WHOIS nobody\r\nPRIVMSG bob :and goodbye\r\nPING last\r\n")
	if err := c.Conn().(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	end.expect(toc.GetStatus{Name: "nobody"})
	end.tell(toc.ServerError{Code: 901, Arg: "nobody"})
	end.expect(imTo("bob", "and goodbye"))
	var got []string
	for _, m := range c.ExpectClosed() {
		got = append(got, m.String())
	}
	want := []string{":irc.test 401 alice nobody :No such nick/channel", ":irc.test 318 alice nobody :End of /WHOIS list", ":irc.test PONG irc.test last", "ERROR :Connection closed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
