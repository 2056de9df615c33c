package bridge

import (
	"context"
	"fmt"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	searchMax   = 100 // results of SEARCH
	searchShown = 20  // results that *aim shows
	historyShow = 30  // lines of history that *aim shows unless told otherwise
)

// searchCommand is SEARCH (soju.im/search).
func (s *session) searchCommand(c *client, m *irc.Message) error {
	q, bad := s.parseSearch(m.Param(0))
	if bad != "" || len(m.Params) == 0 {
		c.conn.FailFor(ircd.CapSearch, "SEARCH", "INVALID_PARAMS", orStar(bad), "Invalid parameters")
		return nil
	}
	if s.acct == nil {
		s.sendPage(c, "soju.im/search", "", nil)
		return nil
	}
	finish := c.conn.Defer()
	s.find(q, func(found []store.Entry, err error) {
		finish(func() error {
			if err != nil {
				c.conn.FailFor(ircd.CapSearch, "SEARCH", "INTERNAL_ERROR", "The search could not be run")
				return nil
			}
			s.sendPage(c, "soju.im/search", "", found)
			return nil
		})
	})
	return nil
}

// find runs a search; done runs on the session's goroutine.
func (s *session) find(q store.Query, done func([]store.Entry, error)) {
	acct := s.acct
	s.read(func(ctx context.Context) event {
		found, err := acct.Search(ctx, q)
		return do(func(s *session) {
			if err != nil {
				s.log.Warn("search", "err", err)
			}
			done(found, err)
		})
	})
}

// parseSearch reads the attributes of SEARCH, which are written like tags. bad is the one that cannot be read.
func (s *session) parseSearch(text string) (q store.Query, bad string) {
	q.Limit = searchMax
	m, err := irc.ParseMessage("@" + text + " X")
	if err != nil || strings.ContainsRune(text, ' ') {
		return q, text
	}
	for key, value := range m.Tags {
		ok := true
		switch key {
		case "text":
			q.Words = value
		case "in":
			q.Target, ok = s.conversationOf(value)
		case "from":
			q.From, ok = s.authorOf(value)
		case "after", "before":
			var at time.Time
			if at, err = time.Parse(serverTime, value); err != nil {
				return q, key
			}
			if key == "after" {
				q.After = at.Add(-time.Millisecond) // at or after, where the store has after
			} else {
				q.Before = at.Add(time.Millisecond)
			}
		case "limit":
			q.Limit, ok = pageLimit(value)
			q.Limit = min(q.Limit, searchMax)
		}
		if !ok {
			return q, key
		}
	}
	return q, ""
}

// authorOf is the key of who wrote under a nick.
func (s *session) authorOf(nick string) (string, bool) {
	if strings.EqualFold(nick, "me") {
		return s.key, true
	}
	name, ok := s.nicks.Name(nick)
	return name.Key(), ok && name.Key() != ""
}

// historyCommands are *aim's commands about the history.
func historyCommands() []controlCommand {
	return []controlCommand{
		{name: "history", also: []string{"backlog"}, topic: "history", usage: "[NICK|#ROOM] [LINES]", brief: "what was said before", run: (*session).controlHistory,
			long: []string{"Alone it shows with whom there is history. Clients with chathistory fetch it themselves when you scroll up."}},
		{name: "search", also: []string{"grep", "find"}, topic: "history", usage: "WORDS [from:NICK] [in:NICK|#ROOM] [before:DATE] [after:DATE]", min: 1, brief: "find something in what was said", run: (*session).controlSearch,
			long: []string{"All words have to be there, in any order. A date is 2026-11-22; from:me is what you said.", "Example: search pizza from:CoolGuy after:2026-11-01"}},
	}
}

const noHistoryText = "This server keeps no history."

