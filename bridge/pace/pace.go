// Package pace models the server's rate classes.
package pace

import "time"

// Class is a rate class of the server: 1 to 4, or one chat room (Room).
type Class int

const (
	General   Class = 1 // lists, away, profile, typing, joining
	Light     Class = 2 // chat text (per room: see Room), session-only buddies
	Messages  Class = 3 // IMs, get_status, invitations, rendezvous
	Directory Class = 4 // toc_set_dir
)

// Model says which server is modelled.
type Model int

const (
	Off   Model = iota // no limits: everything may go at once
	Oscar              // open-oscar-server's classes
)

// Pacer keeps the averages of one account's link.
type Pacer struct{}

// New is a Pacer of a link that was signed on at now.
func New(m Model, now time.Time) *Pacer { return &Pacer{} }

// Room is the class of text said in one chat room: p.At(now, p.Room(id), 1).
func (p *Pacer) Room(id int) Class { return -1 - Class(id) }

// Forget drops what is known of a room, when it was left.
func (p *Pacer) Forget(id int) {}

// At is the earliest moment, not before now, when n commands of the class may go together.
func (p *Pacer) At(now time.Time, cl Class, n int) time.Time { return now }

// Delay is how long after now the n-th of n queued commands will go, each sent as soon as it may.
func (p *Pacer) Delay(now time.Time, cl Class, n int) time.Duration { return 0 }

// Sent says that one command of the class went out at now.
func (p *Pacer) Sent(now time.Time, cl Class) {}

// Refused says that the server answered 903 at now and returns when the silence it asks for ends.
func (p *Pacer) Refused(now time.Time) time.Time { return now }

// SetWarning tells the own warning level, 0 to 100 percent.
func (p *Pacer) SetWarning(level int) {}
