package ircd

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// wire is a connection that keeps each write.
type wire struct {
	net.Conn
	writes []string
	closed bool
}

func (s *wire) Write(p []byte) (int, error) {
	s.writes = append(s.writes, string(p))
	return len(p), nil
}
func (s *wire) Close() error { s.closed = true; return nil }

func TestCork(t *testing.T) {
	t.Parallel()
	var s wire
	c := &cork{Conn: &s}
	write := func(text string) {
		t.Helper()
		if n, err := io.WriteString(c, text); n != len(text) || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	want := func(all string) {
		t.Helper()
		if got := strings.Join(s.writes, "|"); got != all {
			t.Errorf("written: %s, want %s", got, all)
		}
	}
	write("a")
	c.hold()
	want("a")
	write("b")
	write("c")
	want("a")
	if err := c.release(); err != nil {
		t.Error(err)
	}
	want("a|bc")
	c.hold()
	if err := c.release(); err != nil { // nothing is no write
		t.Error(err)
	}
	write("d")
	want("a|bc|d")
	c.hold()
	write("goodbye")
	if err := c.Close(); err != nil || !s.closed {
		t.Errorf("closed: %v, %v", s.closed, err)
	}
	want("a|bc|d|goodbye")
	if err := c.release(); err != nil {
		t.Error(err)
	}
	want("a|bc|d|goodbye") // once
}

// A request is read within its bound, and what went wrong is remembered.
func TestRequestReader(t *testing.T) {
	t.Parallel()
	r := &requestReader{r: iotest.OneByteReader(strings.NewReader("0123456789")), left: 5}
	if got, err := io.ReadAll(r); string(got) != "01234" || err == nil || !errors.Is(r.err, err) {
		t.Errorf("%q, %v", got, err)
	}
	broken := errors.New("broken")
	r = &requestReader{r: io.MultiReader(strings.NewReader("01"), iotest.ErrReader(broken)), left: 5}
	if got, err := io.ReadAll(r); string(got) != "01" || !errors.Is(err, broken) || !errors.Is(r.err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}
