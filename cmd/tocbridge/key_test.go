package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocbridge/bridge/seal"
	"tocbridge/config"
)

// makeKey makes a key in a file of this mode.
func makeKey(t *testing.T, path string, mode os.FileMode) *seal.Key {
	t.Helper()
	key, err := seal.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return key
}

// TestLoadKey: the file that is configured, else systemd's credential, else none.
func TestLoadKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	configured := makeKey(t, file, 0o600)
	for _, c := range []struct {
		name string
		mode os.FileMode // of the credential; 0: there is none
		file string
		want string // the key's id, "none", or in the error
	}{
		{"nothing", 0, "", "none"},
		{"the file", 0, file, configured.ID()},
		{"the file before the credential", 0o400, file, configured.ID()},
		{"the credential", 0o400, "", "credential"},
		{"the credential with an ACL", 0o440, "", "credential"},
		{"a bad credential", 0o444, "", "the systemd credential tocbridge-key: "},
		{"a missing file", 0o400, file + "x", "store.key_file: open " + file + "x: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := t.TempDir()
			t.Setenv("CREDENTIALS_DIRECTORY", given)
			var credential *seal.Key
			if c.mode != 0 {
				credential = makeKey(t, filepath.Join(given, "tocbridge-key"), c.mode)
			}
			key, err := loadKey(config.Store{KeyFile: c.file})
			switch {
			case c.want == "none" && (key != nil || err != nil),
				c.want == "credential" && (err != nil || key.ID() != credential.ID()),
				c.want == configured.ID() && (err != nil || key.ID() != c.want),
				strings.Contains(c.want, " ") && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, %v, want %s", key, err, c.want)
			}
		})
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if key, err := loadKey(config.Store{}); key != nil || err != nil {
		t.Errorf("without systemd: %v, %v", key, err)
	}
}

// TestBadKeyIsRefused: by serve and by check-config, in words, before anything listens.
func TestBadKeyIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	makeKey(t, path, 0o644)
	file := writeFile(t, "c.toml", "[irc]\nlisten = '127.0.0.1:0'\n[store]\npath = ':memory:'\nkey_file = '"+path+"'\n")
	for _, args := range [][]string{{"serve", "--config", file}, {"check-config", "--config", file}} {
		_, err := runNow(t, args...)
		if err == nil || !strings.Contains(err.Error(), "store.key_file: "+path+" may be read or written by others than its owner (mode 0644): chmod 600 it") {
			t.Errorf("%s: %v", args[0], err)
		}
	}
}
