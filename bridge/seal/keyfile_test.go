package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// keyFile writes a file with this mode, whatever the umask is.
func keyFile(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	rawKey = "\x00\x01 a key of thirty-two bytes\xff\xfe\n\x00"
	hexKey = "0001206120" + "6b6579206f66207468697274792d74776f206279746573fffe0a00"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		mode       fs.FileMode
		want       string // in the error; empty: loads
	}{
		{"bytes", rawKey, 0o600, ""},
		{"digits", hexKey, 0o400, ""},
		{"digits, capitals, a line's end", strings.ToUpper(hexKey) + "\n", 0o600, ""},
		{"digits, DOS", " " + hexKey + "\r\n", 0o600, ""},
		{"empty", "", 0o600, "holds no key: needs 32 bytes or 64 hex digits, as tocbridge keygen writes them"},
		{"short", rawKey[:31], 0o600, "holds no key"},
		{"long", rawKey + "x", 0o600, "holds no key"},
		{"no digits", strings.Repeat("g", 64), 0o600, "holds no key"},
		{"far too long", strings.Repeat(hexKey, 100), 0o600, "holds no key"},
		{"all the same", strings.Repeat("00", 32), 0o600, "holds no random key"},
		{"all the same, bytes", strings.Repeat("k", 32), 0o600, "holds no random key"},
		{"group may read", hexKey, 0o640, "may be read or written by others than its owner (mode 0640): chmod 600 it"},
		{"others may read", hexKey, 0o604, "(mode 0604): chmod 600"},
		{"others may write", hexKey, 0o602, "(mode 0602): chmod 600"},
	} {
		path := keyFile(t, c.text, c.mode)
		k, err := Load(path)
		switch {
		case c.want == "" && (err != nil || k.ID() != testID(t)):
			t.Errorf("%s: %v, %v", c.name, k, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		case c.want != "" && len(c.text) > 8 && strings.Contains(strings.ReplaceAll(err.Error(), path, ""), c.text[:8]):
			t.Errorf("%s: the error shows what is in the file: %v", c.name, err)
		}
	}
}

// testID is the id of rawKey.
func testID(t *testing.T) string {
	t.Helper()
	k, err := NewKey([]byte(rawKey))
	if err != nil {
		t.Fatal(err)
	}
	return k.ID()
}

// TestCredentials: systemd gives access by an ACL, which shows as the group's bits.
func TestCredentials(t *testing.T) {
	t.Parallel()
	if k, err := LoadCredential(keyFile(t, hexKey, 0o440)); err != nil || k.ID() != testID(t) {
		t.Errorf("%v, %v", k, err)
	}
	if _, err := LoadCredential(keyFile(t, hexKey, 0o444)); err == nil {
		t.Error("a credential that all may read was taken")
	}
}

func TestLoadTakesFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory: %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(pipe); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a pipe: %v", err)
	}
	link := filepath.Join(dir, "link") // as Kubernetes mounts its secrets
	if err := os.Symlink(keyFile(t, hexKey, 0o400), link); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(link); err != nil {
		t.Errorf("a symbolic link: %v", err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	made, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) != 65 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	loaded, err := Load(path)
	if err != nil || loaded.ID() != made.ID() {
		t.Errorf("%v, %v, want %v", loaded, err, made)
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwrote: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(text, after) {
		t.Error("the key that was there changed")
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "such", "folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	other, err := Create(path + "2")
	if err != nil || other.ID() == made.ID() {
		t.Errorf("two keys are the same: %v", err)
	}
}
