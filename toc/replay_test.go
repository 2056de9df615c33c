package toc

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestReplay plays each session of the captures to a Client: the far end sends
// what the live server sent and wants to hear, in the same order, what the
// recorded client said, or its equivalent in our words.
func TestReplay(t *testing.T) {
	t.Parallel()
	played := 0
	for name, rs := range connections(t) {
		for i, session := range sessions(rs) {
			played++
			t.Run(fmt.Sprintf("%s#%d", name, i), func(t *testing.T) {
				t.Parallel()
				replay(t, session)
			})
		}
	}
	if played < 60 {
		t.Errorf("only %d sessions", played)
	}
}

// connections returns the captures by file and connection.
func connections(t *testing.T) map[string][]record {
	all := map[string][]record{}
	for _, r := range captures(t) {
		if r.who != "" {
			name := strings.TrimSuffix(r.file, filepath.Ext(r.file)) + "." + r.who
			all[name] = append(all[name], r)
		}
	}
	return all
}

// sessions cuts a capture at its sign-ons; only those that succeed are returned.
func sessions(rs []record) (out [][]record) {
	start := -1
	cut := func(end int) {
		if start >= 0 && start+1 < end && strings.HasPrefix(rs[start+1].text, "SIGN_ON:") {
			out = append(out, rs[start:end])
		}
	}
	for i, r := range rs {
		if r.kind == ">" && strings.Contains(r.text, " login.oscar.aol.com ") {
			cut(i)
			start = i
		}
	}
	cut(len(rs))
	return out
}

// login is the Login that a recorded sign-on is equivalent to.
func login(t *testing.T, line string) Login {
	t.Helper()
	c, err := ParseSignOn(line)
	if err != nil {
		t.Fatal(err)
	}
	password, err := c.Password()
	if err != nil {
		t.Fatal(err)
	}
	return Login{Name: c.Name, Password: password, Form: c.Form, Version: c.Version}
}

func replay(t *testing.T, rs []record) {
	l := login(t, rs[0].text)
	addr := far(t, func(f *farEnd) error { return f.play(l, rs[1:]) })
	c := signOn(t, addr, l)
	for _, r := range rs[2:] {
		switch r.kind {
		case ">":
			cmd, err := ParseCommand(r.text)
			if err != nil || len(r.text) > MaxCommand {
				continue // we do not send such things; play leaves them out too
			}
			if err := c.Send(cmd); err != nil {
				t.Fatalf("%s:%d: %v", r.file, r.line, err)
			}
		case "<":
			if r.text == "" {
				continue
			}
			want, _ := ParseEvent(r.text)
			if got, err := c.Recv(); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s:%d: got %#v, %v, want %#v", r.file, r.line, got, err, want)
			}
		}
	}
	if rs[len(rs)-1].kind == "<EOF" {
		if e, err := c.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %#v, %v", e, err)
		}
	}
	c.Close()
}

// play is the server's side of a recorded session after the sign-on command.
func (f *farEnd) play(l Login, rs []record) error {
	greeting := make([]byte, 10)
	if _, err := io.ReadFull(f.r, greeting); err != nil {
		return err
	}
	if err := f.send(FrameSignOn, "\x00\x00\x00\x01"); err != nil {
		return err
	}
	if fr, err := ReadFrame(f.r); err != nil || fr.Type != FrameSignOn {
		return fmt.Errorf("%v: %w", fr, err)
	}
	seq := uint16(1)
	want := NewSignOn(l.Form, l.Name, l.Password, l.Version)
	for _, r := range append([]record{{kind: ">", text: want.Line()}}, rs...) {
		var err error
		switch r.kind {
		case "<":
			err = f.say(r.text)
		case ">":
			var skipped bool
			if skipped, err = f.hear(seq, r); !skipped {
				seq++
			}
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", r.file, r.line, err)
		}
	}
	if rs[len(rs)-1].kind == "<EOF" {
		return nil
	}
	return f.eof()
}

// hear wants the equivalent of a recorded command.
func (f *farEnd) hear(seq uint16, r record) (skipped bool, err error) {
	want, err := ParseCommand(r.text)
	if err != nil || len(r.text) > MaxCommand {
		return true, nil
	}
	fr, err := ReadFrame(f.r)
	if err != nil || fr.Type != FrameData || fr.Seq != seq {
		return false, fmt.Errorf("frame %d, number %d, want %d: %w", fr.Type, fr.Seq, seq, err)
	}
	line, ended := strings.CutSuffix(string(fr.Payload), "\x00")
	got, err := ParseCommand(line)
	if err != nil || !ended || !reflect.DeepEqual(meant(got), meant(want)) {
		return false, fmt.Errorf("heard %q, want %q: %w", line, r.text, err)
	}
	return false, nil
}

// logLines collects what is logged.
type logLines struct{ strings.Builder }

func (l *logLines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&l.Builder, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// TestOdditiesAreLogged: at debug level, without texts, and harmlessly.
func TestOdditiesAreLogged(t *testing.T) {
	t.Parallel()
	addr := far(t, func(f *farEnd) error {
		err := f.welcome()
		f.seq += 7
		return errors.Join(err, f.say("NICK:a", "IM_IN2:bob:the secret body of a short message", "PAUSE"), f.eof())
	})
	var lines logLines
	l := alice
	l.Log = lines.logger()
	c := signOn(t, addr, l)
	recv(t, c, Nick{"a"}, Unknown{"IM_IN2:bob:the secret body of a short message"}, Pause{})
	c.Close()
	log := lines.String()
	for _, want := range []string{"level=DEBUG", "gap in FLAP sequence", "want=2 got=9", "malformed TOC message", "IM_IN2: toc: malformed: too few fields"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	for _, bad := range []string{"level=INFO", "secret", "pwalice", "0x24"} {
		if strings.Contains(log, bad) {
			t.Errorf("%q in\n%s", bad, log)
		}
	}
	if strings.Count(log, "gap") != 1 {
		t.Errorf("one gap, but\n%s", log)
	}
}
