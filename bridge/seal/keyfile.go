package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Load reads a key file: 32 bytes as they are, or 64 hex digits on one line. A file that somebody but its owner may read is
// refused. The errors say what to do.
func Load(path string) (*Key, error) { return load(path, 0o077) }

// LoadCredential reads a key that systemd hands over (LoadCredential=, LoadCredentialEncrypted=). Its file may show as readable by
// a group, because systemd gives a service access by an ACL, whose mask takes the place of the group's bits (acl(5)).
func LoadCredential(path string) (*Key, error) { return load(path, 0o007) }

func load(path string, forbidden fs.FileMode) (*Key, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hold us up
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&forbidden != 0:
		return nil, fmt.Errorf("%s may be read or written by others than its owner (mode %04o): chmod 600 it; if it has been so for long, make a new key", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	raw, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return NewKey(raw)
}

var (
	errNoKey   = errors.New("holds no key: needs 32 bytes or 64 hex digits, as tocbridge keygen writes them")
	errWeakKey = errors.New("holds no random key: all its bytes are the same")
)

// decode takes 32 bytes, or 64 hex digits with white space around them.
func decode(text []byte) ([]byte, error) {
	raw := text
	if len(text) != KeySize {
		digits := bytes.TrimSpace(text)
		raw = make([]byte, KeySize)
		if len(digits) != 2*KeySize {
			return nil, errNoKey
		}
		if _, err := hex.Decode(raw, digits); err != nil {
			return nil, errNoKey // hex's error would show a digit
		}
	}
	if bytes.Count(raw, raw[:1]) == len(raw) {
		return nil, errWeakKey
	}
	return raw, nil
}

// Create writes a new random key to a file that must not exist, readable by its owner only, and returns it.
func Create(path string) (*Key, error) {
	raw := make([]byte, KeySize)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("no random numbers: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "%x\n", raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return NewKey(raw)
}

// syncDir makes a new file's name last: a key that is lost with the power is lost with all that it sealed.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
