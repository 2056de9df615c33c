package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// A Point is a place between the lines of a history: that of an id, or of a
// time if there is no id. The zero Point is no bound.
type Point struct {
	ID   string
	Time time.Time
}

func (p Point) isZero() bool { return p.ID == "" && p.Time.IsZero() }

// A Range is a part of one conversation. After and Before are exclusive; as a
// time, to the millisecond.
type Range struct {
	Target        string
	After, Before Point
	Limit         int      // 0: no bound
	Newest        bool     // the newest Limit of the range, else the oldest
	Commands      []string // nil: all
}

// A Target is a conversation and the latest line in it.
type Target struct {
	Name   string
	Last   time.Time
	LastID string
}

// History is a part of one conversation, oldest first. A Point with an id that
// is not in the conversation is ErrNoSuchID.
func (a *Account) History(ctx context.Context, r Range) ([]Entry, error) {
	return reading(a, ctx, "read history", func() ([]Entry, error) {
		span := everything()
		if err := a.bound(ctx, r.Target, r.After, r.Before, &span); err != nil {
			return nil, err
		}
		q := a.conversation(r.Target).within(span).commands(r.Commands)
		return a.s.fetch(ctx, q, r.Newest, r.Limit)
	})
}

// Around is up to limit entries of a conversation around p, oldest first: half
// of them before it, unless one side has less.
func (a *Account) Around(ctx context.Context, target string, p Point, limit int, commands []string) ([]Entry, error) {
	return reading(a, ctx, "read history", func() ([]Entry, error) {
		older, newer := everything(), everything()
		if err := a.bound(ctx, target, Point{}, p, &older); err != nil {
			return nil, err
		}
		q := a.conversation(target).commands(commands)
		before, err := a.s.fetch(ctx, q.within(older), true, limit)
		if err != nil {
			return nil, err
		}
		// What is not before p: from it on.
		if p.ID != "" {
			newer.afterID, newer.fromID = "", p.ID
		} else {
			newer.after(p.Time.Add(-time.Millisecond), a.skewNow())
		}
		after, err := a.s.fetch(ctx, q.within(newer), false, limit)
		if err != nil {
			return nil, err
		}
		return balance(before, after, limit), nil
	})
}

// balance takes limit of both sides of a point, half of each if they have it.
func balance(before, after []Entry, limit int) []Entry {
	if limit > 0 {
		n := min(len(before), max(limit/2, limit-len(after)))
		before = before[len(before)-n:]
		after = after[:min(len(after), limit-n)]
	}
	return slices.Concat(before, after)
}

// Since is what was appended to all conversations after an id, which need not
// be there: the newest limit that are not before notBefore, oldest first. left
// is how many after the id are not among them.
func (a *Account) Since(ctx context.Context, id string, limit int, notBefore time.Time, commands []string) (entries []Entry, left int, err error) {
	entries, err = reading(a, ctx, "read history", func() ([]Entry, error) {
		span := everything()
		span.afterID = id
		q := a.all().within(span).commands(commands)
		if left, err = a.s.count(ctx, q); err != nil {
			return nil, err
		}
		if !notBefore.IsZero() {
			span.after(notBefore.Add(-time.Millisecond), a.skewNow())
		}
		return a.s.fetch(ctx, a.all().within(span).commands(commands), true, limit)
	})
	return entries, left - len(entries), err
}

// Targets are the conversations whose latest line of the commands is between
// from and to, both exclusive, ascending by its time. If from is the later one,
// the limit takes the latest, else the earliest.
func (a *Account) Targets(ctx context.Context, from, to time.Time, limit int, commands []string) ([]Target, error) {
	return reading(a, ctx, "list conversations", func() ([]Target, error) {
		return a.s.targets(ctx, a.key, from, to, limit, commands)
	})
}

