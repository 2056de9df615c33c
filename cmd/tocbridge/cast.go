package main

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"tocbridge/toc"
)

// demoRoom is the chat room that somebody is in already.
const demoRoom = "lobby"

// cast are the demo's buddies: one who answers, one who comes and goes, one who
// goes away and comes back.
var cast = []role{
	{
		name:    "Polly",
		profile: "I live in the demo. Say <B>help</B> and I tell you what I can do.",
		room:    demoRoom,
		answer:  pollyAnswers,
	},
	{
		name:    "Comet",
		profile: "Here for 45 seconds, then gone for 20.",
		answer:  oneLine("Hello! I cannot stay for long."),
		online:  45 * time.Second,
		off:     20 * time.Second,
	},
	{
		name:     "Tea Time Tom",
		profile:  "Here for a minute, then away for half of one.",
		answer:   oneLine("I am here, as you see. Tea is in a minute."),
		here:     time.Minute,
		away:     30 * time.Second,
		awayText: "Having a cup of <I>tea</I>. Back in half a minute.",
	},
}

// castList is the buddy list with the cast on it.
func castList() []toc.Group {
	g := toc.Group{Name: "Demo"}
	for _, r := range cast {
		g.Buddies = append(g.Buddies, toc.Buddy{Name: r.name})
	}
	return []toc.Group{g}
}

func isCast(n toc.ScreenName) bool {
	return slices.ContainsFunc(cast, func(r role) bool { return r.name.Equal(n) })
}

// typing is the pause before an answer.
const typing = 400 * time.Millisecond

func oneLine(text string) func(from, text string) []reply {
	return func(string, string) []reply { return []reply{{typing, text}} }
}

// A trick is what Polly does at a word.
type trick struct{ word, what, html string }

var tricks = []trick{
	{"styles", "show bold, colours and a link", "<B>Bold</B>, <I>italic</I>, <U>underlined</U>, <FONT COLOR='#ff0000'>red</FONT>, " +
		"<FONT COLOR='#0000ff'>blue</FONT>, and <A HREF='https://modern.ircdocs.horse/'>a link</A>."},
	{"lines", "say something in three lines", "The first line,<BR>the second,<BR>and the third: one message on AIM."},
	{"long", "say something long", strings.TrimSpace(strings.Repeat("This sentence is there to make the message long. ", 24))},
	{"unicode", "say something beyond ASCII", "Grüße, 世界, ελληνικά, 🦜"},
}

// pollyAnswers does the trick asked for, explains itself, or repeats what it
// was told.
func pollyAnswers(from, text string) []reply {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	if slices.Contains(words, "help") {
		return []reply{{typing, pollyHelp()}}
	}
	for _, t := range tricks {
		if slices.Contains(words, t.word) {
			return []reply{{typing, t.html}}
		}
	}
	if slices.Contains(words, "hello") || slices.Contains(words, "hi") {
		return []reply{{typing, fmt.Sprintf("Hello, %s! Say <B>help</B> to see what I can do, or anything else and I repeat it.", html.EscapeString(from))}}
	}
	if action, ok := strings.CutPrefix(text, "/me "); ok {
		return []reply{{typing, "/me watches how " + html.EscapeString(from+" "+action)}}
	}
	return []reply{{typing, "<I>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<BR>") + "</I> &mdash; squawk!"}}
}

func pollyHelp() string {
	var b strings.Builder
	b.WriteString("I repeat what you say. There are also some words I know:")
	for _, t := range tricks {
		fmt.Fprintf(&b, "<BR><B>%s</B> to %s", t.word, t.what)
	}
	return b.String()
}
