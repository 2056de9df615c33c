// Package nowait writes to a socket as much as it takes at once, and never waits for it. It knows neither TOC nor IRC;
// both sides use it. Who has little to write
// saves the goroutine that would wait, and the time until that runs.
package nowait

import (
	"errors"
	"net"
	"syscall"
)

// ErrUnable says that a connection is not a socket whose writes can be tried.
var ErrUnable = errors.New("nowait: not a socket")

// A Writer writes to one connection. One goroutine at a time may use it, and not while another writes to the
// connection in the ordinary way. Its zero value belongs to no connection and writes nothing.
type Writer struct {
	raw syscall.RawConn // nil: not a socket
	try func(fd uintptr) bool

	// Of the write that runs.
	p   []byte
	n   int
	err error
}

// New makes the Writer of a connection. That of a TLS connection, a pipe or anything else that is no socket of the
// system's does nothing but return ErrUnable.
func New(nc net.Conn) *Writer {
	w := &Writer{}
	w.try = w.once
	sc, ok := nc.(syscall.Conn)
	if !ok || !canTry {
		return w
	}
	if raw, err := sc.SyscallConn(); err == nil { // else it is closed
		w.raw = raw
	}
	return w
}

// Write writes what the socket takes at once. An error, be it that nothing more fits, that a deadline set earlier has
// passed or that the connection is broken, is for an ordinary write of what is left to find out.
func (w *Writer) Write(p []byte) (n int, err error) {
	if w == nil || w.raw == nil {
		return 0, ErrUnable
	}
	w.p, w.n, w.err = p, 0, nil
	err = w.raw.Write(w.try)
	n = w.n
	if err == nil {
		err = w.err
	}
	w.p, w.err = nil, nil
	return n, err
}

// once is called with the socket; true: do not wait until it takes more.
func (w *Writer) once(fd uintptr) bool {
	for w.n < len(w.p) && w.err == nil {
		var n int
		n, w.err = write(fd, w.p[w.n:])
		w.n += max(n, 0)
	}
	return true
}
