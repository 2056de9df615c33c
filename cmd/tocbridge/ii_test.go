package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ii is the barest of clients: no CAP, a directory for each channel, what comes
// is appended to files. It gets along as well.
func TestRealClientsII(t *testing.T) {
	t.Parallel()
	needPrograms(t, "ii")
	r := goRun(t, "demo", "--listen", "127.0.0.1:0")
	port := r.stdout.await(t, `Ready on 127\.0\.0\.1 port (\d+)\.`)
	dir := t.TempDir()
	cmd := exec.Command("ii", "-i", dir, "-s", "127.0.0.1", "-p", port, "-n", "alice")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, so not without an error
	})
	server := filepath.Join(dir, "127.0.0.1")
	awaitFile(t, filepath.Join(server, "out"), "This is the tocbridge demo")
	awaitFile(t, filepath.Join(server, "&buddies", "out"), "alice")
	writeFIFO(t, filepath.Join(server, "in"), "/j Polly hello\n")
	awaitFile(t, filepath.Join(server, "polly", "out"), "<Polly> Hello, alice!")
	writeFIFO(t, filepath.Join(server, "in"), "/j #lobby\n")
	awaitFile(t, filepath.Join(server, "#lobby", "out"), "alice")
	writeFIFO(t, filepath.Join(server, "#lobby", "in"), "Polly, who else is here?\n")
	awaitFile(t, filepath.Join(server, "#lobby", "out"), "<Polly>")
}

// awaitFile waits until the text is in a file.
func awaitFile(t *testing.T, path, text string) {
	t.Helper()
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	deadline := time.After(processTime)
	for {
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), text) {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%q is not in %s (%v):\n%s", text, path, err, content)
		}
	}
}

func writeFIFO(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
