package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tocbridge/bridge/seal"
)

func keygenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen FILE",
		Short: "Make the key that stored passwords are sealed with",
		Long:  "Make a random key in a new file that only its owner may read, for store.key_file. With it\naccounts can be always on: their AIM passwords are stored, sealed with it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return keygen(cmd.OutOrStdout(), args[0])
		},
	}
}

// keygen makes a key file. One that is there is never replaced: what it sealed would be lost.
func keygen(w io.Writer, path string) error {
	key, err := seal.Create(path)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	_, err = fmt.Fprintf(w, "Made %s (%v). Set it as store.key_file, and keep a copy in another place than the\ncopies of the database: what it sealed opens with nothing else.\n", path, key)
	return err
}
