package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A measured is a process under load, seen from outside through /proc.
type measured struct {
	*process
	addr string // where it listens
}

// withStore is the setting of a database of its own.
func withStore(t *testing.T) string {
	return fmt.Sprintf("store.path = %q", filepath.Join(t.TempDir(), "tocbridge.db"))
}

// startMeasured starts the built binary as a user would who has no need of limits: for IRC clients on a port of the
// system's choice, with more settings for the file; without a store, unless they say otherwise.
func startMeasured(t *testing.T, aim string, more ...string) *measured {
	t.Helper()
	if len(more) == 0 || !strings.HasPrefix(more[0], "store.path") {
		more = append(more, `store.path = "off"`)
	}
	file := filepath.Join(t.TempDir(), "tocbridge.toml")
	text := fmt.Sprintf("irc.listen = \"127.0.0.1:0\"\ntoc.server = %q\ntoc.pace = \"off\"\n"+
		"limits.connections = 0\nlimits.connections_per_address = 0\nlimits.unregistered_per_address = 0\nlimits.rate = 0\n%s\n",
		aim, strings.Join(more, "\n"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "serve", "--config", file)
	return &measured{process: p, addr: p.find("msg=listening address=")}
}

// resident is the memory of the process that is in RAM, in bytes.
func (m *measured) resident() int64 { return m.status("VmRSS:") }

// peak is the most that resident ever was.
func (m *measured) peak() int64 { return m.status("VmHWM:") }

func (m *measured) status(key string) int64 {
	m.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		m.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == key {
			kib, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				m.t.Fatal(err)
			}
			return kib << 10
		}
	}
	m.t.Fatalf("no %s in /proc", key)
	return 0
}

// processor is the processor time used so far by all threads.
func (m *measured) processor() time.Duration {
	m.t.Helper()
	var sum time.Duration
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", m.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		m.t.Fatalf("no threads in /proc: %v", err)
	}
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has just ended; Go keeps its threads
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			m.t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

var goroutineHead = regexp.MustCompile(`(?m)^goroutine \d+ `)

// goroutines ends the process by SIGQUIT, upon which Go's runtime prints the stack of each goroutine, and counts these.
func (m *measured) goroutines() int {
	m.t.Helper()
	_ = m.stop(syscall.SIGQUIT) // exit status 2
	return len(goroutineHead.FindAllString(m.output.String(), -1))
}

// watchResident samples resident memory until stop, which returns the highest.
func (m *measured) watchResident() (stop func() int64) {
	var most int64
	var wg sync.WaitGroup
	end := make(chan struct{})
	path := fmt.Sprintf("/proc/%d/statm", m.cmd.Process.Pid)
	wg.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			if text, err := os.ReadFile(path); err == nil {
				if f := bytes.Fields(text); len(f) > 1 {
					pages, _ := strconv.ParseInt(string(f[1]), 10, 64) // the kernel's own number
					most = max(most, pages*int64(os.Getpagesize()))
				}
			}
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	})
	return func() int64 {
		close(end)
		wg.Wait()
		return most
	}
}

func TestMeasuredProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	m := startMeasured(t, "127.0.0.1:1")
	if m.resident() < 1<<20 || m.peak() < m.resident()/2 || m.processor() <= 0 {
		t.Errorf("resident %d, peak %d, processor %v", m.resident(), m.peak(), m.processor())
	}
	stop := m.watchResident()
	if most := stop(); most < 1<<20 {
		t.Errorf("watched: %d bytes", most)
	}
	if n := m.goroutines(); n < 3 {
		t.Errorf("%d goroutines", n)
	}
}
