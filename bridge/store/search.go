package store

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The words of all messages are in a full-text index of SQLite's, which has no
// texts of its own: its rows have the numbers of the messages. It is filled
// behind the messages, when the writer has time or when somebody searches. One
// column has a word for the account, so that the words of others cost nothing.

// A Query says what to search for. Zero fields do not filter.
type Query struct {
	Words         string // all of them have to be in the text; "": any text
	Target        string
	From          string // the sender, however it is spaced and capitalised
	After, Before time.Time
	Limit         int // 0: no bound
}

const (
	maxWords = 32 // of a query; more are not looked at

	insertWords     = `INSERT INTO words (rowid, owner, said) VALUES (?, ?, ?)`
	deleteWords     = `DELETE FROM words WHERE rowid = ?`
	selectUnindexed = `SELECT m.seq, c.account, m.text FROM messages m JOIN conversations c ON c.id = m.conv
		WHERE m.seq > ? ORDER BY m.seq LIMIT ?`
	writeIndexed = `UPDATE meta SET value = ? WHERE name = '` + metaIndexed + `'`

	indexStep = 500 // messages in one transaction
)

// Search is the newest Limit entries that fit, oldest first. Words are compared
// without case and accents; whatever is in them that is not a word, they are no
// query language.
func (a *Account) Search(ctx context.Context, q Query) ([]Entry, error) {
	return reading(a, ctx, "search", func() ([]Entry, error) {
		sel, err := a.containing(ctx, q.Words)
		if err != nil {
			return nil, err
		}
		if q.Target != "" {
			sel = sel.and(theConversation, a.key, q.Target)
		}
		if q.From != "" {
			sel = sel.and(`lower(replace(m.sender, ' ', '')) = lower(replace(?, ' ', ''))`, q.From)
		}
		span := everything()
		if err := a.bound(ctx, q.Target, Point{Time: q.After}, Point{Time: q.Before}, &span); err != nil {
			return nil, err
		}
		return a.s.fetch(ctx, sel.within(span), true, q.Limit)
	})
}

// containing selects the messages with all the words.
func (a *Account) containing(ctx context.Context, words string) (*query, error) {
	match, rest := split(words)
	q := a.all()
	if match != "" {
		if err := a.s.indexAll(ctx); err != nil {
			return nil, err
		}
		owner, err := a.s.owner(ctx, a.key)
		if err != nil {
			return nil, err
		}
		if owner == 0 {
			return q.and(`1 = 0`), nil
		}
		// A cross join is in the order it is written in: from the words to the messages.
		q = (&query{from: `words w CROSS JOIN messages m ON m.seq = w.rowid`}).
			and(`words MATCH ?`, `owner:`+ownerWord(owner)+` AND said:(`+match+`)`)
	}
	for _, text := range rest {
		q = q.and(`instr(m.text, ?) > 0`, text)
	}
	return q, nil
}

// split makes an expression for the index from words, each in quotes, one after
// another as the index wants them all. What has no letters or digits in it is
// not in the index: rest.
func split(words string) (match string, rest []string) {
	var quoted []string
	for _, word := range strings.Fields(plain(words)) {
		if len(quoted)+len(rest) >= maxWords {
			break
		}
		if strings.ContainsFunc(word, indexed) {
			quoted = append(quoted, `"`+strings.ReplaceAll(word, `"`, `""`)+`"`)
		} else {
			rest = append(rest, word)
		}
	}
	return strings.Join(quoted, " "), rest
}

// indexed is whether a character is part of a word for the index: unicode61
// takes letters, numbers and private use.
func indexed(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r)
}

// plain is a text without formatting, and with spaces for other controls.
func plain(text string) string {
	text = strings.ToValidUTF8(text, " ")
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	text = strings.TrimPrefix(text, "\x01ACTION ")
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		i++
		switch {
		case c == '\x03':
			i += colours(text[i:], 2, isDigit)
		case c == '\x04':
			i += colours(text[i:], 6, isHex)
		case strings.IndexByte("\x02\x0f\x11\x16\x1d\x1e\x1f", c) >= 0:
		case c < ' ' || c == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// colours is the length of what belongs to a colour code: up to n digits, and
// after a comma up to n more.
func colours(s string, n int, digit func(byte) bool) int {
	first := run(s, n, digit)
	if first == 0 || first >= len(s) || s[first] != ',' {
		return first
	}
	second := run(s[first+1:], n, digit)
	if second == 0 {
		return first
	}
	return first + 1 + second
}

func run(s string, n int, digit func(byte) bool) int {
	i := 0
	for i < len(s) && i < n && digit(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// ownerWord is the word that stands for an account in the index.
func ownerWord(account int64) string { return "a" + strconv.FormatInt(account, 10) }

// owner is the number of an account, 0 if there is none.
func (s *Store) owner(ctx context.Context, key string) (id int64, err error) {
	err = s.reading.QueryRowContext(ctx, selectAccount, key).Scan(&id)
	return id, ignoreNoRows(err)
}

// indexAll waits until the words of all that is committed are in the index.
func (s *Store) indexAll(ctx context.Context) error {
	if s.o.ReadOnly {
		return nil
	}
	s.mu.Lock()
	want := s.seq
	s.wanted, s.wordless = max(s.wanted, want), nil
	s.mu.Unlock()
	if err := s.await(ctx, s.search, func() bool { return s.indexed >= want || s.wordless != nil }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wordless
}

// searching is whether somebody waits for the index.
func (s *Store) searching() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.indexed < s.wanted && s.wordless == nil && !s.closed
}

// catchUp fills the index for those who search.
func (w *writer) catchUp() {
	for w.s.searching() {
		w.indexForSearch()
		if w.s.busy() {
			w.drain()
		}
	}
	w.chore.in(restTime)
}

// indexForSearch is a step of index; those who wait are told if it fails.
func (w *writer) indexForSearch() {
	if _, err := w.index(); err != nil {
		w.s.mu.Lock()
		defer w.s.mu.Unlock()
		w.s.wordless = err
		w.s.progressed()
	}
}

// index puts the words of some more messages into the index.
func (w *writer) index() (more bool, err error) {
	if w.indexed >= w.nextSeq-1 {
		return false, nil
	}
	t, err := w.begin()
	if err != nil {
		return false, err
	}
	upTo, n, err := t.indexSome()
	if err == nil {
		w.indexed = upTo
		w.publish()
	}
	return n == indexStep, err
}

// indexSome is index in its transaction: it returns up to where the index is
// filled then, and the number of messages.
func (t *transaction) indexSome() (upTo int64, n int, err error) {
	defer t.end(&err)
	list, err := t.unindexed()
	if err != nil {
		return 0, 0, err
	}
	upTo = t.w.nextSeq - 1
	if len(list) == indexStep {
		upTo = list[len(list)-1].seq
	}
	for _, m := range list {
		if text := plain(m.text); text != "" && m.account != 0 {
			if _, err := t.exec(insertWords, m.seq, ownerWord(m.account), text); err != nil {
				return 0, 0, err
			}
		}
	}
	_, err = t.exec(writeIndexed, strconv.FormatInt(upTo, 10))
	return upTo, len(list), err
}

type unindexed struct {
	seq, account int64
	text         string
}

func (t *transaction) unindexed() (list []unindexed, err error) {
	rows, err := t.stmt(selectUnindexed).QueryContext(t.w.ctx, t.w.indexed, indexStep)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var u unindexed
		if err := rows.Scan(&u.seq, &u.account, &u.text); err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return list, rows.Err()
}
