package toc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// farEnd is the server's end of one connection, for a script to use. It fails
// by returning from the script.
type farEnd struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	seq  uint16
}

// far listens, runs the script on the first connection and waits for it.
func far(t *testing.T, script func(f *farEnd) error) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			err = script(&farEnd{t: t, conn: conn, r: bufio.NewReader(conn)})
			conn.Close()
		}
		done <- err
	}()
	t.Cleanup(func() {
		ln.Close()
		if err := <-done; err != nil {
			t.Errorf("far end: %v", err)
		}
	})
	return ln.Addr().String()
}

func (f *farEnd) send(t FrameType, payloads ...string) error {
	var b []byte
	for _, p := range payloads {
		b = Frame{t, f.seq, []byte(p)}.Append(b)
		f.seq++
	}
	_, err := f.conn.Write(b)
	return err
}

func (f *farEnd) say(lines ...string) error { return f.send(FrameData, lines...) }

// expect reads a frame.
func (f *farEnd) expect(t FrameType, seq uint16, payload string) error {
	fr, err := ReadFrame(f.r)
	if err != nil {
		return fmt.Errorf("want %q: %w", payload, err)
	}
	if fr.Type != t || fr.Seq != seq || string(fr.Payload) != payload {
		return fmt.Errorf("got frame %d, %d, %q; want %d, %d, %q", fr.Type, fr.Seq, fr.Payload, t, seq, payload)
	}
	return nil
}

// greet is the handshake before the sign-on command, byte by byte as captured.
func (f *farEnd) greet() error {
	b := make([]byte, 10)
	if _, err := io.ReadFull(f.r, b); err != nil || string(b) != "FLAPON\r\n\r\n" {
		return fmt.Errorf("%q, %v", b, err)
	}
	if err := f.send(FrameSignOn, "\x00\x00\x00\x01"); err != nil {
		return err
	}
	return f.expect(FrameSignOn, 0, "\x00\x00\x00\x01\x00\x01\x00\x0aalicesmith")
}

// welcome is greet and a sign-on that is accepted.
func (f *farEnd) welcome() error {
	if err := f.greet(); err != nil {
		return err
	}
	line := NewSignOn(Login2, "alicesmith", "pwalice", defaultVersion).Line()
	if err := f.expect(FrameData, 1, line+"\x00"); err != nil {
		return err
	}
	return f.say("SIGN_ON:TOC2.0")
}

// eof waits until the client has gone.
func (f *farEnd) eof() error {
	if n, err := io.Copy(io.Discard, f.r); err != nil || n > 0 {
		return fmt.Errorf("%d bytes, %v; want the end", n, err)
	}
	return nil
}