func (s *Store) targets(ctx context.Context, key string, from, to time.Time, limit int, commands []string) ([]Target, error) {
	newest := from.After(to)
	if newest {
		from, to = to, from
	}
	latest := (&query{}).and(`l.conv = c.id`).commandsOf("l.", commands)
	text := `SELECT c.name, m.time, m.id FROM accounts a JOIN conversations c ON c.account = a.id
		JOIN messages m ON m.seq = (SELECT l.seq FROM messages l WHERE ` + latest.where() + ` ORDER BY l.id DESC LIMIT 1)
		WHERE a.name = ? AND m.time > ? AND m.time < ? ORDER BY ` +
		strings.ReplaceAll(`m.time way, m.id way, c.name way`, `way`, direction(newest)) + limitTo(limit)
	args := append(latest.args, key, from.UnixMilli(), to.UnixMilli())
	list, err := collect(ctx, s, text, args, func(rows *sql.Rows) (t Target, err error) {
		var ms int64
		err = rows.Scan(&t.Name, &ms, &t.LastID)
		t.Last = time.UnixMilli(ms).UTC()
		return t, err
	})
	if newest {
		slices.Reverse(list)
	}
	return list, err
}

// eachPage is how many entries Each reads at once.
const eachPage = 500

// Each calls fn with every entry of a conversation, oldest first, until it
// fails. It holds nothing of the database while fn runs.
func (a *Account) Each(ctx context.Context, target string, fn func(Entry) error) error {
	span := everything()
	for {
		page, err := reading(a, ctx, "read history", func() ([]Entry, error) {
			return a.s.fetch(ctx, a.conversation(target).within(span), false, eachPage)
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		if len(page) < eachPage {
			return nil
		}
		span.afterID = page[len(page)-1].ID
	}
}

// Conversations are the names of an account's conversations that have entries,
// sorted.
func (s *Store) Conversations(ctx context.Context, account string) ([]string, error) {
	return s.names(ctx, "list conversations", `SELECT c.name FROM accounts a JOIN conversations c ON c.account = a.id
		WHERE a.name = ? AND EXISTS (SELECT 1 FROM messages m WHERE m.conv = c.id) ORDER BY c.name`, account)
}

// Accounts are the keys of all accounts of which something is kept, sorted.
func (s *Store) Accounts(ctx context.Context) ([]string, error) {
	return s.names(ctx, "list accounts", `SELECT name FROM accounts ORDER BY name`)
}

// Having are the keys of the accounts whose state has this value, or any if it
// is "", sorted.
func (s *Store) Having(ctx context.Context, kind, name, value string) ([]string, error) {
	return s.names(ctx, "list accounts", `SELECT a.name FROM state s JOIN accounts a ON a.id = s.account
		WHERE s.kind = ? AND s.name = ? AND (? = '' OR s.value = ?) ORDER BY a.name`, kind, name, value, value)
}

func (s *Store) names(ctx context.Context, doing, text string, args ...any) ([]string, error) {
	if err := s.settle(ctx); err != nil {
		return nil, wrap(s.path, doing, err)
	}
	list, err := collect(ctx, s, text, args, func(rows *sql.Rows) (name string, err error) {
		err = rows.Scan(&name)
		return name, err
	})
	return list, wrap(s.path, doing, err)
}

// reading waits for what is queued, reads, and puts errors into words.
func reading[T any](a *Account, ctx context.Context, doing string, read func() (T, error)) (T, error) {
	var none T
	if err := a.s.settle(ctx); err != nil {
		return none, wrap(a.s.path, doing, err)
	}
	result, err := read()
	if errors.Is(err, ErrNoSuchID) {
		return none, err
	} else if err != nil {
		return none, wrap(a.s.path, doing, err)
	}
	return result, nil
}

func (a *Account) skewNow() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.skew
}

// bound narrows a span of a conversation to what is between two points.
func (a *Account) bound(ctx context.Context, target string, after, before Point, p *span) error {
	skew := a.skewNow()
	for _, point := range []Point{after, before} {
		if point.ID == "" {
			continue
		}
		n, err := a.s.count(ctx, a.conversation(target).and(`m.id = ?`, point.ID))
		if err != nil {
			return err
		} else if n == 0 {
			return ErrNoSuchID
		}
	}
	switch {
	case after.ID != "":
		p.afterID = after.ID
	case !after.isZero():
		p.after(after.Time, skew)
	}
	switch {
	case before.ID != "":
		p.beforeID = before.ID
	case !before.isZero():
		p.before(before.Time, skew)
	}
	return nil
}

// A query is the conditions of a SELECT.
type query struct {
	from  string
	conds []string
	args  []any
}

const (
	theConversation = `m.conv = (SELECT c.id FROM accounts a JOIN conversations c ON c.account = a.id WHERE a.name = ? AND c.name = ?)`
	itsAccount      = `m.conv IN (SELECT c.id FROM accounts a JOIN conversations c ON c.account = a.id WHERE a.name = ?)`
)

// conversation selects the messages of one conversation.
func (a *Account) conversation(target string) *query {
	return (&query{from: `messages m`}).and(theConversation, a.key, target)
}

// all selects the messages of all conversations of an account.
func (a *Account) all() *query {
	return (&query{from: `messages m`}).and(itsAccount, a.key)
}

// and is the query with one more condition; q is not changed.
func (q *query) and(cond string, args ...any) *query {
	return &query{q.from, append(slices.Clone(q.conds), cond), append(slices.Clone(q.args), args...)}
}

func (q *query) where() string { return strings.Join(q.conds, ` AND `) }

func (q *query) within(p span) *query {
	all := everything()
	if p.afterID != all.afterID {
		q = q.and(`m.id > ?`, p.afterID)
	}
	if p.fromID != all.fromID {
		q = q.and(`m.id >= ?`, p.fromID)
	}
	if p.beforeID != all.beforeID {
		q = q.and(`m.id < ?`, p.beforeID)
	}
	if p.afterTime != all.afterTime {
		q = q.and(`m.time > ?`, p.afterTime)
	}
	if p.beforeTime != all.beforeTime {
		q = q.and(`m.time < ?`, p.beforeTime)
	}
	return q
}

func (q *query) commands(list []string) *query { return q.commandsOf("m.", list) }

func (q *query) commandsOf(table string, list []string) *query {
	if list == nil {
		return q
	}
	if len(list) == 0 {
		return q.and(`1 = 0`)
	}
	args := make([]any, len(list))
	for i, c := range list {
		args[i] = c
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(list)), ",")
	return q.and(table+`command IN (`+marks+`)`, args...)
}

