package tocd

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

// These tests drive the server with package toc over TCP.

// expect receives until f is content, and says what came instead if it never is.
func expect[E toc.Event](t *testing.T, c *toc.Client, f func(E) bool) E {
	t.Helper()
	var seen []string
	for range 100 {
		e, err := c.Recv()
		if err != nil {
			t.Fatalf("%v after %q", err, seen)
		}
		if x, ok := e.(E); ok && f(x) {
			return x
		}
		seen = append(seen, e.Line())
	}
	t.Fatalf("not among %q", seen)
	panic("unreachable")
}

func send(t *testing.T, c *toc.Client, cmds ...toc.Command) {
	t.Helper()
	if err := c.Send(cmds...); err != nil {
		t.Fatal(err)
	}
}

func TestClientChat(t *testing.T) {
	t.Parallel()
	_, addr := serveTCP(t, Options{Accounts: people})
	alice := signOn(t, addr, toc.Login{Name: "Alice Smith", Password: "pwalice"})
	expect(t, alice, func(n toc.Nick) bool { return n.Name == "Alice Smith" })
	send(t, alice, toc.NewBuddies{Groups: []toc.Group{{Name: "Pals (old)", Buddies: []toc.Buddy{{Name: "bob", Alias: "B \\ ob", Note: "n"}}}}})
	expect(t, alice, func(r toc.NewBuddyReply) bool { return r.Name == "bob" && r.Status == "added" })
	bob := signOn(t, addr, toc.Login{Name: "bob", Password: "pwbob", Form: toc.SignOn2})
	awaitStatus(t, bob, "bob", true)
	expect(t, alice, func(b toc.BuddyUpdate) bool {
		return b.Online && b.Name == "bob" && b.Class.Unconfirmed() && !b.Class.Away()
	})
	expect(t, alice, func(c toc.BuddyCaps) bool { return len(c.Caps) == 1 })

	text := `say "hi" to <b>\o/</b> {x} $1 [y] (z): ` + "é漢😀" + "\nnext line"
	send(t, alice, toc.SendIM{To: "bob", Text: text})
	im := expect(t, bob, func(toc.IMIn) bool { return true })
	if want := strings.ReplaceAll(text, `"`, "&quot;"); im.Text != want || im.From != "Alice Smith" {
		t.Errorf("%q from %s, want %q", im.Text, im.From, want)
	}
	send(t, bob, toc.SetAway{Text: "gone"}, toc.SetIdle{Seconds: 600})
	expect(t, alice, func(b toc.BuddyUpdate) bool { return b.Class.Away() && b.Idle == 10 })
	send(t, bob, toc.SendTyping{To: "alicesmith", State: toc.TypingActive})
	expect(t, alice, func(y toc.Typing) bool { return y.From == "bob" && y.State == toc.TypingActive })

	send(t, alice, toc.ChatJoin{Exchange: 4, Name: "A-B c"})
	expect(t, alice, func(j toc.ChatJoined) bool { return j.Room == 0 && j.Name == "A-B c" })
	send(t, alice, toc.ChatInviteTo{Room: 0, Text: "come", Names: []toc.ScreenName{"bob"}})
	inv := expect(t, bob, func(toc.ChatInvite) bool { return true })
	if inv.Name != "A" || inv.Text != "come" {
		t.Errorf("%+v", inv)
	}
	send(t, bob, toc.ChatAccept{Room: inv.Room})
	expect(t, bob, func(m toc.ChatMembers) bool { return m.Here && len(m.Names) == 2 })
	send(t, bob, toc.ChatSend{Room: inv.Room, Text: "in"})
	expect(t, alice, func(c toc.ChatIn) bool { return c.Enc && c.From == "bob" && c.Text == "in" })
	if err := bob.SignOff(); err != nil {
		t.Error(err)
	}
	expect(t, alice, func(m toc.ChatMembers) bool { return !m.Here && m.Names[0] == "bob" })

	again := signOn(t, addr, toc.Login{Name: "alicesmith", Password: "pwalice"})
	list := expect(t, again, func(toc.Config) bool { return true })
	if g := list.Groups[0]; g.Name != "Pals (old)" || g.Buddies[0] != (toc.Buddy{Name: "bob", Alias: "B \\ ob", Note: "n"}) {
		t.Errorf("%+v", list)
	}
}

