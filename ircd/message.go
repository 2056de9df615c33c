package ircd

import (
	"time"

	irc "gopkg.in/irc.v4"
)

// Message is an outgoing message in its fullest form. The exit filter (Conn.Send) makes of it what each client asked
// for. It must not be changed once it was sent, and one goroutine sends it at a time; encodings are cached inside per
// capability set, so that fan-out to many clients encodes once per set.
type Message struct {
	irc.Message // Prefix, Command, Params; of Tags only the client-only ones (+typing …) are relayed

	Time    time.Time // server-time; zero: the moment of the first Send
	ID      string    // msgid
	Account string    // account-tag: the sender's account
	Bot     bool      // the sender is a bot
	Batch   string    // reference of the open BATCH it belongs to

	Need   Cap // only for clients with all of these
	Unless Cap // only for clients with none of these

	Ext       Cap      // clients with this capability get ExtParams in place of Params (extended-join)
	ExtParams []string // see Ext
}

// NewMessage makes a message from prefix (nil: from the server).
func NewMessage(prefix *irc.Prefix, command string, params ...string) *Message {
	return &Message{Message: irc.Message{Prefix: prefix, Command: command, Params: params}}
}

// NewJoin makes a JOIN with its extended-join form. An empty account is "*".
func NewJoin(prefix *irc.Prefix, channel, account, realname string) *Message {
	if account == "" {
		account = "*"
	}
	m := NewMessage(prefix, "JOIN", channel)
	m.Ext, m.ExtParams = CapExtendedJoin, []string{channel, account, realname}
	return m
}