var alice = Login{Name: "Alice Smith", Password: "pwalice"}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func signOn(t *testing.T, addr string, l Login) *Client {
	t.Helper()
	c, err := SignOn(testContext(t), addr, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func recv(t *testing.T, c *Client, want ...Event) {
	t.Helper()
	for _, w := range want {
		if e, err := c.Recv(); err != nil || !reflect.DeepEqual(e, w) {
			t.Fatalf("got %#v, %v; want %#v", e, err, w)
		}
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	addr := far(t, func(f *farEnd) error {
		if err := f.welcome(); err != nil {
			return err
		}
		return errors.Join(
			f.say("NICK:Alice Smith", "CONFIG2:done:\n"),
			f.expect(FrameData, 2, "toc_init_done\x00"),
			f.say("UPDATE_BUDDY2:bob:F:0:0:0:   :", "", "SURPRISE:1"),
			f.send(FrameKeepAlive, ""),
			f.send(FrameError, "whatever"),
			f.say("CHAT_LEFT:x"),
			f.expect(FrameData, 3, "toc2_send_im bob \"hi\"\x00"),
			f.expect(FrameData, 4, "toc_set_idle 5\x00"),
			f.expect(FrameKeepAlive, 5, ""),
			f.say("IM_IN_ENC2:bob:F:F:T: U :F:L:en:bye"),
			f.expect(FrameSignOff, 6, ""),
			f.eof())
	})
	c := signOn(t, addr, alice)
	if c.RemoteAddr() != addr {
		t.Errorf("RemoteAddr %s, want %s", c.RemoteAddr(), addr)
	}
	recv(t, c, Nick{"Alice Smith"}, Config{V2: true})
	if err := c.Send(InitDone{}); err != nil {
		t.Fatal(err)
	}
	recv(t, c, BuddyUpdate{Name: "bob", Class: "   "}, Unknown{"SURPRISE:1"}, Unknown{"CHAT_LEFT:x"})
	if err := errors.Join(c.Send(), c.Send(SendIM{To: "bob", Text: "hi"}, SetIdle{5}), c.KeepAlive()); err != nil {
		t.Fatal(err)
	}
	recv(t, c, IMIn{From: "bob", TOC2: true, Class: " U ", Encoding: "L", Language: "en", Text: "bye"})
	if err := c.SignOff(); err != nil {
		t.Error(err)
	}
	if _, err := c.Recv(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after SignOff: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := c.Send(InitDone{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send after SignOff: %v", err)
	}
}

func TestSignOnForms(t *testing.T) {
	t.Parallel()
	for form, answer := range map[LoginForm]string{Login2: "SIGN_ON:TOC2.0", SignOn2: "SIGN_ON:TOC2.0", SignOn1: "SIGN_ON:TOC1.0"} {
		t.Run(signOnVerbs[form], func(t *testing.T) {
			t.Parallel()
			addr := far(t, func(f *farEnd) error {
				if err := f.greet(); err != nil {
					return err
				}
				line := NewSignOn(form, "alicesmith", "pwalice", "TIC:test").Line()
				// The live server says CONFIG before NICK to toc_signon; others said NICK before SIGN_ON.
				return errors.Join(f.expect(FrameData, 1, line+"\x00"), f.say("NICK:Alice Smith", answer, "CONFIG:"), f.eof())
			})
			c := signOn(t, addr, Login{Name: "Alice Smith", Password: "pwalice", Form: form, Version: "TIC:test"})
			recv(t, c, Nick{"Alice Smith"}, Config{})
			c.Close()
		})
	}
}

func TestSignOnRefused(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]ServerError{
		"ERROR:980":                       {Code: 980},
		"ERROR:983":                       {Code: 983},
		"ERROR:989:17":                    {989, "17"},
		"ERROR:913:internal server error": {913, "internal server error"},
	} {
		addr := far(t, func(f *farEnd) error { return errors.Join(f.greet(), f.say(line)) })
		_, err := SignOn(testContext(t), addr, alice)
		var se ServerError
		if !errors.As(err, &se) || se != want {
			t.Errorf("%s: %v", line, err)
		}
		if s := fmt.Sprint(err); !strings.Contains(s, "Alice Smith") || !strings.Contains(s, addr) || strings.Contains(s, "pwalice") {
			t.Errorf("%s: %s", line, s)
		}
	}
}

func TestSignOnBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script func(f *farEnd) error
		want   error
	}{
		"closed at once": {func(f *farEnd) error { return nil }, nil},
		"closed later":   {func(f *farEnd) error { return f.greet() }, nil},
		"half a frame": {func(f *farEnd) error {
			err := f.greet()
			f.conn.Write([]byte("*\x02\x00\x00\x00\x09SIGN"))
			return err
		}, nil},
		"a web server": {func(f *farEnd) error {
			_, err := io.WriteString(f.conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			return err
		}, ErrNotFLAP},
		"wrong frame":     {func(f *farEnd) error { return f.send(FrameData, "SIGN_ON:TOC2.0") }, ErrNotFLAP},
		"short frame":     {func(f *farEnd) error { return f.send(FrameSignOn, "\x00") }, ErrNotFLAP},
		"talks and talks": {func(f *farEnd) error { f.greet(); return f.say(strings.Split(strings.Repeat("NICK:x,", 40), ",")...) }, ErrMalformed},
		"signs us off":    {func(f *farEnd) error { f.greet(); return f.send(FrameSignOff, "") }, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := SignOn(testContext(t), far(t, c.script), alice)
			if err == nil || client != nil {
				t.Fatalf("%v, %v", client, err)
			}
			gone := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
			if c.want != nil && !errors.Is(err, c.want) && !gone || c.want == nil && !gone {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSignOnUnreachable(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	_, err = SignOn(testContext(t), addr, alice)
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), addr) {
		t.Errorf("%v", err)
	}
	dials := 0
	noDial := func(context.Context, string, string) (net.Conn, error) { dials++; return nil, io.EOF }
	if _, err = SignOn(testContext(t), addr, Login{Name: " ", Dial: noDial}); !errors.Is(err, ErrMalformed) || dials > 0 {
		t.Errorf("no name: %v after %d dials", err, dials)
	}
	long := Login{Name: "a", Password: strings.Repeat("x", 1000), Dial: noDial}
	if _, err = SignOn(testContext(t), addr, long); !errors.Is(err, ErrTooLong) || dials > 0 {
		t.Errorf("long password: %v after %d dials", err, dials)
	}
}

// pipe dials one end of a net.Pipe, whose deadlines work in fake time.
func pipe() (dial func(context.Context, string, string) (net.Conn, error), far net.Conn) {
	near, far := net.Pipe()
	return func(context.Context, string, string) (net.Conn, error) { return near, nil }, far
}

func TestSignOnTimesOut(t *testing.T) {
	t.Parallel()
	for _, silentAfter := range []int{0, 10} {
		synctest.Test(t, func(t *testing.T) {
			dial, server := pipe()
			go func() { io.ReadFull(server, make([]byte, silentAfter)) }()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			start := time.Now()
			_, err := SignOn(ctx, "x:1", Login{Name: "alice", Dial: dial})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 20*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
			if _, err := server.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("the connection stays: %v", err)
			}
		})
	}
}

func TestSignOnCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial, server := pipe()
		defer server.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the user left")
		go func() {
			io.ReadFull(server, make([]byte, 10))
			cancel(why)
		}()
		if _, err := SignOn(ctx, "x:1", Login{Name: "alice", Dial: dial}); !errors.Is(err, why) {
			t.Error(err)
		}
	})
}

// TestNoDeadlineAfterSignOn: the context of SignOn is not that of the session.
func TestNoDeadlineAfterSignOn(t *testing.T) {
	t.Parallel()
	addr := far(t, func(f *farEnd) error {
		return errors.Join(f.welcome(), f.expect(FrameData, 2, "toc_init_done\x00"), f.say("PAUSE"), f.eof())
	})
	ctx, cancel := context.WithCancel(t.Context())
	c, err := SignOn(ctx, addr, alice)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Send(InitDone{}); err != nil {
		t.Fatal(err)
	}
	recv(t, c, Pause{})
	c.Close()
}

func TestRecvEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last func(f *farEnd) error
		want error
	}{
		"eof":     {func(f *farEnd) error { return nil }, io.EOF},
		"signoff": {func(f *farEnd) error { return f.send(FrameSignOff, "", "too late") }, io.EOF},
		"cut":     {func(f *farEnd) error { _, err := f.conn.Write([]byte("*\x02\x00\x05\x00\x09short")); return err }, io.ErrUnexpectedEOF},
		"garbage": {func(f *farEnd) error { _, err := f.conn.Write([]byte("garbage")); return err }, ErrNotFLAP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := far(t, func(f *farEnd) error { return errors.Join(f.welcome(), f.say("NICK:a"), c.last(f)) })
			client := signOn(t, addr, alice)
			recv(t, client, Nick{"a"})
			for range 2 { // it stays dead
				if e, err := client.Recv(); e != nil || !errors.Is(err, c.want) {
					t.Errorf("%#v, %v", e, err)
				}
				if es, err := client.RecvBatch(nil); es != nil || !errors.Is(err, c.want) {
					t.Errorf("%#v, %v", es, err)
				}
			}
			if err := client.Send(InitDone{}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the connection stays open: %v", err)
			}
		})
	}
}

