package bridge

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/store"
	"tocbridge/ircd"
)

// pageMax is CHATHISTORY of 005: the most lines one question gets.
const pageMax = 1000

// serverTime is the form of times in tags and in CHATHISTORY, MARKREAD and SEARCH (IRCv3 server-time).
const serverTime = "2006-01-02T15:04:05.000Z"

// playback are the commands that history has beside what was said, for clients with draft/event-playback.
var playback = []string{"PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART", "QUIT", "NICK", "TOPIC", "MODE", "KICK", "INVITE"}

// question is a CHATHISTORY command.
type question struct {
	sub, target string // as the client wrote them
	key         string // of the conversation
	points      []store.Point
	limit       int
	commands    []string
	stranger    bool // a channel that the account is not in: there has to be history
}

// historySub is a row of the table of subcommands (ircv3.net/specs/extensions/chathistory).
type historySub struct {
	points int  // how many references
	any    bool // "*" is one
	run    func(context.Context, *store.Account, question) ([]store.Entry, error)
}

var historySubs = map[string]historySub{
	"LATEST": {1, true, func(ctx context.Context, a *store.Account, q question) ([]store.Entry, error) {
		return a.History(ctx, store.Range{Target: q.key, After: q.points[0], Limit: q.limit, Newest: true, Commands: q.commands})
	}},
	"BEFORE": {1, false, func(ctx context.Context, a *store.Account, q question) ([]store.Entry, error) {
		return a.History(ctx, store.Range{Target: q.key, Before: q.points[0], Limit: q.limit, Newest: true, Commands: q.commands})
	}},
	"AFTER": {1, false, func(ctx context.Context, a *store.Account, q question) ([]store.Entry, error) {
		return a.History(ctx, store.Range{Target: q.key, After: q.points[0], Limit: q.limit, Commands: q.commands})
	}},
	"AROUND": {1, false, func(ctx context.Context, a *store.Account, q question) ([]store.Entry, error) {
		return a.Around(ctx, q.key, q.points[0], q.limit, q.commands)
	}},
	"BETWEEN": {2, false, between},
}

// between counts from the first reference, forwards or backwards in time.
func between(ctx context.Context, a *store.Account, q question) ([]store.Entry, error) {
	from, to := q.points[0], q.points[1]
	if precedes(from, to) {
		return a.History(ctx, store.Range{Target: q.key, After: from, Before: to, Limit: q.limit, Commands: q.commands})
	}
	return a.History(ctx, store.Range{Target: q.key, After: to, Before: from, Limit: q.limit, Newest: true, Commands: q.commands})
}

// precedes tells which of two references is the older one.
func precedes(from, to store.Point) bool {
	if from.ID != "" && to.ID != "" {
		return from.ID < to.ID
	}
	at := func(p store.Point) time.Time {
		if p.ID != "" {
			return idTime(p.ID)
		}
		return p.Time
	}
	return !at(to).Before(at(from))
}

// chathistory is CHATHISTORY.
func (s *session) chathistory(c *client, m *irc.Message) error {
	sub := strings.ToUpper(m.Param(0))
	fail := func(code string, rest ...string) error {
		c.conn.FailFor(ircd.CapChatHistory, "CHATHISTORY", code, rest...)
		return nil
	}
	row, ok := historySubs[sub]
	switch {
	case sub == "TARGETS":
		return s.historyTargets(c, m, fail)
	case !ok:
		return fail("INVALID_PARAMS", orStar(m.Param(0)), "Unknown command")
	case len(m.Params) < 3+row.points:
		return fail("INVALID_PARAMS", sub, "Insufficient parameters")
	case len(m.Params) > 3+row.points:
		return fail("INVALID_PARAMS", sub, "Too many parameters")
	}
	q := question{sub: sub, target: m.Params[1], commands: commandsFor(c)}
	for _, text := range m.Params[2 : 2+row.points] {
		p, code := historyPoint(text, row.any)
		if code == "INVALID_MSGREFTYPE" {
			return fail(code, sub, q.target, text, "Messages are found by timestamp= or msgid=")
		} else if code != "" {
			return fail(code, sub, text, "Invalid timestamp")
		}
		q.points = append(q.points, p)
	}
	if q.limit, ok = pageLimit(m.Params[2+row.points]); !ok {
		return fail("INVALID_PARAMS", sub, m.Params[2+row.points], "Invalid limit")
	}
	if q.key, ok = s.conversationOf(q.target); !ok {
		return fail("INVALID_TARGET", sub, q.target, "Messages could not be retrieved")
	}
	q.stranger = isChannel(q.key) && q.key != buddiesChannel && s.rooms[q.key] == nil
	s.answerHistory(c, q, row)
	return nil
}

