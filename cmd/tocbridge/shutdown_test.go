package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocbridge/bridge"
	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// A signal ends the built program in order: clients are told, the exit status
// is 0, also with a client that has not registered.
func TestSignalsEndTheProgram(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, "demo", "--listen", "127.0.0.1:0")
			addr := "127.0.0.1:" + strings.TrimSuffix(p.find("Ready on 127.0.0.1 port "), ".")
			c := ircdtest.Dial(t, addr)
			c.Register("alice")
			silent, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			if err := p.stop(sig); err != nil {
				t.Errorf("ended with %v", err)
			}
			c.Expect("ERROR *")
		})
	}
}

// The end of serve signs the accounts off: their buddies see them leave while
// the program still runs down, and the clients hear why.
func TestShutdownSignsOff(t *testing.T) {
	t.Parallel()
	aim := startAIM(t, tocd.Options{AnyName: true})
	watcher := signOn(t, aim.addr, "watcher")
	watcher.send(t, toc.NewBuddies{Groups: []toc.Group{{Name: "G", Buddies: []toc.Buddy{{Name: "alice"}}}}}, toc.InitDone{})
	r := goRun(t, "serve", "--listen", "127.0.0.1:0", "--toc-server", aim.addr)
	c := ircdtest.Dial(t, r.stderr.await(t, `msg=listening address=(\S+)`))
	c.Register("alice", ircdtest.Pass("secret"))
	presence := func(online bool) func(toc.Event) bool {
		return func(e toc.Event) bool {
			u, ok := e.(toc.BuddyUpdate)
			return ok && u.Name.Equal("alice") && u.Online == online
		}
	}
	watcher.await(t, presence(true))
	if err := r.end(t); err != nil {
		t.Error(err)
	}
	watcher.await(t, presence(false))
	c.Expect("ERROR *")
	c.ExpectClosed()
}

func TestExitStatusOfFailure(t *testing.T) {
	t.Parallel()
	p := start(t, "serve", "--listen", "0.0.0.0:6667")
	<-p.ended
	if p.err == nil || !strings.Contains(p.output.String(), "tocbridge: --listen: irc.listen: 0.0.0.0:6667 is not a loopback address") {
		t.Errorf("%v, %s", p.err, p.output.String())
	}
}

// Shutdown takes all steps in order, whatever fails, and tells what did.
func TestShutdownSteps(t *testing.T) {
	t.Parallel()
	var order []string
	fail := errors.New("broken")
	part := func(name string, err error) step {
		return step{name, time.Minute, func(context.Context) error { order = append(order, name); return err }}
	}
	err := shutdown(t.Context(), []step{part("a", nil), part("b", fail), part("c", fail)})
	if diff := cmp.Diff([]string{"a", "b", "c"}, order); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(err, fail) || err.Error() != "b: broken\nc: broken" {
		t.Errorf("%v", err)
	}
}

// Steps that hang are given up one after the other, all within the budget, and
// each gets some of it.
func TestShutdownBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &app{irc: &ircd.Server{}, bridge: bridge.New(bridge.Options{})}
		a.last = []step{{name: "last", time: time.Second}}
		steps := a.steps()
		began := time.Now()
		for i := range steps {
			steps[i].stop = func(ctx context.Context) error {
				if ctx.Err() != nil {
					t.Errorf("nothing left for %s", steps[i].name)
				}
				<-ctx.Done()
				return ctx.Err()
			}
		}
		err := shutdown(t.Context(), steps)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > shutdownTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