func TestRecvBatch(t *testing.T) {
	t.Parallel()
	const n = 200
	addr := far(t, func(f *farEnd) error {
		err := f.greet()
		lines := []string{"NICK:early", "SIGN_ON:TOC2.0"}
		for i := range n {
			lines = append(lines, fmt.Sprintf("CHAT_LEFT:%d", i), "")
		}
		return errors.Join(err, f.expect(FrameData, 1, NewSignOn(Login2, "alicesmith", "pwalice", defaultVersion).Line()+"\x00"),
			f.say(lines...), f.send(FrameSignOff, ""), f.say("CHAT_LEFT:9999"))
	})
	c := signOn(t, addr, alice)
	events := []Event{Pause{}} // what is there stays
	var err error
	batches := 0
	for err == nil {
		had := len(events)
		events, err = c.RecvBatch(events)
		if got := len(events) - had; got > maxBatch || got == 0 && err == nil {
			t.Fatalf("a batch of %d", got)
		}
		batches++
	}
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if len(events) != n+2 || events[0] != (Pause{}) || events[1] != (Nick{"early"}) {
		t.Fatalf("%d events in %d batches", len(events), batches)
	}
	for i := range n {
		if events[i+2] != (ChatLeft{i}) {
			t.Fatalf("event %d is %#v", i, events[i+2])
		}
	}
}

