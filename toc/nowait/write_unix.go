//go:build unix

package nowait

import (
	"errors"
	"syscall"
)

const canTry = true

// write is write(2) on a socket that does not block, as all of package net's.
func write(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
