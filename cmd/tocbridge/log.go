package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"tocbridge/config"
)

// newLogger makes the program's logger. No package logs secrets; should one
// try under a telling name, the value is masked all the same.
func newLogger(c config.Log, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: mask}
	if c.Format == config.FormatJSON {
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return slog.New(slog.NewTextHandler(w, o)), nil
}

var telling = []string{"password", "passwd", "secret", "token"}

func mask(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, word := range telling {
		if strings.Contains(key, word) && a.Value.Kind() != slog.KindBool {
			return slog.String(a.Key, config.Secret(a.Value.String()).String())
		}
	}
	return a
}
