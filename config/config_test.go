package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultsListenOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	c := Defaults()
	if c.IRC.InsecurePlaintext {
		t.Error("insecure_plaintext is on by default")
	}
	for _, addr := range c.IRC.Listen {
		if host, _, err := splitAddress(addr); err != nil || !loopback(host) {
			t.Errorf("default address %q is not loopback (%v)", addr, err)
		}
	}
}

func TestLoadWithoutAnythingGivesDefaults(t *testing.T) {
	t.Parallel()
	got, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), got); diff != "" {
		t.Error(diff)
	}
}

// Every field needs a tag, a converter and a default in viper: without the
// latter its environment variable would be ignored without a word.
func TestEveryKeyIsComplete(t *testing.T) {
	t.Parallel()
	c := Defaults()
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[string]bool{}
	for _, f := range fields(&c) {
		if !name.MatchString(f.section) || !name.MatchString(f.name) {
			t.Errorf("%q: not a name of lower case letters, digits and underscores", f.key())
		}
		if converters[f.value.Type()] == nil {
			t.Errorf("%s: no converter for %v", f.key(), f.value.Type())
		}
		if seen[f.env()] {
			t.Errorf("%s: two keys with the variable %s", f.key(), f.env())
		}
		seen[f.env()] = true
	}
	if len(seen) < 12 {
		t.Errorf("only %d keys found", len(seen))
	}
}

// A key that holds a password has to be a Secret.
func TestSecretsHaveTheirType(t *testing.T) {
	t.Parallel()
	c := Defaults()
	telling := regexp.MustCompile(`pass|secret|token`)
	for _, f := range fields(&c) {
		if telling.MatchString(f.name) && f.value.Type() != reflect.TypeFor[Secret]() {
			t.Errorf("%s is a %v, not a Secret", f.key(), f.value.Type())
		}
	}
}

// other is a valid value of f that differs from its default, as Go value and as
// text for a variable.
func other(f field) (value any, text string) {
	special := map[string]string{
		"irc.listen": "127.0.0.1:6697,[::1]:6697", "irc.listen_tls": ":7697,unix:/run/irc/tls", "irc.listen_ws": "127.0.0.1:8067",
		"irc.listen_wss": ":8097", "irc.unix_mode": "0600", "websocket.origins": "https://a.example.org,*",
		"proxy.from": "127.0.0.1,10.0.0.0/8,unix", "irc.hostname": "irc.example.org", "toc.server": "toc.example.org:9898",
		"toc.login": SignOnTOC1, "toc.pace": PaceOff, "toc.entities": Always, "log.level": "debug", "log.format": FormatJSON,
	}
	switch x := f.value.Interface().(type) {
	case bool:
		return !x, fmt.Sprint(!x)
	case int:
		return x + 1, fmt.Sprint(x + 1)
	case float64:
		return x + 0.5, fmt.Sprint(x + 0.5)
	case time.Duration:
		return x + time.Minute, (x + time.Minute).String()
	case []string:
		return strings.Split(special[f.key()], ","), special[f.key()]
	default:
		s := special[f.key()]
		if s == "" {
			s = "something"
		}
		return s, s
	}
}

