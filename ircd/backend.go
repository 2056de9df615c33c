package ircd

import (
	"context"
	"net"

	irc "gopkg.in/irc.v4"
)

// Credentials are what a client said about itself while registering.
type Credentials struct {
	Nick, User, Realname string // may be empty under SASL, which often runs before NICK and USER
	Account              string // the name to log in with, without its device suffix; "" when none was given (then Nick is the name)
	Device               string // the suffix of name@device, from the SASL name or USER; "" when none
	Raw                  string // the name as given, suffix and all
	Password             string
	Mechanism            string // "PLAIN", "PASS", "EXTERNAL" or "" (no password)
	// CertFP is the SHA-256 fingerprint of the client's TLS certificate: 64 hex digits, lower case; "" without one. The
	// client has proved that it holds the key, whatever the Mechanism. With "EXTERNAL" nothing else proves who it is:
	// there is no Password, and Account is the name it wants to be, or "": then the certificate says who.
	CertFP     string
	RemoteAddr net.Addr
	Secure     bool // TLS
}

// Backend decides who may come in.
//
// Authenticate is called by the connection's reader and may block; ctx ends when the connection does.
// An error that is a *Reply is sent as it is: 433 leaves registration open so that the client may try another
// NICK, 464 is 904 under SASL, else 464 and the connection is closed. Any other error becomes ERROR :sentence and
// the connection is closed (904 under SASL).
type Backend interface {
	Authenticate(ctx context.Context, cred Credentials) (Session, error)
}

// Capable is an optional addition to Backend: the capabilities it has among those that need its part. They are not
// offered otherwise.
//
//   - CapMultiline: Handle takes a PRIVMSG or NOTICE with "\n" in its text (Lines tells how it was sent), and what has
//     several lines is sent as NewMultiline.
//   - CapExtendedMonitor: the sessions are Watchers and use SendMonitored.
//   - CapChatHistory, CapEventPlayback, CapReadMarker, CapSearch, CapNetworks, CapNetworksNotify: Handle takes
//     CHATHISTORY, MARKREAD, SEARCH and BOUNCER.
type Capable interface {
	Capabilities() Cap
}

// Session is one account as the backend sees it; several connections may share it. Its dynamic type is comparable.
type Session interface {
	// Nick is the account's nick. Any goroutine.
	Nick() string
	// Attach tells that registration is complete and the welcome burst (001 … 376) queued. By the reader.
	Attach(c *Conn)
	// Handle takes every message after registration, by the reader, in order; it may block (back-pressure).
	// The session passes each to Conn.Dispatch, in order, on its own goroutine; that may be this one.
	Handle(c *Conn, m *irc.Message)
	// Detach comes exactly once for each successful Authenticate, attached or not: the last call for c.
	Detach(c *Conn)
}

// Flusher is an optional addition to Session: Handle may put its work off until Flush, which the reader calls before it
// waits for anything after it has called Handle.
type Flusher interface {
	Flush()
}

// Identity is an optional addition to Session: the user and host parts shown for the account in place of the
// client's own. Asked for once, when registration completes.
type Identity interface {
	Ident(user string) (string, string) // given what USER said
}
