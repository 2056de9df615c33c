// Package ircdtest is a scripted IRC client for tests: it sends lines and waits for messages, each within half a minute,
// and fails with a transcript of all that went over the wire.
//
// Patterns are IRC messages themselves, compared parsed: "PRIVMSG alice *" is a PRIVMSG with two parameters, the first
// of which is alice. A "*" in a parameter, prefix or tag value matches any text; a last parameter "..." matches any
// number of parameters. A pattern without a prefix or without tags does not look at them; a prefix without "!" is
// compared to the nick alone. Tags are wanted as named, more are allowed: "@label=x PONG ...".
package ircdtest

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"
)

// Timeout is how long a Client waits for anything.
const Timeout = 30 * time.Second

// Client is a scripted IRC client. Its methods must be called from the test's goroutine; a failure ends the test.
type Client struct {
	Nick  string // as 001 has it; set by Register
	Pongs bool   // answer the server's PINGs, which are not returned then

	t      testing.TB
	nc     net.Conn
	r      *bufio.Reader
	sync   int
	ponged int

	mu  sync.Mutex
	log []string
}

// Dial connects to addr, "host:port" or a path of a unix socket. The connection is closed when the test ends.
func Dial(t testing.TB, addr string) *Client {
	t.Helper()
	network := "tcp"
	if strings.Contains(addr, "/") {
		network = "unix"
	}
	nc, err := net.DialTimeout(network, addr, Timeout)
	if err != nil {
		t.Fatalf("ircdtest: %v", err)
	}
	return New(t, nc)
}

// New is a Client on a connection that is there already.
func New(t testing.TB, nc net.Conn) *Client {
	t.Cleanup(func() { _ = nc.Close() })
	return &Client{t: t, nc: nc, r: bufio.NewReaderSize(nc, 16<<10)}
}

// Conn is the connection itself, for tests that do worse things to it.
func (c *Client) Conn() net.Conn { return c.nc }

func (c *Client) note(dir, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, dir+" "+line)
}

func (c *Client) fatalf(format string, args ...any) {
	c.t.Helper()
	c.mu.Lock()
	log := strings.Join(c.log, "\n\t")
	c.mu.Unlock()
	c.t.Fatalf("ircdtest: %s\ntranscript:\n\t%s", fmt.Sprintf(format, args...), log)
}

// Send sends one line. Without args the format is the line itself, percent signs and all.
func (c *Client) Send(format string, args ...any) {
	c.t.Helper()
	line := format
	if len(args) > 0 {
		line = fmt.Sprintf(format, args...)
	}
	c.note(">", line)
	c.SendRaw(line + "\r\n")
}

// SendRaw sends bytes as they are.
func (c *Client) SendRaw(s string) {
	c.t.Helper()
	_ = c.nc.SetWriteDeadline(time.Now().Add(Timeout))
	if _, err := io.WriteString(c.nc, s); err != nil {
		c.fatalf("send: %v", err)
	}
}

// read returns the next message, nil at the end of the connection.
func (c *Client) read() *irc.Message {
	c.t.Helper()
	_ = c.nc.SetReadDeadline(time.Now().Add(Timeout))
	line, err := c.r.ReadString('\n')
	switch {
	case err == nil:
	case isTimeout(err):
		c.fatalf("nothing came within %v", Timeout)
	default:
		c.note("=", "closed: "+err.Error())
		_ = c.nc.Close() // as a client does: the server need not wait for us
		return nil
	}
	c.note("<", strings.TrimRight(line, "\r\n"))
	m, err := irc.ParseMessage(line)
	if err != nil {
		c.fatalf("bad line %q: %v", line, err)
	}
	if c.Pongs && m.Command == "PING" {
		c.ponged++
		c.Send("PONG :%s", m.Trailing())
		return c.read()
	}
	return m
}

