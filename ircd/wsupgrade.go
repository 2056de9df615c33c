package ircd

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// cork gathers what is written between hold and release into one write: the library flushes after each message.
type cork struct {
	net.Conn
	mu   sync.Mutex // guards the following
	held *bytes.Buffer
}

var corks = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *cork) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = corks.Get().(*bytes.Buffer)
}

func (c *cork) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.held
	c.held = nil
	defer corks.Put(held)
	defer held.Reset()
	if held.Len() == 0 {
		return nil
	}
	_, err := c.Conn.Write(held.Bytes())
	return err
}

// Write writes, or keeps what is to be written. Any goroutine.
func (c *cork) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil {
		return c.held.Write(p)
	}
	return c.Conn.Write(p)
}

// Close writes what is held, which may be the answer to the client's goodbye, and closes the connection.
func (c *cork) Close() error {
	c.mu.Lock()
	if c.held != nil {
		_, _ = c.Conn.Write(c.held.Bytes()) // if it can still be written
		c.held.Reset()
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// requestReader reads what may belong to a request, and remembers what went wrong: http.ReadRequest takes half a line for
// a whole one when there is no more.
type requestReader struct {
	r    io.Reader
	left int
	err  error
}

func (r *requestReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.err = errors.New("HTTP request of too many bytes")
		return 0, r.err
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	r.err = err
	return n, err
}

// response is the http.ResponseWriter of the one request on a connection. net/http's own would need a server around it,
// with goroutines, timeouts and limits that are ours here.
type response struct {
	wire   *cork
	br     *bufio.Reader
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *response) Header() http.Header         { return r.header }
func (r *response) WriteHeader(status int)      { r.status = status }
func (r *response) Write(p []byte) (int, error) { return r.body.Write(p) }

// Hijack sends the answer so far and hands the connection over.
func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := r.send(); err != nil {
		return nil, nil, err
	}
	return r.wire, bufio.NewReadWriter(r.br, bufio.NewWriterSize(r.wire, wsBuffer)), nil
}

// send writes the answer.
func (r *response) send() error {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(r.status) + " " + http.StatusText(r.status) + "\r\n")
	if r.status != http.StatusSwitchingProtocols {
		r.header.Set("Connection", "close")
		r.header.Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	if err := r.header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	b.Write(r.body.Bytes())
	_, err := r.wire.Write(b.Bytes())
	return err
}

// refuse answers with an error and returns it.
func (r *response) refuse(status int, why error) error {
	http.Error(r, why.Error(), status)
	return errors.Join(why, r.send())
}
