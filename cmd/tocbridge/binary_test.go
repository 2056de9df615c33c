package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const processTime = 60 * time.Second // to start, or to end

// binaryDir is made and removed by TestMain.
var binaryDir string

var builtBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "tocbridge")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if role, arg, ok := strings.Cut(os.Getenv(roleEnv), " "); ok {
		os.Exit(playRole(role, arg))
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	if err := os.Setenv("TOCBRIDGE_STORE_PATH", inMemory); err != nil { // tests in this process leave no file behind
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var err error
	if binaryDir, err = os.MkdirTemp("", "tocbridge-test"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(binaryDir)
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// binary builds the program, once a run of the tests.
func binary(t *testing.T) string {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatalf("go build: %v", err)
	}
	return path
}

// A process is a running tocbridge.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error // of Wait; after ended
	output lineBuffer
}

// start runs the built binary; a test that does not end it gets it killed.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, exec.CommandContext(context.Background(), binary(t), args...))
}

// startCommand is start for a command line that ends in the program; its Env is
// added to the environment.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	p.output.changed = make(chan struct{})
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if !slices.ContainsFunc(p.cmd.Env, func(v string) bool { return strings.HasPrefix(v, "XDG_STATE_HOME=") }) {
		p.cmd.Env = append(p.cmd.Env, "XDG_STATE_HOME="+t.TempDir())
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOCBRIDGE_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		p.output.fill(r)
		close(read)
	}()
	go func() {
		p.err = p.cmd.Wait()
		w.Close()
		<-read // the last line counts too
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // has ended already in most tests
		<-p.ended
		if t.Failed() {
			t.Logf("%q said:\n%s", cmd.Args, p.output.tail(100))
		}
	})
	return p
}

// find waits for a line with the prefix in it and returns the word after it.
func (p *process) find(prefix string) string {
	p.t.Helper()
	deadline := time.After(processTime)
	for {
		text, changed := p.output.now()
		if _, rest, ok := strings.Cut(text, prefix); ok && strings.Contains(rest, "\n") {
			return strings.Fields(rest)[0]
		}
		select {
		case <-changed:
		case <-p.ended:
			p.t.Fatalf("ended without having said %q:\n%s", prefix, p.output.String())
		case <-deadline:
			p.t.Fatalf("did not say %q:\n%s", prefix, p.output.String())
		}
	}
}

// stop sends a signal and returns what the process ends with.
func (p *process) stop(sig syscall.Signal) error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
		return p.err
	case <-time.After(processTime):
		p.t.Fatalf("still there %v after %v", processTime, sig)
		return nil
	}
}

// A lineBuffer collects output that somebody may wait for.
type lineBuffer struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed and replaced at every line
}

func (b *lineBuffer) fill(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		b.mu.Lock()
		b.text.WriteString(line)
		close(b.changed)
		b.changed = make(chan struct{})
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (b *lineBuffer) now() (text string, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String(), b.changed
}

func (b *lineBuffer) String() string {
	text, _ := b.now()
	return text
}

// tail is the last so many lines.
func (b *lineBuffer) tail(n int) string {
	lines := strings.SplitAfter(b.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
