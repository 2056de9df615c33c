package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocbridge/bridge/store"
	"tocbridge/config"
)

// archiveOptions are the flags of export and import.
type archiveOptions struct {
	file, database, account, format, zone string
}

// flags gives cmd the flags, with the format that it takes if none is named.
func (o *archiveOptions) flags(cmd *cobra.Command, format string) {
	cmd.Flags().StringVarP(&o.file, "config", "c", "", "configuration `file` (TOML)")
	cmd.Flags().StringVar(&o.database, "store", "", "database `file`, instead of store.path")
	cmd.Flags().StringVar(&o.account, "account", "", "only this `screenname`")
	cmd.Flags().StringVar(&o.format, "format", format, "`text` or jsonl")
	cmd.Flags().StringVar(&o.zone, "zone", "Local", "time `zone` of text logs, such as UTC or Europe/Berlin")
}

// location is the time zone.
func (o *archiveOptions) location() (*time.Location, error) {
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return nil, fmt.Errorf("--zone: %w", err)
	}
	return zone, nil
}

// openArchive opens the configured store, of which nothing is to be deleted now.
func openArchive(ctx context.Context, o archiveOptions, reading bool, stderr io.Writer) (*store.Store, config.Store, error) {
	var flags []config.Flag
	if o.database != "" {
		flags = append(flags, config.Flag{Name: "--store", Key: "store.path", Value: o.database})
	}
	c, err := config.Load(o.file, flags...)
	if err != nil {
		return nil, c.Store, err
	}
	at, err := storePath(c.Store)
	if err != nil {
		return nil, c.Store, err
	}
	if at == inMemory {
		return nil, c.Store, errors.New("store.path is " + inMemory + ": there is no history but a running tocbridge's own")
	}
	with := store.Options{Log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if !reading {
		s, err := store.Open(ctx, at, with)
		if errors.Is(err, store.ErrLocked) {
			err = fmt.Errorf("%w Stop it for the import", err)
		}
		return s, c.Store, err
	}
	if _, err := os.Stat(at); err != nil {
		return nil, c.Store, fmt.Errorf("there is no history yet: %w", err)
	}
	// A bridge that runs meanwhile has it; what it was told in the last moment may be missing.
	s, err := store.Open(ctx, at, with)
	if errors.Is(err, store.ErrLocked) || errors.Is(err, store.ErrReadOnly) {
		with.ReadOnly = true
		s, err = store.Open(ctx, at, with)
	}
	return s, c.Store, err
}

// An archived entry is a line of JSON.
type archived struct {
	Account string    `json:"account"`
	Target  string    `json:"target"`
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Out     bool      `json:"out,omitempty"`
	From    string    `json:"from"`
	Command string    `json:"command"`
	Text    string    `json:"text,omitempty"`
	Tags    string    `json:"tags,omitempty"`
}

// A logFormat is a way to write entries down.
type logFormat struct {
	ending  string
	stream  bool // in one stream, entries of all files are told apart by themselves
	name    func(account string, e store.Entry, zone *time.Location) string
	lines   func(account string, e store.Entry, zone *time.Location) ([]byte, error)
	restore func(im *importer, ctx context.Context, f source) error
}

var logFormats = map[string]logFormat{
	"text": {
		ending: ".log",
		name: func(account string, e store.Entry, zone *time.Location) string {
			return path.Join(escape(account), escape(e.Target), e.Time.In(zone).Format(time.DateOnly)+".log")
		},
		lines: func(_ string, e store.Entry, zone *time.Location) ([]byte, error) {
			var b []byte
			for _, line := range textLines(e, zone) {
				b = append(append(b, line...), '\n')
			}
			return b, nil
		},
		restore: (*importer).text,
	},
	"jsonl": {
		ending: ".jsonl", stream: true,
		name: func(account string, e store.Entry, _ *time.Location) string {
			return path.Join(escape(account), escape(e.Target)+".jsonl")
		},
		lines: func(account string, e store.Entry, _ *time.Location) ([]byte, error) {
			b, err := json.Marshal(archived{account, e.Target, e.ID, e.Time, e.Out, e.From, e.Command, e.Text, e.Tags})
			return append(b, '\n'), err
		},
		restore: (*importer).jsonLines,
	},
}

func formatNamed(name string) (logFormat, error) {
	f, ok := logFormats[name]
	if !ok {
		return f, fmt.Errorf("--format: needs text or jsonl, not %q", name)
	}
	return f, nil
}

// escape makes a file name of the name of an account or a conversation, one that
// every system takes and url.PathUnescape reads.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c < ' ' || c == 0x7f || strings.IndexByte(`/\%:*?"<>|`, c) >= 0 || c == '.' && (i == 0 || i == len(name)-1) {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// unescape undoes escape; a name that was not made by it may stay as it is.
func unescape(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

// A sink takes the files of an export, one after another.
type sink interface {
	// open makes name the file that is written to, further if it was before.
	open(name string) (io.Writer, error)
	close() error
}

// A folderSink makes files that only their owner may read.
type folderSink struct {
	folder string
	known  map[string]bool
	name   string
	f      *os.File
}

func (s *folderSink) open(name string) (io.Writer, error) {
	if s.f != nil && s.name == name {
		return s.f, nil
	}
	if err := s.close(); err != nil {
		return nil, err
	}
	full := filepath.Join(s.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return nil, err
	}
	flag := os.O_TRUNC // an older export
	if s.known[name] {
		flag = os.O_APPEND
	}
	f, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE|flag, 0o600)
	s.f, s.name, s.known[name] = f, name, true
	return f, err
}

func (s *folderSink) close() error {
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	s.f = nil
	return err
}

// A streamSink writes everything behind one another, with the names in between
// if there are to be any.
type streamSink struct {
	w     io.Writer
	named bool
	name  string
}

func (s *streamSink) open(name string) (io.Writer, error) {
	if !s.named || s.name == name {
		return s.w, nil
	}
	s.name = name
	_, err := fmt.Fprintf(s.w, "==> %s <==\n", name)
	return s.w, err
}

func (s *streamSink) close() error { return nil }
