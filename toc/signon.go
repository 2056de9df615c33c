package toc

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// What the sign-on commands are called.
var signOnVerbs = map[LoginForm]string{Login2: "toc2_login", SignOn2: "toc2_signon", SignOn1: "toc_signon"}

// The authorizer's address, which AOL's servers wanted to hear (ref 2.1).
const (
	authHost  = "login.oscar.aol.com"
	authPort1 = "5190"
	authPort2 = "29999" // with toc2_login
)

// NewSignOn makes the sign-on command of a form. Version names the client, in
// under 50 characters beginning "TIC:" by custom.
func NewSignOn(form LoginForm, name ScreenName, password, version string) SignOnCommand {
	c := SignOnCommand{
		Form: form, Host: authHost, Port: authPort1, Name: ScreenName(name.Key()),
		Roasted: Roast(password), Language: "english", Version: version,
	}
	code := strconv.Itoa(SignOnCode(name, password))
	switch form {
	case SignOn2:
		c.Extra = []string{"160", code}
	case Login2:
		c.Port = authPort2
		c.Extra = []string{"160", "US", "", "", "3", "0", "30303", "-kentucky", "-utf8", code}
	}
	return c
}

// Password returns the password in plain text. It fails where the live server
// does: on bad hex, and on no hex at all.
func (c SignOnCommand) Password() (string, error) { return Unroast(c.Roasted) }

const roastKey = "Tic/Toc"

func roast(b []byte) []byte {
	for i := range b {
		b[i] ^= roastKey[i%len(roastKey)]
	}
	return b
}

// Roast hides a password from nobody (ref 2.2), as the sign-on commands want it.
func Roast(password string) string { return "0x" + hex.EncodeToString(roast([]byte(password))) }

// Unroast undoes Roast. The first two characters are dropped unseen, as the
// live server does.
func Unroast(s string) (string, error) {
	if len(s) < 2 {
		return "", fmt.Errorf("%w: roasted password too short", ErrMalformed)
	}
	b, err := hex.DecodeString(s[2:])
	if err != nil {
		return "", fmt.Errorf("%w: roasted password is not hex", ErrMalformed)
	}
	return string(roast(b)), nil
}

// SignOnCode is the last argument of the TOC2 sign-on commands: 7696 times the
// first bytes of the normalised name and of the password (ref 2.3).
func SignOnCode(name ScreenName, password string) int {
	return 7696 * first(name.Key()) * first(password)
}

func first(s string) int {
	if s == "" {
		return 0
	}
	return int(s[0])
}

// signOnArgs is how many arguments the live server looks at, of which it uses
// the name and the password.
const signOnArgs = 4

func parseSignOn(a *args, form LoginForm) Command {
	c := SignOnCommand{Form: form, Host: a.str(), Port: a.str(), Name: a.name(), Roasted: a.str()}
	if len(a.list) > 0 {
		c.Language = a.str()
	}
	if len(a.list) > 0 {
		c.Version = a.str()
	}
	c.Extra = a.rest()
	return c
}

// ParseSignOn reads the payload of the first DATA frame as the live server
// does: not as other commands but by splitArgs from its first byte, with its
// closing NUL, which sticks to the last argument. Where that is the password,
// with four arguments, Password will fail (ref 2.1).
func ParseSignOn(payload string) (SignOnCommand, error) {
	list := splitArgs(nil, payload)
	if len(list) == 0 {
		return SignOnCommand{}, fmt.Errorf("%w: empty sign-on", ErrMalformed)
	}
	verb := strings.TrimSpace(list[0])
	for form, v := range signOnVerbs {
		if v != verb {
			continue
		}
		if len(list) > 1+signOnArgs { // the NUL is not on the password
			list = splitArgs(nil, strings.TrimRight(payload, "\x00"))
		}
		a := args{list: list[1:]}
		c := parseSignOn(&a, form).(SignOnCommand)
		if a.err != nil {
			return c, fmt.Errorf("%s: %w", v, a.err)
		}
		return c, nil
	}
	return SignOnCommand{}, fmt.Errorf("%w: not a sign-on command", ErrMalformed)
}
