package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tocbridge/config"
)

func checkCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check-config",
		Short: "Check the configuration and print it in full",
		Long:  "Check the configuration as serve would use it: the file, overridden by TOCBRIDGE_…\nvariables. Print every key with the value it comes out with, as a file that could\nbe used in its place.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return check(cmd.OutOrStdout(), file)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration `file` (TOML)")
	return cmd
}

func check(w io.Writer, file string) error {
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	if _, err := readMOTD(c.IRC.MOTDFile); err != nil {
		return err
	}
	if _, err := loadCertificate(c.TLS, nil); err != nil {
		return err
	}
	if _, err := loadKey(c.Store); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "# The configuration is good.\n\n%s", c.TOML())
	return err
}
