package bridge

import (
	"net"

	"tocbridge/ircd"
	"tocbridge/toc"
)

// safe reports whether nobody between a client and us can read what it sends.
func safe(c *ircd.Conn) bool { return c.Secure() || local(c.RemoteAddr()) }

// local reports whether an address is this machine's own.
func local(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// controlPassword changes the password on AIM. TOC carries both in plain text, and so does a client without TLS. They are
// never repeated, logged or shown to another client.
func (s *session) controlPassword(k *call) {
	args, force := k.args, false
	if args[0] == "-force" {
		args, force = args[1:], true
	}
	if len(args) != 2 {
		k.usage()
		return
	}
	old, fresh := args[0], args[1]
	switch {
	case s.mac == nil:
		k.reply("Not changed: this account was signed on without a password.")
		return
	case !force && !safe(k.c.conn):
		k.reply("Not changed: you are connected without TLS, and others could read the passwords. Connect with TLS, or say password -force OLD NEW. If the old one is the one you use, take it for known now.")
		return
	case old == fresh:
		k.reply("Not changed: the new password is the old one.")
		return
	}
	match := func(e toc.Event) bool {
		switch e := e.(type) {
		case toc.AdminPassword:
			return true
		case toc.ServerError:
			return e.Code == toc.ErrWrongPassword || e.Code == toc.ErrBadInput || e.Code == toc.ErrFailed || e.Code == toc.ErrRate
		}
		return false
	}
	if why := s.whyNot(); why != "" {
		k.reply("Not changed: %s", why)
		return
	}
	var w *wait
	w = s.question(queued{cmd: toc.ChangePassword{Old: old, New: fresh}}, answerTime, match, func(e toc.Event) {
		if e == nil && w != nil && !w.sent() {
			k.reply("Not changed: the connection to AIM was lost before it could be asked.")
			return
		}
		s.passwordAnswer(k, fresh, e)
	})
	if w == nil {
		k.reply("Not changed: %s", busyText)
	}
}

func (s *session) passwordAnswer(k *call, fresh string, e toc.Event) {
	switch e := e.(type) {
	case toc.AdminPassword:
		if e.Code != "0" {
			k.reply("Not changed: AIM refuses with code %s.", e.Code)
			return
		}
		s.passwordChanged(fresh)
		k.reply("Your AIM password is changed. Tell your IRC clients: the next login takes the new one.")
	case toc.ServerError:
		text := e.Error()
		switch e.Code {
		case toc.ErrWrongPassword:
			text = "the old password is wrong"
		case toc.ErrBadInput:
			text = "AIM does not take the new one; a password has 4 to 16 characters (6 to 8 for an ICQ number)"
		}
		k.reply("Not changed: %s.", text)
	default:
		k.reply("AIM does not answer. Your password may be the old one or the new one.")
	}
}
