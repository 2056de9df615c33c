package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocbridge/bridge/store"
	"tocbridge/config"
	"tocbridge/ircd"
	"tocbridge/toc"
)

const (
	// maxLogLine bounds a line of what is imported.
	maxLogLine = 4 << 20
	// futureSlack is how far in the future an entry may be: what is later would
	// push the ids of new messages there.
	futureSlack = 24 * time.Hour
)

func importCommand() *cobra.Command {
	var o archiveOptions
	cmd := &cobra.Command{
		Use:   "import FOLDER|FILE|-",
		Short: "Take text logs or JSON lines into the history",
		Long: "Take what export wrote, or logs in the manner of ZNC, into the history. Nothing is there\n" +
			"twice, however often it is imported. With --account, folders of conversations are that\n" +
			"account's, as in a folder of ZNC's: conversation/2026-11-22.log. The bridge must not run.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return importLogs(cmd.Context(), o, args[0], cmd.InOrStdin(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd, "")
	cmd.Flags().Lookup("account").Usage = "take everything as this `screenname`'s"
	cmd.Flags().Lookup("format").Usage = "`text` or jsonl; if not given, as the names of files end, and jsonl on standard input"
	return cmd
}

// A source is a file to import.
type source struct {
	name string // as it is shown
	path string // below the folder, with slashes
	io.Reader
}

// An importer takes sources into a store.
type importer struct {
	store   *store.Store
	account string // "": as the sources say
	zone    *time.Location
	latest  time.Time // what is later is refused
	limits  config.Store

	before         map[*store.Account]int // how many entries the accounts had
	read, odd, old int                    // entries; lines that are none; entries that are soon too old
}

func importLogs(ctx context.Context, o archiveOptions, from string, stdin io.Reader, stderr io.Writer) (err error) {
	if o.format != "" {
		if _, err := formatNamed(o.format); err != nil {
			return err
		}
	}
	zone, err := o.location()
	if err != nil {
		return err
	}
	s, limits, err := openArchive(ctx, o, false, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	im := &importer{store: s, account: toc.ScreenName(o.account).Key(), zone: zone, latest: time.Now().Add(futureSlack), limits: limits, before: map[*store.Account]int{}}
	if from == "-" {
		format := o.format
		if format == "" {
			format = "jsonl"
		}
		err = logFormats[format].restore(im, ctx, source{"standard input", "", stdin})
	} else {
		err = im.files(ctx, from, o.format)
	}
	if err != nil {
		return err
	}
	return im.report(ctx, stderr)
}

func (im *importer) report(ctx context.Context, w io.Writer) error {
	added, err := im.added(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Imported %d entries; %d were there already.\n", added, im.read-added)
	if im.odd > 0 {
		fmt.Fprintf(w, "%d lines are none that tocbridge knows; they were left out.\n", im.odd)
	}
	if im.old > 0 {
		fmt.Fprintf(w, "%d entries are older than store.max_age (%v): they will be deleted when tocbridge starts. Set a longer one, or \"0s\" for none.\n", im.old, im.limits.MaxAge)
	}
	return nil
}

// files imports a file, or all logs in a folder in the order of their names.
func (im *importer) files(ctx context.Context, root, format string) error {
	return filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, ok := formatOf(full, format)
		if !ok || !d.Type().IsRegular() {
			return nil
		}
		below, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		file, err := os.Open(full)
		if err != nil {
			return err
		}
		defer file.Close()
		return f.restore(im, ctx, source{full, filepath.ToSlash(below), file})
	})
}

// formatOf is the format of a file by its name, if it is the one wanted.
func formatOf(name, wanted string) (logFormat, bool) {
	for id, f := range logFormats {
		if strings.HasSuffix(name, f.ending) && (wanted == "" || wanted == id) {
			return f, true
		}
	}
	return logFormat{}, false
}

// lines calls fn with every line of a source; its error gets the line's place.
func (f source) lines(ctx context.Context, fn func(line []byte) error) error {
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, maxLogLine)
	n := 0
	for scan.Scan() {
		n++
		err := ctx.Err()
		if err == nil {
			err = fn(scan.Bytes())
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", f.name, n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", f.name, n+1, err)
	}
	return nil
}

var (
	plausibleID      = regexp.MustCompile(`^[!-~]{1,64}$`)
	plausibleCommand = regexp.MustCompile(`^[A-Z]{3,16}$`)
)

// jsonLines imports what has everything.
func (im *importer) jsonLines(ctx context.Context, f source) error {
	return f.lines(ctx, func(line []byte) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		var l archived
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return fmt.Errorf("not a line of an export: %w", err)
		}
		if im.account != "" {
			l.Account = im.account
		}
		e := store.Entry{ID: l.ID, Time: l.Time, Target: l.Target, Out: l.Out, From: l.From, Command: l.Command, Text: l.Text, Tags: l.Tags}
		switch {
		case l.Account == "" || l.Target == "" || l.Time.IsZero():
			return errors.New("account, target and time have to be there")
		case !plausibleID.MatchString(l.ID):
			return fmt.Errorf("%q is no id", l.ID)
		case !plausibleCommand.MatchString(l.Command):
			return fmt.Errorf("%q is no command", l.Command)
		}
		return im.add(ctx, toc.ScreenName(l.Account).Key(), e)
	})
}

