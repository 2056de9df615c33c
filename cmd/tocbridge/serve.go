package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tocbridge/bridge"
	"tocbridge/bridge/pace"
	"tocbridge/config"
	"tocbridge/toc"
)

func serveCommand() *cobra.Command {
	var file, server string
	var listen []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Bridge IRC clients to a TOC2 server",
		Long:  "Bridge IRC clients to a TOC2 server. Settings come from flags, TOCBRIDGE_… variables,\nthe configuration file, and defaults, in this order.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var flags []config.Flag
			if cmd.Flags().Changed("listen") {
				flags = append(flags, config.Flag{Name: "--listen", Key: "irc.listen", Value: listen})
			}
			if cmd.Flags().Changed("toc-server") {
				flags = append(flags, config.Flag{Name: "--toc-server", Key: "toc.server", Value: server})
			}
			c, err := config.Load(file, flags...)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration `file` (TOML)")
	cmd.Flags().StringSliceVar(&listen, "listen", nil, "`address` for IRC clients, host:port; may be given several times")
	cmd.Flags().StringVar(&server, "toc-server", "", "`address` of the TOC2 server, host:port")
	return cmd
}

// serve runs the bridge until ctx ends.
func serve(ctx context.Context, c config.Config, stderr io.Writer) error {
	log, err := newLogger(c.Log, stderr)
	if err != nil {
		return err
	}
	o := bridgeOptions(c)
	if o.Key, err = loadKey(c.Store); err != nil {
		return err
	}
	given, err := activated()
	if err != nil {
		return err
	}
	a, err := newApp(ctx, c, log, o)
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	a.hangup = hangup
	if err := a.listen(ctx, c, given); err != nil {
		return errors.Join(err, a.closeStore())
	}
	if c.IRC.InsecurePlaintext {
		log.Warn("passwords and messages may cross the network readable", "key", "irc.insecure_plaintext")
	}
	log.Info("bridging", "toc_server", c.TOC.Server, "version", version())
	return a.run(ctx)
}

var loginForms = map[string]toc.LoginForm{
	config.LoginTOC2:  toc.Login2,
	config.SignOnTOC2: toc.SignOn2,
	config.SignOnTOC1: toc.SignOn1,
}

var paceModels = map[string]pace.Model{
	config.PaceOscar: pace.Oscar,
	config.PaceOff:   pace.Off,
}

var entityModes = map[string]bridge.Entities{
	config.EntitiesAuto: bridge.EntitiesAuto,
	config.Always:       bridge.EntitiesAlways,
	config.Never:        bridge.EntitiesNever,
}

// bridgeOptions are the bridge's part of the configuration.
func bridgeOptions(c config.Config) bridge.Options {
	return bridge.Options{
		Server: c.TOC.Server,
		Login:  loginForms[c.TOC.Login],
		Pace:   paceModels[c.TOC.Pace],
		Linger: c.Bridge.Linger,

		Backoff:   bridge.Backoff{Min: c.TOC.ReconnectMin, Max: c.TOC.ReconnectMax},
		AwayText:  c.Bridge.AwayText,
		AutoReply: c.Bridge.AutoResponse,
		IdleAfter: c.Bridge.IdleAfter,
		Replay:    bridge.Replay{Lines: c.Bridge.ReplayLines, Age: c.Bridge.ReplayAge},
		Entities:  entityModes[c.TOC.Entities],
	}
}
