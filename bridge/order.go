package bridge

import (
	"slices"
	"time"

	"tocbridge/toc"
)

// orderTime is how long a refusal may take to come where nothing can be asked behind the order.
const orderTime = 3 * time.Second

// refusals are the errors that answer an order, whatever it was (TOC2 reference §4.4). 901 answers questions, 950 and 951
// joining a room, 960 to 962 are about messages.
var refusals = []int{toc.ErrWarn, toc.ErrRate, toc.ErrBadInput, 912, toc.ErrFailed, 914, 930, 931,
	970, 971, 972, 973, 974, 975, 976, 977, 978, 979, toc.ErrWrongPassword}

// order tells AIM to do something that it does not answer when it obeys. A cheap question behind it has an answer, before
// which a refusal would have come. done runs once, with "" or why not. A text returned says why the order was not given;
// then done does not run. All commands are of one rate class.
func (s *session) order(done func(why string), cmds ...toc.Command) (why string) {
	if why := s.whyNot(); why != "" {
		return why
	}
	var all []toc.Command
	for _, cmd := range cmds {
		all = append(all, toc.Split(cmd)...)
	}
	o := &ordered{s: s, done: done}
	if warn, ok := cmds[0].(toc.Warn); ok {
		o.about = s.nicks.Nick(warn.Name)
	}
	o.refused = &wait{match: o.isRefusal, limit: time.Hour, done: o.answered}
	fenced := s.mayFence()
	if !fenced {
		o.refused.limit = orderTime
	}
	cl, _ := classOf(all[0])
	for i, cmd := range all {
		q := queued{cmd: cmd}
		if i == 0 {
			q.wait = o.refused
		}
		if !s.submit(cl, q) {
			o.over = true
			s.cancel(o.refused)
			return busyText
		}
	}
	if !fenced {
		return ""
	}
	self := toc.ScreenName(s.key)
	o.obeyed = &wait{match: isPageOf(self), limit: answerTime, done: o.answered}
	if !s.submit(cl, queued{cmd: toc.GetInfo{Name: self}, wait: o.obeyed}) {
		o.finish("")
	}
	return ""
}

// ordered is an order under way.
type ordered struct {
	s       *session
	done    func(string)
	about   string // whom, where the server's refusal does not name them
	refused *wait
	obeyed  *wait // nil: nothing is asked behind the order
	over    bool
}

func (o *ordered) isRefusal(e toc.Event) bool {
	failed, ok := e.(toc.ServerError)
	return ok && !o.over && slices.Contains(refusals, failed.Code)
}

// answered is a refusal, the answer to the question behind the order, or that neither came.
func (o *ordered) answered(e toc.Event) {
	why := ""
	if failed, ok := e.(toc.ServerError); ok {
		if failed.Arg == "" && failed.Code == toc.ErrWarn {
			failed.Arg = o.about
		}
		why = failed.Error()
	} else if e == nil && o.s.link == nil {
		why = "the connection to AIM was lost before it answered"
	}
	o.finish(why)
}

func (o *ordered) finish(why string) {
	if o.over {
		return
	}
	o.over = true
	o.s.cancel(o.refused)
	if o.obeyed != nil && why == "" {
		o.s.cancel(o.obeyed)
	}
	o.done(why)
}

// cancel forgets a wait. Its question, if it has one, stays asked.
func (s *session) cancel(w *wait) {
	if i := slices.Index(s.waits, w); i >= 0 {
		w.timer.Stop()
		s.waits = slices.Delete(s.waits, i, i+1)
	}
}