func TestClientProfile(t *testing.T) {
	t.Parallel()
	_, addr := serveTCP(t, Options{Accounts: people})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	bob := signOn(t, addr, toc.Login{Name: "bob", Password: "pwbob"})
	send(t, bob, toc.SetInfo{Text: "I like <B>trains</B>"}, toc.GetInfo{Name: "bob"}, toc.GetInfo{Name: "carol"})
	u := expect(t, bob, func(u toc.GotoURL) bool { return u.Window == "profile" })
	html, err := bob.Get(ctx, u)
	if err != nil || !strings.Contains(html, "I like <b>trains</b>") {
		t.Errorf("%q, %v", html, err)
	}
	u = expect(t, bob, func(toc.GotoURL) bool { return true })
	if _, err := bob.Get(ctx, u); !errors.Is(err, toc.ErrNoProfile) {
		t.Errorf("carol: %v", err)
	}
}

func TestClientRefusals(t *testing.T) {
	t.Parallel()
	_, addr := serveTCP(t, Options{Accounts: people, ConnectLimit: true})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for i := range 12 {
		_, err := toc.SignOn(ctx, addr, toc.Login{Name: "bob", Password: "wrong"})
		var refused toc.ServerError
		want := toc.ErrWrongPassword
		if i >= 10 {
			want = toc.ErrTooOften
		}
		if !errors.As(err, &refused) || refused.Code != want {
			t.Fatalf("sign-on %d: %v, want %d", i+1, err, want)
		}
	}
}

// TestLastWordsArrive: the refusal is read although the client has sent more
// than the server will ever read.
func TestLastWordsArrive(t *testing.T) {
	t.Parallel()
	_, addr := serveTCP(t, Options{Accounts: people})
	for range 20 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		l := link{nc: nc}
		l.hello()
		l.command(toc.NewSignOn(toc.Login2, "bob", "wrong", "x").Line())
		for range 50 {
			l.command("toc_get_status " + strings.Repeat("x", 1000))
		}
		nc.SetReadDeadline(time.Now().Add(20 * time.Second))
		frames := toc.NewFrameReader(nc)
		frames.Next()
		if f, err := frames.Next(); err != nil || string(f.Payload) != "ERROR:980" {
			t.Errorf("%q, %v", f.Payload, err)
		}
		nc.Close()
	}
}

// TestComesBack: the server goes and comes again at the same address.
func TestComesBack(t *testing.T) {
	t.Parallel()
	s := New(Options{AnyName: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	for round := range 3 {
		if round > 0 {
			if ln, err = net.Listen("tcp", addr); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error, 1)
		go func() { done <- s.Serve(context.Background(), ln) }()
		c := signOn(t, addr, toc.Login{Name: "zed", Password: "mine"})
		list := expect(t, c, func(toc.Config) bool { return true })
		if len(list.Groups) != round {
			t.Errorf("round %d: %+v", round, list)
		}
		send(t, c, toc.NewGroup{Group: strings.Repeat("g", round+1)}, toc.GetStatus{Name: "zed"})
		expect(t, c, func(toc.BuddyUpdate) bool { return true })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != ErrClosed {
			t.Errorf("Serve: %v", err)
		}
		if _, err := c.Recv(); err == nil {
			t.Error("the link lives")
		}
	}
}

// TestFloodArrives: none lost, none reordered, with both sides busy.
func TestFloodArrives(t *testing.T) {
	t.Parallel()
	_, addr := serveTCP(t, Options{Accounts: people})
	alice := signOn(t, addr, toc.Login{Name: "alicesmith", Password: "pwalice"})
	bob := signOn(t, addr, toc.Login{Name: "bob", Password: "pwbob"})
	awaitStatus(t, alice, "alicesmith", true)
	awaitStatus(t, bob, "bob", true)
	const n = 3000
	errs := make(chan error, 2)
	for _, way := range []struct {
		from, to *toc.Client
		name     toc.ScreenName
	}{{alice, bob, "bob"}, {bob, alice, "alicesmith"}} {
		go func() {
			for i := range n {
				if err := way.from.Send(toc.SendIM{To: way.name, Text: numbered(i)}); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for _, c := range []*toc.Client{alice, bob} {
		i := 0
		expectAll(t, c, n, func(im toc.IMIn) {
			if im.Text != numbered(i) {
				t.Fatalf("%q, want %q", im.Text, numbered(i))
			}
			i++
		})
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func numbered(i int) string { return "number " + strings.Repeat("i", i%50) + string(rune('a'+i%26)) }

func expectAll(t *testing.T, c *toc.Client, n int, f func(toc.IMIn)) {
	t.Helper()
	var events []toc.Event
	for n > 0 {
		var err error
		if events, err = c.RecvBatch(events[:0]); err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if im, ok := e.(toc.IMIn); ok {
				f(im)
				n--
			}
		}
	}
}
