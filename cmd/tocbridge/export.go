package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocbridge/bridge/store"
	"tocbridge/toc"
)

func exportCommand() *cobra.Command {
	var o archiveOptions
	cmd := &cobra.Command{
		Use:   "export FOLDER|-",
		Short: "Write the history down as text logs or JSON lines",
		Long: "Write the history down, in FOLDER or on standard output: as text logs in the manner of\n" +
			"ZNC, account/conversation/2026-11-22.log, or as JSON lines, which have everything and\n" +
			"can be imported again. It may be done while the bridge runs.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return export(cmd.Context(), o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd, "text")
	return cmd
}

// An exporter writes entries to a sink.
type exporter struct {
	store   *store.Store
	format  logFormat
	zone    *time.Location
	to      sink
	entries int
}

func export(ctx context.Context, o archiveOptions, where string, stdout, stderr io.Writer) (err error) {
	format, err := formatNamed(o.format)
	if err != nil {
		return err
	}
	zone, err := o.location()
	if err != nil {
		return err
	}
	s, _, err := openArchive(ctx, o, true, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ex := &exporter{store: s, format: format, zone: zone, to: &folderSink{folder: where, known: map[string]bool{}}}
	if where == "-" {
		buffered := bufio.NewWriter(stdout)
		defer func() { err = errors.Join(err, buffered.Flush()) }()
		ex.to = &streamSink{w: buffered, named: !format.stream}
	}
	defer func() { err = errors.Join(err, ex.to.close()) }()
	accounts, err := ex.chosen(ctx, o.account)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := ex.account(ctx, account); err != nil {
			return fmt.Errorf("export %s: %w", account, err)
		}
	}
	fmt.Fprintf(stderr, "Exported %d entries of %d accounts.\n", ex.entries, len(accounts))
	return nil
}

// chosen are the accounts to export: all, or the one named.
func (ex *exporter) chosen(ctx context.Context, name string) ([]string, error) {
	accounts, err := ex.store.Accounts(ctx)
	if err != nil || name == "" {
		return accounts, err
	}
	key := toc.ScreenName(name).Key()
	for _, a := range accounts {
		if a == key {
			return []string{key}, nil
		}
	}
	return nil, fmt.Errorf("there is no history of %s", name)
}

func (ex *exporter) account(ctx context.Context, key string) error {
	a, err := ex.store.Account(ctx, key)
	if err != nil {
		return err
	}
	names, err := ex.store.Conversations(ctx, key)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := a.Each(ctx, name, func(e store.Entry) error { return ex.entry(key, e) }); err != nil {
			return err
		}
	}
	return nil
}

func (ex *exporter) entry(account string, e store.Entry) error {
	lines, err := ex.format.lines(account, e, ex.zone)
	if err != nil || len(lines) == 0 {
		return err
	}
	w, err := ex.to.open(ex.format.name(account, e, ex.zone))
	if err != nil {
		return err
	}
	ex.entries++
	_, err = w.Write(lines)
	return err
}
