package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tocbridge/bridge/seal"
	"tocbridge/config"
)

// credential is the name under which systemd hands the key over (LoadCredential=tocbridge-key:…).
const credential = "tocbridge-key"

// loadKey reads the key that stored passwords are sealed with: the file of the configuration, else systemd's credential,
// else none.
func loadKey(c config.Store) (*seal.Key, error) {
	if c.KeyFile != "" {
		key, err := seal.Load(c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("store.key_file: %w", err)
		}
		return key, nil
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY") // systemd.exec(5)
	if dir == "" {
		return nil, nil
	}
	key, err := seal.LoadCredential(filepath.Join(dir, credential))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the systemd credential %s: %w", credential, err)
	}
	return key, nil
}