// controlHistory is history.
func (s *session) controlHistory(k *call) {
	if s.acct == nil {
		k.reply(noHistoryText)
		return
	}
	if len(k.args) == 0 {
		s.historyIndex(k)
		return
	}
	key, ok := s.conversationOf(k.args[0])
	limit := historyShow
	if len(k.args) > 1 {
		n, good := pageLimit(k.args[1])
		if !good {
			k.reply("%s is no number of lines. Usage: history NICK 50", k.args[1])
			return
		}
		limit = n
	}
	if !ok {
		k.reply("There is no history with %s. history alone shows with whom there is.", k.args[0])
		return
	}
	acct := s.acct
	s.read(func(ctx context.Context) event {
		page, err := acct.History(ctx, store.Range{Target: key, Limit: limit, Newest: true, Commands: replayed})
		return do(func(s *session) { s.showFound(k, page, err, "Nothing was said with "+k.args[0]+" yet.") })
	})
}

func (s *session) historyIndex(k *call) {
	acct := s.acct
	s.read(func(ctx context.Context) event {
		all, err := acct.Targets(ctx, time.Time{}, time.Now().Add(time.Hour), 0, replayed)
		return do(func(s *session) {
			if err != nil || len(all) == 0 {
				s.showFound(k, nil, err, "Nothing was said yet.")
				return
			}
			for _, t := range all[max(0, len(all)-historyShow):] {
				k.reply("%s  %s", t.Last.Local().Format("2006-01-02 15:04"), s.titleOf(t.Name))
			}
			k.reply("%s. history NICK shows what was said.", plural(len(all), "conversation", "conversations"))
		})
	})
}

// controlSearch is search.
func (s *session) controlSearch(k *call) {
	if s.acct == nil {
		k.reply(noHistoryText)
		return
	}
	q, err := s.wordsToQuery(k.args)
	if err != nil {
		k.reply("%v", err)
		return
	}
	s.find(q, func(found []store.Entry, err error) {
		s.showFound(k, found, err, "Nothing found.")
	})
}

// wordsToQuery reads words and from: in: before: after:.
func (s *session) wordsToQuery(args []string) (q store.Query, err error) {
	q.Limit = searchShown
	var words []string
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, ":")
		if !ok || value == "" {
			words = append(words, arg)
			continue
		}
		good := true
		switch strings.ToLower(key) {
		case "from":
			q.From, good = s.authorOf(value)
		case "in":
			q.Target, good = s.conversationOf(value)
		case "before", "after":
			at, err := time.ParseInLocation(time.DateOnly, value, time.Local)
			if err != nil {
				return q, fmt.Errorf("%s is no date. Dates are written like 2026-11-22", value)
			}
			if strings.EqualFold(key, "before") {
				q.Before = at
			} else {
				q.After = at
			}
		default:
			words = append(words, arg)
		}
		if !good {
			return q, fmt.Errorf("%s is no nick or room", value)
		}
	}
	q.Words = strings.Join(words, " ")
	return q, nil
}

// showFound shows kept lines as text.
func (s *session) showFound(k *call, found []store.Entry, err error, none string) {
	if s.byConn[k.c.conn] != k.c {
		return
	}
	switch {
	case err != nil:
		k.reply("The history cannot be read at the moment: %s", storeWords(err))
		return
	case len(found) == 0:
		k.reply("%s", none)
		return
	}
	for _, e := range found {
		for line := range strings.SplitSeq(s.foundText(e), "\n") {
			k.reply("%s", line)
		}
	}
}

// foundText is a kept line as text: when, where if in a room, who, what.
func (s *session) foundText(e store.Entry) string {
	nick := s.nickOf(toc.ScreenName(e.From))
	text := e.Text
	if inner, ok := strings.CutPrefix(text, actionOpen); ok {
		text = "* " + nick + " " + strings.TrimSuffix(inner, "\x01")
	} else {
		text = "<" + nick + "> " + text
	}
	where := ""
	switch {
	case isChannel(e.Target):
		where = s.titleOf(e.Target) + " "
	case e.Out:
		where = "to " + s.titleOf(e.Target) + " "
	}
	return "[" + e.Time.Local().Format("2006-01-02 15:04") + "] " + where + richtext.ParseIRC(text).IRC()
}
