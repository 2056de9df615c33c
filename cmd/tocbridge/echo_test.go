package main

import (
	"fmt"
	"strings"
	"testing"
)

// waitTimes waits until a text is on the screen so many times.
func (s *terminal) waitTimes(n int, text string) {
	s.t.Helper()
	s.until(s.screen, fmt.Sprintf("%q, %d times", text, n), func(shown string) bool { return strings.Count(shown, text) == n })
}

// WeeChat with server-time, away-notify and echo-message on. It asks for the
// last only where its settings say so, and Debian's 3.8 then shows a line twice:
// when it is typed and when it comes back. Newer ones show the latter only.
func TestRealClientsEchoMessage(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	aim := startAIM(t, twoAccounts())
	_, port := startServe(t, aim)
	i := irssi(t, port, "AliceSmith", "Alice Smith", "pwalice")
	w := weechatWith(t, port, "bob", "pwbob", "[server_default]\ncapabilities = \"*,echo-message\"\n")
	w.enter("/buffer server.127.0.0.1")
	w.waitScreen("client capability, enabled: ", "away-notify ", "echo-message ", "server-time ")
	w.enter("/buffer &buddies")
	befriend(i, w)

	i.enter("/query bob")
	w.enter("/query AliceSmith")
	own := 2
	w.enter("from bob, ümlaut <b>")
	i.waitScreen("bob> from bob, ümlaut <b>")
	i.enter("seen, %d", 1)
	w.waitScreen("AliceSmith", "seen, 1")
	w.waitTimes(own, "bob | from bob, ümlaut <b>")
	w.waitTimes(1, "AliceSmith | seen, 1")
	i.enter("/me nods")
	w.waitTimes(1, "AliceSmith nods")
	if n := strings.Count(i.screen(), "from bob"); n != 1 {
		t.Errorf("irssi shows it %d times:\n%s", n, i.screen())
	}

	i.enter("/join #talk")
	i.waitScreen("AliceSmith [irssi@", "aim] has joined #talk")
	w.enter("/join #talk")
	i.waitScreen("bob [", "aim] has joined")
	w.enter("hello, room")
	i.waitScreen("bob> hello, room")
	i.enter("hello, bob")
	w.waitScreen("hello, bob")
	w.waitTimes(own, "bob | hello, room")
	w.waitTimes(1, "AliceSmith | hello, bob")

	present, away := "\x1b[39mAliceSmith", "\x1b[36mAliceSmith" // colours of the list of nicks
	w.waitStyled(present)
	i.enter("/away gone for tea")
	w.waitStyled(away)
	i.enter("/away")
	w.waitStyled(present)
	w.enter("/server raw") // what went over the wire
	from := ":AliceSmith!irssi@"
	w.waitScreen("@time=20", from, " PRIVMSG #talk :hello, bob", "@time=20", from, " AWAY :gone for tea", "@time=20", from, " AWAY")
}
