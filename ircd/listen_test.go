package ircd_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// startUnix is start on a unix socket.
func startUnix(t testing.TB, tweak func(*server)) *server {
	t.Helper()
	s := newServer(t, tweak)
	s.addr = filepath.Join(t.TempDir(), "irc.sock")
	ln, err := ircd.Listen(t.Context(), "unix:"+s.addr, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s.serve(ln)
	return s
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "irc.sock")
	t.Run("while it runs", func(t *testing.T) {
		s := newServer(t, func(s *server) { s.Limits.PerAddr = 1 }) // which a unix socket has not
		ln, err := ircd.Listen(t.Context(), "unix:"+path, 0o620)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != fs.ModeSocket|0o620 {
			t.Errorf("%v, %v", info, err)
		}
		if got := ln.Addr(); got.Network() != "unix" || got.String() != path {
			t.Errorf("address %v", got)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		s.addr = path
		s.serve(ln)
		c, d := s.dial(), s.dial()
		c.Register("alice")
		d.Register("bob")
		c.Send("PRIVMSG alice :x")
		c.ExpectNext(":alice!alice@localhost PRIVMSG alice x")
		if got := s.lastCred(); got.Secure || got.RemoteAddr.Network() != "unix" {
			t.Errorf("got %+v", got)
		}
		if _, err := ircd.Listen(t.Context(), "unix:"+path, 0o600); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a second server: %v", err)
		}
		d.Sync() // and the first was not harmed
	})
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// A socket whose server died is replaced; anything else at its place is left alone.
func TestUnixSocketStale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "irc.sock")
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	ln, err := ircd.Listen(t.Context(), "unix:"+path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ircdtest.Dial(t, path)
	for range 2 {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ircd.Listen(t.Context(), "unix:"+path, 0o600); err == nil || !strings.Contains(err.Error(), "something else than a socket") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := ircd.Listen(t.Context(), "unix:"+filepath.Join(dir, "none", "irc.sock"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
	if _, err := ircd.Listen(t.Context(), "unix:"+filepath.Join(dir, strings.Repeat("x", 200)), 0o600); err == nil {
		t.Error("a name that no socket can have")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Closing removes the socket, unless it is another's by now.
func TestUnixSocketTakenOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "irc.sock")
	first, err := ircd.Listen(t.Context(), "unix:"+path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := ircd.Listen(t.Context(), "unix:"+path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	ircdtest.Dial(t, path)
}

func TestListenTCP(t *testing.T) {
	t.Parallel()
	ln, err := ircd.Listen(t.Context(), "127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := ircd.Listen(t.Context(), ln.Addr().String(), 0); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
}
