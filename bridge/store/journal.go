package store

import (
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	// maxJournal bounds the journal file. It gets near it only while the
	// database cannot be written.
	maxJournal = 64 << 20
	// rewriteJournal is the size from which on the journal is written anew with
	// nothing but what is still queued.
	rewriteJournal = 16 << 20
	// truncateJournal is the size from which on it is emptied as soon as
	// nothing is queued, and not later when there is time.
	truncateJournal = 256 << 10
)

var errJournalFull = errors.New("the file is as long as it may be")

// journalFile is what the journal needs of a file, opened for appending.
type journalFile interface {
	io.WriteCloser
	Truncate(size int64) error
}

func openJournalFile(path string, flag int) (journalFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flag, 0o600)
}

// A journal is the file with the records that are queued and not yet in the
// database: everything queued is in it before enqueue returns, by one write(2).
// The kernel has it then, whatever becomes of the process. It is not synced: the
// end of the machine is another matter.
//
// What has been committed may still be in it. Doing ops again, in their order
// and up to the last, changes nothing. Guarded by Store.mu.
type journal struct {
	path  string // "": there is none
	limit int64  // of its size
	open  func(path string, flag int) (journalFile, error)
	f     journalFile
	size  int64
	err   error // why records are not written; nil: they are
}

// start opens the file. It goes on with what is there.
func (j *journal) start() {
	if j.path == "" {
		return
	}
	f, err := j.open(j.path, 0)
	if err != nil {
		j.err = err
		return
	}
	j.f = f
	if info, err := os.Stat(j.path); err == nil {
		j.size = info.Size()
	}
}

// write appends records and says whether they are safe there.
func (j *journal) write(records []byte) bool {
	if j.path == "" {
		return false
	}
	if j.err == nil && j.size+int64(len(records)) > j.limit {
		j.err = errJournalFull
	}
	if j.err != nil {
		return false
	}
	n, err := j.f.Write(records)
	if err == nil && n < len(records) {
		err = io.ErrShortWrite
	}
	if err != nil {
		// Half a record would hide those after it.
		j.err = errors.Join(err, j.f.Truncate(j.size))
		return false
	}
	j.size += int64(n)
	return true
}

// empty makes the file empty, which heals it too. Nothing may be queued.
func (j *journal) empty() {
	if j.path == "" || (j.size == 0 && j.err == nil) {
		return
	}
	if j.f == nil {
		if j.start(); j.f == nil {
			return
		}
	}
	if j.err = j.f.Truncate(0); j.err == nil {
		j.size = 0
	}
}

// rewrite puts a new file with these chunks in the place of the old one.
func (j *journal) rewrite(chunks []*chunk) {
	if j.path == "" {
		return
	}
	f, size, err := j.writeNew(chunks)
	if err == nil {
		err = os.Rename(j.path+"-new", j.path)
	}
	if err != nil {
		if f != nil {
			f.Close()
			os.Remove(j.path + "-new") // it may be what fills the disk
		}
		j.err = err
		return
	}
	j.close()
	j.f, j.size, j.err = f, size, nil
	for _, c := range chunks {
		c.unsafe = false
	}
}

func (j *journal) writeNew(chunks []*chunk) (f journalFile, size int64, err error) {
	if f, err = j.open(j.path+"-new", os.O_TRUNC); err != nil {
		return nil, 0, err
	}
	for _, c := range chunks {
		n, err := f.Write(c.buf)
		if err != nil {
			return f, 0, err
		}
		size += int64(n)
	}
	return f, size, nil
}

func (j *journal) close() error {
	if j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	return err
}

// readJournal calls fn with pieces of about limit bytes of whole records from
// the file, and returns the length of the rest that is none.
func readJournal(path string, limit int, fn func(*chunk) error) (torn int, err error) {
	all, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	for len(all) > 0 {
		c := wholeRecords(all, limit)
		if c.n == 0 {
			return len(all), nil
		}
		if err := fn(c); err != nil {
			return 0, fmt.Errorf("replay the journal: %w", err)
		}
		all = all[len(c.buf):]
	}
	return 0, nil
}

// wholeRecords is the part of b that is whole records, up to about limit bytes.
func wholeRecords(b []byte, limit int) *chunk {
	c := &chunk{}
	rest := b
	for len(rest) > 0 && len(b)-len(rest) < limit {
		_, next, err := nextOp(rest)
		if err != nil {
			break
		}
		rest = next
		c.n++
	}
	c.buf = b[:len(b)-len(rest)]
	return c
}
