package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const (
	screenTime = 60 * time.Second // for what has to appear on a screen
	pollTime   = 50 * time.Millisecond
	columns    = 180
	rows       = 60
)

// needPrograms skips the test where a program is not installed, and fails it
// where all have to be (CI=true).
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// A terminal is a program on a screen: tmux with a server, socket and home of
// its own.
type terminal struct {
	t    *testing.T
	name string
	home string // HOME of the program
	dir  string // of tmux's socket; short, as sockets' paths have to be
}

// openTerminal prepares a screen. Nothing runs on it before run.
func openTerminal(t *testing.T, name string) *terminal {
	t.Helper()
	dir, err := os.MkdirTemp("", "tb")
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, name: name, home: filepath.Join(dir, "home"), dir: dir}
	if err := os.Mkdir(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.tmux("kill-server").Run() // not there if run was never called
		removeUsed(t, dir)
	})
	return s
}

// removeUsed removes a directory into which a program that was told to end may
// still save its settings.
func removeUsed(t *testing.T, dir string) {
	t.Helper()
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	deadline := time.After(processTime)
	for {
		err := os.RemoveAll(dir)
		if err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Error(err)
			return
		}
	}
}

func (s *terminal) tmux(args ...string) *exec.Cmd {
	cmd := exec.Command("tmux", append([]string{"-L", s.name, "-f", "/dev/null", "-u"}, args...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TMUX") && !strings.HasPrefix(v, "TOCBRIDGE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "TMUX_TMPDIR="+s.dir, "HOME="+s.home, "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TERM=xterm-256color", "SHELL=/bin/sh")
	return cmd
}

// do runs a tmux command and returns what it prints.
func (s *terminal) do(args ...string) string {
	s.t.Helper()
	out, err := s.tmux(args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: tmux %q: %v\n%s", s.name, args, err, out)
	}
	return string(out)
}

// run starts a shell command on the screen, which stays when it has ended.
func (s *terminal) run(command string) {
	s.t.Helper()
	s.do("set-option", "-g", "remain-on-exit", "on", ";",
		"new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), command)
}

// write puts a file into the program's home.
func (s *terminal) write(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.home, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// enter types a line, and sees it in the last row before and not any more after
// the Enter key: what follows too quickly counts as pasted for both clients.
func (s *terminal) enter(format string, args ...any) {
	s.t.Helper()
	line := fmt.Sprintf(format, args...)
	begin := string([]rune(line)[:min(30, utf8.RuneCountInString(line))]) // WeeChat shows no passwords
	typed := func(shown string) bool {
		shown = strings.TrimRight(shown, "\n")
		return strings.Contains(shown[strings.LastIndexByte(shown, '\n')+1:], begin)
	}
	s.do("send-keys", "-l", "--", line)
	s.until(s.screen, "typed: "+line, typed)
	s.do("send-keys", "Enter")
	s.until(s.screen, "taken: "+line, func(shown string) bool { return !typed(shown) })
}

// keys presses keys by tmux's names.
func (s *terminal) keys(names ...string) {
	s.t.Helper()
	s.do(append([]string{"send-keys"}, names...)...)
}

// paste pastes a text, as with the mouse.
func (s *terminal) paste(text string) {
	s.t.Helper()
	s.do("set-buffer", "--", text)
	s.do("paste-buffer", "-r")
}

// screen is what is on the screen.
func (s *terminal) screen() string {
	s.t.Helper()
	return s.do("capture-pane", "-p", "-J")
}

// styled is the same with escape sequences for bold, colours and the like.
func (s *terminal) styled() string {
	s.t.Helper()
	return s.do("capture-pane", "-p", "-J", "-e")
}

// waitScreen waits until all the texts are on the screen, in this order.
func (s *terminal) waitScreen(texts ...string) {
	s.t.Helper()
	s.waitLong(screenTime, texts...)
}

// waitLong is waitScreen for what takes a while.
func (s *terminal) waitLong(limit time.Duration, texts ...string) {
	s.t.Helper()
	s.untilBy(limit, s.screen, fmt.Sprintf("%q", texts), func(shown string) bool { return inOrder(shown, texts) })
}

// waitStyled is waitScreen with escape sequences.
func (s *terminal) waitStyled(texts ...string) {
	s.t.Helper()
	s.until(s.styled, fmt.Sprintf("%q", texts), func(shown string) bool { return inOrder(shown, texts) })
}

// until waits until the screen is as it should be.
func (s *terminal) until(screen func() string, what string, good func(shown string) bool) {
	s.t.Helper()
	s.untilBy(screenTime, screen, what, good)
}

func (s *terminal) untilBy(limit time.Duration, screen func() string, what string, good func(shown string) bool) {
	s.t.Helper()
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	deadline := time.After(limit)
	for {
		shown := screen()
		if good(shown) {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			s.t.Fatalf("%s: waited in vain for %s. The screen:\n%s", s.name, what, strings.ReplaceAll(blank.ReplaceAllString(shown, "\n"), "\x1b", "␛"))
		}
	}
}

// blank matches the empty lines of a screen, also those of WeeChat's frames.
var blank = regexp.MustCompile(`\n([│ ]*\n)+`)

// inOrder reports whether all the texts are there, each after the one before.
func inOrder(shown string, texts []string) bool {
	for _, text := range texts {
		_, rest, ok := strings.Cut(shown, text)
		if !ok {
			return false
		}
		shown = rest
	}
	return true
}
