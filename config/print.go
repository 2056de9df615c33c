package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// TOML prints the configuration as a file that Load reads back to the same
// values, all keys in order. Secrets print as ***.
func (c Config) TOML() string {
	var b strings.Builder
	section := ""
	for _, f := range fields(&c) {
		if f.section != section {
			if section != "" {
				b.WriteByte('\n')
			}
			section = f.section
			fmt.Fprintf(&b, "[%s]\n", section)
		}
		fmt.Fprintf(&b, "%s = %s\n", f.name, literal(f.value))
	}
	return b.String()
}

func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return quote(short(x))
	case Secret:
		return quote(x.String())
	case string:
		return quote(x)
	case []string:
		quoted := make([]string, len(x))
		for i, s := range x {
			quoted[i] = quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(x)
	}
}

// short is 2m0s without the zero parts.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quote makes a TOML basic string; strconv.Quote would use escapes that TOML
// does not know.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
