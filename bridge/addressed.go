package bridge

import (
	"strings"

	irc "gopkg.in/irc.v4"
)

// addressed splits "nick: text" and "nick, text"; a screen name with spaces stands in quotes.
func addressed(text string) (nick, rest string, quoted, ok bool) {
	if strings.HasPrefix(text, `"`) {
		if nick, rest, ok = strings.Cut(text[1:], `"`); !ok || !strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, ",") {
			return "", "", false, false
		}
		nick, rest, quoted = strings.ReplaceAll(nick, " ", ""), rest[1:], true
	} else {
		i := strings.IndexAny(text, ":, ")
		if i <= 0 || text[i] == ' ' {
			return "", "", false, false
		}
		nick, rest = text[:i], text[i+1:]
	}
	rest = strings.TrimSpace(rest)
	return nick, rest, quoted, nick != "" && rest != ""
}

// unquoted mends /msg "Cool Guy" hi, which a client sends as text for somebody called "Cool.
func unquoted(m *irc.Message) *irc.Message {
	head, ok := strings.CutPrefix(m.Params[0], `"`)
	if !ok {
		return m
	}
	name, text, ok := strings.Cut(head+" "+m.Params[1], `"`)
	if !ok {
		return m
	}
	out := *m
	out.Params = []string{strings.ReplaceAll(name, " ", ""), strings.TrimSpace(text)}
	return &out
}

// talkable reports whether a nick in front of a colon means a person: a buddy, or somebody we met.
func (s *session) talkable(nick string) bool {
	name, ok := s.nicks.Name(nick)
	return ok && s.roster.lookup(name) != nil
}
