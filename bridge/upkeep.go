package bridge

import (
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

// The live server counts the gap between two commands of a rate class in 32 bits of milliseconds: the first command after
// 24.8 silent days makes the average negative, which closes all sessions of the user (or, in a room, takes them out of it).
// An account that is signed on for weeks says something harmless in each class before that.

const (
	upkeepEvery = 24 * time.Hour
	silentDays  = 20 * 24 * time.Hour
)

// upkeep knows when each class was used last on this link.
type upkeep struct {
	last  [pace.Directory + 1]time.Time // by class; rooms know it themselves
	timer *time.Timer
}

func (u *upkeep) stop() {
	if u.timer != nil {
		u.timer.Stop()
	}
}

// beginUpkeep is for a new link. What the server counts from is the sign-on.
func (s *session) beginUpkeep() {
	now := time.Now()
	for cl := range s.upkeep.last {
		s.upkeep.last[cl] = now
	}
	s.upkeep.stop()
	s.upkeep.timer = time.AfterFunc(upkeepEvery, func() { s.post(do((*session).doUpkeep)) })
}

// used notes that a command of a class went out.
func (s *session) used(now time.Time, cl pace.Class) {
	if cl >= 0 {
		s.upkeep.last[cl] = now
		return
	}
	for _, r := range s.roomIDs {
		if s.pacer.Room(r.id) == cl {
			r.spoke = now
		}
	}
}

// doUpkeep uses the classes and rooms that were not used for too long.
func (s *session) doUpkeep() {
	if s.link == nil {
		return // the next sign-on begins anew
	}
	now := time.Now()
	for cl, last := range s.upkeep.last {
		if now.Sub(last) >= silentDays {
			s.useClass(pace.Class(cl))
		}
	}
	for _, r := range s.sortedRooms() {
		if r.joined && now.Sub(r.spoke) >= silentDays {
			s.useRoom(r)
		}
	}
	s.upkeep.timer = time.AfterFunc(upkeepEvery, func() { s.post(do((*session).doUpkeep)) })
}

// useClass sends a command of a class that changes nothing.
func (s *session) useClass(cl pace.Class) {
	self := toc.ScreenName(s.key)
	switch cl {
	case pace.General:
		s.fence(answerTime, func() {})
	case pace.Light:
		s.send(toc.AddBuddies{Names: []toc.ScreenName{self}}) // as at each sign-on
	case pace.Messages:
		about := func(e toc.Event) bool {
			switch e := e.(type) {
			case toc.BuddyUpdate:
				return e.Name.Key() == s.key
			case toc.ServerError:
				return e.Code == toc.ErrNotAvailable && toc.ScreenName(e.Arg).Key() == s.key
			}
			return false
		}
		s.question(queued{cmd: toc.GetStatus{Name: self}}, answerTime, about, func(toc.Event) {})
	case pace.Directory:
		// It has one command, which sets the directory entry. With a field too many it is counted and then refused.
		refused := func(e toc.Event) bool {
			fault, ok := e.(toc.ServerError)
			return ok && fault.Code == toc.ErrFailed
		}
		s.question(queued{cmd: toc.SetDir{Fields: ":::::::::"}}, answerTime, refused, func(toc.Event) {})
	}
}

// useRoom whispers to oneself, which nobody sees; that we hear it is dealt with as with any own line.
func (s *session) useRoom(r *room) {
	line := &said{html: "...", plain: "...", roll: true}
	r.said = append(r.said, line)
	s.submit(s.pacer.Room(r.id), queued{cmd: toc.ChatWhisper{Room: r.id, To: toc.ScreenName(s.key), Text: line.html}, line: line})
}
