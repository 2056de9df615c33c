package ircd

import (
	"net"
	"sync"
	"time"

	"tocbridge/toc/nowait"
)

const chunkSize = 8<<10 - 8 // with its bounds, one page pair

type chunk struct {
	off, n int32 // b[off:n] waits
	b      [chunkSize]byte
}

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// queue is what waits to be written to one client: bounded in bytes, written by a goroutine that lives only while
// there is something to write and takes all of it at once; or, when a cork is released and it is little, at once. An
// idle queue holds no memory.
type queue struct {
	nc      net.Conn
	now     *nowait.Writer
	timeout time.Duration   // for one write; 0: none
	max     int             // bytes waiting and in flight; 0: no bound
	failed  func(err error) // the writer tells of its death, once; must not block

	mu      sync.Mutex
	waiting []*chunk
	size    int           // bytes in waiting and in flight
	running bool          // the writer goroutine is there
	cork    *Cork         // may be nil
	held    bool          // the cork knows of us
	closed  bool          // nothing is taken any more; what waits is still written
	idle    chan struct{} // closed by the writer when it ends; made by whoever waits for that
}

// put adds one encoded message. It never blocks. It reports whether the bound was kept: a queue over its bound takes
// nothing more.
func (q *queue) put(line []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true
	}
	if q.max > 0 && q.size+len(line) > q.max {
		q.closed = true
		return false
	}
	q.size += len(line)
	q.push(line)
	if !q.running && !q.held {
		if q.held = q.cork.keep(q); !q.held {
			q.start()
		}
	}
	return true
}

// start starts the writer.
func (q *queue) start() {
	q.running = true
	go q.write()
}

// release is for the cork: what waits may go.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = false
	if q.running || len(q.waiting) == 0 {
		return
	}
	if len(q.waiting) == 1 {
		c := q.waiting[0]
		n, _ := q.now.Write(c.b[c.off:c.n]) // an error comes again, to the writer
		c.off += int32(n)
		q.size -= n
		if c.off == c.n {
			chunks.Put(c)
			q.waiting[0] = nil
			q.waiting = q.waiting[:0]
			return
		}
	}
	q.start()
}

// push copies line to the end of the last chunk, and on into new ones.
func (q *queue) push(line []byte) {
	for len(line) > 0 {
		if k := len(q.waiting); k == 0 || q.waiting[k-1].n == chunkSize {
			c := chunks.Get().(*chunk)
			c.off, c.n = 0, 0
			q.waiting = append(q.waiting, c)
		}
		c := q.waiting[len(q.waiting)-1]
		n := copy(c.b[c.n:], line)
		c.n += int32(n)
		line = line[n:]
	}
}

// write is the writer: it runs until nothing waits.
func (q *queue) write() {
	var mine []*chunk
	for {
		mine = q.take(mine)
		if mine == nil {
			return
		}
		if err := q.flush(mine); err != nil {
			q.fail(err)
			return
		}
	}
}

// take hands over all that waits, giving back what was written. nil: nothing waits, the writer ends.
func (q *queue) take(done []*chunk) []*chunk {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, c := range done {
		q.size -= int(c.n - c.off)
		chunks.Put(c)
		done[i] = nil
	}
	if len(q.waiting) == 0 {
		q.waiting = nil
		q.stop()
		return nil
	}
	if q.timeout > 0 {
		// Here, under the lock, so that a shorter one set by finish is not undone.
		_ = q.nc.SetWriteDeadline(time.Now().Add(q.timeout)) // an error shows in the write
	}
	mine := q.waiting
	q.waiting = done[:0]
	return mine
}

func (q *queue) stop() {
	q.running = false
	if q.idle != nil {
		close(q.idle)
		q.idle = nil
	}
}

func (q *queue) flush(cs []*chunk) error {
	if len(cs) == 1 {
		_, err := q.nc.Write(cs[0].b[cs[0].off:cs[0].n])
		return err
	}
	bufs := make(net.Buffers, len(cs))
	for i, c := range cs {
		bufs[i] = c.b[c.off:c.n]
	}
	_, err := bufs.WriteTo(q.nc) // one writev on a TCP or unix socket
	return err
}

func (q *queue) fail(err error) {
	q.mu.Lock()
	q.closed = true
	q.waiting = nil
	q.stop()
	q.mu.Unlock()
	q.failed(err)
}

// discard closes the queue and throws away what waits.
func (q *queue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting = nil
}

// finish closes the queue: what waits is still written, if that takes no longer than timeout.
func (q *queue) finish(timeout time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.timeout = timeout
	if !q.running && len(q.waiting) > 0 {
		q.start()
	}
	if q.running {
		_ = q.nc.SetWriteDeadline(time.Now().Add(timeout))
	}
}

// wait returns when the writer has ended.
func (q *queue) wait() {
	q.mu.Lock()
	if !q.running {
		q.mu.Unlock()
		return
	}
	if q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	<-idle
}
