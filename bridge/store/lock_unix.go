//go:build unix && !solaris && !aix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// lockFile takes a lock that no two processes can have, nor two stores of one,
// and that goes with the process. The file stays: without it the lock of one
// who waits for the old file and that of one who makes a new one would be two.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return locked{f}, nil
}

type locked struct{ *os.File }

// Close gives the lock back before it closes: a process that is just being
// started by somebody else in this one still has the file until it executes, and
// with it the lock.
func (l locked) Close() error {
	return errors.Join(syscall.Flock(int(l.Fd()), syscall.LOCK_UN), l.File.Close())
}
