// Package ircdtest is a scripted IRC client for tests.
package ircdtest

import (
	"net"
	"testing"

	irc "gopkg.in/irc.v4"
)

// Client is a scripted IRC client.
type Client struct{}

// Option changes how Register registers.
type Option func(*options)
type options struct{}

func Dial(t testing.TB, addr string) *Client           { return nil }
func New(t testing.TB, nc net.Conn) *Client            { return nil }
func Pass(password string) Option                      { return nil }
func SASL(name, password string) Option                { return nil }
func Caps(names ...string) Option                      { return nil }
func User(user string) Option                          { return nil }
func Realname(name string) Option                      { return nil }
func (c *Client) Register(nick string, opts ...Option) {}
func (c *Client) Send(format string, args ...any)      {}
func (c *Client) Expect(pattern string) *irc.Message   { return nil }
func (c *Client) ExpectNot(pattern string)             {}
func (c *Client) ExpectClosed() []*irc.Message         { return nil }
func (c *Client) Sync() []*irc.Message                 { return nil }
func (c *Client) Close()                               {}
