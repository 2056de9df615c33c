package tocd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/toc"
)

func TestServeEndsWithContext(t *testing.T) {
	inLabOnly(t, Options{}, func(l *lab) {
		ctx, cancel := context.WithCancel(context.Background())
		l.net = newPipeNet()
		done := make(chan error, 1)
		go func() { done <- l.srv.Serve(ctx, l.net) }()
		bob := l.on("bob")
		cancel()
		if err := <-done; err != ErrClosed {
			t.Errorf("Serve: %v", err)
		}
		l.gets(bob, "EOF")
		select {
		case <-l.net.closed:
		default:
			t.Error("the listener is open")
		}
		if n := l.srv.Sessions("bob"); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// TestTwoListeners are one server.
func TestTwoListeners(t *testing.T) {
	inLabOnly(t, Options{}, func(l *lab) {
		ctx, cancel := context.WithCancel(context.Background())
		one := newPipeNet()
		done := make(chan error, 1)
		go func() { done <- l.srv.Serve(ctx, one) }()
		stop := l.serve()
		alice := l.on("Alice Smith")
		two := l.net
		l.net = one
		bob := l.on("bob")
		l.say(bob, `toc2_send_im alicesmith "across"`)
		l.gets(alice, "IM_IN_ENC2:bob:F:F:T: U :F:L:en:across")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(alice)
		cancel() // ends one listener
		<-done
		l.gets(bob, "EOF")
		l.gets(alice) // a server that goes away tells nobody
		l.net = two
		l.on("carol")
		stop()
	})
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

// brokenListener fails for a while, then for good.
type brokenListener struct {
	*pipeNet
	errs []error
}

func (b *brokenListener) Accept() (net.Conn, error) {
	if len(b.errs) == 0 {
		return b.pipeNet.Accept()
	}
	err := b.errs[0]
	b.errs = b.errs[1:]
	return nil, err
}

func TestAcceptErrors(t *testing.T) {
	inLabOnly(t, Options{}, func(l *lab) {
		l.net = newPipeNet()
		many := errors.New("too many open files")
		ln := &brokenListener{pipeNet: l.net, errs: []error{many, many, many}}
		done := make(chan error, 1)
		go func() { done <- l.srv.Serve(context.Background(), ln) }()
		wait(time.Second) // it tries again
		l.on("bob")
		l.net.Close() // not by us
		if err := <-done; !errors.Is(err, net.ErrClosed) || errors.Is(err, ErrClosed) {
			t.Errorf("Serve: %v", err)
		}
		if n := strings.Count(l.log.String(), "accept failed"); n != 3 {
			t.Errorf("logged %d times:\n%s", n, l.log.String())
		}
	})
}

// TestGoroutines: a connection that is at rest has one, whatever happened on it
// before.
func TestGoroutines(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		for range 4 {
			l.say(l.on("carol"), `toc2_send_im bob "x"`)
		}
		l.quiet(bob)
		if serve, write := goroutinesIn("tocd.(*conn).serve"), goroutinesIn("tocd.(*queue).write"); serve != 5 || write != 0 {
			t.Errorf("five connections at rest have %d readers and %d writers", serve, write)
		}
	})
}

// goroutinesIn counts the goroutines of this bubble that run a function.
func goroutinesIn(name string) (n int) {
	buf := make([]byte, 4<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	_, own, _ := strings.Cut(strings.SplitN(all[0], "\n", 2)[0], "synctest bubble ")
	for _, g := range all {
		head, body, _ := strings.Cut(g, "\n")
		if strings.HasSuffix(head, "synctest bubble "+own) && strings.Contains(body, name) {
			n++
		}
	}
	return n
}

// panicConn panics when it is first read.
type panicConn struct {
	net.Conn
	done *bool
}

func (c panicConn) Read(p []byte) (int, error) {
	if !*c.done {
		*c.done = true
		panic("boom")
	}
	return c.Conn.Read(p)
}

func (panicConn) RemoteAddr() net.Addr { return pipeAddr("127.0.0.1:1") }

// TestPanicCostsOneConnection and leaves a stack in the log.
func TestPanicCostsOneConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t}
		l.srv = New(Options{Accounts: people, Log: slog.New(slog.NewTextHandler(&l.log, nil))})
		stop := l.serve()
		bob := l.on("bob")
		client, server := net.Pipe()
		l.net.conns <- panicConn{server, new(bool)}
		if _, err := client.Read(make([]byte, 1)); err == nil {
			t.Error("the connection is open")
		}
		l.say(bob, "toc_get_status x")
		l.gets(bob, "ERROR:901:x")
		stop()
		if log := l.log.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "panicConn") {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestKeepAlives(t *testing.T) {
	inLab(t, Options{AOL: AOLSwitches{KeepAlive: 50 * time.Second}}, func(l *lab) {
		bob := l.on("bob")
		waiting := l.connect() // before sign-on there are none
		waiting.hello()
		l.quiet(waiting)
		wait(49 * time.Second)
		l.gets(bob)
		for range 3 {
			wait(50 * time.Second)
			l.gets(bob, "F5 ")
		}
		l.gets(waiting)
	})
}

func TestNoKeepAlives(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		wait(24 * time.Hour) // nor a time-out
		l.gets(bob)
		bob.frame(toc.FrameKeepAlive, "")
		bob.frame(toc.FrameKeepAlive, "with a payload")
		l.gets(bob)
		l.say(bob, "toc_get_status x")
		l.gets(bob, "ERROR:901:x")
	})
}

