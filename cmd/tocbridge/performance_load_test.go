package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// loadTime bounds every exchange of a measurement, so that a lost message fails it instead of hanging it.
const loadTime = 2 * time.Minute

// An loadedServer is a far end whose listener can go and come back at the same address.
type loadedServer struct {
	t      *testing.T
	server *tocd.Server
	addr   string
	done   chan struct{}
}

// accountsOf are accounts with these names; the password of each is "pw-" and its name.
func accountsOf(names []string) map[string]string {
	accounts := map[string]string{}
	for _, n := range names {
		accounts[n] = "pw-" + n
	}
	return accounts
}

// startLoaded serves accounts with the given names.
func startLoaded(t *testing.T, names ...string) *loadedServer {
	t.Helper()
	a := &loadedServer{t: t, server: tocd.New(tocd.Options{Accounts: accountsOf(names)}), addr: "127.0.0.1:0"}
	a.open()
	t.Cleanup(a.close)
	return a
}

func (a *loadedServer) open() {
	a.t.Helper()
	ln, err := net.Listen("tcp", a.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	a.addr, a.done = ln.Addr().String(), make(chan struct{})
	go func() {
		defer close(a.done)
		_ = a.server.Serve(context.Background(), ln)
	}()
}

// close cuts all its connections.
func (a *loadedServer) close() {
	_ = a.server.Close()
	<-a.done
}

// An end is what a message goes into or comes out of: an IRC client or a TOC client. It does as little as it can, so
// that what is measured is what stands between.
type end interface {
	// send sends messages numbered from … to-1 to a screen name, with as few writes as it can.
	send(to string, first, end int) error
	// receive waits for the next message and returns its number.
	receive() (int, error)
}

// A direct end is signed on to AIM itself.
type direct struct {
	c      *toc.Client
	events []toc.Event
	next   int
	cmds   []toc.Command
}

// signOnDirect signs on and waits until the server has dealt with that.
func signOnDirect(t *testing.T, aim, name string) *direct {
	t.Helper()
	c, err := toc.SignOn(t.Context(), aim, toc.Login{Name: toc.ScreenName(name), Password: "pw-" + name})
	if err == nil {
		t.Cleanup(func() { c.Close() })
		err = c.Send(toc.InitDone{}, toc.GetInfo{Name: toc.ScreenName(name)})
	}
	for err == nil {
		var e toc.Event
		e, err = c.Recv()
		if _, ok := e.(toc.GotoURL); ok {
			return &direct{c: c}
		}
	}
	t.Fatal(err)
	return nil
}

func (d *direct) send(to string, first, end int) error {
	d.cmds = d.cmds[:0]
	for i := first; i < end; i++ {
		d.cmds = append(d.cmds, toc.SendIM{To: toc.ScreenName(to), Text: strconv.Itoa(i)})
	}
	return d.c.Send(d.cmds...)
}

func (d *direct) receive() (int, error) {
	for {
		for d.next < len(d.events) {
			e := d.events[d.next]
			d.next++
			if im, ok := e.(toc.IMIn); ok {
				return strconv.Atoi(im.Text)
			}
		}
		var err error
		if d.events, err = d.c.RecvBatch(d.events[:0]); err != nil {
			return 0, err
		}
		d.next = 0
	}
}

// An ircEnd is an IRC client that parses nothing.
type ircEnd struct {
	nc  net.Conn
	r   *bufio.Reader
	buf []byte
}

// dialIRC logs a client in and waits for the end of the names of &buddies.
func dialIRC(addr, name string) (*ircEnd, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &ircEnd{nc: nc, r: bufio.NewReaderSize(nc, 4<<10)}
	if _, err = fmt.Fprintf(nc, "PASS pw-%s\r\nNICK %s\r\nUSER u 0 * :r\r\n", name, name); err == nil {
		err = c.until(" 366 ")
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("log in as %s: %w", name, err)
	}
	return c, nil
}

func openIRC(t *testing.T, addr, name string) *ircEnd {
	t.Helper()
	c, err := dialIRC(addr, name)
	if err != nil {
		t.Fatal(err)
	}
	c.r = bufio.NewReaderSize(c.nc, 64<<10)
	t.Cleanup(func() { c.nc.Close() })
	return c
}

// until reads lines up to one that contains want.
func (c *ircEnd) until(want string) error {
	if err := c.nc.SetReadDeadline(time.Now().Add(loadTime)); err != nil {
		return err
	}
	for {
		line, err := c.r.ReadSlice('\n')
		switch {
		case err != nil:
			return fmt.Errorf("waiting for %q: %w", want, err)
		case bytes.Contains(line, []byte(want)):
			return c.nc.SetReadDeadline(time.Time{})
		case bytes.HasPrefix(line, []byte("ERROR")):
			return fmt.Errorf("waiting for %q: %s", want, line)
		}
	}
}

func (c *ircEnd) send(to string, first, end int) error {
	c.buf = c.buf[:0]
	for i := first; i < end; i++ {
		c.buf = append(c.buf, "PRIVMSG "...)
		c.buf = append(append(c.buf, to...), " :"...)
		c.buf = append(strconv.AppendInt(c.buf, int64(i), 10), "\r\n"...)
	}
	_, err := c.nc.Write(c.buf)
	return err
}

var privmsg = []byte(" PRIVMSG ")

func (c *ircEnd) receive() (int, error) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if !bytes.Contains(line, privmsg) {
			continue
		}
		n, scale := 0, 1
		for i := len(line) - 3; i >= 0 && '0' <= line[i] && line[i] <= '9'; i-- {
			n, scale = n+scale*int(line[i]-'0'), scale*10
		}
		return n, nil
	}
}

