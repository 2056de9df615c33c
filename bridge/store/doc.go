// Package store keeps what has to outlive the process: the history of every
// account and its small state, in one SQLite file.
//
// One goroutine, the writer, writes; it commits whatever has come meanwhile in
// one transaction.
package store