func TestFrameTypes(t *testing.T) {
	for typ, ends := range map[toc.FrameType]bool{1: true, 2: false, 3: true, 4: true, 5: false, 6: true, 0: true, 255: true} {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				bob := l.on("bob")
				bob.frame(typ, "toc_get_status x")
				synctest.Wait()
				if bob.ended() != ends {
					t.Errorf("ended %v, want %v", bob.ended(), ends)
				}
			})
		})
	}
}

func TestDrop(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, one, two := l.on("Alice Smith"), l.on("bob"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(alice)
		l.srv.Drop("B OB")
		l.gets(one, "EOF")
		l.gets(two, "EOF")
		if got := alice.take(); got[len(got)-1] != "UPDATE_BUDDY2:bob:F:0:0:0:   :" {
			t.Errorf("alice got %q", got)
		}
		l.srv.Drop("bob")
		l.srv.Drop("nobody")
		if n := l.srv.Sessions("bob"); n != 0 {
			t.Errorf("%d sessions", n)
		}
		l.on("bob")
	})
}

func TestInject(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		one, two := l.on("bob"), l.signOn(toc.SignOn2, "bob", "pwbob")
		l.quiet(two)
		l.srv.Inject("bob", toc.BART{Name: "x", Data: "AAAA"})
		l.gets(one, "BART2:x:AAAA")
		l.gets(two, "BART2:x:AAAA")
		l.srv.InjectRaw("bob", []byte("NEWS:\xff\n"))
		l.gets(one, `NEWS:\xff\n`)
		l.srv.InjectRaw("bob", nil)
		l.gets(one, "") // an empty frame
		l.srv.Inject("nobody", toc.Pause{})
	})
}

func TestPauseAndResume(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:G\nb:bob\n}")
		l.quiet(alice)
		l.srv.Pause("bob")
		l.gets(bob, "PAUSE")
		l.say(bob, "toc_get_status bob")
		l.say(bob, `toc2_send_im alicesmith "lost"`)
		l.gets(bob)
		l.gets(alice)
		l.srv.Resume("bob")
		l.gets(bob, "SIGN_ON:TOC2.0", "NICK:bob", `CONFIG2:done:\n`)
		l.say(alice, `toc2_send_im bob "not visible yet"`)
		l.gets(bob)
		l.say(bob, "toc_init_done")
		l.gets(alice, arrives("bob", here)...)
		l.srv.Resume("bob") // was not paused
		l.gets(bob)
	})
}

// TestNowIsAsked: all times come from Options.Now.
func TestNowIsAsked(t *testing.T) {
	base := time.Unix(1_000_000_000, 0)
	inLab(t, Options{Now: func() time.Time { return base }}, func(l *lab) {
		bob := l.on("bob")
		l.say(bob, "toc_get_status bob")
		if got := bob.take(); len(got) != 1 || got[0] != "UPDATE_BUDDY2:bob:T:0:1000000000:0: U :" {
			t.Errorf("%q", got)
		}
	})
}
