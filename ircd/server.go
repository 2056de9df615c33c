package ircd

import (
	"context"
	"errors"
	"log/slog"
	"net"
)

// ErrServerClosed is what Serve returns after an orderly end.
var ErrServerClosed = errors.New("ircd: server closed")

// Server is an IRC server. Set the fields before the first Serve.
type Server struct {
	Name                    string        // host name in the prefix of everything the server says
	Network                 string        // NETWORK in 005
	Version                 string        // in 002, 004, VERSION, INFO
	MOTD                    []string      // message of the day; empty: 422
	Admin                   []string      // lines of ADMIN; empty: 423
	ISupport                []string      // the backend's tokens for 005, e.g. "CHANTYPES=&#"
	UserModes, ChannelModes string        // letters shown in 004
	Caps                    Cap           // capabilities offered; 0: DefaultCaps
	Count                   func() Counts // for LUSERS; may be nil
	Backend                 Backend
	Limits                  Limits
	Log                     *slog.Logger
}

// Counts is what LUSERS wants to know of the backend.
type Counts struct{ Invisible, Operators, Channels int }

// Serve accepts connections until ctx or the server ends; several listeners may be served at once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error { return ErrServerClosed }

// Shutdown closes the listeners, says ERROR to all clients, flushes and waits.
func (s *Server) Shutdown(ctx context.Context) error { return nil }
