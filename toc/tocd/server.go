// Package tocd is an in-memory TOC2 server.
package tocd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"tocbridge/toc"
)

// ErrClosed is what Serve returns after an orderly end.
var ErrClosed = errors.New("tocd: server closed")

// Options says which accounts exist and how strict the server is.
type Options struct {
	Accounts     map[string]string
	AnyName      bool
	PublicRooms  []string
	RateLimits   bool
	ConnectLimit bool
	MaxSessions  int
	AOL          AOLSwitches
	Log          *slog.Logger
	Now          func() time.Time
}

// AOLSwitches turns on what AOL's servers did and the live one does not.
type AOLSwitches struct {
	KeepAlive      time.Duration
	OClass         bool
	ShortCaps      bool
	IM901          bool
	ReverseConfig  bool
	StrictSequence bool
}

// Server is a TOC2 server.
type Server struct{ o Options }

// New makes a server; it serves nobody yet.
func New(o Options) *Server                                        { return &Server{o} }
func (s *Server) Serve(ctx context.Context, ln net.Listener) error { return ErrClosed }
func (s *Server) Close() error                                     { return nil }
func (s *Server) Drop(name toc.ScreenName)                         {}
func (s *Server) Pause(name toc.ScreenName)                        {}
func (s *Server) Resume(name toc.ScreenName)                       {}
func (s *Server) Inject(name toc.ScreenName, e toc.Event)          {}
func (s *Server) InjectRaw(name toc.ScreenName, line []byte)       {}
func (s *Server) Refused() int                                     { return 0 }
