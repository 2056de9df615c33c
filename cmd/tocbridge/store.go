package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"tocbridge/bridge/store"
	"tocbridge/config"
)

// inMemory is the path of a store that ends with the process.
const inMemory = ":memory:"

// noStore is the path of none at all.
const noStore = "off"

// kept is a store and what is to be said of it.
type kept struct {
	store   *store.Store
	trouble string        // for users: why nothing outlives the process
	ready   chan struct{} // to be closed when trouble may be told
}

// storePath is where the store is: as the XDG Base Directory Specification has it, unless the configuration says where.
func storePath(c config.Store) (string, error) {
	if c.Path != "" {
		return c.Path, nil
	}
	base := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) { // the specification has a relative one ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("store.path is not set, and there is no place for the store: %w", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "tocbridge", "tocbridge.db"), nil
}

// openStore opens the store. One that cannot be opened is no reason not to chat: memory takes its place, and everybody
// is told.
func openStore(ctx context.Context, c config.Store, log *slog.Logger, told func(error)) kept {
	k := kept{ready: make(chan struct{})}
	if c.Path == noStore {
		return k
	}
	o := store.Options{Log: log, MaxAge: c.MaxAge, MaxEntries: c.MaxMessages, Trouble: func(err error) {
		<-k.ready
		told(err)
	}}
	path, err := storePath(c)
	if err == nil {
		k.store, err = store.Open(ctx, path, o)
	}
	if err == nil {
		return k
	}
	log.Error("history and settings will not outlive this process", "err", err)
	k.trouble = "The server cannot open its database: history and settings last only until it is restarted. Please tell its administrator."
	if k.store, err = store.Open(ctx, inMemory, o); err != nil {
		log.Error("no history is kept", "err", err)
		k.store = nil
	}
	return k
}

func (a *app) closeStore() error {
	if a.store == nil {
		return nil
	}
	if err := a.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
