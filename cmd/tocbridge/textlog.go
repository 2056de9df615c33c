package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/toc"
)

// Text logs are in the form that IRC bouncers write and log viewers read: a file
// for every day of a conversation, and in it lines such as
//
//	[15:04:05] <nick> text
//	[15:04:05] * nick waves
//	[15:04:05] -nick- a notice
//	[15:04:05] *** Joins: nick (nick@aim)
//
// They have neither formatting nor ids, and no more than the second of a time.

const (
	clock      = "15:04:05"
	actionMark = "\x01ACTION "
)

// textLines are the lines of an entry, without their ends; none for what is not
// to be read.
func textLines(e store.Entry, zone *time.Location) (lines []string) {
	form, known := textForms[e.Command]
	switch {
	case e.Command == "TAGMSG":
		return nil
	case !known:
		form = "*** " + e.Command + ": %s %s"
	}
	text, action := strings.CutPrefix(e.Text, actionMark)
	if action {
		form, text = "* %s %s", strings.TrimSuffix(text, "\x01")
	}
	at := "[" + e.Time.In(zone).Format(clock) + "] "
	nick := nickOf(e.From)
	for line := range strings.SplitSeq(richtext.ParseIRC(text).String(), "\n") {
		lines = append(lines, at+strings.TrimRight(fillIn(form, nick, line), " "))
	}
	return lines
}

// textForms are the forms of the commands. One with a comma is followed by the
// text in brackets, if there is one; one without %s has no text.
var textForms = map[string]string{
	"PRIVMSG": "<%s> %s",
	"NOTICE":  "-%s- %s",
	"JOIN":    "*** Joins: %[1]s (%[1]s@aim)",
	"PART":    "*** Parts: %[1]s (%[1]s@aim), %[2]s",
	"QUIT":    "*** Quits: %[1]s (%[1]s@aim), %[2]s",
	"NICK":    "*** %s is now known as %s",
	"TOPIC":   "*** %s changes topic to '%s'",
}

func fillIn(form, nick, text string) string {
	if before, _, bracketed := strings.Cut(form, ", "); bracketed {
		form = before
		if text != "" {
			form += " (%[2]s)"
		}
	}
	// What a form does not use, Sprintf would complain of.
	if !strings.Contains(form, "%[2]s") && strings.Contains(form, "%[1]s") {
		return fmt.Sprintf(form, nick)
	}
	return fmt.Sprintf(form, nick, text)
}

// nickOf is a screen name as one word.
func nickOf(from string) string {
	nick := strings.Join(strings.Fields(richtext.ParseIRC(from).String()), "")
	if nick == "" {
		return "*"
	}
	return nick
}

// readForms read what textForms write, and what other bouncers do. The first
// that fits counts.
var readForms = []struct {
	re      *regexp.Regexp
	command string // ACTION for one; "" if it is the first group
}{
	{regexp.MustCompile(`^<([^>\s]+)> ?(.*)$`), "PRIVMSG"},
	{regexp.MustCompile(`^-(\S+)- ?(.*)$`), "NOTICE"},
	{regexp.MustCompile(`^\* (\S+) ?(.*)$`), "ACTION"},
	{regexp.MustCompile(`^\*\*\* Joins: ([^\s()]+)()(?: \(.*\))?$`), "JOIN"},
	{regexp.MustCompile(`^\*\*\* Parts: ([^\s()]+)(?: \([^)]*\))?(?: \((.*)\))?$`), "PART"},
	{regexp.MustCompile(`^\*\*\* Quits: ([^\s()]+)(?: \([^)]*\))?(?: \((.*)\))?$`), "QUIT"},
	{regexp.MustCompile(`^\*\*\* (\S+) is now known as (\S+)$`), "NICK"},
	{regexp.MustCompile(`^\*\*\* (\S+) changes topic to '(.*)'$`), "TOPIC"},
	{regexp.MustCompile(`^\*\*\* ([A-Z]{3,12}): (\S+) ?(.*)$`), ""},
}

var stamped = regexp.MustCompile(`^\[(\d\d:\d\d:\d\d)\] (.*)$`)

// noBreaks takes away what would end a line of IRC.
var noBreaks = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")

// readText makes an entry of account from a line of a day's log. It has no id.
func readText(line, account string, day time.Time) (e store.Entry, ok bool) {
	line = strings.ToValidUTF8(strings.TrimRight(line, "\r"), "\uFFFD")
	m := stamped.FindStringSubmatch(noBreaks.Replace(line))
	if m == nil {
		return e, false
	}
	at, err := time.Parse(clock, m[1])
	if err != nil {
		return e, false
	}
	for _, f := range readForms {
		g := f.re.FindStringSubmatch(m[2])
		if g == nil {
			continue
		}
		e.Command = f.command
		if e.Command == "" {
			e.Command, g = g[1], g[1:]
		}
		e.From, e.Text = g[1], g[2]
		if e.Command == "ACTION" {
			e.Command, e.Text = "PRIVMSG", actionMark+e.Text+"\x01"
		}
		e.Out = toc.ScreenName(e.From).Key() == account
		y, month, d := day.Date()
		e.Time = time.Date(y, month, d, at.Hour(), at.Minute(), at.Second(), 0, day.Location())
		return e, true
	}
	return e, false
}