func direction(down bool) string {
	if down {
		return "DESC"
	}
	return "ASC"
}

func limitTo(n int) string {
	if n <= 0 {
		return ""
	}
	return " LIMIT " + itoa(n)
}

// fetch reads the newest or the oldest entries of a query, oldest first. Which
// ones is found out before their texts are read.
func (s *Store) fetch(ctx context.Context, q *query, newest bool, limit int) ([]Entry, error) {
	text := `SELECT c.name, m.id, m.time, m.out, m.sender, m.command, m.text, m.tags FROM messages m JOIN conversations c ON c.id = m.conv
		WHERE m.seq IN (SELECT m.seq FROM ` + q.from + ` WHERE ` + q.where() + ` ORDER BY m.id ` + direction(newest) + `, m.seq ` + direction(newest) + limitTo(limit) + `)
		ORDER BY m.id, m.seq`
	return collect(ctx, s, text, q.args, scanEntry)
}

func scanEntry(rows *sql.Rows) (e Entry, err error) {
	var ms int64
	err = rows.Scan(&e.Target, &e.ID, &ms, &e.Out, &e.From, &e.Command, &e.Text, &e.Tags)
	e.Time = time.UnixMilli(ms).UTC()
	return e, err
}

func (s *Store) count(ctx context.Context, q *query) (n int, err error) {
	list, err := collect(ctx, s, `SELECT count(*) FROM `+q.from+` WHERE `+q.where(), q.args, func(rows *sql.Rows) (n int, err error) {
		err = rows.Scan(&n)
		return n, err
	})
	if err != nil {
		return 0, err
	}
	return list[0], nil
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, s *Store, text string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := s.query(ctx, text, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// maxStatements bounds the queries that are kept prepared; their texts differ by
// the number of commands asked for, for one thing.
const maxStatements = 64

// query runs a query for reading, prepared if it is one of the first.
func (s *Store) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	st, err := s.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return s.reading.QueryContext(ctx, text, args...)
	}
	return st.QueryContext(ctx, args...)
}

// statement is a prepared query, nil if there are enough of them.
func (s *Store) statement(ctx context.Context, text string) (st *sql.Stmt, err error) {
	s.stmtsMu.Lock()
	defer s.stmtsMu.Unlock()
	if st = s.stmts[text]; st != nil || len(s.stmts) >= maxStatements {
		return st, nil
	}
	if st, err = s.reading.PrepareContext(ctx, text); err == nil {
		s.stmts[text] = st
	}
	return st, err
}
