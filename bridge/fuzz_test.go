package bridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// fuzzRig is a bridge and an IRC server with one played far end an account, and raw clients.
type fuzzRig struct {
	f   testing.TB
	irc *pipeListener
	far chan *farEnd
}

func newFuzzRig(f testing.TB) *fuzzRig {
	r := &fuzzRig{f: f, irc: newPipeListener(), far: make(chan *farEnd, 1)}
	b := New(Options{Server: "aim.test:9898", Anonymous: true, SignOn: func(_ context.Context, name toc.ScreenName, _ string) (Uplink, error) {
		far := newFarEnd(f, name)
		far.busy = true
		far.tell(toc.Nick{Name: name}, toc.Config{V2: true, Groups: []toc.Group{buddies("bob", "carol")}})
		select {
		case r.far <- far:
		default:
		}
		return far, nil
	}})
	limits := ircd.DefaultLimits()
	limits.Rate, limits.Burst, limits.PerAddr, limits.PerAddrUnregistered = 0, 0, 0, 0
	srv := &ircd.Server{Name: "irc.test", Network: "AIM", Version: "test", Backend: b, ISupport: b.ISupport(), Limits: limits}
	served := make(chan struct{})
	go func() {
		defer close(served)
		srv.Serve(context.Background(), r.irc)
	}()
	f.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(srv.Shutdown(ctx), b.Shutdown(ctx)); err != nil {
			f.Errorf("shut down: %v", err)
		}
		<-served
	})
	return r
}

// raw is a client that checks every line it gets.
type raw struct {
	f  testing.TB
	nc net.Conn
	r  *bufio.Reader
}

func (r *fuzzRig) connect() *raw {
	nc, err := r.irc.dial(context.Background())
	if err != nil {
		r.f.Fatal(err)
	}
	near := readAhead(nc)
	near.SetDeadline(time.Now().Add(patience))
	return &raw{r.f, near, bufio.NewReader(near)}
}

// until reads up to a line that contains want; false: the server closed.
func (c *raw) until(want string) bool {
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				c.f.Fatalf("no %q in time", want)
			}
			return false
		}
		c.check(line)
		if strings.Contains(line, want) {
			return true
		}
	}
}

// check is what every line to a client must be.
func (c *raw) check(line string) {
	body := strings.TrimSuffix(line, "\r\n")
	if body == line || strings.ContainsAny(body, "\r\x00") || !utf8.ValidString(body) {
		c.f.Fatalf("not a clean line: %q", line)
	}
	m, err := irc.ParseMessage(body)
	if err != nil || m.Prefix == nil && m.Command != "ERROR" && m.Command != "PING" && m.Command != "AUTHENTICATE" {
		c.f.Fatalf("not a message: %q (%v)", line, err)
	}
	if i := strings.Index(body, " "); strings.HasPrefix(body, "@") && i > 0 {
		body = body[i+1:]
	}
	if len(body) > 510 {
		c.f.Fatalf("%d bytes: %q", len(body), line)
	}
	if m.Prefix != nil && m.Prefix.Name != "irc.test" && m.Prefix.Name != controlNick && !ircd.ValidNick(m.Prefix.Name) {
		c.f.Fatalf("prefix %q in %q", m.Prefix.Name, line)
	}
}

// FuzzClient sends any bytes to a live bridge, after registration. Whatever they are, each line back is clean, and the
// server goes on.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"PRIVMSG bob :hi\r\nJOIN #a,&b,#c d\r\nPART #a", "WHO * %tcuihsnfdlaor,9\nWHOIS a,b\nWHOWAS * 1", "MODE &buddies +b-b+eeZ a b c\nMODE u +i-i\nMODE #r k",
		"PRIVMSG &buddies :add \"a b\" -group c\nPRIVMSG *aim :rename bob x\nPRIVMSG &buddies :help q", "@+typing=active;+x=\\:\\n TAGMSG bob,#a\nNOTICE a,b,c :\x01TYPING 1\x01",
		"NICK Fuzz\nNICK x\nAWAY :\x03,1\x02\nAWAY\nSETNAME :q\nISON a b\nUSERHOST a\nLIST >1,<2,!x,*", "INVITE bob &New\nKICK &New bob :x\nINVITE a #b\nTOPIC #b :\nTOPIC &buddies x\nNAMES a,b",
		"PING a\nPRIVMSG zoe :x\nPRIVMSG zoe :y\nPING\n", "CAP REQ :message-tags batch labeled-response echo-message away-notify\n@label=x PRIVMSG zoe,bob :q\n@label=y PING a",
	} {
		f.Add([]byte(seed))
	}
	r := newFuzzRig(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := r.connect()
		c.f = t
		defer c.nc.Close()
		fmt.Fprintf(c.nc, "NICK fuzz%d\r\nUSER u 0 * :r\r\n", time.Now().UnixNano()%1e9)
		if !c.until(" 366 ") {
			t.Fatal("not let in")
		}
		go func() {
			c.nc.Write(append(data, "\r\nPING :the end of it\r\n"...))
		}()
		c.until(":the end of it")
	})
}

