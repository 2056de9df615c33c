package store

import "slices"

// A queue has the records that wait for the writer, in chunks, oldest first. It
// is guarded by Store.mu.
type queue struct {
	chunks    []*chunk
	bytes     int    // of all chunks, and of those the writer has taken
	appended  uint64 // records ever
	committed uint64 // records that wait no more

	spilled int // records that are only in the journal file any more
	lost    int // records dropped and not even there, in this trouble
}

// A chunk is whole records one after another, only ever added to.
type chunk struct {
	buf    []byte
	n      int  // records
	unsafe bool // not all of them are in the journal
}

const chunkSize = 64 << 10

// add encodes ops as one piece, and returns it and the chunk that it is in.
func (q *queue) add(ops []op) ([]byte, *chunk) {
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
	return c.buf[start:], c
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

// take removes up to about limit bytes from the front, for the writer. They
// count until done or putBack.
func (q *queue) take(limit int) []*chunk {
	size, n := 0, 0
	for n < len(q.chunks) && (n == 0 || size+len(q.chunks[n].buf) <= limit) {
		size += len(q.chunks[n].buf)
		n++
	}
	batch := slices.Clone(q.chunks[:n])
	q.chunks = slices.Delete(q.chunks, 0, n)
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

// shed drops the oldest chunks until no more than limit bytes are left. What the
// journal has of them is not lost.
func (q *queue) shed(limit int) {
	for q.bytes > limit && len(q.chunks) > 1 {
		c := q.chunks[0]
		q.chunks = slices.Delete(q.chunks, 0, 1)
		q.bytes -= len(c.buf)
		if c.unsafe {
			q.lost += c.n
			q.committed += uint64(c.n)
		} else {
			q.spilled += c.n
		}
	}
}

// replayed is told when n spilled records have been committed from the journal.
func (q *queue) replayed(n int) {
	q.committed += uint64(n)
	q.spilled -= n
}

// waiting is how many records are not committed.
func (q *queue) waiting() int { return int(q.appended - q.committed) }
