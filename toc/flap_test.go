package toc

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrame(t *testing.T) {
	t.Parallel()
	f := Frame{FrameData, 0x0203, []byte("NICK:x")}
	b := f.Append([]byte("pre"))
	if want := "pre*\x02\x02\x03\x00\x06NICK:x"; string(b) != want {
		t.Fatalf("got %q, want %q", b, want)
	}
	g, err := ReadFrame(bytes.NewReader(b[3:]))
	if err != nil || g.Type != f.Type || g.Seq != f.Seq || !bytes.Equal(g.Payload, f.Payload) {
		t.Errorf("%v, %v", g, err)
	}
	long := Frame{Payload: make([]byte, MaxPayload+5)}.Append(nil)
	if len(long) != headerSize+MaxPayload || long[4] != 0xff || long[5] != 0xff {
		t.Errorf("an impossible payload makes %d bytes", len(long))
	}
}

func TestReadFrameErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"":                       io.EOF,
		"*":                      io.ErrUnexpectedEOF,
		"*\x02\x00\x00\x00":      io.ErrUnexpectedEOF,
		"*\x02\x00\x00\x00\x02":  io.ErrUnexpectedEOF,
		"*\x02\x00\x00\x00\x02x": io.ErrUnexpectedEOF,
		"HTTP/1.1 400 Bad":       ErrNotFLAP,
	} {
		if _, err := ReadFrame(strings.NewReader(in)); !errors.Is(err, want) {
			t.Errorf("ReadFrame(%q): %v, want %v", in, err, want)
		}
		if _, err := NewFrameReader(strings.NewReader(in)).Next(); !errors.Is(err, want) {
			t.Errorf("Next(%q): %v, want %v", in, err, want)
		}
	}
	if _, err := NewFrameReader(strings.NewReader("H")).Next(); !errors.Is(err, ErrNotFLAP) {
		t.Errorf("a wrong first byte waits for more: %v", err)
	}
}

func frames(payloads ...int) (b []byte) {
	for i, n := range payloads {
		b = Frame{FrameData, uint16(i), bytes.Repeat([]byte{byte(i)}, n)}.Append(b)
	}
	return b
}

// chunks returns its parts one per Read.
type chunks [][]byte

func (c *chunks) Read(p []byte) (int, error) {
	if len(*c) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*c)[0])
	if (*c)[0] = (*c)[0][n:]; len((*c)[0]) == 0 {
		*c = (*c)[1:]
	}
	return n, nil
}

func TestFrameReader(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 5, 2042, 2043, 0, 8192, 65535, 3, 40000, 0}
	all := frames(sizes...)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(all), "bytes": iotest.OneByteReader(bytes.NewReader(all)), "halves": iotest.HalfReader(bytes.NewReader(all)),
		"data with error": iotest.DataErrReader(bytes.NewReader(all)),
	} {
		fr := NewFrameReader(r)
		for i, n := range sizes {
			f, err := fr.Next()
			if err != nil || f.Seq != uint16(i) || len(f.Payload) != n || n > 0 && f.Payload[n-1] != byte(i) {
				t.Fatalf("%s: frame %d: %d bytes, %v", name, i, len(f.Payload), err)
			}
		}
		if _, err := fr.Next(); err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFrameReaderMemory(t *testing.T) {
	t.Parallel()
	one := frames(30)
	flood := bytes.Repeat(one, 3000)
	fr := NewFrameReader(&chunks{one, flood, one, one, frames(65535), one, one})
	next := func(n int) {
		t.Helper()
		for range n {
			if _, err := fr.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := func(what string, low, high int) {
		t.Helper()
		if n := len(fr.buf); n < low || n > high {
			t.Errorf("%s: a buffer of %d bytes", what, n)
		}
	}
	next(1)
	at("at rest", 1, restBuffer)
	next(1500)
	at("in a flood", flowBuffer, flowBuffer)
	next(1500)
	next(2)
	at("after it", 1, restBuffer)
	next(1)
	at("for a big frame", headerSize+65535, headerSize+65535+flowBuffer)
	next(1)
	at("after that", 1, restBuffer)
}

func TestFrameReaderReady(t *testing.T) {
	t.Parallel()
	two := frames(10, 10)
	fr := NewFrameReader(&chunks{append(two, frames(10)[:12]...), []byte("rest")})
	if fr.Ready() {
		t.Error("ready before anything was read")
	}
	for i, want := range []bool{true, false} {
		if _, err := fr.Next(); err != nil || fr.Ready() != want {
			t.Errorf("after frame %d: %v, %v", i, fr.Ready(), err)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frames(0, 1, 300, 2), uint8(7))
	f.Add([]byte("*\x02\x00\x00\xff\xff"), uint8(1))
	f.Add([]byte("HTTP"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		var parts chunks
		for rest := b; len(rest) > 0; {
			n := min(int(step)+1, len(rest))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		whole, fr := bytes.NewReader(b), NewFrameReader(&parts)
		for {
			off := len(b) - whole.Len()
			f1, err1 := ReadFrame(whole)
			f2, err2 := fr.Next()
			if (err1 == nil) != (err2 == nil) || f1.Type != f2.Type || f1.Seq != f2.Seq || !bytes.Equal(f1.Payload, f2.Payload) {
				t.Fatalf("%x: %v, %v but %v, %v", b, f1, err1, f2, err2)
			}
			if err1 != nil {
				return
			}
			if got := f1.Append(nil); !bytes.Equal(got, b[off:off+len(got)]) {
				t.Fatalf("%x prints as %x", b[off:], got)
			}
		}
	})
}
