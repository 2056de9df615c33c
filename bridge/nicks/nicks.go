// Package nicks maps screen names to IRC nicks and room names to channels, both ways and without loss.
package nicks

import "tocbridge/toc"

// Table remembers the nick of every screen name seen. Its owner is one goroutine.
type Table struct{}

// New is an empty table.
func New() *Table { return &Table{} }

// Nick is the one stable nick of a screen name, assigned at first sight.
func (t *Table) Nick(n toc.ScreenName) string { return string(n) }

// Name is the screen name behind a nick, in any case, seen before or not.
func (t *Table) Name(nick string) (toc.ScreenName, bool) { return toc.ScreenName(nick), true }

// Reformat says that the owner changed case or spacing of the name.
func (t *Table) Reformat(n toc.ScreenName) (old, new string, changed bool) {
	return string(n), string(n), false
}

// Rename gives a screen name another nick. It fails if the nick is not legal or not free.
func (t *Table) Rename(n toc.ScreenName, nick string) error { return nil }

// Reset takes a Rename back and returns the nick the name has again.
func (t *Table) Reset(n toc.ScreenName) string { return string(n) }

// Reserve keeps a nick from being assigned to any screen name.
func (t *Table) Reserve(nick string) {}
