package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A file system of two megabytes, where one may be mounted.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no small file system can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A disk that is really full: the database, the journal and the index fail all
// at once. Appending goes on, and when there is room again, what was queued is
// written.
func TestDiskReallyFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	path := filepath.Join(dir, "tocbridge.db")
	told := make(chan error, 9)
	s := openAt(t, path, Options{Trouble: func(err error) { told <- err }})
	a := account(t, s, "alice")
	ballast := filepath.Join(dir, "ballast")
	full := strings.NewReader(strings.Repeat("x", 4<<20))
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := full.WriteTo(f); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const n = 3000
	for i := range n {
		a.Append(benchEntry(i))
	}
	if err := <-told; !errors.Is(err, ErrFull) && !errors.Is(err, ErrUnreachable) {
		t.Errorf("told %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil {
		t.Errorf("told %v", err)
	}
	if _, left, err := a.Since(t.Context(), "", 1, time.Time{}, nil); err != nil || left != n-1 {
		t.Errorf("%d left, %v", left, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.err != nil {
		t.Errorf("the journal: %v", s.journal.err)
	}
}

// A disk that may not be written any more.
func TestDiskReallyReadOnly(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	path := filepath.Join(dir, "tocbridge.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	account(t, s, "alice").Append(benchEntry(0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("it cannot be made read-only: %v", err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "check the permissions") {
		t.Errorf("opened with %v", err)
	}
}
