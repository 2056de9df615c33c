package ircd

import (
	"errors"
	"strings"
)

// Reply is an error that is an answer: it is sent as ":server NUM nick params…".
type Reply struct {
	Numeric string
	Params  []string
}

// Numeric makes a Reply.
func Numeric(num string, params ...string) *Reply { return &Reply{Numeric: num, Params: params} }

// Error is the numeric and its parameters, as on the wire.
func (r *Reply) Error() string { return r.Numeric + " " + strings.Join(r.Params, " ") }

// NeedMoreParams is 461.
func NeedMoreParams(cmd string) *Reply {
	return Numeric(ErrNeedMoreParams, cmd, "Not enough parameters")
}

// ErrUnknownCommand, returned by a handler given to Dispatch, is sent as 421.
var ErrUnknownCommand = errors.New("unknown command")
