package bridge

import (
	"fmt"
	"strings"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd"
	"tocbridge/toc"

	irc "gopkg.in/irc.v4"
)

// What a said line is.
type saidKind int

const (
	plainText saidKind = iota
	ctcpAction
	ctcpOther
)

// parseSaid reads what a client said. An action becomes "/me ", as AIM users write it.
func parseSaid(text string) (richtext.Text, saidKind) {
	if text[0] != '\x01' {
		return richtext.ParseIRC(text), plainText
	}
	inner := strings.TrimSuffix(text[1:], "\x01")
	verb, rest, _ := strings.Cut(inner, " ")
	if strings.EqualFold(verb, "ACTION") {
		if rest == "" {
			return nil, ctcpAction
		}
		return append(richtext.Plain("/me "), richtext.ParseIRC(rest)...), ctcpAction
	}
	return nil, ctcpOther
}

// ctcp answers CTCP requests, which AIM cannot carry; TYPING is what BitlBee's scripts send.
func (s *session) ctcp(c *client, command, nick string, name toc.ScreenName, text string) error {
	verb, rest, _ := strings.Cut(strings.Trim(text, "\x01"), " ")
	if strings.EqualFold(verb, "TYPING") {
		states := map[string]toc.TypingState{"0": toc.TypingNone, "1": toc.TypingActive, "2": toc.TypingPaused}
		if state, ok := states[strings.TrimSpace(rest)]; ok {
			s.typingOut(c, name, state)
		}
		return nil
	}
	if command == "PRIVMSG" {
		s.tell(c, fmt.Sprintf("CTCP %s cannot be sent to %s: AIM has no such thing.", strings.ToUpper(verb), nick))
	}
	return nil
}

// typingIn shows that somebody types, to clients that know of it.
func (s *session) typingIn(e toc.Typing) {
	values := map[toc.TypingState]string{toc.TypingNone: "done", toc.TypingPaused: "paused", toc.TypingActive: "active"}
	value, ok := values[e.State]
	if !ok {
		return
	}
	from := s.metAside(e.From)
	m := s.message(from.prefix, "TAGMSG", s.Nick())
	m.Tags = irc.Tags{"+typing": value}
	m.Account = s.accountOf(from)
	m.Need = ircd.CapMessageTags
	s.broadcast(m)
}

// typingOut is for a client at which the user types, or does not any more. Somebody is told when that is news: one types
// as long as one does at any client.
func (s *session) typingOut(c *client, name toc.ScreenName, state toc.TypingState) {
	key := name.Key()
	if c.typing == nil {
		c.typing = map[string]toc.TypingState{}
	}
	c.typing[key] = state
	if state == toc.TypingNone {
		delete(c.typing, key)
	}
	s.refreshTyping(key)
}

// refreshTyping tells somebody what the user does at all clients together.
func (s *session) refreshTyping(key string) {
	state := toc.TypingNone
	for _, c := range s.clients {
		state = max(state, c.typing[key])
	}
	if s.typing[key] == state {
		return
	}
	if s.typing[key] = state; state == toc.TypingNone {
		delete(s.typing, key)
	}
	s.send(toc.SendTyping{To: toc.ScreenName(key), State: state})
}

// stopTyping is for a client that is gone.
func (s *session) stopTyping(c *client) {
	for _, key := range sortedKeys(c.typing) {
		s.refreshTyping(key)
	}
}
