package ircd

import (
	"net"
	"time"

	irc "gopkg.in/irc.v4"
)

// Reason names why a connection ended, for log and metric.
type Reason string

// The reasons.
const (
	ReasonQuit     Reason = "quit"
	ReasonEOF      Reason = "eof"
	ReasonError    Reason = "error"
	ReasonSendQ    Reason = "sendq"
	ReasonRecvQ    Reason = "recvq"
	ReasonPing     Reason = "ping_timeout"
	ReasonWrite    Reason = "write_timeout"
	ReasonRegister Reason = "register_timeout"
	ReasonLimit    Reason = "limit"
	ReasonLogin    Reason = "login"
	ReasonProtocol Reason = "protocol"
	ReasonPanic    Reason = "panic"
	ReasonShutdown Reason = "shutdown"
	ReasonBackend  Reason = "backend"
)

// Conn is one client's connection.
type Conn struct{}

func (c *Conn) Send(m *Message)                        {}
func (c *Conn) Reply(numeric string, params ...string) {}
func (c *Conn) Notice(text string)                     {}

// Fail sends FAIL command code ctx… :text, or a NOTICE to clients without standard-replies.
func (c *Conn) Fail(command, code string, ctxAndText ...string) {}
func (c *Conn) Nick() string                                    { return "" }
func (c *Conn) SetNick(nick string)                             {}
func (c *Conn) User() string                                    { return "" }
func (c *Conn) Realname() string                                { return "" }
func (c *Conn) SetRealname(name string)                         {}
func (c *Conn) Host() string                                    { return "" }
func (c *Conn) SetIdent(user, host string)                      {}
func (c *Conn) Account() string                                 { return "" }
func (c *Conn) Device() string                                  { return "" }
func (c *Conn) Prefix() *irc.Prefix                             { return nil }
func (c *Conn) RemoteAddr() net.Addr                            { return nil }
func (c *Conn) Secure() bool                                    { return false }
func (c *Conn) Since() time.Time                                { return time.Time{} }
func (c *Conn) LastActive() time.Time                           { return time.Time{} }
func (c *Conn) Has(cap Cap) bool                                { return false }
func (c *Conn) Server() *Server                                 { return nil }

// QuitMessage is the client's own QUIT text ("" when it gave none), or why the connection ended. For Detach.
func (c *Conn) QuitMessage() string                                      { return "" }
func (c *Conn) Close(reason Reason, text string)                         {}
func (c *Conn) Dispatch(m *irc.Message, handle func(*irc.Message) error) {}
func (c *Conn) Defer() (finish func(func() error))                       { return nil }
