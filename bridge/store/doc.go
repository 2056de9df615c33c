// Package store keeps what has to outlive the process: the history of every
// account and its small state, in one SQLite file. It knows nothing of IRC and
// AIM; conversations, commands and kinds of state are names to it.
//
//	store.go      Open, Close, Options; whose file it is
//	account.go    the handle of an account: its state, Append
//	entry.go      an entry; records, the form in which changes wait
//	queue.go      the changes that wait, in memory   journal.go  and in a file
//	inbox.go      how changes come in, and how readers wait for them
//	writer.go     the goroutine that writes          apply.go    changes as rows
//	read.go       History, Around, Since, Targets    search.go   Search; the words
//	position.go   times as bounds of ids
//	chores.go     what is done at rest               prune.go    what is too old or too much
//	schema.go     the tables and how they change     dialect.go  what is SQLite's only
//	errors.go     what can be wrong, in words        lock_*.go   one process at a time
//
// A change (an entry, a value of the state) takes this way:
//
//	caller → record → journal file (one write) and queue → returns
//	         writer: all that waits → one transaction → the journal is emptied
//
// When Append or Put returns, the record is with the kernel: kill -9 does not
// lose it. Open does what it finds in the journal again; doing it twice changes
// nothing, as an entry is known by its conversation and id, and the last value
// wins. The file is not synced for every change: the end of the machine, unlike
// that of the process, may cost the last moments, but does not damage anything.
//
// One goroutine, the writer, owns the connection that writes. It gathers a
// trickle for some milliseconds and takes whatever has come during one
// transaction into the next, so a transaction costs little for each of many.
// Readers have connections of their own and see everything appended before they
// were called: they wait for the writer, and hurry it.
//
// If writing fails, nothing stops: changes wait, in memory up to
// Options.QueueBytes and in the journal up to 64 MiB, and the writer tries again
// with growing pauses. Options.Trouble is told once when that begins and once
// when it is over. Reading gives what is there.
//
// Entries are in the order of their ids, which the caller makes so that they
// sort as time does; an older id may come later (an import) and sorts in.
package store
