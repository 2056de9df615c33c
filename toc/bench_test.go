package toc

import (
	"bytes"
	"net"
	"testing"
	"time"
)

const benchLine = "IM_IN_ENC2:Cool Guy:F:F:T: U :F:L:en:hello there, how are you today? <b>fine</b>"

var benchIM = SendIM{To: "coolguy", Text: "hello there, how are you today? <b>fine</b>"}

func BenchmarkParseEventIM(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseEvent(benchLine); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEventPresence(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseEvent("UPDATE_BUDDY2:Dave Jones:T:0:1795368676:5: UU:"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormatEventIM(b *testing.B) {
	b.ReportAllocs()
	e, _ := ParseEvent(benchLine)
	var buf []byte
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
}

func BenchmarkParseCommandIM(b *testing.B) {
	b.ReportAllocs()
	line := benchIM.Line()
	var p CommandParser
	for b.Loop() {
		if _, err := p.Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormatCommandIM(b *testing.B) {
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = Command(benchIM).Append(buf[:0])
	}
}

func BenchmarkQuotedLen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		QuotedLen(benchIM.Text)
	}
}

// sink takes what is written.
type sink struct{ net.Conn }

func (sink) Write(b []byte) (int, error)      { return len(b), nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }

func BenchmarkSendIM(b *testing.B) {
	b.ReportAllocs()
	c := &Client{conn: sink{}, login: silent}
	for b.Loop() {
		if err := c.Send(benchIM); err != nil {
			b.Fatal(err)
		}
	}
}

// loop is a server that says the same for ever.
type loop struct {
	b   []byte
	off int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.b[l.off:])
	l.off = (l.off + n) % len(l.b)
	return n, nil
}

func benchStream() *loop {
	var b []byte
	for range 1000 {
		b = Frame{Type: FrameData, Payload: []byte(benchLine)}.Append(b)
	}
	return &loop{b: b}
}

func BenchmarkRecvBatch(b *testing.B) {
	b.ReportAllocs()
	c := &Client{frames: FrameReader{r: benchStream()}, login: silent, seen: true}
	var events []Event
	n := 0
	for b.Loop() { // an operation is a message
		if n > 0 {
			n--
			continue
		}
		var err error
		if events, err = c.RecvBatch(events[:0]); err != nil {
			b.Fatal(err)
		}
		n = len(events) - 1
	}
}

func BenchmarkFrameReader(b *testing.B) {
	b.ReportAllocs()
	fr := NewFrameReader(benchStream())
	for b.Loop() {
		if _, err := fr.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFrame(b *testing.B) {
	b.ReportAllocs()
	r := bytes.NewReader(nil)
	frame := Frame{Type: FrameData, Payload: []byte(benchLine)}.Append(nil)
	for b.Loop() {
		r.Reset(frame)
		if _, err := ReadFrame(r); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAllocations holds the targets: at most 3 a message received, 2 sent.
func TestAllocations(t *testing.T) { // not parallel: it counts allocations
	c := &Client{conn: sink{}, frames: FrameReader{r: benchStream()}, login: silent}
	var events []Event
	var err error
	messages := 0
	per := testing.AllocsPerRun(1000, func() {
		events, err = c.RecvBatch(events[:0])
		messages += len(events)
	})
	if err != nil {
		t.Fatal(err)
	}
	if per = per * 1001 / float64(messages); per > 3 {
		t.Errorf("%.2f allocations a message received", per)
	}
	im := benchIM
	if n := testing.AllocsPerRun(1000, func() { err = c.Send(im) }); err != nil || n > 2 {
		t.Errorf("%v allocations a message sent, %v", n, err)
	}
}