// FuzzFarEnd sends any TOC messages to a session with a client. Nothing they hold can end a line of IRC, and the client
// still gets what comes after.
func FuzzFarEnd(f *testing.F) {
	for _, seed := range []string{
		"IM_IN_ENC2:Cool Guy:F:F:T: U :F:L:en:hi <b>there</b>&#13;&#10;QUIT", "UPDATE_BUDDY2:bob:T:0:1795368676:5: UU:\nUPDATE_BUDDY2:bob:F:0:0:0:   :",
		"CHAT_INVITE:a b:0:x y:text\nCHAT_JOIN:0:a b\nCHAT_UPDATE_BUDDY:0:T:a:b c\nCHAT_IN_ENC:0:a:F:A:en:x", "INSERTED2:g:\nINSERTED2:b:al:name:grp\nDELETED2:g:grp\nDELETED2:b:name:Buddies",
		"NICK:FUZZ\nEVILED:10:\nERROR:901:x\nERROR:903\nERROR:913:internal server error\nGOTO_URL:a:b", "CLIENT_EVENT2:*aim:2\nIM_IN:#x:F:y\nIM_IN2:&buddies:T:F:/me \x01z\nBUDDY_CAPS2:bob:0946,xx",
		"CONFIG2:d:spammer\x0bp:friend\x0bm:4\x0bg:Buddies\x0bb:bob:Bobby\x0bdone:", "IM_IN:a!b@c:F:x\nIM_IN:irc.test:F:y\nUPDATE_BUDDY2::T:0:0:0:",
	} {
		f.Add(seed)
	}
	r := newFuzzRig(f)
	f.Fuzz(func(t *testing.T, lines string) {
		c := r.connect()
		c.f = t
		defer c.nc.Close()
		fmt.Fprintf(c.nc, "CAP REQ :message-tags server-time\r\nNICK far%d\r\nUSER u 0 * :r\r\nCAP END\r\n", time.Now().UnixNano()%1e9)
		if !c.until(" 366 ") {
			t.Fatal("not let in")
		}
		far := <-r.far
		for _, line := range strings.Split(lines, "\n") {
			if e, err := toc.ParseEvent(strings.ReplaceAll(line, "\x0b", "\n")); err == nil {
				far.tell(e)
			}
		}
		far.tell(toc.IMIn{From: "bob", Text: "the end of it"})
		if !c.until(":the end of it") {
			t.Fatal("the session ended")
		}
	})
}

// FuzzListEvents: whatever the server says of the list, in whatever order, the picture agrees with itself, and told twice
// nothing is different.
func FuzzListEvents(f *testing.F) {
	f.Add("INSERTED2:g:Work|INSERTED2:b:Bobby:bob:Work|DELETED2:g:Work|DELETED2:b:bob:Buddies|INSERTED2:g:")
	f.Add("CONFIG2:d:x\np:y\nm:4\ng:G\nb:bob:B\ndone:\n|INSERTED2:d:bob|UPDATED2:b:bob:G:alice|DELETED2:d:bob")
	f.Add("INSERTED2:b:::|INSERTED2:b:carol:bob:G|INSERTED2:b:bob:carol:G|DELETED2:p:")
	b := New(Options{Server: "aim.test:9898"})
	f.Cleanup(func() { _ = b.Shutdown(context.Background()) })
	f.Fuzz(func(t *testing.T, lines string) {
		s, twice := newTestSession(b), newTestSession(b)
		for line := range strings.SplitSeq(lines, "|") { // a list has line breaks of its own
			e, err := toc.ParseEvent(line)
			if err != nil {
				continue
			}
			again := 2
			if d, ok := e.(toc.Deleted); ok && d.Group == madeUpGroup {
				again = 1 // the second is a removal of its own
			}
			applyListEvent(s, e)
			for range again {
				applyListEvent(twice, e)
			}
			if cfg, ok := e.(toc.Config); ok {
				s.loadLists(cfg)
				twice.loadLists(cfg)
			}
		}
		if diff := cmp.Diff(pictureOf(s.roster), pictureOf(twice.roster)); diff != "" {
			t.Fatalf("told twice (-once +twice):\n%s", diff)
		}
		nicks := map[string]string{}
		for key, c := range s.roster.contacts {
			if other, taken := nicks[ircd.Fold(c.nick())]; taken || !ircd.ValidNick(c.nick()) {
				t.Fatalf("%q is %q, as is %q", key, c.nick(), other)
			}
			nicks[ircd.Fold(c.nick())] = key
			for _, g := range c.groups {
				if !slices.Contains(s.roster.find(g).members, c) {
					t.Fatalf("%q thinks it is in %q", key, g)
				}
			}
		}
	})
}
