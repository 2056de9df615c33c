package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tocbridge/bridge"
	"tocbridge/config"
)

// demoOptions are the flags of tocbridge demo.
type demoOptions struct {
	listen, hostname string
	realLimits       bool
}

func demoCommand() *cobra.Command {
	def := config.Defaults()
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try it: an AIM server with buddies and the bridge to it, in this process",
		Long:  "Try it: an AIM server with a few buddies and the bridge to it, in this process and\nin memory only. It says what to type into which IRC client. Any name may log in.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", def.IRC.Listen[0], "`address` for IRC clients, host:port")
	cmd.Flags().StringVar(&o.hostname, "hostname", def.IRC.Hostname, "`name` of the IRC server")
	cmd.Flags().BoolVar(&o.realLimits, "real-limits", false, "limit and pace as with a real server")
	return cmd
}

// config is the demo's configuration: the defaults but for the flags, and quiet,
// because the terminal is for the reader. Files and the environment have no say.
func (o demoOptions) config() (config.Config, error) {
	c := config.Defaults()
	c.IRC.Listen = []string{o.listen}
	c.IRC.InsecurePlaintext = true // there is nothing to protect
	c.IRC.Hostname = o.hostname
	c.Log.Level = "warn"
	c.Store.Path = inMemory
	c.Bridge.Linger = 0 // who leaves is gone: the next one may have the name
	if !o.realLimits {
		c.TOC.Pace = config.PaceOff
		l := &c.Limits
		l.ConnectionsPerAddress, l.UnregisteredPerAddress, l.LoginFailures = 0, 0, 0
		l.Burst, l.Rate = 0, 0
	}
	return c, c.Validate()
}

// demo runs the demonstration until ctx ends.
func demo(ctx context.Context, o demoOptions, stdout, stderr io.Writer) error {
	c, err := o.config()
	if err != nil {
		return err
	}
	log, err := newLogger(c.Log, stderr)
	if err != nil {
		return err
	}
	far, err := startFarEnd(ctx, o.realLimits, log)
	if err != nil {
		return err
	}
	c.TOC.Server = far.addr
	opts := bridgeOptions(c)
	opts.Anonymous, opts.KeepCase = true, true
	opts.SignOn = far.signOn
	opts.Backoff = bridge.Backoff{Min: time.Second, Max: 5 * time.Second}
	a, err := newApp(ctx, c, log, opts)
	if err == nil {
		a.irc.MOTD = demoMOTD
		a.last = []step{{"stop the demo's AIM server", time.Second, far.stop}}
		if err = a.listen(ctx, c, nil); err != nil {
			err = errors.Join(err, a.closeStore())
		}
	}
	if err != nil {
		return errors.Join(err, far.stop(context.WithoutCancel(ctx)))
	}
	fmt.Fprint(stdout, hints(a.listeners[0].Addr()))
	return a.run(ctx)
}
