package tocd

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocbridge/toc"
)

// lab is a server in fake time with clients on pipes. Every step of a client
// ends when all goroutines have come to rest, so nothing has to be waited for.
type lab struct {
	t     *testing.T
	srv   *Server
	net   *pipeNet
	hosts int
	log   strings.Builder
}

// people have accounts in a lab that says nothing else.
var people = map[string]string{
	"Alice Smith": "pwalice", "bob": "pwbob", "carol": "pwcarol", "Dave Jones": "pwdave",
}

// inLab runs a test in a bubble of fake time, with a server that is serving.
func inLab(t *testing.T, o Options, test func(l *lab)) {
	t.Helper()
	inLabOnly(t, o, func(l *lab) {
		stop := l.serve()
		test(l)
		stop()
	})
}

// inLabOnly is inLab before anybody serves.
func inLabOnly(t *testing.T, o Options, test func(l *lab)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t}
		if o.Accounts == nil && !o.AnyName {
			o.Accounts = people
		}
		o.Log = slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		l.srv = New(o)
		test(l)
		if strings.Contains(l.log.String(), "panic") {
			t.Errorf("the server panicked:\n%s", l.log.String())
		}
	})
}

// serve makes the server available; stop takes it away again.
func (l *lab) serve() (stop func()) {
	l.net = newPipeNet()
	served := make(chan error, 1)
	go func() { served <- l.srv.Serve(context.Background(), l.net) }()
	synctest.Wait()
	return func() {
		l.srv.Close()
		if err := <-served; err != ErrClosed {
			l.t.Errorf("Serve: %v", err)
		}
	}
}

// connect opens a connection from an address of its own.
func (l *lab) connect() *link {
	l.hosts++
	return l.connectFrom(fmt.Sprintf("127.1.%d.%d:4000", l.hosts/250, l.hosts%250))
}

func (l *lab) connectFrom(addr string) *link {
	c := newLink(l.net.dial(l.t, addr), false)
	l.t.Cleanup(c.drop)
	return c
}

// signOn sends a sign-on command and takes nothing of the answer.
func (l *lab) signOn(form toc.LoginForm, name toc.ScreenName, password string) *link {
	c := l.connect()
	l.signOnAt(c, form, name, password)
	return c
}

func (l *lab) signOnAt(c *link, form toc.LoginForm, name toc.ScreenName, password string) {
	c.hello()
	cmd := toc.NewSignOn(form, name, password, "TIC:lab")
	cmd.Name = name // as formatted
	c.command(cmd.Line())
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) == 0 || c.lines[0] != "F1 00000001" {
		l.t.Errorf("first frame: %q", c.lines)
		return
	}
	c.lines = c.lines[1:]
}

// on signs one of the people on and makes them visible.
func (l *lab) on(name string) *link { return l.onAs(toc.Login2, name) }

func (l *lab) onAs(form toc.LoginForm, name string) *link {
	l.t.Helper()
	c := l.signOn(form, toc.ScreenName(name), passwordOf(name))
	if got := c.take(); len(got) != 3 || !strings.HasPrefix(got[0], "SIGN_ON:") {
		l.t.Fatalf("sign-on of %s: %q", name, got)
	}
	l.say(c, "toc_init_done")
	return c
}

func passwordOf(name string) string {
	for n, p := range people {
		if toc.ScreenName(n).Equal(toc.ScreenName(name)) {
			return p
		}
	}
	return "password"
}

// say sends a command line.
func (l *lab) say(c *link, line string) {
	c.command(line)
	synctest.Wait()
}

// gets checks what a connection got since last time, in any order.
func (l *lab) gets(c *link, want ...string) {
	l.t.Helper()
	synctest.Wait()
	var got []string
	for _, line := range c.take() {
		got = append(got, mask(line))
	}
	want = slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		l.t.Errorf("(-want +got)\n%s", d)
	}
}

// quiet takes what connections got, unseen.
func (l *lab) quiet(cs ...*link) {
	synctest.Wait()
	for _, c := range cs {
		c.take()
	}
}

// arrives is what a TOC2 client gets for a presence.
func arrives(name, rest string) []string {
	return []string{
		"UPDATE_BUDDY2:" + name + ":T:" + rest,
		"BUDDY_CAPS2:" + name + ":" + chatCapability.String(),
	}
}

const here = "0:TIME:0: U :" // no warning, not idle, not away

func TestArrivesMatchesTheServer(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice := l.on("Alice Smith")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.on("bob")
		l.gets(alice, append(arrives("bob", here), "NEW_BUDDY_REPLY2:bob:added")...)
	})
}

// minute is short for time.Sleep in a bubble.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
