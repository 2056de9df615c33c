package tocd

import (
	"encoding/binary"
	"math"
	"net"
	"sync"
	"time"

	"tocbridge/toc"
)

const (
	maxQueue   = 1 << 20 // bytes waiting for a client; beyond, it is cut off
	maxPooled  = 64 << 10
	drainLimit = 2 * time.Second // what a client gets to read its last lines
)

var outBufs = sync.Pool{New: func() any { return new([]byte) }}

// queue is the output side of a connection. Putting never blocks; a writer
// goroutine runs only while there is something to write and takes all that
// waits in one write.
type queue struct {
	nc net.Conn
	wg *sync.WaitGroup

	mu      sync.Mutex
	buf     *[]byte // frames not yet written; nil when there are none
	seq     uint16
	writing bool
	closed  bool // takes no more; closes the connection when written out
}

// open begins a frame. When ok, seal must follow with the payload appended to b.
func (q *queue) open(t toc.FrameType) (b []byte, ok bool) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil, false
	}
	if q.buf == nil {
		q.buf = outBufs.Get().(*[]byte)
	}
	b = append(*q.buf, '*', byte(t), byte(q.seq>>8), byte(q.seq), 0, 0)
	return b, true
}

// seal ends the frame that open began.
func (q *queue) seal(b []byte) {
	start := len(*q.buf)
	size := len(b) - start - headerLen
	binary.BigEndian.PutUint16(b[start+4:], uint16(size))
	*q.buf = b
	q.seq++
	over := len(b) > maxQueue || size > math.MaxUint16
	if over {
		q.closed = true
		q.buf = nil
	}
	q.mu.Unlock()
	if over {
		q.nc.Close()
	}
}

// frame queues a frame with the given payload.
func (q *queue) frame(t toc.FrameType, payload string) {
	if b, ok := q.open(t); ok {
		q.seal(append(b, payload...))
	}
}

// line queues a DATA frame.
func (q *queue) line(payload []byte) {
	if b, ok := q.open(toc.FrameData); ok {
		q.seal(append(b, payload...))
	}
}

// kick starts the writer if there is something to write.
func (q *queue) kick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.buf != nil && !q.writing && !q.closed {
		q.writing = true
		q.wg.Go(q.write)
	}
}

// write empties the queue, then ends.
func (q *queue) write() {
	for {
		q.mu.Lock()
		buf := q.buf
		q.buf = nil
		if buf == nil {
			q.writing = false
			closed := q.closed
			q.mu.Unlock()
			if closed {
				q.hangUp()
			}
			return
		}
		q.mu.Unlock()
		_, err := q.nc.Write(*buf)
		if cap(*buf) <= maxPooled {
			*buf = (*buf)[:0]
			outBufs.Put(buf)
		}
		if err != nil {
			q.cut()
			return
		}
	}
}

// finish takes no more frames and closes the connection once those waiting are
// written. The caller is, or holds off, the connection's reader.
func (q *queue) finish() {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return
	}
	q.closed = true
	idle := q.buf == nil && !q.writing
	q.nc.SetWriteDeadline(time.Now().Add(drainLimit))
	if q.buf != nil && !q.writing {
		q.writing = true
		q.wg.Go(q.write)
	}
	q.mu.Unlock()
	if idle {
		q.hangUp()
	}
}

// hangUp ends the connection so that the client reads EOF after its last line:
// closing at once could reset the connection and lose that line, if there is
// input that nobody read. The reader discards input for a moment, then closes.
func (q *queue) hangUp() {
	if half, ok := q.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		q.nc.SetReadDeadline(time.Now().Add(drainLimit))
		return
	}
	q.nc.Close()
}

// cut closes the connection at once.
func (q *queue) cut() {
	q.mu.Lock()
	q.closed = true
	q.buf = nil
	q.mu.Unlock()
	q.nc.Close()
}
