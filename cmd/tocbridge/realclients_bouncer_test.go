package main

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// startBouncer runs serve with a database of the test's own, and accounts that stay signed on.
func startBouncer(t *testing.T, aim *aimServer, database string) (p *process, port string) {
	t.Helper()
	file := writeFile(t, "c.toml", fmt.Sprintf("irc.listen = '127.0.0.1:0'\ntoc.server = %q\ntoc.pace = 'off'\ntoc.reconnect_min = '1s'\n"+
		"toc.reconnect_max = '1s'\nstore.path = %q\nlimits.rate = 0\n", aim.addr, database))
	p = start(t, "serve", "--config", file)
	_, port, err := net.SplitHostPort(p.find("msg=listening address="))
	if err != nil {
		t.Fatal(err)
	}
	return p, port
}

// Two real clients of one account, irssi at the desk and WeeChat on the laptop: what one types shows in the other; one
// leaves, messages arrive, it returns and shows them once, with the right times.
func TestRealClientsBouncer(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	o := twoAccounts()
	o.RateLimits = false
	aim := startAIM(t, o)
	_, port := startBouncer(t, aim, t.TempDir()+"/tocbridge.db")
	bob := ircdtest.Dial(t, "127.0.0.1:"+port)
	bob.Register("bob", ircdtest.SASL("bob@script", "pwbob"))

	desk := irssi(t, port, "AliceSmith", "Alice Smith@desk", "pwalice")
	laptop := openTerminal(t, "weechat")
	laptop.write("weechat/irc.conf", fmt.Sprintf(`[server]
aim.addresses = "127.0.0.1/%s"
aim.tls = off
aim.ssl = off
aim.autoconnect = on
aim.nicks = "AliceSmith"
aim.sasl_username = "Alice Smith@laptop"
aim.sasl_password = "pwalice"
aim.capabilities = "server-time,away-notify,znc.in/self-message"
`, port))
	laptop.run(fmt.Sprintf("weechat -d %s/weechat", laptop.home))
	laptop.waitScreen("&buddies")

	// What one types shows in the other.
	bob.Send("PRIVMSG AliceSmith :hello Alice")
	desk.waitScreen("[Act: ")
	desk.enter("/query bob")
	desk.waitScreen("hello Alice")
	desk.enter("typed at the desk")
	desk.waitScreen("hello Alice", "typed at the desk")
	bob.Expect("PRIVMSG bob :typed at the desk")
	laptop.waitScreen("bob")
	laptop.enter("/buffer bob")
	laptop.waitScreen("hello Alice", "typed at the desk")
	laptop.enter("typed on the laptop")
	desk.waitScreen("typed at the desk", "typed on the laptop")
	bob.Expect("PRIVMSG bob :typed on the laptop")

	// The laptop is closed; what comes meanwhile it shows once when it is back, when it was said.
	laptop.enter("/disconnect aim")
	laptop.waitScreen("disconnected from server")
	began := time.Now()
	for i := range 5 {
		bob.Send("PRIVMSG AliceSmith :while you were gone %d", i)
	}
	desk.waitScreen("while you were gone 4")
	desk.enter("answered from the desk")
	bob.Expect("PRIVMSG bob :answered from the desk")
	said := clockTimes(began, time.Now())
	laptop.enter("/connect aim")
	laptop.waitScreen("while you were gone 0", "while you were gone 1", "while you were gone 2", "while you were gone 3", "while you were gone 4", "answered from the desk")
	shown := laptop.screen()
	if n := strings.Count(shown, "while you were gone 3"); n != 1 {
		t.Errorf("shown %d times:\n%s", n, shown)
	}
	if strings.Count(shown, "hello Alice") != 1 || strings.Count(shown, "typed on the laptop") != 1 {
		t.Errorf("what was seen is shown again:\n%s", shown)
	}
	if at := regexp.MustCompile(`(\d\d:\d\d:\d\d) .*while you were gone 0`).FindStringSubmatch(shown); at == nil || !said[at[1]] {
		t.Errorf("said at %v, and shown so:\n%s", said, shown)
	}

	// And the desk, which has no cap for times: they are in the text.
	desk.enter("/disconnect")
	desk.waitScreen("[Act: ")
	bob.Send("PRIVMSG AliceSmith :good night")
	laptop.waitScreen("good night")
	desk.enter("/connect aim")
	desk.until(desk.screen, "good night with its time", func(shown string) bool {
		return regexp.MustCompile(`<.?bob> (\[\d\d:\d\d:\d\d\] )?good night`).MatchString(shown)
	})
	if n := strings.Count(desk.screen(), "good night"); n != 1 {
		t.Errorf("shown %d times:\n%s", n, desk.screen())
	}
	if n := aim.Sessions(toc.ScreenName("alicesmith")); n != 1 {
		t.Errorf("%d sessions of Alice at AIM", n)
	}
}

// clockTimes are the times of day that a moment between two has in a client.
func clockTimes(from, to time.Time) map[string]bool {
	out := map[string]bool{}
	for at := from.Add(-time.Second); !at.After(to.Add(time.Second)); at = at.Add(time.Second) {
		out[at.Format(time.TimeOnly)] = true
	}
	return out
}
