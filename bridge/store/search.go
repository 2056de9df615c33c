package store

import (
	"context"
	"time"
)

// A Query says what to search for. Zero fields do not filter.
type Query struct {
	Words         string // all of them have to be in the text; "": any text
	Target        string
	From          string // the sender, however it is spaced and capitalised
	After, Before time.Time
	Limit         int // 0: no bound
}

// Search is the newest Limit entries that fit, oldest first.
func (a *Account) Search(ctx context.Context, q Query) ([]Entry, error) {
	return reading(a, ctx, "search", func() ([]Entry, error) {
		sel := a.all()
		if q.Target != "" {
			sel = a.conversation(q.Target)
		}
		span := everything()
		if err := a.bound(ctx, q.Target, Point{Time: q.After}, Point{Time: q.Before}, &span); err != nil {
			return nil, err
		}
		sel = sel.within(span)
		if q.Words != "" {
			sel = sel.and(`instr(lower(m.text), lower(?)) > 0`, q.Words)
		}
		if q.From != "" {
			sel = sel.and(`lower(replace(m.sender, ' ', '')) = lower(replace(?, ' ', ''))`, q.From)
		}
		return a.s.fetch(ctx, sel, true, q.Limit)
	})
}