func orStar(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

func commandsFor(c *client) []string {
	if c.conn.Has(ircd.CapEventPlayback) {
		return playback
	}
	return replayed
}

// historyPoint reads a reference. The code is that of FAIL, "" when it can be read.
func historyPoint(text string, star bool) (p store.Point, code string) {
	kind, value, _ := strings.Cut(text, "=")
	switch {
	case text == "*" && star:
		return p, ""
	case kind == "msgid" && value != "":
		return store.Point{ID: value}, ""
	case kind == "timestamp":
		at, err := time.Parse(serverTime, value)
		if err != nil {
			return p, "INVALID_PARAMS"
		}
		return store.Point{Time: at}, ""
	case kind != text || text == "*":
		return p, "INVALID_MSGREFTYPE"
	}
	return p, "INVALID_PARAMS"
}

func pageLimit(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return min(n, pageMax), err == nil && n > 0
}

// answerHistory reads the page and sends it, after which the client's further commands have their turn.
func (s *session) answerHistory(c *client, q question, row historySub) {
	if s.acct == nil {
		c.report(s.historyPage(c, q, nil, nil))
		return
	}
	finish, acct := c.conn.Defer(), s.acct
	s.read(func(ctx context.Context) event {
		page, err := readPage(ctx, acct, &q, row)
		return do(func(s *session) {
			finish(func() error { return s.historyPage(c, q, page, err) })
		})
	})
}

// errNoTarget says that nothing is known of a channel.
var errNoTarget = errors.New("no such conversation")

func readPage(ctx context.Context, acct *store.Account, q *question, row historySub) ([]store.Entry, error) {
	if q.stranger {
		some, err := acct.History(ctx, store.Range{Target: q.key, Limit: 1})
		if err != nil {
			return nil, err
		}
		if q.stranger = len(some) == 0; q.stranger {
			return nil, errNoTarget
		}
	}
	page, err := row.run(ctx, acct, *q)
	if !errors.Is(err, store.ErrNoSuchID) {
		return page, err
	}
	if err := findPoints(ctx, acct, q); err != nil {
		return nil, err
	}
	return row.run(ctx, acct, *q)
}

func (s *session) historyPage(c *client, q question, page []store.Entry, err error) error {
	if q.stranger || errors.Is(err, errNoTarget) {
		c.conn.FailFor(ircd.CapChatHistory, "CHATHISTORY", "INVALID_TARGET", q.sub, q.target, "Messages could not be retrieved")
		return nil
	}
	if err != nil {
		if !errors.Is(err, store.ErrNoSuchID) {
			s.log.Warn("read history", "err", err)
		}
		c.conn.FailFor(ircd.CapChatHistory, "CHATHISTORY", "MESSAGE_ERROR", q.sub, q.target, "Messages could not be retrieved")
		return nil
	}
	s.sendPage(c, "chathistory", q.target, page)
	return nil
}

// idWindow is how far a message of another user of this bridge may be from the time in its id.
const idWindow = time.Minute

// findPoints turns message ids that are no positions (see stamp) into positions. There are few of them.
func findPoints(ctx context.Context, acct *store.Account, q *question) error {
	for i, p := range q.points {
		if p.ID == "" {
			continue
		}
		at := idTime(p.ID)
		near, err := acct.History(ctx, store.Range{Target: q.key, After: store.Point{Time: at.Add(-idWindow)}, Before: store.Point{Time: at.Add(idWindow)}, Limit: replayRound})
		if err != nil {
			return err
		}
		found := ""
		for _, e := range near {
			if _, id := keptTags(e.Tags); e.ID == p.ID || id == p.ID {
				found = e.ID
				break
			}
		}
		if found == "" {
			return store.ErrNoSuchID
		}
		q.points[i].ID = found
	}
	return nil
}

// sendPage sends kept lines as a batch; a client without batch gets them alone.
func (s *session) sendPage(c *client, kind, title string, page []store.Entry) {
	ref := ""
	var end *ircd.Message
	if c.conn.Has(ircd.CapBatch) {
		ref = c.conn.Server().BatchRef()
		var start *ircd.Message
		params := []string{title}
		if title == "" {
			params = nil
		}
		start, end = ircd.NewBatch(ref, kind, params...)
		c.conn.Send(start)
	}
	for _, e := range page {
		for _, m := range s.recall(e) {
			m.Batch = ref
			c.conn.Send(m)
		}
	}
	if end != nil {
		c.conn.Send(end)
	}
}

// historyTargets is CHATHISTORY TARGETS: with whom was spoken between two times.
func (s *session) historyTargets(c *client, m *irc.Message, fail func(string, ...string) error) error {
	if len(m.Params) != 4 {
		return fail("INVALID_PARAMS", "TARGETS", "Wrong number of parameters")
	}
	var at [2]time.Time
	for i, text := range m.Params[1:3] {
		p, code := historyPoint(text, false)
		switch {
		case p.ID != "":
			code = "INVALID_MSGREFTYPE"
			return fail(code, "TARGETS", text, "TARGETS takes timestamps only")
		case code != "":
			return fail(code, "TARGETS", text, "Invalid timestamp")
		}
		at[i] = p.Time
	}
	limit, ok := pageLimit(m.Params[3])
	if !ok {
		return fail("INVALID_PARAMS", "TARGETS", m.Params[3], "Invalid limit")
	}
	if s.acct == nil {
		s.sendTargets(c, nil)
		return nil
	}
	finish, acct := c.conn.Defer(), s.acct
	s.read(func(ctx context.Context) event {
		all, err := acct.Targets(ctx, at[0], at[1], limit, replayed)
		return do(func(s *session) {
			finish(func() error {
				if err != nil {
					s.log.Warn("read history", "err", err)
					return fail("MESSAGE_ERROR", "TARGETS", "Targets could not be retrieved")
				}
				s.sendTargets(c, all)
				return nil
			})
		})
	})
	return nil
}

func (s *session) sendTargets(c *client, all []store.Target) {
	ref := c.conn.Server().BatchRef()
	start, end := ircd.NewBatch(ref, "draft/chathistory-targets")
	c.conn.Send(start)
	for _, t := range all {
		m := ircd.NewMessage(nil, "CHATHISTORY", "TARGETS", s.titleOf(t.Name), t.Last.UTC().Format(serverTime))
		m.Batch = ref
		c.conn.Send(m)
	}
	c.conn.Send(end)
}
