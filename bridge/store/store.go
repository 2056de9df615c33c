package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
	"weak"
)

// Memory is the path of a database that is private to its Store and gone with it.
const Memory = ":memory:"

// Options of a Store; the zero value is good.
type Options struct {
	Log *slog.Logger     // nil: none
	Now func() time.Time // for MaxAge; nil: time.Now

	// MaxAge and MaxEntries bound the history of an account: what is older, and
	// what is more, goes, not at once but soon. 0: no bound.
	MaxAge     time.Duration
	MaxEntries int

	// Trouble is called by the writer's goroutine when writing begins to fail,
	// with an error in words for a person, and with nil when it works again. It
	// must not call the Store.
	Trouble func(err error)

	// QueueBytes bounds what waits for the writer; 0: 8 MiB.
	QueueBytes int

	// ReadOnly opens a database only to read what is in it, also one that is in
	// use. It has to be there and of this program's version. Append, Put, Delete
	// and Wipe have no effect, and Search finds only words that are indexed.
	ReadOnly bool
}

// A Store is the history and the state of all accounts in one SQLite file. Its
// methods may be called from any goroutine.
type Store struct {
	path string
	o    Options
	log  *slog.Logger

	writing *sql.DB // one connection
	reading *sql.DB // a few; the same as writing when in memory

	lock    io.Closer     // nil: none needed
	wake    chan struct{} // something is queued
	hurry   chan struct{} // somebody waits for it
	search  chan struct{} // somebody waits for the words
	closing chan struct{} // closed by Close
	done    chan struct{} // closed when the writer has ended

	stmtsMu sync.Mutex // guards stmts
	stmts   map[string]*sql.Stmt

	mu       sync.Mutex // guards what follows
	queue    queue
	journal  journal
	seq      int64         // of the last message committed
	indexed  int64         // of the last one whose words are in the index
	wanted   int64         // up to where they are waited for
	wordless error         // why they cannot be had
	progress chan struct{} // closed and replaced whenever committed or trouble change
	trouble  error         // nil: writing works
	lastID   string
	closed   bool
	handles  map[string]weak.Pointer[Account]
}

// Open opens the database at path, makes it and its folder if need be, and
// brings an old one up to date. Somebody else's, a newer one and one in use are
// refused with ErrForeign, ErrNewer and ErrLocked.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if path != Memory {
		var err error
		if path, err = filepath.Abs(path); err != nil {
			return nil, fmt.Errorf("open the store: %w", err)
		}
	}
	s := newStore(path, o)
	w, err := s.open(ctx)
	if err != nil {
		return nil, errors.Join(wrap(path, "open", err), s.closeFiles())
	}
	if w == nil {
		close(s.done)
		return s, nil
	}
	go w.run()
	return s, nil
}

func newStore(path string, o Options) *Store {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 8 << 20
	}
	s := &Store{
		stmts: map[string]*sql.Stmt{},
		path:  path, o: o, log: o.Log,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), search: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
		progress: make(chan struct{}), handles: map[string]weak.Pointer[Account]{},
	}
	s.journal.open, s.journal.limit = openJournalFile, maxJournal
	return s
}

// open opens the files and brings the schema up to date. The writer is nil if
// nothing may be written.
func (s *Store) open(ctx context.Context) (*writer, error) {
	if s.o.ReadOnly {
		return nil, s.openReading(ctx)
	}
	if s.path != Memory {
		if err := s.claim(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if s.writing, err = sql.Open(driverName, dsn(s.path, true)); err != nil {
		return nil, err
	}
	s.writing.SetMaxOpenConns(1)
	if s.path == Memory {
		s.reading = s.writing
	}
	if err := migrate(ctx, s.writing); err != nil {
		return nil, err
	}
	w, err := newWriter(ctx, s)
	if err != nil {
		return nil, err
	}
	return w, w.start()
}

// claim makes the files that are not there, and makes them ours alone. A
// database that is not for us is left as it is.
func (s *Store) claim(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	lock, err := lockFile(s.path + "-lock")
	if err != nil {
		return err
	}
	s.lock = lock
	// SQLite would let the umask decide who may read it.
	f, err := os.OpenFile(s.path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := s.openReading(ctx); err != nil {
		return err
	}
	os.Remove(s.path + "-pending-new") // of a process that was ended while it wrote it
	s.journal.path = s.path + "-pending"
	s.journal.start()
	return nil
}

// maxReaders bounds the connections that read, and with them their page caches.
const maxReaders = 3

// openReading opens the connections that read, and looks at whose database it
// is.
func (s *Store) openReading(ctx context.Context) (err error) {
	if s.reading, err = sql.Open(driverName, dsn(s.path, false)); err != nil {
		return err
	}
	s.reading.SetMaxOpenConns(maxReaders)
	s.reading.SetConnMaxIdleTime(time.Minute)
	have, err := schemaVersion(ctx, s.reading)
	switch {
	case err != nil:
		return err
	case have > len(migrations), s.o.ReadOnly && have < len(migrations):
		return versionError(have)
	}
	return nil
}

func (s *Store) closeFiles() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := []error{s.journal.close()}
	if s.reading != nil && s.reading != s.writing {
		faults = append(faults, s.reading.Close())
	}
	if s.writing != nil {
		faults = append(faults, s.writing.Close())
	}
	if s.lock != nil {
		faults = append(faults, s.lock.Close())
	}
	return errors.Join(faults...)
}

// Close commits all that was appended, as far as the disk lets, and closes the
// database. What is called later has no effect, or ErrClosed.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.progressed()
	s.mu.Unlock()
	if !first {
		<-s.done
		return nil
	}
	close(s.closing)
	<-s.done
	return errors.Join(s.leftOver(), wrap(s.path, "close", s.closeFiles()))
}

// leftOver is an error if something could not be written.
func (s *Store) leftOver() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.queue.waiting()
	switch {
	case n == 0:
		return nil
	case s.journal.path != "" && s.journal.err == nil:
		return fmt.Errorf("%d changes wait in %s for the next start: %w", n, s.journal.path, s.trouble)
	}
	return fmt.Errorf("%d changes are lost: %w", n, s.trouble)
}

// Account is the handle of an account, the same one for as long as anybody
// holds it. There is no row of it before something is kept.
func (s *Store) Account(ctx context.Context, key string) (*Account, error) {
	if a := s.handle(key); a != nil {
		return a, nil
	}
	a, err := s.load(ctx, key)
	if err != nil {
		return nil, wrap(s.path, "load an account", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.handles[key].Value(); other != nil {
		return other, nil
	}
	s.handles[key] = a.register()
	return a, nil
}

func (s *Store) handle(key string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handles[key].Value()
}

// LastID is the greatest id of any entry ever appended.
func (s *Store) LastID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastID
}

func itoa(n int) string { return strconv.Itoa(n) }
