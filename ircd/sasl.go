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
	running *mechanism // nil: none
	blob    []byte     // base64 so far
}

// mechanism is a way to log in with AUTHENTICATE.
type mechanism struct {
	name  string
	cert  bool                                  // only with a client certificate
	parse func(blob []byte) (Credentials, bool) // what the client sent, not base64 any more
}

// mechanisms is the table, the most common first.
var mechanisms = []mechanism{
	{"PLAIN", false, parsePlain},
	{"EXTERNAL", true, parseExternal},
}

// mechanismNamed finds one that this client may use; nil: there is none of the name.
func (c *Conn) mechanismNamed(name string) *mechanism {
	for i := range mechanisms {
		if m := &mechanisms[i]; strings.EqualFold(m.name, name) && (!m.cert || c.certFP != "") {
			return m
		}
	}
	return nil
}

// mechanismNames is what this client may use, for sasl= and 908.
func (c *Conn) mechanismNames() string {
	var names []string
	for _, m := range mechanisms {
		if c.mechanismNamed(m.name) != nil {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ",")
}

func (c *Conn) authenticate(m *irc.Message) error {
	s, arg := &c.reg.sasl, m.Params[0]
	switch {
	case c.session != nil:
		return Numeric(irc.ERR_SASLALREADY, "You have already authenticated using SASL")
	case arg == "*":
		*s = sasl{}
		return Numeric(irc.ERR_SASLABORTED, "SASL authentication aborted")
	case s.running == nil:
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
	parse, blob := s.running.parse, s.blob
	*s = sasl{}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(blob)))
	n, err := base64.StdEncoding.Decode(raw, blob)
	if err == nil && utf8.Valid(raw[:n]) {
		if cred, ok := parse(raw[:n]); ok {
			return c.saslLogin(cred)
		}
	}
	return saslFailed("SASL authentication failed: malformed or empty credentials")
}

// authenticateLate answers a registered client: logging in again means connecting again.
func authenticateLate(c *Conn, _ *irc.Message) error {
	if c.mechanism != "" {
		return Numeric(irc.ERR_SASLALREADY, "You have already authenticated")
	}
	return Numeric(irc.ERR_ALREADYREGISTERED, "SASL authentication is possible only before registration: connect again")
}

func saslFailed(text string) error { return Numeric(irc.ERR_SASLFAIL, text) }

func (c *Conn) saslStart(name string) error {
	m := c.mechanismNamed(name)
	switch {
	case m == nil && strings.EqualFold(name, "EXTERNAL"):
		c.Reply(irc.RPL_SASLMECHS, c.mechanismNames(), "are available SASL mechanisms")
		return saslFailed("SASL EXTERNAL needs TLS with a client certificate, and you showed none")
	case m == nil:
		c.Reply(irc.RPL_SASLMECHS, c.mechanismNames(), "are available SASL mechanisms")
		return saslFailed("SASL authentication failed: unknown mechanism")
	}
	c.reg.sasl.running = m
	c.Send(NewMessage(nil, "AUTHENTICATE", "+"))
	return nil
}

// saslLogin logs in with what an exchange has brought.
func (c *Conn) saslLogin(cred Credentials) error {
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
	nick := c.session.Nick()
	cred.Account = orDefault(cred.Account, nick) // the certificate has said who
	c.loggedIn(cred)
	mask := nick + "!" + orDefault(c.reg.user, "*") + "@" + c.Host()
	account := cred.Account
	if strings.Contains(account, " ") {
		account = nick // a parameter holds no space
	}
	c.Reply(irc.RPL_LOGGEDIN, mask, account, "You are now logged in as "+cred.Account)
	return Numeric(irc.RPL_SASLSUCCESS, "SASL authentication successful")
}

// parsePlain takes [authzid] NUL authcid NUL password: RFC 4616.
func parsePlain(blob []byte) (Credentials, bool) {
	parts := bytes.Split(blob, []byte{0})
	if len(parts) != 3 {
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

// parseExternal takes [authzid]: RFC 4422 appendix A. Without one the certificate says who the client is; with one the
// backend has to know that it may be that.
func parseExternal(blob []byte) (Credentials, bool) {
	cred := Credentials{Raw: string(blob), Mechanism: "EXTERNAL"}
	if cred.Raw != "" && !plausibleName(cred.Raw) {
		return Credentials{}, false
	}
	cred.Account, cred.Device = splitDevice(cred.Raw)
	return cred, true
}

// sameName tells whether the two names of a PLAIN message are one person's: nobody may act for somebody else.
func sameName(a, b string) bool {
	a, _ = splitDevice(a)
	b, _ = splitDevice(b)
	return EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}
