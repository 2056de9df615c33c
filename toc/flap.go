package toc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// FrameType says what a frame is for.
type FrameType byte

// The frame types (ref 1). Only SignOn, Data, SignOff and KeepAlive are in use.
const (
	FrameSignOn    FrameType = 1
	FrameData      FrameType = 2
	FrameError     FrameType = 3
	FrameSignOff   FrameType = 4
	FrameKeepAlive FrameType = 5
)

// MaxPayload is what a frame can carry, in bytes. AOL documented 8192 for the
// server; the live one does not keep to it (ref 1).
const MaxPayload = 65535

const (
	frameMark  = '*'
	headerSize = 6
)

// ErrNotFLAP is returned when the far side does not speak FLAP.
var ErrNotFLAP = errors.New("toc: not a FLAP frame")

// Frame is one FLAP frame: '*', type, sequence number and length (big-endian,
// 16 bits each), payload. Sequence numbers count every frame of one direction,
// modulo 65536, from an arbitrary start.
type Frame struct {
	Type    FrameType
	Seq     uint16
	Payload []byte
}

// Append appends the frame's bytes to dst. FLAP cannot express a payload over
// MaxPayload; it is cut there.
func (f Frame) Append(dst []byte) []byte {
	p := f.Payload[:min(len(f.Payload), MaxPayload)]
	dst = append(dst, frameMark, byte(f.Type))
	dst = binary.BigEndian.AppendUint16(dst, f.Seq)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(p)))
	return append(dst, p...)
}

// beginFrame appends a header whose length endFrame fills in.
func beginFrame(dst []byte, t FrameType, seq uint16) []byte {
	dst = append(dst, frameMark, byte(t))
	dst = binary.BigEndian.AppendUint16(dst, seq)
	return append(dst, 0, 0)
}

// endFrame sets the length of the frame that begins at start.
func endFrame(dst []byte, start int) {
	binary.BigEndian.PutUint16(dst[start+4:], uint16(len(dst)-start-headerSize))
}

func checkMark(h []byte) error {
	if h[0] != frameMark {
		return fmt.Errorf("%w: it starts with %q", ErrNotFLAP, h)
	}
	return nil
}

// ReadFrame reads one frame. The error is io.EOF only between frames. A reader
// of many frames does better with a FrameReader.
func ReadFrame(r io.Reader) (Frame, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Frame{}, err
	}
	if err := checkMark(h[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Type: FrameType(h[1]), Seq: binary.BigEndian.Uint16(h[2:])}
	f.Payload = make([]byte, binary.BigEndian.Uint16(h[4:]))
	if _, err := io.ReadFull(r, f.Payload); err != nil {
		return Frame{}, midFrame(err)
	}
	return f, nil
}

func midFrame(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Sizes of a FrameReader's buffer: at rest, and at most for the sake of
// throughput. Only a larger frame makes it larger than that, for as long as
// it is there.
const (
	restBuffer  = 512
	flowBuffer  = 32 << 10
	bufferSteps = 4
)

// FrameReader reads frames through a buffer of its own, which grows under load
// and shrinks when there is none. It is for one goroutine.
type FrameReader struct {
	r          io.Reader
	buf        []byte
	start, end int // of the bytes not yet used
	last       int // bytes of the last read
	frames     int // frames returned since
}

// NewFrameReader returns a FrameReader on r.
func NewFrameReader(r io.Reader) *FrameReader { return &FrameReader{r: r} }

// Next returns the next frame; its payload is valid until the following call.
// The error is io.EOF only between frames.
func (fr *FrameReader) Next() (Frame, error) {
	for {
		have := fr.buf[fr.start:fr.end]
		need := headerSize
		if len(have) > 0 {
			if err := checkMark(have[:min(len(have), headerSize)]); err != nil {
				return Frame{}, err
			}
		}
		if len(have) >= headerSize {
			need += int(binary.BigEndian.Uint16(have[4:]))
		}
		if len(have) >= headerSize && len(have) >= need {
			fr.start += need
			fr.frames++
			return Frame{
				Type:    FrameType(have[1]),
				Seq:     binary.BigEndian.Uint16(have[2:]),
				Payload: have[headerSize:need:need],
			}, nil
		}
		if err := fr.fill(need); err != nil {
			return Frame{}, err
		}
	}
}

// Ready reports whether Next would return without reading.
func (fr *FrameReader) Ready() bool {
	have := fr.buf[fr.start:fr.end]
	return len(have) >= headerSize &&
		len(have) >= headerSize+int(binary.BigEndian.Uint16(have[4:]))
}

// fill reads once, after making room for a frame of need bytes.
func (fr *FrameReader) fill(need int) error {
	fr.resize(need)
	n, err := fr.r.Read(fr.buf[fr.end:])
	fr.end += n
	fr.last, fr.frames = n, 0
	switch {
	case n > 0:
		return nil // an error comes again
	case err == nil:
		return nil // discouraged, but allowed
	case fr.end > fr.start:
		return midFrame(err)
	}
	return err
}

func (fr *FrameReader) resize(need int) {
	have := fr.end - fr.start
	size := len(fr.buf)
	switch {
	case fr.last > 0 && fr.end == size && size < flowBuffer:
		size = min(size*bufferSteps, flowBuffer) // the last read filled it: more waits
	case have == 0 && (fr.last <= restBuffer || fr.frames <= 1):
		size = restBuffer
	}
	size = max(size, need, restBuffer)
	if size == len(fr.buf) {
		if fr.start > 0 {
			copy(fr.buf, fr.buf[fr.start:fr.end])
		}
	} else {
		buf := make([]byte, size)
		copy(buf, fr.buf[fr.start:fr.end])
		fr.buf = buf
	}
	fr.start, fr.end = 0, have
}
