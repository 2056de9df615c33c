// Package nicks maps screen names to IRC nicks and room names to channels, both ways and
// without loss.
//
//	nicks.go     Table: who has which nick
//	encode.go    screen name -> nick and back, as pure functions
//	channel.go   room and group names -> channels and back
//
// A nick is the screen name without its spaces; "Cool Guy" is CoolGuy. What is already a
// legal nick stays as it is. The rest is escaped:
//
//	123456, -x        `123456  `-x       a backquote before a digit or "-" at the start
//	user@mac.com      user`at`mac`dot`com    names for ASCII punctuation, see escapes
//	+15551234567      `plus`15551234567
//	日本              `u65e5``u672c`     code points for the rest
//	a`at`b            a`tick`at`tick`b   only where a backquote would read as an escape
//
// What gets longer than MaxLen so is "“" and the name in base 32; what even so is longer, or
// would take a nick that is taken, is what can be read of it, "“" and a hash. That last form
// is the only one that cannot be read back without the Table. Names of up to 16 bytes never
// need it (unless lower case has more bytes, as for Ⱥ). Identity is ScreenName.Key on one side
// and the nick under CASEMAPPING=ascii on the other; the first fixes the second.
package nicks

import (
	"errors"
	"fmt"

	"tocbridge/toc"
)

// MaxLen is the length of the longest nick, in bytes (NICKLEN).
const MaxLen = 32

// Errors of Rename.
var (
	ErrIllegal = errors.New("not a legal nick")
	ErrTaken   = errors.New("nick is in use")
)

// Table remembers the nick of every screen name seen. Its owner is one goroutine.
type Table struct {
	entries map[string]entry  // by Key
	others  map[string]string // folded nick -> Key, of those whose folded nick is not their Key
	reserve map[string]bool   // folded nicks that are nobody's
}

type entry struct {
	name    toc.ScreenName // as formatted
	nick    string
	renamed bool
}

// New is an empty table.
func New() *Table { return &Table{entries: make(map[string]entry)} }

// Nick is the one stable nick of a screen name, assigned at first sight. Another formatting
// of the name does not change it; Reformat does.
func (t *Table) Nick(n toc.ScreenName) string {
	key := n.Key()
	if e, ok := t.entries[key]; ok {
		return e.nick
	}
	return t.assign(key, n)
}

// Name is the screen name behind a nick, in any case, as last formatted if it was seen. A nick
// never seen is unescaped: it may be a screen name itself. So may be what is no legal nick
// but looks like a screen name, "user@mac.com" or "123456".
func (t *Table) Name(nick string) (toc.ScreenName, bool) {
	f := fold(nick)
	if key, ok := t.holder(f); ok {
		return t.entries[key].name, true
	}
	if t.reserve[f] {
		return "", false
	}
	n, ok := decode(nick)
	if !ok {
		return "", false
	}
	if e, ok := t.entries[n.Key()]; ok {
		return e.name, true
	}
	return n, true
}

// Reformat says that the owner changed case or spacing of the name. The nick follows, unless
// it was given by Rename; changed reports whether it is another one now.
func (t *Table) Reformat(n toc.ScreenName) (old, new string, changed bool) {
	key := n.Key()
	e, ok := t.entries[key]
	if !ok {
		nick := t.assign(key, n)
		return nick, nick, false
	}
	if e.name == n {
		return e.nick, e.nick, false
	}
	if e.renamed {
		e.name = n
		t.entries[key] = e
		return e.nick, e.nick, false
	}
	t.drop(key, e)
	new = t.assign(key, n)
	return e.nick, new, new != e.nick
}

// Rename gives a screen name another nick: ErrIllegal or ErrTaken if that cannot be. Its
// own nick goes on leading to it as long as nobody else has that.
func (t *Table) Rename(n toc.ScreenName, nick string) error {
	if !Valid(nick) {
		return fmt.Errorf("rename %s to %q: %w", n, nick, ErrIllegal)
	}
	key, f := n.Key(), fold(nick)
	if holder, ok := t.holder(f); ok && holder != key || !ok && t.reserve[f] {
		return fmt.Errorf("rename %s to %q: %w", n, nick, ErrTaken)
	}
	e, ok := t.entries[key]
	if !ok {
		e.name = n
	} else {
		t.drop(key, e)
	}
	e.nick, e.renamed = nick, true
	t.put(key, e)
	return nil
}

// Reset takes a Rename back and returns the nick that the name has now.
func (t *Table) Reset(n toc.ScreenName) string {
	key := n.Key()
	if e, ok := t.entries[key]; ok {
		if !e.renamed {
			return e.nick
		}
		t.drop(key, e)
		n = e.name
	}
	return t.assign(key, n)
}

// Reserve keeps a nick from being assigned from now on, and Name from finding anybody behind it.
// Who has it already keeps it: for one's own nick, ask Nick of the own name instead.
func (t *Table) Reserve(nick string) {
	if t.reserve == nil {
		t.reserve = make(map[string]bool)
	}
	t.reserve[fold(nick)] = true
}

// Forget drops what is known of a name, for instance a stranger's who left.
func (t *Table) Forget(n toc.ScreenName) {
	key := n.Key()
	if e, ok := t.entries[key]; ok {
		t.drop(key, e)
	}
}

// holder is the Key of who has a folded nick.
func (t *Table) holder(f string) (string, bool) {
	if key, ok := t.others[f]; ok {
		return key, true
	}
	e, ok := t.entries[f]
	return f, ok && foldsTo(e.nick, f)
}

func (t *Table) free(nick string) bool {
	f := fold(nick)
	_, taken := t.holder(f)
	return !taken && !t.reserve[f]
}

func (t *Table) assign(key string, n toc.ScreenName) string {
	nick := encode(n)
	for size := minHash; nick == "" || !t.free(nick); size++ {
		nick = hashed(n, size)
	}
	t.put(key, entry{name: n, nick: nick})
	return nick
}

func (t *Table) put(key string, e entry) {
	t.entries[key] = e
	if foldsTo(e.nick, key) {
		return
	}
	if t.others == nil {
		t.others = make(map[string]string)
	}
	t.others[fold(e.nick)] = key
}

func (t *Table) drop(key string, e entry) {
	delete(t.entries, key)
	if !foldsTo(e.nick, key) {
		delete(t.others, fold(e.nick))
	}
}
