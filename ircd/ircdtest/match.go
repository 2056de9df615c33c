package ircdtest

import (
	"fmt"
	"strings"

	irc "gopkg.in/irc.v4"
)

// Match compares a message to a pattern and says what differs; "" means it matches.
func Match(pattern string, m *irc.Message) string {
	p, err := irc.ParseMessage(pattern)
	if err != nil {
		return fmt.Sprintf("bad pattern: %v", err)
	}
	if p.Command != m.Command {
		return "command " + m.Command
	}
	for k, want := range p.Tags {
		got, ok := m.Tags[k]
		if !ok {
			return "no tag " + k
		}
		if !glob(want, got) {
			return fmt.Sprintf("tag %s is %q", k, got)
		}
	}
	if why := matchPrefix(p.Prefix, m.Prefix); why != "" {
		return why
	}
	return matchParams(p.Params, m.Params)
}

func matchPrefix(want, got *irc.Prefix) string {
	if want == nil || want.Name == "" {
		return ""
	}
	if got == nil {
		return "no prefix"
	}
	have := got.Name
	if want.User != "" || want.Host != "" {
		have = got.String()
	}
	if !glob(want.String(), have) {
		return "prefix " + got.String()
	}
	return ""
}

func matchParams(want, got []string) string {
	if n := len(want); n > 0 && want[n-1] == "..." {
		want = want[:n-1]
		got = got[:min(len(got), n-1)]
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d parameters", len(got))
	}
	for i := range want {
		if !glob(want[i], got[i]) {
			return fmt.Sprintf("parameter %d is %q", i, got[i])
		}
	}
	return ""
}

// glob matches with "*" for any text. Unlike path.Match it knows no escapes and no classes: IRC is full of brackets.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
