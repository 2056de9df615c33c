package tocd

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocbridge/toc"
)

// FuzzCommands throws commands at a live server from two sessions of a user;
// lines end in NUL. It must not panic, and must go on serving others.
func FuzzCommands(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txt")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		var seed []byte
		for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
			if _, cmd, ok := strings.Cut(lines.Text(), " > "); ok && !strings.Contains(cmd, " 0x") && len(seed) < 2000 {
				seed = append(append(seed, unescape(f, cmd)...), 0)
			}
		}
		f.Add(seed)
	}
	f.Add([]byte("toc_chat_join 4 r\x00toc_chat_invite 0 x bob alicesmith\x00toc_chat_accept 0\x00toc_chat_send 0 //roll"))
	f.Fuzz(func(t *testing.T, script []byte) {
		live := newFuzzed(t)
		defer live.close(t)
		for i, line := range bytes.Split(script, []byte{0}) {
			if i == 60 {
				break
			}
			l := live.links[i%2]
			if l.ended() {
				continue
			}
			l.frame(toc.FrameData, string(line)+"\x00")
		}
		live.check(t)
	})
}

// FuzzBytes throws any bytes at a live server, before and after the sign-on.
func FuzzBytes(f *testing.F) {
	hello := "FLAPON\r\n\r\n" + frameOf(1, "\x00\x00\x00\x01")
	f.Add([]byte(hello+frameOf(2, toc.NewSignOn(toc.Login2, "carol", "pwcarol", "x").Line())), false)
	f.Add([]byte("FLAPON\n\n\x2a\x01\x00\x00\xff\xff"), false)
	f.Add([]byte("GET /info?cookie=00 HTTP/1.1\r\nHost: x\r\n\r\n"), false)
	f.Add([]byte("GET /info?cookie=\xff%zz HTTP/9.9\r\n\r\n"), false)
	f.Add([]byte(frameOf(2, "toc_get_status x")+frameOf(9, "")), true)
	f.Fuzz(func(t *testing.T, data []byte, signedOn bool) {
		live := newFuzzed(t)
		defer live.close(t)
		l := live.links[0]
		if !signedOn {
			l = live.connect(t)
		}
		l.write(data)
		live.check(t)
	})
}

// fuzzed is a live server with two sessions of alice and one of bob.
type fuzzed struct {
	srv   *Server
	net   *pipeNet
	done  chan error
	log   bytes.Buffer
	links []*link
	bob   *toc.Client
}

func newFuzzed(t *testing.T) *fuzzed {
	f := &fuzzed{net: newPipeNet(), done: make(chan error, 1)}
	f.srv = New(Options{Accounts: people, Log: slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelError}))})
	go func() { f.done <- f.srv.Serve(context.Background(), f.net) }()
	for range 2 {
		l := f.connect(t)
		l.hello()
		l.command(toc.NewSignOn(toc.Login2, "alicesmith", "pwalice", "x").Line())
		l.command("toc_init_done")
	}
	f.bob = signOn(t, "pipe", toc.Login{Name: "bob", Password: "pwbob", Dial: f.dial(t)})
	return f
}

func (f *fuzzed) connect(t *testing.T) *link {
	l := newLink(f.net.dial(t, "127.0.0.1:1"), false)
	f.links = append(f.links, l)
	return l
}

func (f *fuzzed) dial(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return f.net.dial(t, "127.0.0.2:1"), nil }
}

// check makes sure that the server still serves.
func (f *fuzzed) check(t *testing.T) {
	for _, l := range f.links {
		l.nc.SetWriteDeadline(time.Now().Add(10 * time.Second))
		l.frame(toc.FrameSignOff, "")
	}
	go f.bob.Send(toc.GetStatus{Name: "nobody at all"})
	for {
		e, err := f.bob.Recv()
		if err != nil {
			t.Fatalf("the server let go of somebody else: %v\n%s", err, f.log.String())
		}
		if e, ok := e.(toc.ServerError); ok && e.Arg == "nobodyatall" {
			break
		}
	}
}

func (f *fuzzed) close(t *testing.T) {
	f.bob.Close()
	for _, l := range f.links {
		l.drop()
	}
	f.srv.Close()
	<-f.done
	if f.log.Len() > 0 {
		t.Error(f.log.String())
	}
}
