package bridge

import (
	"tocbridge/toc"

	irc "gopkg.in/irc.v4"
)

// prefixFor makes nick!user@host of a screen name.
func (s *session) prefixFor(name toc.ScreenName) *irc.Prefix {
	return &irc.Prefix{Name: s.nicks.Nick(name), User: ident(name), Host: s.o.Host}
}

// hostFor is the host of somebody who logged in here with a user name. No two people have the same user@host, by which
// irssi takes one for the other: with the user name of somebody else the screen name is in the host.
func (o *Options) hostFor(user string, name toc.ScreenName) string {
	own := ident(name)
	if user == own {
		return o.Host
	}
	return hostLabel(own) + "." + o.Host
}

// hostLabel is a text as part of a host name.
func hostLabel(s string) string {
	label := []byte(s)
	for i, b := range label {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			label[i] = '-'
		}
	}
	return string(label)
}

// ident is a screen name as the user part of a prefix: printable ASCII without what separates there.
func ident(name toc.ScreenName) string {
	key := []byte(name.Key())
	for i, b := range key {
		if b <= ' ' || b >= 0x7f || b == '!' || b == '@' || b == ':' {
			key[i] = '_'
		}
	}
	return string(key[:min(len(key), 32)])
}
