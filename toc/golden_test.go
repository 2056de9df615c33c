package toc

import (
	"bytes"
	"encoding/hex"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// record is one line of a capture; see testdata/README.md.
type record struct {
	file, text string
	who        string // the connection, in files that hold several
	line       int
	kind       string // "<", ">", "<<", ">>"
}

// captures reads all transcripts.
func captures(t testing.TB) (records []record) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 70 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
			if strings.HasPrefix(l, "#") {
				continue
			}
			who := ""
			if l[0] != '<' && l[0] != '>' {
				who, l = strings.TrimSpace(l[:6]), l[6:]
			}
			kind, text, _ := strings.Cut(l, " ")
			if kind == "<" || kind == ">" {
				text = uncapture(t, text)
			}
			records = append(records, record{filepath.Base(f), text, who, i + 1, kind})
		}
	}
	return records
}

// uncapture undoes the captures' escapes.
func uncapture(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'x':
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(map[byte]byte{'\\': '\\', 'n': '\n', 'r': '\r', 't': '\t'}[s[i]])
		}
	}
	return b.String()
}

// lossy lists the server's lines that do not print back as the same bytes.
var lossy = map[string]string{
	"CONFIG:{m 1\ng Braces\nb bob\n}":                               "braces are packing",
	"IM_IN_ENC2:Alice Smith:F:F:T: U :F:L:en:latin-1 byte: caf\xe9": "decoded",
	"CHAT_IN_ENC:0:Alice Smith:F:A:en:é 漢 😀 and latin-1 \xe9":       "decoded",
	"CHAT_IN_ENC:1:Alice Smith:F:A:en:é 漢 😀 and latin-1 \xe9":       "decoded",
	"IM_IN_ENC2:carol:F:F:T: U :F:L:en:Latin-1: caf\xe9":            "decoded",
}

func TestGoldenEvents(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	n := 0
	for _, r := range captures(t) {
		if r.kind != "<" || r.text == "" { // "" is the empty frame of 20
			continue
		}
		n++
		e, err := ParseEvent(r.text)
		if err != nil {
			t.Errorf("%s:%d: %q: %v", r.file, r.line, r.text, err)
		}
		if u, ok := e.(Unknown); ok {
			t.Errorf("%s:%d: not known: %q", r.file, r.line, u.Text)
		}
		if e.Line() == r.text {
			continue
		}
		if lossy[r.text] == "" {
			t.Errorf("%s:%d: %q prints as %q", r.file, r.line, r.text, e.Line())
		}
		used[r.text] = true
		if e2, err := ParseEvent(e.Line()); err != nil || !reflect.DeepEqual(e, e2) {
			t.Errorf("%s:%d: %#v becomes %#v, %v", r.file, r.line, e, e2, err)
		}
	}
	if n < 1500 {
		t.Errorf("only %d lines of the server", n)
	}
	for l := range lossy {
		if !used[l] {
			t.Errorf("not lossy, or not there: %q", l)
		}
	}
}

// unknownCommands are sent in the captures to see what happens.
var unknownCommands = map[string]bool{
	"toc_noop": true, "hello": true, "TOC_INIT_DONE": true, "": true, "toc_rvous_propose": true,
	"toc_chat_send_enc": true, "toc_chat_evil": true,
}

// malformedCommands are, and the live server answered ERROR:913 to them.
var malformedCommands = map[string]bool{
	"toc2_login login.oscar.aol.com 29999 alicesmith": true,
	"toc2_login again":                  true,
	"toc2_send_im":                      true,
	"toc2_send_im davejones":            true,
	"toc2_client_event bob 3":           true,
	"toc2_new_buddies":                  true,
	"toc2_new_buddies {b:nogroup\n}":    true,
	"toc2_remove_buddy bob":             true,
	"toc2_set_pdmode 6":                 true,
	"toc2_add_deny":                     true,
	"toc2_add_permit":                   true,
	"toc_set_idle":                      true,
	"toc_set_idle abc":                  true,
	"toc_chat_join 4":                   true,
	"toc_evil davejones maybe":          true,
	"toc_format_nickname":               true,
	"toc_change_passwd pwalice":         true,
	"toc_get_info":                      true,
	`toc_dir_search ""`:                 true,
	`toc_set_dir "a:b:c:d:e:f:g:h:i:j"`: true,
}

