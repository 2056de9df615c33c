package tocd

import (
	"encoding/base64"

	"tocbridge/toc"
)

// route finds who gets a message: nobody, silently, if the two are blocked or
// the other is away. An IM to oneself is routed like any.
func (s *session) route(to toc.ScreenName) *user {
	they := s.srv.online(to)
	if they == nil || blocked(s.user, they) {
		return nil
	}
	return they
}

// lost is the answer to a message that reached nobody: none, but on AOL.
func (s *session) lost(to toc.ScreenName) error {
	if s.srv.o.AOL.IM901 {
		return unavailable(to)
	}
	return nil
}

// gets reports whether a session is sent an IM: the active ones are, or all if
// there is none.
func (s *session) gets(all bool) bool { return s.live && (all || s.active()) }

// sendIM sends an IM. The encoding, the language and the odd flag of
// toc2_send_im_enc do not travel.
func sendIM(s *session, c toc.SendIM) error {
	they := s.route(c.To)
	if they == nil {
		return s.lost(c.To)
	}
	im := toc.IMIn{
		From: s.user.acct.name, Auto: c.Auto, TOC2: true, Class: s.srv.class(s.user),
		Encoding: "L", Language: "en", Text: c.Text,
	}
	all := they.inactive()
	for _, r := range they.sessions {
		if !r.gets(all) {
			continue
		}
		im.Form = imForms[r.form]
		if b, ok := r.conn.open(toc.FrameData); ok {
			r.conn.seal(im.Append(b))
			s.srv.touch(r.conn)
		}
	}
	s.srv.talked(s.user.acct, they.acct)
	return nil
}

// imForms says how IMs arrive, by the sign-on command.
var imForms = [...]toc.IMForm{
	toc.Login2: toc.IMEnc2, toc.SignOn2: toc.IM2, toc.SignOn1: toc.IM1,
}

func sendIMEnc(s *session, c toc.SendIMEnc) error {
	return sendIM(s, toc.SendIM{To: c.To, Text: c.Text, Auto: c.Auto})
}

// sendTyping tells the active TOC2 sessions of the other.
func sendTyping(s *session, c toc.SendTyping) error {
	they := s.route(c.To)
	if they == nil {
		return nil
	}
	for _, r := range they.sessions {
		if r.active() && r.toc2() {
			r.send(toc.Typing{From: s.user.acct.name, State: c.State})
		}
	}
	return nil
}

func rvousAccept(s *session, c toc.RvousAccept) error { return s.rendezvous(c.Name, c.Cookie, c.UUID) }
func rvousCancel(s *session, c toc.RvousCancel) error { return s.rendezvous(c.Name, c.Cookie, c.UUID) }

// rendezvous passes on an answer to a proposal. TOC has no message for it: the
// other gets an empty frame.
func (s *session) rendezvous(to toc.ScreenName, cookie, uuid string) error {
	if _, err := base64.StdEncoding.DecodeString(cookie); err != nil {
		return errProcessing
	}
	if _, ok := parseUUID(uuid); !ok {
		return errProcessing
	}
	they := s.route(to)
	if they == nil {
		return nil
	}
	all := they.inactive()
	for _, r := range they.sessions {
		if r.gets(all) {
			r.sendLine(nil)
		}
	}
	s.srv.talked(s.user.acct, they.acct)
	return nil
}
