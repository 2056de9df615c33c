// Package tocd is an in-memory TOC2 server: the far end of the bridge's tests
// and of its demo. It is package toc run the other way, and it answers as the
// live server does (open-oscar-server, see the protocol reference), down to its
// oddities: a client that works with tocd works with the real thing. All its
// answers are checked against transcripts of the live server (testdata).
//
// From the wire up:
//
//	reader.go    frames in, many per read         queue.go   frames out, many per write
//	server.go    listeners, the clock             conn.go    one connection, from FLAPON to EOF
//	account.go   who there is                     login.go   who may sign on, and who goes for it
//	command.go   the table of commands, their rate classes and their refusals
//	im.go        IMs, typing, rendezvous: who gets a copy
//	presence.go  what watchers are told           caps.go    capabilities
//	relation.go  who lists or blocks whom         templist.go  the lists of TOC1, for one sign-on
//	list.go      the stored list                  listcmd.go   its commands, what siblings hear
//	chat.go      rooms                            roll.go    //roll
//	warn.go      warnings and their decay         rate.go    rate classes, limits per address
//	admin.go     name format, password, TOC1 config
//	page.go      profile and directory pages      http.go    HTTP on the same port
//	hooks.go     what tests and the demo do to it
//
// An account is what stays: name, password, stored list. A user is an account
// that is signed on, from its first session to the end of its last one. A
// session is one connection of a user. All of these, and the rooms, are guarded
// by one lock, Server.mu; nothing that can block is done under it. A connection
// has one goroutine that reads and, only while there is output, a second that
// writes. Output queues are bounded in bytes: who does not read is cut off and
// delays nobody.
//
// The package keeps nothing on disk, speaks no OSCAR, stores no messages for
// people who are away and knows no ICQ accounts.
package tocd