// answered913 tells which commands (after their file's name) the server
// answered with 913.
func answered913(rs []record) map[string]bool {
	m := map[string]bool{}
	for i, r := range rs[:len(rs)-1] {
		if next := rs[i+1]; r.kind == ">" && next.kind == "<" && strings.HasPrefix(next.text, "ERROR:913:") {
			m[r.file+r.text] = true
		}
	}
	return m
}

func TestGoldenCommands(t *testing.T) {
	t.Parallel()
	rs := captures(t)
	refused := answered913(rs)
	malformed := map[string]bool{}
	kinds := map[reflect.Type]int{}
	same, other := 0, 0
	for _, r := range rs {
		if r.kind != ">" {
			continue
		}
		c, err := ParseCommand(r.text)
		kinds[reflect.TypeOf(c)]++
		if (err != nil) != malformedCommands[r.text] {
			t.Errorf("%s:%d: %.100q: %v", r.file, r.line, r.text, err)
		}
		if err != nil {
			malformed[r.text] = malformed[r.text] || refused[r.file+r.text]
			continue
		}
		if _, ok := c.(UnknownCommand); ok {
			if !unknownCommands[CommandName(r.text)] {
				t.Errorf("%s:%d: not known: %q", r.file, r.line, r.text)
			}
			continue
		}
		printed := c.Line()
		if printed == r.text {
			same++
			continue
		}
		other++
		c2, err := ParseCommand(printed)
		if err != nil || !reflect.DeepEqual(meant(c), meant(c2)) {
			t.Errorf("%s:%d: %q\n is %#v\n prints %q\n which is %#v, %v", r.file, r.line, r.text, c, printed, c2, err)
		}
	}
	for c := range malformedCommands {
		if !malformed[c] {
			t.Errorf("not in the captures, or not refused there: %q", c)
		}
	}
	if same < 500 || other > same {
		t.Errorf("%d commands print as recorded, %d otherwise", same, other)
	}
	if len(kinds) < 39 {
		t.Errorf("the captures hold only %d kinds of commands: %v", len(kinds), kinds)
	}
}

// meant reduces a command to what it means: names by key, HTML decoded and
// without the control characters that we do not send.
func meant(c Command) Command {
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	reduce(v, "")
	return v.Interface().(Command)
}

func reduce(v reflect.Value, field string) {
	switch {
	case v.Type() == reflect.TypeFor[ScreenName]():
		if _, format := v.Interface().(ScreenName); format && field != "FormatNick" {
			v.SetString(strings.TrimSpace(ScreenName(v.String()).Key()))
		}
	case v.Kind() == reflect.String && field == "Text":
		v.SetString(html.UnescapeString(withoutControls(v.String(), true)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Type() == reflect.TypeFor[FormatNick]() {
				name = "FormatNick"
			}
			reduce(v.Field(i), name)
		}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(s, v)
		for i := range s.Len() {
			reduce(s.Index(i), field)
		}
		v.Set(s)
	}
}

// withoutControls drops what we do not send.
func withoutControls(s string, lines bool) string {
	b := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		if c >= ' ' && c != 0x7f || c == '\t' || c == '\n' && lines {
			b = append(b, c)
		}
	}
	return string(b)
}

// TestGoldenFrames replays the captures that hold bytes.
func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	n := 0
	for _, r := range captures(t) {
		if r.kind != "<<" && r.kind != ">>" || !strings.HasPrefix(r.text, "2a") {
			continue
		}
		n++
		b, err := hex.DecodeString(r.text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ReadFrame(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s:%d: %v", r.file, r.line, err)
			continue
		}
		if got := f.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("%s:%d: %x prints as %x", r.file, r.line, b, got)
		}
		p := string(f.Payload)
		if f.Type != FrameData || p == "" {
			continue
		}
		if r.kind == "<<" {
			if e, err := ParseEvent(p); err != nil || e.Line() != p {
				t.Errorf("%s:%d: %#v, %v", r.file, r.line, e, err)
			}
		} else if c, err := ParseCommand(strings.TrimRight(p, "\x00")); err != nil {
			t.Errorf("%s:%d: %#v, %v", r.file, r.line, c, err)
		}
	}
	if n < 40 {
		t.Errorf("only %d frames", n)
	}
}
