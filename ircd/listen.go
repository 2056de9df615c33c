package ircd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// unixScheme begins the address of a unix socket.
const unixScheme = "unix:"

// Listen opens a listener on host:port, or on a unix socket, "unix:/path", which gets these permission bits.
func Listen(ctx context.Context, addr string, mode fs.FileMode) (net.Listener, error) {
	if path, ok := strings.CutPrefix(addr, unixScheme); ok {
		return listenUnix(ctx, path, mode)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// unixListener removes its socket when it is closed.
type unixListener struct {
	net.Listener
	path string
	file os.FileInfo // the socket, as it was made
	once sync.Once
	err  error
}

// listenUnix makes the socket under another name, where nobody else may look, and moves it when its mode is right. That
// also replaces a stale one in a single step.
func listenUnix(ctx context.Context, path string, mode fs.FileMode) (_ net.Listener, err error) {
	if limit := len(syscall.RawSockaddrUnix{}.Path) - 1; len(path) > limit {
		return nil, fmt.Errorf("listen on %s: %d bytes, %d are the limit", path, len(path), limit) // clients could not use it
	}
	if err := checkStale(ctx, path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".irc")
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "s")
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", name)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove the name that we move away from
	file, err := publish(name, path, mode)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", path, err), ln.Close())
	}
	return &unixListener{Listener: ln, path: path, file: file}, nil
}

// publish gives a socket its mode and then its name.
func publish(from, to string, mode fs.FileMode) (os.FileInfo, error) {
	if err := os.Chmod(from, mode.Perm()); err != nil {
		return nil, err
	}
	file, err := os.Lstat(from)
	if err != nil {
		return nil, err
	}
	return file, os.Rename(from, to)
}

// checkStale refuses a path that somebody else needs: one where a server answers, or that is no socket at all.
func checkStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("listen on %s: %w", path, err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen on %s: there is something else than a socket", path)
	}
	nc, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = nc.Close()
		return fmt.Errorf("listen on %s: %w", path, syscall.EADDRINUSE)
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil // its server has gone without removing it
	}
	return fmt.Errorf("listen on %s: is the socket there in use? %w", path, err)
}

// Addr is the path.
func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

// Close closes the listener and removes the socket, unless another has taken its place.
func (l *unixListener) Close() error {
	l.once.Do(func() {
		if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.file) {
			l.err = os.Remove(l.path)
		}
		l.err = errors.Join(l.err, l.Listener.Close())
	})
	return l.err
}