// ping passes one message and returns how long it took from one end to the other.
func ping(from, to end, name string) (time.Duration, error) {
	start := time.Now()
	if err := from.send(name, 7, 8); err != nil {
		return 0, err
	}
	if n, err := to.receive(); err != nil || n != 7 {
		return 0, fmt.Errorf("received %d, %w", n, err)
	}
	return time.Since(start), nil
}

const (
	floodChunk  = 256 // messages to a write
	floodWindow = 16  // chunks on their way at once
)

// flood sends n messages to a name, keeping a window of them on their way, and returns how long that took until all
// had got all of them. A message that is missing, doubled or out of order is an error.
func flood(t *testing.T, from end, name string, n int, all ...end) (time.Duration, error) {
	var g errgroup.Group
	n = (n + floodChunk - 1) / floodChunk * floodChunk
	gone := make(chan struct{}, 1)
	credits := make([]chan struct{}, len(all))
	start := time.Now()
	for i, to := range all {
		credit := make(chan struct{}, n/floodChunk)
		credits[i] = credit
		g.Go(func() error {
			if err := takeFlood(to, n, credit); err != nil {
				select {
				case gone <- struct{}{}:
				default:
				}
				return fmt.Errorf("receiver %d of %d: %w", i+1, len(all), err)
			}
			return nil
		})
	}
	timer := time.NewTimer(loadTime)
	defer timer.Stop()
	for first := 0; first < n; first += floodChunk {
		for i := range credits {
			if first < floodChunk*floodWindow {
				break
			}
			select {
			case <-credits[i]:
			case <-gone:
				return 0, g.Wait()
			case <-timer.C:
				return 0, fmt.Errorf("lost: receiver %d did not get all of the first %d messages", i+1, first)
			}
		}
		if err := from.send(name, first, first+floodChunk); err != nil {
			return 0, err
		}
	}
	err := g.Wait()
	return time.Since(start), err
}

// takeFlood receives n numbered messages and gives a credit for each chunk.
func takeFlood(to end, n int, credit chan<- struct{}) error {
	for want := range n {
		switch got, err := to.receive(); {
		case err != nil:
			return fmt.Errorf("after %d messages: %w", want, err)
		case got != want:
			return fmt.Errorf("message %d came as number %d", got, want)
		}
		if want%floodChunk == floodChunk-1 {
			credit <- struct{}{}
		}
	}
	return nil
}

// logInAll logs clients in, so many at a time, and returns how long that took. Their sockets are closed by the test's
// end, or by the function that is returned.
func logInAll(t *testing.T, addr string, names []string, atOnce int) (time.Duration, func()) {
	t.Helper()
	ends := make([]*ircEnd, len(names))
	var g errgroup.Group
	g.SetLimit(atOnce)
	start := time.Now()
	for i, name := range names {
		g.Go(func() (err error) {
			if ends[i], err = dialIRC(addr, name); err == nil {
				ends[i].r = nil
			}
			return err
		})
	}
	err := g.Wait()
	took := time.Since(start)
	closeAll := func() {
		for _, e := range ends {
			if e != nil {
				e.nc.Close()
			}
		}
	}
	if err != nil {
		closeAll()
		t.Fatal(err)
	}
	t.Cleanup(closeAll)
	return took, closeAll
}

// online counts the names that are signed on.
func (a *loadedServer) online(names []string) (n int) {
	for _, name := range names {
		n += min(a.server.Sessions(toc.ScreenName(name)), 1)
	}
	return n
}

// fillList gives an account a buddy list.
func fillList(ctx context.Context, aim, name string, buddies ...string) error {
	c, err := toc.SignOn(ctx, aim, toc.Login{Name: toc.ScreenName(name), Password: "pw-" + name})
	if err != nil {
		return err
	}
	defer c.Close()
	group := toc.Group{Name: "Buddies"}
	for _, b := range buddies {
		group.Buddies = append(group.Buddies, toc.Buddy{Name: toc.ScreenName(b)})
	}
	if err := c.Send(toc.NewBuddies{Groups: []toc.Group{group}}, toc.GetInfo{Name: toc.ScreenName(name)}); err != nil {
		return err
	}
	for {
		e, err := c.Recv()
		if err != nil {
			return err
		}
		if _, ok := e.(toc.GotoURL); ok {
			return nil
		}
	}
}
