package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

func TestPollyAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"hello", "Hello, Al &amp; Co!"},
		{"Hi!", "Hello, Al &amp; Co!"},
		{"Polly, help?", "<B>styles</B> to show"},
		{"styles please", "<B>Bold</B>"},
		{"lines", "<BR>the second"},
		{"long", "long. This"},
		{"unicode", "世界"},
		{"/me dances", "/me watches how Al &amp; Co dances"},
		{"this & <that>\nand more", "<I>this &amp; &lt;that&gt;<BR>and more</I>"},
		{"which", "<I>which</I>"}, // has hi in it
	} {
		got := pollyAnswers("Al & Co", c.text)
		if len(got) != 1 || !strings.Contains(got[0].html, c.want) {
			t.Errorf("%q: %+v, want %q", c.text, got, c.want)
		}
	}
}

// What the cast says has to fit one command, and their names have to be nicks
// that users can type.
func TestCast(t *testing.T) {
	t.Parallel()
	if len(cast) != 3 {
		t.Fatalf("%d buddies", len(cast))
	}
	for _, r := range cast {
		nick := strings.ReplaceAll(string(r.name), " ", "")
		if !ircd.ValidNick(nick) || len(r.name) > 16 {
			t.Errorf("%q is no name for a buddy", r.name)
		}
		if !isCast(toc.ScreenName(strings.ToUpper(nick))) {
			t.Errorf("%q is not known", nick)
		}
	}
	texts := []string{"hello", "help", "styles", "lines", "long", "unicode"}
	for _, text := range texts {
		for _, r := range pollyAnswers("alice", text) {
			if n := toc.QuotedLen(r.html); n > toc.IMRoom("averyverylongname", false) || !utf8.ValidString(r.html) {
				t.Errorf("%s: %d bytes", text, n)
			}
			if plain := richtext.ParseHTML(r.html).String(); strings.ContainsAny(plain, "<>") {
				t.Errorf("%s reads %q", text, plain)
			}
		}
	}
	if isCast("alice") {
		t.Error("alice is in the cast")
	}
}

// A buddy that goes away answers so, once a person, and one that comes and goes
// does both.
func TestBuddiesOnTheirServer(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, quickServer())
	watcher := signOn(t, aim.addr, "watcher")
	watcher.send(t, toc.NewBuddies{Groups: []toc.Group{{Name: "G", Buddies: []toc.Buddy{{Name: "cometkin"}, {Name: "tomkin"}}}}}, toc.InitDone{})
	play(t, aim.addr, role{name: "cometkin", answer: oneLine("hello there"), online: 50 * time.Millisecond, off: 50 * time.Millisecond})
	for _, online := range []bool{true, false, true, false} {
		watcher.await(t, func(e toc.Event) bool {
			u, ok := e.(toc.BuddyUpdate)
			return ok && u.Name.Equal("cometkin") && u.Online == online
		})
	}
	play(t, aim.addr, role{name: "tomkin", answer: oneLine("here"), here: 50 * time.Millisecond, away: time.Hour, awayText: "<B>gone</B>"})
	watcher.await(t, func(e toc.Event) bool {
		u, ok := e.(toc.BuddyUpdate)
		return ok && u.Name.Equal("tomkin") && u.Online && u.Class.Away()
	})
	watcher.send(t, toc.SendIM{To: "tomkin", Text: "there?"}, toc.SendIM{To: "tomkin", Text: "really?"}, toc.SendIM{To: "cometkin", Text: "hm"})
	watcher.await(t, func(e toc.Event) bool {
		im, ok := e.(toc.IMIn)
		return ok && im.From.Equal("tomkin") && im.Auto && im.Text == "<B>gone</B>"
	})
}

func quickServer() tocd.Options { return tocd.Options{AnyName: true} }

// A user is a TOC session of a test.
type user struct {
	client *toc.Client
	events chan toc.Event
}

func signOn(t *testing.T, addr string, name toc.ScreenName) *user {
	t.Helper()
	c, err := toc.SignOn(t.Context(), addr, toc.Login{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	u := &user{c, make(chan toc.Event, 1024)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			e, err := c.Recv()
			if err != nil {
				return
			}
			u.events <- e
		}
	}()
	t.Cleanup(func() {
		c.Close()
		<-gone
	})
	return u
}

func (u *user) send(t *testing.T, cmds ...toc.Command) {
	t.Helper()
	if err := u.client.Send(cmds...); err != nil {
		t.Fatal(err)
	}
}

// await drops events until one matches.
func (u *user) await(t *testing.T, match func(toc.Event) bool) toc.Event {
	t.Helper()
	deadline := time.After(processTime)
	for {
		select {
		case e := <-u.events:
			if match(e) {
				return e
			}
		case <-deadline:
			t.Fatal("the event did not come")
		}
	}
}

// play lets a buddy play until the end of the test.
func play(t *testing.T, addr string, r role) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&buddy{role: r, addr: addr, log: slog.New(slog.DiscardHandler)}).run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// A demo user gets the cast on an empty list, and once only.
func TestNewcomerGetsTheCast(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, quickServer())
	far := &farEnd{addr: aim.addr}
	listOf := func() toc.Config {
		link, err := far.signOn(t.Context(), "alice", "secret")
		if err != nil {
			t.Fatal(err)
		}
		defer link.Close()
		for {
			batch, err := link.RecvBatch(nil)
			for _, e := range batch {
				if list, ok := e.(toc.Config); ok {
					return list
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(castList(), listOf().Groups); diff != "" {
		t.Error(diff)
	}
	again := listOf() // now from the server
	if len(again.Groups) != 1 || len(again.Groups[0].Buddies) != len(cast) || !again.Groups[0].Buddies[0].Name.Equal(cast[0].name) {
		t.Errorf("%+v", again.Groups)
	}
}
