package tocd

import (
	"encoding/binary"
	"io"
	"sync"

	"tocbridge/toc"
)

const (
	headerLen = 6
	smallBuf  = 512 // what an idle connection holds
	bigBuf    = 32 << 10
)

// bigBufs lends buffers to connections that have much to say.
var bigBufs = sync.Pool{New: func() any { return new([bigBuf]byte) }}

// reader takes frames from a connection, as many per read as there are. An idle
// connection holds a small buffer only. Like the live server it looks neither
// at the '*' nor at the sequence.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int // buf[r:w] is unread
	full bool

	small [smallBuf]byte
	big   *[bigBuf]byte
}

func (r *reader) init(src io.Reader) { r.src, r.buf = src, r.small[:] }

// next returns the next frame; its payload is valid until the next call.
func (r *reader) next() (toc.Frame, error) {
	h, err := r.peek(headerLen)
	if err != nil {
		return toc.Frame{}, err
	}
	f := toc.Frame{Type: toc.FrameType(h[1]), Seq: binary.BigEndian.Uint16(h[2:])}
	f.Payload, err = r.take(headerLen + int(binary.BigEndian.Uint16(h[4:])))
	if err != nil {
		return toc.Frame{}, err
	}
	f.Payload = f.Payload[headerLen:]
	return f, nil
}

// ready reports whether next will not have to wait.
func (r *reader) ready() bool {
	have := r.buf[r.r:r.w]
	return len(have) >= headerLen && len(have) >= headerLen+int(binary.BigEndian.Uint16(have[4:]))
}

// take consumes n bytes.
func (r *reader) take(n int) ([]byte, error) {
	b, err := r.peek(n)
	if err != nil {
		return nil, err
	}
	r.r += n
	return b, nil
}

// peek waits for n bytes without consuming them.
func (r *reader) peek(n int) ([]byte, error) {
	for r.w-r.r < n {
		r.makeRoom(n)
		m, err := r.src.Read(r.buf[r.w:])
		r.w += m
		r.full = r.w == len(r.buf)
		if r.w-r.r < n && err != nil {
			if err == io.EOF && r.w > r.r {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return r.buf[r.r : r.r+n], nil
}

// makeRoom lets n bytes fit behind r.r and leaves space to read into. A buffer
// that was filled is exchanged for a bigger one, and back when it is empty and
// little comes.
func (r *reader) makeRoom(n int) {
	have := r.w - r.r
	switch {
	case n > bigBuf && len(r.buf) < n:
		r.move(make([]byte, n))
	case (n > smallBuf || r.full) && len(r.buf) < bigBuf:
		r.big = bigBufs.Get().(*[bigBuf]byte)
		r.move(r.big[:])
	case have == 0 && len(r.buf) > smallBuf && r.w <= smallBuf:
		r.move(r.small[:])
		r.release()
	case have == 0 || len(r.buf)-r.r < n:
		r.move(r.buf)
	}
}

// move puts what is unread at the start of buf.
func (r *reader) move(buf []byte) {
	r.w = copy(buf, r.buf[r.r:r.w])
	r.r, r.buf = 0, buf
	if r.big != nil && len(buf) > bigBuf {
		r.release()
	}
}

// release gives the lent buffer back.
func (r *reader) release() {
	if r.big != nil {
		bigBufs.Put(r.big)
		r.big = nil
	}
}

// Read takes what is buffered before it reads on, for HTTP.
func (r *reader) Read(p []byte) (int, error) {
	if r.w > r.r {
		n := copy(p, r.buf[r.r:r.w])
		r.r += n
		return n, nil
	}
	return r.src.Read(p)
}
