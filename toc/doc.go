// Package toc speaks TOC2, AIM's line protocol over FLAP frames, and TOC 1.0
// where a server still does. From the wire up:
//
//	flap.go       length-prefixed frames, and a reader that shares one buffer
//	scan.go       arguments as the live server takes them apart (a CSV reader,
//	              then backslashes)
//	quote.go      the inverse: what to write so that it takes out what we meant
//	text.go       what the bytes of a message mean
//	name.go       screen names and user classes
//	event*.go     what the server tells us; config.go: its stored buddy list
//	command*.go   what we tell the server; signon.go: who we say we are
//	errors.go     ERROR codes in words that help
//	client.go     SignOn, Recv, Send, Close; get.go: the pages of GOTO_URL
//
// Events and commands are closed sets of plain values. Each can be parsed and
// printed, so the package is its own far end: package tocd is this one run the
// other way. What is not known is kept (Unknown, UnknownCommand), never an
// error; what is known but malformed is an error and, from a Client, Unknown.
//
// Where AOL's documents and the server that runs today (open-oscar-server)
// differ, the latter wins. Facts are cited as "ref" with the paragraph of
// toc2-reference.md; its 22 traps have tests that name them (traps_test.go).
//
// The package knows nothing of IRC and does not read HTML: message bodies are
// AIM HTML as they came. It starts no goroutines and keeps no timers; the
// caller decides who reads and who writes. Nor does it pace (package pace),
// reconnect, or remember who is online: see package bridge.
//
// Everything that comes from the server is hostile: sizes are checked before
// memory is taken, and no field is trusted to be short, printable or unique.
// Fields of an event share the memory of the line they came in.
package toc
