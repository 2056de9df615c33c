package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/viper"
)

// maxFile bounds the configuration file, bytes.
const maxFile = 1 << 20

// A Flag is a value given on the command line.
type Flag struct {
	Name  string // as typed, with dashes: "--listen"
	Key   string // section.name
	Value any    // of the key's type, or a string
}

// Load reads the file (none if path is empty), lets the environment override
// it and the flags override both, and validates the result. All faults are
// reported together, joined; each about a key is a *KeyError.
func Load(path string, flags ...Flag) (Config, error) {
	var text []byte
	if path != "" {
		var err error
		if text, err = readBounded(path); err != nil {
			return Config{}, fmt.Errorf("configuration: %w", err)
		}
	}
	return load(path, text, flags)
}

// load is Load with the file's text; name is what faults in it are told by.
func load(name string, text []byte, flags []Flag) (Config, error) {
	defaults := Defaults()
	known := fields(&defaults)
	v, err := newViper(known)
	if err != nil {
		return Config{}, err
	}
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return Config{}, syntaxError(name, err)
	}
	from := origins{}
	faults := append(from.fromFile(name, text, known), from.fromEnv(os.Environ(), known)...)
	for _, f := range flags {
		v.Set(strings.Replace(f.Key, ".", delimiter, 1), f.Value)
		from[f.Key] = f.Name
	}
	if len(faults) > 0 {
		return Config{}, errors.Join(faults...)
	}
	return decode(v, from)
}

// newViper makes an instance that knows every key, its default and its variable.
func newViper(known []field) (*viper.Viper, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	v.SetConfigType("toml")
	for _, f := range known {
		v.SetDefault(f.viperKey(), f.value.Interface()) // or the environment would be ignored for it
		if err := v.BindEnv(f.viperKey(), f.env()); err != nil {
			return nil, fmt.Errorf("configuration: bind %s: %w", f.env(), err)
		}
	}
	return v, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return text, nil
}

func syntaxError(path string, err error) error {
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		line, column := at.Position()
		return fmt.Errorf("%s:%d:%d: %w", path, line, column, at)
	}
	if parse := (viper.ConfigParseError{}); errors.As(err, &parse) {
		err = parse.Unwrap()
	}
	return fmt.Errorf("%s: %w", path, err)
}

// decode makes the Config of all that v has merged, and validates it.
func decode(v *viper.Viper, from origins) (Config, error) {
	var c Config
	err := v.UnmarshalExact(&c, func(d *mapstructure.DecoderConfig) {
		d.WeaklyTypedInput = false // it takes true for 1 and "" for 0
		d.DecodeHook = convert
	})
	if err != nil {
		return Config{}, decodeErrors(err, from)
	}
	if err := c.validate(from); err != nil {
		return Config{}, err
	}
	return c, nil
}

// decodeErrors gives each of mapstructure's errors its key and origin. They come
// nested: joined, wrapped in a heading, or a section's around its keys'.
func decodeErrors(err error, from origins) error {
	var all []error
	var walk func(error)
	walk = func(err error) {
		var inner *mapstructure.DecodeError
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				walk(part)
			}
		case *mapstructure.DecodeError:
			if errors.As(e.Unwrap(), &inner) {
				walk(e.Unwrap())
				return
			}
			key, _, _ := strings.Cut(e.Name(), "[") // irc.listen[1]
			all = append(all, from.name(key, e.Unwrap()))
		default:
			if wrapped := errors.Unwrap(err); wrapped != nil {
				walk(wrapped)
				return
			}
			all = append(all, err)
		}
	}
	walk(err)
	return errors.Join(all...)
}
