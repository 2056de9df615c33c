package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// What can be wrong with a store. The error that Open, a reading method or
// Options.Trouble gives wraps one of them, and says which file and what to do.
var (
	ErrCorrupt     = errors.New("the database is damaged")
	ErrForeign     = errors.New("that is not a database of tocbridge")
	ErrNewer       = errors.New("the database is from a newer tocbridge")
	ErrLocked      = errors.New("the database is in use")
	ErrReadOnly    = errors.New("the database cannot be written")
	ErrFull        = errors.New("the disk is full")
	ErrUnreachable = errors.New("the database cannot be reached")
	ErrClosed      = errors.New("the store is closed")
	ErrNoSuchID    = errors.New("no message with that id")
)

// advice is what a person can do about it.
var advice = map[error]string{
	ErrCorrupt:     "stop tocbridge, move the file away (sqlite3's .recover may save what is in it) and start again",
	ErrForeign:     "give [store] path another name",
	ErrNewer:       "install that version again, or give [store] path another name",
	ErrLocked:      "is another tocbridge running with the same [store] path?",
	ErrReadOnly:    "check the permissions of the file and its folder",
	ErrFull:        "free some space",
	ErrUnreachable: "check the folder, its permissions and the disk",
}

// kindOf is the one of our errors that err is, or comes to; nil if none.
func kindOf(err error) error {
	for kind := range advice {
		if errors.Is(err, kind) {
			return kind
		}
	}
	if kind := class(err); kind != nil {
		return kind
	}
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	case errors.As(err, &path):
		return ErrUnreachable
	}
	return nil
}

// wrap says in words what went wrong with the database at path, and in brackets
// what was being done and how the system put it.
func wrap(path, doing string, err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	switch {
	case kind == nil:
		return fmt.Errorf("%s: %s: %w", path, doing, err)
	case errors.Is(err, kind):
		return fmt.Errorf("%s: %w; %s", path, err, advice[kind])
	}
	return fmt.Errorf("%s: %w; %s (%s: %w)", path, kind, advice[kind], doing, err)
}
