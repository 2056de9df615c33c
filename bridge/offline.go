package bridge

import (
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

// down is what keeps an account from talking to AIM though its session lives.
type down struct {
	dialing bool        // a sign-on attempt is under way
	paused  bool        // AIM said PAUSE: nothing may be sent until it says SIGN_ON
	pauseT  *time.Timer // ends a PAUSE that AIM forgot
	resumed time.Time   // when the last PAUSE ended

	sibling   sibling
	dirStatus string    // the last DIR_STATUS
	refusedAt time.Time // when AIM last refused a command for coming too fast (ERROR:903)
}

func (d *down) stop() {
	if d.pauseT != nil {
		d.pauseT.Stop()
	}
}

// signOff leaves AIM and keeps the clients: nobody is there for them until signOn. All but by are told.
func (s *session) signOff(by *client) {
	s.redial.stop()
	s.cutLink(signedOff)
	s.saveState(kindSelf, selfOff, "yes")
	for _, c := range s.clients {
		if c != by {
			s.tell(c, signedOffText)
		}
	}
}

const signedOffText = "You are signed off from AIM. You stay here; signon comes back."

// signOn comes back, or tries again at once.
func (s *session) signOn() {
	s.redial.stop()
	s.saveState(kindSelf, selfOff, "")
	s.state, s.redial.reason, s.redial.at = waiting, "signing on", time.Now()
	s.dial()
}

// cutLink ends the link by our own will. What it was given is still written, by a helper.
func (s *session) cutLink(next linkState) {
	l, first := s.link, s.state == online
	s.link, s.state, s.redial.failed = nil, next, 0
	s.unpause()
	if l != nil {
		s.helpers.Add(1)
		go func() {
			defer s.helpers.Done()
			l.finish(finishTime)
		}()
	}
	if first {
		s.everybodyGone()
	}
	s.giveUpWaits()
	s.returnUnsent(nil)
	s.resume()
}

func (s *session) controlSignOff(k *call) {
	if s.state == signedOff {
		k.reply("You are signed off already; signon comes back.")
		return
	}
	s.signOff(k.c)
	k.reply(signedOffText)
}

func (s *session) controlSignOn(k *call) {
	switch {
	case s.state == online:
		k.reply("You are signed on already, since %s. reconnect signs on anew.", s.link.began.Local().Format("15:04"))
	case s.dialing || s.link != nil:
		s.state = waiting
		k.reply("Signing on already.")
	default:
		s.signOn()
		k.reply("Signing on to %s…", s.o.Server)
	}
}

func (s *session) controlReconnect(k *call) {
	if s.state != online {
		s.controlSignOn(k)
		return
	}
	s.cutLink(waiting)
	s.signOn()
	k.reply("Signing off and on again…")
}

// pauseTime is how long a PAUSE may last. AOL's took seconds; after it we sign on anew.
const pauseTime = time.Minute

const pausedText = "AIM asked us to wait while it moves this account to another machine of its; try again in a moment"

// pause is PAUSE: nothing may be sent before the next SIGN_ON (TOC2 reference §4.3).
func (s *session) pause() {
	if s.paused {
		return
	}
	s.paused = true
	s.queue.stop()
	l := s.link
	s.pauseT = time.AfterFunc(pauseTime, func() {
		s.post(do(func(s *session) {
			if s.paused && s.link == l {
				s.log.Info("PAUSE without an end")
				l.up.Close() // the reader reports it
			}
		}))
	})
	s.news("AIM asks us to wait: it moves this account to another machine of its. What you say goes out after that.")
}

func (s *session) unpause() {
	s.down.stop()
	s.paused = false
}

// signedOnAgain is a SIGN_ON within a connection, the end of a PAUSE: AIM wants the set-up and toc_init_done once more.
// What waited goes out behind that.
func (s *session) signedOnAgain() {
	if !s.paused {
		return
	}
	s.awaitConfig(func(cfg *toc.Config) {
		waited := s.queue.lanes
		s.queue.lanes, s.resumed = map[pace.Class][]queued{}, time.Now()
		s.unpause()
		s.setUp(cfg)
		s.fence(answerTime, s.dropUnheard)
		for cl, lane := range waited {
			s.queue.lanes[cl] = append(s.queue.lanes[cl], lane...)
		}
		s.drain()
		s.news("AIM goes on.")
	})
}

// dropUnheard lets those leave whom AIM did not name again after a PAUSE.
func (s *session) dropUnheard() {
	for _, c := range s.roster.online() {
		if c.heard.Before(s.resumed) && c != s.self {
			s.showChange(c, c.signOff())
		}
	}
}

// downText says in words what keeps the account from AIM, or "".
func (s *session) downText() string {
	switch {
	case s.state == signedOff:
		return "You are signed off from AIM; signon comes back."
	case s.state == waiting:
		return s.waitingText()
	case s.paused:
		return "AIM asked us to wait; what you say goes out when it goes on."
	}
	return ""
}

// whyNot says why AIM cannot be asked to change something now, or "".
func (s *session) whyNot() string {
	switch {
	case s.link == nil || s.state != online:
		return s.noLinkText()
	case s.paused:
		return pausedText
	}
	return ""
}

// paceModel is the model of the server's limits: the one that was set, unless AIM has shown to have limits.
func (s *session) paceModel() pace.Model {
	if !s.refusedAt.IsZero() {
		return pace.Oscar
	}
	return s.o.Pace
}
