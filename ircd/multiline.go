package ircd

import (
	"strconv"
	"strings"
	"unicode/utf8"

	irc "gopkg.in/irc.v4"
)

// What a client may put into one draft/multiline batch: the value of the capability. The texts, joined as the batch
// says, have at most MultilineBytes bytes; MultilineLines counts the messages in it.
const (
	MultilineBytes = 4096
	MultilineLines = 32

	multilineName  = "draft/multiline" // of the capability and of the batch
	multilineValue = "max-bytes=4096,max-lines=32"
	concatTag      = "draft/multiline-concat"
)

// Line is a line of a text as draft/multiline carries it (ircv3.net/specs/extensions/multiline).
type Line struct {
	Text   string
	Concat bool // it goes on where the line before ended: no line break between them
}

// NewMultiline makes a PRIVMSG or NOTICE of several lines. Conn.Send gives it to clients with draft/multiline as one
// batch, whose opening carries the tags, and to the others as one message for each line that is not blank, the first
// of which carries the msgid. A line that does not fit a message is split, with Concat. Time, ID, Account, Tags and
// the rest are set as for any Message.
//
// One line that fits, and a text of blank lines only, make an ordinary Message: blank is " ".
func NewMultiline(prefix *irc.Prefix, command, target string, lines []Line) *Message {
	budget := TextBudget(prefix, command, target)
	if len(lines) == 1 && lines[0].Text != "" && len(lines[0].Text) <= budget {
		return NewMessage(prefix, command, target, lines[0].Text)
	}
	lines = fitLines(lines, budget)
	switch {
	case allBlank(lines):
		return NewMessage(prefix, command, target, " ")
	case len(lines) == 1:
		return NewMessage(prefix, command, target, lines[0].Text)
	}
	m := NewMessage(prefix, command, target)
	m.lines = lines
	return m
}

func allBlank(lines []Line) bool {
	for _, l := range lines {
		if l.Text != "" {
			return false
		}
	}
	return true
}

// fitLines splits what is longer than budget. The first line continues nothing, and a blank one neither.
func fitLines(lines []Line, budget int) []Line {
	budget = max(budget, utf8.UTFMax)
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		l.Concat = l.Concat && len(out) > 0 && l.Text != ""
		for len(l.Text) > budget {
			n := splitAt(l.Text, budget)
			out = append(out, Line{l.Text[:n], l.Concat})
			l = Line{l.Text[n:], true}
		}
		out = append(out, l)
	}
	return out
}

// splitAt is where to split a text that is longer than n bytes: after a space, if there is one in the second half,
// else between runes.
func splitAt(s string, n int) int {
	if i := strings.LastIndexByte(s[:n], ' '); i >= n/2 {
		return i + 1
	}
	at := n
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	if at == 0 { // not UTF-8
		return n
	}
	return at
}

// encode adds m, all of it, as a client with these capabilities gets it.
func (m *Message) encode(dst []byte, server string, have Cap, r reply) []byte {
	switch {
	case m.lines == nil:
		return m.append(dst, server, have, r)
	case m.isBatchFor(have):
		return m.appendBatch(dst, server, have, r)
	}
	return m.appendSeparately(dst, server, have, r)
}

func (m *Message) isBatchFor(have Cap) bool {
	return m.lines != nil && have&(CapMultiline|CapBatch) == CapMultiline|CapBatch
}

// several tells whether m is more than one logical message to a client with these capabilities.
func (m *Message) several(have Cap) bool {
	if m.lines == nil || m.isBatchFor(have) {
		return false
	}
	n := 0
	for _, l := range m.lines {
		if l.Text != "" {
			n++
		}
	}
	return n > 1
}

// appendBatch adds m as a batch. Everything said of the message is said on its opening; the lines only belong to it.
func (m *Message) appendBatch(dst []byte, server string, have Cap, r reply) []byte {
	target := m.Param(0)
	open := m.like("BATCH", "+"+m.ref, multilineName, target)
	open.Time, open.ID, open.Account, open.Bot, open.Batch, open.Tags, open.Context = m.Time, m.ID, m.Account, m.Bot, m.Batch, m.Tags, m.Context
	dst = open.append(dst, server, have, r)
	for _, l := range m.lines {
		line := m.like(m.Command, target, l.Text)
		dst = line.append(dst, server, have, reply{batch: m.ref, concat: l.Concat})
	}
	end := m.like("BATCH", "-"+m.ref)
	return end.append(dst, server, have, reply{})
}

// appendSeparately adds m as one message for each line that is not blank.
func (m *Message) appendSeparately(dst []byte, server string, have Cap, r reply) []byte {
	id := m.ID
	for _, l := range m.lines {
		if l.Text == "" {
			continue
		}
		one := m.like(m.Command, m.Param(0), l.Text)
		one.Time, one.ID, one.Account, one.Bot, one.Batch, one.Tags, one.Context = m.Time, id, m.Account, m.Bot, m.Batch, m.Tags, m.Context
		dst = one.append(dst, server, have, r)
		id, r.label = "", ""
	}
	return dst
}

// like is a message from the same source, without anything beside it.
func (m *Message) like(command string, params ...string) Message {
	return Message{Message: irc.Message{Prefix: m.Prefix, Command: command, Params: params}}
}

// Lines are the lines of a PRIVMSG or NOTICE as its client sent them: for a draft/multiline batch, whose text Handle
// gets as one parameter with "\n" between lines, these know what was sent in pieces. NewMultiline takes them.
func Lines(m *irc.Message) []Line {
	text := m.Trailing()
	var lines []Line
	start := 0
	for at := range strings.SplitSeq(m.Tags[concatTag], ",") {
		n, err := strconv.Atoi(at)
		if err != nil || n <= start || n >= len(text) || !utf8.RuneStart(text[n]) {
			continue
		}
		lines = appendLines(lines, text[start:n], start > 0)
		start = n
	}
	return appendLines(lines, text[start:], start > 0)
}

func appendLines(lines []Line, text string, concat bool) []Line {
	for l := range strings.SplitSeq(text, "\n") {
		lines = append(lines, Line{l, concat})
		concat = false
	}
	return lines
}
