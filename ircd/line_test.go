package ircd

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// lines reads all of r, with "417" for a line that was too long.
func lines(l *lineReader) (got []string, err error) {
	for {
		line, ok, err := l.line()
		switch {
		case errors.Is(err, errLineTooLong):
			got = append(got, "417")
		case err != nil:
			return got, err
		case ok:
			got = append(got, string(line))
		default:
			if err := l.fill(); err != nil {
				return got, err
			}
		}
	}
}

// splitReader gives its text in two reads.
type splitReader struct{ parts []string }

func (r *splitReader) Read(b []byte) (int, error) {
	for len(r.parts) > 0 && r.parts[0] == "" {
		r.parts = r.parts[1:]
	}
	if len(r.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.parts[0])
	r.parts[0] = r.parts[0][n:]
	return n, nil
}

// Wherever a read ends, CR and LF apart, blank lines between, the lines are the same.
func TestLineReaderEverySplit(t *testing.T) {
	t.Parallel()
	text := "NICK a\r\n\r\n\n@t=v PRIVMSG b :ö\r\nUSER\n" + strings.Repeat("x", 510) + "\r\n" + strings.Repeat("y", 511) + "\r\nPING 1\r\n" +
		"@" + strings.Repeat("t", 4094) + " " + strings.Repeat("z", 510) + "\r\nlast\r\nunfinished"
	want, err := lines(&lineReader{r: strings.NewReader(text), max: 16384})
	if !errors.Is(err, io.EOF) || len(want) != 10 || want[6] != "417" || want[9] != "last" {
		t.Fatalf("whole: %d lines, %v", len(want), err)
	}
	for i := range len(text) {
		got, _ := lines(&lineReader{r: &splitReader{parts: []string{text[:i], text[i:]}}, max: 16384})
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("split at %d: %q", i, got)
		}
	}
	got, _ := lines(&lineReader{r: iotest.OneByteReader(strings.NewReader(text)), max: 16384})
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("byte by byte: %q", got)
	}
}

// RecvQ counts what comes without a newline, whether it is skipped already or not.
func TestLineReaderRecvQ(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]error{1000: io.EOF, 9999: io.EOF, 10001: errRecvQ, 1 << 20: errRecvQ} {
		for _, end := range []string{"", "\n"} {
			_, err := lines(&lineReader{r: strings.NewReader(strings.Repeat("x", n) + end), max: 10000})
			if !errors.Is(err, want) {
				t.Errorf("%d bytes, end %q: %v", n, end, err)
			}
		}
	}
}

// The large buffer is there while much comes, and goes when little does.
func TestLineReaderBuffers(t *testing.T) {
	t.Parallel()
	r := &splitReader{parts: []string{strings.Repeat("PING 1\r\n", 2000), "PING 2\r\n", "PING 3\r\n"}}
	l := &lineReader{r: r}
	sawLarge := false
	for n := 0; ; n++ {
		_, ok, err := l.line()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			continue
		}
		if l.fill() != nil {
			break
		}
		sawLarge = sawLarge || l.large != nil
	}
	if !sawLarge || l.large != nil {
		t.Errorf("large buffer seen: %v, kept: %v", sawLarge, l.large != nil)
	}
}

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("NICK a\r\nUSER b\n\n\r\n@a=b c\r\n"), 3)
	f.Add(bytes.Repeat([]byte("x"), 6000), 511)
	f.Fuzz(func(t *testing.T, text []byte, split int) {
		split = min(max(split, 0), len(text))
		whole, err1 := lines(&lineReader{r: bytes.NewReader(text), max: 5000})
		parts, err2 := lines(&lineReader{r: &splitReader{parts: []string{string(text[:split]), string(text[split:])}}, max: 5000})
		if strings.Join(whole, "\n") != strings.Join(parts, "\n") || !errors.Is(err1, err2) {
			t.Errorf("%q %v\n%q %v", whole, err1, parts, err2)
		}
		for _, l := range whole {
			if len(l) > maxTags+maxLine || strings.Contains(l, "\n") {
				t.Errorf("line %q", l)
			}
		}
	})
}
