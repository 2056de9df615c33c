package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

// A role is what one of the demo's buddies is like.
type role struct {
	name        toc.ScreenName
	profile     string
	room        string                          // sits in this chat room and answers there when spoken to
	answer      func(from, text string) []reply // to an IM
	online, off time.Duration                   // comes and goes; 0: stays
	here, away  time.Duration                   // goes away and comes back; 0: stays
	awayText    string                          // also the automatic answer
}

// A reply is an HTML text with the pause before it, as if somebody typed.
type reply struct {
	after time.Duration
	html  string
}

const (
	buddyRetry   = 2 * time.Second
	replyBacklog = 64 // replies that may wait; who asks for more gets none
)

// A buddy plays a role on the demo's server.
type buddy struct {
	role
	addr, password string
	pace           pace.Model
	log            *slog.Logger
	entered        func() // called whenever others can see the buddy arrive; may be nil
}

// run plays until ctx ends: signs on, stays or comes and goes, and signs on
// again when the link is lost.
func (b *buddy) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := buddyRetry
		c, err := toc.SignOn(ctx, b.addr, toc.Login{Name: b.name, Password: b.password, Version: "TIC:tocbridge-demo"})
		switch {
		case err == nil:
			if b.shift(ctx, c) {
				wait = b.off
			}
		case ctx.Err() == nil:
			b.log.Warn("sign-on failed", "err", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// shift is one stay online; true means that it ended because its time was over.
func (b *buddy) shift(ctx context.Context, c *toc.Client) bool {
	events, lost := make(chan toc.Event), make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(lost)
		for {
			e, err := c.Recv()
			if err != nil {
				return
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() { // in this order: no more events, the link closed, the reader gone
		cancel()
		_ = c.SignOff() // the server takes a closed link for the same
		_ = c.Close()
		<-lost
	}()
	s := &stage{buddy: b, client: c, pacer: pace.New(b.pace, time.Now()), told: map[string]bool{}}
	if err := s.enter(); err != nil {
		b.log.Warn("sign-on failed", "err", err)
		return false
	}
	return s.play(ctx, events, lost)
}

// A stage is a buddy's stay online. Owned by the goroutine of play.
type stage struct {
	*buddy
	client *toc.Client
	pacer  *pace.Pacer
	queue  []queued
	due    time.Time       // when the first of the queue may go
	absent bool            // away just now
	told   map[string]bool // who got the automatic answer
}

// queued is a reply on its way to a user or, with to empty, to a room.
type queued struct {
	to   toc.ScreenName
	room int
	auto bool
	reply
}

// enter shows the buddy to others. It is a buddy of its own, to be told so.
func (s *stage) enter() error {
	err := s.client.Send(toc.AddBuddies{Names: []toc.ScreenName{s.name}}, toc.SetInfo{Text: s.profile}, toc.InitDone{})
	if err == nil && s.buddy.room != "" {
		err = s.client.Send(toc.ChatJoin{Exchange: 4, Name: s.buddy.room})
	}
	return err
}

// play reacts to events and the clock. It returns true when the time is over.
func (s *stage) play(ctx context.Context, events <-chan toc.Event, lost <-chan struct{}) bool {
	end, turn := after(s.online), after(s.here)
	for {
		select {
		case e := <-events:
			s.react(e)
		case <-s.next():
			s.sendFirst()
		case <-turn:
			turn = s.turn()
		case <-end:
			return true
		case <-lost:
			return false
		case <-ctx.Done():
			return true
		}
	}
}

// after is time.After, but never for 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

// turn goes away or comes back, and says when to turn again.
func (s *stage) turn() <-chan time.Time {
	s.absent = !s.absent
	clear(s.told)
	if s.absent {
		s.try(toc.SetAway{Text: s.awayText})
		return after(s.away)
	}
	s.try(toc.SetAway{})
	return after(s.here)
}

// try sends what may fail: a lost link is noticed by the reader.
func (s *stage) try(cmds ...toc.Command) {
	if err := s.client.Send(cmds...); err != nil {
		s.log.Debug("not sent", "err", err)
	}
}

func (s *stage) react(e toc.Event) {
	switch e := e.(type) {
	case toc.BuddyUpdate:
		if e.Name.Equal(s.name) && s.entered != nil {
			s.entered()
		}
	case toc.IMIn:
		s.im(e)
	case toc.ChatIn:
		s.chat(e)
	case toc.ChatInvite:
		s.try(toc.ChatAccept{Room: e.Room})
	}
}

// im answers an IM, unless a machine wrote it.
func (s *stage) im(e toc.IMIn) {
	if e.Auto || isCast(e.From) {
		return
	}
	if s.absent {
		if !s.told[e.From.Key()] {
			s.told[e.From.Key()] = true
			s.say(queued{to: e.From, auto: true, reply: reply{html: s.awayText}})
		}
		return
	}
	for _, r := range s.answer(string(e.From), plain(e.Text)) {
		s.say(queued{to: e.From, reply: r})
	}
}

// chat answers in a room whoever says the buddy's name.
func (s *stage) chat(e toc.ChatIn) {
	text := plain(e.Text)
	first, _, _ := strings.Cut(string(s.name), " ")
	if e.From.Equal(s.name) || !strings.Contains(strings.ToLower(text), strings.ToLower(first)) {
		return
	}
	for _, r := range s.answer(string(e.From), text) {
		s.say(queued{room: e.Room, reply: r})
	}
}

// plain is the text of AIM HTML.
func plain(html string) string { return strings.TrimSpace(richtext.ParseHTML(html).String()) }

func (s *stage) say(q queued) {
	if len(s.queue) >= replyBacklog {
		return
	}
	s.queue = append(s.queue, q)
	if len(s.queue) == 1 {
		s.plan()
	}
}

// plan sets when the first of the queue may go: after its pause, within the pace.
func (s *stage) plan() {
	now := time.Now()
	s.due = s.pacer.At(now.Add(s.queue[0].after), s.class(s.queue[0]), 1)
}

func (s *stage) class(q queued) pace.Class {
	if q.to == "" {
		return s.pacer.Room(q.room)
	}
	return pace.Messages
}

func (s *stage) next() <-chan time.Time {
	if len(s.queue) == 0 {
		return nil
	}
	return time.After(time.Until(s.due))
}

func (s *stage) sendFirst() {
	q := s.queue[0]
	s.queue = s.queue[1:]
	s.pacer.Sent(time.Now(), s.class(q))
	if q.to == "" {
		s.try(toc.ChatSend{Room: q.room, Text: q.html})
	} else {
		s.try(toc.SendIM{To: q.to, Text: q.html, Auto: q.auto})
	}
	if len(s.queue) > 0 {
		s.plan()
	}
}
