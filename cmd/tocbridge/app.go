package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"tocbridge/bridge"
	"tocbridge/bridge/store"
	"tocbridge/config"
	"tocbridge/ircd"
)

// shutdownTime is the budget of an orderly end, all steps together.
const shutdownTime = 5 * time.Second

// An app is an IRC server with a bridge behind it.
type app struct {
	irc       *ircd.Server
	bridge    *bridge.Bridge
	store     *store.Store
	log       *slog.Logger
	listeners []door
	cert      *ircd.Certificate // nil: none
	hangup    <-chan os.Signal  // SIGHUP; nil: not ours
	last      []step            // what else to stop, after the bridge
}

// A step is a part of the shutdown and the share of the budget it may take;
// what it leaves over is the next ones'.
type step struct {
	name string
	time time.Duration
	stop func(context.Context) error
}

// newApp puts the parts together. The options hold what is not to be taken from
// the configuration as it stands; names and logger are filled in.
func newApp(ctx context.Context, c config.Config, log *slog.Logger, o bridge.Options) (*app, error) {
	motd, err := readMOTD(c.IRC.MOTDFile)
	if err != nil {
		return nil, err
	}
	var b *bridge.Bridge
	kept := openStore(ctx, c.Store, log, func(err error) { b.StoreTrouble(err) })
	o.IRCName, o.Log = c.IRC.Hostname, log
	o.Store, o.StoreTrouble = kept.store, kept.trouble
	b = bridge.New(o)
	close(kept.ready)
	return &app{
		bridge: b,
		store:  kept.store,
		log:    log,
		irc: &ircd.Server{
			Name: c.IRC.Hostname, Network: c.IRC.Network, Version: "tocbridge-" + version(),
			MOTD: motd, ISupport: b.ISupport(), ChannelModes: channelModes(b.ISupport()), UserModes: bridge.UserModes,
			Backend: b, Commands: b.Commands(), Count: b.Count, Limits: limits(c.Limits), Log: log,
		},
	}, nil
}

// channelModes are the letters of 004, as the tokens of 005 have them: those of
// CHANMODES=be,,,nt and of PREFIX=(ov)@+.
func channelModes(tokens []string) string {
	var letters []rune
	for _, token := range tokens {
		name, value, _ := strings.Cut(token, "=")
		switch name {
		case "CHANMODES":
			letters = append(letters, []rune(strings.ReplaceAll(value, ",", ""))...)
		case "PREFIX":
			modes, _, _ := strings.Cut(strings.TrimPrefix(value, "("), ")")
			letters = append(letters, []rune(modes)...)
		}
	}
	slices.Sort(letters)
	return string(letters)
}

// limits are the server's limits under its own names.
func limits(l config.Limits) ircd.Limits {
	return ircd.Limits{
		Conns: l.Connections, PerAddr: l.ConnectionsPerAddress,
		PerAddrUnregistered: l.UnregisteredPerAddress, LoginFailures: l.LoginFailures,
		Register: l.Register, Ping: l.Ping, Pong: l.Pong, Write: l.Write,
		SendQ: l.SendQ, RecvQ: l.RecvQ, Burst: l.Burst, Rate: l.Rate,
	}
}

// readMOTD reads the message of the day, none if there is no path.
func readMOTD(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("irc.motd_file: %w", err)
	}
	defer f.Close()
	var lines []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		lines = append(lines, strings.ToValidUTF8(scan.Text(), "\uFFFD"))
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("irc.motd_file: read %s: %w", path, err)
	}
	return lines, nil
}

// run serves until ctx ends or a listener fails, then shuts everything down.
func (a *app) run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	for _, ln := range a.listeners {
		g.Go(func() error {
			// Not under running: its end would cut clients off that shutdown tells first.
			err := a.irc.ServeWay(context.WithoutCancel(ctx), ln.Listener, ln.way)
			if errors.Is(err, ircd.ErrServerClosed) {
				return nil
			}
			return fmt.Errorf("serve %s: %w", ln.Addr(), err)
		})
	}
	g.Go(func() error {
		a.reload(running, a.hangup)
		return nil
	})
	if err := a.bridge.Start(running); err != nil {
		a.log.Error("accounts that are always on stay off until their users log in", "err", err)
	}
	g.Go(func() error {
		newTuner().run(running)
		return nil
	})
	a.notify(daemon.SdNotifyReady)
	<-running.Done()
	a.notify(daemon.SdNotifyStopping)
	a.log.Info("shutting down", "within", shutdownTime)
	err := shutdown(context.WithoutCancel(ctx), a.steps())
	return errors.Join(g.Wait(), err)
}

// steps end the parts from the entrance to the exit.
func (a *app) steps() []step {
	return append([]step{
		{"disconnect IRC clients", 2500 * time.Millisecond, a.irc.Shutdown},
		{"sign accounts off", 1250 * time.Millisecond, a.bridge.Shutdown},
		{"close the store", 750 * time.Millisecond, func(context.Context) error { return a.closeStore() }},
	}, a.last...)
}

// shutdown takes the steps in order. One that fails does not keep the next from
// running.
func shutdown(ctx context.Context, steps []step) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	var faults []error
	for _, s := range steps {
		if err := s.run(ctx); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (s step) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.time)
	defer cancel()
	if err := s.stop(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}
