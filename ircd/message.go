package ircd

import (
	"time"

	irc "gopkg.in/irc.v4"
)

// Message is an outgoing message in its fullest form. The exit filter (Conn.Send) makes of it what each client asked
// for. It must not be changed once it was sent, and one goroutine sends it at a time; encodings are cached inside per
// capability set, so that fan-out to many clients encodes once per set.
type Message struct {
	irc.Message // Prefix (nil: the server), Command, Params; of Tags only the client-only ones (+typing …) are relayed

	Time    time.Time // server-time; zero: the moment of the first Send
	ID      string    // msgid
	Account string    // account-tag: the sender's account
	Bot     bool      // the sender is a bot (bot mode tag)
	Batch   string    // reference of the open BATCH it belongs to
	Context string    // the channel that a private PRIVMSG or NOTICE belongs to: +channel-context

	Need   Cap // only for clients with all of these
	Unless Cap // only for clients with none of these

	Ext       Cap      // clients with this capability get ExtParams in place of Params (extended-join)
	ExtParams []string // see Ext

	lines []Line // of NewMultiline; nil: the text is in Params
	ref   string // reference of its batch, given by the first Send

	encoded []encoding // by capability set
	first   [1]encoding
	params  [3]string
}

type encoding struct {
	caps Cap
	line []byte
}

// NewMessage makes a message from prefix (nil: from the server).
func NewMessage(prefix *irc.Prefix, command string, params ...string) *Message {
	m := &Message{Message: irc.Message{Prefix: prefix, Command: command}}
	m.Params = append(m.params[:0], params...)
	m.encoded = m.first[:0]
	return m
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

// NewBatch makes the two messages that open and close a batch. The ref comes from Server.BatchRef and goes into
// Message.Batch of what belongs to it. Clients without batch get neither these nor the tag.
func NewBatch(ref, kind string, params ...string) (start, end *Message) {
	start = NewMessage(nil, "BATCH", append([]string{"+" + ref, kind}, params...)...)
	return start, NewMessage(nil, "BATCH", "-"+ref)
}

// needs is the capability without which no client is sent a command at all, whoever made the message.
func needs(command string) Cap {
	switch command {
	case "TAGMSG":
		return CapMessageTags
	case "BATCH":
		return CapBatch
	case "AWAY":
		return CapAwayNotify
	case "ACCOUNT":
		return CapAccountNotify
	case "CHGHOST":
		return CapChghost
	case "SETNAME":
		return CapSetname
	case "ACK":
		return CapLabeledResponse
	case "CHATHISTORY":
		return CapChatHistory
	case "MARKREAD":
		return CapReadMarker
	case "BOUNCER":
		return CapNetworks
	}
	return 0
}

// wanted tells whether a client with these capabilities gets m at all.
func (m *Message) wanted(have Cap) bool {
	need := m.Need | needs(m.Command)
	return have&need == need && have&m.Unless == 0
}

// shaping is the set of capabilities that change how m looks on the wire: the key of the cache.
func (m *Message) shaping() Cap {
	mask := CapServerTime | m.Ext
	if m.lines != nil {
		mask |= CapMultiline | CapBatch
	}
	if m.ID != "" || m.Bot || m.Context != "" || len(m.Tags) > 0 {
		mask |= CapMessageTags
	}
	if m.Account != "" {
		mask |= CapAccountTag
	}
	if m.Batch != "" {
		mask |= CapBatch
	}
	return mask
}

// line is the encoding for a client with these capabilities, made once per set.
func (m *Message) line(server string, have Cap) []byte {
	have &= m.shaping()
	for i := range m.encoded {
		if m.encoded[i].caps == have {
			return m.encoded[i].line
		}
	}
	line := m.encode(make([]byte, 0, m.sizeHint()), server, have, reply{})
	m.encoded = append(m.encoded, encoding{have, line})
	return line
}

func (m *Message) sizeHint() int {
	n := 96 // prefix, tags, command
	for _, p := range m.Params {
		n += len(p) + 1
	}
	for _, l := range m.lines {
		n += len(l.Text) + 96
	}
	return n
}
