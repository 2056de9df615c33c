package bridge

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"tocbridge/bridge/richtext"
	"tocbridge/toc"
)

// dirFields are the fields of a directory entry in the order of TOC (TOC2 reference §3.2).
var dirFields = []string{"first", "middle", "last", "maiden", "city", "state", "country", "email", "web"}

// dirActions are the words of the dir command.
var dirActions = map[string]func(*session, *call, []string){
	"get":    (*session).dirGet,
	"search": (*session).dirSearch,
	"set":    (*session).dirSet,
	"clear":  (*session).dirClear,
}

func (s *session) controlDir(k *call) {
	action := strings.ToLower(k.args[0])
	run := dirActions[action]
	if run == nil || len(k.args) == 1 && action != "clear" {
		k.usage()
		return
	}
	run(s, k, k.args[1:])
}

// dirEntry writes FIELD=VALUE words as TOC has them; false: a word is no such thing, and the user was told.
func (k *call) dirEntry(words []string) (fields string, ok bool) {
	values := make([]string, len(dirFields))
	for _, word := range words {
		field, value, ok := strings.Cut(word, "=")
		i := slices.Index(dirFields, strings.ToLower(field))
		switch {
		case !ok || i < 0:
			k.reply("%s is not FIELD=VALUE. The fields are %s.", word, strings.Join(dirFields, ", "))
			return "", false
		case strings.ContainsAny(value, "\":\r\n"):
			k.reply("A value cannot have colons or quotes on AIM.")
			return "", false
		}
		values[i] = value
	}
	return strings.TrimRight(strings.Join(values, ":"), ":"), true
}

func (s *session) dirSet(k *call, words []string) {
	if fields, ok := k.dirEntry(words); ok {
		s.setDir(k, fields, "Your entry in AIM's directory is set. dir get "+s.Nick()+" shows it.")
	}
}

func (s *session) dirClear(k *call, _ []string) {
	s.setDir(k, strings.Repeat(":", len(dirFields)-1), "Your entry in AIM's directory is empty now.")
}

// setDir sends the own entry. AOL answered with DIR_STATUS, the live server does not answer.
func (s *session) setDir(k *call, fields, text string) {
	cmd := toc.SetDir{Fields: fields}
	if len(cmd.Append(nil)) > toc.MaxCommand {
		k.reply("Not set: that is too long for AIM.")
		return
	}
	s.dirStatus = ""
	why := s.order(func(why string) {
		if why == "" && s.dirStatus != "" && s.dirStatus != "0" {
			why = "AIM answers with code " + s.dirStatus
		}
		if why != "" {
			k.reply("Not set: %s", why)
			return
		}
		k.reply("%s", text)
	}, cmd)
	if why != "" {
		k.reply("Not set: %s", why)
	}
}

func (s *session) dirGet(k *call, words []string) {
	who, ok := k.somebody(strings.Join(words, " "))
	if !ok {
		return
	}
	name := toc.ScreenName(who.key)
	s.page(k.c, toc.GetDir{Name: name}, isPageOf(name), func(page, why string, err error) {
		if errors.Is(err, toc.ErrNoProfile) {
			k.reply("%s is not in AIM's directory.", who.nick())
			return
		}
		k.showDir(page, why, err, who.nick()+" wrote nothing into AIM's directory.")
	})
}

func (s *session) dirSearch(k *call, words []string) {
	fields, ok := k.dirEntry(words)
	if !ok {
		return
	}
	if f := strings.Split(fields, ":"); f[0] == "" && (len(f) < 3 || f[2] == "") && (len(f) < 8 || f[7] == "") {
		k.reply("A search needs first, last or email.")
		return
	}
	isPage := func(e toc.Event) bool { _, ok := e.(toc.GotoURL); return ok }
	s.page(k.c, toc.DirSearch{Fields: fields}, isPage, func(page, why string, err error) {
		k.showDir(page, why, err, "Nobody in AIM's directory matches.")
	})
}

// dirValue is a field of a directory page as the live server makes it.
var dirValue = regexp.MustCompile(`(?i)<B>([^<:]+):</B>([^<]*)<BR>`)

// dirMost is how many people of a search are shown.
const dirMost = 20

// showDir shows the people of a directory page as a table.
func (k *call) showDir(page, why string, err error, none string) {
	switch {
	case err != nil:
		k.reply("%s", pageFailed(err))
		return
	case why != "":
		k.reply("AIM refused: %s", why)
		return
	}
	people := readDir(page)
	if len(people) == 0 {
		k.reply("%s", none)
		return
	}
	for i, person := range people {
		if i == dirMost {
			k.reply("%s more; search for more fields.", plural(len(people)-dirMost, "person", "people"))
			return
		}
		k.reply("%s", "| "+person)
	}
}

// readDir makes a line of each person on a directory page.
func readDir(page string) (people []string) {
	for part := range strings.SplitSeq(page, "<TR>") {
		var line []string
		for _, field := range dirValue.FindAllStringSubmatch(part, -1) {
			name := strings.TrimSpace(richtext.ParseHTML(field[1]).String())
			if value := strings.TrimSpace(richtext.ParseHTML(field[2]).String()); value != "" {
				line = append(line, name+": "+strings.ReplaceAll(value, "\n", " "))
			}
		}
		if len(line) > 0 {
			people = append(people, strings.Join(line, ", "))
		}
	}
	return people
}
