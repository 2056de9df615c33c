package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocbridge/config"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// output is what a run says, readable while it says it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the pattern is there and returns its first group.
func (o *output) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(processTime)
	for {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-o.more:
		case <-deadline:
			t.Fatalf("%q did not come:\n%s", pattern, o)
		}
	}
}

// A running is a run in this process.
type running struct {
	stdout, stderr *output
	stop           context.CancelFunc
	done           chan error
}

// goRun starts the program in this process; the test's end stops it.
func goRun(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{newOutput(), newOutput(), cancel, make(chan error, 1)}
	go func() { r.done <- run(ctx, args, r.stdout, r.stderr) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-r.done:
		case <-time.After(processTime):
			t.Errorf("%q does not stop", args)
		}
	})
	return r
}

// end stops the run and returns its error.
func (r *running) end(t *testing.T) error {
	t.Helper()
	r.stop()
	select {
	case err := <-r.done:
		r.done <- nil
		return err
	case <-time.After(processTime):
		t.Fatal("does not stop")
		return nil
	}
}

func runNow(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = run(t.Context(), args, &out, io.Discard)
	return out.String(), err
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, err := runNow(t, "version")
	if err != nil || !regexp.MustCompile(`^tocbridge \S+ go1\.\S+ \w+/\w+\n$`).MatchString(out) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestHelpNamesEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args, words []string
	}{
		{nil, []string{"demo", "serve", "check-config", "keygen", "version"}},
		{[]string{"demo"}, []string{"--listen address", "--hostname name", "--real-limits", "127.0.0.1:6667"}},
		{[]string{"serve"}, []string{"--config file", "--listen address", "--toc-server address"}},
		{[]string{"check-config"}, []string{"--config file"}},
		{[]string{"keygen"}, []string{"keygen FILE", "store.key_file"}},
	} {
		out, err := runNow(t, append(c.args, "--help")...)
		if err != nil {
			t.Error(err)
		}
		if missing := missingAny(out, c.words); missing != "" {
			t.Errorf("%q --help does not mention %s:\n%s", c.args, missing, out)
		}
	}
}

func missingAny(text string, words []string) string {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{"sevre", `unknown command "sevre"`},
		{"demo --lisen x", "unknown flag: --lisen"},
		{"demo now", `unknown command "now"`},
		{"demo --listen nowhere", `irc.listen: "nowhere" is not an address of the form host:port`},
		{"demo --hostname localhost", `irc.hostname: "localhost" is not a server name`},
		{"serve --listen 0.0.0.0:6667", "--listen: irc.listen: 0.0.0.0:6667 is not a loopback address"},
		{"serve --toc-server here", `--toc-server: toc.server: "here" is not an address`},
		{"serve --config /no/such/file", "open /no/such/file: no such file or directory"},
		{"check-config --config /no/such/file", "open /no/such/file: no such file or directory"},
	} {
		if _, err := runNow(t, strings.Fields(c.line)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.line, err, c.want)
		}
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	motd := writeFile(t, "motd", "hello\n")
	path := writeFile(t, "c.toml", "[irc]\nmotd_file = '"+motd+"'\n[toc]\nserver = 'toc.example.org:9898'\n")
	out, err := runNow(t, "check-config", "-c", path)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Defaults()
	want.IRC.MOTDFile, want.TOC.Server, want.Store.Path = motd, "toc.example.org:9898", inMemory // the last from TestMain
	if diff := cmp.Diff("# The configuration is good.\n\n"+want.TOML(), out); diff != "" {
		t.Error(diff)
	}
	again, err := config.Load(writeFile(t, "again.toml", out))
	if diff := cmp.Diff(want, again); err != nil || diff != "" {
		t.Error("what it prints is no configuration:", err, diff)
	}
}

func TestCheckConfigFindsFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"[irc]\nlistne = 1\n", ":2: irc.listne: no such key"},
		{"[toc]\npace = 'slow'\n", `:2: toc.pace: needs oscar or off, not "slow"`},
		{"[irc]\nmotd_file = '/no/such/motd'\n", "irc.motd_file: open /no/such/motd"},
		{"[irc\n", "c.toml:1:"},
	} {
		if _, err := runNow(t, "check-config", "--config", writeFile(t, "c.toml", c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// config.Limits has the names of the file, ircd.Limits those of the code: every
// field arrives in its place and the defaults are the same.
func TestLimitsAreTheServersLimits(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(ircd.DefaultLimits(), limits(config.Defaults().Limits)); diff != "" {
		t.Error(diff)
	}
	got := limits(config.Limits{
		Connections: 1, ConnectionsPerAddress: 2, UnregisteredPerAddress: 3, LoginFailures: 4,
		Register: 5, Ping: 6, Pong: 7, Write: 8, SendQ: 9, RecvQ: 10, Burst: 11, Rate: 12,
	})
	want := ircd.Limits{
		Conns: 1, PerAddr: 2, PerAddrUnregistered: 3, LoginFailures: 4,
		Register: 5, Ping: 6, Pong: 7, Write: 8, SendQ: 9, RecvQ: 10, Burst: 11, Rate: 12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChannelModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tokens, want string }{
		{"CHANTYPES=&# PREFIX=(v)+ CHANMODES=be,,,int NICKLEN=32", "beintv"},
		{"CHANMODES=b,k,l,imnt PREFIX=(ov)@+", "biklmnotv"},
		{"PREFIX= NICKLEN=9", ""},
	} {
		if got := channelModes(strings.Fields(c.tokens)); got != c.want {
			t.Errorf("%s: %q, want %q", c.tokens, got, c.want)
		}
	}
}

// Every word that config takes has a meaning here.
func TestWordsHaveMeanings(t *testing.T) {
	t.Parallel()
	for _, word := range []string{config.LoginTOC2, config.SignOnTOC2, config.SignOnTOC1} {
		c := config.Defaults()
		c.TOC.Login = word
		if _, ok := loginForms[word]; !ok || c.Validate() != nil {
			t.Errorf("login %q", word)
		}
	}
	for _, word := range []string{config.PaceOscar, config.PaceOff} {
		c := config.Defaults()
		c.TOC.Pace = word
		if _, ok := paceModels[word]; !ok || c.Validate() != nil {
			t.Errorf("pace %q", word)
		}
	}
	for _, word := range []string{"debug", "info", "warn", "error"} {
		if _, err := newLogger(config.Log{Level: word}, io.Discard); err != nil {
			t.Error(err)
		}
	}
}

func TestLoggerMasksSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{config.FormatText, config.FormatJSON} {
		var out bytes.Buffer
		log, err := newLogger(config.Log{Level: "debug", Format: format}, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("login", "Password", "hunter2", slog.Group("cred", "api_token", "hunter2"), "has_password", true, "account", "alice")
		if got := out.String(); strings.Contains(got, "hunter2") || missingAny(got, []string{"***", "alice", "true"}) != "" {
			t.Error(got)
		}
	}
}

func TestMOTD(t *testing.T) {
	t.Parallel()
	got, err := readMOTD(writeFile(t, "motd", "one\r\n\ntwo \xff\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "", "two \uFFFD"}, got); diff != "" {
		t.Error(diff)
	}
	if lines, err := readMOTD(""); lines != nil || err != nil {
		t.Errorf("%q, %v", lines, err)
	}
	if _, err := readMOTD(writeFile(t, "motd", strings.Repeat("x", 1<<17))); err == nil {
		t.Error("a line of 128 KiB was taken")
	}
}

func TestDemoSaysHowToConnect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addr  string
		words []string
	}{
		{"127.0.0.1:6667", []string{"irssi --connect=127.0.0.1 --port=6667 --nick=alice", "weechat irc://alice@127.0.0.1:6667", "/server 127.0.0.1 6667", "Ready on 127.0.0.1 port 6667"}},
		{"[::1]:7000", []string{"--connect=::1 --port=7000", "irc://alice@[::1]:7000"}},
		{"[::]:7000", []string{"--connect=127.0.0.1 --port=7000"}},
	} {
		addr, err := net.ResolveTCPAddr("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		if missing := missingAny(hints(addr), c.words); missing != "" {
			t.Errorf("%s: %q is missing in\n%s", c.addr, missing, hints(addr))
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	r := goRun(t, "demo", "--listen", "127.0.0.1:0", "--hostname", "irc.example.org")
	port := r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`)
	c := ircdtest.Dial(t, "127.0.0.1:"+port)
	c.Register("alice")
	if m := c.Expect("JOIN &buddies"); m.Name != "alice" {
		t.Errorf("%v", m)
	}
	if names := c.Expect("353 alice * &buddies *"); missingAny(names.Trailing(), []string{"Polly", "TeaTimeTom"}) != "" {
		t.Errorf("not there: %v", names)
	}
	c.Send("PRIVMSG Polly :hello")
	if m := c.Expect("PRIVMSG alice *"); m.Name != "Polly" || !strings.HasPrefix(m.Trailing(), "Hello, alice!") {
		t.Errorf("%v", m)
	}
	c.Send("JOIN #lobby")
	if names := c.Expect("353 alice * #lobby *"); missingAny(names.Trailing(), []string{"Polly", "alice"}) != "" {
		t.Errorf("not there: %v", names)
	}
	c.Send("PRIVMSG #lobby :Polly, squawk please")
	c.Expect("PRIVMSG #lobby *squawk*")
	if err := r.end(t); err != nil {
		t.Error(err)
	}
	c.Expect("ERROR *")
	if said := r.stderr.String(); said != "" {
		t.Errorf("a quiet demo says on stderr:\n%s", said)
	}
}

// Two people meet, a name without a password is taken, one with a password is
// shared with who knows it.
func TestDemoNames(t *testing.T) {
	t.Parallel()
	r := goRun(t, "demo", "--listen", "127.0.0.1:0")
	addr := "127.0.0.1:" + r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`)
	alice, second := ircdtest.Dial(t, addr), ircdtest.Dial(t, addr)
	alice.Register("alice")
	second.Send("NICK alice")
	second.Send("USER a 0 * :a")
	second.Expect("433 * alice *")
	second.Send("NICK bob_2")
	second.Expect("001 bob_2 *")
	second.Send("PRIVMSG alice :hello")
	alice.Expect("PRIVMSG alice hello")

	carol, again, wrong := ircdtest.Dial(t, addr), ircdtest.Dial(t, addr), ircdtest.Dial(t, addr)
	carol.Register("carol", ircdtest.Pass("Grüße, 世界"))
	again.Register("carol", ircdtest.Pass("Grüße, 世界"))
	wrong.Send("PASS guess")
	wrong.Send("NICK carol")
	wrong.Send("USER c 0 * :c")
	wrong.Expect("464 * *")
	alice.Send("PRIVMSG carol :for both")
	carol.Expect("PRIVMSG carol :for both")
	again.Expect("PRIVMSG carol :for both")
}

func TestDemoWithRealLimitsAnswers(t *testing.T) {
	t.Parallel()
	r := goRun(t, "demo", "--real-limits", "--listen", "127.0.0.1:0")
	c := ircdtest.Dial(t, "127.0.0.1:"+r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`))
	c.Register("alice")
	for range 4 {
		c.Send("PRIVMSG Polly :help")
		c.Expect("PRIVMSG alice *")
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, args := range [][]string{{"demo"}, {"serve"}, {"serve", "--listen", "127.0.0.1:0"}} {
		_, err := runNow(t, append(args, "--listen", ln.Addr().String())...)
		if err == nil || missingAny(err.Error(), []string{"address already in use", "--listen"}) != "" {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// serve against a server that is not there: the client is told in words, the
// log has no password at any level, and the end is orderly.
func TestServeUnreachable(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := ln.Addr().String()
	ln.Close()
	path := writeFile(t, "c.toml", "[log]\nlevel = 'debug'\nformat = 'json'\n[irc]\nlisten = '127.0.0.1:0'\n")
	r := goRun(t, "serve", "--config", path, "--toc-server", gone)
	c := ircdtest.Dial(t, r.stderr.await(t, `"msg":"listening","address":"([^"]*)"`))
	c.Send("PASS alice:hunter2")
	c.Send("NICK alice")
	c.Send("USER a 0 * :a")
	if m := c.Expect("ERROR *"); missingAny(m.Trailing(), []string{gone, "cannot be reached"}) != "" {
		t.Errorf("%v", m)
	}
	c.ExpectClosed()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
	if log := r.stderr.String(); strings.Contains(log, "hunter2") || !strings.Contains(log, "shutting down") {
		t.Errorf("log:\n%s", log)
	}
}

// Passwords are in no log at any level, message texts in none above debug.
func TestServeLogsNoSecrets(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, twoAccounts())
	for _, c := range []struct {
		level   string
		secrets []string
	}{
		{"debug", []string{"pwalice", "pwbob"}},
		{"info", []string{"pwalice", "pwbob", "a text of hers", "a text of his"}},
	} {
		path := writeFile(t, "c.toml", "[log]\nlevel = '"+c.level+"'\n[irc]\nlisten = '127.0.0.1:0'\n")
		r := goRun(t, "serve", "--config", path, "--toc-server", aim.addr)
		addr := r.stderr.await(t, `msg=listening address=(\S+)`)
		alice, bob := ircdtest.Dial(t, addr), ircdtest.Dial(t, addr)
		alice.Register("AliceSmith", ircdtest.SASL("Alice Smith", "pwalice"))
		bob.Register("bob", ircdtest.Pass("bob:pwbob"))
		alice.Send("PRIVMSG bob :a text of hers")
		bob.Expect("PRIVMSG bob :a text of hers")
		bob.Send("PRIVMSG AliceSmith :a text of his")
		alice.Expect("PRIVMSG AliceSmith :a text of his")
		if err := r.end(t); err != nil {
			t.Error(err)
		}
		for _, secret := range c.secrets {
			if strings.Contains(r.stderr.String(), secret) {
				t.Errorf("%q is in the %s log:\n%s", secret, c.level, r.stderr)
			}
		}
	}
}

// A name of all the characters that nicks may have, and a password of 600 bytes
// (in two SASL chunks), which stays the name's.
func TestDemoTakesOddNamesAndLongPasswords(t *testing.T) {
	t.Parallel()
	r := goRun(t, "demo", "--listen", "127.0.0.1:0")
	addr := "127.0.0.1:" + r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`)
	const nick = "[a]^{b}|_`\\-9"
	odd, plain := ircdtest.Dial(t, addr), ircdtest.Dial(t, addr)
	password := strings.Repeat("é世", 120) // 5 bytes each
	odd.Register(nick, ircdtest.SASL(nick, password))
	plain.Register("plain")
	plain.Send("PRIVMSG %s :hello", nick)
	if m := odd.Expect("PRIVMSG " + nick + " hello"); m.Name != "plain" {
		t.Errorf("%v", m)
	}
	odd.Send("PRIVMSG plain :hello too")
	if m := plain.Expect("PRIVMSG plain :hello too"); m.Name != nick {
		t.Errorf("%v", m)
	}
	again := ircdtest.Dial(t, addr)
	again.Register(nick, ircdtest.SASL(nick, password))
	wrong := ircdtest.Dial(t, addr)
	wrong.Send("PASS :%s", password[:100])
	wrong.Send("NICK %s", nick)
	wrong.Send("USER w 0 * :w")
	wrong.Expect("464 * *")
}
