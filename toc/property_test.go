package toc

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Values of all kinds, made from what users type, survive being sent.

var (
	genWord = rapid.StringMatching(`[a-z0-9]{1,12}`)
	// genText has everything that quoting is about, but begins and ends with a
	// letter: what becomes of white space there is TestQuote's.
	genText  = rapid.StringMatching(`[a-z]([a-zé漢😀 "'\\$(){}\[\]<>&;,.:*/+-]{0,40}[a-z])?`)
	genField = rapid.StringMatching(`[a-z]([a-zé漢 "'\\$(){}\[\]<>&;,.*/+-]{0,20}[a-z])?`) // no colons
	genName  = rapid.StringMatching(`[a-z"\\@+'][a-z0-9é"\\@.+'_-]{0,15}`)
	genHTML  = rapid.Custom(func(t *rapid.T) string { // as richtext makes it
		return strings.ReplaceAll(genText.Draw(t, "text"), `"`, "&quot;")
	})
)

// kinds lists a value of each type in a table of examples.
func kinds[T any](examples map[string]T) (types []reflect.Type) {
	seen := map[reflect.Type]bool{}
	for _, v := range examples {
		if t := reflect.TypeOf(v); !seen[t] {
			seen[t] = true
			types = append(types, t)
		}
	}
	return types
}

// fill sets all fields of v at random; field is v's name where it has one.
func fill(t *rapid.T, v reflect.Value, field string) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(1, maxEpoch).Draw(t, field), 0)))
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), rapid.IntRange(1, 4).Draw(t, field), 4)
		for i := range s.Len() {
			fill(t, s.Index(i), field)
		}
		v.Set(s)
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, field))
	case reflect.Int:
		low, high := limits(v.Type())
		v.SetInt(rapid.Int64Range(low, high).Draw(t, field))
	case reflect.Uint8: // ListKind
		v.SetUint(uint64(rapid.SampledFrom([]ListKind{ListBuddy, ListICQ}).Draw(t, field)))
	case reflect.String:
		v.SetString(genString(v.Type(), field).Draw(t, field))
	default:
		t.Fatalf("cannot make a %s", v.Type())
	}
}

func limits(t reflect.Type) (low, high int64) {
	switch t {
	case reflect.TypeFor[PDMode]():
		return 1, 5
	case reflect.TypeFor[TypingState](), reflect.TypeFor[LoginForm](), reflect.TypeFor[IMForm]():
		return 0, 2
	}
	return 0, 1 << 31
}

func genString(t reflect.Type, field string) *rapid.Generator[string] {
	switch {
	case t == reflect.TypeFor[ScreenName]() || field == "Names":
		return genName
	case t == reflect.TypeFor[Class]():
		return rapid.StringMatching(`[A ][ACUIO ][U, ]`)
	}
	switch field {
	case "Text":
		return genHTML
	case "Group", "Old", "New", "Path", "Arg", "Code", "Data", "Status":
		return genText
	case "Name", "Alias", "Note", "Window":
		return genField
	case "Fields":
		return rapid.StringMatching(`[a-z "\\]{1,9}[a-z](:[a-z "]{0,9}[a-z]){0,7}`)
	case "Version":
		return rapid.StringMatching(`TIC:[a-z0-9. "\\]{0,20}[a-z]`)
	case "Extra":
		return rapid.StringMatching(`(-?[a-z0-9]{1,9})?`)
	}
	return genWord
}

func TestEveryCommandSurvives(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds(commands) {
		if kind == reflect.TypeFor[UnknownCommand]() {
			continue
		}
		t.Run(kind.Name(), rapid.MakeCheck(func(t *rapid.T) {
			v := reflect.New(kind).Elem()
			fill(t, v, "")
			c := v.Interface().(Command)
			got, err := ParseCommand(c.Line())
			if err != nil || !reflect.DeepEqual(meant(got), meant(spoken(c))) {
				t.Fatalf("%#v\nis sent as %q\nand read as %#v, %v", c, c.Line(), got, err)
			}
		}))
	}
}

