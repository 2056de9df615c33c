// Command tocbridge lets IRC clients talk to AIM: an IRC server on one side, a
// TOC2 client on the other.
//
//	main.go     signals, exit status      root.go     run: the program as a function
//	serve.go    tocbridge serve           demo.go     tocbridge demo
//	check.go    tocbridge check-config    version.go  tocbridge version
//	keygen.go   tocbridge keygen          key.go      the key that stored passwords are sealed with
//	export.go   tocbridge export          import.go   tocbridge import
//	archive.go, textlog.go                the files that these two write and read
//	app.go      the parts put together, run, and shut down in order
//	listen.go   how clients come in: addresses, TLS, systemd's sockets, SIGHUP
//	log.go      the logger                hints.go    what to type into which client
//	memory.go   when memory is collected, and given back
//	buddy.go, cast.go                     the demo's buddies
//
// The packages meet only here: this command turns a config.Config into an
// ircd.Server and bridge.Options, and hands the bridge to the server as its
// backend.
package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// run is the program: it executes one command line and returns when that is
// done, or when ctx ends and everything it started has been shut down.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := &cobra.Command{
		Use:               "tocbridge",
		Short:             "Chat on AIM from any IRC client",
		Long:              "tocbridge is an IRC server whose users are on AIM: it signs on to a TOC2 server\nwith the screen name and password that an IRC client logs in with.",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(demoCommand(), serveCommand(), checkCommand(), keygenCommand(), exportCommand(), importCommand(), versionCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}