func TestEnvironmentReachesEveryKey(t *testing.T) {
	want := Defaults()
	for _, f := range fields(&want) {
		value, text := other(f)
		t.Setenv(f.env(), text)
		f.value.Set(reflect.ValueOf(value).Convert(f.value.Type()))
	}
	got, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFileReachesEveryKey(t *testing.T) {
	t.Parallel()
	want := Defaults()
	for _, f := range fields(&want) {
		value, _ := other(f)
		f.value.Set(reflect.ValueOf(value).Convert(f.value.Type()))
	}
	got, err := Load(write(t, want.TOML()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsReachEveryKey(t *testing.T) {
	t.Parallel()
	want := Defaults()
	var flags []Flag
	for _, f := range fields(&want) {
		value, _ := other(f)
		flags = append(flags, Flag{Name: "--x", Key: f.key(), Value: value})
		f.value.Set(reflect.ValueOf(value).Convert(f.value.Type()))
	}
	got, err := Load("", flags...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsBeatEnvironmentBeatsFile(t *testing.T) {
	file := write(t, "[irc]\nlisten = '127.0.0.1:1'\nhostname = 'file.test'\nnetwork = 'file'\n")
	t.Setenv("TOCBRIDGE_IRC_LISTEN", "127.0.0.1:2")
	t.Setenv("TOCBRIDGE_IRC_HOSTNAME", "env.test")
	got, err := Load(file, Flag{"--listen", "irc.listen", []string{"127.0.0.1:3"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults().IRC
	want.Listen, want.Hostname, want.Network = []string{"127.0.0.1:3"}, "env.test", "file"
	if diff := cmp.Diff(want, got.IRC); diff != "" {
		t.Error(diff)
	}
}

func TestBadEnvironmentIsNamed(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"TOCBRIDGE_IRC_LISTN", "x", "TOCBRIDGE_IRC_LISTN: no such key"},
		{"TOCBRIDGE_IRC_LISTEN", "0.0.0.0:6667", "TOCBRIDGE_IRC_LISTEN: irc.listen: 0.0.0.0:6667 is not a loopback address"},
		{"TOCBRIDGE_BRIDGE_LINGER", "5", `TOCBRIDGE_BRIDGE_LINGER: bridge.linger: needs a time with a unit`},
		{"TOCBRIDGE_IRC_INSECURE_PLAINTEXT", "yes", `TOCBRIDGE_IRC_INSECURE_PLAINTEXT: irc.insecure_plaintext: needs true or false, not "yes"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			_, err := Load("")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// An empty variable counts as unset, and variables that only share the prefix
// are none of ours.
func TestHarmlessEnvironment(t *testing.T) {
	t.Setenv("TOCBRIDGE_LOG_LEVEL", "")
	t.Setenv("TOCBRIDGE_SERVICE_HOST", "10.0.0.1") // Kubernetes, for a service of that name
	t.Setenv("TOCBRIDGE_PORT_6667_TCP", "tcp://10.0.0.1:6667")
	got, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), got); diff != "" {
		t.Error(diff)
	}
}

func TestBadFlagIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Load("", Flag{"--toc-server", "toc.server", "nowhere"})
	want := `--toc-server: toc.server: "nowhere" is not an address of the form host:port`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if key := (*KeyError)(nil); !errors.As(err, &key) || key.Key != "toc.server" {
		t.Errorf("%v is not a KeyError of toc.server", err)
	}
}

// Good files load; a comment "# want: section.key = value" names what must
// come out of it.
func TestGoodFiles(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "testdata/good/*.toml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			values := map[string]string{}
			for _, f := range fields(&c) {
				values[f.key()] = literal(f.value)
			}
			for _, want := range remarks(t, path) {
				key, value, _ := strings.Cut(want, " = ")
				if values[key] != value {
					t.Errorf("%s is %s, want %s", key, values[key], value)
				}
			}
		})
	}
}

// Bad files are refused; each comment "# want: message" has to be the end of a
// line of the error, %s in it standing for the file's path, and nothing else
// may be reported.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "testdata/bad/*.toml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			_, err := Load(path)
			if err == nil {
				t.Fatal("not refused")
			}
			wants := remarks(t, path)
			for i, want := range wants {
				wants[i] = strings.ReplaceAll(want, "%s", path)
			}
			if diff := cmp.Diff(wants, strings.Split(err.Error(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func remarks(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var wants []string
	for line := range strings.Lines(string(text)) {
		if want, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: "); ok {
			wants = append(wants, want)
		}
	}
	if len(wants) == 0 {
		t.Fatalf("%s says nothing of what is wanted", path)
	}
	return wants
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) < 3 {
		t.Fatalf("%s: %d files, %v", pattern, len(list), err)
	}
	return list
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocbridge.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileCannotBeRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.toml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a directory was read")
	}
	long := write(t, strings.Repeat("# filler\n", maxFile/9+1))
	if _, err := Load(long); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
}

// Two Loads at once, and the global viper untouched: nothing is shared.
func TestLoadSharesNothing(t *testing.T) {
	t.Parallel()
	a := write(t, "[irc]\nnetwork = 'A'\n")
	if c, err := Load(a); err != nil || c.IRC.Network != "A" {
		t.Fatal(c, err)
	}
	if c, err := Load(""); err != nil || c.IRC.Network != Defaults().IRC.Network {
		t.Fatal(c, err)
	}
	if keys := viper.AllKeys(); len(keys) != 0 {
		t.Errorf("the global viper knows %q", keys)
	}
}

func TestDefaultListsAreNotShared(t *testing.T) {
	t.Parallel()
	a, b := Defaults(), Defaults()
	a.IRC.Listen[0] = "changed"
	if b.IRC.Listen[0] == "changed" {
		t.Error("two Defaults share a list")
	}
}

// withTLS listens for TLS.
func withTLS(c *Config) {
	c.IRC.ListenTLS = []string{":6697"}
	c.TLS.Certificate, c.TLS.Key = "c.pem", "k.pem"
}

func TestProxyAddresses(t *testing.T) {
	t.Parallel()
	p := Proxy{From: []string{"127.0.0.1", "::ffff:10.0.0.1", "192.168.7.1/16", "2001:db8::1", "unix"}}
	networks, unix, err := p.Addresses()
	if got := fmt.Sprint(networks, unix, err); got != "[127.0.0.1/32 10.0.0.1/32 192.168.0.0/16 2001:db8::1/128] true <nil>" {
		t.Error(got)
	}
	networks, unix, err = Defaults().Proxy.Addresses()
	if networks != nil || unix || err != nil {
		t.Error(networks, unix, err)
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"0660": "-rw-rw----", "600": "-rw-------", "0777": "-rwxrwxrwx"} {
		if got, err := (IRC{UnixMode: text}).FileMode(); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string // empty: fine
	}{
		{"port zero twice", func(c *Config) { c.IRC.Listen = []string{"127.0.0.1:0", "127.0.0.1:0"} }, ""},
		{"localhost", func(c *Config) { c.IRC.Listen = []string{"LocalHost:6667"} }, ""},
		{"all of 127/8", func(c *Config) { c.IRC.Listen = []string{"127.9.9.9:6667"} }, ""},
		{"mapped loopback", func(c *Config) { c.IRC.Listen = []string{"[::ffff:127.0.0.1]:6667"} }, ""},
		{"insecure, in so many words", func(c *Config) { c.IRC.Listen = []string{":6667"}; c.IRC.InsecurePlaintext = true }, ""},
		{"all addresses", func(c *Config) { c.IRC.Listen = []string{":6667"} }, "irc.listen: :6667 is not a loopback address"},
		{"all addresses, 6", func(c *Config) { c.IRC.Listen = []string{"[::]:6667"} }, "irc.listen: [::]:6667 is not a loopback address"},
		{"a name", func(c *Config) { c.IRC.Listen = []string{"irc.example.org:6667"} }, "is not a loopback address"},
		{"a name like loopback", func(c *Config) { c.IRC.Listen = []string{"127.0.0.1.example.org:6667"} }, "is not a loopback address"},
		{"no address", func(c *Config) { c.IRC.Listen = nil }, "irc.listen: needs at least one address"},
		{"TLS only", func(c *Config) { c.IRC.Listen = nil; withTLS(c) }, ""},
		{"TLS everywhere", func(c *Config) { withTLS(c); c.IRC.ListenWSS = []string{"0.0.0.0:8097"} }, ""},
		{"TLS without a certificate", func(c *Config) { c.IRC.ListenTLS = []string{":6697"} }, "tls.certificate: is needed, with tls.key, for irc.listen_tls"},
		{"wss without a certificate", func(c *Config) { c.IRC.ListenWSS = []string{":6697"} }, "tls.certificate: is needed"},
		{"certificate without a key", func(c *Config) { c.TLS.Certificate = "c.pem" }, "tls.certificate: needs tls.key"},
		{"key without a certificate", func(c *Config) { c.TLS.Key = "k.pem" }, "tls.certificate: needs tls.key"},
		{"TLS address", func(c *Config) { withTLS(c); c.IRC.ListenTLS[0] = "6697" }, `irc.listen_tls: "6697" is not an address`},
		{"the same address twice", func(c *Config) { withTLS(c); c.IRC.Listen = c.IRC.ListenTLS; c.IRC.InsecurePlaintext = true }, "irc.listen_tls: :6697 is there twice"},
		{"ws on all addresses", func(c *Config) { c.IRC.ListenWS = []string{":8067"} }, "irc.listen_ws: :8067 is not a loopback address"},
		{"ws, insecure in so many words", func(c *Config) { c.IRC.ListenWS = []string{":8067"}; c.IRC.InsecurePlaintext = true }, ""},
		{"unix sockets", func(c *Config) { c.IRC.Listen = []string{"unix:/run/irc"}; c.IRC.ListenWS = []string{"unix:/run/ws"} }, ""},
		{"unix socket twice", func(c *Config) { c.IRC.Listen = []string{"unix:/run/irc"}; c.IRC.ListenWS = c.IRC.Listen }, "irc.listen_ws: unix:/run/irc is there twice"},
		{"unix socket somewhere", func(c *Config) { c.IRC.Listen = []string{"unix:irc"} }, `irc.listen: "unix:irc": the path of a unix socket has to begin with /`},
		{"unix socket with a long name", func(c *Config) { c.IRC.Listen = []string{"unix:/" + strings.Repeat("x", 85)} }, "the path of a unix socket may have 85 bytes"},
		{"unix mode", func(c *Config) { c.IRC.UnixMode = "0666" }, ""},
		{"unix mode, decimal", func(c *Config) { c.IRC.UnixMode = "0680" }, `irc.unix_mode: needs octal permission bits such as 0660, not "0680"`},
		{"unix mode, more than permissions", func(c *Config) { c.IRC.UnixMode = "4755" }, "irc.unix_mode: needs octal"},
		{"unix mode, too short", func(c *Config) { c.IRC.UnixMode = "" }, "irc.unix_mode: needs octal"},
		{"STS", func(c *Config) { withTLS(c); c.TLS.STS = true; c.TLS.STSDuration = 720 * time.Hour }, ""},
		{"STS taken back", func(c *Config) { withTLS(c); c.TLS.STS = true }, ""},
		{"STS at a proxy", func(c *Config) { c.TLS.STS = true; c.TLS.STSPort = 6697 }, ""},
		{"STS without TLS", func(c *Config) { c.TLS.STS = true }, "tls.sts: true needs an address in irc.listen_tls"},
		{"STS port", func(c *Config) { c.TLS.STSPort = 65536 }, "tls.sts_port: 65536 is no port"},
		{"STS port below 0", func(c *Config) { c.TLS.STSPort = -1 }, "tls.sts_port: -1 is less than 0"},
		{"STS for half a second", func(c *Config) { c.TLS.STSDuration = 1500 * time.Millisecond }, "tls.sts_duration: 1.5s: needs whole seconds"},
		{"origins", func(c *Config) {
			c.WebSocket.Origins = []string{"*", "https://*.example.org", "http://[::1]:8000", "http://*:8000"}
		}, ""},
		{"origin without a scheme", func(c *Config) { c.WebSocket.Origins = []string{"chat.example.org"} }, `websocket.origins: "chat.example.org" is not an origin`},
		{"origin with a path", func(c *Config) { c.WebSocket.Origins = []string{"https://chat.example.org/"} }, "is not an origin"},
		{"proxies", func(c *Config) { c.Proxy.From = []string{"127.0.0.1", "2001:db8::/32", "unix"} }, ""},
		{"proxy by name", func(c *Config) { c.Proxy.From = []string{"localhost"} }, `proxy.from: "localhost" is neither an address`},
		{"proxy with port", func(c *Config) { c.Proxy.From = []string{"127.0.0.1:80"} }, "is neither an address"},
		{"proxy with zone", func(c *Config) { c.Proxy.From = []string{"fe80::1%eth0"} }, "is neither an address"},
		{"port too high", func(c *Config) { c.IRC.Listen = []string{"127.0.0.1:65536"} }, "the port has to be a number"},
		{"port by name", func(c *Config) { c.IRC.Listen = []string{"127.0.0.1:ircd"} }, "the port has to be a number"},
		{"hostname without dot", func(c *Config) { c.IRC.Hostname = "irc" }, `irc.hostname: "irc" is not a server name`},
		{"hostname with space", func(c *Config) { c.IRC.Hostname = "irc.a b" }, "is not a server name"},
		{"hostname with line break", func(c *Config) { c.IRC.Hostname = "irc.example\n" }, "is not a server name"},
		{"hostname too long", func(c *Config) { c.IRC.Hostname = strings.Repeat("a.", 40) + "b" }, "is not a server name"},
		{"network of two words", func(c *Config) { c.IRC.Network = "A I M" }, `irc.network: "A I M" is not a network name`},
		{"network empty", func(c *Config) { c.IRC.Network = "" }, "is not a network name"},
		{"server without host", func(c *Config) { c.TOC.Server = ":9898" }, `toc.server: ":9898" names no server`},
		{"server without port", func(c *Config) { c.TOC.Server = "aim.example.org" }, "is not an address"},
		{"login", func(c *Config) { c.TOC.Login = "oscar" }, `toc.login: needs toc2_login, toc2_signon or toc_signon, not "oscar"`},
		{"pace", func(c *Config) { c.TOC.Pace = "" }, `toc.pace: needs oscar or off, not ""`},
		{"pauses of one length", func(c *Config) { c.TOC.ReconnectMin = c.TOC.ReconnectMax }, ""},
		{"no pauses", func(c *Config) { c.TOC.ReconnectMin = 0 }, "toc.reconnect_min: 0s is too short"},
		{"short pauses", func(c *Config) { c.TOC.ReconnectMin = 999 * time.Millisecond }, "toc.reconnect_min: 999ms is too short; 1s is the least"},
		{"pauses that shrink", func(c *Config) { c.TOC.ReconnectMax = time.Second }, "toc.reconnect_min: 10s is more than toc.reconnect_max, which is 1s"},
		{"entities", func(c *Config) { c.TOC.Entities = "Auto" }, `toc.entities: needs auto, always or never, not "Auto"`},
		{"no away text", func(c *Config) { c.Bridge.AwayText = "" }, ""},
		{"away text in bold", func(c *Config) { c.Bridge.AwayText = "\x02Gone\x02" }, "bridge.away_text: \"\\x02Gone\\x02\" is not an away message"},
		{"away text of two lines", func(c *Config) { c.Bridge.AwayText = "a\nb" }, "is not an away message"},
		{"away text too long", func(c *Config) { c.Bridge.AwayText = strings.Repeat("x", 391) }, "at most 390 bytes"},
		{"away text of broken UTF-8", func(c *Config) { c.Bridge.AwayText = "caf\xe9" }, "is not an away message"},
		{"never idle", func(c *Config) { c.Bridge.IdleAfter = 0 }, ""},
		{"idle soon", func(c *Config) { c.Bridge.IdleAfter = time.Minute }, ""},
		{"idle too soon", func(c *Config) { c.Bridge.IdleAfter = 59 * time.Second }, "bridge.idle_after: 59s is too short; 0s is off, 1m the least"},
		{"idle without its unit", func(c *Config) { c.Bridge.IdleAfter = 10 }, "bridge.idle_after: 10ns is too short"},
		{"level", func(c *Config) { c.Log.Level = "INFO" }, `log.level: needs debug, info, warn or error, not "INFO"`},
		{"linger negative", func(c *Config) { c.Bridge.Linger = -time.Second }, "bridge.linger: -1s is too short"},
		{"linger without its unit", func(c *Config) { c.Bridge.Linger = 5 }, "bridge.linger: 5ns is too short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := Defaults()
			c.change(&got)
			err := got.Validate()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Every limit takes 0 (off) and more than its default, and nothing below 0.
func TestLimitsCanBeRaisedAndSwitchedOff(t *testing.T) {
	t.Parallel()
	zero, more, less := Defaults(), Defaults(), Defaults()
	limits := 0
	set := func(c *Config, n int64) {
		for _, f := range fields(c) {
			if f.section == "limits" {
				f.value.Set(reflect.ValueOf(n).Convert(f.value.Type()))
				limits++
			}
		}
	}
	set(&zero, 0)
	set(&more, 1<<40) // 18 minutes as a duration
	set(&less, -1)
	if err := zero.Validate(); err != nil {
		t.Error(err)
	}
	if err := more.Validate(); err != nil {
		t.Error(err)
	}
	if err := less.Validate(); err == nil || strings.Count(err.Error(), "limits.") != limits/3 {
		t.Errorf("not all of %d limits are refused below 0: %v", limits/3, err)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	s := Secret("hunter2")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %s %q %#v %+v", s, s, s, s, struct{ S Secret }{s}) + log.String() + string(text)
	if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "***") {
		t.Error(shown)
	}
	if s.Reveal() != "hunter2" || Secret("").String() != "" {
		t.Error("Reveal or the empty secret is wrong")
	}
}

func TestTOMLQuoting(t *testing.T) {
	t.Parallel()
	want := Defaults()
	want.IRC.MOTDFile = "a \"quoted\" \\ path\twith\x01 odd \x7f bytes, Grüße.txt"
	got, err := Load(write(t, want.TOML()))
	if err != nil {
		t.Fatal(err)
	}
	if got.IRC.MOTDFile != want.IRC.MOTDFile {
		t.Errorf("%q became %q", want.IRC.MOTDFile, got.IRC.MOTDFile)
	}
}

// The reference in the README is the defaults: as a file it gives them, and
// without its comments it is what TOML prints, so no key is missing there.
func TestREADMEReferenceIsTheDefaults(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- reference -->\n```toml\n")
	block, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("README.md has no ```toml block after <!-- reference -->")
	}
	got, err := Load(write(t, block))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), got); diff != "" {
		t.Error(diff)
	}
	comment := regexp.MustCompile(`(?m)\s*#.*$`)
	blank := regexp.MustCompile(`\n\n+`)
	bare := strings.TrimSpace(blank.ReplaceAllString(comment.ReplaceAllString(block, ""), "\n"))
	want := strings.TrimSpace(blank.ReplaceAllString(Defaults().TOML(), "\n"))
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(bare, "\n")); diff != "" {
		t.Error(diff)
	}
}

// The other examples in the README are configurations too.
func TestREADMEExamplesLoad(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		if _, err := Load(write(t, b[1])); err != nil {
			t.Errorf("%v:\n%s", err, b[1])
		}
	}
}

// Whatever is in the file, Load returns, and what it takes is valid.
func FuzzLoad(f *testing.F) {
	f.Add(Defaults().TOML())
	f.Add("[irc]\nlisten = [")
	f.Add("irc = {listen = 'x'}\n[[toc]]\n'a.b' = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load("fuzz.toml", []byte(text), nil)
		if err == nil && c.Validate() != nil {
			t.Errorf("%q: loaded, but %v", text, c.Validate())
		}
	})
}
