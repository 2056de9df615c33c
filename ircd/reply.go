package ircd

import (
	"errors"
	"strings"

	irc "gopkg.in/irc.v4"
)

// Reply is an error that is an answer: it is returned from any depth and sent in one place, as
// ":server NUM nick params…".
type Reply struct {
	Numeric string
	Params  []string
}

// Numeric makes a Reply.
func Numeric(num string, params ...string) *Reply { return &Reply{Numeric: num, Params: params} }

// Error is the numeric and its parameters, as on the wire.
func (r *Reply) Error() string { return r.Numeric + " " + strings.Join(r.Params, " ") }

// text is the last parameter, which is for people.
func (r *Reply) text() string {
	if len(r.Params) == 0 {
		return r.Numeric
	}
	return r.Params[len(r.Params)-1]
}

// NeedMoreParams is 461.
func NeedMoreParams(cmd string) *Reply {
	return Numeric(irc.ERR_NEEDMOREPARAMS, cmd, "Not enough parameters")
}

// ErrUnknownCommand, returned by a handler given to Dispatch, is sent as 421.
var ErrUnknownCommand = errors.New("unknown command")

// answer sends err as Dispatch would: a *Reply as it is, ErrUnknownCommand as 421, anything else as 400 with its text.
// Nothing is ever sent in answer to a NOTICE (RFC 2812 §3.3.2).
func (c *Conn) answer(command string, err error) {
	if err == nil || command == "NOTICE" {
		return
	}
	var r *Reply
	switch {
	case errors.As(err, &r):
		c.Reply(r.Numeric, r.Params...)
	case errors.Is(err, ErrUnknownCommand):
		c.Reply(irc.ERR_UNKNOWNCOMMAND, command, "Unknown command")
	default:
		c.srv.Log.Warn("command failed", "nick", c.Nick(), "command", command, "err", err)
		c.Reply(ERR_UNKNOWNERROR, command, err.Error())
	}
}