// Settle answers the server's PINGs until there are none any more, and returns what came meanwhile.
func (c *Client) Settle() []*irc.Message {
	c.t.Helper()
	defer func(was bool) { c.Pongs = was }(c.Pongs)
	c.Pongs = true
	var all []*irc.Message
	for {
		before := c.ponged
		all = append(all, c.Sync()...)
		if c.ponged == before {
			return all
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// Next returns the next message, whatever it is.
func (c *Client) Next() *irc.Message {
	c.t.Helper()
	m := c.read()
	if m == nil {
		c.fatalf("connection closed")
	}
	return m
}

// ExpectNext wants the very next message to match.
func (c *Client) ExpectNext(pattern string) *irc.Message {
	c.t.Helper()
	m := c.Next()
	if why := Match(pattern, m); why != "" {
		c.fatalf("want %q, got %q: %s", pattern, m, why)
	}
	return m
}

// Expect reads until a message matches; what comes before is passed over.
func (c *Client) Expect(pattern string) *irc.Message {
	c.t.Helper()
	for {
		m := c.read()
		if m == nil {
			c.fatalf("connection closed while waiting for %q", pattern)
		}
		if Match(pattern, m) == "" {
			return m
		}
	}
}

// ExpectNot wants no message to match among those that come before a PING sent now is answered.
func (c *Client) ExpectNot(pattern string) {
	c.t.Helper()
	for _, m := range c.Sync() {
		if Match(pattern, m) == "" {
			c.fatalf("unwanted %q: %q", pattern, m)
		}
	}
}

// Sync sends a PING and returns what comes before its PONG.
func (c *Client) Sync() []*irc.Message {
	c.t.Helper()
	c.sync++
	token := fmt.Sprintf("sync-%d", c.sync)
	c.Send("PING %s", token)
	var before []*irc.Message
	for {
		m := c.read()
		switch {
		case m == nil:
			c.fatalf("connection closed while waiting for the PONG to %s", token)
		case m.Command == "PONG" && m.Trailing() == token:
			return before
		}
		before = append(before, m)
	}
}

// ExpectClosed wants the server to close, and returns what it said before.
func (c *Client) ExpectClosed() []*irc.Message {
	c.t.Helper()
	var all []*irc.Message
	for {
		m := c.read()
		if m == nil {
			return all
		}
		all = append(all, m)
	}
}

// Close closes the connection without a word.
func (c *Client) Close() { _ = c.nc.Close() }

// Option changes how Register registers.
type Option func(*options)

type options struct {
	pass, user, realname string
	saslName, saslPass   string
	caps                 []string
}

// Pass sends PASS first.
func Pass(password string) Option { return func(o *options) { o.pass = password } }

// SASL logs in with SASL PLAIN.
func SASL(name, password string) Option {
	return func(o *options) { o.saslName, o.saslPass = name, password }
}

// Caps asks for capabilities, which the server must grant.
func Caps(names ...string) Option { return func(o *options) { o.caps = append(o.caps, names...) } }

// User sets the user name; it is the nick otherwise.
func User(user string) Option { return func(o *options) { o.user = user } }

// Realname sets the real name; it is the nick otherwise.
func Realname(name string) Option { return func(o *options) { o.realname = name } }

// Register registers and reads up to the end of the welcome burst (376 or 422), which it returns.
func (c *Client) Register(nick string, opts ...Option) []*irc.Message {
	c.t.Helper()
	o := options{user: nick, realname: nick}
	for _, opt := range opts {
		opt(&o)
	}
	if o.saslName != "" {
		o.caps = append(o.caps, "sasl")
	}
	if len(o.caps) > 0 {
		c.Send("CAP LS 302")
		c.Send("CAP REQ :%s", strings.Join(o.caps, " "))
		c.Expect("CAP * ACK *")
	}
	if o.saslName != "" {
		c.Authenticate(o.saslName, o.saslPass)
		c.Expect("903 ...")
	}
	if o.pass != "" {
		c.Send("PASS :%s", o.pass)
	}
	c.Send("NICK %s", nick)
	c.Send("USER %s 0 * :%s", o.user, o.realname)
	if len(o.caps) > 0 {
		c.Send("CAP END")
	}
	return c.welcome()
}

func (c *Client) welcome() []*irc.Message {
	c.t.Helper()
	var burst []*irc.Message
	for {
		m := c.Next()
		burst = append(burst, m)
		switch m.Command {
		case irc.RPL_WELCOME:
			c.Nick = m.Param(0)
		case irc.RPL_ENDOFMOTD, irc.ERR_NOMOTD:
			return burst
		}
	}
}

// Authenticate sends a whole SASL PLAIN exchange, in chunks of 400 bytes, and leaves the answer to be read.
func (c *Client) Authenticate(name, password string) {
	c.t.Helper()
	c.Send("AUTHENTICATE PLAIN")
	c.Expect("AUTHENTICATE +")
	blob := base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00" + password))
	for len(blob) >= 400 {
		c.Send("AUTHENTICATE %s", blob[:400])
		blob = blob[400:]
	}
	if blob == "" {
		blob = "+"
	}
	c.Send("AUTHENTICATE %s", blob)
}
