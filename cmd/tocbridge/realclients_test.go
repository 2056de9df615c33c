package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"tocbridge/toc/tocd"
)

// aimServer is a TOC2 server for one test, which can go and come back.
type aimServer struct {
	*tocd.Server
	t    *testing.T
	addr string
	done chan error
}

func startAIM(t *testing.T, o tocd.Options) *aimServer {
	t.Helper()
	a := &aimServer{Server: tocd.New(o), t: t, addr: "127.0.0.1:0"}
	a.serve()
	t.Cleanup(a.kill)
	return a
}

// serve listens, the second time at the address of the first.
func (a *aimServer) serve() {
	a.t.Helper()
	ln, err := net.Listen("tcp", a.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	a.addr, a.done = ln.Addr().String(), make(chan error, 1)
	go func() { a.done <- a.Serve(context.Background(), ln) }()
}

// kill closes the listener and all connections, without a word to anybody.
func (a *aimServer) kill() {
	a.t.Helper()
	if a.done == nil {
		return
	}
	err := errors.Join(a.Close(), <-a.done)
	a.done = nil
	if err != nil && !errors.Is(err, tocd.ErrClosed) {
		a.t.Error(err)
	}
}

// twoAccounts is a server with the accounts of the tests, with real limits.
func twoAccounts() tocd.Options {
	return tocd.Options{
		Accounts:   map[string]string{"Alice Smith": "pwalice", "bob": "pwbob"},
		RateLimits: true,
	}
}

// irssi starts irssi on its screen, logging in by SASL with a name as AIM
// formats it, and waits until it is in &buddies.
func irssi(t *testing.T, port, nick, name, password string) *terminal {
	t.Helper()
	s := openTerminal(t, "irssi")
	s.write(".irssi/config", fmt.Sprintf(`
servers = ( { address = "127.0.0.1"; port = "%s"; chatnet = "aim"; autoconnect = "yes"; } );
chatnets = { aim = { type = "IRC"; nick = "%s"; sasl_mechanism = "PLAIN"; sasl_username = "%s"; sasl_password = "%s"; }; };
settings = {
  core = { real_name = "irssi user"; user_name = "irssi"; nick = "%[2]s"; };
  "irc/core" = { cmds_max_at_once = "100"; cmd_queue_speed = "10msec"; };
  "fe-common/core" = { term_charset = "UTF-8"; };
};
`, port, nick, name, password))
	s.run("irssi")
	showBuddies(s)
	return s
}

// showBuddies turns irssi to &buddies, once it is there.
func showBuddies(s *terminal) {
	s.t.Helper()
	s.waitScreen("[Act: 2")
	s.enter("/window goto &buddies")
	s.waitScreen("Irssi: &buddies: Total of")
}

// weechat starts WeeChat on its screen, logging in by PASS, and waits until it
// is in &buddies, which it then shows.
func weechat(t *testing.T, port, nick, password string) *terminal {
	t.Helper()
	return weechatWith(t, port, nick, password, "")
}

// weechatWith is weechat with settings in its irc.conf.
func weechatWith(t *testing.T, port, nick, password, settings string) *terminal {
	t.Helper()
	s := openTerminal(t, "weechat")
	s.write("weechat/irc.conf", settings)
	s.run(fmt.Sprintf("weechat -d %s/weechat irc://%s:%s@127.0.0.1:%s", s.home, nick, password, port))
	s.waitScreen("&buddies")
	s.enter("/buffer &buddies")
	s.waitScreen("AIM buddies of " + nick)
	return s
}

// befriend puts each on the other's list and waits for both to show up.
func befriend(i, w *terminal) {
	i.t.Helper()
	i.enter("add bob")
	w.enter(`add "Alice Smith"`)
	i.waitScreen("bob [", "aim] has joined &buddies", "Added bob")
	w.waitScreen("AliceSmith [alicesmith]", "has joined &buddies", "Added AliceSmith")
}

func startServe(t *testing.T, aim *aimServer) (p *process, port string) {
	t.Helper()
	gone := writeFile(t, "c.toml", "[bridge]\nlinger = '0s'\n") // who quits has quit
	p = start(t, "serve", "--config", gone, "--listen", "127.0.0.1:0", "--toc-server", aim.addr)
	_, port, err := net.SplitHostPort(p.find("msg=listening address="))
	if err != nil {
		t.Fatal(err)
	}
	return p, port
}

// Must show 2: two people, irssi and WeeChat, do what people do.
func TestRealClientsChat(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	aim := startAIM(t, twoAccounts())
	_, port := startServe(t, aim)
	i := irssi(t, port, "AliceSmith", "Alice Smith", "pwalice")
	w := weechat(t, port, "bob", "pwbob")
	befriend(i, w)

	i.enter("/query bob")
	i.enter("Grüße aus 世界 <b>&amp; \"quotes\" \\ 🦜")
	w.enter("/query AliceSmith")
	w.waitScreen("Grüße aus 世界 <b>&amp; \"quotes\" \\ 🦜")
	i.do("send-keys", "-l", "plain ")
	i.keys("C-b")
	i.do("send-keys", "-l", "bold")
	i.keys("C-b", "C-_")
	i.do("send-keys", "-l", " under")
	i.keys("C-_", "Enter")
	w.waitStyled("plain ", "\x1b[1mbold", "4m", " under", "\x1b[0m")
	w.do("send-keys", "-l", "from ")
	w.keys("C-c", "i")
	w.do("send-keys", "-l", "WeeChat, ελληνικά")
	w.keys("Enter")
	i.waitStyled("from ", "3m", "WeeChat, ελληνικά")
	i.enter("/me waves")
	w.waitScreen("AliceSmith waves")

	w.enter("/away gone for tea")
	i.enter("/window goto &buddies")
	i.waitScreen("bob is away")
	w.enter("/away")
	i.waitScreen("bob is away", "bob is back")

	i.enter("/join #Our_Room")
	i.waitScreen("AliceSmith [irssi@", "aim] has joined #Our_Room")
	w.enter("/join #our_room")
	i.waitScreen("bob [", "aim] has joined")
	w.enter("hello, room")
	i.waitScreen("bob> hello, room")
	i.enter("hello, bob")
	w.waitScreen("hello, bob")

	w.enter("/quit")
	i.waitScreen("bob [", "aim] has quit")
	i.enter("/window goto &buddies")
	i.waitScreen("bob is back", "bob [", "aim] has quit")
	if n := aim.Refused(); n != 0 {
		t.Errorf("the server refused %d commands for speed", n)
	}
}

// Must show 3: a paste of 30 lines arrives complete and in order, and the link
// never sees a 903.
func TestRealClientsPaste(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	aim := startAIM(t, twoAccounts())
	_, port := startServe(t, aim)
	i := irssi(t, port, "AliceSmith", "Alice Smith", "pwalice")
	w := weechat(t, port, "bob", "pwbob")
	befriend(i, w)

	i.enter("/query bob")
	var lines []string
	for n := range 30 {
		lines = append(lines, fmt.Sprintf("pasted line %02d of a longer text, with <tags> & ümlauts", n+1))
	}
	i.paste(strings.Join(lines, "\n") + "\n")
	i.waitScreen("Pasting 30 lines to bob")
	i.keys("C-k")
	w.enter("/query AliceSmith")
	w.waitScreen(lines...)
	if shown := w.screen(); strings.Count(shown, "pasted line") != len(lines) {
		t.Errorf("not each line once:\n%s", shown)
	}
	if n := aim.Refused(); n != 0 {
		t.Errorf("the server refused %d commands for speed", n)
	}
}

// Must show 4: the AIM server dies and comes back; both clients are told and
// chat again without doing anything.
func TestRealClientsServerComesBack(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	aim := startAIM(t, twoAccounts())
	_, port := startServe(t, aim)
	i := irssi(t, port, "AliceSmith", "Alice Smith", "pwalice")
	w := weechat(t, port, "bob", "pwbob")
	befriend(i, w)
	i.enter("/join #talk")
	w.enter("/join #talk")
	i.waitScreen("bob [", "aim] has joined #talk")

	aim.kill()
	i.waitScreen("Netsplit ", "quits: bob") // what a lost link looks like on IRC
	w.waitScreen("bob ", "has quit")
	i.enter("/window goto &buddies")
	w.enter("/buffer &buddies")
	for _, s := range []*terminal{i, w} {
		s.waitScreen("Not connected to AIM", "Trying again in")
	}
	i.enter("/query bob")
	i.enter("too early")
	i.waitScreen("too early", "bob: No such nick/channel") // irssi has its own words
	i.enter("/window goto &buddies")
	w.enter("/query AliceSmith")
	w.enter("also too early")
	w.enter("/buffer server.127.0.0.1") // where WeeChat shows errors
	w.waitScreen("AliceSmith: Not sent: ")
	w.enter("/buffer &buddies")
	aim.serve()
	i.waitScreen("Not connected to AIM", "Signed on to AIM again", "Netsplit over, joins: bob")
	w.waitScreen("Not connected to AIM", "Signed on to AIM again", "has joined &buddies")
	i.enter("/query bob")
	i.enter("are you there?")
	w.enter("/query AliceSmith")
	w.waitScreen("are you there?")
	w.enter("yes, again")
	i.waitScreen("yes, again")
	i.enter("/window goto #talk")
	w.enter("/buffer #talk")
	w.enter("and in the room")
	i.waitScreen("bob> and in the room")
}

// Must show 1: the demo's own words, typed as they stand, lead to a chat.
func TestRealClientsDemo(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	p := start(t, "demo", "--listen", "127.0.0.1:0")
	p.find("Ready on ")
	said := p.output.String()
	i, w := openTerminal(t, "irssi"), openTerminal(t, "weechat")
	i.run(hint(t, said, "irssi "))
	w.run(strings.ReplaceAll(hint(t, said, "weechat "), "alice", "wanda"))
	i.waitScreen("This is the tocbridge demo", "/msg Polly hello")
	showBuddies(i)
	i.waitScreen("Polly]", "Total of")
	i.enter("/query Polly")
	i.enter("hello")
	i.waitScreen("Hello, alice!")
	i.enter("styles")
	i.waitStyled("Bold", "italic", "a link <https://modern.ircdocs.horse/>")
	i.enter("/join #lobby")
	i.waitScreen("#lobby", "Polly")
	i.enter("Polly, are you there?")
	i.waitScreen("Polly> Polly, are you there?", "squawk!")
	w.waitScreen("AIM buddies of wanda")
	w.enter("add alice")
	w.waitScreen("has joined &buddies", "Added alice")
	w.enter("alice: it is me")
	i.enter("/query wanda")
	i.waitScreen("wanda> it is me")
}

// Also the commands for a client that runs already.
func TestRealClientsDemoConnectCommands(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	p := start(t, "demo", "--listen", "127.0.0.1:0")
	p.find("Ready on ")
	said := p.output.String()
	i, w := openTerminal(t, "irssi"), openTerminal(t, "weechat")
	i.run("irssi")
	w.run("weechat -d " + w.home + "/weechat")
	i.waitScreen("Irssi v", "[(status)]")
	w.waitScreen("WeeChat ")
	_, said, _ = strings.Cut(said, "in a client that runs already")
	i.enter("%s", hint(t, said, "/connect "))
	w.enter("%s", strings.ReplaceAll(hint(t, said, "/server add "), "alice", "wanda"))
	w.enter("%s", hint(t, said, "/connect tocdemo"))
	i.waitScreen("Welcome to the AIM IRC network, alice!")
	w.waitScreen("AIM buddies of wanda")
}

// The README's commands for a real server, typed as they stand but for the port.
func TestRealClientsREADME(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi", "weechat")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	aim := startAIM(t, tocd.Options{Accounts: map[string]string{"Cool Guy": "secret"}})
	_, port := startServe(t, aim)
	typed := func(pattern string) string {
		m := regexp.MustCompile("`(" + pattern + "[^`]*)`").FindSubmatch(readme)
		if m == nil {
			t.Fatalf("README.md has no %s", pattern)
		}
		return strings.ReplaceAll(string(m[1]), "6667", port)
	}
	i, w := openTerminal(t, "irssi"), openTerminal(t, "weechat")
	i.run("irssi")
	i.waitScreen("Irssi v", "[(status)]")
	for _, pattern := range []string{"/network add", "/server add -auto", "/connect aim"} {
		i.enter("%s", typed(pattern))
	}
	i.waitScreen("SASL authentication succeeded", "Welcome to the AIM IRC network, CoolGuy")
	w.run("weechat -d " + w.home + "/weechat")
	w.waitScreen("WeeChat ")
	w.enter("%s", typed("/server add aim 127.0.0.1/"))
	w.enter("/connect aim")
	w.waitScreen("AIM buddies of Cool Guy")
}

// hint is the rest of the first line of the text that has the word, from it on.
func hint(t *testing.T, text, word string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if i := strings.LastIndex(line, word); i >= 0 {
			return strings.TrimSpace(line[i:])
		}
	}
	t.Fatalf("no line with %q in:\n%s", word, text)
	return ""
}