// add appends an entry. The store leaves out one that is there.
func (im *importer) add(ctx context.Context, account string, e store.Entry) error {
	if e.Time.After(im.latest) {
		return fmt.Errorf("%s is in the future", e.Time.Format(time.RFC3339))
	}
	a, err := im.store.Account(ctx, account)
	if err != nil {
		return err
	}
	im.read++
	if im.limits.MaxAge > 0 && e.Time.Before(im.latest.Add(-futureSlack-im.limits.MaxAge)) {
		im.old++
	}
	if _, counted := im.before[a]; !counted {
		if im.before[a], err = count(ctx, a); err != nil {
			return err
		}
	}
	a.Append(e)
	return nil
}

// count is how many entries an account has.
func count(ctx context.Context, a *store.Account) (int, error) {
	some, left, err := a.Since(ctx, "", 1, time.Time{}, nil)
	return len(some) + left, err
}

// added is how many entries the accounts have more than before.
func (im *importer) added(ctx context.Context) (n int, err error) {
	for a, before := range im.before {
		now, err := count(ctx, a)
		if err != nil {
			return 0, err
		}
		n += now - before
	}
	return n, nil
}

// A section is a day of a conversation of a text log.
type section struct {
	account, target string
	day             time.Time
	known           map[string]int // how often each line is in the history and not yet in the log
	second          map[int64]int  // lines of each second so far
}

var fileHeading = regexp.MustCompile(`^==> (.+) <==$`)

// text imports a text log, or several with headings in one stream.
func (im *importer) text(ctx context.Context, f source) error {
	var sec *section
	var err error
	if f.path != "" {
		if sec, err = im.section(ctx, f.path); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return f.lines(ctx, func(line []byte) error {
		if m := fileHeading.FindSubmatch(line); m != nil && f.path == "" {
			sec, err = im.section(ctx, string(m[1]))
			return err
		}
		if sec == nil {
			return errors.New("a heading such as ==> account/conversation/2026-11-22.log <== has to come first")
		}
		return im.textLine(ctx, sec, string(line))
	})
}

// section finds out from its path what a log is of, and what of it is known.
func (im *importer) section(ctx context.Context, path string) (*section, error) {
	parts := strings.Split(strings.TrimSuffix(path, ".log"), "/")
	day, err := time.ParseInLocation(time.DateOnly, parts[len(parts)-1], im.zone)
	if err != nil || len(parts) < 2 || len(parts) < 3 && im.account == "" {
		return nil, errors.New("the name is not of the form account/conversation/2026-11-22.log")
	}
	sec := &section{account: im.account, target: unescape(parts[len(parts)-2]), day: day, known: map[string]int{}, second: map[int64]int{}}
	if sec.account == "" {
		sec.account = toc.ScreenName(unescape(parts[len(parts)-3])).Key()
	}
	if strings.HasPrefix(sec.target, "#") || strings.HasPrefix(sec.target, "&") {
		sec.target = ircd.Fold(sec.target)
	} else {
		sec.target = toc.ScreenName(sec.target).Key()
	}
	a, err := im.store.Account(ctx, sec.account)
	if err != nil {
		return nil, err
	}
	there, err := a.History(ctx, store.Range{
		Target: sec.target, After: store.Point{Time: day.Add(-time.Millisecond)}, Before: store.Point{Time: day.AddDate(0, 0, 1)},
	})
	for _, e := range there {
		for _, line := range textLines(e, im.zone) {
			sec.known[line]++
		}
	}
	return sec, err
}

// textLine imports a line of a text log. One that the history has as often as
// the log, from an import before or because it was exported from there, is
// known. The id of another is made from where it is in the log and what it says.
func (im *importer) textLine(ctx context.Context, sec *section, line string) error {
	e, ok := readText(line, sec.account, sec.day)
	if !ok {
		im.odd++
		return nil
	}
	e.Target = sec.target
	canonical := strings.Join(textLines(e, im.zone), "\n")
	n := sec.second[e.Time.Unix()]
	sec.second[e.Time.Unix()]++
	if sec.known[canonical] > 0 {
		sec.known[canonical]--
		im.read++
		return nil
	}
	e.Time = e.Time.Add(time.Duration(min(n, 999)) * time.Millisecond)
	e.ID = store.TimeID(e.Time, digest(sec.account, sec.target, canonical, fmt.Sprint(n)))
	return im.add(ctx, sec.account, e)
}

// digest is ten characters of base 32 made from texts.
func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:]))[:10]
}
