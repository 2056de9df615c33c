package store

// A queue has the records that wait for the writer, in chunks, oldest first. It
// is guarded by Store.mu.
type queue struct {
	chunks    []*chunk
	bytes     int    // of all chunks, and of those the writer has taken
	appended  uint64 // records ever
	committed uint64 // records the writer is done with
}

// A chunk is whole records one after another, only ever added to.
type chunk struct {
	buf []byte
	n   int // records
}

const chunkSize = 64 << 10

// add encodes ops as one piece and returns it.
func (q *queue) add(ops []op) []byte {
	size := 0
	for i := range ops {
		size += sizeOf(&ops[i])
	}
	c := q.room(size)
	start := len(c.buf)
	for i := range ops {
		c.buf = appendOp(c.buf, &ops[i])
	}
	c.n += len(ops)
	q.bytes += len(c.buf) - start
	q.appended += uint64(len(ops))
	return c.buf[start:]
}

// room is the last chunk, which has size bytes left.
func (q *queue) room(size int) *chunk {
	if n := len(q.chunks); n > 0 {
		if c := q.chunks[n-1]; cap(c.buf)-len(c.buf) >= size {
			return c
		}
	}
	c := &chunk{buf: make([]byte, 0, max(chunkSize, size))}
	q.chunks = append(q.chunks, c)
	return c
}

// take removes up to about max bytes from the front, for the writer. They count
// until done or putBack.
func (q *queue) take(max int) []*chunk {
	size, n := 0, 0
	for n < len(q.chunks) && (n == 0 || size+len(q.chunks[n].buf) <= max) {
		size += len(q.chunks[n].buf)
		n++
	}
	batch := q.chunks[:n:n]
	q.chunks = append([]*chunk(nil), q.chunks[n:]...)
	return batch
}

// done is told when a batch has been committed.
func (q *queue) done(batch []*chunk) {
	for _, c := range batch {
		q.bytes -= len(c.buf)
		q.committed += uint64(c.n)
	}
}

// putBack puts a batch that could not be committed back to the front.
func (q *queue) putBack(batch []*chunk) {
	q.chunks = append(batch, q.chunks...)
}

// records is how many wait.
func (q *queue) records() int { return int(q.appended - q.committed) }