// spoken is what the protocol can say of a command.
func spoken(c Command) Command {
	switch c := c.(type) {
	case FormatNick:
		return FormatNick{ScreenName(strings.Trim(string(c.Name), "{}"))}
	case SetConfig:
		return SetConfig{strings.Trim(c.Text, outside)}
	case SignOnCommand:
		if len(c.Extra) == 0 {
			c.Extra = nil
		}
		return c
	case NewBuddies: // groups of one name become one
		var merged NewBuddies
		for _, g := range c.Groups {
			i := merged.group(g.Name)
			for _, b := range g.Buddies {
				merged.Groups[i].Buddies = append(merged.Groups[i].Buddies, b)
			}
		}
		return merged
	}
	return c
}

func TestEveryEventSurvives(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds(events) {
		if kind == reflect.TypeFor[Unknown]() {
			continue
		}
		t.Run(kind.Name(), rapid.MakeCheck(func(t *rapid.T) {
			v := reflect.New(kind).Elem()
			fill(t, v, "")
			e := told(v.Interface().(Event))
			got, err := ParseEvent(e.Line())
			if err != nil || !reflect.DeepEqual(got, e) {
				t.Fatalf("%#v\nis sent as %q\nand read as %#v, %v", e, e.Line(), got, err)
			}
		}))
	}
}

// told is what the protocol can tell of an event: some fields exist in some
// forms only.
func told(e Event) Event {
	switch e := e.(type) {
	case IMIn:
		if e.Form != IMEnc2 {
			e.TOC2, e.Given, e.Class, e.Encoding, e.Language = false, false, "", "", ""
		}
		if e.Form == IM1 {
			e.Whisper = false
		}
		return e
	case BuddyUpdate:
		if e.V1 {
			e.ICQStatus = ""
		}
		return e
	case ChatIn:
		if !e.Enc {
			e.Encoding, e.Language = "", ""
		}
		return e
	case Updated: // the alias comes last here, so the group has no colons
		e.Group = strings.ReplaceAll(e.Group, ":", "")
		return e
	case ChatInvite: // a room that looks like an id cannot be told from one
		e.Name = "x" + e.Name
		return e
	case BuddyCaps: // four digits would be short for something else
		for i := range e.Caps {
			e.Caps[i] = "cap-" + e.Caps[i]
		}
		return e
	case Config:
		if !e.V2 {
			for _, g := range e.Groups {
				for i := range g.Buddies {
					g.Buddies[i].Alias, g.Buddies[i].Note = "", ""
				}
			}
		}
		return e
	}
	return e
}

// TestSplitSurvives: the parts say what the whole did, within bounds.
func TestSplitSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c NewBuddies
		for range rapid.IntRange(1, 30).Draw(t, "groups") {
			g := Group{Name: fmt.Sprint(genField.Draw(t, "group"), len(c.Groups))}
			for range rapid.IntRange(1, 20).Draw(t, "buddies") {
				g.Buddies = append(g.Buddies, Buddy{ScreenName(genWord.Draw(t, "name")), genField.Draw(t, "alias"), genField.Draw(t, "note")})
			}
			c.Groups = append(c.Groups, g)
		}
		var all NewBuddies
		for _, part := range Split(c) {
			line := part.Line()
			got, err := ParseCommand(line)
			if err != nil || len(line) > MaxCommand {
				t.Fatalf("a part of %d bytes: %v", len(line), err)
			}
			for _, g := range got.(NewBuddies).Groups {
				i := all.group(g.Name)
				all.Groups[i].Buddies = append(all.Groups[i].Buddies, g.Buddies...)
			}
		}
		if !reflect.DeepEqual(all, c) {
			t.Fatalf("got  %#v\nwant %#v", all, c)
		}
	})
}