// countConn counts writes and can swallow them.
type countConn struct {
	net.Conn
	writes atomic.Int32
}

func (c *countConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

func TestSendIsOneWrite(t *testing.T) {
	t.Parallel()
	const n = 30
	addr := far(t, func(f *farEnd) error {
		err := f.welcome()
		for i := range n {
			err = errors.Join(err, f.expect(FrameData, uint16(2+i), fmt.Sprintf("toc_chat_leave %d\x00", i)))
		}
		return errors.Join(err, f.expect(FrameData, 2+n, "toc_init_done\x00"), f.eof())
	})
	var conn *countConn
	l := alice
	l.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		conn = &countConn{Conn: c}
		return conn, err
	}
	c := signOn(t, addr, l)
	before := conn.writes.Load()
	var cmds []Command
	for i := range n {
		cmds = append(cmds, ChatLeave{i})
	}
	if err := c.Send(cmds...); err != nil {
		t.Fatal(err)
	}
	tooLong := SendIM{To: "bob", Text: strings.Repeat("x", IMRoom("bob", false)+1)}
	if err := c.Send(InitDone{}, tooLong); !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "toc2_send_im") || strings.Contains(err.Error(), "xxx") {
		t.Errorf("%.200v", err)
	}
	if err := c.Send(InitDone{}); err != nil {
		t.Fatal(err)
	}
	if got := conn.writes.Load() - before; got != 2 {
		t.Errorf("%d writes, want 2", got)
	}
	c.Close()
}

// TestSendFromMany: frames of many goroutines do not mix and are numbered in
// the order they go, past the end of the numbers.
func TestSendFromMany(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 9000 // 72,000 frames
	addr := far(t, func(f *farEnd) error {
		if err := f.welcome(); err != nil {
			return err
		}
		next := make([]int, senders)
		for i := range senders * each {
			fr, err := ReadFrame(f.r)
			if err != nil || fr.Seq != uint16(2+i) {
				return fmt.Errorf("frame %d has number %d: %w", i, fr.Seq, err)
			}
			var who, n int
			if _, err := fmt.Sscanf(string(fr.Payload), "toc_chat_send %d \"%d\"\x00", &who, &n); err != nil || n != next[who] {
				return fmt.Errorf("%q: want %d: %w", fr.Payload, next[who], err)
			}
			next[who]++
		}
		return f.eof()
	})
	c := signOn(t, addr, alice)
	var wg sync.WaitGroup
	for who := range senders {
		wg.Go(func() {
			for n := 0; n < each; n += 3 {
				if err := c.Send(ChatSend{who, fmt.Sprint(n)}, ChatSend{who, fmt.Sprint(n + 1)}, ChatSend{who, fmt.Sprint(n + 2)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	c.Close()
}

// TestSendToDeaf: a server that does not read costs the write time limit once.
func TestSendToDeaf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, server := net.Pipe()
		defer server.Close()
		c := &Client{conn: near, addr: "x:1", login: Login{WriteTimeout: 7 * time.Second}}
		start := time.Now()
		if err := c.Send(InitDone{}); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if err := c.KeepAlive(); err == nil || time.Since(start) != 7*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestWriteBufferIsLetGo(t *testing.T) {
	t.Parallel()
	near, server := net.Pipe()
	defer near.Close()
	done := make(chan struct{})
	go func() { io.Copy(io.Discard, server); close(done) }()
	c := &Client{conn: near, login: Login{WriteTimeout: time.Minute}}
	big := SendIM{To: "bob", Text: strings.Repeat("x", 1900)}
	if err := c.Send(big, big, big, big); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(InitDone{}); err != nil || c.rest != nil {
		t.Errorf("%v; %d bytes kept", err, len(c.rest))
	}
	near.Close()
	<-done
}

// FuzzClient throws bytes at a client.
func FuzzClient(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(frames(0, 5, 70000))
	f.Add(Frame{FrameData, 1, []byte("CONFIG2:g:x\nb:y\n")}.Append(Frame{Type: FrameKeepAlive}.Append(nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		near, server := net.Pipe()
		server.Close()
		c := &Client{conn: near, frames: FrameReader{r: bytes.NewReader(b)}, login: silent}
		n := 0
		for {
			events, err := c.RecvBatch(nil)
			if n += len(events); err != nil {
				break
			}
		}
		if n > len(b)/headerSize {
			t.Fatalf("%d events of %d bytes", n, len(b))
		}
	})
}
