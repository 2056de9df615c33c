package toc

import (
	"strings"
	"unicode/utf8"
)

// ScreenName is the name of an AIM user as somebody wrote it. Case and spaces
// are decoration: compare with Equal, or by Key.
type ScreenName string

// Key returns the identity of the name: lower case (by Unicode's rules), spaces
// deleted, as the live server does before every look-up (ref 6). A name that is
// already a key is returned as it is, without allocation.
func (n ScreenName) Key() string {
	s := string(n)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == ' ' || c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.ToLower(strings.ReplaceAll(s, " ", ""))
		}
	}
	return s
}

// Equal reports whether both names belong to the same user.
func (n ScreenName) Equal(o ScreenName) bool { return n == o || n.Key() == o.Key() }

// Class is the user class of a buddy as sent, three characters on the live
// server and two or three on AOL's (ref 4.1). Spaces in it mean something.
type Class string

// classes has the classes that servers send most, so that one that is kept does not
// keep the line it came in.
var classes = func() map[string]Class {
	m := map[string]Class{}
	for _, network := range []string{" ", "A"} {
		for _, kind := range []string{" ", "A", "C", "I", "O", "U"} {
			for _, presence := range []string{"", " ", ",", "U"} {
				c := network + kind + presence
				m[c] = Class(c)
			}
		}
	}
	return m
}()

func knownClass(s string) Class {
	if c, ok := classes[s]; ok {
		return c
	}
	return Class(s)
}

func (c Class) at(i int, b byte) bool { return len(c) > i && c[i] == b }

// AOL reports whether the user is on AOL.
func (c Class) AOL() bool { return c.at(0, 'A') }

// Admin reports whether the user is an administrator.
func (c Class) Admin() bool { return c.at(1, 'A') }

// Mobile reports whether the user is on a phone.
func (c Class) Mobile() bool { return c.at(1, 'C') }

// ICQ reports whether the user is on ICQ.
func (c Class) ICQ() bool { return c.at(1, 'I') }

// Unconfirmed reports whether the account is new and unconfirmed, as all fresh
// accounts of the live server are. It does not mean away.
func (c Class) Unconfirmed() bool { return c.at(1, 'U') }

// Away reports whether the user is away. Only the third character says so:
// " U " is an unconfirmed user who is there.
func (c Class) Away() bool { return c.at(2, 'U') }
