package ircd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
)

// Sizes of a line, CRLF included: RFC 1459 §2.3, and the tags of ircv3.net/specs/extensions/message-tags.
const (
	maxLine = 512
	maxTags = 4096 // what a client may send, with '@' and the space

	smallBuf = 512 // an idle connection holds only this
	largeBuf = maxTags + 2*maxLine
)

var (
	errLineTooLong = errors.New("line too long")       // 417; the next line is fine
	errRecvQ       = errors.New("no newline in sight") // the connection is not fine
)

var largeBufs = sync.Pool{New: func() any { return new([largeBuf]byte) }}

// lineReader cuts a stream into lines within bounds: it never holds more than largeBuf bytes, whatever is sent, and
// an idle one holds smallBuf. Trap 2 of irc.v4, whose reader buffers without end, and trap 13: a line that is too
// long is an error of its own, after which the next call goes on.
type lineReader struct {
	r          io.Reader
	max        int // bytes without a newline before errRecvQ; 0: no bound, the surplus is skipped
	small      [smallBuf]byte
	large      *[largeBuf]byte // nil while small suffices
	start, end int
	scanned    int      // bytes from start known to hold no newline
	skipped    int      // bytes of an over-long line thrown away so far
	head       [16]byte // how that line began
	wide       bool     // the last read was big: read big again
	err        error
}

func (l *lineReader) buf() []byte {
	if l.large != nil {
		return l.large[:]
	}
	return l.small[:]
}

// line returns the next complete line that is buffered already, without its CR LF. It is valid until the next fill.
// With errLineTooLong it is the beginning of the line.
func (l *lineReader) line() (line []byte, ok bool, err error) {
	b := l.buf()[l.start:l.end]
	i := bytes.IndexByte(b[l.scanned:], '\n')
	if i < 0 {
		l.scanned = len(b)
		return nil, false, l.overflow(len(b))
	}
	i += l.scanned
	skipped := l.skipped
	l.start += i + 1
	l.scanned, l.skipped = 0, 0
	if l.max > 0 && skipped+i > l.max {
		return nil, false, errRecvQ
	}
	switch {
	case skipped > 0:
		return l.head[:], true, errLineTooLong
	case tooLong(b[:i]):
		return b[:len(l.head)], true, errLineTooLong
	}
	return trimCR(b[:i]), true, nil
}

// overflow throws away what cannot become a legal line any more.
func (l *lineReader) overflow(n int) error {
	if l.max > 0 && l.skipped+n > l.max {
		return errRecvQ
	}
	if l.skipped > 0 || n > maxTags+maxLine {
		if l.skipped == 0 {
			copy(l.head[:], l.buf()[l.start:])
		}
		l.skipped += n
		l.start, l.end, l.scanned = 0, 0, 0
	}
	return nil
}

// fill reads once. There must be no complete line left in the buffer.
func (l *lineReader) fill() error {
	if l.err != nil {
		return l.err
	}
	l.fit()
	n, err := l.r.Read(l.buf()[l.end:])
	l.end += n
	l.wide = n > smallBuf || l.end == smallBuf && l.large == nil
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// fit makes room to read into: the large buffer when much is coming, the small one when little is held.
func (l *lineReader) fit() {
	held := l.buf()[l.start:l.end]
	switch {
	case l.large == nil && (l.wide || len(held) == smallBuf):
		l.large = largeBufs.Get().(*[largeBuf]byte)
		copy(l.large[:], held)
	case l.large != nil && !l.wide && len(held) < smallBuf/2:
		copy(l.small[:], held)
		l.release()
	default:
		copy(l.buf(), held)
	}
	l.start, l.end = 0, len(held)
}

func (l *lineReader) release() {
	if l.large != nil {
		largeBufs.Put(l.large)
		l.large = nil
	}
}

// full tells that nothing more can be read before a line is taken out.
func (l *lineReader) full() bool { return l.end-l.start >= maxTags+maxLine }

// tooLong judges a line as sent, CR included or not. The body and the tags have a bound each.
func tooLong(line []byte) bool {
	line = trimCR(line)
	if len(line) > 0 && line[0] == '@' {
		i := bytes.IndexByte(line, ' ')
		if i+1 > maxTags || i < 0 && len(line) > maxTags {
			return true
		}
		line = line[i+1:]
	}
	return len(line) > maxLine-2
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// over tells that the input has failed or ended and nobody wants anything any more. A client that has sent all it has to
// say and closed that half of its connection, as a script does, has not hung up.
func (l *lineReader) over() bool {
	return l.err != nil && !(errors.Is(l.err, io.EOF) && bytes.IndexByte(l.buf()[l.start:l.end], '\n') >= 0)
}

// watched remembers an error that came while nobody was reading lines; a timeout is none.
func (l *lineReader) watched(err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		l.err = err
	}
}
