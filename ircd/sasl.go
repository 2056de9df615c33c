package ircd

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"
)

// Sizes from ircv3.net/specs/extensions/sasl-3.1; the whole is bounded so that nobody fills our memory.
const (
	saslChunk = 400
	saslMax   = 10 * saslChunk
)

// sasl is an exchange under way.
type sasl struct {
	running bool
	blob    []byte // base64 so far
}

func (c *Conn) authenticate(m *irc.Message) error {
	s, arg := &c.reg.sasl, m.Params[0]
	switch {
	case c.session != nil:
		return Numeric(irc.ERR_SASLALREADY, "You have already authenticated using SASL")
	case arg == "*":
		*s = sasl{}
		return Numeric(irc.ERR_SASLABORTED, "SASL authentication aborted")
	case !s.running:
		return c.saslStart(arg)
	case len(arg) > saslChunk:
		*s = sasl{}
		return Numeric(irc.ERR_SASLTOOLONG, "SASL message too long")
	case len(s.blob)+len(arg) > saslMax:
		*s = sasl{}
		return saslFailed("SASL authentication failed: too much data")
	}
	if arg != "+" {
		s.blob = append(s.blob, arg...)
	}
	if len(arg) == saslChunk {
		return nil // more follows, if only "+"
	}
	blob := s.blob
	*s = sasl{}
	return c.saslPlain(blob)
}

// authenticateLate answers a registered client: logging in again means connecting again.
func authenticateLate(c *Conn, _ *irc.Message) error {
	if c.mechanism != "" {
		return Numeric(irc.ERR_SASLALREADY, "You have already authenticated")
	}
	return saslFailed("SASL authentication is possible only before registration: connect again")
}

func saslFailed(text string) error { return Numeric(irc.ERR_SASLFAIL, text) }

func (c *Conn) saslStart(mechanism string) error {
	if !strings.EqualFold(mechanism, "PLAIN") {
		c.Reply(irc.RPL_SASLMECHS, "PLAIN", "are available SASL mechanisms")
		return saslFailed("SASL authentication failed: unknown mechanism")
	}
	c.reg.sasl.running = true
	c.Send(NewMessage(nil, "AUTHENTICATE", "+"))
	return nil
}

// saslPlain logs in with [authzid] NUL authcid NUL password: RFC 4616.
func (c *Conn) saslPlain(blob []byte) error {
	cred, ok := parsePlain(blob)
	if !ok {
		return saslFailed("SASL authentication failed: malformed or empty credentials")
	}
	err := c.login(cred)
	var r *Reply
	switch {
	case c.gone():
		return nil
	case errors.As(err, &r):
		return saslFailed(r.text())
	case err != nil:
		return saslFailed(err.Error())
	}
	c.loggedIn(cred)
	nick := c.session.Nick()
	mask := nick + "!" + orDefault(c.reg.user, "*") + "@" + c.Host()
	account := cred.Account
	if strings.Contains(account, " ") {
		account = nick // a parameter holds no space
	}
	c.Reply(irc.RPL_LOGGEDIN, mask, account, "You are now logged in as "+cred.Account)
	return Numeric(irc.RPL_SASLSUCCESS, "SASL authentication successful")
}

func parsePlain(blob []byte) (Credentials, bool) {
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(blob)))
	n, err := base64.StdEncoding.Decode(raw, blob)
	parts := bytes.Split(raw[:n], []byte{0})
	if err != nil || len(parts) != 3 || !utf8.Valid(raw[:n]) {
		return Credentials{}, false
	}
	authzid, authcid, password := string(parts[0]), string(parts[1]), string(parts[2])
	if !plausibleName(authcid) || password == "" || authzid != "" && !sameName(authzid, authcid) {
		return Credentials{}, false
	}
	cred := Credentials{Raw: authcid, Password: password, Mechanism: "PLAIN"}
	cred.Account, cred.Device = splitDevice(authcid)
	return cred, true
}

// sameName tells whether the two names of a PLAIN message are one person's: nobody may act for somebody else.
func sameName(a, b string) bool {
	a, _ = splitDevice(a)
	b, _ = splitDevice(b)
	return EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}
